"""Receptors, gap junctions and couplings against closed forms and independent integration."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import rheobase as rb
from rheobase import synapses
from rheobase.units import Hz, mM, ms, mV, nA, nS, pA, pF, uS

BACKENDS = ["interpreter", "numba"]
PASSIVE = rb.Model(
    "dv/dt = (g_L*(E_L - v) + I)/C_m : mV\nI : pA (input)",
    parameters={"C_m": 10 * pF, "g_L": 10 * nS, "E_L": -65 * mV},
    initial={"v": "E_L"},
)


def one_event(model, synapse, weight, duration, dt, *names, backend=None, every=None):
    """Traces of a cell that receives one spike which acts from t = 0 of the returned axis."""
    net = rb.Network(dt=dt * ms, seed=1)
    cell = net.add(model, name="cell")
    source = net.add(rb.stimuli.spike_times([0 * ms]), name="source")
    net.connect(source, cell, weight=weight, delay=0 * ms, synapse=synapse)
    net.record(cell, *names, every=None if every is None else every * ms)
    traces = net.run(duration * ms, backend=backend).traces["cell"]
    # A spike of step 0 without delay is delivered at the end of that step.
    return traces.time.values * 1e3 - dt, [traces[name].values[:, 0] for name in names]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("g", "expected"), [
    (0.1, [-26.7619, -8.9804, -12.0946, -22.5194, -54.7566, -64.789775]),
    (10, [-0.0717, -0.1068, -0.1757, -0.4733, -7.6090, -57.094822]),
])  # fmt: skip
def test_exponential_conductance_of_nsuite(backend, g, expected):
    """rc-expsyn: C V' = -(V - E)/R - g0 exp(-t/tau) V, within 0.1 % at all times."""
    synapse = synapses.Exponential(tau=1 * ms, E=0 * mV)
    dt = 0.0025
    t, (v,) = one_event(PASSIVE, synapse, g * uS, 10.01, dt, "v", backend=backend)
    found = [v[np.argmin(abs(t - at))] for at in (0.1, 0.5, 1, 2, 5, 10)]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_staggered_steps_of_a_conductance_are_of_second_order():
    synapse = synapses.Exponential(tau=1 * ms, E=0 * mV)
    errors = []
    for dt in (0.04, 0.02, 0.01):
        t, (v,) = one_event(PASSIVE, synapse, 0.1 * uS, 2.2, dt, "v")
        errors.append(abs(v[np.argmin(abs(t - 2))] + 22.5194))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[2] < 0.001


@pytest.mark.parametrize("backend", BACKENDS)
def test_alpha_conductance_peaks_at_its_weight_after_tau(backend):
    """g(t) = w (t/tau) exp(1 - t/tau), in steps of 0.01 ms."""
    synapse = synapses.Alpha(tau=2 * ms, E=0 * mV)
    t, (g, h) = one_event(PASSIVE, synapse, 3 * nS, 20, 0.01, "g_alpha", "h_alpha",
                          backend=backend)  # fmt: skip
    assert g.max() == pytest.approx(3, rel=1e-4)
    assert t[np.argmax(g)] == pytest.approx(2, abs=0.02)
    late = t > 0
    x = t[late] / 2
    np.testing.assert_allclose(g[late], 3 * x * np.exp(1 - x), atol=1e-9)
    np.testing.assert_allclose(h[late], 3 * np.e * np.exp(-t[late] / 2), rtol=1e-9)


@pytest.mark.parametrize(("rise", "decay"), [(0.5, 4), (2, 100), (1.9, 2)])
def test_dual_exponential_conductance_is_exact_and_peaks_at_its_weight(rise, decay):
    synapse = synapses.DualExponential(rise * ms, decay * ms, 0 * mV, name="d")
    t, (g,) = one_event(PASSIVE, synapse, 3 * nS, 6 * (rise + 3), 0.01, "g_d")
    late = t >= 0
    at = np.log(decay / rise) * decay * rise / (decay - rise)
    peak = np.exp(-at / decay) - np.exp(-at / rise)
    exact = 3 / peak * (np.exp(-t[late] / decay) - np.exp(-t[late] / rise))
    np.testing.assert_allclose(g[late], exact, atol=1e-10)
    assert g.max() == pytest.approx(3, rel=1e-4)
    assert t[np.argmax(g)] == pytest.approx(at, abs=0.011)


def test_the_spike_of_nsuites_double_exponential_synapse():
    """rc-exp2syn-spike: threshold -10 mV is crossed after 0.5562716 ms."""
    spiking = rb.Model(
        "dv/dt = (g_L*(E_L - v) + I)/C_m : mV\nI : pA (input)",
        threshold="v > -10*mV", refractory="v > -10*mV", crossing="linear",
        parameters={"C_m": 10 * pF, "g_L": 10 * nS, "E_L": -65 * mV}, initial={"v": "E_L"},
    )  # fmt: skip
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(spiking, name="cell")
    source = net.add(rb.stimuli.spike_times([0 * ms]))
    net.connect(source, cell, weight=0.1 * uS, delay=0 * ms,
                synapse=synapses.DualExponential(0.5 * ms, 4 * ms, 0 * mV))  # fmt: skip
    times = net.run(2 * ms).spikes["cell"].times * 1e3
    assert times[0] - 0.01 == pytest.approx(0.5562716, abs=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_currents_are_exact_on_the_grid(backend):
    """The potential under an exponential current, in steps of 0.1 ms, to rounding."""
    lif = rb.models.LIF(V_T=0 * mV)
    synapse = synapses.ExponentialCurrent(tau=2 * ms)
    t, (v, i) = one_event(lif, synapse, 100 * pA, 30, 0.1, "v", "i_exponential_current",
                          backend=backend)  # fmt: skip
    x = np.maximum(t, 0)
    np.testing.assert_allclose(i, 100 * np.exp(-x / 2) * (t > -0.05), rtol=1e-12)
    exact = 100 / 250 / (1 / 2 - 1 / 10) * (np.exp(-x / 10) - np.exp(-x / 2))
    np.testing.assert_allclose(v + 65, exact, atol=1e-12)


@pytest.mark.parametrize(("synapse", "shape"), [
    (synapses.AlphaCurrent(tau=3 * ms, name="x"), lambda t: t / 3 * np.exp(1 - t / 3)),
    (synapses.DualExponentialCurrent(1 * ms, 2 * ms, name="x"),
     lambda t: 4 * (np.exp(-t / 2) - np.exp(-t))),
])  # fmt: skip
def test_shapes_of_currents(synapse, shape):
    """With the peak at the weight; ln 2 after the spike, 1/4 high for times of 1 and 2."""
    t, (i,) = one_event(rb.models.LIF(V_T=0 * mV), synapse, 100 * pA, 20, 0.1, "i_x")
    np.testing.assert_allclose(i, 100 * shape(np.maximum(t, 0)), atol=1e-10)


def test_block_by_magnesium():
    """B(v) = 1/(1 + [Mg]/3.57 exp(-0.062 v)): 0.0598 at -65 mV, 0.781 at 0 mV."""
    held = PASSIVE(C_m=1e9 * pF)
    for v, expected in ((-65, 0.0598), (-40, 0.2302), (0, 0.7812)):
        _, (g, b, i) = one_event(held(E_L=v * mV), synapses.LinearNMDA(), 1 * nS, 20, 0.05,
                                 "g_nmda", "B_nmda", "i_nmda")  # fmt: skip
        assert b[-1] == pytest.approx(expected, abs=1e-3)
        np.testing.assert_allclose(i, g * b * -v, atol=2e-2)
    _, (b,) = one_event(PASSIVE, synapses.LinearNMDA(Mg=0 * mM), 0 * nS, 1, 0.05, "B_nmda")
    np.testing.assert_array_equal(b, 1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_gates_of_wangs_nmda(backend):
    """Two spikes 20 ms apart: s follows its equations, and the target gets w*s with the delay."""
    net = rb.Network(dt=0.02 * ms)
    source = net.add(rb.models.LIF, name="source")
    target = net.add(PASSIVE(C_m=1e9 * pF, E_L=-50 * mV), name="target")
    net.inject(source, rb.stimuli.pulse_train(20 * nA, width=1 * ms, period=20 * ms,
                                              start=1 * ms, stop=22 * ms))  # fmt: skip
    net.connect(source, target, weight=2 * nS, delay=1 * ms, synapse=synapses.NMDA())
    net.record(source, "s_nmda", "x_nmda")
    net.record(target, "g_nmda", "i_nmda")
    result = net.run(80 * ms, backend=backend)
    spikes = result.spikes["source"].times * 1e3
    assert spikes.size == 2
    t = result.traces["source"].time.values * 1e3

    def slope(at, y):
        return [-y[0] / 2, -y[1] / 100 + 0.5 * y[0] * (1 - y[1])]

    exact = np.zeros((2, t.size))
    state, begin = [0.0, 0.0], 0.0
    for end in (*(spikes + 0.02), 80.0):
        here = (t >= begin - 1e-9) & (t < end - 1e-9)
        if here.any() and end > begin:
            done = solve_ivp(slope, (begin, end), state, t_eval=np.append(t[here], end),
                             rtol=1e-10, atol=1e-12)  # fmt: skip
            exact[:, here] = done.y[:, :-1]
            state = [done.y[0, -1] + 1, done.y[1, -1]]
        begin = end
    s = result.traces["source"].s_nmda.values[:, 0]
    np.testing.assert_allclose(s, exact[1], atol=1e-3)
    assert 0.5 < s.max() < 1
    g = result.traces["target"].g_nmda.values[:, 0]
    # an input that is recorded is that of the step before; the delay is 50 steps
    np.testing.assert_allclose(g[51:], 2 * s[:-51], atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_cells_with_a_gap_junction(backend):
    """Coupling coefficient g/(g + g_L); the difference decays with C/(g_L + 2 g)."""
    passive = PASSIVE(C_m=200 * pF, E_L=-70 * mV)
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(passive, 2, name="cells")
    net.connect(cells[0], cells[1], weight=5 * nS, synapse=synapses.GapJunction())
    net.inject(cells[0], rb.stimuli.step(100 * pA))
    net.record(cells, "v", "i_gap")
    traces = net.run(300 * ms, backend=backend).traces["cells"]
    v = traces.v.values + 70
    t = traces.time.values * 1e3
    assert v[-1, 1] / v[-1, 0] == pytest.approx(5 / (5 + 10), abs=1e-6)
    np.testing.assert_allclose(v[-1], [7.5, 2.5], atol=1e-4)
    np.testing.assert_allclose(traces.i_gap.values[-1], [-25, 25], atol=1e-3)
    np.testing.assert_allclose(v.sum(axis=1), 10 * (1 - np.exp(-t / 20)), atol=5e-3)
    np.testing.assert_allclose(v[:, 0] - v[:, 1], 5 * (1 - np.exp(-t / 10)), atol=3e-2)


def test_a_rectifying_junction_acts_on_the_target_only():
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(PASSIVE(C_m=200 * pF), 2, name="cells")
    net.connect(cells[0], cells[1], weight=5 * nS, synapse=synapses.GapJunction(rectifying=True))
    net.inject(cells[0], rb.stimuli.step(100 * pA))
    net.record(cells, "v")
    v = net.run(300 * ms).traces["cells"].v.values[-1] + 65
    np.testing.assert_allclose(v, [10, 10 * 5 / 15], atol=1e-4)


OSCILLATOR = rb.Model(
    "dtheta/dt = omega + I : 1\nI : Hz (input)", parameters={"omega": 0 * Hz}
)  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_kuramoto_oscillators_lock(backend):
    """d(phi)/dt = d(omega) - 2 w sin(phi): the locked difference is arcsin(d(omega)/(2 w))."""
    net = rb.Network(dt=1 * ms)
    pair = net.add(OSCILLATOR, 2, name="pair")
    pair.omega = [10, 11.2] * Hz
    net.connect(pair, pair, rb.rules.all_to_all(autapses=False), weight=1 * Hz,
                synapse=synapses.Coupling("sin(theta_pre - theta_post)"))  # fmt: skip
    net.record(pair, "theta", every=100 * ms)
    theta = net.run(20000 * ms, backend=backend).traces["pair"].theta.values[-1]
    assert theta[1] - theta[0] == pytest.approx(np.arcsin(1.2 / 2), abs=2e-4)


TEXTS = {
    "sin(theta_pre - theta_post)": lambda a, b: np.sin(a - b),
    "cos(2*(theta_pre - theta_post) + 0.5)": lambda a, b: np.cos(2 * (a - b) + 0.5),
    "(theta_pre - theta_post)**3": lambda a, b: (a - b) ** 3,
    "exp((theta_pre - 2*theta_post)/3)": lambda a, b: np.exp((a - 2 * b) / 3),
    "theta_pre*(1 - theta_post)/(2 + cos(theta_post))":
        lambda a, b: a * (1 - b) / (2 + np.cos(b)),
    "tanh(theta_pre) - tanh(theta_post)": lambda a, b: np.tanh(a) - np.tanh(b),
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_sums_of_couplings_are_those_of_all_pairs(text):
    """One step of Euler against the double sum of what is written, delays included."""
    model = OSCILLATOR(method="euler")
    net = rb.Network(dt=1 * ms, seed=2)
    cells = net.add(model, 7, name="cells")
    start = np.linspace(-1, 1.5, 7)
    cells.theta = start
    made = net.connect(
        cells,
        cells,
        rb.rules.fixed_probability(0.5),
        weight=rb.random.uniform(1 * Hz, 2 * Hz),
        synapse=synapses.Coupling(text),
    )
    net.step()
    w = np.zeros((7, 7))
    np.add.at(w, (made.pre, made.post), made.weights.to("Hz").magnitude)
    pairs = TEXTS[text](start[:, None], start[None, :])
    expected = start + 1e-3 * (w * pairs).sum(axis=0)
    np.testing.assert_allclose(cells.theta.magnitude, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_sum_for_all_is_that_of_each(backend):
    """All to all with one weight: one sum is made; with equal weights one by one, a sum each."""
    ends = []
    for weight in (2 * Hz, np.full(12, 2.0) * Hz):
        net = rb.Network(dt=1 * ms, seed=2)
        source, target = net.add(OSCILLATOR, 4, name="a"), net.add(OSCILLATOR, 5, name="b")
        source.theta, source.omega = [0.1, 0.2, 0.4, 0.7], [1, 2, 3, 4] * Hz
        net.connect(source, target[[4, 1, 2]], weight=weight, delay=3 * ms, of="theta", to="I")
        net.run(20 * ms, backend=backend)
        ends.append(target.theta.magnitude)
    np.testing.assert_array_equal(ends[0], ends[1])
    assert np.all((ends[0] > 0) == [False, True, True, False, True])
