"""What threads that share memory need: atomic words, a pause, calls of the system.

Memory written before an atomic addition or store is seen by whoever reads the word after it.
The module imports numba at the top, so import it only where numba is used.
"""

from __future__ import annotations

import platform
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# this part of numba carries no types
_function_in: Any = cgutils.get_or_insert_function

_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_X86 = ("x86_64", "amd64")


def _word(builder: Any, arguments: Any) -> Any:
    """Return a pointer to entry `arguments[1]` of the int64 array at address `arguments[0]`."""
    pointer = builder.inttoptr(arguments[0], _I64.as_pointer())
    return builder.gep(pointer, [arguments[1]])


@intrinsic
def atomic_add(typing_context: Any, table: Any, index: Any, value: Any) -> Any:
    """Add to entry `index` of the int64 array at address `table`; return what it was before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.atomic_rmw("add", _word(builder, arguments), arguments[2], "seq_cst")

    return types.int64(types.int64, types.int64, types.int64), generate


@intrinsic
def atomic_load(typing_context: Any, table: Any, index: Any) -> Any:
    """Entry `index` of the int64 array at address `table`, as other threads left it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_word(builder, arguments), "seq_cst", 8)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def atomic_store(typing_context: Any, table: Any, index: Any, value: Any) -> Any:
    """Set entry `index` of the int64 array at address `table` for all threads."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store_atomic(arguments[2], _word(builder, arguments), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def pause(typing_context: Any) -> Any:
    """Tell the processor that the thread is waiting in a loop."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if platform.machine().lower() in _X86:  # elsewhere waiting does without it
            kind = ir.FunctionType(ir.VoidType(), [])
            call = _function_in(builder.module, kind, "llvm.x86.sse2.pause")
            builder.call(call, [])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def call_counting(typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call the C function `int64 f(int64 a, b, c, d, e)` at an address; return what it does."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64] * 5)
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])

    return types.int64(*[types.int64] * 6), generate


@intrinsic
def call_system(typing_context: Any, address: Any) -> Any:
    """Call the C function `int f(void)` at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_I32, [])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), generate
