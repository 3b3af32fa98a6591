"""The order of convergence in a list of errors, and a figure of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UserError
from rheobase.plots.style import color, count_of, dressed, label, legend

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
        Fitted to the errors; None where they are rounding errors, or fewer than two.
    promised : float or None
        The order of the method for smooth equations; None if it is exact, or there is none.
    note : str
        What else is to be known.
    """

    errors: NDArray[np.float64]
    unit: str
    order: float | None
    promised: float | None
    note: str = ""

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
    return Measure(values, unit, order, promised, note)


def fitted_order(
    errors: NDArray[np.float64], dts: NDArray[np.float64], reference: float
) -> float | None:
    """Return p of errors = c*(dt**p - reference**p), by least squares of the logarithms."""
    if errors.size < 2:
        return None
    powers = _TRIED[:, None]
    expected = powers * np.log(dts)
    if reference:
        expected = expected + np.log1p(-((reference / dts) ** powers))
    apart = np.log(errors) - expected
    return float(_TRIED[int(np.argmin(apart.var(axis=1)))])


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
    ax = dressed(ax, (5.2, 3.6))
    first = not ax.has_data()
    for name, measure in shown.items():
        ink = color(count_of(ax, "convergence"))
        kept = np.isfinite(measure.errors) & (measure.errors > 0)
        x, y = dts[kept] * 1e3, measure.errors[kept]
        text = (words if len(shown) == 1 else f"{words}: {name}") if words else name
        if measure.order is not None:
            text += f", order {measure.order:.2f}"
            middle = np.exp(np.mean(np.log(y)) - measure.order * np.mean(np.log(x)))
            ends = np.array([x.min(), x.max()])
            ax.plot(ends, middle * ends**measure.order, color=ink, linewidth=1.0, alpha=0.5)
        ax.plot(x, y, "o", color=ink, markersize=4.5, markeredgewidth=0, label=text,
                gid="convergence")  # fmt: skip
    units = {m.unit for m in shown.values()}
    old = "" if first else ax.get_ylabel()
    unit = units.pop() if len(units) == 1 else ""
    words_y = f"error ({unit})" if unit not in ("", "1") else "error"
    ax.set_xscale("log")
    ax.set_yscale("log")
    _tick_steps(ax, dts * 1e3)
    label(ax, "dt (ms)", words_y if first or old == words_y else "error")
    legend(ax, beside=len(ax.get_lines()) > 8, inside="best")
    return ax


def _tick_steps(ax: Any, steps: NDArray[np.float64]) -> None:
    """Put ticks at the steps themselves, as many as are told apart."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    old = [tick for tick in ax.get_xticks() if getattr(ax, "_dts", False)]
    ticks = np.unique(np.concatenate([np.asarray(old, np.float64), steps]))
    kept = [ticks[-1]]
    for tick in ticks[-2::-1]:
        if math.log2(kept[-1] / tick) > 0.9:
            kept.append(tick)
    ax.xaxis.set_major_locator(FixedLocator(kept[::-1]))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax._dts = True
