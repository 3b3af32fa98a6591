import numpy as np
import pytest
from scipy import stats
from tests.network.drawn import realize

from rheobase.errors import ShapeError, UnitError, WiringError
from rheobase.network import distributions, rules
from rheobase.network.synapse_values import delay_steps, is_expression, values
from rheobase.units import DIMENSIONLESS, UNITS, ms, mV, pA, um

CURRENT = UNITS["pA"].dimension
DT = 1e-4


@pytest.fixture
def synapses(philox):
    return realize(
        rules.fixed_probability(0.3), np.arange(10, 30), np.arange(40), same=True, random=philox(2)
    )


def test_one_value_stays_one(synapses, quick):
    for spec in (20 * pA, "20 pA", "20*pA", [20] * pA, np.array([[20.0]]) * pA):
        found = values(spec, CURRENT, synapses, quick, "the weight")
        assert isinstance(found, float)
        assert found == pytest.approx(20e-12)
    assert values(0.5, DIMENSIONLESS, synapses, quick, "the weight") == 0.5


def test_one_value_a_synapse(synapses, quick):
    given = np.arange(len(synapses)) * pA
    found = values(given, CURRENT, synapses, quick, "the weight")
    np.testing.assert_allclose(found, np.arange(len(synapses)) * 1e-12)


def test_a_matrix_over_the_views(synapses, quick):
    matrix = np.arange(20 * 40, dtype=float).reshape(20, 40)
    found = values(matrix * pA, CURRENT, synapses, quick, "the weight")
    np.testing.assert_allclose(found, matrix[synapses.pre - 10, synapses.post] * 1e-12)


def test_an_array_given_with_pairs_is_in_their_order(quick):
    made = realize(
        rules.pairs([2, 0, 1], [0, 0, 0]), np.arange(3), np.arange(3), same=True, random=quick
    )
    found = values([1, 2, 3] * pA, CURRENT, made, quick, "the weight")
    np.testing.assert_array_equal(made.pre, [0, 1, 2])
    np.testing.assert_allclose(found, [2e-12, 3e-12, 1e-12])


def test_an_array_that_does_not_fit(synapses, quick):
    with pytest.raises(ShapeError) as refused:
        values(np.ones(3) * pA, CURRENT, synapses, quick, "the weight")
    n = len(synapses)
    assert str(refused.value) == (
        "the weight: an array of shape (3,) does not fit\n"
        f"expected: {n} values, one for each synapse, or shape (20, 40), sources by targets\n"
        "given: shape (3,)"
    )


def test_a_text_counts_within_the_views(synapses, quick):
    found = values("1*pA*(100*i + j) + N_pre*nA + 0*pA/N_post", CURRENT, synapses, quick, "w")
    i, j = synapses.pre - 10, synapses.post
    np.testing.assert_allclose(found, (100 * i + j) * 1e-12 + 20e-9)


def test_a_text_over_distance(philox):
    at = np.arange(6.0)[:, None] * 1e-6
    made = realize(
        rules.within(2.5 * um, period=6 * um), np.arange(6), np.arange(6), same=True,
        random=philox(1), pre_positions=at, post_positions=at,
    )  # fmt: skip
    found = values("1*pA*distance/(1*um)", CURRENT, made, philox(1), "the weight")
    apart = np.abs(made.pre - made.post)
    np.testing.assert_allclose(found, np.minimum(apart, 6 - apart) * 1e-12, atol=1e-20)


def test_a_text_over_distance_needs_positions(synapses, quick):
    with pytest.raises(WiringError, match="distance: the sources have no positions"):
        values("1*pA*distance/um", CURRENT, synapses, quick, "the weight")


def test_random_texts_differ_by_synapse_and_call(synapses, philox):
    found = values("rand()*pA", CURRENT, synapses, philox(4), "the weight")
    assert np.unique(found).size == found.size
    assert stats.kstest(found * 1e12, "uniform").pvalue > 1e-4
    twice = values("(rand() - rand())*pA", CURRENT, synapses, philox(4), "the weight")
    assert np.abs(twice).max() > 0


def test_distributions(synapses, philox):
    made = distributions.normal(20 * pA, 4 * pA, low=0 * pA)
    found = values(made, CURRENT, synapses, philox(5), "the weight")
    assert found.shape == (len(synapses),)
    assert stats.kstest(found * 1e12, stats.norm(20, 4).cdf).pvalue > 1e-4


def test_a_synapse_keeps_its_value_when_its_row_is_drawn_alone(philox):
    rule, post = rules.fixed_probability(0.3), np.arange(40)
    made = distributions.normal(0, 1)
    whole = realize(rule, np.arange(30), post, same=True, random=philox(2))
    alone = realize(rule, np.array([13]), post, same=True, random=philox(2))
    for spec in (made, "rand()"):
        all_values = values(spec, DIMENSIONLESS, whole, philox(3), "the weight")
        own = values(spec, DIMENSIONLESS, alone, philox(3), "the weight")
        np.testing.assert_array_equal(own, all_values[whole.pre == 13])


def test_units_are_checked(synapses, quick):
    with pytest.raises(UnitError) as refused:
        values(1.62 * mV, CURRENT, synapses, quick, "the weight")
    assert "the weight: expected a current, got 1.62 mV (a voltage)" in str(refused.value)
    with pytest.raises(UnitError) as plain:
        values(20, CURRENT, synapses, quick, "the weight")
    assert "expected a current, got the plain number 20; write weight=20*pA" in str(plain.value)
    with pytest.raises(UnitError, match="draws a time"):
        values(distributions.uniform(0 * ms, 1 * ms), CURRENT, synapses, quick, "the weight")


def test_values_that_are_not_finite(synapses, quick):
    with pytest.raises(WiringError) as refused:
        values("1*pA/(i - 3)", CURRENT, synapses, quick, "the weight")
    assert "the weight from 13 to " in str(refused.value)
    assert "is not finite\ngiven: inf" in str(refused.value)
    with pytest.raises(WiringError, match="the weight is not finite"):
        values(np.nan * pA, CURRENT, synapses, quick, "the weight")


@pytest.mark.parametrize("text, expected", [
    ("20 pA", False), ("-1.5e-3 mV", False), ("3", False), (".5ms", False), ("2 s", False),
    ("20*pA", True), ("i*pA", True), ("2 - i", True), ("-(2*pA)", True), ("2**i", True),
    ("1 and i", True), ("rand()", True), ("2*exp(i)", True),
])  # fmt: skip
def test_what_is_an_expression(text, expected):
    assert is_expression(text) is expected


# --- delays ------------------------------------------------------------------------------------


def test_a_delay_is_one_step_unless_said(synapses, quick):
    assert delay_steps(None, DT, synapses, quick) == 1
    assert delay_steps(1.5 * ms, DT, synapses, quick) == 15
    assert delay_steps("1.5 ms", DT, synapses, quick) == 15
    assert delay_steps(0 * ms, DT, synapses, quick) == 0
    assert isinstance(delay_steps(0 * ms, DT, synapses, quick), int)


def test_a_single_delay_off_the_grid_is_refused(synapses, quick):
    with pytest.raises(WiringError) as refused:
        delay_steps(1.55 * ms, DT, synapses, quick)
    assert str(refused.value) == (
        "the delay of 1.55*ms is not a multiple of the step, 0.1*ms\n"
        "write delay=1.5*ms or delay=1.6*ms"
    )


def test_drawn_delays_are_rounded_and_at_least_one(synapses, philox):
    made = distributions.uniform(0 * ms, 1 * ms)
    found = delay_steps(made, DT, synapses, philox(1))
    seconds = values(made, UNITS["ms"].dimension, synapses, philox(1), "the delay")
    np.testing.assert_array_equal(found, np.maximum(np.rint(seconds / DT), 1))
    assert found.dtype == np.int64


def test_given_delays_are_rounded_but_zero_stays(quick):
    made = realize(rules.ring(1), np.arange(5), np.arange(5), same=True, random=quick)
    found = delay_steps([0, 0.02, 0.1, 0.16, 0.25] * ms, DT, made, quick)
    np.testing.assert_array_equal(found, [0, 1, 1, 2, 3])
    np.testing.assert_array_equal(delay_steps("i*0.1*ms", DT, made, quick), np.arange(5))


def test_negative_delays_are_refused(synapses, quick):
    with pytest.raises(WiringError) as refused:
        delay_steps(distributions.normal(1 * ms, 5 * ms), DT, synapses, quick)
    assert "the delay is negative\nexpected: a time, 0 or more" in str(refused.value)
    assert "write delay=rb.random.normal(1.5*ms, 0.5*ms, low=0.1*ms)" in str(refused.value)
    with pytest.raises(WiringError, match=r"given: -1\*ms"):
        delay_steps(-1 * ms, DT, synapses, quick)
    with pytest.raises(UnitError, match="the delay: expected a time"):
        delay_steps(1.5, DT, synapses, quick)


def test_delays_of_no_synapses(quick):
    made = realize(rules.fixed_probability(0), np.arange(5), np.arange(5), same=True, random=quick)
    assert delay_steps(distributions.uniform(0 * ms, 1 * ms), DT, made, quick).size == 0
    assert values("i*pA", CURRENT, made, quick, "the weight").size == 0


def test_delays_that_no_queue_holds_are_refused(synapses, quick):
    with pytest.raises(WiringError) as refused:
        delay_steps(1e9 * ms, DT, synapses, quick)
    assert "the delay is 1e+10 steps: spikes under way that long are not held" in str(refused.value)
    assert "expected: at most 4,194,304 steps" in str(refused.value)
