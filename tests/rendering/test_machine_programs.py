"""The compiler of kernels and parts: random programs against Python, and some against numba.

A program has integers, floats, views of memory of all kinds, loops in loops that are left early,
conditions, and functions with the same local names that return from within loops. Python runs
the same text with integers that wrap at 64 bits.
"""

from __future__ import annotations

import ctypes
import importlib.util
import operator
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from rheobase.rendering import objects
from rheobase.rendering.kinds import Unsupported
from rheobase.rendering.machine import compiled

HEAD = """\
from numba import cfunc, njit

import numpy as np

from rheobase.rendering.intrinsics import (
    float32_view, float64_view, int32_view, int64_view, select, uint8_view, uint16_view,
    uint32_view,
)

"""
START = """\
    a = int64_view(m, 0, 16)
    x = float64_view(m, 16, 16)
    b = uint8_view(m, 256, 16)
    s = int32_view(m, 68, 16)
    u = uint32_view(m, 84, 16)
    h = uint16_view(m, 200, 16)
    f = float32_view(m, 116, 16)
    v0, v1, v2, w0, w1 = p, q, 1, float(p), 0.5
    i0 = i1 = i2 = 0
"""
BYTES = 8 * 68
NARROW = [("b", "uint8"), ("s", "int32"), ("u", "uint32"), ("h", "uint16")]


class Writer:
    """Writes a program; with `raw`, numbers of fewer bits are used as they are too."""

    def __init__(self, seed: int, raw: bool) -> None:
        self.random = random.Random(seed)
        self.raw = raw
        self.lines: list[str] = []
        self.counters = 0
        self.functions: list[str] = []

    def among(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def place(self, deep: int) -> str:
        if self.random.random() < 0.5:
            return str(self.random.randrange(16))
        return f"({self.integer(deep - 1)}) & 15"

    def integer(self, deep: int) -> str:
        if deep <= 0:
            return str(self.among("v0", "v1", "v2", "i0", "i1", "p", "q", "0", "1", "-3", "255",
                                  "9007199254740993", "-4611686018427387904"))  # fmt: skip
        one, two = self.integer(deep - 1), self.integer(deep - 1)
        view, _ = self.among(*NARROW)
        small = f"{view}[{self.place(deep)}]"
        return str(self.among(
            f"({one} {self.among('+', '-', '*', '//', '%', '&', '|', '^')} {two})",
            f"({one} << ({two} & 63))", f"({one} >> ({two} & 63))", f"(-{one})", f"abs({one})",
            f"min({one}, {two})", f"max({one}, {two})", f"a[{self.place(deep)}]",
            small if self.raw else f"np.int64({small})",
            f"({one} if {self.truth(deep - 1)} else {two})",
            f"select({self.truth(deep - 1)}, {one}, {two})",
            self.among(f"(int(w0) if abs(w0) < 1e9 else {one})",
                       f"({one} if not abs(w1) < 1e18 else int(w1))"),
            f"np.int32({one})", f"np.uint32({one})" if self.raw else one,
        ))  # fmt: skip

    def number(self, deep: int) -> str:
        if deep <= 0:
            return str(self.among("w0", "w1", "0.0", "-0.0", "1.5", "1e300", "0.1"))
        one, two = self.number(deep - 1), self.number(deep - 1)
        sign = self.among("+", "-", "*", "/")
        return str(self.among(
            f"({one} {sign} {two})", f"({one} {sign} {self.integer(deep - 1)})",
            f"({self.integer(deep - 1)} / {self.integer(deep - 1)})", f"(-{one})", f"abs({one})",
            f"x[{self.place(deep)}]", f"np.float64(f[{self.place(deep)}])",
            f"float({self.integer(deep - 1)})", f"({one} if {self.truth(deep - 1)} else {two})",
            f"((f[{self.place(deep)}] {sign} f[3]) + {one})", f"({one} * f[{self.place(deep)}])",
        ))  # fmt: skip

    def truth(self, deep: int) -> str:
        sign, again = (self.among("<", "<=", ">", ">=", "==", "!=") for _ in "ab")
        one, two = (self.among(self.integer, self.number)(deep) for _ in "ab")
        if deep <= 0 or self.random.random() < 0.4:
            return f"({one} {sign} {two})"
        return str(self.among(
            f"({self.truth(deep - 1)} {self.among('and', 'or')} {self.truth(deep - 1)})",
            f"(not {self.truth(deep - 1)})", f"({one} {sign} {two} {again} {self.number(0)})",
            f"({self.truth(deep - 1)} {self.among('&', '|', '^', '==')} {self.truth(deep - 1)})",
        ))  # fmt: skip

    def say(self, indent: int, line: str) -> None:
        self.lines.append("    " * indent + line)

    def block(self, indent: int, deep: int, loops: int, function: bool) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.statement(indent, deep, loops, function)

    def statement(self, indent: int, deep: int, loops: int, function: bool) -> None:
        kind = self.random.random()
        if kind < 0.5 or deep == 0:
            self.assignment(indent, loops)
        elif kind < 0.65:
            self.say(indent, f"if {self.truth(2)}:")
            self.block(indent + 1, deep - 1, loops, function)
            if self.random.random() < 0.6:
                self.say(indent, f"elif {self.truth(1)}:")
                self.block(indent + 1, deep - 1, loops, function)
                self.say(indent, "else:")
                self.block(indent + 1, deep - 1, loops, function)
        elif kind < 0.8 and loops < 3:
            bounds = self.among(f"{self.integer(1)} & 7", f"-2, {self.integer(1)} & 3, 2",
                                f"{self.integer(1)} & 7, -3, -2", "5, 2", "3, 3, -1")  # fmt: skip
            self.say(indent, f"for i{loops} in range({bounds}):")
            self.block(indent + 1, deep - 1, loops + 1, function)
        elif kind < 0.9 and loops < 3:
            self.counters += 1
            counter = f"c{self.counters}"
            self.say(indent, f"{counter} = {self.integer(1)} & 7")
            self.say(indent, f"while {self.among(f'{counter} > 0', 'True')}:")
            self.say(indent + 1, f"{counter} -= 1")
            self.say(indent + 1, f"if {counter} < 0:")
            self.say(indent + 2, "break")
            self.block(indent + 1, deep - 1, loops + 1, function)
        else:
            leave = ["return v0, w0" if function else "return"]
            leave += ["break", "continue"] if loops else []
            self.say(indent, f"if {self.truth(1)}:")
            self.say(indent + 1, self.among(*leave))

    def assignment(self, indent: int, loops: int) -> None:
        integer, number = self.integer(2), self.number(2)
        sign = self.among("+", "-", "*")
        narrow, _ = self.among(*NARROW)
        choices = [
            f"v{self.among(0, 1, 2)} = {integer}", f"w{self.among(0, 1)} = {number}",
            f"v0, v1 = v1, {integer}", f"w0, w1 = w1, {number}", f"i{loops} = {integer}",
            f"v2 {self.among('+', '-', '*', '//', '%', '^')}= {integer}", f"w1 {sign}= {number}",
            f"a[{self.place(2)}] = {integer}", f"x[{self.place(2)}] = {number}",
            f"a[{self.place(2)}] {sign}= {integer}", f"x[{self.place(2)}] {sign}= {number}",
            f"{narrow}[{self.place(2)}] = {integer}", f"f[{self.place(2)}] = {number}",
            f"a[3:9][{self.random.randrange(6)}] = {integer}", f"w0 = w1 = {number}",
        ]  # fmt: skip
        if self.functions:
            called = self.among(*self.functions)
            choices += [f"v1, w1 = {called}(m, {self.integer(1)}, v0)"] * 4
        self.say(indent, self.among(*choices))

    def text(self) -> str:
        for name in ("first", "second"):
            self.lines += ['@njit(error_model="numpy")', f"def {name}(m, p, q):", START]
            self.block(1, 3, 0, True)
            self.lines += ["    return v2, w1", ""]
            self.functions.append(name)
        self.lines += ['@cfunc("void(int64, int64, int64)", nopython=True, error_model="numpy")',
                       "def run(m, p, q):", START]  # fmt: skip
        for _ in range(3):
            self.block(1, 4, 0, False)
        self.lines += ["    a[0] = v0 + v1 + v2 + i0", "    x[0] = w0 + w1", ""]
        return HEAD + "\n".join(self.lines)


# ------------------------------------------------------------------------------ three readings


def memory_of(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    memory = np.zeros(BYTES, np.uint8)
    memory[:128] = rng.integers(-9, 9, 16).view(np.uint8)
    memory[128:256] = rng.normal(0, 2, 16).view(np.uint8)
    memory[256:464] = rng.integers(0, 256, 208).astype(np.uint8)
    memory[464:528] = rng.normal(0, 2, 16).astype(np.float32).view(np.uint8)
    return memory


def called(address: int, memory: Any, p: int, q: int) -> None:
    ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3)(address)(memory.ctypes.data, p, q)


def ours(text: str, path: Path, name: str) -> int:
    ir, titles = compiled(text, str(path), name)
    return int(objects._link(objects._machine_code(ir), name, titles).run.address)


def numbas(path: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run


class Whole(int):
    """An integer of 64 bits; division by 0 gives 0."""


def _wrapped(value: int, bits: int = 64) -> Whole:
    return Whole((value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1))


def _operation(function: Callable[[Any, Any], Any], back: bool) -> Callable[[Any, Any], Any]:
    def calculated(one: Any, two: Any) -> Any:
        left, right = (two, one) if back else (one, two)
        if isinstance(left, (float, np.floating)) or isinstance(right, (float, np.floating)):
            return function(np.float64(left), np.float64(right))
        if function is operator.truediv:
            return np.float64(int(left)) / np.float64(int(right))
        if function in (operator.floordiv, operator.mod):
            extreme = int(left) == -(2**63) and int(right) == -1
            return Whole(function(int(left), int(right)) if right and not extreme else 0)
        return _wrapped(function(int(left), int(right)))

    return calculated


for _name, _function in {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "and": operator.and_, "or": operator.or_,
    "xor": operator.xor, "lshift": operator.lshift, "rshift": operator.rshift,
}.items():  # fmt: skip
    setattr(Whole, f"__{_name}__", _operation(_function, False))
    setattr(Whole, f"__r{_name}__", _operation(_function, True))
Whole.__neg__ = lambda self: _wrapped(-int(self))  # type: ignore[method-assign, assignment]
Whole.__abs__ = lambda self: _wrapped(abs(int(self)))  # type: ignore[method-assign, assignment]


class View:
    """A view of memory as the text sees it."""

    def __init__(self, elements: Any) -> None:
        self.elements = elements

    def __getitem__(self, index: Any) -> Any:
        found = self.elements[index]
        if isinstance(found, np.ndarray):
            return View(found)
        return Whole(found) if found.dtype.kind in "iu" else found

    def __setitem__(self, index: int, value: Any) -> None:
        kind = self.elements.dtype
        if kind.kind in "iu":
            value = np.array(_wrapped(value), np.int64).astype(kind)
        self.elements[index] = value


def in_python(text: str, memory: Any, p: int, q: int) -> None:
    """Run the text with `Whole` for every integer literal and argument."""

    def view(kind: type) -> Callable[[Any, int, int], View]:
        return lambda m, lo, count: View(m.view(kind)[lo : lo + count])

    def as_is(function: Any) -> Any:
        return function

    import ast

    class Wrap(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.expr:
            name = {int: "Whole", float: "Number"}.get(type(node.value))
            call = ast.Call(ast.Name(name or "", ast.Load()), [node], [])
            return ast.copy_location(call, node) if name else node

    tree = Wrap().visit(ast.parse(text[text.index("@njit") :]))
    names = {
        f"{k.__name__}_view": view(k)
        for k in (np.int64, np.float64, np.uint8, np.int32, np.uint32, np.uint16, np.float32)
    }
    numpy = type("numpy", (), {
        "int64": Whole, "int32": lambda v: _wrapped(v, 32), "float64": np.float64})  # fmt: skip
    known = {
        **names, "cfunc": lambda *a, **k: as_is, "njit": lambda **k: as_is, "np": numpy,
        "Whole": Whole, "Number": np.float64, "int": lambda v: Whole(int(v)),
        "float": lambda v: np.float64(int(v)),
        "range": lambda *bounds: map(Whole, range(*map(int, bounds))),
        "select": lambda c, one, two: one if c else two,
    }  # fmt: skip
    exec(compile(ast.fix_missing_locations(tree), "program", "exec"), known)
    with np.errstate(all="ignore"):
        known["run"](memory, Whole(p), Whole(q))  # type: ignore[operator]


def same(one: Any, two: Any) -> bool:
    """Whether memories are the same; NaN is NaN."""
    floats = [(slice(128, 256), np.float64), (slice(464, 528), np.float32)]
    for part, kind in floats:
        left, right = one[part].view(kind), two[part].view(kind)
        nan = np.isnan(left) & np.isnan(right)
        if not ((left.view(f"i{left.itemsize}") == right.view(f"i{left.itemsize}")) | nan).all():
            return False
    integers = [slice(0, 128), slice(256, 464), slice(528, BYTES)]
    return all((one[part] == two[part]).all() for part in integers)


ARGUMENTS = [(0, 0), (5, -3), (-(2**63), -1), (2**40 + 7, 2**62)]


@pytest.mark.parametrize("seed", range(10))
def test_programs_do_what_python_does(tmp_path: Path, seed: int) -> None:
    text, path = Writer(seed, raw=False).text(), tmp_path / "program.py"
    path.write_text(text)
    address = ours(text, path, f"program_{seed}")
    for p, q in ARGUMENTS:
        found, expected = memory_of(seed), memory_of(seed)
        called(address, found, p, q)
        in_python(text, expected, p, q)
        assert same(found, expected), text


@pytest.mark.parametrize("seed", [1000])
def test_programs_do_what_numba_does(tmp_path: Path, seed: int) -> None:
    text, path = Writer(seed, raw=True).text(), tmp_path / "program.py"
    path.write_text(text)
    try:
        address = ours(text, path, f"program_{seed}")
    except Unsupported:
        return
    reference = numbas(path, f"numba_{seed}")
    for p, q in ARGUMENTS:
        found, expected = memory_of(seed), memory_of(seed)
        called(address, found, p, q)
        called(reference.address, expected, p, q)
        assert same(found, expected), text
