"""Networks of rate units: delays in closed form, clamps, and other people's integrators."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import rheobase as rb
from rheobase.units import ms

BACKENDS = ["interpreter", None]


def self_inhibition(weight, delay, dt=0.05):
    net = rb.Network(dt=dt * ms)
    unit = net.add(rb.models.RateUnit(f="tanh", tau=10 * ms), name="unit")
    net.connect(unit, unit, weight=-weight, of="r", to="I", delay=delay * ms)
    net.inject(unit, rb.stimuli.step(0.2, start=10 * ms, stop=15 * ms))
    net.record(unit, "r")
    trace = net.run(1000 * ms).traces["unit"].r
    return trace.time.values * 1e3, trace.values[:, 0]


@pytest.mark.parametrize("delay", [5.0, 10.0, 30.0])
def test_inhibition_with_a_delay_oscillates_above_the_critical_weight(delay):
    """tau r' = -r - w r(t - D): tan(omega D) = -omega tau, w = sqrt(1 + (omega tau)^2)."""
    tau = 10.0
    omega = brentq(
        lambda x: np.sin(x * delay) + x * tau * np.cos(x * delay),
        0.5 * np.pi / delay, np.pi / delay,
    )  # fmt: skip
    critical = np.sqrt(1 + (omega * tau) ** 2)
    _, dying = self_inhibition(0.93 * critical, delay)
    times, lasting = self_inhibition(1.05 * critical, delay)
    assert np.abs(dying[-4000:]).max() < 0.2 * np.abs(dying[200:4000]).max()
    late = lasting[-10_000:]
    assert np.abs(late).max() > 0.1
    up = np.flatnonzero((late[:-1] < 0) & (late[1:] >= 0))
    period = np.diff(times[-10_000:][up]).mean()
    assert period == pytest.approx(2 * np.pi / omega, rel=0.03)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_clamped_unit_drives_others_and_is_then_let_go(backend):
    net = rb.Network(dt=0.1 * ms)
    a = net.add(rb.models.RateUnit(f="linear", tau=10 * ms), name="a")
    b = net.add(rb.models.RateUnit(f="linear", tau=5 * ms), name="b")
    net.connect(a, b, weight=2.0, of="r", to="I", delay=3 * ms)
    net.clamp(a, 0.7, start=20 * ms, stop=60 * ms)
    net.record(a, "r")
    net.record(b, "r")
    result = net.run(100 * ms, backend=backend)
    t = result.traces["a"].r.time.values * 1e3
    of_a, of_b = (result.traces[name].r.values[:, 0] for name in "ab")
    inside = (t >= 20 - 1e-9) & (t < 60 - 1e-9)
    assert np.all(of_a[inside] == 0.7) and np.all(of_a[t < 20 - 1e-9] == 0)
    # Let go, it decays from where it was held, one step after the clamp's last.
    after = t >= 60 - 1e-9
    np.testing.assert_allclose(of_a[after], 0.7 * np.exp(-(t[after] - 59.9) / 10), rtol=1e-9)
    rising = (t > 23.2) & (t < 60)
    expected = 1.4 * (1 - np.exp(-(t[rising] - 23) / 5))
    np.testing.assert_allclose(of_b[rising], expected, atol=1e-6)
    assert np.all(of_b[t < 23] == 0)


def test_a_random_network_of_units_beside_another_integrator():
    """Twenty units with random weights: SciPy's adaptive integrator takes the same way."""
    random = np.random.default_rng(3)
    n = 20
    weights = random.normal(0, 1.2 / np.sqrt(n), (n, n))
    start = random.uniform(-1, 1, n)
    net = rb.Network(dt=0.02 * ms)
    units = net.add(rb.models.RateUnit(f="tanh", tau=10 * ms), n, name="units")
    units.r = start
    net.connect(units, units, rb.rules.from_matrix(weights), of="r", to="I", delay=0 * ms)
    net.record(units, "r", every=1 * ms)
    found = net.run(60 * ms).traces["units"].r.values

    def slope(t, r):
        return (-r + np.tanh(r @ weights)) / 10

    expected = solve_ivp(slope, (0, 59), start, t_eval=np.arange(60), rtol=1e-9, atol=1e-11).y.T
    # The input of a step is that of its beginning: an error of first order in dt.
    np.testing.assert_allclose(found, expected, atol=3e-3)


def test_weights_point_from_the_first_index_to_the_second():
    net = rb.Network(dt=0.1 * ms)
    units = net.add(rb.models.RateUnit(f="linear", tau=1 * ms), 3, name="units")
    weights = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    net.connect(units, units, rb.rules.from_matrix(weights), of="r", to="I")
    net.inject(units[0], rb.stimuli.step(1.0))
    net.run(60 * ms)
    np.testing.assert_allclose([float(r) for r in units.r], [1, 2, 6], rtol=1e-9)
