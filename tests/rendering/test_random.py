"""Random numbers: the published vectors, the place of every word, laws, and compiled loops."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.errors import InternalError
from rheobase.rendering import philox, random

stats = pytest.importorskip("scipy.stats")

PLACES = [(3, 5), (2**63 - 5, 7), (2**64 - 1, random.stream_of("cells", "v"))]
STEPS = [0, 12345, 2**33 + 7]


def _philox(counter: list[int], key: list[int]) -> list[int]:
    with np.errstate(over="ignore"):
        found = philox.philox(*map(np.uint64, counter), *map(np.uint64, key))
    return [int(word) for word in found]


def _philox_in_integers(counter: list[int], key: list[int]) -> list[int]:
    """The generator once more, straight from the paper, in Python's integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (
            (p1 >> 32) ^ c1 ^ k0,
            p1 & 0xFFFFFFFF,
            (p0 >> 32) ^ c3 ^ k1,
            p0 & 0xFFFFFFFF,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_known_answers_of_random123(counter: list[int], key: list[int], expected: str) -> None:
    words = [int(word, 16) for word in expected.split()]
    assert _philox(counter, key) == words
    assert _philox_in_integers(counter, key) == words


@given(
    seed=st.integers(0, 2**64 - 1),
    stream=st.integers(0, 2**63 - 1),
    element=st.integers(0, 2**34 - 1),
    step=st.integers(0, 2**48 - 1),
    draw=st.integers(0, 2**16 - 1),
)
def test_the_place_of_a_word(seed: int, stream: int, element: int, step: int, draw: int) -> None:
    low = 0xFFFFFFFF
    counter = [element // 4, step & low, (step >> 32) << 16 | draw, stream & low]
    key = [seed & low, (seed >> 32) ^ (stream >> 32)]
    expected = _philox_in_integers(counter, key)[element % 4]
    assert int(random.words(seed, stream, element, step, draw)) == expected


@pytest.mark.parametrize(("seed", "stream"), PLACES)
@pytest.mark.parametrize("step", STEPS)
def test_ranges_and_single_places_agree(seed: int, stream: int, step: int) -> None:
    lo, hi = 40, 40 + 4099
    elements = np.arange(lo, hi)
    for whole, single in [(random.uniform, random.uniform_at), (random.normal, random.normal_at)]:
        numbers = whole(seed, stream, lo, hi, step, 3)
        assert np.array_equal(numbers, single(seed, stream, elements, step, 3))
        assert np.array_equal(numbers[60:61], whole(seed, stream, 100, 101, step, 3))
        mixed = np.random.default_rng(1).permutation(elements)
        assert np.array_equal(numbers[mixed - lo], single(seed, stream, mixed, step, 3))


def test_elements_and_steps_broadcast() -> None:
    elements, steps = np.arange(6)[:, None], np.arange(4)[None, :]
    words = random.words(1, 2, elements, steps, 0)
    assert words.shape == (6, 4)
    assert words.dtype == np.uint32
    assert int(words[5, 3]) == int(random.words(1, 2, 5, 3, 0))
    assert random.normal_at(1, 2, elements, steps).shape == (6, 4)


def test_uniform_is_the_middle_of_its_word() -> None:
    words = random.words(9, 8, np.arange(1000), 7, 6)
    uniform = random.uniform_at(9, 8, np.arange(1000), 7, 6)
    assert np.array_equal(uniform, (words.astype(np.float64) + 0.5) * 2.0**-32)
    with np.errstate(over="ignore"):
        assert philox.unit(np.uint64(0)) == 2.0**-33
        assert philox.unit(np.uint64(0xFFFFFFFF)) == 1.0 - 2.0**-33


def test_normal_is_box_muller_within_groups_of_four() -> None:
    u = random.uniform(5, 6, 0, 4000, 1).reshape(-1, 4)
    radius = np.sqrt(-2.0 * np.log(u[:, [0, 0, 2, 2]]))
    angle = 2.0 * np.pi * u[:, [1, 1, 3, 3]]
    expected = radius * np.where([True, False, True, False], np.cos(angle), np.sin(angle))
    found = random.normal(5, 6, 0, 4000, 1).reshape(-1, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_a_range_starts_at_a_multiple_of_four() -> None:
    with pytest.raises(InternalError, match="start at a multiple of 4, not at element 6"):
        random.uniform(1, 2, 6, 10, 0)


def test_streams_are_stable_and_differ() -> None:
    assert random.stream_of("cells", "v") == random.stream_of("cells", "v")
    assert random.stream_of("cells", "v") != random.stream_of("cellsv")
    assert random.stream_of("cells", 0) != random.stream_of("cells", 1)
    assert 0 <= random.stream_of("x") < 2**63
    code = "from rheobase.rendering.random import stream_of; print(stream_of('cells', 'v'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == random.stream_of("cells", "v")


# ------------------------------------------------------------------------------------ laws


def _many(draw: Callable[..., np.ndarray], steps: int, size: int) -> np.ndarray:
    return np.concatenate([draw(11, 12, 0, size, step) for step in range(steps)])


def test_uniform_numbers_are_uniform() -> None:
    u = _many(random.uniform, 50, 20_000)
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert abs(u.mean() - 0.5) < 4 * np.sqrt(1 / 12 / u.size)
    assert u.min() > 0.0
    assert u.max() < 1.0


def test_normal_numbers_are_normal() -> None:
    z = _many(random.normal, 50, 20_000)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    root = np.sqrt(z.size)
    assert abs(z.mean()) < 4 / root
    assert abs(z.var() - 1.0) < 4 * np.sqrt(2) / root
    assert abs(stats.skew(z)) < 4 * np.sqrt(6) / root
    assert abs(stats.kurtosis(z)) < 4 * np.sqrt(24) / root


@pytest.mark.parametrize("expected", [0.0, 0.01, 0.8, 5.0, 32.0, 33.0, 500.0])
def test_counts_are_poisson(expected: float) -> None:
    counts = np.concatenate(
        [random.poisson(11, 12, 0, 20_000, step, 0, expected) for step in range(10)]
    )
    if expected == 0.0:
        assert not counts.any()
        return
    spread = np.sqrt(expected / counts.size)
    assert abs(counts.mean() - expected) < 4 * spread
    error_of_variance = np.sqrt((expected + 2 * expected**2) / counts.size)
    assert abs(counts.var() - expected) < 4 * error_of_variance
    law = stats.poisson(expected)
    low, high = int(law.ppf(0.001)), int(law.ppf(0.999))
    observed = np.bincount(np.clip(counts, low, high) - low, minlength=high - low + 1)
    chances = law.pmf(np.arange(low, high + 1))
    chances[0], chances[-1] = law.cdf(low), law.sf(high - 1)
    assert stats.chisquare(observed, chances * counts.size).pvalue > 1e-3


def test_counts_for_odd_expectations() -> None:
    draw = partial(random.poisson, 1, 2, 0, 8, 0, 0)
    assert not draw(np.nan).any()
    assert not draw(-3.0).any()
    expected = np.array([0.0, 0.5, 10.0, 40.0, 100.0, np.nan, 0.5, 3.0])
    one_by_one = [int(draw(mean)[i]) for i, mean in enumerate(expected)]
    assert draw(expected).tolist() == one_by_one


@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_places_are_independent(law: str) -> None:
    draw = partial(getattr(random, law), lo=0, hi=100_000)
    base = draw(seed=1, stream=2, step=3, draw=0)
    others = {
        "next element": np.roll(base, 1),
        "next in the group": np.roll(base, 2),
        "next group": np.roll(base, 4),
        "next step": draw(seed=1, stream=2, step=4, draw=0),
        "far step": draw(seed=1, stream=2, step=3 + 2**32, draw=0),
        "next draw": draw(seed=1, stream=2, step=3, draw=1),
        "next stream": draw(seed=1, stream=3, step=3, draw=0),
        "far stream": draw(seed=1, stream=2 + 2**32, step=3, draw=0),
        "next seed": draw(seed=2, stream=2, step=3, draw=0),
        "far seed": draw(seed=1 + 2**32, stream=2, step=3, draw=0),
    }
    for name, other in others.items():
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(base.size), name
        squared = np.corrcoef((base - base.mean()) ** 2, (other - other.mean()) ** 2)[0, 1]
        assert abs(squared) < 4 / np.sqrt(base.size), name


# -------------------------------------------------------------------------------- compiled


class _Fills:
    """The compiled loops called in both ways: inlined into a function, and by address."""

    def __init__(self) -> None:
        from numba import njit

        from rheobase.rendering.intrinsics import call_kernel7, call_kernel9

        compiled = random.compiled()
        uniform, normal, poisson = (
            compiled.fill_uniform,
            compiled.fill_normal,
            compiled.fill_poisson,
        )

        @njit
        def fill_uniform(seed, stream, lo, hi, step, draw, out):
            uniform(seed, stream, lo, hi, step, draw, out)

        @njit
        def fill_normal(seed, stream, lo, hi, step, draw, out):
            normal(seed, stream, lo, hi, step, draw, out)

        @njit
        def fill_poisson(seed, stream, lo, hi, step, draw, expected, out):
            poisson(seed, stream, lo, hi, step, draw, expected, out)

        @njit
        def call7(address, seed, stream, lo, hi, step, draw, out):
            call_kernel7(address, seed, stream, lo, hi, step, draw, out)

        @njit
        def call9(address, seed, stream, lo, hi, step, draw, expected, columns, out):
            call_kernel9(address, seed, stream, lo, hi, step, draw, expected, columns, out)

        self.uniform, self.normal, self.poisson = fill_uniform, fill_normal, fill_poisson
        self.call7, self.call9 = call7, call9


@cache
def _compiled_fills() -> _Fills:
    return _Fills()


@pytest.fixture
def fills() -> _Fills:
    pytest.importorskip("numba")
    return _compiled_fills()


def _bits(values: np.ndarray) -> np.ndarray:
    return values.view(np.int64)


SIZES = [0, 1, 2, 3, 4, 5, 31, 32, 33, 1023, 1024, 1025, 4099]


@pytest.mark.parametrize("law", ["uniform", "normal"])
@pytest.mark.parametrize(("seed", "stream"), PLACES)
def test_compiled_loops_have_the_same_bits(fills: _Fills, law: str, seed: int, stream: int) -> None:
    seed_bits, stream_bits = np.uint64(seed), np.uint64(stream)
    address = random.fill_address(law)
    for step in STEPS:
        for lo in (0, 8, 2**33):
            for size in SIZES:
                expected = getattr(random, law)(seed, stream, lo, lo + size, step, 2)
                out = np.full(size, np.nan)
                getattr(fills, law)(seed_bits, stream_bits, lo, lo + size, step, 2, out)
                assert np.array_equal(_bits(out), _bits(expected))
                out = np.full(size, np.nan)
                signed = [int(v.view(np.int64)) for v in (seed_bits, stream_bits)]
                fills.call7(address, *signed, lo, lo + size, step, 2, out.ctypes.data)
                assert np.array_equal(_bits(out), _bits(expected))


@pytest.mark.parametrize("size", SIZES[1:])
def test_compiled_counts_are_the_same(fills: _Fills, size: int) -> None:
    address = random.fill_address("poisson")
    means = np.random.default_rng(size).uniform(0, 100, size)
    for expected in ([0.0], [0.3], [31.9], [70.0], [-1.0], [np.nan], means, np.full(size, 0.3)):
        array = np.asarray(expected, np.float64)
        same = random.poisson(3, 4, 8, 8 + size, 17, 1, array)
        out = np.full(size, -1)
        fills.poisson(3, 4, 8, 8 + size, 17, 1, array, out)
        assert np.array_equal(out, same)
        out = np.full(size, -1)
        fills.call9(
            address, 3, 4, 8, 8 + size, 17, 1, array.ctypes.data, array.size, out.ctypes.data
        )
        assert np.array_equal(out, same)


@settings(max_examples=50, deadline=None)
@given(cuts=st.lists(st.integers(0, 1000), max_size=5), law=st.sampled_from(["uniform", "normal"]))
def test_numbers_do_not_depend_on_the_partition(cuts: list[int], law: str) -> None:
    pytest.importorskip("numba")
    fills = _compiled_fills()
    whole = getattr(random, law)(1, 2, 0, 4000, 3, 0)
    edges = [0, *sorted({4 * cut for cut in cuts}), 4000]
    out = np.full(4000, np.nan)
    for lo, hi in pairwise(edges):
        getattr(fills, law)(1, 2, lo, hi, 3, 0, out[lo:hi])
    assert np.array_equal(_bits(out), _bits(whole))


def test_unknown_laws_are_refused() -> None:
    with pytest.raises(InternalError, match="no law of random numbers is called 'cauchy'"):
        random.fill_address("cauchy")


def test_numpy_part_works_where_numba_is_not_installed() -> None:
    code = (
        "import sys; sys.modules['numba'] = None; sys.modules['llvmlite'] = None\n"
        "from rheobase.rendering import random\n"
        "print(*random.words(1, 2, [0, 5, 9], 3, 4), *random.poisson(1, 2, 0, 4, 0, 0, 3.0))\n"
        "print(*random.normal(1, 2, 0, 4, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    expected = [*random.words(1, 2, [0, 5, 9], 3, 4), *random.poisson(1, 2, 0, 4, 0, 0, 3.0)]
    assert [int(word) for word in first.split()] == [int(word) for word in expected]
    assert np.allclose([float(w) for w in second.split()], random.normal(1, 2, 0, 4, 0))


def _tied(size: int, step: int, count: int) -> np.ndarray:
    """Expectations at which P(X <= count) has the upper half of each element's number."""
    from scipy.optimize import brentq

    words = random.words(3, 4, np.arange(8, 8 + size), step).astype(float)
    targets = (words + 0.5) * 2.0**-32
    return np.array([
        brentq(lambda mean, t=t: stats.poisson.cdf(count, mean) - t, 1e-12, 31.0, xtol=1e-15)
        for t in targets
    ])  # fmt: skip


@pytest.mark.parametrize("count", [0, 3])
def test_ties_are_decided_by_the_lower_half(fills: _Fills, count: int) -> None:
    size = 64
    means = _tied(size, 5, count)
    found = random.poisson(3, 4, 8, 8 + size, 5, 0, means)
    assert set(found) == {count, count + 1}
    out = np.full(size, -1)
    fills.poisson(3, 4, 8, 8 + size, 5, 0, means, out)
    assert np.array_equal(out, found)
    for i, mean in enumerate(means):  # one expectation for all, a tie of one cell
        same = random.poisson(3, 4, 8, 8 + size, 5, 0, mean)
        assert same[i] == found[i]
        fills.poisson(3, 4, 8, 8 + size, 5, 0, np.array([mean]), out)
        assert np.array_equal(out, same)


@pytest.mark.parametrize("size", SIZES[1:])
def test_counts_are_added_with_their_weights(fills: _Fills, size: int) -> None:
    from numba import njit

    from rheobase.rendering.intrinsics import call_kernel11

    @njit
    def call(address, seed, stream, lo, hi, step, draw, expected, columns, weights, number, out):
        call_kernel11(
            address, seed, stream, lo, hi, step, draw, expected, columns, weights, number, out
        )

    address = random.fill_address("poisson_sum")
    rng = np.random.default_rng(size)
    before, each = rng.uniform(0, 1, size), rng.uniform(-1, 1, size)
    for expected in ([0.3], [1.7], [70.0], [np.nan], rng.uniform(0, 100, size)):
        array = np.asarray(expected, np.float64)
        counts = random.poisson(3, 4, 8, 8 + size, 17, 1, array)
        for weights in (np.array([0.7]), each):
            out = before.copy()
            call(
                address, 3, 4, 8, 8 + size, 17, 1, array.ctypes.data, array.size,
                weights.ctypes.data, weights.size, out.ctypes.data,
            )  # fmt: skip
            assert np.array_equal(_bits(out), _bits(before + counts * weights))
