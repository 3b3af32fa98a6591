"""Siegert's formula against published values, quadrature, limits and a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import erf, erfcx, log_ndtr

import rheobase as rb
from rheobase.analysis.siegert import ALPHA, _erfcx_between
from rheobase.units import Hz, ms, mV, second

USUAL = dict(tau_m=10 * ms, tau_ref=2 * ms, threshold=15 * mV, reset=0 * mV)


def rate(mean, std, **options):
    return rb.analysis.siegert_rate(mean=mean * mV, std=std * mV, **{**USUAL, **options})


@pytest.mark.parametrize("mean, std, expected, rel", [
    (15, np.sqrt(1.5), 27.1095934379, 1e-11),  # a published test of this formula
    (10, 15, 55.78375623, 1e-9),
    (-5, 22.5, 34.35728713, 1e-9),
])  # fmt: skip
def test_published_and_independent_values(mean, std, expected, rel):
    assert rate(mean, std) == pytest.approx(expected, rel=rel)


@pytest.mark.parametrize("std", [0, 1e-9, 1e-4])
def test_without_noise_it_is_the_rate_of_a_regular_neuron(std):
    expected = 1e3 / (2 + 10 * np.log(22.5 / 7.5))
    assert rate(22.5, std) == pytest.approx(expected, rel=1e-8)
    assert rate(14.9, std) == 0
    assert rate(15, 0) == 0


def by_quadrature(mean, std):
    low, high = -mean / std, (15 - mean) / std

    def integrand(u):
        return np.exp(u * u) * (1 + erf(u)) if u > -1 else erfcx(-u)

    area = quad(integrand, low, high, epsabs=0, epsrel=1e-10)[0]
    return 1 / (2e-3 + 10e-3 * np.sqrt(np.pi) * area)


@settings(deadline=None, max_examples=60)
@given(mean=st.floats(-20, 40), std=st.floats(4, 40))
def test_it_is_the_integral(mean, std):
    assert rate(mean, std) == pytest.approx(by_quadrature(mean, std), rel=1e-8)


@settings(deadline=None, max_examples=60)
@given(mean=st.floats(-50, 60), std=st.floats(0.01, 50), more=st.floats(0.01, 5))
def test_it_grows_with_the_mean_and_stays_below_one_over_the_refractory_time(mean, std, more):
    lower, higher = rate(mean, std), rate(mean + more, std)
    assert 0 <= lower <= higher * (1 + 1e-12)
    assert higher < 500


def test_far_below_threshold_it_is_kramers_rate_and_does_not_overflow():
    """exp(-b**2)*b/(tau*sqrt(pi)), for b = (threshold - mean)/std large."""
    for std in (1.0, 0.8, 0.6):
        b = 15 / std
        expected = b * np.exp(-b * b) / (10e-3 * np.sqrt(np.pi))
        assert rate(0, std) == pytest.approx(expected, rel=2 / b**2)
    assert rate(0, 0.5) == 0 and rate(0, 1e-6) == 0


@pytest.mark.parametrize("low, high", [(0, 1), (0, 9.9), (0, 10.1), (3, 30), (0.2, 0.21), (25, 26)])
def test_integral_of_erfcx(low, high):
    want = quad(erfcx, low, high, epsabs=0, epsrel=1e-12)[0]
    assert _erfcx_between(np.array(low), np.array(high)) == pytest.approx(want, rel=1e-12)
    assert erfcx(3.0) == pytest.approx(2 * np.exp(9 + log_ndtr(-3 * np.sqrt(2))))


def test_colored_noise_moves_both_boundaries():
    shift = ALPHA / 2 * 2 * np.sqrt(0.5 / 10)
    colored = rate(14, 2, tau_syn=0.5 * ms)
    moved = rate(14, 2, threshold=(15 + shift) * mV, reset=shift * mV)
    assert colored == pytest.approx(moved, rel=1e-12)
    assert colored < rate(14, 2)
    assert rate(14, 2, tau_syn=0 * ms) == rate(14, 2)


def test_arguments_broadcast_and_units_are_free():
    means, stds = np.linspace(10, 20, 5), np.array([[1.0], [3.0]])
    table = rb.analysis.siegert_rate(mean=means * mV, std=stds * mV, **USUAL)
    assert table.shape == (2, 5)
    assert table[1, 2] == rate(15, 3)
    assert isinstance(rate(15, 3), float)
    plain = rb.analysis.siegert_rate(
        mean=15.0, std=3.0, tau_m="10 ms", tau_ref="0.002 second", threshold=15, reset=0
    )
    assert plain == pytest.approx(rate(15, 3), rel=1e-12)


def test_errors():
    with pytest.raises(rb.errors.UnitError, match="of one dimension; std is a plain number, the"):
        rb.analysis.siegert_rate(mean=15 * mV, std=1.0, **USUAL)
    with pytest.raises(rb.errors.UnitError, match="tau_m: expected a time"):
        rate(15, 1, tau_m=10 * mV)
    with pytest.raises(rb.errors.UserError, match="std is 0 or more"):
        rate(15, -1)
    with pytest.raises(rb.errors.UserError, match="tau_m is above 0"):
        rate(15, 1, tau_m=0 * ms)
    with pytest.raises(rb.errors.UserError, match="the reset is below the threshold"):
        rate(15, 1, reset=15 * mV)
    with pytest.raises(rb.errors.ShapeError, match=r"do not broadcast: mean \(3,\), std \(2,\)"):
        rb.analysis.siegert_rate(mean=np.ones(3) * mV, std=np.ones(2) * mV, **USUAL)


def test_a_simulated_neuron_fires_at_that_rate():
    model = rb.Model(
        "dv/dt = (mu - v)/tau_m + sigma*sqrt(1/tau_m)*xi : mV (unless refractory)",
        threshold="v >= theta", reset="v = 0*mV", refractory=2 * ms,
        parameters=dict(mu=10 * mV, sigma=15 * mV, tau_m=10 * ms, theta=15 * mV),
    )  # fmt: skip
    net = rb.Network(dt=0.01 * ms, seed=1)
    net.add(model, 100, name="cells")
    simulated = net.run(1 * second).spikes["cells"].between(0.2, 1).mean_rate()
    assert simulated == pytest.approx(rate(10, 15), rel=0.08)


def test_poisson_input_by_the_diffusion_approximation():
    """Exact crossings, so that there is no error of the step: jumps of 0.1 mV at 16 kHz."""
    model = rb.models.DeltaLIF(E_L=-60 * mV, V_T=-45 * mV, V_r=-60 * mV, tau_m=10 * ms,
                               tau_ref=2 * ms, crossing="exact")  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=2)
    cells = net.add(model, 20, name="cells")
    net.drive(cells, rb.stimuli.poisson(16000 * Hz), weight=0.1 * mV)
    simulated = net.run(2 * second).spikes["cells"].between(0.2, 2).mean_rate()
    expected = rate(10e-3 * 0.1 * 16000, np.sqrt(10e-3 * 0.01 * 16000))
    assert simulated == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (dict(std=[1, -2] * mV), "std is 0 or more\ngiven: -2 mV\nwrite rb.analysis.siegert_rate("),
        (dict(tau_m=0 * ms), "tau_m is above 0\ngiven: 0 ms\nwrite "),
        (dict(reset=20 * mV), "given: a reset of 20 mV, a threshold of 15 mV\nwrite "),
        (dict(mean=[10, np.nan] * mV), "mean is finite\ngiven: nan mV\nwrite "),
    ],
)
def test_what_is_wrong_is_told_in_its_unit(wrong, told):
    with pytest.raises(rb.errors.UserError) as error:
        rb.analysis.siegert_rate(**{**USUAL, "mean": 10 * mV, "std": 1 * mV, **wrong})
    assert told in str(error.value)
