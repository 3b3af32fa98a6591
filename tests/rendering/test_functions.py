"""Elementary functions: accuracy, special values, and the same bits in NumPy and compiled code.

The oracle of accuracy is NumPy's 80-bit `longdouble` (where the machine has it), for erf SciPy.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.rendering import primitives
from rheobase.rendering.functions import namespace_numba, namespace_numpy, power_by_squaring

NUMPY = namespace_numpy()
LONG = np.longdouble
has_long = pytest.mark.skipif(np.finfo(LONG).nmant < 60, reason="needs an 80-bit longdouble")
rng = np.random.default_rng(20240611)

SPECIAL = np.concatenate(
    [
        [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5, -2.5, 3.0, np.inf, -np.inf, np.nan],
        [5e-324, -5e-324, 1e-310, -1e-310, 2.2250738585072014e-308, 1e-20, -1e-20],
        [1.7976931348623157e308, -1.7976931348623157e308, 709.78, 709.79, 710.47, 710.48],
        [-708.0, -708.1, -745.0, -746.0, 717.0, 717.1],
        [1e5, 2.0**50, 2.0**53 - 1.0, 2.0**53 + 2.0, 1e17],
    ]
)


def _wide(low: float, high: float, size: int = 200_000) -> np.ndarray:
    """Numbers of both signs whose exponents are spread evenly."""
    return rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(low, high, size)


EXPONENTS = np.concatenate(
    [rng.uniform(-708, 709.7, 200_000), rng.uniform(-3, 3, 200_000), _wide(-300, 2)]
)
POSITIVE = np.concatenate([np.abs(_wide(-307, 308)), rng.uniform(0.5, 2.0, 300_000)])
ANGLES = np.concatenate(
    [
        rng.uniform(-10, 10, 200_000),
        rng.uniform(-1e5, 1e5, 200_000),
        _wide(-300, 9),
        np.arange(-50_000, 50_000) * (math.pi / 2),
    ]
)
UNIT = np.concatenate([rng.uniform(-1, 1, 300_000), _wide(-300, 0)])
REAL = np.concatenate([rng.uniform(-5, 5, 200_000), _wide(-300, 300)])

# name: (arguments, reference, units in the last place)
UNARY = {
    "exp": (EXPONENTS, np.exp, 1.0),
    "expm1": (EXPONENTS, np.expm1, 3.0),
    "exprel": (EXPONENTS, lambda x: np.expm1(x) / x, 4.0),
    "log": (POSITIVE, np.log, 1.0),
    "log1p": (np.concatenate([UNIT[UNIT > -1], POSITIVE]), np.log1p, 2.0),
    "log2": (POSITIVE, np.log2, 1.0),
    "log10": (POSITIVE, np.log10, 1.0),
    "sinh": (EXPONENTS, np.sinh, 3.0),
    "cosh": (EXPONENTS, np.cosh, 2.0),
    "tanh": (EXPONENTS, np.tanh, 3.0),
    "sin": (ANGLES, np.sin, 2.0),
    "cos": (ANGLES, np.cos, 2.0),
    "tan": (ANGLES, np.tan, 4.0),
    "arcsin": (UNIT, np.arcsin, 3.0),
    "arccos": (UNIT, np.arccos, 2.0),
    "arctan": (REAL, np.arctan, 2.0),
    "sqrt": (POSITIVE, np.sqrt, 0.5),
    "abs": (REAL, np.abs, 0.0),
    "floor": (REAL, np.floor, 0.0),
    "ceil": (REAL, np.ceil, 0.0),
    "round": (np.concatenate([REAL, np.arange(-9, 9, 0.5)]), np.round, 0.0),
    "int": (REAL, np.trunc, 0.0),
    "sign": (REAL, np.sign, 0.0),
    "heaviside": (REAL, lambda x: np.heaviside(x, LONG(0.5)), 0.0),
}
BASES = np.concatenate([np.abs(REAL), 1.0 + rng.uniform(-1e-3, 1e-3, 100_000)])
POWERS = np.concatenate(
    [rng.uniform(-20, 20, 200_000), rng.uniform(-1, 1, 200_000), rng.uniform(-5e5, 5e5, 100_000)]
)
BINARY = {
    "power": (BASES, POWERS, np.power, 1.5),
    "arctan2": (REAL, REAL[::-1], np.arctan2, 3.0),
    "minimum": (REAL, REAL[::-1], np.minimum, 0.0),
    "maximum": (REAL, REAL[::-1], np.maximum, 0.0),
}


def _ulps(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest error in units in the last place, where the result is a normal float64."""
    rounded = exact.astype(np.float64)
    normal = np.isfinite(rounded) & ((np.abs(rounded) > 2.3e-308) | (rounded == 0.0))
    spacing = np.spacing(np.abs(rounded)).astype(LONG)
    wrong_end = ~np.isfinite(rounded) & (found != rounded)
    assert not wrong_end.any()
    return float(np.max((np.abs(found.astype(LONG) - exact) / spacing)[normal]))


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where the bits are the same; any NaN is as good as another."""
    equal = np.asarray(one).view(np.int64) == np.asarray(other).view(np.int64)
    return equal | (np.isnan(one) & np.isnan(other))


@has_long
@pytest.mark.parametrize("name", UNARY)
def test_accuracy(name: str) -> None:
    x, reference, allowed = UNARY[name]
    with np.errstate(all="ignore"):
        exact = reference(x.astype(LONG))
    assert _ulps(NUMPY[name](x), exact) <= allowed


@has_long
@pytest.mark.parametrize("name", BINARY)
def test_accuracy_of_two_arguments(name: str) -> None:
    x, y, reference, allowed = BINARY[name]
    with np.errstate(all="ignore"):
        exact = reference(x.astype(LONG), y.astype(LONG))
    assert _ulps(NUMPY[name](x, y), exact) <= allowed


def test_erf_against_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([rng.uniform(-7, 7, 300_000), _wide(-300, 1)])
    assert _ulps(NUMPY["erf"](x), special.erf(x).astype(LONG)) <= 4.0


def test_exprel_is_accurate_to_2e_15_everywhere() -> None:
    x = np.concatenate([EXPONENTS, np.linspace(-1e-3, 1e-3, 10_001)])
    with np.errstate(all="ignore"):
        exact = np.where(x == 0, LONG(1), np.expm1(x.astype(LONG)) / x.astype(LONG))
    assert np.max(np.abs(NUMPY["exprel"](x) / exact - 1)) < 2e-15
    assert NUMPY["exprel"](0.0) == 1.0
    assert NUMPY["exprel"](715.0) == pytest.approx(math.exp(700) / 715 * math.exp(15), rel=1e-12)


def test_ends_of_exp() -> None:
    exp = NUMPY["exp"]
    assert exp(-708.0) == pytest.approx(math.exp(-708.0), rel=1e-14)
    assert exp(-708.001) == 0.0
    assert exp(-np.inf) == 0.0
    assert exp(709.78) == pytest.approx(math.exp(709.78), rel=1e-14)
    assert exp(709.79) == np.inf
    assert exp(0.0) == 1.0


_AS_NUMPY = {name: entry[1] for name, entry in UNARY.items() if name != "exprel"}
_AS_NUMPY["heaviside"] = lambda x: np.heaviside(x, 0.5)


@pytest.mark.parametrize("name", _AS_NUMPY)
def test_special_values_are_those_of_numpy(name: str) -> None:
    with np.errstate(all="ignore"):
        expected = _AS_NUMPY[name](SPECIAL)
    found = NUMPY[name](SPECIAL)
    if name == "exp":  # results below 3e-308 are 0
        expected = np.where(expected < 3e-308, 0.0, expected)
    known = np.abs(SPECIAL) < 2.0**50 if name in ("sin", "cos", "tan") else np.isnan(SPECIAL) | True
    close = np.isclose(found, expected, rtol=1e-15 * 4, atol=0, equal_nan=True)
    signs = np.signbit(found) == np.signbit(expected)
    assert np.all((close & (signs | np.isnan(found)))[known])
    if name in ("sin", "cos", "tan"):
        assert np.isnan(found[~known]).all()


@pytest.mark.parametrize("name", ["power", "arctan2", "minimum", "maximum"])
def test_special_pairs_are_those_of_numpy(name: str) -> None:
    x, y = (a.reshape(-1) for a in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    found = NUMPY[name](x, y)
    if name == "power":  # subnormal results are flushed
        expected = np.where(np.abs(expected) < 3e-308, np.copysign(0.0, expected), expected)
        found = np.where(np.abs(found) < 3e-308, np.copysign(0.0, found), found)
    close = np.isclose(found, expected, rtol=4e-15, atol=0, equal_nan=True)
    zeros = (found == 0) & (expected == 0)
    signs = (np.signbit(found) == np.signbit(expected)) | np.isnan(found)
    either = zeros & (name in ("minimum", "maximum"))
    wrong = ~((close & signs) | either)
    assert not wrong.any(), list(
        zip(x[wrong], y[wrong], found[wrong], expected[wrong], strict=True)
    )


def test_exact_results() -> None:
    exponents = np.arange(-300.0, 300.0)
    assert np.array_equal(NUMPY["log10"](10.0**exponents), exponents)
    assert np.array_equal(NUMPY["log2"](2.0 ** np.arange(-1074, 1024)), np.arange(-1074, 1024))
    bases, powers = np.meshgrid(np.arange(-9.0, 10.0), np.arange(0.0, 12.0))
    assert np.array_equal(NUMPY["power"](bases, powers), bases**powers)
    assert NUMPY["exp"](0.0) == NUMPY["cosh"](0.0) == NUMPY["cos"](0.0) == 1.0


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3),
)
def test_mod_is_the_exact_remainder(x: float, y: float) -> None:
    found = float(NUMPY["mod"](x, y))
    exact = Fraction(x) % Fraction(y)
    assert abs(found) < abs(y)
    assert found == (0.0 if float(exact) == y else float(exact))
    assert math.copysign(1.0, found) == math.copysign(1.0, y)


def test_mod_at_its_limits() -> None:
    mod = NUMPY["mod"]
    assert mod(-1e-20, 1.0) == 0.0
    assert np.isnan(mod(1.0, 0.0))
    assert np.isnan(mod(1e17, 1.0))
    assert np.isnan(mod(np.inf, 2.0))
    assert mod(5.0, np.inf) == 5.0
    assert mod(-5.0, np.inf) == np.inf
    assert np.isnan(mod(np.nan, 1.0))


def test_clip_where_and_select() -> None:
    x = np.array([-2.0, 0.25, 3.0, np.nan])
    assert np.array_equal(NUMPY["clip"](x, 0.0, 1.0), [0.0, 0.25, 1.0, np.nan], equal_nan=True)
    assert np.array_equal(NUMPY["where"](x > 0, x, -1.0), [-1.0, 0.25, 3.0, -1.0])
    assert NUMPY["select"] is NUMPY["where"]
    assert np.array_equal(NUMPY["int"](np.array([True, False])), [1.0, 0.0])


@pytest.mark.parametrize("n", range(-4, 10))
def test_integer_powers(n: int) -> None:
    x = rng.uniform(-3, 3, 1000)
    np.testing.assert_allclose(NUMPY["pow_int"](x, n), x**n, rtol=1e-14)


def test_order_of_squaring() -> None:
    def product(a: str, b: str) -> str:
        return f"({a}{b})"

    assert power_by_squaring(product, "x", 1) == "x"
    assert power_by_squaring(product, "x", 4) == "((xx)(xx))"
    assert power_by_squaring(product, "x", 5) == "(x((xx)(xx)))"


def test_scalars_integers_and_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(NUMPY["exp"](1), np.float64)
        assert NUMPY["exp"](1) == pytest.approx(math.e)
        NUMPY["log"](np.array([-1.0, 0.0]))
        NUMPY["exp"](np.array([1e9, -1e9, np.nan]))
        NUMPY["power"](np.array([0.0, -2.0]), -1.5)
        NUMPY["pow_int"](np.array([0.0]), -1)
        assert NUMPY["tanh"](np.zeros((2, 3))).shape == (2, 3)
        assert NUMPY["exp"](np.zeros(0)).shape == (0,)


def test_fma_of_scalars_has_the_bits_of_arrays() -> None:
    pytest.importorskip("numba")
    special = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e-308, 1e308, -1.5]
    triples = np.stack([a.reshape(-1) for a in np.meshgrid(special, special, special)], axis=1)
    wide = rng.standard_normal((3000, 3)) * 10.0 ** rng.uniform(-160, 160, (3000, 3))
    close = rng.standard_normal((3000, 3))
    close[:, 2] = -close[:, 0] * close[:, 1] * (1.0 + close[:, 2] * 1e-16)
    a, b, c = np.concatenate([triples, wide, close]).T.copy()
    with np.errstate(all="ignore"):
        arrays = primitives.fma(a, b, c)
        scalars = [primitives.fma(*row) for row in zip(a, b, c, strict=True)]
        exact = [primitives.fma_exact(*row) for row in zip(a, b, c, strict=True)]
    assert _same(np.array(scalars), arrays).all()
    assert _same(np.array(exact), arrays).all()


def test_fma_rounds_once() -> None:
    a, b = 1.0 + 2.0**-30, 1.0 - 2.0**-30
    assert NUMPY["fma"](a, b, -1.0) == -(2.0**-60)


# ------------------------------------------------------------------- same bits when compiled


def _loop(name: str, count: int):
    from numba import njit

    function = namespace_numba()[name]
    if count == 1:

        @njit(error_model="numpy")
        def run(x, y, out):
            for i in range(x.size):
                out[i] = function(x[i])

    elif count == 2:

        @njit(error_model="numpy")
        def run(x, y, out):
            for i in range(x.size):
                out[i] = function(x[i], y[i])

    else:

        @njit(error_model="numpy")
        def run(x, y, out):
            for i in range(x.size):
                out[i] = function(x[i], y[i], 1.0 - y[i])

    return run


ARGUMENTS = {
    **dict.fromkeys([*UNARY, "erf"], 1),
    **dict.fromkeys([*BINARY, "mod"], 2),
    **dict.fromkeys(["clip", "fma"], 3),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_compiled_loops_have_the_same_bits(name: str) -> None:
    pytest.importorskip("numba")
    count = ARGUMENTS[name]
    pairs = [a.reshape(-1) for a in np.meshgrid(SPECIAL, SPECIAL)]
    x = np.concatenate([pairs[0], UNARY[name][0] if name in UNARY else REAL, REAL, EXPONENTS])
    y = rng.permutation(np.concatenate([pairs[1], REAL, rng.uniform(-9, 9, x.size)]))[: x.size]
    y[: pairs[1].size] = pairs[1]
    expected = NUMPY[name](*[x, y, 1.0 - y][:count])
    run = _loop(name, count)
    out = np.empty_like(x)
    run(x, y, out)
    assert _same(out, expected).all()
    for size in range(70):  # every remainder of the vector loop, at any place of an array
        at = int(rng.integers(0, x.size - size))
        part = np.empty(size)
        run(x[at : at + size], y[at : at + size], part)
        assert _same(part, expected[at : at + size]).all()
        one = np.empty(1)
        run(x[at : at + 1], y[at : at + 1], one)
        assert _same(one, expected[at : at + 1]).all()


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 3, 4, 7, 8])
def test_compiled_integer_powers_have_the_same_bits(n: int) -> None:
    numba = pytest.importorskip("numba")
    pow_int = namespace_numba()["pow_int"]

    @numba.njit(error_model="numpy")
    def run(x, out):
        for i in range(x.size):
            out[i] = pow_int(x[i], n)

    x = np.concatenate([SPECIAL, REAL])
    out = np.empty_like(x)
    run(x, out)
    assert _same(out, NUMPY["pow_int"](x, n)).all()


def test_both_namespaces_have_the_same_names() -> None:
    pytest.importorskip("numba")
    assert set(namespace_numba()) == set(NUMPY)


def test_fma_of_arrays_has_the_same_bits_with_and_without_loading_numba() -> None:
    pytest.importorskip("numba")
    made = primitives._ArrayFma()
    rng = np.random.default_rng(1)
    x, y, z = rng.normal(size=(3, 4, 5))
    cases = [(x, y, z), (x, 1.5, z), (x[:, :1], y[:1], 2), (x.T, 3.0, y.T), (x[:0], 1.0, z[:0]),
             (x[::2], y[::-2], 1), (np.float64(2), 3, 4), (x[:1, :1], 1.0, -x[0, 0])]  # fmt: skip
    first = [made(*case) for case in cases]
    made._calls = primitives._FEW_CALLS
    made(x, y, z)
    assert made._ufunc is not None
    for case, one in zip(cases, first, strict=True):
        other = made(*case)
        assert type(one) is type(other) and one.shape == other.shape
        np.testing.assert_array_equal(one, other)


def test_fma_of_arrays_rounds_once() -> None:
    pytest.importorskip("numba")
    a = np.array([1.0 + 2.0**-30, 3.0])
    np.testing.assert_array_equal(
        primitives.fma(a, np.array([1.0 - 2.0**-30, 2.0]), -1.0), [-(2.0**-60), 5.0]
    )


def test_numba_is_not_imported_where_it_was_before(tmp_path) -> None:
    pytest.importorskip("numba")
    script = (
        "import sys; from rheobase.rendering.primitives import fma, has_numba; import numpy as np\n"
        "print(has_numba(), fma(np.ones(3), 2.0, 3.0).tolist(), 'numba' in sys.modules)"
    )
    environment = os.environ | {"RHEOBASE_CACHE": str(tmp_path)}
    said = [subprocess.run([sys.executable, "-c", script], env=environment, check=True,
                           capture_output=True, text=True).stdout for _ in range(2)]  # fmt: skip
    assert said == [f"True [5.0, 5.0, 5.0] {loaded}\n" for loaded in (True, False)]


# -------------------------------------------------------------------------- without numba


@has_long
@pytest.mark.parametrize("name", ["exp", "exprel", "log", "log10", "sin", "cos", "tanh", "arctan"])
def test_without_numba_accuracy_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primitives, "_compiled_fma", lambda: None)
    x, reference, allowed = UNARY[name]
    x = x[:: x.size // 50_000]
    with np.errstate(all="ignore"):
        exact = reference(x.astype(LONG))
    assert _ulps(NUMPY[name](x), exact) <= allowed + 1.5


@has_long
def test_without_numba_powers_stay_accurate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primitives, "_compiled_fma", lambda: None)
    with np.errstate(all="ignore"):
        exact = np.power(BASES.astype(LONG), POWERS.astype(LONG))
    assert _ulps(NUMPY["power"](BASES, POWERS), exact) <= 4.0


def test_splitting_finds_the_lost_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primitives, "_compiled_fma", lambda: None)
    a, b = np.array([1.0 + 2.0**-30]), 1.0 - 2.0**-30
    assert primitives.fma_exact(a, b, -1.0) == -(2.0**-60)
    assert primitives.fma(a, b, -1.0) == 0.0
    with np.errstate(all="ignore"):
        assert primitives.fma_exact(np.array([1e308]), 1.0, 1.0) == 1e308


def test_works_where_numba_is_not_installed() -> None:
    code = (
        "import sys; sys.modules['numba'] = None; sys.modules['llvmlite'] = None\n"
        "from rheobase.rendering.functions import namespace_numpy\n"
        "exp = namespace_numpy()['exp']\n"
        "print(repr(float(exp(0.3))), repr(float(exp([0.3])[0])))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    scalar, array = map(float, done.stdout.split())
    assert scalar == NUMPY["exp"](0.3)
    assert array == pytest.approx(scalar, rel=1e-15)


def test_scalars_do_not_load_numba() -> None:
    code = (
        "import sys\n"
        "from rheobase.rendering.functions import namespace_numpy\n"
        "namespace_numpy()['exp'](-0.1)\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
