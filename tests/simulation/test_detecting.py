"""Spikes that are looked for at places on cells with a morphology."""

import numpy as np
import pytest
from tests.simulation.cable_nets import ball_and_stick

import rheobase as rb
from rheobase import errors
from rheobase.units import Hz, ms, mV, nA, nS, pA, um

AMPA = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
STDP = rb.synapses.STDP(17 * ms, 29 * ms, a_plus=0.02, a_minus=0.025, w_max=4 * nS)


def described(crossing="grid"):
    net = rb.Network(dt=0.025 * ms, seed=1)
    cells = net.add(ball_and_stick(crossing=crossing), 5, name="cells")
    net.inject(cells.at("soma"), rb.stimuli.step([0.2, 0.25, 0.3, 0.35, 0.4] * nA))
    places = cells.at("dendrite", fraction=(0.2, 0.6))
    far = net.detect(places, "v > -50*mV", name="far")
    net.detect(cells.at("soma"), name="soma")
    post = net.add(rb.models.LIF, 3, name="post")
    net.connect(far, post, weight=200 * pA, delay=1 * ms)
    net.record(places, "v", name="v")
    net.record(post, "i_syn", name="post")
    return net


def detected(crossing="grid", **options):
    net = described(crossing)
    return net, net.run(25 * ms, **options)


@pytest.mark.parametrize("crossing", ["grid", "linear"])
def test_spikes_are_where_the_recorded_voltage_rises_above(crossing):
    net, result = detected(crossing)
    far, v = result.spikes["far"], result.traces["v"].v.values
    assert far.count > 10
    for k in range(10):
        rises = np.flatnonzero((v[1:, k] > -50) & (v[:-1, k] <= -50))
        times = rises * 0.025e-3  # the step in which it rises is that before the sample above
        if crossing == "linear":
            times = times + 0.025e-3 * (-50 - v[rises, k]) / (v[rises + 1, k] - v[rises, k])
        np.testing.assert_allclose(far[k], times, rtol=0, atol=1e-12)
    assert repr(net.populations["far"]) == "<Detectors 'far': 10 places of 'cells', v > -50 mV>"
    np.testing.assert_array_equal(net.populations["far"].places.cell, np.repeat(np.arange(5), 2))


@pytest.mark.parametrize("crossing", ["grid", "linear"])
def test_detectors_at_the_soma_spike_as_the_cells_do(crossing):
    _, result = detected(crossing)
    cells, soma = result.spikes["cells"], result.spikes["soma"]
    assert cells.count > 5
    np.testing.assert_array_equal(cells.times, soma.times)
    np.testing.assert_array_equal(cells.ids, soma.ids)


def test_the_same_bits_compiled_interpreted_and_on_threads():
    one = detected()[1]
    for options in ({"threads": 2}, {"backend": "interpreter"}):
        other = detected(**options)[1]
        for name in ("far", "soma", "cells"):
            np.testing.assert_array_equal(one.spikes[name].times, other.spikes[name].times)
            np.testing.assert_array_equal(one.spikes[name].ids, other.spikes[name].ids)
        np.testing.assert_array_equal(one.traces["post"].i_syn, other.traces["post"].i_syn)


def test_what_begins_above_has_not_risen():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    cells.v = 0 * mV
    net.detect(cells.at("dendrite", fraction=0.5), "v > -10*mV", name="far")
    result = net.run(1 * ms)
    assert result.spikes["far"].count == 0


def test_places_as_a_source_spike_with_the_threshold_of_their_cell():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(spikes="v > -40*mV"), 2, name="cells")
    net.inject(cells.at("soma"), rb.stimuli.step(0.3 * nA))
    post = net.add(rb.models.LIF(V_T=0 * mV), 2, name="post")
    place = cells.at("dendrite", fraction=0.3)
    made = net.connect(place, post, rb.rules.one_to_one(), weight=50 * pA, delay=2 * ms)
    again = net.connect(cells[1].at("dendrite", fraction=0.3), post, weight=50 * pA)
    third = net.connect(place, post[0], weight=10 * pA)
    assert [p.source.name for p in (made, again, third)] == [
        "cells_detector", "cells_detector_2", "cells_detector",
    ]  # fmt: skip
    net.record(place, "v", name="v")
    net.record(post, "i_syn", name="post")
    result = net.run(20 * ms)
    spikes, v = result.spikes["cells_detector"], result.traces["v"].v.values
    assert spikes.count > 2
    rises = np.flatnonzero((v[1:, 0] > -40) & (v[:-1, 0] <= -40))
    np.testing.assert_allclose(spikes[0], rises * 0.025e-3, atol=1e-12)
    first = round(spikes[1][0] / 0.025e-3) + 2 / 0.025  # then it is delivered
    current = result.traces["post"].i_syn.values[:, 1]
    jump = current[int(first) + 1] - current[int(first)] * np.exp(-0.025 / 0.5)
    assert jump == pytest.approx(50)


def test_spikes_of_the_place_itself_for_plasticity():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    times = np.array([3.0, 9.0, 15.0, 33.0])
    train = net.add(rb.stimuli.spike_times([times * ms]), name="train")
    places = cells.at("dendrite", fraction=(0.1, 0.9))
    made = net.connect(train, places, weight=1 * nS, delay=1 * ms, to=AMPA, synapse=STDP,
                       post_spikes="v > -48*mV")  # fmt: skip
    net.inject(cells.at("soma"), rb.stimuli.step(0.25 * nA, start=5 * ms))
    spikes = net.run(40 * ms).spikes["cells_detector"]
    assert spikes[0].size > 1
    assert not np.array_equal(spikes[0], spikes[1])
    for k in range(2):  # x decays to every spike, y to every arrival, all pairs
        post, pre = spikes[k] * 1e3, times + 1.0
        lags = np.subtract.outer(post, pre).round(6)
        up = 0.02 * np.exp(-lags[lags >= 0] / 17).sum()
        down = 0.025 * np.exp(lags[lags < 0] / 29).sum()
        assert made.weights[k].magnitude == pytest.approx(1 + 4 * (up - down), rel=1e-9)


def test_a_spike_of_a_place_counts_once_for_every_synapse_there():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    train = net.add(rb.stimuli.spike_times([[6.0] * ms] * 3), name="train")
    three = cells.scatter(3, "soma")
    made = net.connect(train, three, rb.rules.one_to_one(), weight=0.01 * nS, to=AMPA,
                       synapse=STDP, post_spikes="v > -20*mV")  # fmt: skip
    net.inject(cells.at("soma"), rb.stimuli.step(0.3 * nA, start=5 * ms, stop=7 * ms))
    spikes = net.run(20 * ms).spikes["cells_detector"]
    assert spikes.count == 1
    step = 6.0 + 0.025
    up = 0.01 + 4 * 0.02 * np.exp(-(spikes.times[0] * 1e3 - step) / 17)
    np.testing.assert_allclose(made.weights.magnitude, up, rtol=1e-9)
    assert cells.at("soma")._once().size == three._once().size == 1


def test_they_are_saved_stored_and_explained(tmp_path):
    net = described()
    cells = net.populations["cells"]
    noise = net.add(rb.stimuli.poisson(60 * Hz), 9, name="noise")
    made = net.connect(noise, cells.at("dendrite", fraction=0.5), weight=0.5 * nS, to=AMPA,
                       synapse=STDP, post_spikes="v > -50*mV", name="made")  # fmt: skip
    net.run(6 * ms, backend="interpreter")
    net.save(tmp_path / "net.h5")
    net.store()
    whole = net.run(8 * ms, backend="interpreter")
    weights = made.weights.magnitude.copy()
    net.restore()
    loaded = rb.Network.load(tmp_path / "net.h5")
    for other in (net, loaded):
        again = other.run(8 * ms, backend="interpreter")
        for name in ("far", "soma", "cells_detector"):
            np.testing.assert_array_equal(again.spikes[name].times, whole.spikes[name].times)
        np.testing.assert_array_equal(other.projections["made"].weights.magnitude, weights)
    assert repr(loaded.populations["far"]) == repr(net.populations["far"])
    assert whole.spikes["far"].count
    assert "<Detectors 'far': 10 places of 'cells', v > -50 mV>\n  a spike in each" in net.explain()
    assert net.estimate(10 * ms).spikes > 0


def test_the_error_of_the_step_is_checked():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    net.inject(cells.at("soma"), rb.stimuli.step(0.3 * nA))
    net.detect(cells.at("dendrite", fraction=0.3), "v > -40*mV", name="far")
    result = net.run(8 * ms, error_check=True)
    assert "far" in str(result.error_check)


def test_rules_over_space_take_the_places():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells", positions=[[0, 0, 0], [0, 900, 0]] * um)
    ends = net.detect(cells.at("dendrite", fraction=1.0), name="ends")
    near = net.add(rb.models.LIF, 1, name="near", positions=[[300, 0, 0]] * um)
    made = net.connect(ends, near, rb.rules.within(150 * um), weight=1 * pA)
    assert list(made.pre) == [0]


def refused(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in:\n{caught.value}"


def test_what_is_refused():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    point = net.add(rb.models.LIF, name="point")
    place = cells.at("dendrite", fraction=0.5)
    refused(errors.WiringError, lambda: net.detect(point),
            "net.detect: 'point' are no cells with a morphology",
            'net.detect(cells.at("axon", fraction=1.0), "v > -20*mV")')  # fmt: skip
    refused(errors.WiringError, lambda: net.detect(cells),
            "net.detect: spikes are looked for at places", "say where")  # fmt: skip
    refused(errors.WiringError, lambda: net.detect(place, -20 * mV),
            "net.detect: the condition is a text", 'write "v > -20*mV"')  # fmt: skip
    refused(errors.EquationError, lambda: net.detect(place, "m > 0.5"),
            "net.detect: the condition compares v with a voltage",
            'write "v > -20*mV"')  # fmt: skip
    refused(errors.UnitError, lambda: net.detect(place, "v > -20*ms"), "net.detect")
    far = net.detect(place, name="far")
    refused(errors.WiringError, lambda: net.detect(place, name="far"),
            "there is a population called 'far' already")  # fmt: skip
    refused(errors.WiringError, lambda: net.inject(far, rb.stimuli.step(1 * nA)),
            "'far' looks for spikes at places; it has no inputs")  # fmt: skip
    refused(errors.WiringError, lambda: net.connect(point, far, weight=1 * nS),
            "'far' looks for spikes at places; it receives none")  # fmt: skip
    refused(errors.WiringError, lambda: net.record(far, "v"),
            "'far' looks for spikes at places and has no variables")  # fmt: skip
    refused(errors.UserError, lambda: far.v, "looks for spikes at places and has no variables")
    refused(errors.WiringError,
            lambda: net.connect(far, point, weight=1 * nS, synapse=rb.synapses.NMDA()),
            "LinearNMDA")  # fmt: skip
    refused(errors.WiringError, lambda: setattr(far, "positions", [[0, 0, 0]] * um),
            "far.positions cannot be set", "cells.positions = ...")  # fmt: skip
    silent = net.add(ball_and_stick(spikes=None), name="silent")
    refused(errors.WiringError, lambda: net.connect(silent.at("soma"), point, weight=1 * pA),
            "'silent' never spikes, so that it has no threshold for its places",
            'net.detect(silent.at("soma"), "v > -20*mV")')  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(point, place, weight=1 * nS, synapse=AMPA, post_spikes="v > 0*mV"),
            "post_spikes is for synapses that change, at places")  # fmt: skip
    refused(errors.EquationError,
            lambda: net.connect(point, place, weight=1 * nS, synapse=STDP, to=AMPA,
                                post_spikes="v"),
            "post_spikes: the condition compares v")  # fmt: skip
    assert list(net.populations) == ["cells", "point", "far", "silent"]
