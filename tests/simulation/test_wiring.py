"""What may be connected, injected, driven and recorded, and the texts of every refusal."""

import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, nA, nS, pA, second, uA

TWO_PORTS = rb.Model(
    """
    dv/dt = (E_L - v)/tau_m : mV
    dg_e/dt = -g_e/tau_m : nS
    dg_i/dt = -g_i/tau_m : nS
    """,
    threshold="v > V_T", reset="v = E_L",
    parameters=dict(E_L=-65 * mV, V_T=-50 * mV, tau_m=20 * ms),
    receives=dict(excitatory="g_e += weight", inhibitory="g_i += weight"),
)  # fmt: skip
TWO_INPUTS = rb.Model(
    "dv/dt = (a + b/mV - v)/tau : 1\na : 1 (input)\nb : mV (input)\ntau : ms",
    parameters=dict(tau=10 * ms), name="Pair",
)  # fmt: skip
RATE = rb.Model("dr/dt = (-r + I)/tau : 1\nI : 1 (input)\ntau : ms", parameters=dict(tau=10 * ms))


@pytest.fixture
def lif(net):
    return net.add(rb.models.LIF, 4, name="lif")


@pytest.fixture
def two(net):
    return net.add(TWO_PORTS, 4, name="two")


@pytest.fixture
def pair(net):
    return net.add(TWO_INPUTS, 4, name="pair")


@pytest.fixture
def rate(net):
    return net.add(RATE, 4, name="rate")


@pytest.fixture
def noise(net):
    return net.add(rb.stimuli.poisson(10 * Hz), 4, name="noise")


def refused(error, *words, act):
    with pytest.raises(error) as caught:
        act()
    text = str(caught.value)
    for word in words:
        assert word in text, f"{word!r} is not in:\n{text}"


# -- connect: spikes ------------------------------------------------------------------------


def test_a_weight_of_the_wrong_unit_names_the_line_that_uses_it(net, two, noise):
    refused(
        rb.errors.UnitError, "net.connect(noise, two, ...)", "the weight: expected a conductance",
        "20 pA", "the weight is used in the line `g_e += weight`", "write weight=1*nS",
        act=lambda: net.connect(noise, two, weight=20 * pA, to="excitatory"),
    )  # fmt: skip
    for weight in (20, "20 pA", "i*pA", rb.random.normal(1 * pA, 1 * pA), [1, 2] * pA):
        refused(
            rb.errors.UnitError, "`g_e += weight`",
            act=lambda w=weight: net.connect(noise, two, weight=w, to="excitatory"),
        )  # fmt: skip
    assert not net.projections


def test_a_missing_weight(net, lif, noise):
    refused(
        rb.errors.WiringError, "the weight is missing", "expected: a current",
        "`i_syn += weight`", "write weight=1*pA",
        act=lambda: net.connect(noise, lif),
    )  # fmt: skip


def test_a_matrix_brings_its_weights(net, lif, noise):
    matrix = np.diag([1.0, 2.0, 3.0, 4.0])
    made = net.connect(noise, lif, rb.rules.from_matrix(matrix * nA))
    assert made.weights.units == nA
    np.testing.assert_allclose(made.weights.magnitude, [1, 2, 3, 4])
    refused(
        rb.errors.WiringError, "the weights are those of the matrix", "rb.rules.from_matrix(2*W)",
        act=lambda: net.connect(noise, lif, rb.rules.from_matrix(matrix * pA), weight=1 * pA),
    )  # fmt: skip
    refused(
        rb.errors.UnitError, "the weight: expected a current", "`i_syn += weight`",
        act=lambda: net.connect(noise, lif, rb.rules.from_matrix(matrix)),
    )  # fmt: skip


def test_several_inputs_and_no_to(net, two, noise):
    refused(
        rb.errors.WiringError, "'two' has several inputs for spikes",
        "excitatory (weight in nS), inhibitory (weight in nS)", 'write to="excitatory"',
        act=lambda: net.connect(noise, two, weight=1 * nS),
    )  # fmt: skip
    refused(
        rb.errors.UnknownNameError, "no input 'excitatry' for spikes",
        "did you mean to='excitatory'?",
        act=lambda: net.connect(noise, two, weight=1 * nS, to="excitatry"),
    )  # fmt: skip
    refused(
        rb.errors.UnknownNameError, "no input 'ampa' for spikes",
        "; with a receptor: net.add(model + rb.synapses.Exponential("
        "tau=2*ms, E=0*mV, name='ampa'), N)",
        act=lambda: net.connect(noise, two, weight=1 * nS, to="ampa"),
    )  # fmt: skip
    assert net.connect(noise, two, weight=1 * nS, to="inhibitory").to == "inhibitory"


def test_a_model_that_receives_nothing(net, rate, noise):
    refused(
        rb.errors.WiringError, "'rate' receives no spikes", 'rb.Model(..., receives="r += weight")',
        act=lambda: net.connect(noise, rate, weight=1),
    )  # fmt: skip


def test_sources_receive_nothing(net, lif, noise):
    refused(
        rb.errors.WiringError, "'noise' replays spikes; it receives none",
        act=lambda: net.connect(lif, noise, weight=1 * pA),
    )  # fmt: skip


def test_cells_that_do_not_spike(net, lif, rate):
    refused(
        rb.errors.WiringError, "'rate' does not spike", "has no threshold",
        'net.connect(rate, lif, weight=..., of="r")', 'threshold="r > ..."',
        act=lambda: net.connect(rate, lif, weight=1 * pA),
    )  # fmt: skip


@pytest.mark.parametrize("arguments, error, words", [
    (dict(synapse="STDP"), rb.errors.WiringError,
     ["this is no synapse", 'receives=dict(excitatory="g_e += weight")']),
    (dict(synapse=["STDP", "AMPA"]), rb.errors.WiringError,
     ["a connection has one synapse, here are 2", "to=rb.synapses.Exponential(tau=2*ms"]),
    (dict(storage="sparse"), rb.errors.WiringError,
     ["no storage 'sparse'", 'expected: "stored", or "procedural"']),
    (dict(weight_dtype="int8"), rb.errors.WiringError, ["no weights of 'int8'", "float32"]),
    (dict(delay=3), rb.errors.UnitError,
     ["net.connect(noise, lif, ...)", "the delay: expected a time", "delay=1.5*ms"]),
    (dict(delay=rb.random.normal(1 * mV, 1 * mV)), rb.errors.UnitError, ["the delay", "voltage"]),
    (dict(delay="i*mV"), rb.errors.UnitError, ["the delay"]),
    (dict(rule=rb.rules.all_to_all), rb.errors.WiringError,
     ["the rule was not called", "rb.rules.all_to_all(...)"]),
    (dict(rule=0.1), rb.errors.WiringError,
     ["no connection rule", "rb.rules.fixed_probability(0.1)", "0.1"]),
    (dict(name=""), rb.errors.WiringError, ["a name is a text"]),
])  # fmt: skip
def test_refused_arguments_of_connect(net, lif, noise, arguments, error, words):
    given = dict(weight=1 * pA) | arguments
    refused(error, *words, act=lambda: net.connect(noise, lif, **given))


@pytest.mark.parametrize("given, words", [
    ("lif", ["pre is a name, 'lif'", "net.populations['lif']"]),
    ("lfi", ["pre is no population", "net.populations['lif']"]),
    (3, ["pre is no population", "cells[:10]", "given: 3"]),
    (rb.models.LIF, ["pre is no population"]),
])  # fmt: skip
def test_what_is_no_population(net, lif, given, words):
    refused(rb.errors.WiringError, *words, act=lambda: net.connect(given, lif, weight=1 * pA))


def test_populations_of_another_network(net, lif):
    other = rb.Network(dt=1 * ms).add(rb.models.LIF, 2, name="lif")
    refused(
        rb.errors.WiringError, "'lif' is a population of another network",
        act=lambda: net.connect(other, lif, weight=1 * pA),
    )  # fmt: skip


def test_the_same_connection_twice_warns(net, lif, noise):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.connect(noise, lif, weight=1 * pA)
        net.connect(noise[:2], lif, weight=1 * pA)
        net.connect(noise, lif, rb.rules.one_to_one(), weight=1 * pA)
        net.connect(lif, lif, weight=1 * pA)
    with pytest.warns(rb.errors.RheobaseWarning, match="connected in the same way before") as seen:
        net.connect(noise, lif, weight=2 * pA)
    assert seen[0].filename == __file__
    assert len(net.projections) == 5


def test_sizes_that_do_not_match(net, lif, noise):
    for rule, words in (
        (rb.rules.one_to_one(), ["one_to_one joins as many sources", "3 sources and 4 targets"]),
        (rb.rules.ring(1), ["ring joins as many sources"]),
        (rb.rules.pairs([0, 5], [1, 1]), ["pairs: i holds the index 5"]),
    ):
        refused(
            rb.errors.UserError, "net.connect(noise, lif, ...)", *words,
            act=lambda r=rule: net.connect(noise[:3], lif, r, weight=1 * pA),
        )  # fmt: skip
    refused(
        rb.errors.ShapeError, "net.connect(noise, lif, ...)", "write rb.rules.from_matrix(W.T)",
        act=lambda: net.connect(noise[:3], lif, rb.rules.from_matrix(np.ones((4, 3)) * pA)),
    )  # fmt: skip
    refused(
        rb.errors.ShapeError, "net.connect(noise, lif, ...)", "12 values, one for each synapse",
        act=lambda: net.connect(noise[:3], lif, weight=np.ones(5) * pA),
    )  # fmt: skip
    assert not net.projections


def test_a_drawn_rule_that_cannot_be_is_refused_when_it_is_drawn(net, lif, noise):
    net.connect(noise, lif, rb.rules.fixed_indegree(9, multapses=False), weight=1 * pA)
    refused(
        rb.errors.WiringError, "net.connect(noise, lif, ...)", "not that many sources",
        act=lambda: net.run(1 * ms, backend="interpreter"),
    )  # fmt: skip


@pytest.mark.parametrize("delay", [0.25 * ms, "0.25 ms", "0.25*ms"])
def test_a_delay_off_the_grid(net, lif, noise, delay):
    refused(
        rb.errors.WiringError, "net.connect(noise, lif, ...)", "0.25*ms is not a multiple",
        "delay=0.2*ms or delay=0.3*ms",
        act=lambda: net.connect(noise, lif, weight=1 * pA, delay=delay).delays,
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "the delay is negative", "-1*ms",
        act=lambda: net.connect(noise, lif, weight=1 * pA, delay=-1 * ms),
    )  # fmt: skip


# -- connect: continuous --------------------------------------------------------------------


def test_continuous_connections(net, rate, pair):
    projection = net.connect(rate, rate, weight=0.5, of="r")
    assert (projection.of, projection.to) == ("r", "I")
    projection = net.connect(rate, pair, weight=2 * mV, of="r", to="b")
    assert projection.weights.units == mV
    assert projection.weights.shape == (16,)
    np.testing.assert_array_equal(projection.delays.magnitude, np.zeros(16))


@pytest.mark.parametrize("arguments, error, words", [
    (dict(of="r", weight=2), rb.errors.WiringError,
     ["'pair' has several inputs; say which", "a, b [mV]", 'write to="a"']),
    (dict(of="q", weight=2, to="a"), rb.errors.UnknownNameError,
     ["'rate' has no variable 'q'", "it has: r"]),
    (dict(of="tau", weight=2, to="a"), rb.errors.UnknownNameError,
     ["rate.tau cannot be read continuously", "it has: r"]),
    (dict(of="r", weight=2, to="B"), rb.errors.UnknownNameError,
     ["no input 'B'; did you mean to='b'?", "it has: a, b [mV]"]),
    (dict(of="r", weight=2, to="b"), rb.errors.UnitError,
     ["the weight: expected a voltage", "`pair.b [mV] += weight*rate.r [1]`"]),
    (dict(of="r", to="b"), rb.errors.WiringError, ["the weight is missing"]),
])  # fmt: skip
def test_refused_continuous_connections(net, rate, pair, arguments, error, words):
    refused(error, *words, act=lambda: net.connect(rate, pair, **arguments))


def test_continuous_connections_need_variables_and_inputs(net, rate, noise, two):
    refused(
        rb.errors.WiringError, "'noise' replays spikes; there is no 'r' to read",
        act=lambda: net.connect(noise, rate, weight=1, of="r"),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "'two' has no input that the r of 'rate' could be added to",
        "`I : pA (input)`", act=lambda: net.connect(rate, two, weight=1, of="r"),
    )  # fmt: skip


# -- inject, drive, record ------------------------------------------------------------------


def test_injections_that_do_not_fit(net, lif, pair, two, noise):
    current = rb.stimuli.step(100 * pA)
    refused(
        rb.errors.WiringError, "net.inject(pair, ...)", "several inputs; say which", "a, b [mV]",
        act=lambda: net.inject(pair, current),
    )  # fmt: skip
    refused(
        rb.errors.UnitError, "net.inject(lif, ...)", "expected a current (pA)",
        "uA/cm**2", "`I : pA (input)`", "net.inject(lif, rb.stimuli.step(1*pA))",
        act=lambda: net.inject(lif, rb.stimuli.step("1 uA/cm**2")),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "is a spike train, not a current",
        "net.drive(lif, train, weight=...)",
        "noise = net.add(train); net.connect(noise, lif, weight=...)",
        act=lambda: net.inject(lif, rb.stimuli.poisson(10 * Hz)),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "this is no current", "step, ramp, sine", "given: 100*pA",
        "if it is constant, write net.inject(lif, rb.stimuli.step(100*pA))",
        act=lambda: net.inject(lif, 100 * pA),
    )  # fmt: skip
    for given, amount in [(100, "100*pA"), ("0.5 nA", "0.5*nA"), (3 * Hz, "1*pA"),
                          ([1, 2] * pA, "1*pA"), (None, "1*pA")]:  # fmt: skip
        refused(
            rb.errors.WiringError, "this is no current", f"rb.stimuli.step({amount}))",
            act=lambda given=given: net.inject(lif, given),
        )  # fmt: skip
    refused(
        rb.errors.WiringError, "'two' has no input that a current could be added to",
        act=lambda: net.inject(two, current),
    )  # fmt: skip
    refused(
        rb.errors.UnknownNameError, "'lif' has no input 'i_syn' (spikes arrive there",
        "it has: I [pA]", act=lambda: net.inject(lif, current, to="i_syn"),
    )  # fmt: skip
    refused(rb.errors.WiringError, "'noise' replays spikes", act=lambda: net.inject(noise, current))
    refused(
        rb.errors.ShapeError, "the current is for 3 cells", "one value, or 4", "lif[:3]",
        act=lambda: net.inject(lif, rb.stimuli.step([1, 2, 3] * pA)),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "vanishes on the grid",
        act=lambda: net.inject(lif, rb.stimuli.step(1 * pA, start=1 * ms, stop=1.01 * ms)),
    )  # fmt: skip


def test_drives_that_do_not_fit(net, lif, two, noise):
    train = rb.stimuli.poisson(10 * Hz)
    refused(
        rb.errors.WiringError, "is a current, not a spike train", "write net.inject(lif, step(",
        act=lambda: net.drive(lif, rb.stimuli.step(1 * uA), weight=1 * pA),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "'noise' is a population", "net.connect(noise, lif, weight=...)",
        act=lambda: net.drive(lif, noise, weight=1 * pA),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "this is no spike train", "poisson, regular_spikes, spike_times",
        act=lambda: net.drive(lif, 10 * Hz, weight=1 * pA),
    )  # fmt: skip
    refused(
        rb.errors.UnitError, "net.drive(lif, ...)", "the weight: expected a current",
        "`i_syn += weight`", act=lambda: net.drive(lif, train, weight=1 * mV),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "net.drive(lif, ...)", "the weight is missing",
        act=lambda: net.drive(lif, train),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "several inputs for spikes",
        act=lambda: net.drive(two, train, weight=1 * nS),
    )  # fmt: skip
    refused(
        rb.errors.ShapeError, "the weight is for 2 cells",
        act=lambda: net.drive(lif, train, weight=[1, 2] * pA),
    )  # fmt: skip
    refused(
        rb.errors.ShapeError, "the train is for 2 cells",
        act=lambda: net.drive(lif, rb.stimuli.poisson([1, 2] * Hz), weight=1 * pA),
    )  # fmt: skip
    refused(
        rb.errors.WiringError, "one value, or one a cell", "rb.rules.one_to_one()",
        act=lambda: net.drive(lif, train, weight=rb.random.normal(1 * pA, 1 * pA)),
    )  # fmt: skip
    refused(
        rb.errors.UserError, "the weight is not finite",
        act=lambda: net.drive(lif, train, weight=float("inf") * pA),
    )  # fmt: skip


@pytest.mark.parametrize("variables, keywords, error, words", [
    (["spikes"], {}, rb.errors.WiringError,
     ["spikes are kept without being asked for", 'result.spikes["lif"]']),
    (["tau_m"], {}, rb.errors.WiringError, ["tau_m is a parameter", "v [mV]", "lif.tau_m"]),
    (["V"], {}, rb.errors.UnknownNameError, ["no variable 'V'; did you mean v?"]),
    (["last_spike"], {}, rb.errors.WiringError, ["last_spike is not recorded", "lif.last_spike"]),
    ([3], {}, rb.errors.WiringError, ["a variable is given by its name", '"v"']),
    ([["v", "i_syn"]], {}, rb.errors.WiringError,
     ["given: ['v', 'i_syn']", 'write net.record(lif, "v", "i_syn", every=1*ms)']),
    ([], {}, rb.errors.WiringError, ["which variable?", 'net.record(lif, "v", every=1*ms)']),
    (["v"], dict(every=0.25 * ms), rb.errors.WiringError,
     ["0.25*ms is not a multiple", "every=0.2*ms or every=0.3*ms"]),
    (["v"], dict(every=0 * ms), rb.errors.UserError, ["shorter than a step", "every=1*ms"]),
    (["v"], dict(every=1), rb.errors.UnitError, ["expected a time", "every=1*ms"]),
    (["v"], dict(name=4), rb.errors.WiringError, ["a name is a text"]),
])  # fmt: skip
def test_refused_recordings(net, lif, variables, keywords, error, words):
    refused(error, *words, act=lambda: net.record(lif, *variables, **keywords))


def test_sources_are_not_recorded(net, noise):
    refused(
        rb.errors.WiringError, "'noise' replays spikes and has no variables",
        'result.spikes["noise"]', act=lambda: net.record(noise, "v"),
    )  # fmt: skip


def test_a_second_recording_needs_a_name_of_its_own(net, lif):
    net.record(lif[:2], "v", every=1 * ms)
    net.record(lif[:2], "i_syn", every=1 * ms)
    for cells, every in ((lif, 1 * ms), (lif[:2], 2 * ms), (lif[[1, 0]], 1 * ms)):
        refused(
            rb.errors.WiringError, "there is a recording 'lif' already", 'name="lif_2"',
            act=lambda c=cells, e=every: net.record(c, "v", every=e),
        )  # fmt: skip
    net.record(lif, "v", "I", name="all")
    traces = net.run(2 * ms, backend="interpreter").traces
    assert set(traces) == {"lif", "all"}
    assert list(traces["lif"].data_vars) == ["v", "i_syn"]
    assert traces["all"].v.shape == (20, 4)


# -- crossings ------------------------------------------------------------------------------


def test_linear_crossings_need_a_step_below_the_refractory_period():
    net = rb.Network(dt=3 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    refused(
        rb.errors.UserError, 'crossing="linear" needs dt of at most the refractory period',
        "dt of at most 2 ms", "dt = 3 ms", "rb.Network(dt=2*ms)",
        act=lambda: net.run(3 * ms, backend="interpreter"),
    )  # fmt: skip
    cell.tau_ref = 3 * ms
    net.run(1 * 3 * ms, backend="interpreter")
    cell.tau_ref = 0 * second
    refused(
        rb.errors.UserError, "give the model a refractory period",
        act=lambda: net.run(3 * ms, backend="interpreter"),
    )  # fmt: skip


def test_rates_connected_as_spikes_are_told_how_to_be_continuous():
    net = rb.Network(dt=0.1 * ms)
    units = net.add(rb.models.RateUnit, 2, name="units")
    refused(
        rb.errors.WiringError, "'units' does not spike: RateUnit has no threshold",
        'connect it continuously, net.connect(units, units, weight=..., of="r")',
        act=lambda: net.connect(units, units, weight=1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("current", "line"),
    [
        (rb.stimuli.step(10, start=5 * ms), "rb.stimuli.step(amplitude=10*pA, start=5*ms)"),
        (rb.stimuli.noise(3, 5 * ms, mean=2), "rb.stimuli.noise(std=3*pA, mean=2*pA, tau=5*ms)"),
        (rb.stimuli.step(10) + rb.stimuli.step(2), "rb.stimuli.step(1*pA)"),
        (rb.stimuli.step(10 * mV), "rb.stimuli.step(1*pA)"),
    ],
)
def test_a_current_without_unit_is_shown_with_one(current, line):
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, name="cells")
    refused(
        rb.errors.UnitError, f"write net.inject(cells, {line})",
        act=lambda: net.inject(cells, current),
    )  # fmt: skip
    eval(f"net.inject(cells, {line})", {"net": net, "cells": cells, "rb": rb, **vars(rb.units)})
