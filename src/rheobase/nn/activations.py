"""Activation functions: written as text, their derivatives found, stable for every input.

An activation is an equation of one variable, ``a = 1/(1 + exp(-x))``. From its text come its
values, its derivative (by the rules of calculus, on the expression), what can be said about
it for all x (`facts`), and its picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import EquationError, ShapeError, UnknownNameError, did_you_mean
from rheobase.language.definitions import Source
from rheobase.language.expressions import (
    Call,
    Compare,
    Expr,
    Logical,
    Number,
    names_in,
    substitute,
    to_text,
    walk,
)
from rheobase.language.functions import FUNCTIONS, suggest_function, wrong_arity
from rheobase.language.parsing import RANDOM, read_expression
from rheobase.models.activations import ACTIVATIONS
from rheobase.nn import rewriting
from rheobase.nn.straight_line import Operations, evaluate, operations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.nn.facts import Facts

_WRITTEN_OUT = {
    "silu": "x/(1 + exp(-x))", "swish": "x/(1 + exp(-x))", "mish": "x*tanh(log1p(exp(x)))",
    "selu": "1.0507009873554805*where(x > 0, x, 1.6732632423543772*expm1(x))",
    "relu6": "clip(x, 0, 6)", "hard_sigmoid": "clip(x/6 + 0.5, 0, 1)",
    "hard_tanh": "clip(x, -1, 1)", "hardtanh": "clip(x, -1, 1)", "exponential": "exp(x)",
}  # fmt: skip
"""Activations that have a name elsewhere, and none here: an expression is as short."""

_LEAKY = "where(x > 0, x, slope*x)"
_FORMULAS = {**_WRITTEN_OUT, **ACTIVATIONS}

_LEFT = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")


class Activation:
    """A function of one variable, from its text.

    Parameters
    ----------
    text : str
        An expression of the language with one free name, ``"x/(1 + abs(x))"``, or an equation,
        ``"a = n/(1 + abs(n))"``. Its functions are those of models: exp, tanh, erf, where,
        maximum, ...
    name : str, optional
        What it is called in errors and pictures; its text if not given.
    **parameters : float
        Values of other names in the text: ``Activation("maximum(x, k*x)", k=0.1)``.

    Attributes
    ----------
    formula : str
        The expression as written.
    name : str
    variable : str
        The free name.
    parameters : dict

    Raises
    ------
    EquationError
        The text cannot be read, has no free name or several, or has no derivative; or the name is
        that of another function of the library.

    Notes
    -----
    Values and derivative are good for every finite x: what overflows on the way (``exp(1000)`` in
    ``exp(x)/(1 + exp(x))**2``) is computed with numbers of unbounded exponent. Where the function
    has a kink the derivative is PyTorch's: 0 for ``maximum(x, 0)`` and ``abs(x)`` at 0.

    Examples
    --------
    >>> from rheobase import nn
    >>> softsign = nn.Activation("a = n/(1 + abs(n))")
    >>> float(softsign(3.0)), float(softsign.derivative(3.0))
    (0.75, 0.0625)
    >>> softsign.derivative_formula
    '1/(1 + abs(n))**2'
    """

    def __init__(self, text: str, /, *, name: str = "", **parameters: float) -> None:
        self.text = text
        self.formula, self.variable, expression = _read(text, parameters)
        self.name = name or self.formula
        _refuse_a_taken_name(self.name, self.formula)
        self.parameters = {key: float(value) for key, value in parameters.items()}
        self.expression = substitute(
            expression, {key: Number(value) for key, value in self.parameters.items()}
        )
        self._steadied = rewriting.steadied(self.expression)
        slope = rewriting.differentiate(self._steadied, self.variable)
        if slope is None:
            raise EquationError(
                f"{self.name}: no derivative is known of a function in it",
                given=self.formula,
                mend="write it with others; "
                f"these are known: {', '.join(sorted(FUNCTIONS.keys() - RANDOM))}",
            )
        self.slope = slope

    # -- values ---------------------------------------------------------------------------

    def __call__(self, x: Any = None, /, **parameters: float) -> Any:
        """Return the values at x; or, called with parameters alone, a copy that has these.

        Parameters
        ----------
        x : float or array_like
            Any shape. An array of float32 gives float32, everything else float64.
        **parameters : float
            ``nn.leaky_relu(slope=0.2)`` is an activation of that slope.

        Raises
        ------
        ShapeError
            x holds no numbers.
        """
        if parameters:
            changed = self._with(parameters)
            return changed if x is None else changed(x)
        return self._evaluate(self._values, x)

    def derivative(self, x: Any) -> Any:
        """Return da/dx at x: of the shape of x.

        Raises
        ------
        ShapeError
            x holds no numbers.
        """
        return self._evaluate(self._slopes, x)

    def backward(self, x: Any, gradient: Any) -> Any:
        """Return dL/dx = dL/da * da/dx from the gradient dL/da: the chain rule, elementwise."""
        return np.multiply(gradient, self.derivative(x))

    @cached_property
    def _values(self) -> Operations:
        return operations(self._steadied, self.variable)

    @cached_property
    def _slopes(self) -> Operations:
        return operations(self.slope, self.variable)

    def _evaluate(self, program: Operations, x: Any) -> Any:
        return evaluate(program, floats(x, self.name))[()]

    def _with(self, parameters: Mapping[str, float]) -> Activation:
        for key in parameters:
            if key not in self.parameters:
                has = ", ".join(self.parameters) or "none"
                raise UnknownNameError(
                    f"{self.name} has no parameter {key!r}", expected=f"its parameters: {has}",
                    mend=f"its text is {self.formula}",
                )  # fmt: skip
        return Activation(self.text, name=self.name, **{**self.parameters, **parameters})

    # -- what is said about it ------------------------------------------------------------

    @property
    def derivative_formula(self) -> str:
        """The derivative as text, as it was found."""
        return to_text(rewriting.readable(self.slope))

    def facts(self) -> Facts:
        """Return what holds for all x: range, largest derivative, where it vanishes, kinks.

        Nothing is looked up: intervals of x are bounded and divided until it is decided.

        Returns
        -------
        Facts
            Prints as sentences.
        """
        return self._facts

    @cached_property
    def _facts(self) -> Facts:
        from rheobase.nn.facts import find_facts

        return find_facts(self)

    def plot(self, low: float = -6.0, high: float = 6.0, *, derivative: bool = False,
             ax: Any = None) -> Axes:  # fmt: skip
        """Draw the function, and its derivative, between two values of x.

        Parameters
        ----------
        low, high : float
        derivative : bool
            Draw the derivative, too.
        ax : Axes, optional
            Axes to draw into.

        Returns
        -------
        Axes
        """
        from rheobase.nn.pictures import draw_activation

        return draw_activation(self, low, high, derivative, ax)

    def __repr__(self) -> str:
        given = "".join(f", {key}={value:g}" for key, value in self.parameters.items())
        return f"Activation({self.formula!r}{given})"


def floats(x: Any, what: str) -> np.ndarray:
    """Return numbers as an array of floats: float32 stays, everything else is float64.

    Raises
    ------
    ShapeError
        They are no real numbers.
    """
    try:
        given = np.asarray(x)
        if given.dtype == np.float32:
            return given
        if x is None or given.dtype.kind not in "bifuO":
            raise TypeError
        return given.astype(np.float64)
    except (TypeError, ValueError):
        raise ShapeError(
            f"{what} is taken of real numbers",
            given="nothing" if x is None else f"{type(x).__name__} {x!r}"[:120],
            mend="give a number, a list of numbers or an array",
        ) from None


# -- reading -----------------------------------------------------------------------------------


def _read(text: Any, parameters: Mapping[str, float]) -> tuple[str, str, Expr]:
    """Return the right-hand side as text, its free name, and the expression."""
    if not isinstance(text, str):
        raise EquationError(
            "an activation is written as text",
            given=repr(text)[:80],
            mend='write nn.Activation("a = x/(1 + abs(x))"); no Python is run by it',
        )
    source = Source(text)
    left = _LEFT.match(text)
    start = left.end() if left else 0
    _refuse_a_name(text[start:].strip())
    expression = read_expression(source, start, len(text), "the activation")
    _check_functions(expression, source)
    expression = substitute(expression, {"pi": Number(float(np.pi))})
    free = sorted(names_in(expression) - set(parameters))
    if len(free) != 1:
        raise _not_one_name(free, source, expression, parameters)
    return text[start:].strip(), free[0], expression


def _refuse_a_name(text: str) -> None:
    """Refuse ``Activation("sigmoid")``: read as an expression it is a variable, f(x) = x."""
    formula = _FORMULAS.get(text)
    if formula is None and text not in ("softmax", "maxout"):
        return
    ours = [f"nn.{text} is there"] if text not in _WRITTEN_OUT else []
    written = [f'write nn.Activation("{formula}")'] if formula else []
    raise EquationError(
        "an activation is written as an expression of x, and this is a name",
        given=repr(text),
        mend=", or ".join(ours + written),
    )


def _refuse_a_taken_name(name: str, formula: str) -> None:
    """Refuse another function under a name of the library: losses and files go by names."""
    taken = _LEAKY if name == "leaky_relu" else ACTIVATIONS.get(name)
    vectors = name in ("softmax", "maxout")
    if vectors or (taken is not None and formula.replace(" ", "") != taken.replace(" ", "")):
        raise EquationError(
            f"nn.{name} is another function",
            expected=f"{name}: {taken}" if taken else "",
            given=formula,
            mend="give yours a name of its own",
        )


def _check_functions(expression: Expr, source: Source) -> None:
    for part in walk(expression):
        if not isinstance(part, Call):
            continue
        known = FUNCTIONS.get(part.function)
        if known is None or part.function in RANDOM:
            ours = FUNCTIONS.keys() - RANDOM
            formula = _FORMULAS.get(part.function)
            meant = suggest_function(part.function, ours) or did_you_mean(part.function, ours)
            raise UnknownNameError(
                f"the activation: there is no function {part.function}"
                if known is None else "the activation: it cannot be random",
                place=source.point(part.span),
                mend=f"write it out: {part.function}(x) is {formula}" if formula else
                f"did you mean {meant}?" if meant else f"there are {', '.join(sorted(ours))}",
            )  # fmt: skip
        if len(part.arguments) != known.arity:
            raise EquationError(
                f"the activation: {wrong_arity(part.function, known.arity, len(part.arguments))}",
                place=source.point(part.span),
            )
    if isinstance(expression, Compare | Logical):
        raise EquationError(
            "the activation is a condition, not a number",
            place=source.point(expression.span),
            mend=f"write where({to_text(expression)}, 1, 0)",
        )


def _not_one_name(
    free: list[str], source: Source, expression: Expr, parameters: Mapping[str, float]
) -> EquationError:
    place = source.point(expression.span)
    if not free:
        return EquationError(
            "the activation depends on nothing", place=place, mend="write it with one free name, x"
        )
    variable = "x" if "x" in free else free[0]
    others = [name for name in free if name != variable]
    values = ", ".join([f"{name}=1.0" for name in others])
    return EquationError(
        f"the activation has {len(free)} free names: {', '.join(free)}",
        place=place,
        expected="one free name, the input",
        mend=f"give the others values: nn.Activation({source.text.strip()!r}, {values})",
    )


# -- the library -------------------------------------------------------------------------------


def _named(name: str) -> Activation:
    return Activation(ACTIVATIONS[name], name=name)


linear = _named("linear")
sigmoid = _named("sigmoid")
tanh = _named("tanh")
relu = _named("relu")
leaky_relu = Activation(_LEAKY, name="leaky_relu", slope=0.01)
elu = _named("elu")
softplus = _named("softplus")
softsign = _named("softsign")
gelu = _named("gelu")
step = _named("step")

LIBRARY: Mapping[str, Activation] = {
    found.name: found
    for found in (linear, sigmoid, tanh, relu, leaky_relu, elu, softplus, softsign, gelu, step)
}
"""The activations that have a name."""

_OTHER_NAMES = {
    "identity": "linear", "none": "linear", "logistic": "sigmoid", "heaviside": "step",
    "rectifier": "relu", "lrelu": "leaky_relu", "leakyrelu": "leaky_relu", "threshold": "step",
    "sigm": "sigmoid", "expit": "sigmoid", "rectified": "relu",
}  # fmt: skip


def activation(given: Any) -> Any:
    """Return the activation that is meant: one of the library by its name, or text, or itself.

    Parameters
    ----------
    given : str, Activation, VectorActivation or None
        ``"relu"``, ``"softmax"``, ``"x/(1 + abs(x))"``, ``nn.tanh``; None is linear.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    EquationError
        The text is no activation.
    """
    from rheobase.nn.vector_activations import VECTOR_LIBRARY, VectorActivation

    if given is None:
        return linear
    if isinstance(given, Activation | VectorActivation):
        return given
    names: dict[str, Any] = {**LIBRARY, **VECTOR_LIBRARY}
    if not isinstance(given, str):
        raise UnknownNameError(
            "this is no activation",
            expected="a name, a text, or an activation",
            given=repr(given)[:80],
            mend='write activation="relu", or nn.Activation("x/(1 + abs(x))")',
        )
    if given in names:
        return names[given]
    if not given.isidentifier():
        return Activation(given)
    plain = given.lower().replace("_", "")
    written = _WRITTEN_OUT.get(given.lower())
    meant = None if written else _OTHER_NAMES.get(plain) or did_you_mean(given, names)
    raise UnknownNameError(
        f"there is no activation {given!r}" + (f"; did you mean {meant!r}?" if meant else ""),
        expected=", ".join(names),
        mend=f'write it as text: nn.Activation("{written}")'
        if written
        else 'or write one as text: nn.Activation("x/(1 + abs(x))")',
    )
