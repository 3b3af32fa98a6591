"""Machine operations for compiled code: arithmetic, views of memory, calls by address."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from numba import cfunc, njit  # noqa: E402

from rheobase.rendering import intrinsics, primitives  # noqa: E402

rng = np.random.default_rng(5)
NUMBERS = np.concatenate(
    [
        [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, np.inf, -np.inf, np.nan, 5e-324, 1e300],
        rng.standard_normal(500) * 10.0 ** rng.uniform(-20, 20, 500),
    ]
)


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "rint", "sqrt", "fabs"])
def test_unary_operations_are_those_of_numpy(name: str) -> None:
    operation = getattr(intrinsics, name)

    @njit
    def run(x, out):
        for i in range(x.size):
            out[i] = operation(x[i])

    out = np.empty_like(NUMBERS)
    run(NUMBERS, out)
    with np.errstate(invalid="ignore"):
        expected = getattr(primitives, name)(NUMBERS)
    np.testing.assert_array_equal(out, expected)
    known = ~np.isnan(out)
    assert np.array_equal(np.signbit(out[known]), np.signbit(expected[known]))


def test_fma_rounds_the_exact_result_once() -> None:
    fma = intrinsics.fma

    @njit
    def run(a, b, c):
        return fma(a, b, c)

    for a, b, c in rng.standard_normal((500, 3)):
        c = -a * b * (1 + c * 1e-15)  # so that digits cancel
        exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
        assert run(a, b, c) == float(exact)
    assert run(2, 3, 4) == 10.0


def test_copysign_and_select() -> None:
    copysign, select = intrinsics.copysign, intrinsics.select

    @njit
    def run(x, sign, out):
        for i in range(x.size):
            out[i] = copysign(x[i], sign[i])

    out = np.empty_like(NUMBERS)
    run(NUMBERS, NUMBERS[::-1].copy(), out)
    np.testing.assert_array_equal(out, np.copysign(NUMBERS, NUMBERS[::-1]))

    @njit
    def choose(condition):
        return select(condition, 1.5, 2), select(condition, 3, 4), select(condition, True, False)

    assert choose(True) == (1.5, 3, True)
    assert choose(False) == (2.0, 4, False)
    assert [type(x) for x in choose(False)] == [float, int, bool]


def test_bits() -> None:
    to_bits, to_float = intrinsics.float_to_bits, intrinsics.bits_to_float
    shift_right, unsigned = intrinsics.shift_right, intrinsics.unsigned

    @njit
    def run(x):
        bits = to_bits(x)
        return bits, to_float(bits), to_float(unsigned(bits)), shift_right(bits, 52)

    for x in (1.0, -1.0, 0.1, -5e-324, np.inf):
        bits, back, back_again, top = run(x)
        assert bits == np.float64(x).view(np.int64)
        assert back == back_again == x
        assert top == int(np.float64(x).view(np.uint64)) >> 52
        assert top == primitives.shift_right(np.int64(bits), 52)

    @njit
    def positive(x):
        return unsigned(x)

    assert positive(-1) == 2**64 - 1
    assert positive(np.uint64(2**63)) == 2**63


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "int32", "uint64", "uint8"])
def test_views_of_memory(kind: str) -> None:
    view = getattr(intrinsics, f"{kind}_view")

    @njit
    def double(address, lo, n):
        part = view(address, lo, n)
        for i in range(part.size):
            part[i] = 2 * part[i]
        return part.size

    memory = np.arange(10, dtype=kind)
    assert double(memory.ctypes.data, 3, 4) == 4
    assert memory.tolist() == [0, 1, 2, 6, 8, 10, 12, 7, 8, 9]


def test_loops_over_views_vectorize() -> None:
    view, fma = intrinsics.float64_view, intrinsics.fma

    @njit(error_model="numpy")
    def run(address, n):
        x = view(address, 0, n)
        for i in range(x.size):
            x[i] = fma(x[i], 2.0, 1.0)

    memory = np.ones(9)
    run(memory.ctypes.data, 9)
    assert memory.tolist() == [3.0] * 9
    assert " x double>" in run.inspect_llvm(run.signatures[0])


def test_kernels_called_by_address() -> None:
    float64_view, load_address = intrinsics.float64_view, intrinsics.load_address
    call5, call7, call9 = (
        intrinsics.call_kernel5,
        intrinsics.call_kernel7,
        intrinsics.call_kernel9,
    )
    prefetch = intrinsics.prefetch

    @cfunc("void(int64, int64, int64, int64, int64)")
    def five(table, a, b, c, d):
        float64_view(load_address(table, 1), 0, 1)[0] = a + 10 * b + 100 * c + 1000 * d

    @cfunc("void(int64, int64, int64, int64, int64, int64, int64)")
    def seven(table, a, b, c, d, e, f):
        float64_view(load_address(table, 1), 0, 1)[0] = a + 10 * b + 100 * c + e * f + d

    @cfunc(f"void({', '.join(['int64'] * 9)})")
    def nine(table, a, b, c, d, e, f, g, h):
        float64_view(load_address(table, 1), 0, 1)[0] = a + b + c + d + e + f + 100 * g + h

    @njit
    def call(fifth, seventh, ninth, table, out):
        prefetch(table)
        call5(fifth, table, 1, 2, 3, 4)
        first = out[0]
        call7(seventh, table, 1, 2, 3, 4, 5, 6)
        second = out[0]
        call9(ninth, table, 1, 2, 3, 4, 5, 6, 7, 8)
        return first, second, out[0]

    out = np.zeros(1)
    table = np.array([0, out.ctypes.data])
    found = call(five.address, seven.address, nine.address, table.ctypes.data, out)
    assert found == (4321.0, 355.0, 729.0)


def test_scratch_is_room_of_the_function_itself() -> None:
    scratch = intrinsics.scratch

    @njit
    def run():
        one, other = scratch(), scratch()
        for i in range(one.size):
            one[i], other[i] = i, -i
        return one.size, one.sum() + other.sum(), one[5], other[5]

    assert run() == (primitives.SCRATCH, 0.0, 5.0, -5.0)
    assert primitives.scratch().shape == (primitives.SCRATCH,)


def test_wide_vectors_marks_its_function_only() -> None:
    wide_vectors = intrinsics.wide_vectors

    @njit
    def marked(x):
        wide_vectors()
        return x + 1

    @njit
    def plain(x):
        return x + 1

    assert marked(1) == plain(1) == 2
    mark = '"prefer-vector-width"="512"'
    assert mark in marked.inspect_llvm(marked.signatures[0])
    assert mark not in plain.inspect_llvm(plain.signatures[0])
    primitives.wide_vectors()
