"""The elementary functions of the language, with the same bits in NumPy and in compiled code.

Each is written once, in `exponential.py` and `trigonometric.py`, in plain arithmetic over a few
primitives. `namespace_numpy` gives them bound to NumPy, `namespace_numba` gives the same code
bound to LLVM operations, to be called in loops (which vectorise) with
``error_model="numpy"``. There is no fast-math: every operation is IEEE 754 arithmetic in a fixed
order, so the results do not depend on vector width, on the place in a slice or on the machine.
NaN is the exception: where a result is NaN both say NaN, but its sign and payload may differ.

Accuracy in units in the last place is stated function by function (and tested). NaN propagates;
infinities give what they give in NumPy. Exponentials below 3e-308 are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

import numpy as np

from rheobase.rendering import crossings, exponential, primitives, trigonometric
from rheobase.rendering.primitives import Value

_PRIMITIVES = (
    "bits_to_float",
    "ceil",
    "copysign",
    "fabs",
    "float_to_bits",
    "floor",
    "fma",
    "rint",
    "scratch",
    "scratch_words",
    "select",
    "shift_right",
    "sqrt",
    "trunc",
    "unsigned",
    "wide_vectors",
)

_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "exprel": exponential.exprel,
    "bernoulli": exponential.bernoulli,
    "exprel_derivative": exponential.exprel_derivative,
    "bernoulli_derivative": exponential.bernoulli_derivative,
    "log": exponential.log,
    "log1p": exponential.log1p,
    "log2": exponential.log2,
    "log10": exponential.log10,
    "power": exponential.power,
    "sinh": exponential.sinh,
    "cosh": exponential.cosh,
    "tanh": exponential.tanh,
    "erf": exponential.erf,
    "sqrt": trigonometric.sqrt,
    "sin": trigonometric.sin,
    "cos": trigonometric.cos,
    "tan": trigonometric.tan,
    "arcsin": trigonometric.arcsin,
    "arccos": trigonometric.arccos,
    "arctan": trigonometric.arctan,
    "arctan2": trigonometric.arctan2,
    "abs": trigonometric.absolute,
    "floor": trigonometric.floor,
    "ceil": trigonometric.ceil,
    "round": trigonometric.round_half_even,
    "int": trigonometric.integer_part,
    "sign": trigonometric.sign,
    "heaviside": trigonometric.heaviside,
    "minimum": trigonometric.minimum,
    "maximum": trigonometric.maximum,
    "clip": trigonometric.clip,
    "mod": trigonometric.mod,
    "sin_cos_turns": trigonometric.sin_cos_turns,
    "fma": primitives.fma,
    "first_crossing": crossings.first_crossing,
    "response": crossings.response,
}


def power_by_squaring(multiply: Callable[[Any, Any], Any], x: Any, n: int) -> Any:
    """x**n for an integer n >= 1 by repeated squaring, over any kind of product.

    The order of multiplications is part of what `pow_int` means: whoever writes them out
    (as source text, as nodes of a program) goes through here and gets the same bits.
    """
    result = None
    while True:
        if n & 1:
            result = x if result is None else multiply(result, x)
        n >>= 1
        if n == 0:
            return result
        x = multiply(x, x)


def pow_int(x: Value, n: int) -> Value:
    """x**n for an integer n, by multiplications; a negative n is one division at the end."""
    if n == 0:
        return np.ones_like(x, dtype=np.float64)[()]
    product = power_by_squaring(lambda a, b: a * b, x, abs(n))
    return product if n > 0 else 1.0 / product


def _quiet(function: Callable[..., Value]) -> Callable[..., Value]:
    """A function of NumPy values that takes any numbers and gives no floating-point warnings."""

    def call(*arguments: Any) -> Value:
        values = [np.asarray(x, dtype=np.float64)[()] for x in arguments]
        with np.errstate(all="ignore"):
            return function(*values)

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = function.__doc__
    return call


def _where(condition: Any, if_true: Any, if_false: Any) -> Value:
    """`if_true` where the condition holds, else `if_false`."""
    return primitives.select(condition, if_true, if_false)


def _quiet_pow_int(x: Any, n: int) -> Value:
    """`pow_int` for any number or array, without floating-point warnings."""
    with np.errstate(all="ignore"):
        return pow_int(np.asarray(x, dtype=np.float64)[()], int(n))


@cache
def namespace_numpy() -> Mapping[str, Callable[..., Any]]:
    """The functions by the name they have in the language, for NumPy scalars and arrays."""
    names = {name: _quiet(function) for name, function in _FUNCTIONS.items()}
    names["where"] = names["select"] = _where
    names["pow_int"] = _quiet_pow_int
    return MappingProxyType(names)


@cache
def namespace_numba() -> Mapping[str, Any]:
    """The functions by the name they have in the language, to be called in compiled code.

    They are inlined where they are called, so a loop over them vectorises. `pow_int` takes an
    integer; with a literal one the loop of multiplications unrolls. They cannot be called
    from Python.
    """
    from rheobase.rendering import intrinsics

    bound = compiled_twins()
    names = {name: bound[function] for name, function in _FUNCTIONS.items()}
    names["where"] = names["select"] = intrinsics.select
    names["pow_int"] = inlined(_pow_int_compiled)
    return MappingProxyType(names)


@cache
def compiled_twins() -> Mapping[Any, Any]:
    """What stands for each primitive and each function in compiled code."""
    from rheobase.rendering import intrinsics

    bound: dict[Any, Any] = {
        getattr(primitives, name): getattr(intrinsics, name) for name in _PRIMITIVES
    }
    bound[primitives.fma_exact] = intrinsics.fma
    for module in (exponential, trigonometric, crossings):
        bind_to_numba(module, bound)
    return MappingProxyType(bound)


def inlined(function: Callable[..., Any]) -> Any:
    """A compiled function that becomes part of whatever calls it."""
    from numba import njit

    # without the wrappers for Python and C, which nobody calls, it compiles a quarter faster
    compile_inlined: Any = njit
    return compile_inlined(
        error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)


def bind_to_numba(
    module: ModuleType, bound: dict[Any, Any], compiler: Callable[..., Any] = inlined
) -> None:
    """Add compiled twins of all functions of a module to `bound` (function -> twin).

    A twin runs the same code with every function it names replaced by its twin.
    """
    names = dict(vars(module))
    for value in vars(module).values():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            twin = FunctionType(value.__code__, names, value.__name__, value.__defaults__)
            bound[value] = compiler(twin)
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value in bound:
            names[name] = bound[value]


def _pow_int_compiled(x: float, n: int) -> float:
    """`pow_int` as numba compiles it: the same products in the same order."""
    left = abs(n)
    base = x
    result = 1.0
    empty = True
    while left > 0:
        if left & 1:
            result = base if empty else result * base
            empty = False
        left >>= 1
        if left > 0:
            base = base * base
    return 1.0 / result if n < 0 else result
