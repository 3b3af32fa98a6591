"""Branches of fixed points over one parameter, by pseudo-arclength continuation.

A branch is the curve f(z, p) = 0 in states z and one parameter p. It is followed along its own
length, so that it may turn back in p: from a point a step along the tangent is taken, and
Newton's method leads back onto the curve within the plane across the tangent (H. B. Keller, in
Applications of Bifurcation Theory, P. Rabinowitz, ed. (1977)). Steps shorten where the curve
bends. Here y = (z, q), where q runs from 0 to 1 over the range of the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from rheobase.analysis.fixed_points import eigenvalues
from rheobase.analysis.flows import Flow
from rheobase.errors import InternalError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_FIRST, _LONGEST, _SHORTEST = 0.004, 0.01, 1e-8
"""Steps along the curve, in ranges of the states and of the parameter."""
_BEND = 0.985
"""The least cosine between the tangents of neighbors."""
_BESIDE = 1e-3
"""A fixed point this near the lines between the points of a branch is on it."""
_MOST = 6000
_FAR = 8.0
"""Ranges of the states beyond which nothing is followed."""


@dataclass(frozen=True, eq=False)
class Point:
    """A point of a branch.

    Attributes
    ----------
    y : ndarray, shape (states + 1,)
        Scaled states, and the parameter from 0 to 1 over its range.
    tangent : ndarray, shape (states + 1,)
        Of length 1.
    table : ndarray, shape (states, states + 1)
        Derivatives of the slopes by y, 1/s.
    """

    y: Floats
    tangent: Floats
    table: Floats

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """Those of the Jacobian by the states, 1/s."""
        return eigenvalues(self.table[:, :-1])

    @property
    def unstable(self) -> int:
        """How many eigenvalues have a positive real part."""
        return int((self.eigenvalues.real > 0).sum())

    @property
    def fold(self) -> float:
        """0 where the branch turns back: how the parameter changes along it."""
        return float(self.tangent[-1])

    @property
    def hopf(self) -> float:
        """0 where two eigenvalues add up to 0: the product over pairs of their relative sums."""
        import numpy as np

        values = self.eigenvalues
        first, second = np.triu_indices(len(values), 1)
        sums = values[first] + values[second]
        sizes = np.abs(values[first]) + np.abs(values[second])
        return float(np.prod(sums / np.maximum(sizes, 1e-300)).real)

    @property
    def crossing(self) -> float:
        """0 where another branch crosses: the determinant with the tangent below, scaled."""
        import numpy as np

        rows = np.vstack([self.table, self.tangent])
        return float(np.linalg.det(rows / np.linalg.norm(rows, axis=1, keepdims=True)))


class Curve:
    """f(y) = 0 for a flow and one parameter.

    Parameters
    ----------
    flow
        The model.
    parameter
        Name of the parameter or input.
    low, high
        Its range, in SI units.
    """

    def __init__(self, flow: Flow, parameter: str, low: float, high: float) -> None:
        import numpy as np

        self.flow, self.parameter = flow, parameter
        self.low, self.span = low, high - low
        self._sizes = np.full(len(flow.names), 1e-300)

    def __call__(self, y: Floats) -> Floats:
        """Return dz/dt per second, shape (..., states), at y of shape (..., states + 1)."""
        return self.flow(y[..., :-1], {self.parameter: self.low + self.span * y[..., -1]})

    def table(self, y: Floats) -> Floats:
        """Return the derivatives of the slopes by y."""
        from rheobase.simulation.slopes import differentiate

        return differentiate(self, y)

    def value(self, q: float) -> float:
        """Return the parameter, in SI units, at a fraction of its range."""
        return self.low + self.span * q

    # -- points ---------------------------------------------------------------------------

    def onto(
        self, y: Floats, across: Floats, singular: bool = False
    ) -> tuple[Floats, Floats] | None:
        """Lead a point onto the curve, within the plane through it across a direction.

        Parameters
        ----------
        y : ndarray, shape (states + 1,)
            The point.
        across : ndarray, shape (states + 1,)
            The direction.
        singular : bool
            Whether another branch crosses near here: then nothing is moved along the two.

        Returns
        -------
        (ndarray, ndarray) or None
            The point and the derivatives of the slopes near it; None if Newton's method, in 8
            steps, does not end within half the way that was taken.
        """
        import numpy as np

        from rheobase.simulation.slopes import expand

        start, cut, near = y, 1e-6 if singular else 1e-13, 1e-9 if singular else 1e-11
        for _ in range(8):
            slopes, table = expand(self, y)
            rows = np.vstack([table, across])
            right = np.append(-slopes, across @ (start - y))
            sizes = np.append(self._sizes, 1.0)
            if not (np.all(np.isfinite(rows)) and np.all(np.isfinite(right))):
                return None
            move = np.linalg.lstsq(rows / sizes[:, None], right / sizes, rcond=cut)[0]
            if np.max(np.abs(move)) > 0.5:
                return None
            y = y + move
            if np.max(np.abs(move)) < near:
                return y, table
        return None

    def point(self, y: Floats, table: Floats, before: Floats) -> Point:
        """Return a point with its tangent, which goes on in the direction of `before`."""
        import numpy as np

        # Every equation in units of the largest slope it has had: those of gates and of voltages
        # differ by thousands. Not of the slope here, which vanishes where branches cross.
        self._sizes = np.maximum(self._sizes, np.linalg.norm(table, axis=1))
        tangent = np.linalg.svd(table / self._sizes[:, None])[2][-1]
        if tangent @ before < 0:
            tangent = -tangent
        return Point(y, tangent, table)

    def start(self, z: Floats, q: float, forward: bool) -> Point:
        """Return the first point of a branch, at a fixed point for a value of the parameter."""
        import numpy as np

        y = np.append(z, q)
        direction = np.zeros(len(y))
        direction[-1] = 1.0 if forward else -1.0
        return self.point(y, self.table(y), direction)

    def along(self, point: Point, step: float, singular: bool = False) -> Point | None:
        """Return the point a step along the tangent, None if there is none."""
        led = self.onto(point.y + step * point.tangent, point.tangent, singular)
        return None if led is None else self.point(*led, point.tangent)

    # -- branches -------------------------------------------------------------------------

    def trace(self, z: Floats, q: float) -> list[Point]:
        """Return the branch through a fixed point, in both directions, until it leaves.

        It ends where the parameter leaves its range, far from the ranges of the states, where
        it closes, and where no step is short enough.
        """
        ahead = self._follow(self.start(z, q, forward=True))
        if len(ahead) > 2 and _near(ahead[0], ahead[-1]):
            return ahead
        back = self._follow(self.start(z, q, forward=False))
        turned = [Point(p.y, -p.tangent, p.table) for p in back[:0:-1]]
        return turned + ahead

    def _follow(self, first: Point) -> list[Point]:
        import numpy as np

        points, step = [first], _FIRST
        while len(points) < _MOST:
            last = points[-1]
            new = self.along(last, step)
            if new is None or not _smooth(last, new):
                step *= 0.5
                if step < _SHORTEST:
                    break
                continue
            if not 0.0 <= new.y[-1] <= 1.0:
                end = self._end(last, new)
                return points + ([end] if end is not None else [])
            points.append(new)
            if np.max(np.abs(new.y[:-1])) > _FAR:
                break
            if len(points) > 8 and _near(first, new):
                break
            step = min(1.3 * step, _LONGEST)
        return points

    def _end(self, last: Point, new: Point) -> Point | None:
        """Return where the branch leaves the range of the parameter."""
        import numpy as np

        bound = 1.0 if new.y[-1] > 1.0 else 0.0
        part = (bound - last.y[-1]) / (new.y[-1] - last.y[-1])
        guess = last.y + part * (new.y - last.y)
        guess[-1] = bound
        across = np.zeros(len(guess))
        across[-1] = 1.0
        led = self.onto(guess, across)
        return None if led is None or part < 1e-9 else self.point(*led, last.tangent)

    def locate(self, first: Point, second: Point, test: Callable[[Point], float]) -> Point:
        """Return where a test function vanishes between two neighbors of a branch."""
        from scipy.optimize import brentq

        length = float(first.tangent @ (second.y - first.y))

        def at(s: float) -> Point:
            if s == 0.0:
                return first
            found = self.along(first, s) or self.along(first, s, singular=True)
            if found is None:
                raise InternalError("a branch was lost between two of its points")
            return found

        def value(s: float) -> float:
            return test(second) if s == length else test(at(s))

        return at(float(brentq(value, 0.0, length, xtol=1e-13, rtol=1e-12)))

    def on(self, points: Sequence[Point], z: Floats, q: float) -> bool:
        """Return whether a fixed point lies on a branch already."""
        import numpy as np

        y, here = np.array([p.y for p in points]), np.append(z, q)
        if len(y) < 2:
            return bool(np.max(np.abs(y[0] - here)) < _BESIDE)
        ways = np.diff(y, axis=0)
        parts = np.sum((here - y[:-1]) * ways, axis=1) / np.sum(ways**2, axis=1)
        nearest = y[:-1] + np.clip(parts, 0.0, 1.0)[:, None] * ways
        return bool(np.min(np.linalg.norm(nearest - here, axis=1)) < _BESIDE)


def _smooth(last: Point, new: Point) -> bool:
    """Return whether a step was short enough: it turns little, and at most one pair changes."""
    if last.tangent @ new.tangent < _BEND:
        return False
    return abs(new.unstable - last.unstable) <= 2


def _near(first: Point, last: Point) -> bool:
    """Return whether a branch has come back to where it began, in the same direction."""
    import numpy as np

    close = float(np.max(np.abs(first.y - last.y))) < _LONGEST
    along = float(first.tangent @ (last.y - first.y))
    return close and bool(first.tangent @ last.tangent > _BEND) and along > -1e-3
