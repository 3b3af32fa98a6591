"""Laws that hold for any cell: Kirchhoff's, reciprocity of fields; and the ring of Arbor.

The ring is that of Arbor's tutorial (python/example/network_ring.py): one spike goes round. Its
times are those of Arbor 0.12 with steps of 1 us and compartments of 2 um.
"""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import cm, mM, mm, mS, ms, mV, nA, ohm, uA, um, uS

GAS, FARADAY = 8.314462618, 96485.33212
LEAK = rb.channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV)
PASSIVE = rb.Membrane([LEAK])
TWO_LEAKS = rb.Membrane([LEAK, rb.channels.Leak(g=0.01 * mS / cm**2, E=-80 * mV)])


def branched():
    """A soma with an axon and a dendrite of tapering branches."""
    dendrite = dict(
        region="dendrite",
        length=60 * um,
        diameters=[4, 2] * um,
        children=[
            dict(length=80 * um, diameters=[1.5, 1] * um),
            dict(length=90 * um, diameters=[1.5, 1] * um),
        ],
    )
    axon = dict(region="axon", at=0.0, length=200 * um, diameter=1 * um)
    return rb.Morphology.tree(
        dict(region="soma", length=20 * um, diameter=20 * um, children=[axon, dendrite])
    )  # fmt: skip


def test_currents_balance_in_every_compartment():
    """In the steady state what comes along the cell leaves through the membrane, g (v - E).

    Conductances and reversal potentials are drawn anew for each compartment, of three cells of two
    shapes, with resistivities by region: a value at a wrong place breaks the balance.
    """
    resistivity = {"soma": 100 * ohm * cm, "axon": 70 * ohm * cm, "dendrite": 150 * ohm * cm}
    membranes = {"soma": TWO_LEAKS, "axon": PASSIVE, "dendrite": TWO_LEAKS}
    one = rb.Cell(branched(), membranes, axial_resistivity=resistivity, max_length=15 * um)
    other = rb.Cell(rb.Morphology.tree(levels=4, length=80 * um, diameter=5 * um), PASSIVE,
                    max_length=20 * um)  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    cells = net.add([one, other, one], name="cells")
    rng = np.random.default_rng(3)
    count = cells.everywhere.size
    g, E = rng.uniform(0.02, 0.2, count), rng.uniform(-80, -50, count)
    cells.g_L, cells.E_L = g * mS / cm**2, E * mV
    second = np.nan_to_num(cells.everywhere.g_L_2.to("mS/cm**2").magnitude)
    net.inject(cells.at(path=25 * um), rb.stimuli.step(0.05 * nA))
    net.record(cells, "v", "I")
    result = net.run(1000 * ms)
    out = rb.analysis.membrane_currents(result, cells).values[-1]
    v = result.traces["cells"].v.values[-1]
    ionic = cells.area.to("cm**2").magnitude * (g * (v - E) + second * (v + 80)) * 1e3
    assert np.abs(ionic).max() > 0.01  # nA
    np.testing.assert_allclose(out, ionic, atol=1e-8)


@pytest.mark.parametrize("place", [dict(region="soma"), dict(section=4, fraction=0.7)])
def test_inside_and_outside_are_reciprocal(place):
    """The voltage inside by a current outside is the potential outside by that current inside.

    Both are the transfer resistance (Helmholtz); v is across the membrane, v + phi inside.
    """
    cell = rb.Cell(branched(), PASSIVE, axial_resistivity=120 * ohm * cm, max_length=5 * um)
    electrode = np.array([120.0, 35.0, 10.0])
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(cell, name="cells")
    where = cells.at(**place)
    net.extracellular(cells, rb.stimuli.point_electrode(electrode * um), rb.stimuli.step(1 * uA))
    net.run(400 * ms)
    distance = np.linalg.norm(where.positions.to("um").magnitude[0] - electrode) * 1e-6
    phi = 1e-6 / (4 * np.pi * 0.3 * distance) * 1e3
    inside = where.v.to("mV").magnitude[0] + 65 + phi  # mV/uA
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(cell, name="cells")
    net.inject(cells.at(**place), rb.stimuli.step(1 * nA))
    net.record(cells, "v", "I")
    result = net.run(400 * ms)
    potential = rb.analysis.field_potential(result, cells, [electrode] * um, sources="point")
    assert potential.values[-1, 0] == pytest.approx(inside, rel=1e-6)  # uV/nA


def test_a_uniform_field_moves_no_charge_on_the_whole():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.Cell(branched(), PASSIVE, max_length=10 * um), 2, name="cells",
                    positions=[[0, 0, 0], [500, 100, 0]] * um)  # fmt: skip
    net.extracellular(cells, rb.stimuli.uniform_field([1, 2, 0]), rb.stimuli.step(5 * mV / mm))
    net.run(300 * ms)
    moved = (cells.v.to("mV").magnitude + 65) * cells.area.to("um**2").magnitude
    sums = moved.reshape(2, -1).sum(axis=1)
    assert np.abs(moved).max() > 10
    np.testing.assert_allclose(sums, 0, atol=1e-5)
    np.testing.assert_allclose(*moved.reshape(2, -1), atol=1e-9)  # where they lie does not matter


def test_temperatures_and_concentrations_are_those_of_each_place():
    channels = [rb.channels.HHSodium, rb.channels.HHPotassium(E="nernst"), rb.channels.Leak,
                rb.channels.Ion("K", inside=140 * mM, outside=5 * mM)]  # fmt: skip
    degrees = {"soma": 20.0, "axon": 30.0, "dendrite": 6.3}
    cell = rb.Cell(
        branched(),
        rb.Membrane(channels),
        parameters={k: {"temperature": degrees[k]} for k in ("soma", "axon")},
    )
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(cell, 2, name="cells")
    cells[1].K_o = 12 * mM
    net.record(cells, "nernst_K", "E_K", "phi_Na")
    found = net.run(0.1 * ms).traces["cells"].isel(time=-1)
    T = np.array([degrees[str(region)] for region in found.region.values])
    outside = np.where(found.cell == 0, 5.0, 12.0)
    nernst = 1e3 * GAS * (T + 273.15) / FARADAY * np.log(outside / 140)
    np.testing.assert_allclose(found.nernst_K, nernst, rtol=1e-9)
    np.testing.assert_allclose(found.E_K, nernst, rtol=1e-9)
    np.testing.assert_allclose(found.phi_Na, 3 ** ((T - 6.3) / 10), rtol=1e-12)


def test_the_ring_of_arbors_tutorial():
    squid = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium,
                         rb.channels.Leak(g=0.3 * mS / cm**2, E=-54.3 * mV)])  # fmt: skip
    passive = rb.Membrane([rb.channels.Leak(g=1 * mS / cm**2, E=-70 * mV)])
    dendrite = dict(
        region="dendrite",
        length=50 * um,
        diameter=4 * um,
        children=[
            dict(length=50 * um, diameters=[4, 1] * um),
            dict(length=50 * um, diameter=2 * um),
        ],
    )
    shape = rb.Morphology.tree(
        dict(region="soma", length=12 * um, diameter=12 * um, children=[dendrite])
    )  # fmt: skip
    cell = rb.Cell(shape, {"soma": squid, "dendrite": passive}, max_length=2 * um,
                   axial_resistivity=35.4 * ohm * cm, crossing="linear",
                   spikes=(dict(region="soma", fraction=0.0), "v > -10*mV"))  # fmt: skip
    net = rb.Network(dt=0.005 * ms)
    cells = net.add(cell, 4, name="ring")
    synapse = rb.synapses.Exponential(tau=2 * ms, E=0 * mV)
    places = cells.at(section=2, fraction=0.5)
    net.connect(cells, places, rb.rules.ring(1), weight=0.01 * uS, delay=5 * ms, synapse=synapse)
    net.drive(places[:1], rb.stimuli.spike_times([1] * ms), weight=0.1 * uS, synapse=synapse)
    spikes = net.run(100 * ms).spikes["ring"]
    order = np.argsort(spikes.times)
    assert list(spikes.ids[order]) == [k % 4 for k in range(14)]
    arbor = [1.42404, 8.70913, 15.87674, 23.01064, 30.21689, 37.38347, 44.55066, 51.71744, 58.88469,
             66.05171, 73.21871, 80.38571, 87.55272, 94.71972]  # fmt: skip
    np.testing.assert_allclose(spikes.times[order] * 1e3, arbor, atol=0.05)
    np.testing.assert_allclose(np.diff(spikes.times[order]) * 1e3, np.diff(arbor), atol=0.012)
