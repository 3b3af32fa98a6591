"""From prepared numbers and effective weights back to parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.rendering import effective_weights, prepare, reverse_prepare, reverse_weigh
from rheobase.rendering.functions import namespace_numpy
from rheobase.rendering.interpreter import propagate, propagate_back


@pytest.mark.parametrize("name", ["LIF", "HodgkinHuxley", "GLIF5", "AdEx", "ConductanceLIF"])
def test_parameters_behind_prepared_numbers(name):
    model = getattr(rb.models, name)
    program, rng = lower(model), np.random.default_rng(0)
    values = {**model.defaults, "N": 1.0}

    def numbers(changed):
        return dict(zip(program.numbers, prepare(program, changed, 1e-4, 0.0).numbers, strict=True))

    base = numbers(values)
    fixed = ("dt", "start")
    bars = {n: rng.normal() / (abs(base[n]) or 1.0) for n in program.numbers if n not in fixed}
    found = reverse_prepare(program, values, 1e-4, 0.0, bars)
    for parameter in (p for p in model.defaults if p != "tau_ref"):  # that one jumps
        h = 1e-6 * (abs(values[parameter]) or model.unit_of(parameter).scale)
        ends = [numbers({**values, parameter: values[parameter] + s * h}) for s in (1, -1)]
        want = sum(bar * (ends[0][n] - ends[1][n]) / (2 * h) for n, bar in bars.items())
        room = 1e-9 * sum(abs(bars[n] * base[n]) for n in bars) / h * 1e-6
        got = found.get(parameter, 0.0)
        assert got == pytest.approx(want, rel=1e-5, abs=room + 1e-12), parameter


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10**6), st.floats(1e-6, 1e6))
def test_the_reverse_of_a_propagator_is_its_derivative(size, seed, large):
    rng = np.random.default_rng(seed)
    entries, direction = rng.normal(size=(2, size * size))
    p_bar, q_bar = large * rng.normal(size=(2, size, size))
    found = propagate_back(size, list(entries), 0.5, [*p_bar.ravel(), *q_bar.ravel()])

    def loss(step):
        p, q = propagate(size, list(entries + step * direction), 0.5)
        return float((p * p_bar).sum() + (q * q_bar).sum())

    h = 1e-5
    want = (loss(h) - loss(-h)) / (2 * h)
    assert (found.ravel() * direction).sum() == pytest.approx(want, rel=1e-6, abs=1e-6 * large)


def test_the_reverse_of_a_propagator_takes_a_value_for_each_cell():
    entries = [np.array([-0.1, -0.4]), 0.3, 0.0, np.array([-0.5, 0.0])]
    bars = [1.0, np.array([2.0, -1.0]), 0.0, 0.5, 0.0, 1.0, 0.0, 0.0]
    both = propagate_back(2, entries, 0.5, bars)
    for cell in range(2):
        alone = propagate_back(2, [np.broadcast_to(e, 2)[cell] for e in entries], 0.5,
                               [np.broadcast_to(b, 2)[cell] for b in bars])  # fmt: skip
        np.testing.assert_allclose(both[cell], alone, rtol=1e-14)


def test_weights_behind_effective_weights():
    model = Model("dg/dt = -g/(5*ms) : 1\nk : 1\nq : 1", parameters={"k": 0.7, "q": 1.5},
                  receives={"g": "g += k*weight**2/(1 + q*weight)"})  # fmt: skip
    program = lower(model)
    weights = np.array([0.1, 0.5, 2.0])
    values, bars = {"k": 0.7, "q": 1.5}, np.array([1.0, -2.0, 0.5])
    found = reverse_weigh(program, "g", "g", weights, values, bars)

    def loss(weights, values):
        return float((bars * effective_weights(program, "g", "g", weights, values)).sum())

    h = 1e-6
    for k in range(3):
        move = h * (np.arange(3) == k)
        want = (loss(weights + move, values) - loss(weights - move, values)) / (2 * h)
        assert found["weight"][k] == pytest.approx(want, rel=1e-7)
    for name in values:
        ends = [loss(weights, {**values, name: values[name] + s * h}) for s in (1, -1)]
        assert found[name].sum() == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-7)


def test_a_weight_that_is_added_as_it_is_passes_its_bar_on():
    program = lower(rb.models.LIF)
    bars = np.array([1.0, 2.0])
    assert reverse_weigh(program, "i_syn", "i_syn", np.ones(2), {}, bars)["weight"] is bars


@pytest.mark.parametrize("name", ["exprel", "bernoulli"])
def test_derivatives_of_the_two_smooth_quotients(name):
    functions = namespace_numpy()
    function, slope = functions[name], functions[f"{name}_derivative"]
    x = np.concatenate([np.linspace(-3, 3, 601), [-30.0, -5.0, 5.0, 30.0, 0.0]])
    f = function(x)
    e = np.exp(np.longdouble(x))
    with np.errstate(all="ignore"):
        want = ((e * (x - 1) + 1) / np.longdouble(x) ** 2 if name == "exprel"
                else (e - 1 - x * e) / (e - 1) ** 2)  # fmt: skip
    far = np.abs(x) > 0.05  # nearer, the quotient loses digits in long double too
    np.testing.assert_allclose(slope(x, f)[far], want[far].astype(float), rtol=1e-14)
    h = 1e-4
    near = function(x - 2 * h) - 8 * function(x - h) + 8 * function(x + h) - function(x + 2 * h)
    np.testing.assert_allclose(slope(x, f)[~far], (near / (12 * h))[~far], rtol=1e-10)
    assert slope(0.0, 1.0) == (0.5 if name == "exprel" else -0.5)
