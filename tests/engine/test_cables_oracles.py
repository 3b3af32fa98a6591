"""Cells with a morphology against closed forms and the Rallpack references."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import i1, iv, kv
from tests.engine.cable_plans import PASSIVE, REST, SQUID, Net, Shape, cable

LEAK = 1 / 4.0  # S/m2: 40,000 ohm cm2
CURRENT = 1e-10


def constant(current: float = CURRENT, stop: int = 2**62):  # type: ignore[no-untyped-def]
    return lambda k: np.where(k < stop, current, 0.0)


def rallpack_1(x: float, t: np.ndarray, b: float = 1.0, scale: float = 0.12732395447351627
               ) -> np.ndarray:  # fmt: skip
    """The series of models with a sealed cylinder of b length constants, 40 ms: V - E, V."""
    T, k = t / 0.04, np.arange(1, 600)[:, None]
    rate = 1 + (k * np.pi / b) ** 2
    X = b - x
    decaying = (-1.0) ** k * np.cos(k * np.pi * X / b) * np.exp(-rate * T) / rate
    series = np.exp(-T) / 2 + decaying.sum(axis=0)
    return scale * (np.cosh(X) / np.sinh(b) - 2 / b * series)


def relative_rms(got: np.ndarray, want: np.ndarray) -> float:
    span = max(got.max(), want.max()) - min(got.min(), want.min())
    return float(np.sqrt(np.mean((got - want) ** 2)) / span)


@pytest.mark.parametrize("dt", [5e-5, 5e-4])
def test_rallpack_1(dt: float) -> None:
    net = Net([cable(1000, 1, 1000)], [PASSIVE], dt, "numba", states={"v": -0.065})
    net.inject(0, 1, constant())
    net.record(0, 1), net.record(0, 1000)
    near, far = net.run(0.25)
    t = np.arange(near.size) * dt
    errors = [relative_rms(near[1:], -0.065 + rallpack_1(0.5e-3, t[1:])),
              relative_rms(far[1:], -0.065 + rallpack_1(1 - 0.5e-3, t[1:]))]  # fmt: skip
    assert max(errors) < (1e-4 if dt < 1e-4 else 1e-3)


def rallpack_2() -> tuple[Shape, list[int]]:
    """A binary tree of ten levels, one compartment a branch; the compartments of the last level."""
    shape = Shape()
    length, diameter = 32.0, 16.0
    ends = [shape.branch(length, diameter)]
    for _ in range(9):
        length, diameter = length / 2 ** (1 / 3), diameter / 2 ** (2 / 3)
        ends = [shape.branch(length, diameter, parent=e[-1]) for e in ends for _ in range(2)]
    return shape, [e[0] for e in ends]


def test_rallpack_2() -> None:
    shape, tips = rallpack_2()
    net = Net([shape], [PASSIVE], 5e-5, "numba", states={"v": -0.065})
    net.inject(0, 1, constant())
    for node in (1, tips[0], tips[700 % len(tips)], tips[-1]):
        net.record(0, node)
    root, *others = net.run(0.25)
    assert all(np.allclose(tip, others[0], rtol=0, atol=1e-13) for tip in others)
    t = np.arange(root.size) * 5e-5
    # the cylinder of 320 um and 16 um: 0.08 of the length constant of 4 mm
    scale = CURRENT * 1.0 / (np.pi * (8e-6) ** 2) * 4e-3
    for got, x in ((root, 0.0), (others[0], 0.08)):
        assert relative_rms(got[1:], -0.065 + rallpack_1(x, t[1:], 0.08, scale)) < 5e-4


def test_rallpack_2_is_reciprocal() -> None:
    shape, tips = rallpack_2()
    found = []
    for here, there in ((1, tips[5]), (tips[5], 1)):
        net = Net([shape], [PASSIVE], 1e-4, "numba", states={"v": -0.065})
        net.inject(0, here, constant())
        net.record(0, there)
        found += net.run(0.05)
    np.testing.assert_allclose(*found, rtol=0, atol=1e-13)


def crossings(v: np.ndarray, dt: float) -> np.ndarray:
    k = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    return np.asarray((k - v[k] / (v[k + 1] - v[k])) * dt * 1e3)


def test_rallpack_3() -> None:
    """Spike times of the references at dt 1 us: NEURON and GENESIS, which differ by 0.02 %."""
    membrane = SQUID(g_L="0.025 mS/cm**2", E_L="-65 mV")
    net = Net([cable(1000, 1, 1000)], [membrane], 1e-5, "numba", states=REST)
    net.inject(0, 1, constant())
    net.record(0, 1), net.record(0, 1000)
    near, far = net.run(0.25)
    t, lag = crossings(near, 1e-5), crossings(far, 1e-5)
    assert (t.size, lag.size) == (18, 17)
    np.testing.assert_allclose(t[:4], [1.307, 16.008, 30.552, 45.088], rtol=0, atol=0.012)
    np.testing.assert_allclose(t[-1], 248.518, atol=0.02)
    np.testing.assert_allclose(np.diff(t)[-3:], 14.5315, atol=0.001)
    np.testing.assert_allclose(lag[:2], [4.072, 18.691], atol=0.005)
    assert [near.max(), near.min(), far.max(), far.min()] == pytest.approx(
        [0.04133, -0.06985, 0.04623, -0.07696], abs=2e-4
    )


def test_cone_in_its_steady_state() -> None:
    """Bessel functions of the second order: current at the wide end of a cone."""
    net = Net([cable(1000, 1.0, 1000, end=1.7)], [PASSIVE(E_L="0 mV")], 5e-4, "numba",
              states={"v": 0.0})  # fmt: skip
    net.inject(0, 1000, constant())
    for node in (1, 500, 1000):
        net.record(0, node)
    got = np.array([v[-1] for v in net.run(0.9)])
    r0, r1, length = 0.5e-6, 0.85e-6, 1e-3
    tangent = (r1 - r0) / length
    unit = 4.0 / 2 * np.sin(np.arctan(tangent))  # R_m/(2*R_a)*sin of half the angle
    start, end = r0 / tangent, r1 / tangent
    a, b = start / unit, end / unit
    x = (np.array([0.5, 499.5, 999.5]) / 1000 * length + start) / unit
    up = kv(2, 2 * np.sqrt(a)) * i1(2 * np.sqrt(x)) + iv(2, 2 * np.sqrt(a)) * kv(1, 2 * np.sqrt(x))
    low = kv(2, 2 * np.sqrt(a)) * iv(2, 2 * np.sqrt(b)) - iv(2, 2 * np.sqrt(a)) * kv(
        2, 2 * np.sqrt(b)
    )
    want = unit * CURRENT / (np.pi * r1**2) * b / np.sqrt(x) * up / low
    np.testing.assert_allclose(got, want, rtol=2e-4)


def test_branch_point_with_an_equivalent_cylinder() -> None:
    """Rall (1959): daughters whose diameters to 3/2 add up to the parent's are one cylinder."""
    d = np.array([1.0, 0.5, (1 - 0.5**1.5) ** (2 / 3)])
    wavelength = np.sqrt(d * 1e-6 * 4.0 / 4 / 1.0)
    lengths = np.array([300.0, 200.0, 200.0 * np.sqrt(d[2] / d[1])])
    shape = Shape()
    fork = shape.branch(lengths[0], d[0], pieces=150)[-1]
    first = shape.branch(lengths[1], d[1], pieces=100, parent=fork)
    second = shape.branch(lengths[2], d[2], pieces=100, parent=fork)
    net = Net([shape], [PASSIVE], 1e-3, "numba", states={"v": -0.065})
    net.inject(0, 1, constant())
    for node in (1, 150, first[99], second[99]):
        net.record(0, node)
    got = np.array([v[-1] for v in net.run(0.8)])
    whole = lengths[0] * 1e-6 / wavelength[0] + lengths[1] * 1e-6 / wavelength[1]
    X = np.array([1.0, 299.0, 0, 0]) * 1e-6 / wavelength[0]
    X[2:] = whole - 1e-6 * lengths[1:] / 200 / wavelength[1:]
    infinite = 1.0 * wavelength[0] / (np.pi * (0.5e-6) ** 2)
    want = -0.065 + infinite * CURRENT * np.cosh(whole - X) / np.sinh(whole)
    np.testing.assert_allclose(got + 0.065, want + 0.065, rtol=3e-4)


def test_pulse_on_a_long_cable() -> None:
    """A short pulse in the middle spreads as the fundamental solution of the cable equation."""
    n, dt = 501, 1e-6
    net = Net([cable(3000, 1, n)], [PASSIVE(g_L="0.1 mS/cm**2", E_L="-70 mV")], dt, "numba",
              states={"v": -0.07})  # fmt: skip
    net.inject(0, 251, constant(1e-9, stop=20))
    offsets = (0, 20, 60)
    for offset in offsets:
        net.record(0, 251 + offset)
    found = net.run(2e-3)
    conductance, capacitance = 1.0, 0.01
    wavelength, tau = np.sqrt(1e-6 / (4 * conductance * 1.0)), capacitance / conductance
    t = np.arange(found[0].size) * dt - 1e-5  # from the middle of the pulse
    for v, offset in zip(found, offsets, strict=True):
        x = offset * 3e-3 / n / wavelength
        some = slice(600, None)
        T = t[some] / tau
        green = 2e-14 / (np.pi * 1e-6 * capacitance * wavelength * np.sqrt(4 * np.pi * T))
        want = green * np.exp(-T - x**2 / (4 * T))
        np.testing.assert_allclose(v[some] + 0.07, want, rtol=2e-3, atol=1e-3 * want.max())
