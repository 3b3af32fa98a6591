"""Where a function of one variable is largest, and where it is 0: found by bounding and dividing.

Branch and bound: the line is divided into intervals; one that cannot hold what is looked for is
thrown away, the others are halved. An interval in which the function surely rises or falls has its
largest value at an end. What is left is as narrow as one likes. E. R. Hansen (1979), "Global
optimization using interval analysis: the one-dimensional case", J. Optim. Theory Appl. 29.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rheobase.nn.intervals import INTERVALS, Bounds
from rheobase.nn.straight_line import Line, Operations
from rheobase.nn.wide import WIDE, Wide

CORE = 40.0
"""Single points are looked for between -CORE and CORE."""
_PARTS = 640
_NARROW = 1e-10
_FAR = 1e5
_END = CORE * 2.0**40
"""Where the last interval of the grid begins; to infinity 0.1*x < x is not always decided."""
_FEW = 500
_MOST = 5000
"""Intervals in one round. Who has more beyond the core has them without end, as sin does."""
_WORK = 60000
"""Intervals in one search."""
_ALIKE = 1e-11
"""Values that differ by less, relatively, are taken for equal."""
_BESIDE = 2e-9
"""What is nearer to a kink, relatively, is at the kink."""


@dataclass(frozen=True)
class Extreme:
    """The largest value of a function.

    Attributes
    ----------
    value : float
        The supremum.
    points : tuple of float
        Where it is reached, or approached: infinite for a limit, and points beside a jump.
    spans : tuple of (float, float)
        Intervals over which the function is that value.
    attained : bool
        Whether it is reached anywhere.
    """

    value: float
    points: tuple[float, ...]
    spans: tuple[tuple[float, float], ...]
    attained: bool


def bounds(program: Operations, low: np.ndarray, high: np.ndarray) -> Bounds:
    """Return intervals that hold all values over intervals of x, one for each."""
    found = program(Bounds.of(low, high), INTERVALS)
    shape = np.shape(low)
    ends = [Wide(np.broadcast_to(x.m, shape), np.broadcast_to(x.e, shape))
            for x in (found.low, found.high)]  # fmt: skip
    return Bounds(*ends)


def values(program: Operations, x: np.ndarray) -> Wide:
    """Return the values at points."""
    found = program(Wide.of(x), WIDE)
    return Wide(np.broadcast_to(found.m, x.shape), np.broadcast_to(found.e, x.shape))


def at(program: Operations, x: float) -> float:
    """Return the value at one point, as a float."""
    return float(values(program, np.array([x])).floats()[0])


def negated(program: Operations) -> Operations:
    """Return -f."""
    lines = (*program.lines, Line("negate", (len(program.lines) - 1,)))
    return Operations(lines, program.growing)


def beside(x: float, side: int) -> float:
    """Return the float next to x on one side."""
    return float(np.nextafter(x, math.inf * side))


def limit(program: Operations, side: int) -> float | None:
    """Return what f tends to for x to infinity on one side, judged at 2, 4, ... 2**60.

    Returns
    -------
    float or None
        Infinite if it grows on and on; None if there is no limit.
    """
    x = side * 2.0 ** np.arange(61)
    wide = values(program, x)
    found, size = wide.floats()[20:], wide.log2()[20:]
    if np.isnan(found).any():
        return None
    if size[-1] < -25 and size[-1] <= size[0]:
        return 0.0
    if np.isinf(found[-1]):
        return float(found[-1])
    steps = np.diff(found[[10, 20, 30, 40]])
    scale = max(1.0, abs(float(found[-1])))
    if np.abs(steps).max() <= 1e-6 * scale and np.abs(steps[-1]) <= 1e-9 * scale:
        return float(np.round(found[-1], 9) + 0.0) if abs(found[-1]) < 1e6 else float(found[-1])
    one_way = np.all(np.diff(found) >= 0) or np.all(np.diff(found) <= 0)
    return math.copysign(math.inf, found[-1]) if one_way else None


Pieces = Sequence[tuple[float, float]]
"""Open intervals in which a function is smooth, from the left to the right."""

WHOLE: Pieces = ((-math.inf, math.inf),)


def pieces(kinks: Sequence[float]) -> list[tuple[float, float]]:
    """Return the open intervals between kinks, from -inf to inf."""
    edges = [-math.inf, *sorted(kinks), math.inf]
    return list(pairwise(edges))


def grid(low: float, high: float) -> np.ndarray:
    """Return edges of first intervals of a piece: fine within the core, ever wider outside."""
    outside = CORE * 2.0 ** np.arange(1, 41)  # to _END
    edges = np.concatenate([-outside[::-1], np.linspace(-CORE, CORE, _PARTS + 1), outside])
    near = 2.0 ** np.arange(-30.0, -4.0, 2)
    for end in (low, high):
        if math.isfinite(end):
            edges = np.concatenate([edges, end - near, end + near])
    first = low if math.isinf(low) else beside(low, 1)
    last = high if math.isinf(high) else beside(high, -1)
    inside = np.unique(edges[(edges > first) & (edges < last)])
    return np.concatenate([[first], inside, [last]])


@dataclass
class _Search:
    """Intervals that are still in question."""

    low: np.ndarray
    high: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """Where they are halved; an infinite one at twice its finite end."""
        with np.errstate(invalid="ignore"):
            half = 0.5 * self.low + 0.5 * self.high
        half = np.where(np.isinf(self.high), 2 * np.abs(self.low) + 1, half)
        return np.asarray(np.where(np.isinf(self.low), -2 * np.abs(self.high) - 1, half))

    def narrow(self) -> np.ndarray:
        """Which are not divided any more: narrow ones, and those beyond all that matters."""
        with np.errstate(invalid="ignore"):
            wide = self.high - self.low > _NARROW * np.maximum(1, np.abs(self.low))
        far = np.minimum(np.abs(self.low), np.abs(self.high)) > _FAR
        return np.asarray(~wide | far | ~np.isfinite(self.high - self.low))

    def chosen(self, which: np.ndarray) -> _Search:
        return _Search(self.low[which], self.high[which])

    def divided(self) -> _Search:
        """Return the parts: halves, or eighths while there are few (a round costs more then)."""
        edges = [self.low, self.middle, self.high]
        if len(self.low) < _FEW:
            for _ in range(2):
                between = [_Search(a, b).middle for a, b in pairwise(edges)]
                edges = [edges[0], *(e for pair in zip(between, edges[1:], strict=True)
                                     for e in pair)]  # fmt: skip
        low, high = np.concatenate(edges[:-1]), np.concatenate(edges[1:])
        return _Search(low, high).chosen(low < high)


def largest(
    f: Operations, slope: Operations | None, smooth: Pieces, ends: Sequence[float | None]
) -> Extreme:
    """Find the largest value of f over the whole line.

    Parameters
    ----------
    f, slope : Operations
        The function and its derivative (None: not known).
    smooth : sequence of (float, float)
        The pieces of the line in which f is smooth; it has no values outside of them.
    ends : (float or None, float or None)
        What f tends to at -inf and inf.
    """
    candidates: list[tuple[float, float]] = [
        (end, side) for end, side in zip(ends, (-math.inf, math.inf), strict=True)
        if end is not None
    ]  # fmt: skip
    spans: list[tuple[float, float, float]] = []
    met: list[tuple[float, float]] = []
    for low, high in smooth:
        edges = grid(low, high)
        for edge, kink in ((edges[0], low), (edges[-1], high)):
            if math.isfinite(kink):
                candidates.append((at(f, edge), kink))
        found, flat, largest_met = _within(f, slope, _Search(edges[:-1], edges[1:]))
        candidates += found
        met.append(largest_met)
        spans += [(value, *_ends_of(a, b, low, high)) for value, a, b in flat]
    ends_of_pieces = {end for piece in smooth for end in piece if math.isfinite(end)}
    candidates += [(at(f, end), end) for end in sorted(ends_of_pieces)]
    candidates = [(v, x) for v, x in candidates if not math.isnan(v)]
    best = max([v for v, _ in candidates] + [v for v, _, _ in spans], default=math.nan)
    slack = _ALIKE * max(1.0, abs(best)) if math.isfinite(best) else 0.0
    undecided = [(v, x) for v, x in met if not v <= best + slack]  # the search was given up
    if undecided and max(undecided)[0] > -math.inf:
        candidates += undecided
        best = max(undecided)[0]
    far = {x for v, x in candidates if math.isinf(x) and v >= best - slack}
    where = tuple(_to_infinity(a, b, far) for v, a, b in _merged(spans) if v >= best - slack)
    points = _distinct([x for v, x in candidates if v >= best - slack], where)
    reached = [x for x in points if math.isfinite(x) and at(f, x) >= best - slack]
    if reached and not where:
        best = max(at(f, x) for x in reached)  # at the tidied point, not beside it
    return Extreme(best, tuple(reached or points), where, bool(where or reached))


def _to_infinity(a: float, b: float, limits: set[float]) -> tuple[float, float]:
    """Return an interval that ends with the grid as one that does not, if f tends to its value."""
    low = -math.inf if a <= -_END and -math.inf in limits else a
    return low, math.inf if b >= _END and math.inf in limits else b


def _within(
    f: Operations, slope: Operations | None, search: _Search
) -> tuple[list[tuple[float, float]], list[tuple[float, float, float]], tuple[float, float]]:
    """Return what may be largest, the intervals where f is constant, and the largest value met."""
    best, place = -math.inf, 0.0
    flat: list[tuple[float, float, float]] = []
    found: list[tuple[float, float]] = []
    done_work = 0
    for _ in range(80):
        inside = bounds(f, search.low, search.high)
        middle = values(f, search.middle).floats()
        top = int(np.argmax(np.nan_to_num(middle, nan=-math.inf)))
        if middle[top] > best:
            best, place = float(middle[top]), float(search.middle[top])
        constant = inside.exact
        value = inside.low.floats()
        flat += [(float(value[n]), float(search.low[n]), float(search.high[n]))
                 for n in np.flatnonzero(constant)]  # fmt: skip
        keep = (inside.high.floats() >= best - _ALIKE * max(1.0, abs(best))) & ~constant
        keep &= ~np.isnan(middle)
        if slope is not None:
            keep &= bounds(slope, search.low, search.high).holds_zero()
        done = keep & search.narrow()
        near = done & (np.abs(search.middle) < _FAR)  # the others are for the limits to judge
        found += [(float(middle[n]), float(search.middle[n])) for n in np.flatnonzero(near)]
        keep &= ~done
        done_work += len(keep)
        if keep.sum() > _MOST:
            keep &= (np.abs(search.low) <= CORE) & (np.abs(search.high) <= CORE)
        if not keep.any() or done_work > _WORK:
            break
        search = search.chosen(keep).divided()
    far = abs(place) >= _FAR  # it is still rising there, unless a limit is as large
    met = (_beyond(best), math.copysign(math.inf, place)) if far else (best, place)
    return _near_best(found, best), flat, met


def _beyond(best: float) -> float:
    """Return what a value met far out stands for: a large one, that there is no bound."""
    return math.inf if best > 1e4 else -math.inf


def _near_best(found: list[tuple[float, float]], best: float) -> list[tuple[float, float]]:
    finite = [(v, x) for v, x in found if v >= best - _ALIKE * max(1.0, abs(best))]
    return finite[:: max(1, len(finite) // 1000)]


def _ends_of(a: float, b: float, low: float, high: float) -> tuple[float, float]:
    """Return an interval whose ends beside a kink are the kink.

    Where rounding leaves it open on which side of the kink a number is (``0.2*x + 0.5 < 0``), the
    nearest intervals stay undecided; they are narrower than `_BESIDE`.
    """

    def near(x: float, kink: float) -> bool:
        return math.isfinite(kink) and abs(x - kink) <= _BESIDE * max(1.0, abs(kink))

    return (low if near(a, low) else a), (high if near(b, high) else b)


def _merged(spans: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Join neighboring intervals of one value."""
    joined: list[tuple[float, float, float]] = []
    for value, a, b in sorted(spans, key=lambda span: span[1]):
        if joined and joined[-1][0] == value and a <= joined[-1][2]:
            joined[-1] = (value, joined[-1][1], max(b, joined[-1][2]))
        else:
            joined.append((value, a, b))
    return joined


def _distinct(points: list[float], spans: Sequence[tuple[float, float]]) -> list[float]:
    """Return points without those in an interval, and close ones as their middle."""
    groups: list[list[float]] = []
    for x in sorted(points):
        if any(a <= x <= b for a, b in spans):
            continue
        if groups and (x == groups[-1][-1] or x - groups[-1][-1] < 1e-4):
            groups[-1].append(x)
        else:
            groups.append([x])
    return [_tidy(0.5 * (g[0] + g[-1])) if math.isfinite(g[0]) else g[0] for g in groups]


def _tidy(x: float) -> float:
    """Return x, or the nearest multiple of 1e-6 if that is within what is known of it."""
    near = round(x, 6)
    return near + 0.0 if abs(x - near) < 3e-9 else x


def zeros(f: Operations, smooth: Pieces) -> tuple[list[float], list[tuple[float, float]]]:
    """Find where f is 0: single points between -40 and 40, and intervals anywhere."""
    points: list[float] = []
    spans: list[tuple[float, float, float]] = []
    for low, high in smooth:
        edges = grid(low, high)
        search = _Search(edges[:-1], edges[1:])
        core = (np.abs(search.low) <= CORE) & (np.abs(search.high) <= CORE)
        always = bounds(f, search.low, search.high).is_zero()
        spans += [(0.0, *_ends_of(float(search.low[n]), float(search.high[n]), low, high))
                  for n in np.flatnonzero(always)]  # fmt: skip
        points += _roots(f, search.chosen(core & ~always))
    joined = [(a, b) for _, a, b in _merged(spans)]
    return _distinct(points, joined), joined


def _roots(f: Operations, search: _Search) -> list[float]:
    found: list[float] = []
    done_work = 0
    for _ in range(60):
        inside = bounds(f, search.low, search.high)
        keep = inside.holds_zero() & ~np.isnan(values(f, search.middle).m)
        done = keep & search.narrow()
        found += [float(x) for x in search.middle[done]]
        keep &= ~done
        done_work += len(keep)
        if not keep.any():
            break
        if done_work > _WORK:
            found += _crossings(f, search.chosen(keep))
            break
        search = search.chosen(keep).divided()
    return [x for x in found if _is_root(f, x)]


def _crossings(f: Operations, search: _Search) -> list[float]:
    """Return where f changes its sign within intervals that bounds did not decide.

    Where terms cancel, as in ``1 + tanh(x)`` far on the left, bounds are too wide to throw
    anything away. What counts there are changes of sign between values that are no rounding.
    """
    x = np.unique(np.concatenate([search.low, search.high]))
    y = values(f, x).floats()
    size = np.abs(np.where(np.isfinite(y), y, 0))
    sure = np.isfinite(y) & (size > _ALIKE * size.max())
    x, y = x[sure], y[sure]
    near = np.diff(x) <= 4 * float((search.high - search.low).max())
    turns = np.flatnonzero(near & (y[:-1] * y[1:] < 0))
    low, high, sign = x[turns], x[turns + 1], np.sign(y[turns])
    for _ in range(60):
        middle = 0.5 * (low + high)
        same = np.sign(values(f, middle).floats()) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [float(root) for root in 0.5 * (low + high)]


def _is_root(f: Operations, x: float) -> bool:
    """Whether f changes its sign at x, or all but vanishes beside what it is near it."""
    step = 1e-6 * max(1.0, abs(x))
    left, middle, right = values(f, np.array([x - step, x, x + step])).floats()
    return bool(left * right < 0 or abs(middle) <= 1e-3 * max(abs(left), abs(right)))
