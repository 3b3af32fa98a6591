"""Activations as compiled loops: from the same list of operations that NumPy evaluates.

For each activation a module is written that a student can read, with two C functions: its values,
and the chain rule ``dL/dz = dL/dy f'(z)``. It is compiled once and found on disk afterwards.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rheobase.nn.activations import Activation
from rheobase.nn.straight_line import Line, Operations
from rheobase.rendering.cache import module_from_source
from rheobase.rendering.primitives import has_numba

_INFIX = {"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!="}
_OTHER = {"and": "&", "or": "|"}
# Shared with NumPy's evaluation by their formulas; exp is taken of nothing above 0.
_HELPERS = {
    "logistic": """
@inlined
def logistic(u):
    e = exp(-abs(u))
    return select(u >= 0.0, 1.0, e) / (1.0 + e)
""",
    "logistic_slope": """
@inlined
def logistic_slope(u):
    e = exp(-abs(u))
    return e / ((1.0 + e) * (1.0 + e))
""",
    "tanh_slope": """
@inlined
def tanh_slope(u):
    e = exp(-2.0 * abs(u))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))
""",
    "softplus": """
@inlined
def softplus(u):
    return maximum(u, 0.0) + log1p(exp(-abs(u)))
""",
}
_FUNCTIONS = frozenset(
    {"exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "arcsin",
     "arccos", "arctan", "sinh", "cosh", "tanh", "abs", "sign", "floor", "ceil", "minimum",
     "maximum", "clip", "heaviside", "exprel", "erf", "where"}
)  # fmt: skip
_TEMPLATE = '''"""{name}: a = {formula}"""

from numba import cfunc

from rheobase.rendering.functions import inlined, namespace_numba
from rheobase.rendering.intrinsics import {view}, select, wide_vectors

library = namespace_numba()
{bound}
{helpers}

@cfunc("void(int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def values(z_at, y_at, n):
    """y = f(z), for n numbers at addresses."""
    wide_vectors()
    z, y = {view}(z_at, 0, n), {view}(y_at, 0, n)
    for i in range(n):
{values}
        y[i] = {value}


@cfunc("void(int64, int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def back(z_at, g_at, out_at, n):
    """dL/dz = dL/dy f'(z), for n numbers at addresses."""
    wide_vectors()
    z, g, out = {view}(z_at, 0, n), {view}(g_at, 0, n), {view}(out_at, 0, n)
    for i in range(n):
{slopes}
        out[i] = g[i] * {slope}
{from_values}'''

# Where the slope is a simple function of the value, no exponential is needed a second time.
_FROM_VALUES = {"logistic": "y * (1.0 - y)", "tanh": "1.0 - y * y"}
_FROM_VALUES_TEMPLATE = '''

@cfunc("void(int64, int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def back_from_values(y_at, g_at, out_at, n):
    """dL/dz = dL/dy f'(z), with f'(z) from y = f(z)."""
    wide_vectors()
    ys, g, out = {view}(y_at, 0, n), {view}(g_at, 0, n), {view}(out_at, 0, n)
    for i in range(n):
        y = float(ys[i])
        out[i] = g[i] * ({slope})
'''


def source_of(activation: Activation, bits: int) -> str | None:
    """Return the module of an activation as text; None if a function in it is not compiled.

    Parameters
    ----------
    activation : Activation
        Whose operations are written out.
    bits : int
        64 or 32: width of the numbers in memory; computed is in 64.
    """
    programs = (activation._values, activation._slopes)
    if any(program.growing or not _known(program) for program in programs):
        return None  # NumPy's evaluation has numbers of unbounded exponent for these
    used = {line.operation for program in programs for line in program.lines}
    helpers = [_HELPERS[name] for name in sorted(used & _HELPERS.keys())]
    functions = used & _FUNCTIONS
    for name in ("exp", "log1p", "maximum", "abs"):
        if any(f"{name}(" in text for text in helpers):
            functions |= {name}
    values, value = _written(activation._values)
    slopes, slope = _written(activation._slopes)
    return _TEMPLATE.format(
        name=activation.name,
        formula=activation.formula,
        view=f"float{bits}_view",
        bound="\n".join(f'{name} = library["{name}"]' for name in sorted(functions)),
        helpers="\n".join(helpers),
        values="\n".join(values),
        value=value,
        slopes="\n".join(slopes),
        slope=slope,
        from_values=_from_values(activation._values, bits),
    )


def _from_values(values: Operations, bits: int) -> str:
    """Return the loop that finds the slope from the value, if there is one."""
    slope = _FROM_VALUES.get(values.lines[-1].operation)
    if slope is None or len(values.lines) != 2:
        return ""
    return _FROM_VALUES_TEMPLATE.format(view=f"float{bits}_view", slope=slope)


def _known(program: Operations) -> bool:
    special = {"x", "constant", "negate", "not", "**", *_OTHER}
    known = _INFIX | _FUNCTIONS | special | _HELPERS.keys()
    return all(
        line.operation in known and (line.operation != "**" or _is_square(program, line))
        for line in program.lines
    )


def _is_square(program: Operations, line: Line) -> bool:
    exponent = program.lines[line.operands[1]]
    return exponent.operation == "constant" and exponent.value in (2.0, 0.5)


def _written(program: Operations) -> tuple[list[str], str]:
    """Return the lines of a program as Python, and what its result is called."""
    names: list[str] = []
    lines: list[str] = []
    for number, line in enumerate(program.lines):
        operands = [names[k] for k in line.operands]
        if line.operation == "constant":
            names.append(f"{line.value!r}" if line.value >= 0 else f"({line.value!r})")
            continue
        names.append("x" if line.operation == "x" else f"v{number}")
        lines.append(f"        {names[-1]} = {_text(program, line, operands)}")
    return lines, names[-1]


def _text(program: Operations, line: Line, operands: list[str]) -> str:
    operation = line.operation
    if operation == "x":
        return "float(z[i])"
    if operation == "negate":
        return f"-{operands[0]}"
    if operation == "not":
        return f"not {operands[0]}"
    if operation == "**":
        power = program.lines[line.operands[1]].value
        return f"{operands[0]} * {operands[0]}" if power == 2.0 else f"{operands[0]} ** 0.5"
    if operation in _INFIX or operation in _OTHER:
        return f"{operands[0]} {_OTHER.get(operation, operation)} {operands[1]}"
    return f"{operation}({', '.join(operands)})"


class Loops:
    """The compiled loops of an activation.

    Attributes
    ----------
    values, back : callable
        C functions of addresses and the number of numbers.
    values_address, back_address : int
        The same for those who call from compiled code.
    back_from_values_address : int
        As `back`, but of y in the place of z; 0 if there is no such loop.
    """

    def __init__(self, module: Any) -> None:
        i = ctypes.c_int64
        self.module = module
        self.values_address = int(module.values.address)
        self.back_address = int(module.back.address)
        simple = getattr(module, "back_from_values", None)
        self.back_from_values_address = int(simple.address) if simple is not None else 0
        self.values: Callable[..., None] = ctypes.CFUNCTYPE(None, i, i, i)(self.values_address)
        self.back: Callable[..., None] = ctypes.CFUNCTYPE(None, i, i, i, i)(self.back_address)


@lru_cache(maxsize=256)
def loops_of(activation: Activation, bits: int) -> Loops | None:
    """Return the compiled loops of an activation, or None if it has none here."""
    if not has_numba():
        return None
    source = source_of(activation, bits)
    return None if source is None else Loops(module_from_source(source, "nn_activation"))
