"""What is found about activations, against what is known of them."""

import math

import numpy as np
import pytest

from rheobase import nn
from rheobase.nn.activations import LIBRARY

# name: range, zero-centered, largest derivative, where, derivative 0, tends to 0, kinks
KNOWN = {
    "linear": ("(-inf, inf)", True, 1, (-math.inf, math.inf), [], (), []),
    "sigmoid": ("(0, 1)", False, 0.25, 0, [], (-math.inf, math.inf), []),
    "tanh": ("(-1, 1)", True, 1, 0, [], (-math.inf, math.inf), []),
    "relu": ("[0, inf)", False, 1, (0, math.inf), [(-math.inf, 0)], (), [0]),
    "leaky_relu": ("(-inf, inf)", False, 1, (0, math.inf), [], (), [0]),
    "elu": ("(-1, inf)", False, 1, (0, math.inf), [], (-math.inf,), []),
    "softplus": ("(0, inf)", False, 1, math.inf, [], (-math.inf,), []),
    "softsign": ("(-1, 1)", True, 1, 0, [], (-math.inf, math.inf), []),
    # GELU: x*Phi(x); its derivative is largest at sqrt(2), its minimum at -0.7517916
    "gelu": ("[-0.169971, inf)", False, 1.1289041, math.sqrt(2), [(-0.7517916,) * 2],
             (-math.inf,), []),
    "step": ("[0, 1]", False, 0, (-math.inf, math.inf), [(-math.inf, math.inf)], (), []),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_facts(name):
    values, centered, largest, where, zero, tends, kinks = KNOWN[name]
    facts = getattr(nn, name).facts()
    assert str(facts.range) == values
    assert facts.zero_centered is centered
    assert facts.max_derivative == pytest.approx(largest, abs=1e-7)
    place = facts.max_derivative_at
    if isinstance(where, tuple):
        assert tuple(place) == where
    else:
        assert place == pytest.approx(where, abs=1e-6)
    assert [tuple(i) for i in facts.derivative_zero] == [pytest.approx(z, abs=1e-6) for z in zero]
    assert facts.derivative_tends_to_zero == tends
    assert [kink.at for kink in facts.kinks] == kinks
    assert facts.jumps == ((0.0,) if name == "step" else ())


def test_every_activation_of_the_library_is_known_here():
    assert KNOWN.keys() == LIBRARY.keys()


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "elu"])
def test_facts_hold_at_random_points(name):
    f = getattr(nn, name)
    facts = f.facts()
    x = np.random.default_rng(1).standard_normal(5000) * 8
    assert all(v in facts.range for v in f(x[np.abs(x) < 30]))
    assert f.derivative(x).max() <= facts.max_derivative * (1 + 1e-12)


def test_ends_belong_to_an_interval_or_not():
    zero = nn.relu.facts().derivative_zero[0]
    assert str(zero) == "(-inf, 0]"
    assert 0.0 in zero and -5.0 in zero and 1e-9 not in zero
    top = nn.relu.facts().max_derivative_at
    assert str(top) == "(0, inf)" and 0.0 not in top
    elu = nn.elu.facts().max_derivative_at
    assert str(elu) == "[0, inf)"  # both sides meet with slope 1
    hard = nn.Activation("clip(x, -1, 1)").facts()
    assert [str(i) for i in hard.derivative_zero] == ["(-inf, -1)", "(1, inf)"]


def test_other_texts():
    bell = nn.Activation("exp(-x**2)").facts()
    assert str(bell.range) == "(0, 1]"
    assert bell.max_derivative == pytest.approx(math.sqrt(2 / math.e), abs=1e-9)
    assert bell.max_derivative_at == pytest.approx(-math.sqrt(0.5), abs=1e-6)
    assert [tuple(i) for i in bell.derivative_zero] == [(0.0, 0.0)]
    wave = nn.Activation("sin(x)").facts()
    assert str(wave.range) == "[-1, 1]" and len(wave.derivative_zero) == 26
    assert wave.limits == (None, None) and not wave.increasing
    cube = nn.Activation("x**3").facts()
    assert cube.max_derivative == math.inf and cube.increasing
    assert [tuple(i) for i in cube.derivative_zero] == [(0.0, 0.0)]
    swish = nn.Activation("x/(1 + exp(-x))").facts()  # Ramachandran et al. 2017: 1.0998
    assert swish.max_derivative == pytest.approx(1.0998393, abs=1e-6)
    half = nn.Activation("log(x)").facts()
    assert str(half.range) == "(-inf, inf)" and [tuple(i) for i in half.undefined] == [
        (-math.inf, 0.0)
    ]
    pole = nn.Activation("1/x").facts()
    assert pole.poles == (0.0,) and not pole.increasing
    steps = nn.Activation("floor(x)").facts()
    assert len(steps.jumps) == 81 and "It jumps at 81 places" in str(steps)


def test_a_choice_without_a_kink_has_none():
    assert nn.Activation("where(x > 1, 2*x - 1, x**2)").facts().kinks == ()
    [kink] = nn.Activation("where(x > 1, 3*x - 2, x**2)").facts().kinks
    assert (kink.at, kink.left, kink.right) == (1, pytest.approx(2), 3)


def test_sentences():
    assert str(nn.sigmoid.facts()) == (
        "sigmoid: a = 1/(1 + exp(-x))\n"
        "  Values: (0, 1); it tends to 0 for x to -inf and to 1 for x to inf.\n"
        "  It never falls, and is not centered on zero.\n"
        "  Its derivative is exp(-x)/(1 + exp(-x))**2.\n"
        "  The derivative is at most 0.25, at x = 0.\n"
        "  The derivative is never 0, but tends to 0 for x to -inf and for x to inf: there it "
        "saturates.\n"
        "  It has no kink."
    )
    relu = str(nn.relu.facts())
    assert "The derivative is at most 1, for x in (0, inf)." in relu
    assert "The derivative is 0 for x in (-inf, 0]." in relu
    assert (
        "Kink at x = 0: the derivative is 0 on the left and 1 on the right; 0 is taken at the kink."
        in relu
    )
    assert "approached for x to inf" in str(nn.softplus.facts())
    assert "It jumps at x = 0." in str(nn.step.facts())
    assert "centered on zero: f(-x) = -f(x)" in str(nn.tanh.facts())
    assert "everywhere" in str(nn.step.facts())


def test_a_table_of_facts():
    from rheobase.nn.facts import table

    rows = table([nn.sigmoid.facts(), nn.relu.facts()])
    assert rows[0] == ("sigmoid", "(0, 1)", "no", "0.25 at x = 0", "never", "-inf, inf", "none")
    assert rows[1][4:] == ("for x in (-inf, 0]", "nowhere", "0")


def test_a_kink_that_rounding_hides():
    facts = nn.Activation("clip(0.2*x + 0.5, 0, 1)").facts()  # at 2.5 and the next float it is 1
    assert [kink.at for kink in facts.kinks] == [-2.5, 2.5]
    assert [(kink.left, kink.right) for kink in facts.kinks] == [(0.0, 0.2), (0.2, 0.0)]
    assert [tuple(place) for place in facts.max_derivative_places] == [(-2.5, 2.5)]
    assert [tuple(place) for place in facts.derivative_zero] == [(-np.inf, -2.5), (2.5, np.inf)]


def test_a_zero_where_terms_cancel_on_one_side():
    text = "0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))"
    facts = nn.Activation(text).facts()
    assert [place.low for place in facts.derivative_zero] == pytest.approx([-0.7524614], abs=1e-6)
    slope = nn.Activation(text).derivative
    at = facts.derivative_zero[0].low
    assert slope(at - 1e-6) < 0 < slope(at + 1e-6)


@pytest.mark.parametrize("text", ["exp(-x)", "-x", "where(x < 0, 1, 0)", "1 - tanh(x)"])
def test_what_never_rises(text):
    facts = nn.Activation(text).facts()
    assert facts.decreasing and not facts.increasing
    assert "It never rises" in str(facts)


def test_a_slope_that_stays_to_infinity():
    facts = nn.Activation("maximum(x, 0.1*x)").facts()
    assert [tuple(place) for place in facts.max_derivative_places] == [(0.0, np.inf)]


def test_poles():
    inverse = nn.Activation("1/x").facts()
    assert inverse.poles == (0.0,) and inverse.zero_centered
    assert not inverse.increasing and not inverse.decreasing and inverse.between_breaks == -1
    assert "It never rises but where it becomes infinite, and is centered on zero" in str(inverse)
    tangent = nn.Activation("tan(x)").facts()
    assert str(tangent.range) == "(-inf, inf)" and tangent.zero_centered and not tangent.jumps
    assert np.allclose(sorted(np.abs(tangent.poles))[::2], (np.arange(13) + 0.5) * np.pi)
    assert "It becomes infinite at 26 places between x = -40 and 40." in str(tangent)
    assert "The derivative grows without bound" in str(tangent) and tangent.max_derivative == np.inf
    square = nn.Activation("1/x**2").facts()
    assert (square.range.low, square.range.high) == (0.0, np.inf) and square.between_breaks == 0


def test_jumps_are_not_taken_for_poles():
    facts = nn.Activation("where(x < 1, x, x - 1e7)").facts()
    assert facts.jumps == (1.0,) and not facts.poles
    assert "It never falls but where it jumps" in str(facts)
