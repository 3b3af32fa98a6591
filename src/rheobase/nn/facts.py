"""What holds for an activation for every x, found from its text.

Range, largest derivative and where, where the derivative is 0 and where it only tends to it, kinks:
by interval arithmetic over the whole line on the expression and on its derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rheobase.language.expressions import names_in
from rheobase.nn import rewriting, searching
from rheobase.nn.straight_line import Operations, operations

if TYPE_CHECKING:
    from rheobase.nn.activations import Activation


@dataclass(frozen=True)
class Interval:
    """All numbers between two; an end may belong to it or not.

    Attributes
    ----------
    low, high : float
        May be infinite.
    closed_low, closed_high : bool
        Whether the ends are in it.
    """

    low: float
    high: float
    closed_low: bool = False
    closed_high: bool = False

    def __contains__(self, x: float) -> bool:
        above = x >= self.low if self.closed_low else x > self.low
        return above and (x <= self.high if self.closed_high else x < self.high)

    def __iter__(self) -> Iterator[float]:
        return iter((self.low, self.high))

    def __str__(self) -> str:
        if self.low == self.high:
            return number(self.low)
        ends = "[" if self.closed_low else "(", "]" if self.closed_high else ")"
        return f"{ends[0]}{number(self.low)}, {number(self.high)}{ends[1]}"


@dataclass(frozen=True)
class Kink:
    """A point at which the derivative jumps.

    Attributes
    ----------
    at : float
    left, right : float
        The derivative on both sides.
    value : float
        What ``derivative`` gives there.
    """

    at: float
    left: float
    right: float
    value: float


@dataclass(frozen=True)
class Facts:
    """What holds for an activation for all x; prints as sentences.

    Attributes
    ----------
    name, formula, derivative_formula, variable : str
    undefined : tuple of Interval
        Where it has no value.
    range : Interval
        Its values.
    limits : (float or None, float or None)
        What it tends to for x to -inf and inf; None: nothing.
    zero_centered : bool
        Whether f(-x) = -f(x): inputs spread evenly around 0 give outputs spread evenly around 0.
    increasing, decreasing : bool
        Whether it never falls; whether it never rises.
    max_derivative : float
        The largest derivative (its supremum).
    max_derivative_at : float or Interval
        Where: a point, an interval, or infinite if it is only approached there. The first, if
        there are several.
    max_derivative_places : tuple
        All of them.
    derivative_zero : tuple of Interval
        Where the derivative is 0, single points as intervals of length 0 (these are looked for
        between -40 and 40).
    derivative_tends_to_zero : tuple of float
        Of -inf and inf those for which the derivative tends to 0 without being 0.
    kinks : tuple of Kink
        Where the derivative jumps.
    jumps : tuple of float
        Where the function itself jumps.
    poles : tuple of float
        Where it becomes infinite.
    between_breaks : int
        1 if it never falls between its jumps and poles, -1 if it never rises there, else 0.
    """

    name: str
    formula: str
    derivative_formula: str
    variable: str
    undefined: tuple[Interval, ...]
    range: Interval
    limits: tuple[float | None, float | None]
    zero_centered: bool
    increasing: bool
    decreasing: bool
    max_derivative: float
    max_derivative_places: tuple[float | Interval, ...]
    derivative_zero: tuple[Interval, ...]
    derivative_tends_to_zero: tuple[float, ...]
    kinks: tuple[Kink, ...]
    jumps: tuple[float, ...]
    poles: tuple[float, ...]
    between_breaks: int

    @property
    def max_derivative_at(self) -> float | Interval:
        """Where the derivative is largest: the first of the places."""
        return self.max_derivative_places[0] if self.max_derivative_places else math.nan

    def __str__(self) -> str:
        return "\n".join([f"{self.name}: a = {self.formula}", *_sentences(self)])

    __repr__ = __str__


def number(x: float) -> str:
    """Return a number as it is read: no more than six digits."""
    return f"{x + 0.0:.6g}"


# -- finding ------------------------------------------------------------------------------------


def find_facts(activation: Activation) -> Facts:
    """Find what holds for an activation over the whole line."""
    variable = activation.variable
    steadied = rewriting.steadied(activation.expression)
    f, slope = operations(steadied, variable), operations(activation.slope, variable)
    bend_formula = rewriting.differentiate(rewriting.steadied(activation.slope), variable)
    bend = None if bend_formula is None else operations(bend_formula, variable)
    breaks = _breaks(activation)
    undefined = _undefined(f, breaks)
    smooth = [piece for piece in searching.pieces(breaks) if Interval(*piece) not in undefined]
    poles = tuple(x for x in breaks if _infinite(f, x))
    whole = [x for x in breaks if x not in poles and not np.isnan(_beside(f, x)).any()]
    jumps = tuple(x for x in whole if _parts(f, x))
    kinks = tuple(_kink(slope, x) for x in whole if x not in jumps and _parts(slope, x))
    limits, slope_limits = _limits_of(f, undefined), _limits_of(slope, undefined)
    values = _beside_poles(f, poles, _extremes(f, slope, smooth, limits))
    slopes = _beside_poles(slope, poles, _extremes(slope, bend, smooth, slope_limits))
    flat, far = _flat(slope, smooth, slope_limits)
    return Facts(
        name=activation.name, formula=activation.formula, variable=variable,
        derivative_formula=activation.derivative_formula, undefined=undefined,
        range=_range(*values), limits=limits, zero_centered=_odd(f),
        increasing=slopes[0].value <= 1e-12 and (not (jumps or poles) or _one_way(f, 1)),
        decreasing=slopes[1].value <= 1e-12 and (not (jumps or poles) or _one_way(f, -1)),
        max_derivative=slopes[1].value, max_derivative_places=_places(slope, slopes[1]),
        derivative_zero=flat, derivative_tends_to_zero=far, kinks=kinks, jumps=jumps, poles=poles,
        between_breaks=1 if slopes[0].value <= 1e-12 else -(slopes[1].value <= 1e-12),
    )  # fmt: skip


_Ends = tuple[float | None, float | None]


def _limits_of(f: Operations, undefined: Sequence[Interval]) -> _Ends:
    missing = {end for place in undefined for end in place}
    low, high = (None if side * math.inf in missing else searching.limit(f, side)
                 for side in (-1, 1))  # fmt: skip
    return low, high


def _extremes(
    f: Operations, slope: Operations | None, smooth: searching.Pieces, ends: _Ends
) -> tuple[searching.Extreme, searching.Extreme]:
    """Return the largest value of -f, and that of f."""
    minus = None if slope is None else searching.negated(slope)
    down = [None if end is None else -end for end in ends]
    return (searching.largest(searching.negated(f), minus, smooth, down),
            searching.largest(f, slope, smooth, ends))  # fmt: skip


def _beside_poles(
    f: Operations, poles: Sequence[float], found: tuple[searching.Extreme, searching.Extreme]
) -> tuple[searching.Extreme, searching.Extreme]:
    """Return extremes, infinite where the function is beside a pole: rounding stops before."""
    bottom, top = found
    for x in poles:
        for value in _beside(f, x):
            if value > 0:
                top = searching.Extreme(math.inf, (x,), (), False)
            elif value < 0:
                bottom = searching.Extreme(math.inf, (x,), (), False)
    return bottom, top


def _range(bottom: searching.Extreme, top: searching.Extreme) -> Interval:
    closed = [end.attained and math.isfinite(end.value) for end in (bottom, top)]
    return Interval(-bottom.value + 0.0, top.value, *closed)


def _flat(
    slope: Operations, smooth: searching.Pieces, ends: _Ends
) -> tuple[tuple[Interval, ...], tuple[float, ...]]:
    """Return where the derivative is 0, and for which infinite x it only tends to 0."""
    points, spans = searching.zeros(slope, smooth)
    flat = [_span(slope, a, b, 0.0) for a, b in spans]
    flat += [Interval(x, x, True, True) for x in points]
    far = [side for side, found in zip((-math.inf, math.inf), ends, strict=True)
           if found == 0 and not any(side in span for span in spans)]  # fmt: skip
    return tuple(sorted(flat, key=lambda place: place.low)), tuple(far)


def _breaks(activation: Activation) -> list[float]:
    """Return the points at which function or derivative may jump."""
    found: list[float] = []
    for part in rewriting.switching(activation.expression):
        if activation.variable not in names_in(part):
            continue
        program = operations(part, activation.variable)
        points, spans = searching.zeros(program, searching.WHOLE)
        found += [*points, *(end for span in spans for end in span if math.isfinite(end))]
    return sorted(set(found))


def _beside(f: Operations, x: float) -> tuple[float, float]:
    """Return the values just left and right of x.

    The neighboring floats are too near: ``0.2*x + 0.5 > 1`` is rounded to 1 at that above 2.5.
    """
    step = 8 * np.spacing(max(1.0, abs(x)))
    return searching.at(f, x - step), searching.at(f, x + step)


def _infinite(f: Operations, x: float) -> bool:
    """Whether f becomes infinite at x: at one of the floats beside it, or ever larger towards it.

    Where x is not a float, as pi/2 of the tangent, no float gives inf.
    """
    near = np.array([searching.beside(x, -1), searching.beside(x, 1)])
    if np.isinf(searching.values(f, near).floats()).any():
        return True
    far = 1e-9 * max(1.0, abs(x)) * 10.0 ** np.arange(6)
    for side in (-1, 1):
        size = np.abs(searching.values(f, x + side * far).floats())
        if size[0] > 1e6 and np.all(size[:-1] > 1.5 * size[1:]):
            return True
    return False


def _parts(f: Operations, x: float) -> bool:
    """Whether f jumps at x."""
    left, right = _beside(f, x)
    return abs(left - right) > 1e-9 * max(1.0, abs(left), abs(right))


def _kink(slope: Operations, x: float) -> Kink:
    return Kink(x, *_beside(slope, x), searching.at(slope, x))


def _undefined(f: Operations, breaks: Sequence[float]) -> tuple[Interval, ...]:
    """Return the pieces between breaks in which the function has no value."""
    found = []
    for low, high in searching.pieces(breaks):
        edges = searching.grid(low, high)
        if np.isnan(searching.values(f, 0.5 * edges[1:-2] + 0.5 * edges[2:-1]).m).all():
            found.append(Interval(low, high))
    return tuple(found)


_SAMPLES = np.concatenate([np.linspace(0, 8, 201), 2.0 ** np.arange(3.5, 12)])


def _odd(f: Operations) -> bool:
    right = searching.values(f, _SAMPLES).floats()
    left = searching.values(f, -_SAMPLES).floats()
    there = np.isfinite(right) | np.isfinite(left)  # not at a pole
    right, left = right[there], left[there]
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(right + left) <= 1e-12 * np.maximum(1e-3, np.abs(right))))


def _one_way(f: Operations, way: int) -> bool:
    found = searching.values(f, np.concatenate([-_SAMPLES[::-1], _SAMPLES])).floats()
    return bool(np.all(way * np.diff(found) >= 0))


def _span(f: Operations, a: float, b: float, value: float) -> Interval:
    """Return an interval; a finite end belongs to it if f has the value there."""
    closed = [math.isfinite(end) and abs(searching.at(f, end) - value) <= 1e-12 for end in (a, b)]
    return Interval(a, b, *closed)


def _places(f: Operations, found: searching.Extreme) -> tuple[float | Interval, ...]:
    spans = [_span(f, a, b, found.value) for a, b in found.spans]
    return (*spans, *found.points)


# -- sentences -----------------------------------------------------------------------------------


def _sentences(facts: Facts) -> Iterator[str]:
    x = facts.variable
    yield f"  Values: {facts.range}{_limits(facts)}."
    yield "  " + _shape(facts)
    largest = number(facts.max_derivative)
    yield f"  Its derivative is {facts.derivative_formula}."
    if facts.max_derivative == math.inf:
        where = _where(facts, x).replace("approached for", "for")
        yield f"  The derivative grows without bound{where}."
    elif facts.max_derivative_places:
        yield f"  The derivative is at most {largest}{_where(facts, x)}."
    yield "  " + _vanishing(facts, x)
    for place in facts.undefined:
        yield f"  It has no value for {x} in {place}."
    yield from _breaks_told(facts, x)


def _breaks_told(facts: Facts, x: str) -> Iterator[str]:
    for verb, places in (("jumps", facts.jumps), ("becomes infinite", facts.poles)):
        if len(places) > 6:
            yield f"  It {verb} at {len(places)} places between {x} = -40 and 40."
        elif places:
            yield f"  It {verb} at {x} = {', '.join(number(place) for place in places)}."
    if len(facts.kinks) > 6:
        yield f"  It has {len(facts.kinks)} kinks between {x} = -40 and 40."
        return
    for kink in facts.kinks:
        yield (
            f"  Kink at {x} = {number(kink.at)}: the derivative is {number(kink.left)} on the left "
            f"and {number(kink.right)} on the right; {number(kink.value)} is taken at the kink."
        )
    if not facts.kinks and not facts.jumps and not facts.poles:
        yield "  It has no kink."


def _limits(facts: Facts) -> str:
    low, high = facts.limits
    x = facts.variable
    ends = [f"{number(value)} for {x} to {side}" for value, side in ((low, "-inf"), (high, "inf"))
            if value is not None and math.isfinite(value)]  # fmt: skip
    return f"; it tends to {' and to '.join(ends)}" if ends else ""


def _shape(facts: Facts) -> str:
    rises = "It never falls" if facts.increasing else (
        "It never rises" if facts.decreasing else "It rises and falls"
    )  # fmt: skip
    if facts.between_breaks and not (facts.increasing or facts.decreasing):
        where = "where it becomes infinite" if facts.poles else "where it jumps"
        rises = f"It never {'falls' if facts.between_breaks > 0 else 'rises'} but {where}"
    if facts.zero_centered:
        return f"{rises}, and is centered on zero: f(-{facts.variable}) = -f({facts.variable})."
    return f"{rises}, and is not centered on zero."


def _where(facts: Facts, x: str) -> str:
    told = []
    for place in facts.max_derivative_places:
        if isinstance(place, Interval):
            everywhere = place.low == -math.inf and place.high == math.inf
            told.append("for all " + x if everywhere else f"for {x} in {place}")
        elif math.isinf(place):
            told.append(f"approached for {x} to {number(place)}")
        else:
            told.append(f"at {x} = {number(place)}")
    return ", " + " and ".join(told[:4]) + (" and others" if len(told) > 4 else "")


def _vanishing(facts: Facts, x: str) -> str:
    zero = [_told_zero(i, x) for i in facts.derivative_zero]
    if len(zero) > 6:
        zero = [f"at {len(zero)} places between {x} = -40 and 40"]
    far = [f"{x} to {number(side)}" for side in facts.derivative_tends_to_zero]
    tends = f"tends to 0 for {' and for '.join(far)}: there it saturates" if far else ""
    if zero and tends:
        return f"The derivative is 0 {' and '.join(zero)}, and {tends}."
    if zero:
        return f"The derivative is 0 {' and '.join(zero)}."
    return f"The derivative is never 0, but {tends}." if tends else (
        "The derivative is never 0 and tends to 0 nowhere."
    )  # fmt: skip


def _told_zero(place: Interval, x: str) -> str:
    if place.low == place.high:
        return f"at {x} = {number(place.low)}"
    if place.low == -math.inf and place.high == math.inf:
        return "everywhere"
    return f"for {x} in {place}"


def table(facts: Sequence[Facts]) -> list[tuple[str, ...]]:
    """Return facts of several activations as rows of text: name, range, derivative, ..."""
    rows: list[tuple[str, ...]] = []
    for one in facts:
        where = _where(one, one.variable).removeprefix(", ")
        zero = " and ".join(_told_zero(i, one.variable) for i in one.derivative_zero[:3]) or "never"
        far = ", ".join(number(side) for side in one.derivative_tends_to_zero) or "nowhere"
        rows.append((one.name, str(one.range), "yes" if one.zero_centered else "no",
                     f"{number(one.max_derivative)} {where}", zero, far,
                     ", ".join(number(kink.at) for kink in one.kinks) or "none"))  # fmt: skip
    return rows
