"""Two states of a model against each other: nullclines, directions, fixed points, trajectories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rheobase.analysis.fixed_points import FixedPoint, find_all, point_at
from rheobase.analysis.flows import Flow, flow_of
from rheobase.analysis.trajectories import Path, paths_of
from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.language.expressions import Compare, Name, names_in
from rheobase.network.evaluate import evaluate
from rheobase.plots.style import FRAME, INK, color, dressed, label, legend, with_unit
from rheobase.units import UNITS

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_FINE, _ARROWS = 181, (23, 17)
"""Points along an axis for nullclines; arrows along x and y."""


class _Plane(NamedTuple):
    """The two states that are drawn, by their places, and from where to where."""

    flow: Flow
    x: int
    y: int

    def unit(self, place: int) -> str:
        """Return the unit of an axis as text."""
        return self.flow.unit(self.flow.names[place]).text

    def states(self, x: Floats, y: Floats) -> Floats:
        """Return scaled states of shape (..., states) at values of the two; the others settle."""
        import numpy as np

        middle = 0.5 * (self.flow.low + self.flow.high) / self.flow.scale
        z = np.broadcast_to(middle, (*np.shape(x), len(self.flow.names))).copy()
        z[..., self.x] = x / self.flow.scale[self.x]
        z[..., self.y] = y / self.flow.scale[self.y]
        others = [k for k in range(len(self.flow.names)) if k not in (self.x, self.y)]
        return self.flow.settle(z, others)

    def slopes(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return dx/dt and dy/dt of the two, in their units per second."""
        rates = self.flow(self.states(x, y)) * self.flow.scale
        return rates[..., self.x], rates[..., self.y]


def phase_plane(
    model: Any,
    x: str,
    y: str,
    *,
    within: Mapping[str, Any] | None = None,
    hold: Mapping[str, Any] | None = None,
    trajectories: Any = None,
    duration: Any = None,
    dt: Any = "0.02 ms",
    nullclines: bool = True,
    arrows: bool = True,
    backend: str | None = None,
    ax: Axes | None = None,
    **values: Any,
) -> Axes:
    """Draw the phase plane of two states of a model.

    Nullclines are the curves on which dx/dt = 0 and dy/dt = 0; they cross in the fixed points,
    which are marked by their stability. Arrows show where a state goes, shorter where it is
    slower. Other states of the model are at their steady value for x and y, as fast gates are,
    unless they are held; the stability of fixed points is that of all states that are not held.

    Parameters
    ----------
    model : Model
    x, y : str
        The states along the axes.
    within : mapping, optional
        State to (low, high): the part of the plane that is drawn. Otherwise about the fixed
        points, trajectories, and the voltages among the parameters.
    hold : mapping, optional
        Other states that are held at a value.
    trajectories : optional
        What to draw into the plane: a Result or Dataset in which x and y were recorded, or
        states to start from, one mapping or a list of them (states not named settle first);
        these are run with threshold and reset. Jumps at resets are dotted.
    duration : quantity, optional
        How long states to start from are run.
    dt : quantity
        The step of these runs.
    nullclines, arrows : bool
        Whether to draw them.
    backend : str, optional
        As for `Network.run`.
    ax : Axes, optional
        Axes to draw into; default a new figure.
    **values
        Inputs and parameters, as `I=10*uA/cm**2`; inputs not named are 0.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownNameError, UserError, UnitError, ShapeError, EquationError
        There is no such state, x and y are the same or held, or a value does not fit.
    """
    import numpy as np

    call = "phase_plane"
    flow = flow_of(call, model, values, hold=hold, within=within)
    plane = _Plane(flow, *_places(call, flow, x, y, hold or {}))
    points = [point_at(flow, z) for z in find_all(flow)]
    paths = paths_of(call, flow, (x, y), trajectories, duration, dt, backend)
    edges = _edges(plane, points, paths, within or {})
    ax = dressed(ax, (6.4, 4.6))
    grid = [np.linspace(*pair, _FINE) for pair in edges]
    if nullclines:
        _draw_nullclines(ax, plane, *np.meshgrid(*grid))
    if arrows:
        _draw_arrows(ax, plane, edges)
    _draw_paths(ax, paths)
    _draw_points(ax, plane, points, edges)
    ax.set_xlim(*edges[0])
    ax.set_ylim(*edges[1])
    label(ax, with_unit(x, plane.unit(plane.x)), with_unit(y, plane.unit(plane.y)))
    if ax.get_legend_handles_labels()[1]:
        legend(ax, beside=True)
    return ax


def _places(call: str, flow: Flow, x: str, y: str, hold: Mapping[str, Any]) -> tuple[int, int]:
    names = flow.names
    for name in (x, y):
        if name in names:
            continue
        if name in hold:
            raise UserError(f"{call}: {name} is held, so it is no axis",
                            mend=f"leave {name} out of hold=")  # fmt: skip
        meant = did_you_mean(str(name), names)
        raise UnknownNameError(
            f"{call}: {flow.slopes.model.name} has no state {name!r}"
            + (f"; did you mean {meant}?" if meant else ""),
            mend=f"its states are: {', '.join(names)}",
        )
    if x == y:
        other = next((name for name in names if name != x), None)
        raise UserError(
            f"{call}: both axes are {x}",
            mend=f'write {call}(model, "{x}", "{other}")' if other else
            f"{flow.slopes.model.name} has one state; a plane takes two",
        )  # fmt: skip
    return names.index(x), names.index(y)


# -- from where to where ---------------------------------------------------------------------------


def _edges(
    plane: _Plane, points: Sequence[FixedPoint], paths: Sequence[Path], within: Mapping[str, Any]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return what part of the plane is drawn, in the units of the axes."""
    import numpy as np

    flow, found = plane.flow, []
    for axis, place in enumerate((plane.x, plane.y)):
        name = flow.names[place]
        low, high = float(flow.low[place]), float(flow.high[place])
        if name in within:
            found.append((low, high))
            continue
        here = np.array([_plain(point[name]) for point in points])
        seen = [here, *(path.values[:, axis] for path in paths)]
        if axis == 1:
            seen.append(_along_nullclines(plane, found[0]))
        elif here.size and flow.unit(name).dimension == UNITS["volt"].dimension:
            # from below rest to where a spike has begun
            about = here[[0, -1]] + flow.unit(name).from_si(np.array([-0.02, 0.05]))
            seen.append(np.clip(about, low, high))
        else:
            seen.append(np.array([low, high]))
        every = np.concatenate(seen)
        every = every[np.isfinite(every)]
        low, high, top = float(every.min()), float(every.max()), _ceiling(flow, name)
        high = min(high, top) if top > low else high
        pad = 0.06 * (high - low) or 0.5 * float(flow.scale[place])
        found.append((low - pad, high + pad))
    return found[0], found[1]


def _ceiling(flow: Flow, name: str) -> float:
    """Return the threshold at which a reset takes a state back, in its unit; else infinity."""
    import numpy as np

    model = flow.slopes.model
    spike = model.threshold
    if not model.reset or not isinstance(spike, Compare) or spike.operator not in (">", ">="):
        return float("inf")
    if spike.left != Name(name) or not names_in(spike.right) <= flow.slopes.fixed.keys():
        return float("inf")
    (value,) = np.ravel(evaluate(spike.right, flow.slopes.fixed))
    return float(flow.unit(name).from_si(float(value)))


def _along_nullclines(plane: _Plane, edge: tuple[float, float]) -> Floats:
    """Return what y is on its own nullcline, and in the knees of that of x."""
    import numpy as np

    x = np.linspace(*edge, 201)
    own = _solved(plane, x, 1)
    other = _solved(plane, x, 0)
    own = own[np.isfinite(own)]
    if not own.size:
        own = np.array([plane.flow.low[plane.y], plane.flow.high[plane.y]])
    rises = np.sign(np.diff(other))
    knees = other[1:-1][rises[:-1] * rises[1:] < 0]
    # of those far away, where an exponential is cut or a pole passed, nothing is to be learned
    middle, reach = 0.5 * (own.min() + own.max()), 1.5 * (own.max() - own.min())
    return np.concatenate([own, knees[np.abs(knees - middle) <= reach]])


def _solved(plane: _Plane, x: Floats, which: int) -> Floats:
    """Return y on the nullcline of one of the two states over x, nan where none was found."""
    import numpy as np

    from rheobase.simulation.slopes import differentiate

    scale = float(plane.flow.scale[plane.y])

    def slope(y: Floats) -> Floats:
        return plane.slopes(np.broadcast_to(x, y.shape[:-1]), y[..., 0] * scale)[which][..., None]

    y = np.full((x.size, 1), 0.5 * (plane.flow.low + plane.flow.high)[plane.y] / scale)
    move = y
    for _ in range(8):
        with np.errstate(all="ignore"):
            move = slope(y) / differentiate(slope, y)[..., 0]
        y = y - move
    return np.asarray(np.where(np.abs(move) < 1e-6 * (1.0 + np.abs(y)), y, np.nan)[:, 0] * scale)


# -- drawing ---------------------------------------------------------------------------------------


def _draw_nullclines(ax: Axes, plane: _Plane, x: Floats, y: Floats) -> None:
    import numpy as np

    names = (plane.flow.names[plane.x], plane.flow.names[plane.y])
    for slope, name, hue in zip(plane.slopes(x, y), names, (color(0), color(2)), strict=True):
        # an exponential beside a leak: only where it is 0 matters, and that to a hair
        size = float(np.median(np.abs(slope[np.isfinite(slope)]))) or 1.0
        ax.contour(x, y, np.arcsinh(slope / size), [0.0], colors=[hue], linewidths=2.0, zorder=2.2)
        ax.plot([], [], color=hue, linewidth=2.0, label=f"d{name}/dt = 0")


def _draw_arrows(ax: Axes, plane: _Plane, edges: Sequence[tuple[float, float]]) -> None:
    import numpy as np

    centers = [np.linspace(low, high, 2 * n + 1)[1::2] for (low, high), n in zip(
        edges, _ARROWS, strict=True)]  # fmt: skip
    x, y = np.meshgrid(*centers)
    across, up = plane.slopes(x, y)
    box = ax.get_window_extent()
    across = across / (edges[0][1] - edges[0][0]) * box.width
    up = up / (edges[1][1] - edges[1][0]) * box.height
    speed = np.hypot(across, up)
    speed = np.where(np.isfinite(speed) & (speed > 0), speed, np.nan)
    # speeds differ by orders of magnitude: half the length for the slow ones, never more than one
    ratio = speed / float(np.nanpercentile(speed, 20)) if np.any(np.isfinite(speed)) else speed
    length = np.sqrt(ratio / (1.0 + ratio)) / speed
    ax.quiver(
        x, y, across * length, up * length, color=FRAME, alpha=0.55, angles="uv", pivot="mid",
        scale=26, width=0.0026, headwidth=4.5, headlength=5, zorder=1.5,
    )  # fmt: skip


def _draw_paths(ax: Axes, paths: Sequence[Path]) -> None:
    for number, path in enumerate(paths):
        text = "" if number else "trajectory" if len(paths) == 1 else "trajectories"
        ax.plot(*path.drawn().T, color=color(1), linewidth=1.4, zorder=2.4, label=text)
        for jump in path.jumps():
            ax.plot(*jump.T, color=color(1), linewidth=0.9, linestyle=":", zorder=2.3)
        ax.plot(*path.values[0], ".", color=color(1), markersize=8, zorder=2.5)


_MARKS: dict[str, dict[str, Any]] = {
    "stable": {"marker": "o", "markerfacecolor": INK},
    "unstable": {"marker": "o", "markerfacecolor": "white"},
    "saddle": {"marker": "D", "markerfacecolor": "white"},
    "undecided": {"marker": "s", "markerfacecolor": FRAME},
}


def _draw_points(
    ax: Axes, plane: _Plane, points: Sequence[FixedPoint], edges: Sequence[tuple[float, float]]
) -> None:
    said: set[str] = set()
    names = (plane.flow.names[plane.x], plane.flow.names[plane.y])
    for point in points:
        place = [_plain(point[name]) for name in names]
        if not all(low <= p <= high for p, (low, high) in zip(place, edges, strict=True)):
            continue
        text, look = _look(point)
        ax.plot(
            *[[p] for p in place], linestyle="none", markeredgecolor=INK, markeredgewidth=1.5,
            markersize=7.5, zorder=3, label="" if text in said else text, **_MARKS[look],
        )  # fmt: skip
        said.add(text)


def _look(point: FixedPoint) -> tuple[str, str]:
    """Return what a point is called in the legend, and how it is marked."""
    if point.kind in ("saddle", "saddle-focus"):
        return point.kind, "saddle"
    if point.kind in ("center", "degenerate"):
        return f"{point.kind} fixed point", "undecided"
    word = "stable" if point.stable else "unstable"
    return f"{word} {point.kind}", word


def _plain(value: Any) -> float:
    return float(getattr(value, "magnitude", value))
