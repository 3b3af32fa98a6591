"""Chapter G: a reconstructed pyramidal cell: synapses far out, and a spike that runs back."""

from __future__ import annotations

from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.morphology.page import Page as CellPage
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GREEN, PURPLE, VERMILION
from rheobase.units import Hz, cm, mS, ms, mV, nA, nS, ohm, pA, um

CHAPTER = Chapter(
    "G. A reconstructed neuron",
    """
    A pyramidal cell of a rat's hippocampus, filled with dye and traced under the microscope: ten
    millimeters of dendrites and a piece of axon, in 756 compartments (NeuroMorpho.Org NMO_49821;
    Hönigsperger and others 2015). Its membrane is painted by region, with values that may depend
    on the distance from the soma.
    """,
    order=38,
)

LEAK = rb.channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV)
RULE = {
    "axial_resistivity": 150 * ohm * cm,
    "max_length": rb.morphology.d_lambda(0.1, frequency=100 * Hz),
}


@cache
def passive_cell() -> rb.Cell:
    """The pyramidal cell with a leak alone."""
    return rb.Cell(rb.morphology.examples.pyramidal(), rb.Membrane([LEAK]), spikes=None, **RULE)


def way_out(cell: rb.Cell) -> np.ndarray:
    """Return the compartments from the soma to the tip furthest away, as nodes."""
    parts = cell.compartments
    chain = [int(np.argmax(parts.path))]
    while chain[-1] > 0:
        chain.append(int(parts.parent[chain[-1]]))
    nodes = np.array(chain[::-1])
    return np.asarray(nodes[~parts.is_junction[nodes]])


def at_each(cells: rb.Population, nodes: np.ndarray) -> Any:
    """Return one place a cell: the first node on the first cell, and so on."""
    sites = cells.everywhere
    size = sites.size // cells.size
    return sites[np.arange(cells.size) * size + np.searchsorted(sites.compartment[:size], nodes)]


def synapses() -> Any:
    """One synapse a cell, each further out; return v there and at the soma, in mV."""
    cell = passive_cell()
    nodes = way_out(cell)[::4]
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(cell, nodes.size, name="cells")
    source = net.add(rb.stimuli.spike_times([[5 * ms]] * nodes.size))
    net.connect(source, at_each(cells, nodes), rb.rules.one_to_one(), weight=0.5 * nS,
                synapse=rb.synapses.Exponential(tau=2 * ms, E=0 * mV))  # fmt: skip
    net.record(at_each(cells, nodes), "v", name="there")
    net.record(cells.at("soma"), "v", name="soma")
    return net.run(60 * ms).traces


def draw_synapses(traces: Any) -> Figure:
    """Draw some of them over time, and the peaks over the distance."""
    figure, panels = plt.subplot_mosaic(
        [["there", "peaks"], ["soma", "peaks"]], figsize=(7.4, 4.4), width_ratios=[1.25, 1]
    )
    path = traces["there"].path.to_numpy() * 1e6
    chosen = [int(np.argmin(np.abs(path - x))) for x in (0, 100, 300, 600)]
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.88, len(chosen)))
    for name, ink, marker in (("there", VERMILION, "o"), ("soma", BLUE, "s")):
        v = traces[name].v
        for k, color in zip(chosen, colors, strict=True):
            panels[name].plot(v.time * 1e3, v[:, k] + 65, color=color, label=f"{path[k]:.0f} µm")
        panels[name].set(ylabel="EPSP (mV)", xlim=(0, 60), ylim=(0, None))
        panels["peaks"].plot(path, v.max("time") + 65, marker=marker, color=ink, markersize=4)
    panels["there"].set_title("At the synapse")
    panels["there"].tick_params(labelbottom=False)
    panels["there"].legend(title="synapse at")
    panels["soma"].set(title="At the soma", xlabel="time (ms)")
    peaks = panels["peaks"]
    peaks.set(title="Peak", xlabel="from the soma to the synapse (µm)", yscale="log",
              ylabel="peak of the EPSP (mV)", yticks=[0.1, 0.3, 1, 3, 10],
              yticklabels=["0.1", "0.3", "1", "3", "10"])  # fmt: skip
    peaks.minorticks_off()
    peaks.annotate("at the synapse", (40, 6), color=VERMILION)
    peaks.annotate("at the soma", (230, 0.3), color=BLUE)
    return figure


def there_and_back() -> tuple[np.ndarray, np.ndarray]:
    """Return mV at the soma for 10 pA at each place, and at each place for 10 pA at the soma."""
    cell = passive_cell()
    nodes = way_out(cell)[::4]
    net = rb.Network(dt=0.1 * ms)
    inward, outward = (net.add(cell, nodes.size, name=name) for name in ("inward", "outward"))
    net.inject(at_each(inward, nodes), rb.stimuli.step(10 * pA, start=0 * ms))
    net.inject(outward.at("soma"), rb.stimuli.step(10 * pA, start=0 * ms))
    net.run(600 * ms)
    found = [sites.v.to("mV").magnitude + 65 for sites in
             (inward.at("soma"), at_each(outward, nodes))]  # fmt: skip
    return found[0], found[1]


def solved_at_once() -> np.ndarray:
    """Return the second of these by one solution of Kirchhoff's equations, in mV."""
    cell = passive_cell()
    parts = cell.compartments
    matrix = np.diag(parts.area * 0.5)  # the leak, 0.05 mS/cm2, in S/m2
    for node, parent in enumerate(parts.parent):
        if parent >= 0:
            pair, g = [node, int(parent)], parts.conductance_to_parent[node]
            matrix[np.ix_(pair, pair)] += g * np.array([[1, -1], [-1, 1]])
    current = np.zeros(parts.nodes)
    current[parts.at("soma")] = 10e-12
    return np.asarray(np.linalg.solve(matrix, current)[way_out(cell)[::4]] * 1e3)


@CHAPTER.experiment("A synapse far out")
def distant_synapses(page: Page) -> None:
    """EPSPs where they arise and at the soma, and reciprocity."""
    page.text(
        """
        The membrane has a leak alone. The same synapse, 0.5 nS, sits nearer or further out on the
        way to the most distant tip; each place has a cell of its own, and all cells run together.
        """
    )
    traces = page.run(synapses)
    page.draw(
        "One spike arrives. A thin dendrite is charged easily: at the synapse the EPSP is large"
        " and short, the more so the further out. Little of it reaches the soma, late and slow.",
        "EPSPs at four synapses and at the soma; their peaks rise with the distance at the synapse"
        " and fall at the soma",
        draw_synapses,
        traces,
    )
    peaks = {name: traces[name].v.to_numpy().max(axis=0) + 65 for name in ("there", "soma")}
    page.holds("furthest synapse against one at the soma", "higher there, lower at the soma",
               f"{peaks['there'][-1] / peaks['there'][0]:.0f} times higher there, "
               f"{peaks['soma'][0] / peaks['soma'][-1]:.0f} times lower at the soma",
               peaks["there"][-1] > peaks["there"][0] and peaks["soma"][-1] < peaks["soma"][0],
               )  # fmt: skip
    page.text(
        """
        Can that be trusted on a tree of 220 branches? In a passive tree a constant current here
        raises the voltage there by exactly what the same current there does here, however
        different the two places are. And at rest in the end, the voltages have to be those of one
        system of linear equations, Kirchhoff's.
        """
    )
    inward, outward = page.run(there_and_back)
    exact = page.run(solved_at_once)
    page.near("reciprocity: largest difference", float(np.abs(inward - outward).max()), 0, 1e-9,
              "mV", digits=12)  # fmt: skip
    page.near("10 pA into the soma: v there", outward[0], exact[0], 1e-6, "mV", digits=7)
    page.near("at the furthest tip", outward[-1], exact[-1], 1e-6, "mV", digits=7)


@cache
def spiking_cell() -> rb.Cell:
    """The pyramidal cell with channels; those of type A grow with the distance."""
    channels = [
        rb.channels.TraubMilesSodium(name="Na", V_T=-58 * mV),
        rb.channels.TraubMilesPotassium(name="K", V_T=-58 * mV),
        LEAK,
    ]
    plain = rb.Membrane(channels)
    dendritic = rb.Membrane([*channels, rb.channels.ATypeDistal(name="A")], temperature=36)
    density = mS / cm**2
    dendrites = {
        "g_Na": 20 * density,
        "g_K": 5 * density,
        "g_A": "8*mS/cm**2*(1 + distance/(100*um))",
    }
    return rb.Cell(
        rb.morphology.examples.pyramidal(),
        {"soma": plain, "axon": plain, "dendrite": dendritic, "apical_dendrite": dendritic},
        parameters={
            "soma": {"g_Na": 60 * density, "g_K": 20 * density},
            "axon": {"g_Na": 300 * density, "g_K": 60 * density},
            "dendrite": dendrites,
            "apical_dendrite": dendrites,
        },
        **RULE,
    )


DENDRITES = ("dendrite", "apical_dendrite")


def spikes_back() -> Any:
    """Evoke a spike at the soma of three cells, of which two lack a channel; return v, in mV."""
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(spiking_cell(), 3, name="cells")
    for region in DENDRITES:
        cells[1].at(region).g_A = 0 * mS / cm**2
        cells[2].at(region).g_Na = 0 * mS / cm**2
    net.inject(cells.at("soma"), rb.stimuli.step(1.5 * nA, start=1 * ms, stop=4 * ms))
    net.record(cells.everywhere, "v")
    return net.run(20 * ms).traces["cells"].v


TITLES = ("all channels", "A-type blocked", "sodium blocked")


def draw_peaks(v: Any) -> Figure:
    """Draw the three cells colored by the peak, and the peaks over the distance."""
    cell = spiking_cell()
    figure, panels = plt.subplots(1, 4, figsize=(8.6, 4.3), width_ratios=[1, 1, 1, 1.7])
    for k, (axes, title) in enumerate(zip(panels[:3], TITLES, strict=True)):
        chosen = v.cell == k
        peak = (v.max("time") - v[0]).to_numpy()[chosen]
        cell.plot(peak, ax=axes, limits=(0, 110), scale_bar=100 * um, color_bar=False)
        for drawn in axes.collections:
            drawn.set_rasterized(True)  # thousands of pieces
        axes.set_title(title, fontsize=10, loc="center", color=(BLUE, GREEN, PURPLE)[k])
        apical = (v.region.to_numpy() == "apical_dendrite")[chosen]
        panels[3].plot(v.path.to_numpy()[chosen][apical] * 1e6, peak[apical], ".", markersize=3,
                       color=(BLUE, GREEN, PURPLE)[k], label=title)  # fmt: skip
    figure.colorbar(ScalarMappable(Normalize(0, 110)), ax=panels[:3], location="bottom",
                    shrink=0.6, aspect=30, pad=0.01, label="peak above rest (mV)")  # fmt: skip
    panels[3].set(xlabel="distance from the soma (µm)", ylabel="peak above rest (mV)",
                  ylim=(0, 140), xlim=(0, 620), yticks=range(0, 101, 20))  # fmt: skip
    panels[3].legend(loc="upper right", markerscale=3, handletextpad=0.1)
    return figure


def animation(v: Any, quick: bool) -> CellPage:
    """The first cell from just before its spike on, a frame for each 0.05 ms."""
    time = v.time.to_numpy() * 1e3
    shown = (time > 1.9) & (time < 9)
    first = v[shown, v.cell.to_numpy() == 0][:: 4 if quick else 2]
    cell = spiking_cell()
    return cell.morphology.page(
        first, compartments=cell.compartments, limits=(-75, 40), title="A spike runs back"
    )


@CHAPTER.experiment("A spike runs back into the dendrites")
def back_propagation(page: Page) -> None:
    """A back-propagating action potential, and what blocking channels does to it."""
    page.text(
        """
        Now there are channels for sodium and potassium everywhere, most in the axon, and in the
        dendrites potassium channels of type A, whose density grows with the distance from the
        soma (Hoffman and others 1997). A current of 1.5 nA is injected into the soma for 3 ms.
        Two more cells get the same: in one the A-type channels are blocked, in the other the
        sodium channels of the dendrites.
        """
    )
    v = page.run(spikes_back)
    page.turn(
        "The first cell; press ▶, drag to turn it. The spike begins in the thin axon, enters the"
        " soma and runs out into the dendrites, where it dies away in most branches.",
        animation,
        v,
        page.quick,
    )
    page.draw(
        "How high the potential gets; right, in each compartment of the apical dendrite. With all"
        " channels the spike becomes smaller on its way, goes on in some branches and fails in"
        " others. Without the A-type channels it reaches every tip. Without sodium channels in the"
        " dendrites it spreads as in a passive neurite.",
        "three pictures of the cell, and the peak over the distance: falling from 90 mV to 60 in"
        " some branches and to 0 in others, about 95 mV everywhere, falling from 65 mV to 0",
        draw_peaks,
        v,
    )
    peaks, region = v.max("time") - v[0], v.region.to_numpy()
    distance, cell = v.path.to_numpy() * 1e6, v.cell.to_numpy()
    first = v[:, cell == 0]
    when = first.time.to_numpy()[first.argmax("time")] * 1e3
    place = region[cell == 0]
    order = [float(when[place == name].min()) for name in ("axon", "soma", "apical_dendrite")]
    page.holds("where the peak comes first (Stuart and Sakmann 1994)", "axon, soma, dendrites",
               ", ".join(f"{name} {time:.2f} ms" for name, time in
                         zip(("axon", "soma", "dendrites"), order, strict=True)),
               order == sorted(order))  # fmt: skip
    far = (region == "apical_dendrite") & (np.abs(distance - 400) < 20)
    heights = [float(peaks[far & (cell == k)].mean()) for k in range(3)]
    page.holds("at 400 µm without A-type channels (Hoffman and others 1997)", "higher",
               f"{heights[1]:.0f} instead of {heights[0]:.0f} mV",
               heights[1] > 1.5 * heights[0])  # fmt: skip
    page.holds("at 400 µm without sodium channels (Stuart and Sakmann 1994)", "lower",
               f"{heights[2]:.0f} instead of {heights[0]:.0f} mV",
               heights[2] < heights[0] / 1.5)  # fmt: skip


def shipped() -> dict[str, rb.Morphology]:
    """Return the reconstructed cells that come with the library, by name."""
    cells = rb.morphology.examples.gallery()
    return {name: cells[name] for name, about in cells.examples.items() if about.is_shipped}


def draw_gallery(cells: dict[str, rb.Morphology]) -> Figure:
    """Draw the cells side by side, each at a scale of its own."""
    return rb.morphology.examples.gallery().plot(*cells)


def neurites(cell: rb.Morphology) -> float:
    """The length of all but the soma, in um."""
    found = cell.statistics()
    return float((found["length"] - found["length", "soma"]).to("um").magnitude)


@CHAPTER.experiment("Cells have types")
def cell_types(page: Page) -> None:
    """Reconstructed cells of two types, against what is known of their files."""
    page.text(
        """
        What a neuron is called often tells its shape. A pyramidal cell has one long apical
        dendrite and a skirt of basal ones; the dendrites of a thalamocortical cell leave the soma
        on all sides, like a bush. These four come with the library; Purkinje, granule, basket,
        stellate and Golgi cells and two of insects are read from the packages that have them:
        `print(rb.morphology.examples.gallery())` is the list, with their licences.
        """
    )
    cells = page.run(shipped)
    page.draw(
        "Four reconstructed neurons, each with its licence and a scale bar.",
        "two pyramidal cells, with one tuft that reaches far up, and two thalamocortical cells,"
        " with dendrites on all sides",
        draw_gallery,
        cells,
    )
    about = rb.morphology.examples.gallery().examples
    page.table(
        ("cell", "species", "source", "reference"),
        [(each.cell_type, each.species, each.source, each.reference)
         for each in (about[name] for name in cells)],
    )  # fmt: skip
    length = {name: page.run(neurites, cell) for name, cell in cells.items()}
    tips = {name: cell.statistics()["tips"] for name, cell in cells.items()}
    page.near("Golgi stain: length of its branches, as its file says", length["golgi_stained"],
              5349.55, 0.1, "µm")  # fmt: skip
    page.near("tips", tips["golgi_stained"], 43, 0, digits=0)
    for k, (asc, ends) in enumerate(((11093.26, 113), (5881.55, 63)), start=1):
        name = f"thalamocortical_{k}"
        page.near(f"thalamocortical cell {k}: length, as in Neurolucida's file", length[name],
                  asc, 0.1, "µm")  # fmt: skip
        page.near("tips", tips[name], ends, 0, digits=0)
