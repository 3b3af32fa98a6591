"""The compiler of kernels and parts, against Python, NumPy and numba."""

from __future__ import annotations

import ctypes
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.engine import parts as engine_parts
from rheobase.gradients import parts as tape_parts
from rheobase.rendering import cache
from rheobase.rendering import random as rheobase_random
from rheobase.rendering.functions import namespace_numpy

pytest.importorskip("numba")

from rheobase.rendering.kinds import Unsupported
from rheobase.rendering.machine import compiled
from rheobase.rendering.objects import Function

HEAD = '''\
"""Trial."""

from numba import cfunc, njit

import numpy as np

from rheobase.rendering.functions import namespace_numba
from rheobase.rendering.intrinsics import (
    bits_to_float, float32_view, float64_view, int32_view, int64_view, scratch, select,
    uint32_view, uint8_view, uint64_view, unsigned,
)

library = namespace_numba()


'''
CFUNC = '@cfunc("void(int64, int64, int64)", cache=True)\n'


def text_of(body: str, more: str = "") -> str:
    """Return a module with one C function of the addresses of integers, floats, and a number."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return f"""{HEAD}{textwrap.dedent(more)}

{CFUNC}def run(integers, floats, n):
    a = int64_view(integers, 0, 16)
    x = float64_view(floats, 0, 16)
{lines}
"""


def made(body: str, more: str = "") -> Callable[..., None]:
    """Return the function as one of two NumPy arrays and a number."""
    function = cache.functions_from_source(text_of(body, more), "trial").run
    assert isinstance(function, Function)  # not one of numba
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3)(function.address)
    return lambda a, x, n=0: call(a.ctypes.data, x.ctypes.data, n)


def arrays() -> tuple[Any, Any]:
    return np.zeros(16, np.int64), np.zeros(16)


INTEGERS = """
a[2] = a[0] // a[1]
a[3] = a[0] % a[1]
a[4] = a[0] * 3 - a[1]
a[5] = (a[0] << 3) ^ (a[1] >> 2)
a[6] = a[0] & 255 | 256
a[7] = min(a[0], a[1]) + max(a[0], 7)
a[8] = abs(a[0]) + -a[1]
a[9] = 5 if a[0] < a[1] else 6
a[10] = select(a[0] == a[1] or a[0] > 10 and a[1] > 10, 1, 2)
a[11] = select(-3 <= a[0] < a[1], 1, 0)
a[12] = 7
a[12] += a[0]
a[13] = select(not a[0], 1, 0)
"""


@given(st.integers(-(2**40), 2**40), st.integers(-50, 50).filter(bool))
@settings(deadline=None)
def test_integers_are_those_of_python(first: int, second: int) -> None:
    run = made(INTEGERS)
    found, x = arrays()
    found[:2] = first, second
    run(found, x)
    a: list[int] = [first, second, *[0] * 14]
    exec(INTEGERS, {"select": lambda c, t, f: t if c else f}, {"a": a})
    assert found.tolist() == a


@pytest.mark.parametrize(("first", "second"), [(5, 0), (-(2**63), -1)])
def test_a_division_without_result_gives_zero(first: int, second: int) -> None:
    found, x = arrays()
    found[:2] = first, second
    made(INTEGERS)(found, x)
    assert found[2] == found[3] == 0  # as numba with error_model="numpy"


def test_literals_are_calculated_as_the_machine_does() -> None:
    found, x = arrays()
    x[2] = -1.0
    made("a[0] = 7 // 0\na[1] = 9223372036854775807 + 2\nx[0] = 1.5 / 0.0\nx[1] = -x[2] * -0.0")(
        found, x
    )
    assert (found[0], found[1], x[0]) == (0, -(2**63) + 1, np.inf)
    assert np.signbit(x[1])


def test_nothing_is_contracted() -> None:
    found, x = arrays()
    x[:3] = 1 + 2**-30, 1 - 2**-30, -1.0
    made("x[3] = x[0] * x[1] + x[2]")(found, x)
    assert x[3] == 0.0  # with one rounding: -2**-60
    x[:8], x[8:] = 1 + 2**-30, 1 - 2**-30
    made("for i in range(8):\n    x[i] = x[i] * x[i + 8] - 1.0")(found, x)
    assert not x[:8].any()


def test_what_has_effects_is_done_once_and_only_where_it_matters() -> None:
    more = """
    @njit(error_model="numpy")
    def counted(view, value):
        view[1] += 1
        return value
    """
    body = """
    a[counted(a, 3)] += counted(a, 5)
    a[4] = select(n <= 1 < counted(a, 2), 1, 0)
    a[5] = select(n > 1 and counted(a, 1) == 1, 1, 0)
    """
    for n, calls in ((0, 3), (5, 3)):
        found, x = arrays()
        made(body, more)(found, x, n)
        assert found[:6].tolist() == [0, calls, 0, 5, int(n == 0), int(n == 5)]


def test_a_function_may_end_in_branches_that_return() -> None:
    more = """
    @njit(error_model="numpy")
    def sign(value):
        if value < 0:
            return -1
        elif value == 0:
            return 0
        else:
            return 1

    @njit(error_model="numpy")
    def root(value):
        k = 0
        while True:
            if k * k >= value:
                return k
            k += 1
    """
    for n in (-3, 0, 8):
        found, x = arrays()
        made("a[0] = sign(n)\na[1] = root(n)", more)(found, x, n)
        assert found[:2].tolist() == [np.sign(n), 3 if n == 8 else 0]


LOOPS = """
total = 0
for i in range(n):
    if i == 3:
        continue
    if i > 7:
        break
    total += i * i
a[0] = total
k = 0
while True:
    k += 1
    if k * k > n:
        break
a[1] = k
down = 0
for i in range(n, 0, -2):
    down = 10 * down + i
a[2] = down
for i in range(2, 5):
    for j in range(i):
        a[3] += i * j
"""


@pytest.mark.parametrize("n", [0, 1, 5, 9, 30])
def test_loops(n: int) -> None:
    found, x = arrays()
    made(LOOPS)(found, x, n)
    a: list[int] = [0] * 16
    exec(LOOPS, {"n": n, "a": a})
    assert found.tolist() == a


def test_functions_return_early_several_values_and_tuples() -> None:
    more = """
    @njit(error_model="numpy")
    def least(view, count):
        if count == 0:
            return -1, 0.0
        best = 0
        for i in range(count):
            if view[i] < view[best]:
                best = i
        return best, view[best]

    @njit(error_model="numpy")
    def root(pair):
        one, two = pair
        if two > 0.5:
            return
        one[0] = 3.0
    """
    body = """
    where, value = least(x, n)
    a[0] = where
    x[15] = value
    root((x[3:5], 0.25))
    a[1], a[2], a[3], a[4] = x[3:].size, x[:5].size, x[12:99].size, x[99:].size
    x[6:][1] = x[:2][1]
    both = (a[0], x[1])
    x[5] = both[1] + both[0] + x.size
    """
    found, x = arrays()
    x[:4] = 3, 1, -2, 5
    made(body, more)(found, x, 4)
    assert (found[0], x[15], x[3], x[5]) == (2, -2, 3, 1 + 2 + 16)
    assert (found[1:5].tolist(), x[7]) == ([13, 5, 4, 0], 1)
    made(body, more)(found, x, 0)
    assert (found[0], x[15]) == (-1, 0)


def test_memory_of_all_kinds() -> None:
    body = """
    bytes_ = uint8_view(integers, 0, 128)
    small = int32_view(integers, 2, 30)
    words = uint32_view(integers, 4, 28)
    large = uint64_view(integers, 4, 12)
    single = float32_view(floats, 0, 32)
    bytes_[0] = 300 + n
    small[20] = -5
    words[20] = 7
    a[14] = small[20] + bytes_[0] + words[20]
    a[3] = words[20] - 8
    large[1] = unsigned(a[1]) * large[0] + np.uint64(3)
    single[4] = x[0]
    x[3] = single[4] + single[4]
    own = scratch()
    own[1000] = x[0]
    x[4] = own[1000] * 0.5
    x[5] = bits_to_float(a[4])
    x[6] = float(a[3]) + int(x[1])
    if large[0] != 0:
        x[7] = 1.0
    """
    found, x = arrays()
    x[:2] = 0.1, -3.9
    found[1], found[4] = 2**63 - 1, 5
    made(body)(found, x)
    single = np.float32(0.1)
    assert found.view(np.uint8)[0] == 300 % 256
    assert found.view(np.int32)[22] == -5
    assert found.view(np.uint32)[24] == 7
    assert found[14] == -5 + 44 + 7
    assert found[3] == -1
    assert found.view(np.uint64)[5] == (5 * (2**63 - 1) + 3) % 2**64
    assert x[3] == np.float64(single + single)
    assert x[4] == 0.05
    assert x[7] == 1.0
    assert x[6] == found[3] - 3


ONE = ["exp", "expm1", "exprel", "bernoulli", "log", "log1p", "log2", "log10", "sinh", "cosh",
       "tanh", "erf", "sqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "abs", "floor",
       "ceil", "round", "int", "sign", "heaviside"]  # fmt: skip
TWO = ["power", "arctan2", "minimum", "maximum", "mod", "exprel_derivative"]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.3, -7.25, 1e-300, 5e-324, 709.9, -745.2, 1e17, np.inf, -np.inf,
           np.nan, 2.5, -2.5]  # fmt: skip


@pytest.mark.parametrize("name", ONE + TWO)
def test_functions_have_the_bits_of_numpy(name: str) -> None:
    arguments = "x[i]" if name in ONE else "x[i], 0.5*x[15 - i]"
    run = made(
        f"y = float64_view(integers, 0, 16)\nfor i in range(16):\n    y[i] = f({arguments})",
        f'f = library["{name}"]\n',
    )
    rng = np.random.default_rng(1)
    for x in (np.array(NUMBERS), rng.normal(0, 3, 16), np.exp(rng.normal(0, 30, 16))):
        found, _ = arrays()
        run(found, x)
        function = namespace_numpy()[name]
        expected = function(x) if name in ONE else function(x, 0.5 * x[::-1])
        y = found.view(np.float64)
        same = (y.view(np.int64) == np.asarray(expected).view(np.int64)) | (
            np.isnan(y) & np.isnan(expected)
        )
        assert same.all(), (x[~same], y[~same], expected[~same])


@pytest.mark.parametrize(("body", "message"), [
    ("value = 1\nvalue = 0.5", "a variable changes its kind"),
    ("x[0] = unsigned(n) + a[0]", "an unsigned number and one with a sign"),
    ("for v in x:\n    a[0] = 1", "a loop over something else than a range"),
    ("for k in range(0, 9, n):\n    a[0] = 1", "a range whose step is no literal"),
    ("x[0.5] = 1.0", "an index that is no integer"),
    ("a[0] = later\nlater = 1", "'later' before it has a value"),
    ("with n:\n    pass", "a statement With"),
    ("a[0] = [1][0]", "an expression List"),
    ("a[0] = hash(n)", "a call of <built-in function hash>"),
    ("y = x[1:9:2]", "a slice with a step"),
    ("a[0] = nowhere", "no 'nowhere'"),
    ("a[0] = n ** 2", "Pow of integers"),
    ("a[0] = a[-1]", "an index from the end"),
    ("a[0] = n << 64", "a shift by a number that is not within 0 ... 63"),
    ("a[0] = x[0] << 2", "a float that is shifted"),
    ("a[0] = -(-9223372036854775808)", "an integer of more than 64 bits"),
    ("a[0] = n + 18446744073709551616", "an integer of more than 64 bits"),
    ("a[0] = n + 9223372036854775808", "an unsigned number and one with a sign"),
    ("x[0] = (n < 3) + unsigned(n)", "an unsigned number and one with a sign"),
    ("a[0] = -unsigned(n)", "an unsigned number with a minus"),
    ("a[0] = abs(n < 3)", "abs() of a condition"),
    ("x[0] = float(float32_view(floats, 0, 1)[0])", "float() of a float32"),
    ("x[0] = float32_view(floats, 0, 1)[0] * uint8_view(floats, 0, 1)[0]",
     "a float32 and a number of 8 bits"),
    ("a[0] = select(None is None, 1, 2)", "the comparison Is"),
    ("a[0] = half(n)", "a function that returns something and nothing"),
])  # fmt: skip
def test_what_only_numba_compiles_is_said(tmp_path: Path, body: str, message: str) -> None:
    more = "def half(n):\n    for i in range(n):\n        return i\n"
    source, path = text_of(body, more), tmp_path / "trial.py"
    path.write_text(source)
    with pytest.raises(Unsupported) as caught:
        compiled(source, str(path), "trial")
    assert str(caught.value) == message


def test_other_signatures_are_for_numba() -> None:
    source = text_of("a[0] = 1").replace("void(", "float64(")
    with pytest.raises(Unsupported, match=r"the signature float64\(int64, int64, int64\)"):
        compiled(source, "", "trial")


PARTS = [
    (package, path)
    for package in (engine_parts, tape_parts)
    for path in sorted(Path(inspect.getfile(package)).parent.glob("*.py"))
    if "@cfunc" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize(("package", "path"), PARTS, ids=lambda p: getattr(p, "stem", None))
def test_every_part_of_the_engines_is_compiled_here(package: Any, path: Path) -> None:
    _, titles = compiled(path.read_text(encoding="utf-8"), str(path), "part")
    assert titles


@pytest.mark.parametrize("law", ["uniform", "normal", "poisson", "poisson_sum"])
def test_random_numbers_are_compiled_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, law: str
) -> None:
    texts: list[str] = []

    def kept(source: str, name: str) -> Any:
        texts.append(source)
        return SimpleNamespace(fill_at=Function(0))

    monkeypatch.setattr(cache, "functions_from_source", kept)
    rheobase_random.fill_address.__wrapped__(law)
    path = tmp_path / "fill.py"
    path.write_text(texts[0])
    assert compiled(texts[0], str(path), "fill")[1] == ["fill_at"]
