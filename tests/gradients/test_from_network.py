"""The run on a tape is that of `net.run`, to the bit; what cannot be on one is refused by name."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError
from rheobase.gradients.from_network import Options, independent_copy, is_dense, tape_of
from rheobase.units import Hz, Mohm, cm, ms, mV, nS, pA, uA

CELL = rb.Model(
    """dv/dt = (E_L - v + R*I)/tau_m : mV (unless refractory)
    dg/dt = -g/tau_s : mV
    u = v - E_L + g : mV
    I : pA (input)""",
    threshold="v > V_T", reset="v = V_r", refractory="2*ms",
    parameters=dict(E_L=-70 * mV, R=100 * Mohm, tau_m=20 * ms, tau_s=5 * ms, V_T=-50 * mV,
                    V_r=-60 * mV),
    receives={"syn": "v += weight", "g": "g += 2*weight"}, initial={"v": "E_L + 19*mV*rand()"},
)  # fmt: skip


def everything():
    """Whatever a tape can have: sources, drives, noise, delays, clamps, coupling."""
    net = rb.Network(dt=0.1 * ms, seed=3, start=5 * ms)
    a, b = net.add(CELL, 20, name="a"), net.add(CELL, 30, name="b")
    axon = net.add(rb.models.HodgkinHuxley(), 3, name="axon")
    given = [[7, 9] * ms, [6.2] * ms, [12] * ms]
    times = net.add(rb.stimuli.spike_times(given), 3, name="times")
    poisson = net.add(rb.stimuli.poisson(80 * Hz), 10, name="poisson")
    net.inject(a, rb.stimuli.step(260 * pA, start=10 * ms))
    net.inject(b, rb.stimuli.noise(30 * pA, 5 * ms, mean=190 * pA))
    net.inject(b[:7], rb.stimuli.sine(40 * pA, 30 * Hz))
    net.inject(axon, rb.stimuli.step([5, 10, 20] * uA / cm**2))
    net.connect(a, b, rb.rules.fixed_probability(0.3), weight="(1 + rand())*mV",
                delay="1*ms + rand()*3*ms", to="syn", name="ab")  # fmt: skip
    net.connect(b, a, weight=0.2 * mV, delay=1.5 * ms, to="g", name="ba")
    net.connect(poisson, a, weight=0.3 * mV, delay=0 * ms, to="syn", name="pa")
    net.connect(times, b, weight=3 * mV, to="g", name="tb")
    net.drive(a[:9], rb.stimuli.poisson(200 * Hz), weight=1 * mV, to="syn")
    net.connect(a, b, rb.rules.fixed_probability(0.2), weight=1.5 * nS, of="u", to="I", name="gap",
                delay=0.4 * ms)  # fmt: skip
    net.clamp(a[:2], -60 * mV, start=12 * ms, stop=20 * ms, variable="v")
    net.record(a, "v")
    net.record(b, "v", "g")
    net.record(axon, "v", "n")
    return net


@pytest.mark.parametrize("paused", [False, True])
def test_bits_are_those_of_a_run(paused):
    net = everything()
    if paused:
        net.run(8 * ms)
    made = tape_of(independent_copy(net), 200, {}, {}, Options(memory=30_000))
    made.run()
    assert made.tape.segments > 5
    result = net.run(20 * ms)
    for population, variables in (("a", ["v"]), ("b", ["v", "g"]), ("axon", ["v", "n"])):
        cells = made.populations[population]
        for variable in variables:
            unit = net.populations[population]._cell_values.unit(variable)
            mine = unit.from_si(made.tape.states(cells, variable)[:-1, 0])
            kept = np.asarray(result.traces[population][variable])
            np.testing.assert_array_equal(mine, kept)
        _, ids = made.tape.spike_events(cells)
        np.testing.assert_array_equal(ids, result.spikes[population].ids)
        assert ids.size > 2, population


def refused(build, says):
    net = rb.Network(dt=0.1 * ms)
    a = net.add(CELL, 3, name="a")
    build(net, a)
    with pytest.raises(UserError) as error:
        rb.gradient(net, lambda run: np.sum(run["a"].v), ("a", "tau_m"), duration=1 * ms)
    assert says in str(error.value)


def test_plastic_synapses_are_refused():
    def build(net, a):
        stdp = rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.01, 2 * mV)
        net.connect(a, a, weight=1 * mV, to="syn", name="aa", synapse=stdp)

    refused(build, "the synapses of 'aa' change by themselves (plasticity)")


def test_procedural_synapses_are_refused():
    def build(net, a):
        net.connect(a, a, rb.rules.fixed_probability(0.5), weight=1 * mV, to="syn", name="aa",
                    storage="procedural")  # fmt: skip

    refused(build, "the synapses of 'aa' are drawn anew at every spike and not stored")


def test_exact_crossings_are_refused():
    def build(net, a):
        exact = rb.Model("dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", crossing="exact",
                         parameters=dict(tau=5 * ms))  # fmt: skip
        net.add(exact, name="sharp")

    refused(build, "'sharp' has exact crossings, so it does not go step by step")


def test_functions_called_in_between_are_refused():
    refused(lambda net, a: net.every(1 * ms, lambda: None), "functions are called during the runs")


def test_drives_of_event_ports_are_refused():
    event = rb.Model("dw/dt = -w/tau : 1", receives={"in": "w = w*weight"},
                     parameters=dict(tau=5 * ms))  # fmt: skip

    def build(net, a):
        other = net.add(event, name="other")
        net.drive(other, rb.stimuli.poisson(10 * Hz), weight=0.5, to="in")

    refused(build, "what drives 'other' arrives at the port 'in', whose statements run event by")


def test_coupling_by_what_inputs_make_is_refused():
    rate = rb.Model("dx/dt = (r - x)/tau : 1\nr = tanh(I) : 1\nI : 1 (input)",
                    parameters=dict(tau=5 * ms))  # fmt: skip

    def build(net, a):
        units = net.add(rate, 2, name="units")
        net.connect(units, units, weight=0.5, of="r", to="I", name="uu")

    refused(build, "'uu' reads r of 'units', which is computed from the input I of the step before")


def test_delays_of_couplings_are_refused():
    net = everything()
    with pytest.raises(UserError, match="'gap' reads u continuously; its delays are not"):
        rb.gradient(net, lambda run: 0.0, ("gap", "delay"), duration=1 * ms)


def test_a_state_that_ceases_to_be_finite():
    net = rb.Network(dt=1 * ms)
    wild = rb.Model("dx/dt = x**3/tau : 1", parameters=dict(tau=1 * ms), initial={"x": 3},
                    method="euler")  # fmt: skip
    net.add(wild, name="wild")
    with pytest.raises(UserError, match="a state of 'wild' became nan or infinite at 6 ms"):
        rb.gradient(net, lambda run: np.sum(run["wild"].x), "tau", duration=20 * ms)
    objective = rb.gradients.Objective(
        net, lambda run: np.sum(run["wild"].x), "tau", duration=20 * ms
    )
    value, gradient = objective.vector(objective.start)
    assert value == np.inf and gradient.tolist() == [0.0]


def test_dense_rows_are_found():
    start = np.array([0, 2, 4])
    assert is_dense(start, np.array([0, 1, 0, 1]), 2)
    assert not is_dense(start, np.array([0, 1, 1, 1]), 2)
    assert not is_dense(np.array([0, 1, 4]), np.array([0, 0, 1, 1]), 2)


def test_crossings_within_a_step_have_the_bits_of_a_run():
    net = rb.Network(dt=0.5 * ms)
    linear = rb.Model(
        "dv/dt = (I - v)/tau_m : mV (unless refractory)\nI : mV (input)", crossing="linear",
        threshold="v > 15*mV", reset="v = 0*mV", refractory="1.7*ms", method="euler",
        receives={"in": "v += weight"}, parameters=dict(tau_m=10 * ms),
    )  # fmt: skip
    cells = net.add(linear, 4, name="cells")
    net.inject(cells, rb.stimuli.step([16, 20, 30, 0] * mV))
    net.connect(cells, cells, weight=2 * mV, to="in", name="w")
    net.record(cells, "v")
    made = tape_of(independent_copy(net), 80, {}, {}, Options(backend="interpreter"))
    made.run()
    result = net.run(40 * ms)
    mine = made.tape.states(made.populations["cells"], "v")[:-1, 0] * 1e3
    np.testing.assert_array_equal(mine, np.asarray(result.traces["cells"]["v"]))
    assert result.spikes["cells"].ids.size > 5


def test_white_noise_is_a_constant():
    net = rb.Network(dt=0.5 * ms, seed=9)
    noisy = rb.Model("dx/dt = -x/tau + sigma*sqrt(2/tau)*xi : 1",
                     parameters=dict(tau=10 * ms, sigma=0.3))  # fmt: skip
    cells = net.add(noisy, 5, name="cells")
    net.record(cells, "x")
    objective = rb.gradients.Objective(
        net, lambda run: np.sum(run["cells"].x ** 2), ["tau", "sigma"], duration=8 * ms,
        backend="interpreter", memory=100,
    )  # fmt: skip
    x = objective.start
    _, gradient = objective.vector(x)
    for n, h in enumerate(1e-6 * x):
        step = np.eye(2)[n] * h
        want = (objective.value(x + step) - objective.value(x - step)) / (2 * h)
        assert gradient[n] == pytest.approx(want, rel=1e-6)
    kept = np.asarray(net.run(8 * ms).traces["cells"]["x"])
    np.testing.assert_array_equal(objective.run(x)["cells"].x.value[:-1], kept)
