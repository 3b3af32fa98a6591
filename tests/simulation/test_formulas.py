"""Quick functions of expressions, beside the language's own evaluation and differences."""

import numpy as np
import pytest

from rheobase.language.parsing import parse_expression
from rheobase.network.evaluate import evaluate
from rheobase.rendering.functions import namespace_numpy
from rheobase.simulation.formulas import _FUNCTIONS, _OF_NUMBERS, BAR, Formulas

TEXTS = [
    "x*y - p/(1 + x**2)", "exp(-x)*tanh(y) + erf(p)", "where(x > y, sqrt(x + 3), log(p) - y)",
    "maximum(x, y)*minimum(p, 2) - clip(x*3, -1, 1)", "0.1*(x + 2)/(1 - exp(-(x + 2)/p))",
    "x**p/(y**2 + p**x) + abs(y)", "exprel(x) + floor(y)*mod(p, 0.7)", "sub*(x > 0 and y < 1)",
    "arctan2(x, y) + sinh(x)/cosh(y) - log1p(p)", "int(x > 0.5 or not (y > 0.5))*p + 3*x",
    "y/(1 + exp(-x*1000))",
]  # fmt: skip
SUB = {"sub": parse_expression("x*x + p")}


def formulas(*texts):
    expressions = {f"f{k}": parse_expression(text) for k, text in enumerate(texts)}
    return Formulas(expressions, SUB, ["x", "y", "p"])


def known(seed):
    return dict(zip("xyp", np.random.default_rng(seed).uniform(0.2, 1.7, 3), strict=True))


def of_arrays(names):
    return {name: np.array([value, 1.1 * value, -value]) for name, value in names.items()}


@pytest.mark.parametrize("text", TEXTS)
def test_values_are_those_of_the_language(text):
    function = formulas(text).values()
    for seed in range(3):
        names = known(seed)
        several = of_arrays(names)
        for given in (names, several):
            inner = evaluate(SUB["sub"], given)
            want = evaluate(parse_expression(text), {**given, "sub": inner})
            np.testing.assert_allclose(function(given)["f0"], want, rtol=1e-14)


def test_slopes_and_bars_are_those_of_differences():
    made = formulas(*TEXTS[:-1])
    slopes, values, back = made.slopes(["x", "p"]), made.values(), made.back(["x", "y", "p"])
    names = known(1)
    count, h = len(TEXTS) - 1, 1e-6

    def moved(name, by):
        return np.array(list(values({**names, name: names[name] + by}).values()), float)

    want = {name: (moved(name, h) - moved(name, -h)) / (2 * h) for name in "xyp"}
    found = np.array(slopes(names), float)
    np.testing.assert_array_equal(found[:count], list(values(names).values()))
    np.testing.assert_allclose(found[count::2], want["x"], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found[count + 1 :: 2], want["p"], rtol=1e-7, atol=1e-8)
    bars = np.random.default_rng(2).standard_normal(count)
    given = names | {f"{BAR}f{k}": bar for k, bar in enumerate(bars)}
    for name, bar in back(given).items():
        np.testing.assert_allclose(bar, bars @ want[name], rtol=1e-7)


def test_what_overflows_is_what_it_is_for_arrays():
    """Python refuses exp(1000) and 1/0; the functions give what arithmetic says."""
    made = formulas("y/(1 + exp(-x))", "1/x", "log(x)")
    values = made.values()({"x": -1000.0, "y": 2.0})
    assert values["f0"] == 0 and values["f1"] == -1e-3 and np.isnan(values["f2"])
    assert made.values()({"x": 0.0, "y": 2.0})["f1"] == np.inf
    assert made.slopes(["x"])({"x": -1000.0, "y": 2.0})[3] == 0


@pytest.mark.parametrize("name", ["bernoulli", "bernoulli_derivative", "exprel_derivative"])
def test_functions_that_are_smooth_at_0(name):
    x = np.concatenate([np.linspace(-60, 60, 241), np.linspace(-0.3, 0.3, 61), [1e-9, -1e-9, 0.0]])
    exact = namespace_numpy()
    value = exact[name.split("_")[0]](x)
    want = exact[name](x, value) if name.endswith("derivative") else value
    more = (None,) if name.endswith("derivative") else ()
    np.testing.assert_allclose(_FUNCTIONS[name](x, *more), want, rtol=1e-13)
    one = [_OF_NUMBERS[name](float(y), *more) for y in x]
    np.testing.assert_allclose(one, want, rtol=1e-13)


def test_a_leaf_without_influence_has_no_bar():
    made = formulas("where(x > y, p, 2)")
    given = {"x": 1.0, "y": 2.0, "p": 3.0, f"{BAR}f0": 1.0}
    assert made.back(["x", "y"])(given) == {}
    assert made.back(["x", "p"])(given) == {"p": 0.0}
