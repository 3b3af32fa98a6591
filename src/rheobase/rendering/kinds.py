"""Kinds of numbers in `machine.py`, and arithmetic between them as numba defines it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba import types as types_of_numba

types: Any = types_of_numba  # without types of its own


class Unsupported(Exception):
    """Something is written in a way that only numba compiles."""


@dataclass(frozen=True)
class Scalar:
    """A number in a register: LLVM's value and its kind (a type of numba)."""

    value: Any
    kind: Any


@dataclass(frozen=True)
class Array:
    """A view of memory: pointer to and kind of its elements, and how many there are."""

    pointer: Any
    length: Any
    kind: Any


OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.Pow: operator.pow,
}  # fmt: skip
COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_OF_FLOATS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_OF_INTEGERS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitAnd: "and_",
                ast.BitOr: "or_", ast.BitXor: "xor"}  # fmt: skip
_NUMPY = {np.int64: types.int64, np.uint64: types.uint64, np.int32: types.int32,
          np.uint32: types.uint32, np.float64: types.float64}  # fmt: skip


def llvm_type(kind: Any) -> Any:
    """Return the type of LLVM of a kind."""
    if kind == types.boolean:
        return ir.IntType(1)
    if kind == types.float64:
        return ir.DoubleType()
    if kind == types.float32:
        return ir.FloatType()
    if isinstance(kind, types.Integer):
        return ir.IntType(kind.bitwidth)
    raise Unsupported(f"numbers of the kind {kind}")


def stored_kind(value: Any, exact: bool = False) -> Any:
    """Return the kind of a value, or with `exact` false of a variable that holds it."""
    if isinstance(value, Scalar):
        kind = value.kind
        return types.int64 if kind == types.int32 and not exact else kind
    if isinstance(value, bool):
        return types.boolean
    if type(value) in _NUMPY:
        return _NUMPY[type(value)]
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise Unsupported("an integer of more than 64 bits")
        return types.int64 if value < 2**63 else types.uint64
    if isinstance(value, float):
        return types.float64
    raise Unsupported(f"{type(value).__name__} as a number")


def unified(one: Any, other: Any) -> Any:
    """Return the kind of a variable that holds both."""
    if one == other:
        return one
    integers = [kind for kind in (one, other) if isinstance(kind, types.Integer)]
    signed = any(kind.signed for kind in integers)
    if len(integers) == 2 and signed and types.uint64 not in integers:
        return types.int64
    if types.float64 in (one, other) and len(integers) == 1:
        return types.float64
    raise Unsupported(f"{one} and {other} in one place")


def as_kind(builder: Any, value: Any, kind: Any) -> Scalar:
    """Return a value converted to a kind."""
    if not isinstance(value, Scalar):
        return _constant(value, kind)
    if value.kind == kind:
        return value
    target, number = llvm_type(kind), value.value
    from_float = isinstance(value.kind, types.Float)
    unsigned = value.kind == types.boolean or not getattr(value.kind, "signed", True)
    if isinstance(kind, types.Float):
        if from_float:
            change = builder.fpext if kind == types.float64 else builder.fptrunc
        else:
            change = builder.uitofp if unsigned else builder.sitofp
        return Scalar(change(number, target), kind)
    if kind == types.boolean:
        raise Unsupported("a number as a condition")
    if from_float:
        change = builder.fptosi if kind.signed else builder.fptoui
        return Scalar(change(number, target), kind)
    width = 1 if value.kind == types.boolean else value.kind.bitwidth
    if width == kind.bitwidth:
        return Scalar(number, kind)
    if width > kind.bitwidth:
        return Scalar(builder.trunc(number, target), kind)
    return Scalar((builder.zext if unsigned else builder.sext)(number, target), kind)


def _constant(value: Any, kind: Any) -> Scalar:
    target = llvm_type(kind)
    if not isinstance(value, (bool, int, float, np.number)):
        raise Unsupported(f"{type(value).__name__} as a number")
    if isinstance(kind, types.Float):
        return Scalar(ir.Constant(target, float(value)), kind)
    if isinstance(value, (float, np.floating)):
        raise Unsupported("a float as an integer")
    if kind == types.boolean and not isinstance(value, bool):
        raise Unsupported("a number as a condition")
    return Scalar(ir.Constant(target, int(value)), kind)


def _common(left: Any, right: Any) -> Any:
    """Return the kind that two numbers are calculated in."""
    one, other = stored_kind(left, exact=True), stored_kind(right, exact=True)
    floats = [kind for kind in (one, other) if isinstance(kind, types.Float)]
    if floats:
        if types.float32 in floats and (
            types.boolean in (one, other) or types.uint8 in (one, other)
        ):
            raise Unsupported("a float32 and a number of 8 bits")
        both = one == other == types.float32
        return types.float32 if both else types.float64
    if one == other == types.boolean:
        return types.boolean
    kinds = [types.int64 if k == types.boolean else k for k in (one, other)]
    signed = [k for k in kinds if k.signed]
    if types.uint64 in kinds:
        if signed:
            raise Unsupported("an unsigned number and one with a sign")
        return types.uint64
    unsigned = len(kinds) == 2 and not signed
    return types.uint64 if unsigned else types.int64


def arithmetic(builder: Any, kind_of: type, left: Any, right: Any) -> Scalar:
    """Return left OPERATOR right."""
    if kind_of in (ast.LShift, ast.RShift):
        return _shifted(builder, kind_of is ast.LShift, left, right)
    kind = _common(left, right)
    if kind_of is ast.Div and not isinstance(kind, types.Float):
        kind = types.float64
    if kind == types.boolean and kind_of not in (ast.BitAnd, ast.BitOr, ast.BitXor):
        kind = types.int64
    a, b = as_kind(builder, left, kind).value, as_kind(builder, right, kind).value
    if isinstance(kind, types.Float):
        if kind_of not in _OF_FLOATS:
            raise Unsupported(f"{kind_of.__name__} of floats")
        return Scalar(getattr(builder, _OF_FLOATS[kind_of])(a, b), kind)
    if kind_of in _OF_INTEGERS:
        return Scalar(getattr(builder, _OF_INTEGERS[kind_of])(a, b), kind)
    if kind_of not in (ast.FloorDiv, ast.Mod) or not kind.signed:
        raise Unsupported(f"{kind_of.__name__} of integers")
    return Scalar(_divided(builder, kind_of is ast.Mod, a, b), kind)


def _shifted(builder: Any, to_left: bool, left: Any, right: Any) -> Scalar:
    """Return left << right or left >> right, of which `left` alone says whether it has a sign."""
    one, other = stored_kind(left, exact=True), stored_kind(right, exact=True)
    if isinstance(one, types.Float) or isinstance(other, types.Float):
        raise Unsupported("a float that is shifted")
    if not isinstance(right, Scalar) and not 0 <= right < 64:
        raise Unsupported("a shift by a number that is not within 0 ... 63")
    signed = one == types.boolean or one.signed
    kind = types.int64 if signed else types.uint64
    a, b = as_kind(builder, left, kind).value, as_kind(builder, right, types.int64).value
    change = builder.shl if to_left else builder.ashr if signed else builder.lshr
    return Scalar(change(a, b), kind)


def _divided(builder: Any, remainder: bool, a: Any, b: Any) -> Any:
    """Return a // b or a % b, rounded down as in Python; 0 where b is 0 or 64 bits are too few."""
    zero = ir.Constant(a.type, 0)
    least = builder.icmp_signed("==", a, ir.Constant(a.type, -(2 ** (a.type.width - 1))))
    beyond = builder.and_(least, builder.icmp_signed("==", b, ir.Constant(a.type, -1)))
    nothing = builder.or_(builder.icmp_signed("==", b, zero), beyond)
    divisor = builder.select(nothing, ir.Constant(a.type, 1), b)
    quotient, rest = builder.sdiv(a, divisor), builder.srem(a, divisor)
    differ = builder.icmp_signed("<", builder.xor(a, divisor), zero)
    down = builder.and_(differ, builder.icmp_signed("!=", rest, zero))
    if remainder:
        found = builder.add(rest, builder.select(down, divisor, zero))
    else:
        found = builder.sub(quotient, builder.zext(down, a.type))
    return builder.select(nothing, zero, found)


def comparison(builder: Any, kind_of: type, left: Any, right: Any) -> Scalar:
    """Return left COMPARED WITH right."""
    if kind_of not in _SIGNS:
        raise Unsupported(f"the comparison {kind_of.__name__}")
    sign = _SIGNS[kind_of]
    literals = [x for x in (left, right) if type(x) is int and x >= 0]
    whole = [x for x in (left, right) if isinstance(x, Scalar) and x.kind == types.uint64]
    kind = types.uint64 if whole and literals else _common(left, right)
    a, b = as_kind(builder, left, kind).value, as_kind(builder, right, kind).value
    if isinstance(kind, types.Float):
        compare = builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered
    else:
        signed = kind != types.boolean and kind.signed
        compare = builder.icmp_signed if signed else builder.icmp_unsigned
    return Scalar(compare(sign, a, b), types.boolean)
