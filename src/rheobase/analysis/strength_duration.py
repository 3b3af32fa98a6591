"""The strength-duration curve: how strong a pulse of a width has to be, and the chronaxie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.analysis.constant_input import Trial, trial
from rheobase.analysis.pasting import model_text
from rheobase.analysis.smallest_current import Search, pulse_width
from rheobase.errors import ShapeError, UserError, WiringError
from rheobase.simulation import NotFiniteError
from rheobase.simulation.clock import one_time
from rheobase.units import UNITS, Unit, quantity, to_si

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

Floats: TypeAlias = NDArray[np.float64]

_CHRONAXIE = "rb.analysis.chronaxie"
_CURVE = "rb.analysis.strength_duration"
_CLOSE = 1e-5
"""How close the currents are found, as a fraction."""
_CELLS = 16
"""Currents tried at once for each width."""
_WIDTHS = np.geomspace(0.1, 10.0, 13)
"""Widths of a curve if none are given, in chronaxies."""


@dataclass(frozen=True)
class StrengthDurationLaw:
    """A law fitted to a strength-duration curve.

    Attributes
    ----------
    name : str
    rheobase, chronaxie : quantity
        As the law has them.
    error : float
        Root mean square of the relative deviations from the curve.
    """

    name: str
    rheobase: Any
    chronaxie: Any
    error: float

    def __call__(self, widths: Any) -> Any:
        """Return the smallest currents of pulses of these widths, a quantity.

        Lapicque: I = I_r/(1 - 2**(-w/c)), that of a passive membrane with a threshold, whose time
        constant is c/ln 2. Weiss: I = I_r (1 + c/w), a charge that grows by I_r w.
        """
        second = UNITS["second"]
        w = np.asarray(to_si(widths, second.dimension, what=f"{self.name}: the widths"))
        c = float(self.chronaxie.to("second").magnitude)
        factor = _LAWS[self.name](w / c)
        return self.rheobase * (float(factor) if factor.ndim == 0 else factor)

    def __str__(self) -> str:
        return (
            f"{self.name}: rheobase {_short(self.rheobase)}, chronaxie {_short(self.chronaxie)}, "
            f"{100 * self.error:.2g} % off"
        )


_LAWS: dict[str, Callable[[Any], Any]] = {
    "Lapicque": lambda x: -1.0 / np.expm1(-np.log(2.0) * x),
    "Weiss": lambda x: 1.0 + 1.0 / x,
}


@dataclass(frozen=True, eq=False)
class StrengthDuration:
    """The smallest current of a pulse over its width; prints as a table.

    Attributes
    ----------
    thresholds : DataArray
        In the unit of the input, over the coordinate "width" [ms].
    rheobase : quantity
        Of a pulse without end: the smallest current that evokes a spike.
    chronaxie : quantity
        The width at which twice the rheobase is needed.
    lapicque, weiss : StrengthDurationLaw
        The two laws fitted to the curve.
    """

    thresholds: xr.DataArray
    rheobase: Any
    chronaxie: Any
    lapicque: StrengthDurationLaw
    weiss: StrengthDurationLaw

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with both laws, the rheobase and the chronaxie.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into; a new figure if none is given.

        Returns
        -------
        Axes
        """
        from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

        from rheobase.plots.style import FRAME, color, dressed, label, legend, with_unit

        ax = dressed(ax, (4.8, 3.4))
        widths, unit = self.thresholds["width"].values, self.thresholds.attrs["units"]
        fine = np.geomspace(widths[0], widths[-1], 200)
        flat = float(self.rheobase.magnitude)
        wide = float(self.chronaxie.to("ms").magnitude)
        for number, law in enumerate((self.lapicque, self.weiss), start=1):
            ax.plot(fine, law(quantity(fine * 1e-3, UNITS["ms"])).magnitude, color=color(number),
                    linewidth=1.2, label=law.name, zorder=2)  # fmt: skip
        ax.plot(widths, self.thresholds.values, "o", color=color(0), markersize=4.5,
                markeredgewidth=0, label="smallest current", zorder=3)  # fmt: skip
        ax.axhline(flat, color=FRAME, linestyle=":", linewidth=1.0, zorder=1)
        ax.plot([widths[0], wide, wide], [2 * flat, 2 * flat, flat], color=FRAME, linestyle=":",
                linewidth=1.0, zorder=1)  # fmt: skip
        ax.set_xscale("log")
        ax.set_yscale("log")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(LogLocator(10.0, (1.0, 2.0, 5.0)))
            axis.set_major_formatter(FormatStrFormatter("%g"))
            axis.set_minor_formatter(NullFormatter())
        ax.annotate(f"rheobase {_short(self.rheobase)}", (widths[0], flat), xytext=(0, -3),
                    textcoords="offset points", va="top", fontsize=8)  # fmt: skip
        ax.annotate(f"chronaxie {_short(self.chronaxie)}", (wide, 2 * flat), xytext=(5, 3),
                    textcoords="offset points", fontsize=8)  # fmt: skip
        ax.set_ylim(bottom=0.7 * flat)
        label(ax, "width of the pulse (ms)", with_unit("current", unit))
        legend(ax, beside=False, inside="upper right")
        return ax

    def __repr__(self) -> str:
        """Return both numbers, the laws, and the curve as a table."""
        unit = self.thresholds.attrs["units"]
        lines = [f"rheobase {_short(self.rheobase)}, chronaxie {_short(self.chronaxie)}",
                 str(self.lapicque), str(self.weiss),
                 f"{'width (ms)':>12}  smallest current ({unit})"]  # fmt: skip
        pairs = zip(self.thresholds["width"].values, self.thresholds.values, strict=True)
        return "\n".join([*lines, *(f"{w:>12.5g}  {i:.5g}" for w, i in pairs)])


def chronaxie(
    model: Any,
    duration: Any = "1 second",
    dt: Any = "0.01 ms",
    method: str | None = None,
    input: str | None = None,
    *,
    at: Any = None,
    initial: Any = "rest",
    seed: int = 0,
    backend: str | None = None,
) -> Any:
    """Return the chronaxie: how long a pulse of twice the rheobase has to last to evoke a spike.

    Pulses begin on the first step, from rest; a spike may come after their end. Of a passive
    membrane with a threshold the chronaxie is tau ln 2.

    Pulses last for whole steps. The chronaxie lies between the widths of two, whose smallest
    currents are below and above twice the rheobase: it is where the line between their inverses
    passes it.

    Parameters
    ----------
    model : Model or Cell
        With a threshold and an input variable; or a cell with a morphology.
    duration : quantity
        The time a spike has to occur in; also how long the current of the rheobase lasts.
    dt, method, input, at, initial, seed, backend
        As for `rheobase`.

    Returns
    -------
    quantity
        In ms.

    Raises
    ------
    UserError
        It fires without a current, no current evokes a spike, or the chronaxie is shorter than
        the step.
    UnitError, WiringError, UnknownNameError
        As for `rheobase`.

    Examples
    --------
    >>> rb.analysis.chronaxie(rb.models.LIF)                               # tau_m ln 2 = 6.93 ms
    """
    setup = trial(
        model, call=_CHRONAXIE, input=input, duration=duration, dt=dt, method=method,
        initial=initial, seed=seed, backend=backend, at=at,
    )  # fmt: skip
    return quantity(_both(setup, _CHRONAXIE)[1], UNITS["ms"])


def strength_duration(
    model: Any,
    widths: Any = None,
    duration: Any = "1 second",
    dt: Any = "0.01 ms",
    method: str | None = None,
    input: str | None = None,
    *,
    at: Any = None,
    initial: Any = "rest",
    seed: int = 0,
    backend: str | None = None,
) -> StrengthDuration:
    """Return the strength-duration curve: the smallest current of a pulse over its width.

    With the rheobase and the chronaxie, and two laws fitted to it: Lapicque's (1907),
    I = I_r/(1 - exp(-w/tau)), that of a passive membrane with a threshold, and Weiss' (1901),
    I = I_r (1 + c/w). Both are fitted by the sum of squares of the relative deviations.

    Parameters
    ----------
    model : Model or Cell
        With a threshold and an input variable; or a cell with a morphology.
    widths : quantity, shape (n,), optional
        Of the pulses, rounded to whole steps. 13 from a tenth of the chronaxie to ten times it if
        not given.
    duration : quantity
        The time a spike has to occur in.
    dt, method, input, at, initial, seed, backend
        As for `rheobase`.

    Returns
    -------
    StrengthDuration

    Raises
    ------
    UserError, UnitError, WiringError, UnknownNameError, ShapeError
        As for `chronaxie`; or the widths are none.

    Examples
    --------
    >>> rb.analysis.strength_duration(rb.models.HodgkinHuxley).plot()
    """
    setup = trial(
        model, call=_CURVE, input=input, duration=duration, dt=dt, method=method,
        initial=initial, seed=seed, backend=backend, at=at,
    )  # fmt: skip
    step = one_time(setup.dt, "dt", f"{_CURVE}(model, dt=0.01*ms)")
    given = None if widths is None else _given_widths(widths, setup)
    flat, chronaxie_ = _both(setup, _CURVE)
    chosen = _WIDTHS * chronaxie_ if given is None else given
    counts = np.unique(np.maximum(np.rint(chosen / step), 1.0))
    grid = counts * step
    smallest = _thresholds(setup, grid, flat, chronaxie_)
    return StrengthDuration(
        _array(grid, smallest, setup.unit),
        quantity(flat, setup.unit),
        quantity(chronaxie_, UNITS["ms"]),
        _fit("Lapicque", grid, smallest, flat, chronaxie_, setup.unit),
        _fit("Weiss", grid, smallest, flat, chronaxie_, setup.unit),
    )


# -- searching -----------------------------------------------------------------------------------


def _both(setup: Trial, call: str) -> tuple[float, float]:
    """Return rheobase and chronaxie in SI units."""
    step = one_time(setup.dt, "dt", f"{call}(model, dt=0.01*ms)")
    if not setup.injected:
        raise WiringError(
            f"{call}: {setup.name} is a parameter; pulses are of a current", mend="leave out input="
        )
    flat = Search(setup, 1).smallest(lambda current: _CLOSE * abs(current))
    if flat <= 0:
        raise UserError(
            f"{call}: {setup.model.name} fires without a current: twice its rheobase, "
            f"{setup.written(flat)}, is no stimulus",
            mend="shift it to where it rests, with another value of a parameter",
        )
    longest = round(
        one_time(setup.duration, "duration", f"{call}(model, duration=1*second)") / step
    )
    low, high = 0, max(longest, 1)
    while high - low > 1:
        tried = np.unique(np.rint(np.geomspace(max(low, 1), high, _CELLS)).astype(np.int64))
        tried = tried[(tried > low) & (tried < high)]
        if not tried.size:
            break
        fired = _fired(setup, np.full(tried.size, 2.0 * flat), np.asarray(tried * step, np.float64))
        enough = np.flatnonzero(fired)
        place = int(enough[0]) if enough.size else tried.size
        high = int(tried[place]) if place < tried.size else high
        low = int(tried[place - 1]) if place else low
    if low == 0:
        raise UserError(
            f"{call}: twice the rheobase, {setup.written(2 * flat)}, for one step of "
            f"{step * 1e3:g} ms is enough: the chronaxie is shorter",
            mend=f"take a smaller step: {call}({model_text(setup.model)}, dt={step * 1e2:g}*ms)",
        )
    pair = _thresholds(setup, np.array([low, high]) * step, flat, high * step)
    inverse = 1.0 / pair
    share = (inverse[0] - 0.5 / flat) / (inverse[0] - inverse[1])
    return flat, (low + float(np.clip(share, 0.0, 1.0)) * (high - low)) * step


def _thresholds(setup: Trial, widths: Floats, flat: float, scale: float) -> Floats:
    """Return the smallest currents of pulses of some widths, all of them searched at once."""
    low = np.full(widths.size, flat * (1.0 - 1e-3))
    high = flat * (1.2 + 4.0 * scale / widths)
    while np.any(high - low > _CLOSE * high):
        parts = np.linspace(0.0, 1.0, _CELLS + 2)[1:-1]
        tried = low[:, None] + (high - low)[:, None] * parts
        fired = _fired(setup, tried.ravel(), np.repeat(widths, _CELLS)).reshape(tried.shape)
        edges = np.concatenate([low[:, None], tried, high[:, None]], axis=1)
        first = np.where(fired.any(axis=1), fired.argmax(axis=1), _CELLS)
        rows = np.arange(widths.size)
        low, high = edges[rows, first], edges[rows, first + 1]
    beyond = ~_fired(setup, high, widths)
    for place in np.flatnonzero(beyond):
        search = Search(setup, 1, float(widths[place]))
        high[place] = search.smallest(lambda current: _CLOSE * abs(current))
    return high


def _fired(setup: Trial, currents: Floats, widths: Floats) -> NDArray[np.bool_]:
    """Return which pulses evoke a spike; a pulse too strong for the step does."""
    found = np.ones(currents.size, dtype=bool)
    some = np.arange(currents.size)
    while some.size:
        try:
            trains = setup.run(currents[some], widths[some])
        except NotFiniteError as error:
            some = some[currents[some] < currents[some][error.cell]]
            continue
        found[some] = [times.size > 0 for times in trains]
        return found
    return found


# -- laws -----------------------------------------------------------------------------------------


def _fit(name: str, widths: Floats, currents: Floats, flat: float, scale: float,
         unit: Unit) -> StrengthDurationLaw:  # fmt: skip
    """Return a law with the parameters that make relative deviations smallest."""
    from scipy.optimize import least_squares

    law = _LAWS[name]

    def deviations(logs: Floats) -> Floats:
        rheobase, width = np.exp(logs)
        return np.asarray(flat * rheobase * law(widths / (scale * width)) / currents - 1.0)

    if widths.size < 2:
        return StrengthDurationLaw(name, quantity(flat, unit), quantity(scale, UNITS["ms"]), 0.0)
    found = least_squares(deviations, np.zeros(2), xtol=1e-12, ftol=1e-12)
    rheobase, width = np.exp(found.x)
    error = float(np.sqrt(np.mean(deviations(found.x) ** 2)))
    return StrengthDurationLaw(
        name, quantity(flat * rheobase, unit), quantity(scale * width, UNITS["ms"]), error
    )


def _given_widths(widths: Any, setup: Trial) -> Floats:
    paste = f"{_CURVE}({model_text(setup.model)}, [0.1, 0.5, 1, 5]*ms)"
    second = UNITS["second"].dimension
    found = np.atleast_1d(to_si(widths, second, what=f"{_CURVE}: the widths", paste=paste))
    if found.ndim != 1 or not found.size:
        raise ShapeError(
            f"{_CURVE}: the widths are a list of times",
            given=f"shape {found.shape}", mend=f"write {paste}",
        )  # fmt: skip
    for width in found:
        pulse_width(setup, quantity(float(width), UNITS["ms"]), _CURVE)
    return np.asarray(found, np.float64)


def _array(widths: Floats, currents: Floats, unit: Unit) -> xr.DataArray:
    import xarray as xr

    axis = xr.Variable("width", 1e3 * widths, {"units": "ms"})
    return xr.DataArray(
        unit.from_si(currents), {"width": axis}, ("width",), name="current",
        attrs={"units": unit.text},
    )  # fmt: skip


def _short(value: Any) -> str:
    unit = f"{value.units:~P}"
    return f"{float(value.magnitude):.4g}" + (f" {unit}" if unit else "")
