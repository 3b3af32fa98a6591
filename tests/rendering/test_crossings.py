"""The first crossing of what an exponential drives, against scanning and bisection."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.rendering.crossings import NEVER
from rheobase.rendering.functions import namespace_numba, namespace_numpy


def cases(count=4000):
    rng = np.random.default_rng(0)
    tau = np.exp(rng.uniform(np.log(1e-3), np.log(0.1), count))
    other = np.exp(rng.uniform(np.log(5e-4), np.log(0.1), count))
    tau[:200] = other[:200]  # equal rates
    slope = rng.normal(0, 15, count) / tau
    drive = rng.normal(0, 30, count) / other * (rng.random(count) > 0.1)
    return np.abs(rng.normal(0, 10, count)), slope, drive, -1 / tau, -1 / other


def height(s, gap, slope, drive, rate, decay):
    if rate == decay:
        driven = s * np.exp(rate * s)
    else:
        driven = (np.exp(decay * s) - np.exp(rate * s)) / (decay - rate)
    return slope * np.expm1(rate * s) / rate + drive * driven - gap


def test_the_first_crossing_is_found_to_rounding():
    from scipy.optimize import brentq

    given = cases(1500)
    found = namespace_numpy()["first_crossing"](*given)
    crossed = 0
    for n, case in enumerate(zip(*given, strict=True)):
        longest = -1 / max(case[3], case[4])
        times = np.concatenate([[0], np.geomspace(1e-9, 700 * longest, 4000)])
        values = height(times, *case)
        up = np.flatnonzero((values[1:] >= 0) & (values[:-1] < 0))
        if not up.size:
            # it may touch the level between two points of the scan
            assert found[n] == NEVER or abs(height(found[n], *case)) < 1e-9
            continue
        crossed += 1
        begin, end = times[up[0]], times[up[0] + 1]
        root = brentq(height, begin, end, args=case, xtol=1e-18, rtol=1e-15)
        steep = (height(root * (1 + 1e-6), *case) - height(root * (1 - 1e-6), *case)) / 2e-6 / root
        scale = case[0] + abs(case[1] / case[3]) + abs(case[2] / case[4])
        assert abs(found[n] - root) <= 1e-12 * root + 4e-14 * scale / max(abs(steep), 1e-30)
    assert crossed > 400


def test_both_backends_give_the_same_bits():
    from numba import njit

    given = cases()
    compiled = namespace_numba()["first_crossing"]

    @njit(error_model="numpy")
    def loop(gap, slope, drive, rate, decay, out):
        for n in range(out.size):
            out[n] = compiled(gap[n], slope[n], drive[n], rate[n], decay[n])

    out = np.empty(given[0].size)
    loop(*given, out)
    np.testing.assert_array_equal(out, namespace_numpy()["first_crossing"](*given))


@pytest.mark.parametrize("case, expected", [
    ((1.0, 2.0, 0.0, -1.0, -3.0), np.log(2)),  # no drive: log1p(-1/2)/-1
    ((2.0, 2.0, 0.0, -1.0, -3.0), NEVER),  # it only comes close
    ((1.0, -1.0, 0.0, -1.0, -3.0), NEVER),
    ((1.0, 0.0, 3.0, -1.0, -1.0), 0.6190612867359452),  # 3 s exp(-s) = 1
    ((1.2, 0.0, 3.0, -1.0, -1.0), NEVER),  # its peak is 3/e
    ((1.0, 2.0, 3.0, 0.0, -1.0), np.nan),
    ((1.0, 2.0, 3.0, -1.0, 1.0), np.nan),
])  # fmt: skip
def test_cases_known_in_closed_form(case, expected):
    found = namespace_numpy()["first_crossing"](*case)
    np.testing.assert_allclose(found, expected, rtol=2e-15)
