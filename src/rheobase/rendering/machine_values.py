"""Variables, expressions and calls of the functions that `machine.py` compiles."""

from __future__ import annotations

import ast
import builtins
import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic

from rheobase.rendering import intrinsics
from rheobase.rendering.kinds import (
    COMPARISONS,
    OPERATORS,
    Array,
    Scalar,
    Unsupported,
    arithmetic,
    as_kind,
    comparison,
    llvm_type,
    stored_kind,
    unified,
)
from rheobase.rendering.primitives import SCRATCH

_I64 = ir.IntType(64)
_VIEWS: dict[Any, Any] = {
    intrinsics.float64_view: types.float64, intrinsics.float32_view: types.float32,
    intrinsics.int64_view: types.int64, intrinsics.int32_view: types.int32,
    intrinsics.uint64_view: types.uint64, intrinsics.uint32_view: types.uint32,
    intrinsics.uint16_view: types.uint16, intrinsics.uint8_view: types.uint8,
}  # fmt: skip
_CASTS: dict[Any, Any] = {
    int: types.int64, float: types.float64, np.int64: types.int64, np.uint64: types.uint64,
    np.uint32: types.uint32, np.int32: types.int32, np.float64: types.float64,
}  # fmt: skip
_SIGNS: dict[type, Any] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert,
}  # fmt: skip


class _Context:
    """What intrinsics ask of numba's context."""

    def get_dummy_value(self) -> None:
        """Return the value of what has none."""

    def __getattr__(self, name: str) -> Any:
        raise Unsupported(f"an operation of the machine that asks for {name!r}")


class Variable:
    """A local variable: memory of one kind, or of the pointer and length of a view."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.array = value.kind if isinstance(value, Array) else None
        self.kind = types.int64 if self.array is not None else stored_kind(value)
        with builder.goto_entry_block():
            if self.array is not None:
                self.pointer = builder.alloca(llvm_type(self.array).as_pointer())
                self.length = builder.alloca(_I64)
            else:
                self.memory = builder.alloca(llvm_type(self.kind))

    def set(self, builder: Any, value: Any) -> None:
        """Assign to the variable."""
        if self.array is not None:
            if not isinstance(value, Array) or value.kind != self.array:
                raise Unsupported("a variable is a view and something else")
            builder.store(value.pointer, self.pointer)
            builder.store(value.length, self.length)
            return
        if isinstance(value, Array) or unified(stored_kind(value), self.kind) != self.kind:
            raise Unsupported("a variable changes its kind")
        builder.store(as_kind(builder, value, self.kind).value, self.memory)

    def get(self, builder: Any) -> Any:
        """Return its value."""
        if self.array is not None:
            return Array(builder.load(self.pointer), builder.load(self.length), self.array)
        return Scalar(builder.load(self.memory), self.kind)


@dataclass
class Loop:
    """A loop that is being compiled: where `continue` and `break` go, and if there is a `break`."""

    again: Any
    after: Any
    left: bool = False


@dataclass
class Frame:
    """A call that is being compiled: where its names are found and where it returns to."""

    function: FunctionType
    names: dict[str, Any]
    end: Any
    results: list[Variable] | Variable | None = None
    returned: bool = False

    def resolve(self, name: str) -> Any:
        """Return what a name stands for that is no variable."""
        function = self.function
        free = function.__code__.co_freevars
        if name in free and function.__closure__ is not None:
            return function.__closure__[free.index(name)].cell_contents
        if name in function.__globals__:
            return function.__globals__[name]
        try:
            return getattr(builtins, name)
        except AttributeError:
            raise Unsupported(f"no {name!r}") from None


@cache
def _functions_in(path: str) -> dict[int, ast.FunctionDef]:
    """Return the functions of a file by the line in which each begins."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Unsupported(str(error)) from None
    return {
        min([node.lineno, *(d.lineno for d in node.decorator_list)]): node
        for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
    }  # fmt: skip


def definition_of(function: FunctionType) -> ast.FunctionDef:
    """Return the text of a function."""
    code = function.__code__
    try:
        return _functions_in(code.co_filename)[code.co_firstlineno]
    except KeyError:
        raise Unsupported(f"no source of {function.__name__!r}") from None


@cache
def _assigned(node: ast.FunctionDef) -> frozenset[str]:
    return frozenset(
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )


def _fits(value: Any) -> bool:
    """Return whether a literal is an int64 or a float, as it is when it is calculated late."""
    return isinstance(value, float) or (isinstance(value, int) and -(2**63) <= value < 2**63)


class Expressions(ABC):
    """What gives values, while functions are put together in one LLVM module.

    Parameters
    ----------
    name : str
        Of the module.
    """

    def __init__(self, name: str) -> None:
        self.module = ir.Module(name)
        self._builder: Any = None
        self._frames: list[Frame] = []
        self._loops: list[Loop] = []
        self._context = _Context()

    @abstractmethod
    def _run(self, statements: Sequence[ast.stmt]) -> None:
        """Compile statements."""

    def _set(self, name: str, value: Any) -> None:
        """Assign to a local variable."""
        names = self._frames[-1].names
        if isinstance(value, tuple):
            if name in names and not isinstance(names[name], tuple):
                raise Unsupported("a variable is a tuple and something else")
            if name not in names:
                names[name] = tuple(Variable(self._builder, part) for part in value)
            for variable, part in zip(names[name], value, strict=True):
                variable.set(self._builder, part)
            return
        if not isinstance(names.get(name), Variable):
            if name in names:
                raise Unsupported("a variable is a tuple and something else")
            names[name] = Variable(self._builder, value)
        names[name].set(self._builder, value)

    def _go(self, block: Any) -> None:
        """Go to a block, unless what stands here never ends."""
        if not self._builder.block.is_terminated:
            self._builder.branch(block)

    # -- expressions ----------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Any:
        """Return a Python constant or function, a `Scalar`, an `Array`, or a tuple of these."""
        handler = getattr(self, f"_of_{type(node).__name__}", None)
        if handler is None:
            raise Unsupported(f"an expression {type(node).__name__}")
        return handler(node)

    def _of_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def _of_Name(self, node: ast.Name) -> Any:
        frame = self._frames[-1]
        if node.id not in frame.names:
            if node.id in _assigned(definition_of(frame.function)):
                raise Unsupported(f"{node.id!r} before it has a value")
            found = frame.resolve(node.id)
        else:
            found = frame.names[node.id]
        if isinstance(found, Variable):
            return found.get(self._builder)
        if isinstance(found, tuple):
            return tuple(p.get(self._builder) if isinstance(p, Variable) else p for p in found)
        return found

    def _of_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self._value(part) for part in node.elts)

    def _of_Attribute(self, node: ast.Attribute) -> Any:
        value = self._value(node.value)
        if isinstance(value, Array):
            if node.attr != "size":
                raise Unsupported(f"the attribute {node.attr!r} of a view")
            return Scalar(value.length, types.int64)
        if isinstance(value, Scalar):
            raise Unsupported("an attribute of a number")
        return getattr(value, node.attr)

    def _of_Subscript(self, node: ast.Subscript) -> Any:
        value = self._value(node.value)
        if isinstance(value, tuple):
            index = self._value(node.slice)
            if not isinstance(index, int):
                raise Unsupported("an index of a tuple that is no literal")
            return value[index]
        if not isinstance(value, Array):
            raise Unsupported("an element of no view")
        builder = self._builder
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                raise Unsupported("a slice with a step")
            ends = node.slice.lower, node.slice.upper
            lower = _I64(0) if ends[0] is None else self._end(ends[0], value.length)
            upper = value.length if ends[1] is None else self._end(ends[1], value.length)
            pointer = builder.gep(value.pointer, [lower], inbounds=True)
            return Array(pointer, builder.sub(upper, lower), value.kind)
        place = builder.gep(value.pointer, [self._index(node.slice)], inbounds=True)
        return Scalar(builder.load(place), value.kind)

    def _index_value(self, node: ast.expr) -> Any:
        value = self._value(node)
        if isinstance(value, int) and value < 0:
            raise Unsupported("an index from the end")
        return value

    def _index(self, node: ast.expr) -> Any:
        value = self._index_value(node)
        if isinstance(value, Scalar) and value.kind == types.uint64:
            return value.value
        return self._int64(value)

    def _end(self, node: ast.expr, length: Any) -> Any:
        """Return an end of a slice, which is not beyond that of the view."""
        builder, index = self._builder, self._int64(self._index_value(node))
        return builder.select(builder.icmp_signed("<", index, length), index, length)

    def _int64(self, value: Any) -> Any:
        if isinstance(value, float) or (
            isinstance(value, Scalar) and not isinstance(value.kind, types.Integer)
        ):
            raise Unsupported("an index that is no integer")
        return as_kind(self._builder, value, types.int64).value

    def _of_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self._value(node.operand)
        builder = self._builder
        if isinstance(node.op, ast.Not):
            truth = self._truth(value)
            if isinstance(truth, bool):
                return not truth
            return Scalar(builder.not_(truth.value), types.boolean)
        if not isinstance(value, Scalar):
            found = _SIGNS[type(node.op)](value)
            if not _fits(found):
                raise Unsupported("an integer of more than 64 bits")
            return found
        if isinstance(node.op, ast.Invert):
            if value.kind != types.boolean:
                raise Unsupported("~ of a number")
            return Scalar(builder.not_(value.value), types.boolean)
        if not isinstance(node.op, ast.USub):
            return value
        if isinstance(value.kind, types.Float):
            return Scalar(builder.fneg(value.value), value.kind)
        if value.kind != types.boolean and not value.kind.signed:
            raise Unsupported("an unsigned number with a minus")
        number = as_kind(builder, value, types.int64)
        return Scalar(builder.neg(number.value), types.int64)

    def _of_BinOp(self, node: ast.BinOp) -> Any:
        return self._binary(node.op, self._value(node.left), self._value(node.right))

    def _binary(self, kind_of: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            with suppress(ArithmeticError, ValueError):
                found = OPERATORS[type(kind_of)](left, right)
                if _fits(found):
                    return found
        return arithmetic(self._builder, type(kind_of), left, right)

    def _of_Compare(self, node: ast.Compare) -> Any:
        left, right = self._value(node.left), self._value(node.comparators[0])
        if len(node.ops) > 1:
            return self._chain(node, left, right)
        if isinstance(left, Scalar) or isinstance(right, Scalar):
            return comparison(self._builder, type(node.ops[0]), left, right)
        if type(node.ops[0]) not in COMPARISONS:
            raise Unsupported(f"the comparison {type(node.ops[0]).__name__}")
        return COMPARISONS[type(node.ops[0])](left, right)

    def _chain(self, node: ast.Compare, left: Any, right: Any) -> Scalar:
        """Return a < b < c, the third operand and those after it only where they matter."""
        builder = self._builder
        with builder.goto_entry_block():
            memory = builder.alloca(ir.IntType(1))
        after = builder.append_basic_block("after")
        found = comparison(builder, type(node.ops[0]), left, right).value
        for sign, operand in zip(node.ops[1:], node.comparators[1:], strict=True):
            builder.store(found, memory)
            more = builder.append_basic_block("more")
            builder.cbranch(found, more, after)
            builder.position_at_end(more)
            left, right = right, self._value(operand)
            found = comparison(builder, type(sign), left, right).value
        builder.store(found, memory)
        builder.branch(after)
        builder.position_at_end(after)
        return Scalar(builder.load(memory), types.boolean)

    def _truth(self, value: Any) -> Any:
        """Return True, False, or a boolean `Scalar`."""
        if not isinstance(value, Scalar):
            if isinstance(value, (bool, int, float)):
                return bool(value)
            raise Unsupported("the truth of something else than a number")
        if value.kind == types.boolean:
            return value
        return comparison(self._builder, ast.NotEq, value, 0)

    def _of_BoolOp(self, node: ast.BoolOp) -> Any:
        """`and`, `or`, the second operand only where it matters."""
        builder, both = self._builder, isinstance(node.op, ast.And)
        values = list(node.values)
        first = self._boolean(self._value(values.pop(0)))
        with builder.goto_entry_block():
            memory = builder.alloca(ir.IntType(1))
        after = builder.append_basic_block("after")
        builder.store(first, memory)
        for operand in values:
            more = builder.append_basic_block("more")
            known = builder.load(memory)
            builder.cbranch(known, *((more, after) if both else (after, more)))
            builder.position_at_end(more)
            builder.store(self._boolean(self._value(operand)), memory)
        builder.branch(after)
        builder.position_at_end(after)
        return Scalar(builder.load(memory), types.boolean)

    def _boolean(self, value: Any) -> Any:
        if isinstance(value, bool):
            return ir.IntType(1)(value)
        if not isinstance(value, Scalar) or value.kind != types.boolean:
            raise Unsupported("`and` or `or` of numbers")
        return value.value

    def _of_IfExp(self, node: ast.IfExp) -> Any:
        condition = self._truth(self._value(node.test))
        if isinstance(condition, bool):
            return self._value(node.body if condition else node.orelse)
        builder = self._builder
        after = builder.append_basic_block("after")
        ends, found = [], []
        blocks = [builder.append_basic_block(n) for n in ("then", "otherwise")]
        builder.cbranch(condition.value, *blocks)
        for block, branch in zip(blocks, (node.body, node.orelse), strict=True):
            builder.position_at_end(block)
            found.append(self._value(branch))
            ends.append(builder.block)
        if any(isinstance(value, (Array, tuple)) for value in found):
            raise Unsupported("a choice between views")
        kind = unified(stored_kind(found[0]), stored_kind(found[1]))
        values = []
        for end, value in zip(ends, found, strict=True):
            builder.position_at_end(end)
            values.append(as_kind(builder, value, kind).value)
            builder.branch(after)
        builder.position_at_end(after)
        chosen = builder.phi(llvm_type(kind))
        for end, value in zip(ends, values, strict=True):
            chosen.add_incoming(value, end)
        return Scalar(chosen, kind)

    # -- calls ----------------------------------------------------------------------------------

    def _of_Call(self, node: ast.Call) -> Any:
        function = self._value(node.func)
        if node.keywords:
            raise Unsupported("named arguments")
        arguments: list[Any] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                arguments += self._value(argument.value)
            else:
                arguments.append(self._value(argument))
        return self._call(function, arguments)

    def _call(self, function: Any, arguments: list[Any]) -> Any:
        if isinstance(function, Dispatcher):
            return self._call_function(function.py_func, arguments)
        if isinstance(function, FunctionType):
            return self._call_function(function, arguments)
        if isinstance(function, _Intrinsic):
            return self._call_intrinsic(function, arguments)
        if isinstance(function, types.ExternalFunction):
            return self._call_external(function, arguments)
        if function in _CASTS and len(arguments) == 1:
            return self._cast(arguments[0], function)
        if function in (abs, min, max):
            return self._call_builtin(function, arguments)
        raise Unsupported(f"a call of {function!r}")

    def _cast(self, value: Any, function: Any) -> Any:
        kind = value.kind if isinstance(value, Scalar) else None
        if function is int and isinstance(kind, types.Integer):
            return value
        if function is float and kind == types.float32:
            raise Unsupported("float() of a float32")
        return as_kind(self._builder, value, _CASTS[function])

    def _call_builtin(self, function: Any, arguments: list[Any]) -> Any:
        builder = self._builder
        if function is abs:
            (value,) = arguments
            if not isinstance(value, Scalar):
                value = as_kind(builder, value, stored_kind(value))
            if isinstance(value.kind, types.Float):
                return self._call_intrinsic(intrinsics.fabs, [value])
            if value.kind == types.boolean:
                raise Unsupported("abs() of a condition")
            if not value.kind.signed:
                return value
            number = as_kind(builder, value, types.int64)
            less = comparison(builder, ast.Lt, number, 0)
            chosen = builder.select(less.value, builder.neg(number.value), number.value)
            return Scalar(chosen, types.int64)
        first, second = (as_kind(builder, a, types.int64) for a in arguments)
        if any(unified(stored_kind(a), types.int64) != types.int64 for a in arguments):
            raise Unsupported("the smaller of two numbers that are no integers")
        sign = ast.Lt if function is min else ast.Gt
        takes_second = comparison(builder, sign, second, first)
        chosen = builder.select(takes_second.value, second.value, first.value)
        return Scalar(chosen, types.int64)

    def _call_external(self, function: Any, arguments: list[Any]) -> None:
        signature = function.sig
        kind = ir.FunctionType(ir.VoidType(), [llvm_type(a) for a in signature.args])
        name = function.symbol
        found = self.module.globals.get(name) or ir.Function(self.module, kind, name)
        values = [as_kind(self._builder, a, k).value
                  for a, k in zip(arguments, signature.args, strict=True)]  # fmt: skip
        self._builder.call(found, values)

    def _call_intrinsic(self, function: Any, arguments: list[Any]) -> Any:
        builder = self._builder
        if function in _VIEWS:
            kind = _VIEWS[function]
            address, lo, count = (self._int64(a) for a in arguments)
            begin = builder.add(address, builder.mul(lo, _I64(kind.bitwidth // 8)))
            pointer = builder.inttoptr(begin, llvm_type(kind).as_pointer())
            return Array(pointer, count, kind)
        if function is intrinsics.scratch:
            with builder.goto_entry_block():
                pointer = builder.alloca(ir.DoubleType(), size=_I64(SCRATCH))
            return Array(pointer, _I64(SCRATCH), types.float64)
        if function is intrinsics.scratch_words:
            with builder.goto_entry_block():
                pairs = builder.alloca(_I64, size=_I64(SCRATCH // 2))
                words = builder.bitcast(pairs, ir.IntType(32).as_pointer())
            return (
                Array(words, _I64(SCRATCH), types.uint32),
                Array(pairs, _I64(SCRATCH // 2), types.uint64),
            )
        if any(isinstance(a, (Array, tuple)) for a in arguments):
            raise Unsupported("a view handed to an operation of the machine")
        kinds = [stored_kind(a, exact=True) for a in arguments]
        signature, generate = function._defn(None, *kinds)
        values = [as_kind(builder, a, k).value
                  for a, k in zip(arguments, signature.args, strict=True)]  # fmt: skip
        found = generate(self._context, builder, signature, values)
        if signature.return_type == types.void:
            return None
        return Scalar(found, signature.return_type)

    def _call_function(self, function: FunctionType, arguments: list[Any]) -> Any:
        """Compile a function into the one that calls it."""
        if len(self._frames) > 40:
            raise Unsupported("functions that call themselves")
        node = definition_of(function)
        own = node.args
        if own.vararg or own.kwarg or own.kwonlyargs or own.posonlyargs or own.defaults:
            raise Unsupported("arguments with default values")
        parameters = [a.arg for a in own.args]
        if len(parameters) != len(arguments):
            raise Unsupported("a wrong number of arguments")
        frame = Frame(function, {}, self._builder.append_basic_block("end"))
        with self._inside(frame):
            for name, value in zip(parameters, arguments, strict=True):
                if name in _assigned(node):
                    self._set(name, value)
                else:
                    frame.names[name] = value
            self._run(node.body)
            if frame.results is not None and not self._builder.block.is_terminated:
                raise Unsupported("a function that returns something and nothing")
            self._go(frame.end)
        self._builder.position_at_end(frame.end)
        if isinstance(frame.results, list):
            return tuple(part.get(self._builder) for part in frame.results)
        return frame.results.get(self._builder) if frame.results is not None else None

    @contextmanager
    def _inside(self, frame: Frame) -> Iterator[None]:
        loops, self._loops = self._loops, []
        self._frames.append(frame)
        yield
        self._frames.pop()
        self._loops = loops
