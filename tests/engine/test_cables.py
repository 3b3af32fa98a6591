"""Cells with a morphology: layouts, one result however it is computed, order of the method."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.engine.cable_plans import PASSIVE, RECEPTOR, REST, SQUID, Net, Shape, cable

from rheobase.engine import cables
from rheobase.engine.plan import ClampPlan
from rheobase.engine.run import Engine, NotFinite
from rheobase.engine.trees import Tree, wood_of
from rheobase.errors import InternalError
from rheobase.language.model import Model

CALCIUM = Model(
    """
    dv/dt = (I/area + g_L*(E_L - v) + g_Ca*s**2*(E_Ca - v) + g_K*q*(E_K - v)
             - P*25*mV*GHK(v/(25*mV)))/C_m : mV
    ds/dt = (1/(1 + exp(-(v + 30*mV)/(6*mV))) - s)/(2*ms) : 1
    dCa/dt = -k*g_Ca*s**2*(v - E_Ca) - (Ca - Ca_rest)/(20*ms) : mM
    dq/dt = (Ca/(Ca + 2e-3*mM) - q)/(5*ms) : 1
    E_Ca = 12.5*mV*log(2*mM/Ca) : mV
    I : nA (input)
    """,
    name="calcium", functions=["GHK(u) = u/(1 - exp(-u))"],
    parameters=dict(
        area="1 um**2", g_L="0.1 mS/cm**2", E_L="-65 mV", g_Ca="2 mS/cm**2", g_K="2 mS/cm**2",
        E_K="-90 mV", C_m="1 uF/cm**2", k="5e-3 mM*cm**2/(uA*ms)", Ca_rest="1e-4 mM",
        P="0.02 mS/cm**2",
    ),
)  # fmt: skip
JUNCTION = Model(
    """
    v : mV (input)
    v_other : mV (input)
    I = g*(v_other - v) : nA
    """,
    name="junction", parameters=dict(g="1 nS"),
)  # fmt: skip


def fork(pieces: int = 3, second: float = 60.0) -> tuple[Shape, np.ndarray]:
    """A thick stem with two branches of another membrane."""
    shape = Shape()
    end = shape.branch(20, 20, pieces=2)[-1]
    shape.branch(50, 2, 1, pieces=pieces, parent=end)
    shape.branch(second, 1.5, pieces=pieces + 2, parent=end)
    patch = np.ones(len(shape.parent), int)
    patch[:4] = 0
    return shape, patch


def mixture(backend: str, dt: float = 2.5e-5, **options: Any) -> Net:
    """Cells of two shapes with two membranes, synapses, gap junctions, a clamp and currents."""
    shapes = [fork(), fork(4, 90.0)]
    shape_of = [0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0]
    options.setdefault("site", np.full(len(shape_of), 1))
    options.setdefault("threshold", np.linspace(-0.03, 0.01, len(shape_of)))
    net = Net(shapes, [SQUID, PASSIVE], dt, backend, shape_of, crossing="linear", **options)
    for cell in (0, 3, 8):
        net.inject(cell, 1, lambda k, c=cell: np.where((k > 30) & (k < 200), 2e-10 * (c + 1), 0))
    net.inject(4, 2, lambda k: 1e-10 * np.sin(k * 0.02))
    place = net.points(RECEPTOR, [0, 1, 1, 2, 5, 6, 9, 9], [6, 5, 5, 8, 4, 2, 9, 9])
    net.drive(place, [10, 10, 50, 51, 120, 121, 250], [1, 4, 2, 2, 0, 7, 3], 3e-8)
    gaps = net.points(JUNCTION, [6, 7], [2, 2])
    for n, (mine, other) in enumerate([(6, 7), (7, 6)]):
        assert mine in (6, 7)
        net.couple((other, 2), gaps, n, "v_other", 1.5, 0)
        net.couple((other, 2), gaps, n, "v_other", -0.5, 1)
    patch, element = net.where(10, 2)
    net.plan.clamps.append(ClampPlan(
        patch, "v", np.array([element], np.int32), np.array([-0.02]), 100, 220
    ))  # fmt: skip
    for cell in range(11):
        net.record(cell, 1), net.record(cell, 5)
    return net


def everything(net: Net, threads: int = 1, pieces: int = 1) -> list[np.ndarray]:
    found = []
    for n in range(pieces):
        if n == 0:
            engine = net.engine(threads)
        engine.advance(300 // pieces)
    found += [engine.take_samples(n).values for n in range(len(net.plan.records))]
    spikes = engine.take_spikes(net.place)
    assert spikes.ids.size > 5
    found += [spikes.steps, spikes.ids, spikes.offsets]
    for population in net.plan.populations:
        found += [array.copy() for name, array in population.arrays.items()
                  if not name.startswith(("left_", "arriving_"))]  # fmt: skip
    return found


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True)
    )


# -- one result --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled() -> list[np.ndarray]:
    return everything(mixture("numba"))


def test_both_backends_have_the_same_bits(compiled: list[np.ndarray]) -> None:
    assert same(everything(mixture("interpreter")), compiled)


def test_backward_euler_has_the_same_bits() -> None:
    found = [everything(mixture(b, backward_euler=True)) for b in ("interpreter", "numba")]
    assert same(*found)


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_threads_have_the_same_bits(compiled: list[np.ndarray], threads: int) -> None:
    assert same(everything(mixture("numba"), threads), compiled)


@pytest.mark.parametrize("backend", ["interpreter", "numba"])
def test_a_run_in_pieces_has_the_same_bits(compiled: list[np.ndarray], backend: str) -> None:
    assert same(everything(mixture(backend), pieces=3), compiled)


@pytest.mark.parametrize(
    "lanes, nodes", [((), 1), ((4,), 1), ((4,), 30), ((8, 4), 30), ((), 10_000)]
)
def test_chunks_have_the_same_bits(
    compiled: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, lanes: tuple[int, ...], nodes: int
) -> None:
    monkeypatch.setattr(cables, "LANES", lanes)
    monkeypatch.setattr(cables, "MOST_NODES", nodes)
    net = mixture("numba")
    records = 22 + 3
    assert same(everything(net)[:records], compiled[:records])


@pytest.mark.parametrize("count", [2, 5, 8, 18])
def test_lanes_have_the_same_bits_as_single_cells(count: int) -> None:
    def run(cells: int, first: int) -> np.ndarray:
        net = Net([fork()], [SQUID, PASSIVE], 1e-5, "numba", [0] * cells)
        for cell in range(cells):
            net.inject(cell, 1, lambda k, c=cell + first: np.where(k > 5, 1e-10 * (c + 1), 0))
            net.record(cell, 1)
        return np.array(net.run(3e-3))

    together = run(count, 0)
    apart = [run(1, n)[0] for n in range(count)]
    assert np.array_equal(together, apart)


def test_a_state_goes_on_in_another_engine(compiled: list[np.ndarray]) -> None:
    first = mixture("numba")
    engine = first.engine()
    engine.advance(157)
    state, taken = engine.state(), engine.take_spikes(first.place)
    second = mixture("interpreter")
    other = Engine(second.plan, "interpreter")
    other.restore(state)
    other.advance(300 - 157)
    spikes = other.take_spikes(second.place)
    assert np.array_equal(np.concatenate([taken.steps, spikes.steps]), compiled[22])
    v = [p.arrays["v"] for p in second.plan.populations[:2]]
    whole = mixture("numba")
    everything(whole)
    assert same(v, [p.arrays["v"] for p in whole.plan.populations[:2]])


# -- what it converges to ----------------------------------------------------------------------


def orders(run: Any, steps: tuple[float, ...], finest: float) -> list[float]:
    exact = run(finest)
    errors = [np.abs(run(dt) - exact).max() for dt in steps]
    return [float(np.log2(a / b)) for a, b in pairwise(errors)]


def driven(dt: float, membrane: Model = SQUID, euler: bool = False, synapse: bool = True,
           current: float = 3e-10) -> np.ndarray:  # fmt: skip
    """A cable with a step of current and two arrivals: its voltages every 0.4 ms."""
    states = {**REST, "Ca": 1e-4, "s": 0.0, "q": 0.0}
    net = Net([cable(300, 3, 12)], [membrane], dt, "numba", states=states, backward_euler=euler)
    on, off = round(0.4e-3 / dt), round(2.4e-3 / dt)
    at = [round(t / dt) - 1 for t in (1.2e-3, 3.2e-3)]  # what is delivered in k counts from k + 1
    net.inject(0, 2, lambda k: np.where((k >= on) & (k < off), current, 0.0))
    if synapse:
        net.drive(net.points(RECEPTOR, [0], [9]), at, [0, 0], 2e-9)
    net.record(0, 2), net.record(0, 9)
    return np.array([v[round(0.4e-3 / dt) :: round(0.4e-3 / dt)] for v in net.run(4e-3 + dt)])


def test_order_two_with_a_step_of_current() -> None:
    got = orders(lambda dt: driven(dt, synapse=False), (2e-5, 1e-5, 5e-6), 1.25e-6 / 2)
    assert min(got) > 1.8


def test_order_two_with_arrivals() -> None:
    got = orders(lambda dt: driven(dt), (2e-5, 1e-5, 5e-6), 1.25e-6 / 2)
    assert min(got) > 1.8


def test_order_two_with_what_is_not_linear_and_a_pool() -> None:
    got = orders(lambda dt: driven(dt, CALCIUM), (2e-5, 1e-5, 5e-6), 1.25e-6 / 2)
    assert min(got) > 1.7


def test_order_one_of_backward_euler() -> None:
    got = orders(lambda dt: driven(dt, euler=True), (1e-5, 5e-6, 2.5e-6), 3.125e-7)
    assert all(0.8 < order < 1.25 for order in got)


def test_gap_junctions_are_of_order_two() -> None:
    def run(dt: float) -> np.ndarray:
        net = Net([cable(100, 5, 3)], [SQUID], dt, "numba", [0, 0], states=REST)
        net.inject(0, 1, lambda k: np.full(k.size, 5e-10))
        gaps = net.points(JUNCTION, [0, 1], [2, 2], g=np.array([2e-8, 2e-8]))
        for n in (0, 1):
            net.couple((1 - n, 2), gaps, n, "v_other", 1.5, 0)
            net.couple((1 - n, 2), gaps, n, "v_other", -0.5, 1)
        net.record(1, 2)
        return np.asarray(net.run(4e-3 + dt)[0][:: round(0.4e-3 / dt)])

    assert min(orders(run, (2e-5, 1e-5, 5e-6), 6.25e-7)) > 1.7


def test_steps_after_a_jump_leave_no_oscillation(backend: str) -> None:
    """Compartments of 1 um at steps of 0.1 ms: 2,500 times what an explicit rule would take."""
    net = Net([cable(100, 1, 100)], [PASSIVE], 1e-4, backend, states={"v": -0.065})
    net.inject(0, 1, lambda k: np.where(k >= 3, 1e-10, 0.0))
    net.record(0, 1)
    (v,) = net.run(2e-3)
    slope = np.diff(v[4:])
    assert np.all(slope > 0) and np.all(np.diff(slope) < 0.012 * slope[1:])


def test_a_clamped_node_stays_and_feeds_its_neighbors(backend: str) -> None:
    """The steady state of a cable of 101 um that is clamped at one end, sealed at the other."""
    net = Net([cable(101, 1, 101)], [PASSIVE(E_L="0 mV")], 1e-3, backend, states={"v": 0.0})
    patch, element = net.where(0, 1)
    net.plan.clamps.append(ClampPlan(patch, "v", np.array([element], np.int32), np.array([0.03])))
    net.record(0, 1), net.record(0, 101)
    held, far = net.run(0.4)
    assert np.all(held == 0.03)
    wavelength = np.sqrt(1e-6 * 4.0 / 4 / 1.0)
    assert far[-1] == pytest.approx(
        0.03 * np.cosh(0.5e-6 / wavelength) / np.cosh(100.5e-6 / wavelength), rel=1e-6
    )


def test_a_spike_is_a_crossing_from_below(backend: str) -> None:
    """On the grid and inside a step; a cell that begins above its threshold has not spiked."""

    def run(crossing: str) -> Any:
        net = Net([cable(20, 10, 2)], [PASSIVE], 1e-4, backend, [0, 0], crossing=crossing,
                  states={"v": -0.065}, threshold=np.array([-0.05, -0.07]),
                  site=np.array([2, 1]))  # fmt: skip
        net.inject(0, 1, lambda k: np.full(k.size, 5e-9))
        net.record(0, 2)
        (v,) = net.run(3e-3)
        return net.last.take_spikes(1), v

    spikes, v = run("grid")
    step = int(np.flatnonzero(v > -0.05)[0]) - 1
    assert spikes.ids.tolist() == [0] and spikes.steps.tolist() == [step]
    placed, _ = run("linear")
    fraction = (-0.05 - v[step]) / (v[step + 1] - v[step])
    assert placed.offsets == pytest.approx([1e-4 * fraction], rel=1e-12)


def test_what_is_not_finite_is_found(backend: str) -> None:
    net = Net([cable(50, 1, 5)], [PASSIVE], 1e-4, backend, [0, 0, 0], states={"v": -0.065})
    net.inject(2, 3, lambda k: np.where(k == 4, np.nan, 0.0))
    with pytest.raises(NotFinite) as failed:
        net.run(2e-3)
    assert str(failed.value) == "v of cells[2] became nan in step 4"


def test_a_current_may_come_later(backend: str) -> None:
    net = Net([cable(50, 1, 5)], [PASSIVE], 1e-4, backend, states={"v": -0.065})
    net.record(0, 1)
    engine = net.engine()
    engine.advance(5)
    net.inject(0, 1, lambda k: np.where(k >= 7, 1e-11, 0.0))
    engine.advance(5)
    v = engine.take_samples(0).values[:, 0]
    assert np.all(np.abs(v[:8] + 0.065) < 1e-12) and np.all(v[8:] > -0.0649)


def test_two_populations_of_cells(backend: str) -> None:
    """Each with its own patches: as each alone."""

    def alone(cells: int) -> Net:
        net = Net([fork()], [SQUID, PASSIVE], 2.5e-5, backend, [0] * cells)
        for cell in range(cells):
            net.inject(cell, 1, lambda k, c=cell: np.full(k.size, 1e-9 * (c + 1)))
            net.record(cell, 5)
        return net

    one, two = alone(2), alone(9)
    both = alone(2)
    for population in two.plan.populations[:2]:
        population.name += " of the others"
    two.cable.name, two.cable.patches = "others", [3, 4]
    both.plan.populations += two.plan.populations
    for item in two.plan.inputs:
        item.target += 3
    for record in two.plan.records:
        record.population += 3
    both.plan.inputs += two.plan.inputs
    both.plan.records += two.plan.records
    together = both.run(2e-3, threads=1 if backend == "interpreter" else 2)
    assert same(together, one.run(2e-3) + alone(9).run(2e-3))
    assert both.last.take_spikes(5).ids.size > 5


# -- layouts -----------------------------------------------------------------------------------


def test_every_node_has_its_element() -> None:
    net = mixture("interpreter")
    lay = net.layout
    for patch in (0, 1):
        cells, nodes = lay.places(patch)
        patches, elements = lay.elements(cells, nodes)
        assert np.all(patches == patch) and np.array_equal(elements, np.arange(cells.size))
        pairs = set(zip(cells.tolist(), nodes.tolist(), strict=True))
        assert len(pairs) == cells.size == lay.sizes[patch]
    assert lay.elements(0, 0) == (-1, -1)  # the junction it begins with
    assert lay.chunk_bounds(1).tolist() == [0, len(lay.chunks)]
    assert np.all(np.diff(lay.chunk_bounds(3)) >= 0)


def test_a_tree_is_solved_from_its_middle() -> None:
    net = Net([cable(100, 1, 9)], [PASSIVE], 1e-4)
    wood = net.layout.woods[0]
    assert wood.node[0] == 5 and np.all(np.diff(wood.levels) <= 2)
    assert np.all(wood.parent[1:] < np.arange(1, wood.parent.size))


@pytest.mark.parametrize("change, said", [
    (dict(parent=np.array([-1, -1, 0], np.int32)), "one root"),
    (dict(parent=np.array([-1, 2, 1], np.int32)), "hang together"),
    (dict(patch=np.array([0, 0, 0], np.int32)), "junctions neither"),
    (dict(conductance=np.zeros(2)), "differ in length"),
])  # fmt: skip
def test_trees_that_are_none(change: dict[str, Any], said: str) -> None:
    good: dict[str, Any] = dict(
        parent=np.array([-1, 0, 1], np.int32), conductance=np.array([0, 1e-9, 1e-9]),
        capacitance=np.array([1e-12, 1e-12, 0]), patch=np.array([0, 0, -1], np.int32),
    )  # fmt: skip
    with pytest.raises(InternalError, match=said):
        wood_of([Tree(**{**good, **change})], 1)


@pytest.mark.parametrize("change, said", [
    (lambda net: net.points(RECEPTOR, [0], [0]), "at compartments"),
    (lambda net: net.points(RECEPTOR, [1, 0], [1, 1]), "ascending"),
    (lambda net: setattr(net.cable, "site", np.zeros(2, np.int32)), "site"),
    (lambda net: net.cable.patches.append(0), "elements for"),
    (lambda net: setattr(net.cable, "threshold", np.zeros(3)), "threshold"),
])  # fmt: skip
def test_plans_that_are_wrong(change: Any, said: str) -> None:
    net = Net([cable(10, 1, 2)], [PASSIVE], 1e-4, shape_of=[0, 0])
    change(net)
    with pytest.raises(InternalError, match=said):
        net.engine()


def test_no_cells() -> None:
    with pytest.raises(InternalError, match="is empty"):
        cables.layout([], [])


def chain_of(parents: list[int]) -> Any:
    count = len(parents)
    conductance = np.concatenate([[0.0], np.ones(count - 1)])
    tree = Tree(np.array(parents, np.int32), conductance, np.ones(count), np.zeros(count, np.int32))
    return wood_of([tree], 1)


@pytest.mark.parametrize("parents", [
    [-1], [-1, 0, 0], [-1, *range(30)], [-1, *range(29)],
    [-1, *range(20), 10, *range(21, 60)], [-1, *range(40), 3, *range(41, 50)],
])  # fmt: skip
def test_runs_of_pairs_cover_all_but_the_root(parents: list[int]) -> None:
    wood = chain_of(parents)
    covered = []
    for begin, end, pairs in wood.runs():
        covered += range(begin, end)
        if pairs:
            assert begin >= 2 and (end - begin) % 2 == 0
            assert np.array_equal(wood.parent[begin:end], np.arange(begin - 2, end - 2))
    assert covered == list(range(1, len(parents)))
    assert any(pairs for *_, pairs in wood.runs()) == (len(parents) > 20)


def test_junctions_where_nothing_branches_are_left_out() -> None:
    """An end, two in a row between compartments, and a fork that stays."""
    parent = np.array([-1, 0, 1, 2, 3, 3, 5, 6], np.int32)
    conductance = np.array([0, 2.0, 4.0, 8.0, 1.0, 3.0, 5.0, 7.0])
    size = np.array([1.0, 0, 0, 0, 1, 1, 0, 0])
    tree = Tree(parent, conductance, size, np.where(size > 0, 0, -1).astype(np.int32))
    wood = wood_of([tree], 1)
    assert sorted(wood.node.tolist()) == [0, 3, 4, 5]
    assert wood.position[[1, 2, 6, 7]].tolist() == [-1] * 4
    at = wood.position
    assert wood.total[at[0]] == pytest.approx(1 / (1 / 2 + 1 / 4 + 1 / 8))
    assert wood.total[at[[4, 5]]].tolist() == [1.0, 3.0]
    assert wood.total[at[3]] == pytest.approx(4 + 8 / 7)


def test_a_tree_has_a_compartment() -> None:
    with pytest.raises(InternalError, match="at least one compartment"):
        Tree(np.array([-1], np.int32), np.zeros(1), np.zeros(1), np.array([-1], np.int32))
