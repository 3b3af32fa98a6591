"""Another place on each cell, random places, and sums of places."""

import numpy as np
import pytest
from tests.simulation.cable_nets import ball_and_stick, same

import rheobase as rb
from rheobase import errors
from rheobase.units import Hz, ms, mV, nA, nS, pA, um

AMPA = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
STDP = rb.synapses.STDP(20 * ms, 20 * ms, a_plus=0.1, a_minus=0.105, w_max=4 * nS)


@pytest.fixture
def net():
    return rb.Network(dt=0.025 * ms, seed=4)


def test_another_place_on_each_cell(net):
    cells = net.add([ball_and_stick(), ball_and_stick(200 * um), ball_and_stick()], name="cells")
    places = cells.at("dendrite", fraction=[0.1, 0.5, 0.9], each=True)
    one_by_one = [cells[k].at("dendrite", fraction=f) for k, f in enumerate((0.1, 0.5, 0.9))]
    np.testing.assert_array_equal(places.indices, np.concatenate([p.indices for p in one_by_one]))
    np.testing.assert_array_equal(places.cell, [0, 1, 2])
    assert repr(places).startswith(
        '<Sites cells.at("dendrite", fraction=(0.1, 0.5, 0.9), each=True): 3'
    )
    paths = cells.at("dendrite", path=[60, 110, 200] * um, each=True)
    assert np.all(np.abs(paths.path.magnitude - [60, 110, 200]) < 10.1)
    regions = cells.at(["soma", "dendrite", "soma"], fraction=0.5, each=True)
    assert list(regions.region) == ["soma", "dendrite", "soma"]
    listed = cells[[0, 2, 1]].at("dendrite", fraction=np.array([0.2, 0.4, 0.6]), each=True)
    np.testing.assert_array_equal(listed.cell, [0, 2, 1])
    between = cells.at("dendrite", path=[(50 * um, 90 * um)] * 3, each=True)
    np.testing.assert_array_equal(np.unique(between.cell), [0, 1, 2])
    assert between.size > 3


def test_a_list_of_cells_and_places_is_a_sum(net):
    cells = net.add(ball_and_stick(), 3, name="cells")
    both = cells[2].at("dendrite", fraction=0.5) + cells[0].at("soma") + cells[0].at(path=90 * um)
    np.testing.assert_array_equal(both.cell, [2, 0, 0])
    assert list(both.region) == ["dendrite", "soma", "dendrite"]
    train = net.add(rb.stimuli.spike_times([[0.1, 0.2] * ms, [0.3] * ms, [0.4] * ms]), name="train")
    made = net.connect(train, cells[1].at("soma") + cells[0].at("dendrite", fraction=0.2)
                       + cells[2].at("soma"), rb.rules.one_to_one(),
                       weight=[1, 2, 3] * nS, synapse=AMPA)  # fmt: skip
    sites = cells.everywhere
    assert [int(sites.cell[p]) for p in made.post] == [1, 0, 2]
    np.testing.assert_array_equal(made.weights.magnitude, [1, 2, 3])
    net.inject(both, rb.stimuli.step([1, 2, 4] * pA))
    net.record(both, "I", name="I")
    trace = net.run(0.05 * ms).traces["I"].I
    assert trace.attrs["units"] == "nA"
    np.testing.assert_allclose(trace.values[1], [1e-3, 2e-3, 4e-3], rtol=1e-9)


@pytest.mark.parametrize("by", ["length", "area", "compartment"])
def test_random_places_are_uniform_over_what_is_said(net, by):
    shape = rb.Morphology.frustum(length=200 * um, start_diameter=8 * um, end_diameter=1 * um)
    parts = rb.Membrane([rb.channels.Leak])
    cells = net.add(rb.Cell(shape, parts, max_length=23 * um), 4, name="cells")
    places = cells.scatter(3000, by=by)
    compartments = cells.cells[0].compartments
    sizes = np.ones(compartments.nodes) if by == "compartment" else getattr(compartments, by)
    nodes = compartments.membrane
    expected = 3000 * sizes[nodes] / sizes[nodes].sum()
    for cell in range(4):
        found = np.bincount(places.compartment[places.cell == cell],
                            minlength=compartments.nodes)[nodes]  # fmt: skip
        chi = ((found - expected) ** 2 / expected).sum()
        assert chi < 30  # of 8 degrees of freedom: one in 5,000
    assert not np.array_equal(places.compartment[:3000], places.compartment[3000:6000])


def test_what_is_drawn_depends_on_the_seed_and_the_call():
    def drawn(of_network, **more):
        net = rb.Network(dt=0.025 * ms, seed=of_network)
        cells = net.add(ball_and_stick(), 3, name="cells")
        first = cells.scatter(9, "dendrite", **more)
        return first.indices, cells.scatter(9, "dendrite", **more).indices, cells, net

    one, second, cells, _ = drawn(1)
    again, _, _, _ = drawn(1)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, second)
    assert not np.array_equal(one, drawn(2)[0])
    fixed, repeated, _, _ = drawn(1, seed=7)
    np.testing.assert_array_equal(fixed, repeated)
    np.testing.assert_array_equal(fixed, drawn(2, seed=7)[0])
    some = cells[1].scatter(9, "dendrite", seed=7)
    np.testing.assert_array_equal(some.indices, fixed[9:18])
    assert set(cells.scatter(5, "dendrite").region) == {"dendrite"}
    far = cells.scatter(50, "dendrite", path=(150 * um, 250 * um))
    assert far.path.magnitude.min() >= 150
    assert far.path.magnitude.max() <= 250
    assert repr(far) == (
        '<Sites cells.scatter(50, "dendrite", path=(150*um, 250*um)): 150 compartments>'
    )


def spread(threads=1, backend=None, seed=4):
    net = rb.Network(dt=0.025 * ms, seed=seed)
    cells = net.add(ball_and_stick(), 5, name="cells")
    noise = net.add(rb.stimuli.poisson(80 * Hz), 200, name="noise")
    places = cells.scatter(40, "dendrite", by="area")
    assert np.unique(places.indices).size < places.size
    made = [
        net.connect(noise, places, rb.rules.one_to_one(), weight="(1 + 0.01*j)*nS", synapse=AMPA),
        net.connect(noise, places, rb.rules.fixed_indegree(2), delay=rb.random.uniform(
            0.1 * ms, 2 * ms), weight=rb.random.uniform(0.5 * nS, 1 * nS), to=AMPA, synapse=STDP,
            name="learn"),
        net.connect(noise[:9], places, rb.rules.fixed_probability(0.3), weight=1 * nS,
                    synapse=AMPA),
    ]  # fmt: skip
    net.drive(places, rb.stimuli.poisson(5 * Hz), weight=1 * nS, synapse=AMPA)
    net.inject(places, rb.stimuli.noise(std=5 * pA, tau=2 * ms))
    net.record(places, "v", "g_ampa")
    return net, cells, places, made


def test_synapses_on_random_places():
    _, _, places, (one, learn, some) = spread()
    np.testing.assert_array_equal(one.post, places.indices)
    np.testing.assert_allclose(one.weights.magnitude, 1 + 0.01 * np.arange(200))
    counts = np.bincount(learn.post, minlength=places.population.size)
    np.testing.assert_array_equal(
        counts, 2 * np.bincount(places.indices, minlength=places.population.size)
    )
    # places of one compartment are drawn for independently of each other
    pairs = np.stack([some.pre, some.post], axis=1)
    first = np.flatnonzero(np.diff(places.indices) == 0)
    both = [np.count_nonzero(np.all(pairs == (i, places.indices[k]), axis=1))
            for k in first for i in range(9)]  # fmt: skip
    assert {0, 1, 2} <= set(both)


def test_the_same_bits_compiled_interpreted_and_on_threads(tmp_path):
    found = []
    for options in ({}, {"threads": 2}, {"backend": "interpreter"}):
        net, _, _, made = spread()
        net.run(4 * ms, **options)
        net.save(tmp_path / "net.h5")
        result = net.run(4 * ms, **options)
        loaded = rb.Network.load(tmp_path / "net.h5")
        assert same(result, loaded.run(4 * ms))
        np.testing.assert_array_equal(loaded.projections["learn"].post, made[1].post)
        found.append((result, made[1].weights.magnitude))
    for result, weights in found[1:]:
        assert same(found[0][0], result)
        np.testing.assert_array_equal(found[0][1], weights)


def test_two_synapses_in_one_compartment_add(net):
    cells = net.add(ball_and_stick(), name="cells")
    two = cells.scatter(2, "soma")
    assert two.indices[0] == two.indices[1]
    train = net.add(rb.stimuli.spike_times([[0.1] * ms, [0.1] * ms]), name="train")
    net.connect(train, two, rb.rules.one_to_one(), weight=[1, 2] * nS, synapse=AMPA)
    net.inject(two, rb.stimuli.step([10, 20] * pA))
    net.record(cells.at("soma"), "g_ampa", "I")
    trace = net.run(0.2 * ms).traces["cells"]
    assert trace.g_ampa.values[6, 0] == pytest.approx(3)  # delivered a step later
    assert trace.I.values[1, 0] == pytest.approx(30e-3)


def refused(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in:\n{caught.value}"


def test_what_is_refused(net):
    cells = net.add(ball_and_stick(), 3, name="cells")
    other = net.add(ball_and_stick(), name="other")
    refused(errors.ShapeError, lambda: cells.at("dendrite", fraction=[0.1, 0.2], each=True),
            "cells.at(..., each=True): fraction is one value, or one for each cell",
            "3", "2")  # fmt: skip
    refused(errors.UserError, lambda: cells.at("axon", fraction=0.5, each=True), "axon")
    refused(errors.ShapeError, lambda: cells.at("soma") + cells[0].at("soma"),
            'cells.at("soma") + cells[0].at("soma"): a compartment is chosen twice',
            "cell(max_length=5*um)")  # fmt: skip
    refused(errors.UserError, lambda: cells.scatter(0, "dendrite"),
            "cells.scatter: how many places on each cell?", "a whole number from 1 on",
            'write cells.scatter(20, "dendrite")')  # fmt: skip
    refused(errors.UserError, lambda: cells[1].scatter(2.5), "cells[1].scatter: how many")
    refused(errors.WiringError, lambda: cells.scatter(2, by="volume"),
            "uniform over the length, over the area, or over compartments",
            "by='volume'", 'write by="length"')  # fmt: skip
    refused(errors.WiringError, lambda: cells.at("soma") + other.at("soma"),
            'cells.at("soma") + ...: places are added to places of the same population',
            "<Sites other")  # fmt: skip
    some = cells.scatter(4, "dendrite")
    refused(errors.WiringError, lambda: net.clamp(some, -65 * mV),
            "net.clamp: random places may be in one compartment, which is clamped once",
            'cells.at("dendrite", fraction=0.5)')  # fmt: skip
    refused(errors.WiringError,
            lambda: net.current_clamp(some, rb.stimuli.step(1 * nA), series_resistance="5 Mohm"),
            "net.current_clamp: random places")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(some, other.at("soma"), weight=1 * nS,
                                synapse=rb.synapses.GapJunction()),
            "what acts all the time joins compartments once")  # fmt: skip


def test_a_table_of_states_tells_the_places(net):
    cells = net.add(ball_and_stick(), 2, name="cells")
    heads, first, *_, last = str(cells.at("dendrite", fraction=1.0).state()).split("\n")[1:]
    assert heads.split()[:6] == ["cell", "region", "path", "(um)", "compartment", "v"]
    assert first.split()[:2] == ["0", "dendrite"] and last.split()[:2] == ["1", "dendrite"]
    lines = str(cells.state()).split("\n")
    assert lines[2].split()[:4] == ["0", "soma", lines[2].split()[2], "0"]
    assert len(lines) == 23 and lines[-1] == f"... and {cells.everywhere.size - 20} more"
    assert cells.state()["v"].size == cells.everywhere.size
