"""Where fixed points appear, vanish or change their stability as one parameter changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from rheobase.analysis.continuation import Curve, Point
from rheobase.analysis.fixed_points import (
    FixedPoint,
    find_all,
    point_at,
    write_state,
)
from rheobase.analysis.flows import (
    checked_model,
    flow_of,
    read_parameter,
    read_range,
    read_states,
    valued,
)
from rheobase.analysis.hopf import lyapunov_coefficient
from rheobase.errors import EquationError, UserError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_SAME = 1e-3
"""Crossings of branches closer than this, in ranges of states and parameter, are one."""
_LEVEL = 1e-9
"""Where a branch goes on with less of the parameter, it is a line of fixed points at one value of
it: what turns there is rounding."""
_TRIES = 5
"""Values of the parameter, evenly over its range, at which branches are looked for."""


@dataclass(frozen=True, eq=False, repr=False)
class Bifurcation:
    """A value of the parameter at which fixed points change.

    Attributes
    ----------
    kind : str
        "saddle-node": two fixed points meet and vanish; "hopf": a pair of complex eigenvalues
        crosses the imaginary axis, and a periodic orbit begins; "branch point": branches cross
        (transcritical, or a pitchfork).
    parameter : str
    value
        Of the parameter: a quantity, a plain float where it has no unit.
    state : FixedPoint
        The fixed point there: a mapping of state to value.
    frequency : float or None
        Of the oscillation that begins at a Hopf bifurcation [Hz].
    lyapunov : float or None
        The first Lyapunov coefficient of a Hopf bifurcation, for an eigenvector of length 1 in
        states divided by their ranges: only the sign means something by itself.
    criticality : str or None
        Of a Hopf bifurcation: "supercritical" (a stable cycle grows from nothing),
        "subcritical" (an unstable cycle shrinks to nothing, and oscillations begin large), or
        "undecided" where the coefficient cannot be told from 0.
    """

    kind: str
    parameter: str
    value: Any
    state: FixedPoint
    frequency: float | None = None
    lyapunov: float | None = None
    criticality: str | None = None

    @property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """Those of the Jacobian there, in 1/s."""
        return self.state.eigenvalues

    def __repr__(self) -> str:
        """Return what happens where, in one line."""
        kind = f"{self.criticality} {self.kind}" if self.criticality else self.kind
        at = write_state({self.parameter: self.value})
        turns = "" if self.frequency is None else f"; {self.frequency:.5g} Hz"
        return f"<{kind} at {at}: {write_state(self.state)}{turns}>"


@dataclass(frozen=True, eq=False)
class Branch:
    """A curve of fixed points over the parameter, in order along it.

    Attributes
    ----------
    values : ndarray, shape (points,)
        Of the parameter, in its unit; it may turn back.
    states : mapping of str to ndarray, shape (points,)
        Each in its unit.
    eigenvalues : ndarray of complex, shape (points, states)
        In 1/s.
    stable : ndarray of bool, shape (points,)
    """

    values: Floats
    states: Mapping[str, Floats]
    eigenvalues: NDArray[np.complex128]
    stable: NDArray[np.bool_]

    def __repr__(self) -> str:
        """Return how long it is, and where it begins and ends."""
        ends = f"{self.values[0]:.6g} to {self.values[-1]:.6g}"
        return (
            f"<branch of {len(self.values)} fixed points, {int(self.stable.sum())} stable: {ends}>"
        )


class Bifurcations(Sequence[Bifurcation]):
    """The bifurcations found, ordered by the value of the parameter, with their branches.

    Attributes
    ----------
    parameter : str
        The one that changes.
    branches : tuple of Branch
    units : dict
        Unit of the parameter and of every state, as texts ("1" without one).
    """

    def __init__(
        self,
        parameter: str,
        found: Sequence[Bifurcation],
        branches: Sequence[Branch],
        units: Mapping[str, str],
    ) -> None:
        self.parameter = parameter
        self.branches = tuple(branches)
        self.units = dict(units)
        self._found = tuple(found)

    @overload
    def __getitem__(self, place: int) -> Bifurcation: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Bifurcation]: ...

    def __getitem__(self, place: Any) -> Any:
        """Return a bifurcation by its place."""
        return self._found[place]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    def __iter__(self) -> Iterator[Bifurcation]:
        """Return them from the lowest value of the parameter up."""
        return iter(self._found)

    def __repr__(self) -> str:
        """Return one a line."""
        lines = [repr(one) for one in self] or ["no bifurcation"]
        count = len(self.branches)
        return "\n".join([*lines, f"on {count} branch{'es' if count != 1 else ''}"])

    def plot(self, variable: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the bifurcation diagram: fixed points over the parameter.

        Lines are full where the fixed point is stable, dashed where it is not.

        Parameters
        ----------
        variable : str, optional
            The state to draw; v, or else the first one.
        ax : Axes, optional
            Axes to draw into.

        Returns
        -------
        Axes

        Raises
        ------
        UnknownNameError
            There is no such state.
        """
        from rheobase.analysis.diagram import draw

        return draw(self, variable, ax)


def bifurcations(
    model: Any,
    parameter: str,
    range: Any,
    *,
    initial: Mapping[str, Any] | None = None,
    within: Mapping[str, Any] | None = None,
    hold: Mapping[str, Any] | None = None,
    **values: Any,
) -> Bifurcations:
    """Follow the fixed points of a model over one parameter and locate their bifurcations.

    The branches of f(x, p) = 0 are followed along their own length, round folds, and every
    change is located to rounding: saddle-nodes (folds), where a real eigenvalue is 0; Hopf
    bifurcations, where a pair +-i omega is, with their criticality; and branch points. Noise is
    left out, currents over time count as 0, and threshold and reset are no part of it.

    Parameters
    ----------
    model : Model
    parameter : str
        The input or parameter that changes.
    range : (low, high)
        From where to where, in its unit.
    initial : mapping, optional
        Follow one branch: that of the fixed point nearest to these states (or some of them) at
        `low` (if there is none, at the next of five values where there is). Otherwise all
        branches are followed that have a fixed point at one of five values spread evenly over
        the range.
    within : mapping, optional
        State to (low, high): where fixed points to begin with are looked for.
    hold : mapping, optional
        States that are held at a value.
    **values
        Other inputs and parameters; inputs not named are 0.

    Returns
    -------
    Bifurcations
        A sequence; `.branches` holds the curves, `.plot()` draws them.

    Raises
    ------
    EquationError
        There is no fixed point to begin with, or the model has no fixed points to speak of.
    UnknownNameError, UnitError, ShapeError, UserError
        A value that does not fit, or is missing.

    Notes
    -----
    Source: Y. A. Kuznetsov, Elements of Applied Bifurcation Theory; H. B. Keller (1977) for
    continuation. Oscillations themselves are not followed: run the model for these.

    Examples
    --------
    >>> from rheobase import analysis, models
    >>> from rheobase.units import cm, uA
    >>> for found in analysis.bifurcations(                           # doctest: +SKIP
    ...     models.HodgkinHuxley, "I", (0, 20) * uA / cm**2
    ... ):
    ...     print(found.kind, found.value)
    hopf 9.77508 uA/cm**2
    """
    call = "bifurcations"
    if parameter in values:
        raise UserError(
            f"{call}: {parameter} cannot be held at a value, it is what changes",
            mend=f"leave {parameter}=... out",
        )
    model = checked_model(call, model)
    unit = read_parameter(call, model, parameter)
    low, high = read_range(call, parameter, unit, range)
    values = {**values, parameter: valued(low, unit)}
    flow = flow_of(call, model, values, hold=hold, within=within)
    curve = Curve(flow, parameter, unit.to_si(low), unit.to_si(high))
    if initial is None:
        traced = _all_branches(curve)
    else:
        traced = [_branch_from(call, curve, initial)]
    if not any(traced):
        text = "" if unit.text == "1" else f" {unit.text}"
        raise EquationError(
            f"{call}: no fixed point of {model.name} was found for {parameter} from {low:g} to"
            f" {high:g}{text}",
            mend="say where to look: within=dict(" + f"{flow.names[0]}=(..., ...))",
        )
    located = [one for points in traced for one in _located(curve, points)]
    return Bifurcations(
        parameter,
        _in_order(located),
        [_branch(curve, points) for points in traced],
        {name: flow.unit(name).text for name in [parameter, *flow.names]},
    )


# -- branches -------------------------------------------------------------------------------------


def _tries() -> list[float]:
    return [k / (_TRIES - 1) for k in range(_TRIES)]


def _points_at(curve: Curve, q: float) -> Floats:
    """Return all fixed points, scaled, at a fraction of the range of the parameter."""
    return find_all(curve.flow.at({curve.parameter: curve.value(q)}))


def _all_branches(curve: Curve) -> list[list[Point]]:
    """Follow every branch that has a fixed point at one of the values tried."""
    traced: list[list[Point]] = []
    for q in _tries():
        for z in _points_at(curve, q):
            if not any(curve.on(points, z, q) for points in traced):
                traced.append(curve.trace(z, q))
    return traced


def _branch_from(call: str, curve: Curve, initial: Mapping[str, Any]) -> list[Point]:
    """Follow the branch of the fixed point nearest to a state."""
    import numpy as np

    flow = curve.flow
    given = read_states(call, flow.slopes.model, initial, "initial")
    places = [k for k, name in enumerate(flow.names) if name in given]
    wanted = np.array([given[flow.names[k]] / flow.scale[k] for k in places])
    for q in _tries():
        points = _points_at(curve, q)
        if len(points):
            away = np.linalg.norm(points[:, places] - wanted, axis=1)
            return curve.trace(points[np.argmin(away)], q)
    return []


def _branch(curve: Curve, points: Sequence[Point]) -> Branch:
    import numpy as np

    flow = curve.flow
    y = np.array([p.y for p in points])
    y[np.abs(y) < 1e-14] = 0.0
    unit = flow.unit(curve.parameter)
    x = y[:, :-1] * flow.scale
    return Branch(
        np.array([unit.from_si(curve.value(q)) for q in y[:, -1]]),
        {name: x[:, k] for k, name in enumerate(flow.names)},
        np.array([p.eigenvalues for p in points]),
        np.array([p.unstable == 0 for p in points]),
    )


# -- what happens on them -------------------------------------------------------------------------


def _in_order(located: Sequence[tuple[Point, Bifurcation]]) -> list[Bifurcation]:
    """Return what was located, by the value of the parameter, each once.

    Where branches cross, each of them finds the crossing, and those of a pitchfork turn there.
    The one that goes straight on has found it best.
    """
    import numpy as np

    def known(point: Point) -> bool:
        return any(np.max(np.abs(point.y - other.y)) < _SAME for other, _ in crossings)

    crossings: list[tuple[Point, Bifurcation]] = []
    for point, one in sorted(located, key=lambda pair: -abs(pair[0].fold)):
        if one.kind == "branch point" and not known(point):
            crossings.append((point, one))
    others = [
        (point, one)
        for point, one in located
        if one.kind == "hopf" or (one.kind == "saddle-node" and not known(point))
    ]
    return [one for _, one in sorted([*crossings, *others], key=lambda pair: pair[0].y[-1])]


def _located(curve: Curve, points: Sequence[Point]) -> Iterator[tuple[Point, Bifurcation]]:
    """Yield every bifurcation between neighbors of a branch, and where it is."""
    for first, second in pairwise(points):
        for test, make in _TESTS:
            level = max(abs(first.fold), abs(second.fold)) < _LEVEL
            if test(first) * test(second) < 0 and not (level and make is _saddle_node):
                point = curve.locate(first, second, test)
                found = make(curve, point)
                if found is not None:
                    yield point, found


def _saddle_node(curve: Curve, point: Point) -> Bifurcation | None:
    return Bifurcation("saddle-node", *_where(curve, point))


def _branch_point(curve: Curve, point: Point) -> Bifurcation | None:
    return Bifurcation("branch point", *_where(curve, point))


def _hopf(curve: Curve, point: Point) -> Bifurcation | None:
    """Return the Hopf bifurcation; None at a neutral saddle, whose two eigenvalues are real."""
    import numpy as np

    values = point.eigenvalues
    first, second = np.triu_indices(len(values), 1)
    sums = np.abs(values[first] + values[second])
    sizes = np.abs(values[first]) + np.abs(values[second])
    which = np.argmin(sums / np.maximum(sizes, 1e-300))
    if abs(values[first[which]].imag) < 1e-6 * sizes[which]:
        return None
    given = {curve.parameter: curve.value(float(point.y[-1]))}
    coefficient, omega, sure = lyapunov_coefficient(curve.flow, point.y[:-1], given)
    side = "subcritical" if coefficient > 0 else "supercritical"
    return Bifurcation(
        "hopf",
        *_where(curve, point),
        frequency=omega / (2.0 * np.pi),
        lyapunov=coefficient,
        criticality=side if sure else "undecided",
    )


def _where(curve: Curve, point: Point) -> tuple[str, Any, FixedPoint]:
    value = curve.value(float(point.y[-1]))
    unit = curve.flow.unit(curve.parameter)
    state = point_at(curve.flow.at({curve.parameter: value}), point.y[:-1])
    return curve.parameter, valued(unit.from_si(value), unit), state


_TESTS: tuple[
    tuple[Callable[[Point], float], Callable[[Curve, Point], Bifurcation | None]], ...
] = (
    (lambda point: point.fold, _saddle_node),
    (lambda point: point.hopf, _hopf),
    (lambda point: point.crossing, _branch_point),
)
