"""Arithmetic on several cells at a time, one a lane of a vector register.

Each function works on the vectors of `lanes` float64 at addresses; a table of coefficients of the
nodes has one number for all lanes. LLVM gets vectors as such, so that nothing depends on what
its vectorizer makes of a loop. Every lane has the same bits as alone.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

DOUBLE, I64 = ir.DoubleType(), ir.IntType(64)


class Lanes:
    """Vectors of some length, while LLVM's instructions are put together."""

    def __init__(self, builder, lanes):
        self.builder, self.lanes = builder, lanes
        self.kind = DOUBLE if lanes == 1 else ir.VectorType(DOUBLE, lanes)

    def _pointer(self, address, index, size, kind):
        offset = self.builder.mul(index, ir.Constant(I64, 8 * size))
        return self.builder.inttoptr(self.builder.add(address, offset), kind.as_pointer())

    def load(self, address, index):
        """Return the vector at a place."""
        return self.builder.load(self._pointer(address, index, self.lanes, self.kind), align=8)

    def store(self, value, address, index):
        """Put a vector into a place."""
        self.builder.store(value, self._pointer(address, index, self.lanes, self.kind), align=8)

    def number(self, address, index):
        """Return one number of a table, in all lanes."""
        return self.spread(self.builder.load(self._pointer(address, index, 1, DOUBLE), align=8))

    def constant(self, value):
        """Return a literal, in all lanes."""
        return self.spread(ir.Constant(DOUBLE, value))

    def spread(self, value):
        """Return a number in all lanes."""
        if self.lanes == 1:
            return value
        vector = ir.Constant(self.kind, ir.Undefined)
        zero = ir.Constant(ir.IntType(32), 0)
        vector = self.builder.insert_element(vector, value, zero)
        places = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(vector, ir.Constant(self.kind, ir.Undefined), places)

    def fma(self, a, b, c):
        """a*b + c with one rounding."""
        suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
        signature = ir.FunctionType(self.kind, [self.kind] * 3)
        function = cgutils.get_or_insert_function(
            self.builder.module, signature, f"llvm.fma.{suffix}"
        )
        return self.builder.call(function, [a, b, c])


def _fill(at, diagonal, right, node, capacitance, total, member, rates, v, source, rate):
    zero = ir.Constant(I64, 0)
    c, reciprocal = at.number(capacitance, member), at.load(rates, zero)
    sum_ = at.builder.fadd(reciprocal, at.load(rate, member))
    at.store(at.fma(c, sum_, at.number(total, member)), diagonal, node)
    pushed = at.fma(at.load(v, member), reciprocal, at.load(source, member))
    at.store(at.builder.fmul(c, pushed), right, node)


def _eliminate(at, diagonal, right, factor, conductance, square, node, parent):
    r = at.load(right, node)
    q = at.builder.fdiv(at.constant(1.0), at.load(diagonal, node))
    f = at.builder.fmul(at.number(conductance, node), q)
    minus = at.builder.fneg(at.number(square, node))
    at.store(at.fma(minus, q, at.load(diagonal, parent)), diagonal, parent)
    at.store(at.fma(f, r, at.load(right, parent)), right, parent)
    at.store(f, factor, node)
    at.store(at.builder.fmul(r, q), right, node)


def _root(at, diagonal, right, node):
    q = at.builder.fdiv(at.constant(1.0), at.load(diagonal, node))
    at.store(at.builder.fmul(at.load(right, node), q), right, node)


def _substitute(at, right, factor, node, parent):
    solved = at.fma(at.load(factor, node), at.load(right, parent), at.load(right, node))
    at.store(solved, right, node)


def _extrapolate(at, right, node, v, member, weights, shares):
    zero = ir.Constant(I64, 0)
    kept = at.builder.fmul(at.load(shares, zero), at.load(v, member))
    at.store(at.fma(at.load(weights, zero), at.load(right, node), kept), v, member)


def _signature(count):
    return types.void(*[types.int64] * count)


def arithmetic(lanes):
    """Return fill, eliminate, root, substitute and extrapolate for some lanes."""

    def doing(work):
        def generate(context, builder, signature, arguments):
            work(Lanes(builder, lanes), *arguments)
            return context.get_dummy_value()

        return generate

    @intrinsic
    def fill(typing, diagonal, right, node, capacitance, total, member, rates, v, source, rate):
        return _signature(10), doing(_fill)

    @intrinsic
    def eliminate(typing, diagonal, right, factor, conductance, square, node, parent):
        return _signature(7), doing(_eliminate)

    @intrinsic
    def root(typing, diagonal, right, node):
        return _signature(3), doing(_root)

    @intrinsic
    def substitute(typing, right, factor, node, parent):
        return _signature(4), doing(_substitute)

    @intrinsic
    def extrapolate(typing, right, node, v, member, weights, shares):
        return _signature(6), doing(_extrapolate)

    return fill, eliminate, root, substitute, extrapolate
