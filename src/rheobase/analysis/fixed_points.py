"""Fixed points of a model: all of them, stable or not, with their eigenvalues.

Newton's method is started from many states at once, with steps that are limited, and from
where a scan of every leading variable (the others settled) sees its slope change sign. What is
found is divided out by deflation (P. E. Farrell, A. Birkisson and S. W. Funke, SIAM Journal on
Scientific Computing 37, A2026 (2015)), and the search goes on until nothing new turns up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rheobase.analysis.flows import Flow, flow_of, read_states
from rheobase.errors import EquationError, UnknownNameError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_SEEDS = 160
_ROUNDS, _DEFLATED_ROUNDS = 50, 25
"""Steps of Newton's method, from everywhere at first and then away from what is known."""
_LONGEST = 0.25
"""Longest step of Newton's method, in ranges of the states."""
_CLOSE = 1e-6
"""Two points closer than this, in ranges of the states, are one."""
_BLURRED = 1e-3
"""Points closer than this are one if slopes between them are 0 to rounding."""
_MOST = 64
"""More fixed points than this are not points but a line of them."""
_ZERO = 1e-9
"""A real part is 0 below this fraction of the largest eigenvalue."""


class FixedPoint(Mapping[str, Any]):
    """A state in which every slope is 0: a mapping of state to value.

    Values are quantities in the units of the model, plain floats where there is no unit.

    Attributes
    ----------
    eigenvalues : ndarray of complex, shape (states,)
        Of the Jacobian of the slopes, in 1/s, the largest real part first; one less for each
        kinetic scheme, whose states sum to 1.
    jacobian : ndarray, shape (states, states)
        Derivatives of the slopes of `states` (rows) by them (columns), each in its own unit,
        per second.
    states : tuple of str
    """

    def __init__(self, values: Mapping[str, Any], jacobian: Floats, free: Floats) -> None:
        self._values = dict(values)
        self.states = tuple(self._values)
        self.jacobian = jacobian
        self.eigenvalues = eigenvalues(free)

    @property
    def stable(self) -> bool:
        """Whether small deviations die away: every eigenvalue has a negative real part."""
        return bool(self.eigenvalues[0].real < -self._zero)

    @property
    def kind(self) -> str:
        """What it is, by its eigenvalues.

        "node" if they are real and of one sign, "focus" if some of them are complex (it is
        spiraled about); "saddle" and "saddle-focus" if some real parts are positive and some
        negative; "center" if a complex pair has a real part of 0, and "degenerate" if an
        eigenvalue is 0: then linear terms do not decide on stability. Whether nodes and
        foci are stable, `stable` says.
        """
        import numpy as np

        real = self.eigenvalues.real
        turning = np.abs(self.eigenvalues.imag) > self._zero
        still = np.abs(real) <= self._zero
        if np.any(still):
            return "center" if np.all(turning[still]) else "degenerate"
        if np.any(real > 0) and np.any(real < 0):
            return "saddle-focus" if np.any(turning) else "saddle"
        return "focus" if np.any(turning) else "node"

    @property
    def _zero(self) -> float:
        import numpy as np

        return _ZERO * max(float(np.max(np.abs(self.eigenvalues))), 1e-300)

    def __getitem__(self, name: str) -> Any:
        """Return the value of a state."""
        if name not in self._values:
            meant = did_you_mean(str(name), self._values)
            raise UnknownNameError(
                f"the fixed point has no state {name!r}" + (f"; did you mean {meant}?" if meant
                                                            else ""),
                mend=f"its states are: {', '.join(self._values)}",
            )  # fmt: skip
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is a state of that name."""
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        """Return the names of the states."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return the number of states."""
        return len(self._values)

    def __repr__(self) -> str:
        """Return kind, values and eigenvalues in one line."""
        plain = self.kind in ("node", "focus")
        kind = f"{'stable' if self.stable else 'unstable'} {self.kind}" if plain else self.kind
        return f"<{kind}: {write_state(self)}; eigenvalues {_write(self.eigenvalues)} /s>"


def fixed_points(
    model: Any,
    *,
    initial: Any = None,
    within: Mapping[str, Any] | None = None,
    hold: Mapping[str, Any] | None = None,
    **values: Any,
) -> list[FixedPoint]:
    """Return the fixed points of a model, saddles and unstable ones too.

    In a fixed point f(x) = 0 for dx/dt = f(x). Noise is left out, currents over time count as
    0, and threshold, reset and refractoriness are no part of it. Its stability is that of the
    linear system about it: with the eigenvalues of the Jacobian df/dx.

    Parameters
    ----------
    model : Model
    initial : mapping, or sequence of mappings, optional
        States (or some of them) to begin a search at, beside the ones chosen here.
    within : mapping, optional
        State to (low, high): points outside are left out, and the search begins inside.
        Otherwise voltages are looked for about the voltages among the parameters, and what has
        no unit about 0; a point far away from there can be missed.
    hold : mapping, optional
        States that are held at a value: the fixed points of the rest.
    **values
        Inputs and parameters, as `I=10*uA/cm**2`; inputs not named are 0.

    Returns
    -------
    list of FixedPoint
        Ordered by the first state. Empty if none was found.

    Raises
    ------
    EquationError
        The model has no differential equations, depends on the time, or its fixed points are
        not isolated.
    UnknownNameError, UnitError, ShapeError, UserError
        A value that does not fit, or is missing.

    Examples
    --------
    >>> from rheobase import analysis, models
    >>> [rest] = analysis.fixed_points(models.HodgkinHuxley)          # doctest: +SKIP
    >>> rest.stable, rest["v"]                                        # doctest: +SKIP
    (True, <Quantity(-64.9963827, 'millivolt')>)
    """
    import numpy as np

    call = "fixed_points"
    flow = flow_of(call, model, values, hold=hold, within=within)
    points = find_all(flow, _starts(call, flow, initial))
    if within:
        inside = np.all((points >= flow.low / flow.scale) & (points <= flow.high / flow.scale)
                        | ~_limited(flow, within), axis=1)  # fmt: skip
        points = points[inside]
    return [point_at(flow, z) for z in points]


def point_at(flow: Flow, z: Floats) -> FixedPoint:
    """Return the fixed point at scaled states."""
    jacobian = flow.slopes.jacobian(z * flow.scale)
    return FixedPoint(flow.named(z), jacobian, flow.slopes.free(jacobian))


def _limited(flow: Flow, within: Mapping[str, Any]) -> NDArray[np.bool_]:
    import numpy as np

    return np.array([name in within for name in flow.names])


def _starts(call: str, flow: Flow, initial: Any) -> list[Floats]:
    if initial is None:
        return []
    single = isinstance(initial, Mapping) or not isinstance(initial, Sequence)
    return [start_at(call, flow, one) for one in ([initial] if single else initial)]


def start_at(call: str, flow: Flow, initial: Any) -> Floats:
    """Return scaled states for some that are given, the others settled."""
    import numpy as np

    given = read_states(call, flow.slopes.model, initial, "initial")
    z = np.zeros(len(flow.names))
    for name, value in given.items():
        if name in flow.names:
            place = flow.names.index(name)
            z[place] = value / flow.scale[place]
    return flow.settle(z, [k for k, name in enumerate(flow.names) if name not in given])


# -- the search -----------------------------------------------------------------------------------


def find_all(flow: Flow, starts: Sequence[Floats] = ()) -> Floats:
    """Return all fixed points in scaled states, shape (points, states), by the first state.

    Raises
    ------
    EquationError
        If they are not isolated.
    """
    import numpy as np

    count = len(flow.names)
    spread = _spread(flow)
    size = np.nanmedian(np.abs(flow(spread)), axis=0)
    seeds = np.concatenate([np.reshape(starts, (-1, count)), _scanned(flow), spread])
    found = _distinct(flow, np.zeros((0, count)), _newton(flow, seeds), size)
    again = seeds[np.linspace(0, len(seeds) - 1, min(len(seeds), 48)).astype(int)]
    for _ in range(4):
        if not len(found):
            break
        beside = found + 1e-2 * np.where(np.arange(count) % 2, -1.0, 1.0)
        more = _newton(flow, np.concatenate([again, beside]), found)
        known, found = len(found), _distinct(flow, found, more, size)
        if len(found) == known:
            break
    return found[np.lexsort(found.T[::-1].round(9))]


def _spread(flow: Flow) -> Floats:
    """Return states everywhere within reach, and some beyond; of some the others settle."""
    import numpy as np

    random = np.random.default_rng(1)
    low, high = flow.low / flow.scale, flow.high / flow.scale
    z = random.uniform(low, high, (_SEEDS, len(flow.names)))
    middle = 0.5 * (low + high)
    z[: _SEEDS // 2] = middle + 6.0 * (z[: _SEEDS // 2] - middle)
    followers = [k for k in range(len(flow.names)) if k not in flow.leads]
    half = slice(0, None, 2)
    z[half] = flow.settle(z[half], followers)
    return z[np.all(np.isfinite(z), axis=1)]


def _scanned(flow: Flow) -> Floats:
    """Return where the slope of a leading state changes sign, with the others settled.

    A voltage is scanned alone: what else there is follows it.
    """
    import numpy as np

    places = list(range(len(flow.names)))
    pivots = [flow.names.index("v")] if "v" in flow.names else list(flow.leads or places)[:4]
    crossings = [np.zeros((0, len(places)))]
    for pivot in pivots:
        z = np.zeros((401, len(places)))
        z[:] = 0.5 * (flow.low + flow.high) / flow.scale
        z[:, pivot] = np.linspace(flow.low[pivot], flow.high[pivot], 401) / flow.scale[pivot]
        z = flow.settle(z, [k for k in places if k != pivot])
        slope = flow(z)[:, pivot]
        change = np.flatnonzero(np.sign(slope[:-1]) * np.sign(slope[1:]) <= 0)
        crossings.append(0.5 * (z[change] + z[change + 1]))
    seeds = np.concatenate(crossings)
    return seeds[np.all(np.isfinite(seeds), axis=1)]


def _newton(flow: Flow, z: Floats, known: Floats | None = None) -> Floats:
    """Return where Newton's method ends from many states; away from the known ones if given."""
    import numpy as np

    from rheobase.simulation.slopes import expand, solve

    z = z.copy()
    ended = []
    for _ in range(_ROUNDS if known is None else _DEFLATED_ROUNDS):
        if not len(z):
            break
        slopes, tables = expand(flow.__call__, z)
        flow.bind(tables, slopes, z)
        move = solve(tables, -slopes)
        factor = 1.0 if known is None else _deflated(z, move, known)
        length = np.max(np.abs(move), axis=1)
        done = length < 1e-10 * (1.0 + np.max(np.abs(z), axis=1))
        ended.append((z + move)[done])
        move = move * factor * np.minimum(1.0, _LONGEST / np.maximum(length, 1e-300))[:, None]
        z = (z + np.clip(move, -_LONGEST, _LONGEST))[~done]
        z = z[np.all(np.isfinite(z), axis=1) & (np.max(np.abs(z), axis=1) < 1e6)]
    found = np.concatenate(ended) if ended else np.zeros((0, len(flow.names)))
    return found[np.all(np.isfinite(flow(found)), axis=1)]


def _deflated(z: Floats, move: Floats, known: Floats) -> Floats:
    """Return by what Newton's step has to be multiplied where known solutions are divided out.

    The slopes are multiplied with M(z) = prod(1 + 1/|z - z_k|**2), which has no zeros and is
    infinite at what is known. Newton's step for M f is that for f, divided by 1 - g, where g is
    the derivative of log M along the step (Sherman and Morrison).
    """
    import numpy as np

    away = z[:, None, :] - known[None]
    square = np.clip(np.sum(away**2, axis=2), 1e-30, 1e30)
    slope = -2.0 * away / (square * (1.0 + square))[:, :, None]
    along = np.einsum("kjn,kn->k", slope, move)
    return np.asarray(1.0 / np.where(np.abs(1.0 - along) < 1e-3, 1e-3, 1.0 - along))[:, None]


def _distinct(flow: Flow, known: Floats, more: Floats, size: Floats) -> Floats:
    """Return what is known with what is new of more; `size` is that of the slopes elsewhere."""
    import numpy as np

    def same(z: Floats, other: Floats) -> bool:
        away = float(np.max(np.abs(z - other)))
        if away < _CLOSE or away > _BLURRED:
            return away < _CLOSE
        # where linear terms vanish Newton's method ends anywhere that slopes are 0 to rounding
        return bool(np.all(np.abs(flow(0.5 * (z + other))) <= 1e-12 * size))

    found = list(known)
    for z in more:
        if not any(same(z, other) for other in found):
            found.append(z)
        if len(found) > _MOST:
            raise _not_isolated(flow, np.array(found))
    return np.array(found).reshape(len(found), len(flow.names))


def _not_isolated(flow: Flow, found: Floats) -> EquationError:
    """Return the error for points that are no single ones, with the states they differ in."""
    import numpy as np

    model, slopes = flow.slopes.model, flow.slopes
    along = [k for k in range(len(flow.names)) if np.ptp(found[:, k]) > _CLOSE]
    names = [flow.names[k] for k in along]
    last = along[-1]
    unit = model.unit_of(names[-1])
    value = float(np.median(found[:, last])) * float(flow.scale[last])
    held = f"{value:.6g}" + ("" if unit.text == "1" else f"*{unit.text}")
    return EquationError(
        f"{slopes.model.name} has fixed points that are not isolated: more than {_MOST} were found,"
        f" which differ in {', '.join(names)}",
        expected="single states in which every slope is 0",
        mend=f"hold what nothing drives, such as hold=dict({names[-1]}={held}); or, where terms of "
        "a slope cancel at one value of a parameter, take another value",
    )


# -- shared with bifurcations ---------------------------------------------------------------------


def eigenvalues(jacobian: Floats) -> NDArray[np.complex128]:
    """Return the eigenvalues of a matrix, or of many, the largest real part first."""
    import numpy as np

    values = np.linalg.eigvals(jacobian).astype(np.complex128)
    # of a pair, the positive frequency first
    order = np.lexsort((-values.imag, -values.real.round(12)), axis=-1)
    return np.asarray(np.take_along_axis(values, order, axis=-1))


def write_state(state: Mapping[str, Any]) -> str:
    """Return a state as "v = -65 mV, w = 0.1"."""
    return ", ".join(f"{name} = {_short(value)}" for name, value in state.items())


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value.magnitude:.6g} {value.units:~C}"


def _write(values: Any) -> str:
    texts = []
    for value in values:
        if value.imag < 0:
            continue
        twist = f" ± {value.imag:.4g}i" if value.imag > 0 else ""
        texts.append(f"{value.real:.4g}{twist}")
    return ", ".join(texts)
