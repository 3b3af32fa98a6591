"""The order of convergence in a list of errors, and a figure of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UserError
from rheobase.plots.style import color, count_of, dressed, label, legend, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUNDING = 1e-12
"""Of the size of what is measured: errors below are rounding errors."""
_TRIED = np.arange(0.05, 8.0, 0.005)


@dataclass(frozen=True)
class Measure:
    """How one thing converges.

    Attributes
    ----------
    errors : ndarray
        One a step, longest step first, in `unit`; nan where there is nothing to compare.
    unit : str
    order : float or None
        Fitted to the errors; None where they are rounding errors, fewer than two, or no power
        of the step.
    promised : float or None
        The order of the method for smooth equations; None if it is exact, or there is none.
    note : str
        What else is to be known.
    reference : float
        The step of the run the errors are against; 0 where that is taken to be exact [s].
    """

    errors: NDArray[np.float64]
    unit: str
    order: float | None
    promised: float | None
    note: str = ""
    reference: float = 0.0

    def row(self, name: str) -> list[str]:
        """Return a row of a table."""
        unit = "" if self.unit in ("", "1") else f" ({self.unit})"
        order = "-" if self.order is None else f"{self.order:.2f}"
        promised = "-" if self.promised is None else f"{self.promised:g}"
        return [name + unit, *(f"{error:.3g}" for error in self.errors), order, promised]


def measured(
    errors: Sequence[float], dts: NDArray[np.float64], reference: float, unit: str, size: float,
    promised: float | None, note: str = "",
) -> Measure:  # fmt: skip
    """Return errors with their order.

    Parameters
    ----------
    errors
        One a step.
    dts, reference
        The steps, and that of what they are against (0: exact) [s].
    unit, promised, note
        As in `Measure`.
    size
        Of what is measured, in the same unit: errors below a millionth of a millionth of it are
        rounding.
    """
    values = np.asarray(errors, np.float64)
    kept = np.isfinite(values) & (values > ROUNDING * size)
    order = fitted_order(values[kept], dts[kept], reference)
    return Measure(values, unit, order, promised, note, reference)


def fitted_order(
    errors: NDArray[np.float64], dts: NDArray[np.float64], reference: float
) -> float | None:
    """Return p of errors = c*(dt**p - reference**p), by least squares of the logarithms."""
    if errors.size < 2:
        return None
    apart = np.log(errors) - _expected(dts, _TRIED[:, None], reference)
    best = int(np.argmin(apart.var(axis=1)))
    return float(_TRIED[best]) if 0 < best < _TRIED.size - 1 else None  # no power fits


def _expected(dts: NDArray[np.float64], order: Any, reference: float) -> NDArray[np.float64]:
    """Return the logarithm of dt**order - reference**order."""
    expected = order * np.log(dts)
    if reference:
        expected = expected + np.log1p(-((reference / dts) ** order))
    return np.asarray(expected)


def draw(
    dts: NDArray[np.float64], measures: Mapping[str, Measure], words: str | None, ax: Axes | None
) -> Axes:
    """Draw errors against steps with lines of their order; see `Convergence.plot`."""
    shown = {name: m for name, m in measures.items()
             if np.any(np.isfinite(m.errors) & (m.errors > 0))}  # fmt: skip
    if not shown:
        raise UserError(
            "there are no errors to draw: the runs agree to the last bit, or none was finite"
        )
    ax = dressed(ax, (6.4, 3.6))
    first = not ax.has_data()
    units = {measure.unit for measure in shown.values()}
    for name, measure in shown.items():
        ink = color(count_of(ax, "convergence"))
        kept = np.isfinite(measure.errors) & (measure.errors > 0)
        x, y = dts[kept], measure.errors[kept]
        named = with_unit(name, measure.unit) if len(units) > 1 else name
        text = (words if len(shown) == 1 else f"{words}: {named}") if words else named
        if measure.order is not None:
            text += f", order {measure.order:.2f}"
            fine = np.geomspace(x.min(), x.max(), 50)
            middle = np.mean(np.log(y) - _expected(x, measure.order, measure.reference))
            line = np.exp(middle + _expected(fine, measure.order, measure.reference))
            ax.plot(fine * 1e3, line, color=ink, linewidth=1.0, alpha=0.5)
        ax.plot(x * 1e3, y, "o", color=ink, markersize=4.5, markeredgewidth=0, label=text,
                gid="convergence")  # fmt: skip
    old = "" if first else ax.get_ylabel()
    unit = units.pop() if len(units) == 1 else ""
    words_y = with_unit("error", unit)
    ax.set_xscale("log")
    ax.set_yscale("log")
    _tick_steps(ax, dts * 1e3)
    _tick_errors(ax)
    label(ax, "dt (ms)", words_y if first or old == words_y else "error")
    legend(ax, beside=len(ax.get_lines()) > 6, inside="best")
    return ax


def _tick_steps(ax: Any, steps: NDArray[np.float64]) -> None:
    """Put ticks at the steps themselves, as many as are told apart."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    shown = [line.get_xdata() for line in ax.get_lines() if line.get_gid() == "convergence"]
    ticks = np.unique(np.round(np.concatenate([*shown, steps]), 12))
    kept = [float(ticks[-1])]
    for tick in ticks[-2::-1]:
        if math.log2(kept[-1] / tick) > 0.9:
            kept.append(float(tick))
    ax.xaxis.set_major_locator(FixedLocator(kept[::-1]))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(float(ticks[0]) / 1.2, float(ticks[-1]) * 1.2)


def _tick_errors(ax: Any) -> None:
    """Write errors as plain numbers where they span less than two decades."""
    from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullFormatter

    low, high = ax.get_ylim()
    ax.yaxis.set_minor_formatter(NullFormatter())
    if math.log10(high / low) < 2:
        ax.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        ax.yaxis.set_major_locator(LogLocator(10))
        ax.yaxis.set_major_formatter(LogFormatterMathtext())
