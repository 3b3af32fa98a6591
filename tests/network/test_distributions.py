import numpy as np
import pytest
from scipy import stats

from rheobase.errors import UnitError, WiringError
from rheobase.network import distributions
from rheobase.units import DIMENSIONLESS, UNITS, ms, mV, pA

CELLS = np.arange(20_000)


def sample(distribution, source, step=3):
    return distribution.sample(CELLS, step, source)


def test_normal(philox):
    found = sample(distributions.normal(20 * pA, 4 * pA), philox(1))
    assert stats.kstest(found, stats.norm(20e-12, 4e-12).cdf).pvalue > 1e-4


@pytest.mark.parametrize("low, high", [(18, None), (None, 21), (18, 21), (26, None), (None, 13)])
def test_normal_is_drawn_again_not_clipped(philox, low, high):
    bounds = {key: value * pA for key, value in (("low", low), ("high", high)) if value}
    found = sample(distributions.normal(20 * pA, 4 * pA, **bounds), philox(2))
    a = -np.inf if low is None else (low - 20) / 4
    b = np.inf if high is None else (high - 20) / 4
    assert stats.kstest(found * 1e12, stats.truncnorm(a, b, 20, 4).cdf).pvalue > 1e-4
    assert np.unique(found).size > 0.99 * found.size


def test_uniform(philox):
    found = sample(distributions.uniform(-1 * mV, 3 * mV), philox(3))
    assert stats.kstest(found, stats.uniform(-1e-3, 4e-3).cdf).pvalue > 1e-4


def test_lognormal_has_the_mean_and_deviation_of_the_variable(philox):
    found = sample(distributions.lognormal(2 * mV, 1 * mV), philox(4))
    assert found.mean() == pytest.approx(2e-3, rel=0.02)
    assert found.std() == pytest.approx(1e-3, rel=0.05)
    sigma = np.sqrt(np.log(1.25))
    law = stats.lognorm(sigma, scale=2e-3 / np.sqrt(1.25))
    assert stats.kstest(found, law.cdf).pvalue > 1e-4


def test_exponential(philox):
    found = sample(distributions.exponential(5 * ms), philox(5))
    assert stats.kstest(found, stats.expon(scale=5e-3).cdf).pvalue > 1e-4
    cut = sample(distributions.exponential(5 * ms, high=5 * ms), philox(5))
    assert cut.max() <= 5e-3
    law = stats.truncexpon(1, scale=5e-3)
    assert stats.kstest(cut, law.cdf).pvalue > 1e-4


def test_a_value_belongs_to_its_place(quick):
    made = distributions.normal(0, 1, low=0)
    whole = made.sample(CELLS[:100], 4, quick)
    np.testing.assert_array_equal(made.sample(CELLS[40:60], 4, quick), whole[40:60])
    by_step = made.sample(np.full(3, 7), np.array([1, 4, 9]), quick)
    assert by_step[1] == whole[7]


def test_scaling_turns_signs(quick):
    made = distributions.lognormal(2 * mV, 1 * mV, high=5 * mV)
    np.testing.assert_array_equal((-made).sample(CELLS, 0, quick), -made.sample(CELLS, 0, quick))
    assert str(-made) == "-lognormal(mean=2*mV, std=1*mV, high=5*mV)"
    assert str(3 * made) == "3*lognormal(mean=2*mV, std=1*mV, high=5*mV)"


@pytest.mark.parametrize("made, text", [
    (distributions.normal(20 * pA, "4 pA", low=0 * pA), "normal(mean=20*pA, std=4*pA, low=0*pA)"),
    (distributions.uniform(0, 1), "uniform(low=0, high=1)"),
    (distributions.exponential(1.5 * ms), "exponential(mean=1.5*ms)"),
])  # fmt: skip
def test_it_prints_as_the_call_that_makes_it(made, text):
    assert str(made) == repr(made) == text


def test_dimensions_are_checked():
    with pytest.raises(UnitError) as refused:
        distributions.normal(20 * pA, 4 * mV)
    text = str(refused.value)
    assert "normal: std and mean are of different dimension" in text
    assert "expected: a current, as mean" in text
    assert "(a voltage)" in text
    with pytest.raises(UnitError, match="normal: low and mean are of different dimension"):
        distributions.normal(20 * pA, 4 * pA, low=0 * mV)
    with pytest.raises(UnitError) as used:
        distributions.uniform(0 * ms, 1 * ms).check(UNITS["pA"].dimension, "the weight")
    assert "the weight: uniform(low=0*ms, high=1*ms) draws a time" in str(used.value)
    distributions.uniform(0, 1).check(DIMENSIONLESS, "the weight")


@pytest.mark.parametrize("make, words", [
    (lambda: distributions.normal(1, -1), "normal(mean=1, std=-1): std is negative"),
    (lambda: distributions.normal(1, 1, low=3, high=2), "low is above high"),
    (lambda: distributions.normal(1, 1, low=30), "drawn less than once in 1000"),
    (lambda: distributions.normal(1, 1, high=-30), "drawn less than once in 1000"),
    (lambda: distributions.normal(1, 0, low=2), "drawn less than once in 1000"),
    (lambda: distributions.uniform(2, 1), "uniform(low=2, high=1): low is above high"),
    (lambda: distributions.lognormal(-1, 1), "mean is not positive"),
    (lambda: distributions.lognormal(-1, 1), "-rb.random.lognormal(...)"),
    (lambda: distributions.lognormal(1, -1), "std is negative"),
    (lambda: distributions.exponential(0), "exponential(mean=0): mean is not positive"),
    (lambda: distributions.normal([1, 2], 1), "normal: mean is not one finite value"),
    (lambda: distributions.normal(1, float("nan")), "normal: std is not one finite value"),
])  # fmt: skip
def test_arguments_that_make_no_sense(make, words):
    with pytest.raises(WiringError) as refused:
        make()
    assert words in str(refused.value)


def test_normal_without_deviation(quick):
    made = distributions.normal(1, 0, low=1)
    np.testing.assert_array_equal(made.sample(CELLS[:5], 0, quick), 1)


def test_bounds_that_are_never_reached_end_in_an_error(quick, monkeypatch):
    monkeypatch.setattr(distributions, "MOST_ATTEMPTS", 20)
    made = distributions.exponential(1, low=100)
    with pytest.raises(WiringError) as refused:
        made.sample(CELLS[:5], 0, quick)
    assert "values between low and high are too rare to be drawn" in str(refused.value)
