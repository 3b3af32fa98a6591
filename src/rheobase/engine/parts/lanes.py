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


def _eliminate_pairs(at, diagonal, right, factor, conductance, square, begin, end):
    """Eliminate nodes end - 1 ... begin, whose parents stand two places before them.

    What the next node gets does not go through memory, which would take longer than the addition.
    """
    builder, two = at.builder, ir.Constant(I64, 2)
    variables = [cgutils.alloca_once(builder, at.kind) for _ in range(4)]
    for back, (d, r) in ((1, variables[:2]), (2, variables[2:])):
        node = builder.sub(end, ir.Constant(I64, back))
        builder.store(at.load(diagonal, node), d)
        builder.store(at.load(right, node), r)
    pairs = builder.udiv(builder.sub(end, begin), two)
    with cgutils.for_range(builder, pairs) as loop:
        done = builder.mul(loop.index, two)
        for back, (d, r) in ((1, variables[:2]), (2, variables[2:])):
            node = builder.sub(builder.sub(end, ir.Constant(I64, back)), done)
            parent = builder.sub(node, two)
            own = builder.load(r)
            q = builder.fdiv(at.constant(1.0), builder.load(d))
            f = builder.fmul(at.number(conductance, node), q)
            minus = builder.fneg(at.number(square, node))
            builder.store(at.fma(minus, q, at.load(diagonal, parent)), d)
            builder.store(at.fma(f, own, at.load(right, parent)), r)
            at.store(f, factor, node)
            at.store(builder.fmul(own, q), right, node)
    for back, (d, r) in ((1, variables[:2]), (2, variables[2:])):
        node = builder.sub(begin, ir.Constant(I64, back))
        at.store(builder.load(d), diagonal, node)
        at.store(builder.load(r), right, node)


def _substitute_pairs(at, right, factor, begin, end):
    """Substitute into the same nodes, from `begin` on."""
    builder, two = at.builder, ir.Constant(I64, 2)
    solved = [cgutils.alloca_once(builder, at.kind) for _ in range(2)]
    for back, x in ((2, solved[0]), (1, solved[1])):
        builder.store(at.load(right, builder.sub(begin, ir.Constant(I64, back))), x)
    pairs = builder.udiv(builder.sub(end, begin), two)
    with cgutils.for_range(builder, pairs) as loop:
        first = builder.add(begin, builder.mul(loop.index, two))
        for more, x in enumerate(solved):
            node = builder.add(first, ir.Constant(I64, more))
            builder.store(at.fma(at.load(factor, node), builder.load(x), at.load(right, node)), x)
            at.store(builder.load(x), right, node)


def _signature(count):
    return types.void(*[types.int64] * count)


def arithmetic(lanes):
    """Return fill, extrapolate, root, and of one node and of pairs eliminate and substitute."""

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

    @intrinsic
    def eliminate_pairs(typing, diagonal, right, factor, conductance, square, begin, end):
        return _signature(7), doing(_eliminate_pairs)

    @intrinsic
    def substitute_pairs(typing, right, factor, begin, end):
        return _signature(4), doing(_substitute_pairs)

    return (
        fill, extrapolate, root, (eliminate, substitute), (eliminate_pairs, substitute_pairs),
    )  # fmt: skip
