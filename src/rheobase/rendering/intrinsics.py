"""Machine operations that numba has no spelling for, callable inside compiled functions.

Everything here becomes one or a few LLVM instructions where it is called; nothing is compiled
by itself. The module imports numba at the top, so import it only where numba is used.

The arithmetic ones (`fma`, `select`, `float_to_bits` ...) are the primitives that `functions.py`
is written in; each has a NumPy equal there with the same bits. The others are what kernels that
are called by address need: views of memory, calls, prefetching.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from rheobase.rendering.primitives import SCRATCH

# these parts of numba carry no types
_function_in: Any = cgutils.get_or_insert_function
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array

_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_DOUBLE = ir.DoubleType()
_SIGN_BIT = -(2**63)


def _unary(name: str) -> Any:
    """An intrinsic float64 -> float64 that is LLVM's `llvm.NAME.f64`."""

    def typed(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            declared = builder.module.declare_intrinsic(f"llvm.{name}", [_DOUBLE])
            return builder.call(declared, arguments)

        return types.float64(types.float64), generate

    typed.__name__ = name
    return intrinsic(typed)


floor = _unary("floor")
ceil = _unary("ceil")
trunc = _unary("trunc")
sqrt = _unary("sqrt")
fabs = _unary("fabs")
rint = _unary("rint")  # to the nearest integer, halves to even


@intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """`a*b + c` with one rounding."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@intrinsic
def copysign(typing_context: Any, size: Any, sign: Any) -> Any:
    """`size` with the sign bit of `sign`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        size_bits, sign_bits = (builder.bitcast(x, _I64) for x in arguments)
        mask = ir.Constant(_I64, _SIGN_BIT)
        kept = builder.and_(size_bits, builder.not_(mask))
        return builder.bitcast(builder.or_(kept, builder.and_(sign_bits, mask)), _DOUBLE)

    return types.float64(types.float64, types.float64), generate


@intrinsic
def float_to_bits(typing_context: Any, x: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _I64)

    return types.int64(types.float64), generate


@intrinsic
def bits_to_float(typing_context: Any, bits: Any) -> Any:
    """The float64 whose bits are those of an int64 (or uint64)."""
    kind = types.uint64 if bits == types.uint64 else types.int64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _DOUBLE)

    return types.float64(kind), generate


@intrinsic
def shift_right(typing_context: Any, bits: Any, places: Any) -> Any:
    """An int64 shifted right, zeros coming in from the left."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.lshr(*arguments)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def unsigned(typing_context: Any, x: Any) -> Any:
    """An integer as a uint64; a negative one modulo 2**64."""
    kind = types.uint64 if x == types.uint64 else types.int64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return arguments[0]

    return types.uint64(kind), generate


@intrinsic
def select(typing_context: Any, condition: Any, if_true: Any, if_false: Any) -> Any:
    """`if_true if condition else if_false` without a branch; float64, int64, uint32 or boolean."""
    kind: Any = types.float64
    if if_true == types.uint32 and if_false == types.uint32:
        kind = types.uint32
    elif isinstance(if_true, types.Boolean) and isinstance(if_false, types.Boolean):
        kind = types.boolean
    elif isinstance(if_true, types.Integer) and isinstance(if_false, types.Integer):
        kind = types.int64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return kind(types.boolean, kind, kind), generate


@intrinsic
def prefetch(typing_context: Any, address: Any) -> Any:
    """Ask for the cache line at an address (an int64), to be read soon; never faults."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte_pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte_pointer, _I32, _I32, _I32])
        call = _function_in(builder.module, kind, "llvm.prefetch.p0")
        pointer = builder.inttoptr(arguments[0], byte_pointer)
        read, everywhere, data = (ir.Constant(_I32, k) for k in (0, 3, 1))
        builder.call(call, [pointer, read, everywhere, data])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def wide_vectors(typing_context: Any) -> Any:
    """Let LLVM use 512-bit vectors in the calling function, where the machine has them.

    By default it takes 256 bits on machines that have both; for loops of arithmetic the wide ones
    are a quarter faster, with the same bits. Only this function is marked, nothing global set.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # llvmlite checks the names of attributes that it knows; this one is a plain string
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


def _view(name: str, dtype: Any) -> Any:
    """An intrinsic `(address, lo, n)` -> array: elements lo .. lo+n of the `dtype` memory there."""
    array_type = types.Array(dtype, 1, "C")
    itemsize = dtype.bitwidth // 8

    def typed(typing_context: Any, address: Any, lo: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address, lo, n = arguments
            size = ir.Constant(_I64, itemsize)
            begin = builder.add(address, builder.mul(lo, size))
            array = _make_array(array_type)(context, builder)
            pointer = builder.inttoptr(begin, context.get_data_type(dtype).as_pointer())
            _populate_array(array, pointer, [n], [size], size, None)
            return array._getvalue()

        return array_type(types.int64, types.int64, types.int64), generate

    typed.__name__ = name
    return intrinsic(typed)


float64_view = _view("float64_view", types.float64)
float32_view = _view("float32_view", types.float32)
int64_view = _view("int64_view", types.int64)
int32_view = _view("int32_view", types.int32)
uint64_view = _view("uint64_view", types.uint64)
uint32_view = _view("uint32_view", types.uint32)
uint16_view = _view("uint16_view", types.uint16)
uint8_view = _view("uint8_view", types.uint8)


@intrinsic
def scratch(typing_context: Any) -> Any:
    """An array of `SCRATCH` float64 on the stack of the calling function, uninitialized."""
    array_type = types.Array(types.float64, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        size, itemsize = ir.Constant(_I64, SCRATCH), ir.Constant(_I64, 8)
        with builder.goto_entry_block():
            pointer = builder.alloca(_DOUBLE, size=size)
        array = _make_array(array_type)(context, builder)
        _populate_array(array, pointer, [size], [itemsize], itemsize, None)
        return array._getvalue()

    return array_type(), generate


@intrinsic
def scratch_words(typing_context: Any) -> Any:
    """`SCRATCH` words of 32 bits on the stack of the calling function, and the same in pairs.

    The first array has the words as uint32, the second two of them in each uint64, the even one
    in the lower half.
    """
    kinds: list[Any] = [types.Array(types.uint32, 1, "C"), types.Array(types.uint64, 1, "C")]
    pair: Any = types.Tuple

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        with builder.goto_entry_block():
            memory = builder.alloca(_I64, size=ir.Constant(_I64, SCRATCH // 2))
        views = []
        for kind, count, size in zip(kinds, (SCRATCH, SCRATCH // 2), (4, 8), strict=True):
            array = _make_array(kind)(context, builder)
            pointer = builder.bitcast(memory, context.get_data_type(kind.dtype).as_pointer())
            length, width = ir.Constant(_I64, count), ir.Constant(_I64, size)
            _populate_array(array, pointer, [length], [width], width, None)
            views.append(array._getvalue())
        return context.make_tuple(builder, signature.return_type, views)

    return pair(kinds)(), generate


@intrinsic
def load_address(typing_context: Any, table: Any, index: Any) -> Any:
    """Entry `index` of the int64 array at address `table`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _I64.as_pointer())
        return builder.load(builder.gep(pointer, [arguments[1]]))

    return types.int64(types.int64, types.int64), generate


@intrinsic
def store_address(typing_context: Any, table: Any, index: Any, value: Any) -> Any:
    """Set entry `index` of the int64 array at address `table`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _I64.as_pointer())
        builder.store(arguments[2], builder.gep(pointer, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


def _emit_call(count: int) -> Callable[..., Any]:
    """What generates a call of a void C function of `count` int64 at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [_I64] * count)
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return generate


@intrinsic
def call_kernel5(typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call the C function `void f(int64 a, b, c, d, e)` at an address."""
    return types.void(*[types.int64] * 6), _emit_call(5)


@intrinsic
def call_kernel7(
    typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any
) -> Any:
    """Call the C function `void f(int64 a, b, c, d, e, f, g)` at an address."""
    return types.void(*[types.int64] * 8), _emit_call(7)


@intrinsic
def call_kernel9(
    typing_context: Any,
    address: Any,
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    f: Any,
    g: Any,
    h: Any,
    i: Any,
) -> Any:
    """Call the C function `void f(int64 a, b, c, d, e, f, g, h, i)` at an address."""
    return types.void(*[types.int64] * 10), _emit_call(9)


@intrinsic
def call_kernel11(
    typing_context: Any,
    address: Any,
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    f: Any,
    g: Any,
    h: Any,
    i: Any,
    j: Any,
    k: Any,
) -> Any:
    """Call a C function of eleven int64 and no result at an address."""
    return types.void(*[types.int64] * 12), _emit_call(11)
