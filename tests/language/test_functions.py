"""Functions a user writes in the language."""

import pytest

from rheobase.errors import EquationError, UnknownNameError
from rheobase.language.definitions import Source
from rheobase.language.expressions import to_text
from rheobase.language.functions import FUNCTIONS, collect, function, inline
from rheobase.language.model import Model
from rheobase.language.parsing import parse_expression


def test_a_function_is_put_in_place():
    functions = collect(["f(x, y) = x*y/(1 + y)", "g(x) = f(x, 2)**2"])
    text = "1 + g(a - b)"
    expression = inline(parse_expression(text), functions, Source(text))
    assert to_text(expression) == "1 + ((a - b)*2/(1 + 2))**2"
    assert str(functions["f"]) == "f(x, y) = x*y/(1 + y)"
    assert functions["f"].arity == 2


def test_arguments_are_not_mixed_up():
    functions = collect(["f(x, y) = x - y"])
    expression = inline(parse_expression("f(y, x)"), functions, Source("f(y, x)"))
    assert to_text(expression) == "y - x"


def test_a_model_calls_them_everywhere():
    model = Model(
        "dv/dt = decay(v)/ms : 1", functions=["decay(x) = -x/(1 + x**2)"],
        threshold="decay(v) < -0.4", reset="v = decay(v)", refractory="decay(1)*-2*ms",
        initial=dict(v="decay(2)"), receives="v += decay(weight)",
    )  # fmt: skip
    assert to_text(model.differential[0].expression) == "-v/(1 + v**2)/ms"
    assert to_text(model.threshold) == "-v/(1 + v**2) < -0.4"
    assert to_text(model.initial["v"]) == "-2/(1 + 2**2)"
    assert Model("dv/dt = f(v)/ms : 1", functions="f(x) = -x").functions["f"].name == "f"
    made = function("f(x) = -x")
    assert Model("dv/dt = f(v)/ms : 1", functions=[made]).functions["f"] == made


@pytest.mark.parametrize("text, says", [
    ("x + 1", ["this is not a function", "write a function such as f(x, y) = x*y/(1 + y)"]),
    ("f(x, x) = x", ["'x' cannot be the name of an argument"]),
    ("f(1) = 2", ["'1' cannot be the name of an argument"]),
    ("exp(x) = x", ["exp is a function of the language already", "exp_2"]),
    ("f(x) = x.real", ["f: `x.real` is not allowed"]),
    ("f(x) = x^2", ["write x**2"]),
])  # fmt: skip
def test_bad_functions_are_refused(text, says):
    with pytest.raises(EquationError) as caught:
        function(text)
    for words in says:
        assert words in str(caught.value)


def test_functions_read_their_arguments_only():
    with pytest.raises(UnknownNameError) as caught:
        collect(["f(x) = x*tau"])
    assert "f reads tau, which is not one of its arguments" in str(caught.value)
    assert "write f(x, tau) = ..." in str(caught.value)
    assert collect(["f(x) = x*2*mV*pi"])


def test_twice_recursive_and_python():
    with pytest.raises(EquationError, match="the function f is defined twice"):
        collect(["f(x) = x", "f(y) = y"])
    with pytest.raises(EquationError, match="the function f calls itself"):
        collect(["f(x) = f(x - 1)"])
    with pytest.raises(EquationError, match="a model runs no Python"):
        Model("dv/dt = -v/ms : 1", functions=[abs])


@pytest.mark.parametrize("equation, says", [
    ("f(v)", ["f takes 2 arguments, here it has 1", "it is f(x, y) = x*x + y"]),
    ("f(rand(), 1)", ["f reads x 2 times", "draw = rand() : 1"]),
    ("g(v, v)", ["unknown function g"]),
    ("ln(v)", ["unknown function ln", "did you mean log?"]),
    ("pow(v, 2)", ["unknown function pow", "did you mean x**y?"]),
    ("blub_di(v)", ["unknown function blub_di", "the functions are: exp, log"]),
    ("clip(v)", ["clip takes 3 arguments, here it has 1", "write clip(x, low, high)"]),
    ("rand(2)", ["rand takes no arguments, here it has 1"]),
    ("v(1)", ["v is a variable, not a function", "write v*(...)"]),
    ("exp*v", ["unknown name exp", "exp is a function: call it, exp(x)"]),
])  # fmt: skip
def test_bad_calls_are_refused(equation, says):
    with pytest.raises((EquationError, UnknownNameError)) as caught:
        Model(f"dv/dt = {equation}/ms : 1", functions=["f(x, y) = x*x + y"])
    for words in [*says, "^"]:
        assert words in str(caught.value)


def test_a_name_is_not_both():
    with pytest.raises(EquationError, match="f is a function and a variable"):
        Model("f : 1\ndv/dt = f(v)/ms : 1", functions=["f(x) = x"])


def test_the_table():
    names = (
        "exp log log10 log2 log1p expm1 exprel sqrt sin cos tan arcsin arccos arctan arctan2 sinh"
        " cosh tanh abs floor ceil round sign clip minimum maximum where int mod erf heaviside"
        " rand randn"
    )
    assert set(FUNCTIONS) == set(names.split())
