"""Populations: Wilson and Cowan beside SciPy, decisions, and LIF cells beside Siegert's rate."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import rheobase as rb
from rheobase.units import Hz, ms, mV, second


def wilson_cowan(t, x, p):
    """Return the slopes, in units of tau, written down from models.md 7.1 by itself."""
    e, i = x
    s_e = 1 / (1 + np.exp(-1.3 * (16 * e - 12 * i + p - 4))) - 1 / (1 + np.exp(1.3 * 4))
    s_i = 1 / (1 + np.exp(-2 * (15 * e - 3 * i - 3.7))) - 1 / (1 + np.exp(2 * 3.7))
    k_e, k_i = 1 - 1 / (1 + np.exp(5.2)), 1 - 1 / (1 + np.exp(7.4))
    return [-e + (k_e - e) * s_e, -i + (k_i - i) * s_i]


def test_wilson_and_cowan_beside_another_integrator():
    levels = [0.0, 0.9, 1.25, 2.0]
    net = rb.Network(dt=0.01 * ms)
    populations = net.add(rb.models.WilsonCowan(tau_E=1 * ms, tau_I=1 * ms), 4, name="wc")
    populations.P = levels
    net.record(populations, "E", "I", every=0.5 * ms)
    traces = net.run(30 * ms).traces["wc"]
    for cell, p in enumerate(levels):
        way = solve_ivp(wilson_cowan, (0, 29.5), [0, 0], args=(p,), t_eval=np.arange(60) * 0.5,
                        rtol=1e-10, atol=1e-12).y  # fmt: skip
        np.testing.assert_allclose(traces.E[:, cell], way[0], atol=2e-6)
        np.testing.assert_allclose(traces.I[:, cell], way[1], atol=2e-6)


def test_decisions_are_right_more_often_and_sooner_with_coherence():
    trials, coherences = 60, [0.0, 0.128, 0.512]
    net = rb.Network(dt=0.2 * ms, seed=8)
    pairs = net.add(rb.models.WongWang(mu_0=0 * Hz), 3 * trials, name="pairs")
    pairs.coherence = np.repeat(coherences, trials)
    net.run(0.2 * second)
    pairs.mu_0 = 30 * Hz
    net.record(pairs, "H_1", "H_2", every=5 * ms)
    traces = net.run(1.8 * second).traces["pairs"]
    above = np.stack([traces.H_1.values > 15, traces.H_2.values > 15])
    first = np.where(above.any(axis=1), above.argmax(axis=1), 10_000)
    right = (first[0] < first[1]).reshape(3, trials).mean(axis=1)
    times = np.median(first.min(axis=0).reshape(3, trials), axis=1) * 5
    assert right[0] == pytest.approx(0.5, abs=0.2)
    assert right[1] > 0.85 and right[2] == 1
    assert times[0] > times[1] > times[2] > 100
    assert times[0] < 800


def test_cells_in_noise_fire_at_siegerts_rate_with_the_threshold_moved_by_the_step():
    """Crossings between steps are not seen: the threshold acts as if 0.5826 std of a step higher.

    The continuity correction of Broadie, Glasserman and Kou (1997).
    """
    model = rb.Model(
        "dv/dt = (mu - v)/tau_m + sigma*sqrt(1/tau_m)*xi : mV (unless refractory)",
        threshold="v >= theta", reset="v = 0*mV", refractory=2 * ms,
        parameters=dict(mu=15 * mV, sigma=3 * mV, tau_m=10 * ms, theta=15 * mV),
    )  # fmt: skip
    means, cells = np.array([12.0, 15.0, 19.0]), 150
    for dt in (0.05, 0.4):
        net = rb.Network(dt=dt * ms, seed=4)
        population = net.add(model, means.size * cells, name="cells")
        population.mu = np.repeat(means, cells) * mV
        spikes = net.run(1.6 * second).spikes["cells"].between(0.4, 1.6)
        rates = spikes.rates().reshape(means.size, cells).mean(axis=1)
        expected = rb.analysis.siegert_rate(
            mean=means * mV, std=3 * mV, tau_m=10 * ms, tau_ref=2 * ms, reset=0 * mV,
            threshold=(15 + 0.5826 * 3 * np.sqrt(dt / 10)) * mV,
        )  # fmt: skip
        np.testing.assert_allclose(rates, expected, rtol=0.03, atol=0.3)
