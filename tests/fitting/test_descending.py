"""Fits along the gradient: it is that of the loss, and it leads to the parameters."""

from dataclasses import replace

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError
from rheobase.fitting import Recording, losses
from rheobase.fitting.descending import Descent
from rheobase.fitting.losses import as_loss
from rheobase.fitting.space import space_of
from rheobase.fitting.trials import Setting, at_rest
from rheobase.units import cm, mS, ms, mV, nS, pA, pF, uA

UNIT = mS / cm**2
BOUNDS = {"g_Na": (20, 400) * UNIT, "g_K": (5, 120) * UNIT, "E_L": (-60, -50) * mV}


def measured(model, current, duration=30 * ms, every=0.1 * ms, **options):
    net = rb.Network(dt=0.025 * ms, seed=0)
    cells = net.add(model, name="cells")
    net.inject(cells, current)
    net.record(cells, "v", every=every)
    values = net.run(duration).traces.data("cells").values["v"][:, 0]
    return Recording(current, values * mV, every, **options)


@pytest.fixture(scope="module")
def sweeps():
    heights = ((10, 1.0), (5, 3.0))
    return [
        measured(rb.models.HodgkinHuxley, rb.stimuli.step(h * uA / cm**2, start=3 * ms),
                 weight=weight, start=1 * ms, name=f"{h}")
        for h, weight in heights
    ]  # fmt: skip


def setting_of(model, bounds, dt=0.025e-3, **changes):
    space = space_of(model, bounds)
    begun, settle = at_rest(model, 10 * ms, dt, fixed=True)
    setting = Setting(begun, space, "v", "I", dt, settle, False, 0, 1, None)
    return replace(setting, **changes)


def after_a_spike(recording, sweeps):
    """A loss of a user: late voltages, with a factor for high ones."""
    late = sweeps.voltage[:, 100:] - recording.values_si()[100:]
    return np.mean(np.exp(10 * late) * late**2, axis=1) * 1e4


LOSSES = ["voltage", losses.voltage(between_spikes=True),
          losses.voltage(5 * mV) + 0.3 * as_loss(after_a_spike)]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=["voltage", "between spikes", "sum"])
def test_the_gradient_is_that_of_the_loss(sweeps, loss):
    loss = as_loss(loss)
    setting = setting_of(rb.models.HodgkinHuxley, BOUNDS)
    places = np.array([[0.55, 0.6, 0.5], [0.7, 0.5, 0.3]])
    found, gradient = Descent(setting, sweeps, loss, 2)(places)
    weights = np.array([0.25, 0.75])

    def value(at):
        return setting.losses(sweeps, loss, setting.space.values(at)) @ weights

    np.testing.assert_allclose(found, value(places), rtol=1e-10)
    h = 1e-6
    for k in range(3):
        step = h * np.eye(3)[k]
        numeric = (value(places + step) - value(places - step)) / (2 * h)
        np.testing.assert_allclose(gradient[:, k], numeric, rtol=2e-5, atol=1e-4)


def test_samples_between_steps_are_interpolated():
    passive = rb.Model(
        "dv/dt = (g*(E - v) + I)/C : mV\nI : pA (input)",
        parameters=dict(g=10 * nS, E=-70 * mV, C=200 * pF), initial=dict(v="E"),
    )  # fmt: skip
    current = np.repeat([0.0, 100.0], 20)
    recording = Recording(current * pA, np.linspace(-70, -60, 40) * mV, 0.7 * ms)
    setting = setting_of(passive, {"g": (5, 30) * nS, "E": (-80, -60) * mV}, dt=0.25e-3)
    loss = as_loss("voltage")
    places = np.array([[0.3, 0.5]])
    found, gradient = Descent(setting, [recording], loss, 1)(places)
    assert found[0] == pytest.approx(
        setting.losses([recording], loss, setting.space.values(places))[0, 0], rel=1e-12
    )
    h = np.array([0, 1e-6])
    values = [
        setting.losses([recording], loss, setting.space.values(at))[0, 0]
        for at in (places + h, places - h)
    ]
    assert gradient[0, 1] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_conductances_are_found_by_lbfgs(sweeps):
    truth = rb.models.HodgkinHuxley
    bounds = {"g_Na": (20, 400) * UNIT, "g_K": (5, 120) * UNIT, "g_L": (0.05, 2) * UNIT}
    fit = rb.fit_parameters(
        truth(g_Na=100 * UNIT, g_K=20 * UNIT, g_L=1 * UNIT), sweeps, bounds, optimizer="lbfgs",
        iterations=40, seed=1, dt=0.025 * ms,
    )  # fmt: skip
    for name, expected in (("g_Na", 120), ("g_K", 36), ("g_L", 0.3)):
        assert fit.parameters[name].to(UNIT).magnitude == pytest.approx(expected, rel=1e-4)
    assert fit.history.evaluations[0] == 64 and fit.loss < 1e-8


def test_adam_goes_down_and_keeps_the_bounds(sweeps):
    bounds = {"g_Na": (20, 400) * UNIT, "g_K": (5, 30) * UNIT}
    fit = rb.fit_parameters(rb.models.HodgkinHuxley(g_K=20 * UNIT), sweeps[:1], bounds, seed=1,
                            optimizer="adam", iterations=15, starts=2, dt=0.025 * ms)  # fmt: skip
    assert fit.history.loss[-1] < fit.history.loss[0]
    assert list(np.diff(fit.history.evaluations)) == [2] * 15
    assert fit.parameters["g_K"].to(UNIT).magnitude <= 30


def test_a_loss_without_gradient_is_refused(sweeps):
    with pytest.raises(
        UserError, match=r'follows the gradient.*spike_count has none.*\n.*voltage"'
    ):
        rb.fit_parameters(rb.models.HodgkinHuxley, sweeps, BOUNDS, loss="spike_count",
                          optimizer="lbfgs", iterations=1)  # fmt: skip
