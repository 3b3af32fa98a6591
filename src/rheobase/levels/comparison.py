"""What a comparison of levels has found: a table, entry by entry, and a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.language.model import Model
from rheobase.levels.matching import Floats, Match, coincidence_factor

if TYPE_CHECKING:
    import xarray as xr

    from rheobase.cables import Cell
    from rheobase.network.currents import Current
    from rheobase.results import Result

#: A spike of either model lies in the middle of a window that the error between spikes leaves
#: out: from so long before it to so long after it [s].
BEFORE_SPIKE, AFTER_SPIKE = 0.002, 0.005


@dataclass(frozen=True, eq=False)
class LevelResult:
    """What one model did under the stimulus, and how that differs from the reference.

    Attributes
    ----------
    name : str
    model : Model or Cell
    kind : "spikes", "voltage" or "rate"
        Whether it spikes, is a membrane that does not, or a unit whose output is a rate.
    spikes : ndarray
        Times of all its spikes [s]; none of what does not spike.
    spike_count : int or None
        Number of spikes in the window; None of what does not spike.
    rate : float
        Spikes a second in the window, or the mean output of a unit there [Hz]; nan of a membrane
        that does not spike.
    rate_error : float
        Its rate minus that of the reference [Hz].
    match : Match or None
        Its spikes in the window beside those of the reference; None where one does not spike.
    spike_time_error : float
        Mean distance of matched spikes [s]; nan where none is matched.
    coincidence : float
        Coincidence factor of the spikes: 1 for the same train, 0 for what chance gives.
    voltage_error : float
        Root mean square of the difference of the voltages in the window [mV]; nan where one has
        none.
    subthreshold_error : float
        The same between spikes: without the 2 ms before and the 5 ms after any spike of either.
    variable : str
        The recorded variable.
    scale : float
        What 1 of it is, in mV or, of a unit, in Hz; nan where that is not known.
    trace : xarray.DataArray
        The recorded variable over time, in its own unit.
    """

    name: str
    model: Model | Cell
    kind: str
    spikes: Floats
    spike_count: int | None
    rate: float
    rate_error: float
    match: Match | None
    spike_time_error: float
    coincidence: float
    voltage_error: float
    subthreshold_error: float
    variable: str
    scale: float
    _result: Result = field(repr=False)

    @property
    def trace(self) -> xr.DataArray:
        """The recorded variable over time, in its own unit."""
        return self._result.traces[self.name][self.variable][:, 0]

    @property
    def matched(self) -> Floats:
        """Times of matched spikes [s], shape (n, 2): the reference's, its own."""
        return np.empty((0, 2)) if self.match is None else self.match.pairs

    @property
    def missed(self) -> Floats:
        """Spikes of the reference that it does not have [s]."""
        return np.empty(0) if self.match is None else self.match.missed

    @property
    def extra(self) -> Floats:
        """Spikes that the reference does not have [s]."""
        return np.empty(0) if self.match is None else self.match.extra

    def __repr__(self) -> str:
        cells = zip(_HEADER, _cells(self), strict=True)
        return f"<{', '.join(f'{head} {cell}' for head, cell in cells if cell != _NONE)}>"


class Comparison(Mapping[str, LevelResult]):
    """Models under one stimulus: entries by name, in the order given; prints as a table.

    Attributes
    ----------
    stimulus : Current
        What all got, its noise drawn.
    reference : str
        The name of the model the others are measured against.
    duration, start, stop, dt : float
        Length of the run, beginning and end of the window that is measured, and step [s].
    within : float
        The largest difference of matched spikes [s].
    result : Result
        The run: a population a model, with its spikes and its trace.
    """

    def __init__(
        self,
        entries: Mapping[str, LevelResult],
        stimulus: Current,
        reference: str,
        window: tuple[float, float],
        within: float,
        result: Result,
    ) -> None:
        self._entries = dict(entries)
        self.stimulus, self.reference, self.within = stimulus, reference, within
        self.start, self.stop = window
        self.duration, self.result = result.stop - result.start, result
        self.dt = result.dt

    def __getitem__(self, name: str) -> LevelResult:
        if name in self._entries:
            return self._entries[name]
        meant = did_you_mean(str(name), self._entries)
        raise NoSuchLevelError(
            f"there is no level {name!r} in this comparison"
            + (f"; did you mean {meant!r}?" if meant else ""),
            expected=", ".join(map(repr, self._entries)),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    # -- printing -------------------------------------------------------------------------

    def __str__(self) -> str:
        rows = [_HEADER, _UNITS, *(_cells(entry) for entry in self.values())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [self._first_line(), ""]
        for row in rows:
            first, *others = row
            cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
            lines.append("  ".join([f"{first:<{widths[0]}}", *cells]).rstrip())
        return "\n".join([*lines, "", self._last_line()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{escape(name)}<br>{escape(unit)}</th>"
            for name, unit in zip(_HEADER, _UNITS, strict=True)
        )
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(entry)) + "</tr>"
            for entry in self.values()
        )
        return (
            f"<table><caption>{escape(self._first_line())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{escape(self._last_line())}</p>"
        )

    def _first_line(self) -> str:
        return (
            f"{(self.stop - self.start) * 1e3:g} ms under one stimulus, dt {self.dt * 1e3:g} ms; "
            f"reference: {self.reference}"
        )

    def _last_line(self) -> str:
        return (
            f"Spikes are matched within {self.within * 1e3:.3g} ms; between spikes: without the "
            f"{BEFORE_SPIKE * 1e3:g} ms before and the {AFTER_SPIKE * 1e3:g} ms after any spike."
        )

    # -- drawing --------------------------------------------------------------------------

    def plot(self, axes: Any = None) -> Any:
        """Draw the stimulus, and below it every level, in panels that share the time.

        Spikes of models that have none in their voltage are drawn as lines. Gray lines in the
        panels of the others are the spikes of the reference; above each panel stands how it
        differs.

        Parameters
        ----------
        axes : sequence of Axes, optional
            One more than there are levels; default a new figure.

        Returns
        -------
        ndarray of Axes

        Raises
        ------
        ShapeError
            If there is another number of axes.
        """
        from rheobase.levels.drawing import draw

        return draw(self, axes)


class NoSuchLevelError(UnknownNameError, KeyError):
    """A comparison has no entry of that name."""

    # KeyError would show the repr of the text.
    __str__ = Exception.__str__


_NONE = "-"

_HEADER = ("level", "spikes", "rate", "error", "matched", "missed", "extra", "spike times",
           "voltage", "between spikes")  # fmt: skip
_UNITS = ("", "", "(Hz)", "(Hz)", "", "", "", "(ms)", "(mV rms)", "(mV rms)")


def _cells(entry: LevelResult) -> tuple[str, ...]:
    """Return an entry as the words of a row."""
    found = entry.match
    counts = (
        (_NONE,) * 3
        if found is None
        else (str(len(found.pairs)), str(found.missed.size), str(found.extra.size))
    )
    return (
        entry.name,
        _NONE if entry.spike_count is None else str(entry.spike_count),
        _word(entry.rate, ".2f"),
        _word(entry.rate_error, "+.2f"),
        *counts,
        _word(entry.spike_time_error * 1e3, ".3f"),
        _word(entry.voltage_error, ".3f"),
        _word(entry.subthreshold_error, ".3f"),
    )


def _word(value: float, form: str) -> str:
    return _NONE if np.isnan(value) else f"{value + 0.0:{form}}"


# ---------------------------------------------------------------------- measuring


@dataclass(frozen=True, eq=False)
class Measured:
    """What a level gave, by itself: spikes and output over time in mV or Hz, in the window."""

    kind: str
    all_spikes: Floats
    spikes: Floats
    times: Floats
    voltage: Floats | None
    rate: float


def against(
    own: Measured, reference: Measured, within: float, duration: float
) -> tuple[Match | None, float, float, float]:
    """Return matched spikes, the coincidence factor, and the errors of the voltage [mV rms]."""
    found, factor = None, float("nan")
    if own.kind == reference.kind == "spikes":
        from rheobase.levels.matching import match

        found = match(reference.spikes, own.spikes, within)
        factor = coincidence_factor(found, reference.spikes.size, own.spikes.size, duration)
    if own.voltage is None or reference.voltage is None:
        return found, factor, float("nan"), float("nan")
    difference = own.voltage - reference.voltage
    quiet = np.ones(difference.size, dtype=bool)
    for spike in np.concatenate([own.all_spikes, reference.all_spikes]):
        quiet &= (own.times < spike - BEFORE_SPIKE) | (own.times > spike + AFTER_SPIKE)
    return found, factor, _rms(difference), _rms(difference[quiet])


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")
