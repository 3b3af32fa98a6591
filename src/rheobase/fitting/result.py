"""What a fit has found: parameters, how it came to them, and every recording beside the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from rheobase.fitting.fitted_cell import Fitted
from rheobase.fitting.losses import Sweeps, between, gamma
from rheobase.fitting.recording import Floats, Recording
from rheobase.fitting.space import Space


@dataclass(frozen=True, eq=False)
class Sweep:
    """A recording beside what the fitted model does under its stimulus.

    Attributes
    ----------
    recording : Recording
        The data.
    held_out : bool
        Whether the fit did not see it.
    loss : float
    spikes : ndarray
        Times of the model's spikes [s].
    voltage : ndarray or None
        Of the model, at the samples of the recording inside start ... stop, in its unit.
    """

    recording: Recording
    held_out: bool
    loss: float
    spikes: Floats
    voltage: Floats | None

    @property
    def name(self) -> str:
        """The name of the recording."""
        return self.recording.name

    @property
    def times(self) -> Floats:
        """Times of `voltage` [s]."""
        return self.recording.times[self.recording.samples_inside()]

    @property
    def count(self) -> int:
        """Number of the model's spikes."""
        return int(self.spikes.size)

    @property
    def measured_count(self) -> int:
        """Number of spikes in the data."""
        return int(self.recording.spikes.size)

    @property
    def count_error(self) -> float:
        """Relative difference of the numbers of spikes; nan where the data have none."""
        wanted = self.measured_count
        return (self.count - wanted) / wanted if wanted else float("nan")

    @property
    def coincidence(self) -> float:
        """Coincidence factor: 1 for spikes at the same times (within 4 ms), 0 for chance."""
        return gamma(self.recording, self.spikes)

    @property
    def voltage_error(self) -> float:
        """Root mean square of the difference of the voltages, in the unit of the recording."""
        return self._rms(np.ones(self.times.size, dtype=bool))

    @property
    def error_between_spikes(self) -> float:
        """The same without the 2 ms before and the 5 ms after any spike of either."""
        return self._rms(between(self.recording, self.recording.spikes, self.spikes))

    def _rms(self, kept: np.ndarray) -> float:
        if self.voltage is None or not kept.any():
            return float("nan")
        assert self.recording.voltage is not None
        measured = self.recording.voltage[self.recording.samples_inside()]
        return float(np.sqrt(np.mean((self.voltage - measured)[kept] ** 2)))


@dataclass(frozen=True, eq=False)
class History:
    """How the best loss went down.

    Attributes
    ----------
    evaluations : ndarray of int
        How often the model was run under every recording, by the end of each iteration.
    loss : ndarray
        The best loss until then.
    """

    evaluations: np.ndarray
    loss: Floats

    def __len__(self) -> int:
        return int(self.loss.size)


class Fit:
    """A model fitted to recordings; prints as a table.

    Attributes
    ----------
    model : Model or Cell
        The model with the parameters found as its defaults.
    parameters : dict of str to quantity
        What was found, in the units of the bounds.
    loss, held_out_loss : float
        Mean over the recordings that were fitted, and over those held out (nan without any),
        weighed by the recordings' weights.
    history : History
        The best loss after every iteration.
    sweeps : tuple of Sweep
        One for each recording, in the order given.
    at_a_bound : tuple of str
        Parameters that ended at one of their bounds: what is best may lie beyond.
    bounds : dict of str to (quantity, quantity)
    optimizer, loss_name : str
    """

    def __init__(
        self,
        model: Fitted,
        space: Space,
        values: Floats,
        sweeps: Sequence[Sweep],
        history: History,
        optimizer: str,
        loss_name: str,
    ) -> None:
        self.parameters = space.quantities(values)
        self.model: Any = model(**self.parameters)
        self.sweeps, self.history = tuple(sweeps), history
        self.optimizer, self.loss_name = optimizer, loss_name
        self.loss = _mean([one for one in sweeps if not one.held_out])
        self.held_out_loss = _mean([one for one in sweeps if one.held_out])
        self.at_a_bound = space.at_a_bound(values)
        low, high = space.quantities(space.low), space.quantities(space.high)
        self.bounds = {name: (low[name], high[name]) for name in space.names}

    @property
    def held_out(self) -> tuple[Sweep, ...]:
        """The recordings that the fit did not see."""
        return tuple(one for one in self.sweeps if one.held_out)

    def __getitem__(self, name: str) -> Sweep:
        """Return the sweep of a recording by its name."""
        for one in self.sweeps:
            if one.name == name:
                return one
        from rheobase.errors import UnknownNameError

        raise UnknownNameError(
            f"there is no recording {name!r} in this fit",
            expected=", ".join(repr(one.name) for one in self.sweeps),
        )

    # -- printing -------------------------------------------------------------------------

    def __str__(self) -> str:
        parameters = _aligned([_PARAMETER_HEAD, *self._parameter_rows()])
        sweeps = _aligned([_SWEEP_HEAD, self._units(), *map(_row, self.sweeps)])
        return "\n".join([self._first_line(), "", *parameters, "", *sweeps])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = (
            ([_PARAMETER_HEAD], self._parameter_rows()),
            ([_SWEEP_HEAD, self._units()], [_row(one) for one in self.sweeps]),
        )
        parts = [f"<p>{escape(self._first_line())}</p>"]
        for head, body in tables:
            rows = [_html_row("th", row) for row in head] + [_html_row("td", row) for row in body]
            parts.append(f"<table>{''.join(rows)}</table>")
        return "".join(parts)

    def _first_line(self) -> str:
        fitted = len(self.sweeps) - len(self.held_out)
        plural = "s" * (fitted != 1)
        words = (
            f"{self.model.name} fitted to {fitted} recording{plural} ({self.optimizer}): "
            f"{self.loss_name} = {self.loss:.4g}"
        )
        if self.held_out:
            words += f", held out {self.held_out_loss:.4g}"
        return words

    def _parameter_rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for name, value in self.parameters.items():
            low, high = self.bounds[name]
            unit = f"{value.units:~}" if str(value.units) != "dimensionless" else ""
            rows.append((
                name, f"{value.magnitude:.5g}", unit, f"{low.magnitude:g} ... {high.magnitude:g}",
                "at a bound" if name in self.at_a_bound else "",
            ))  # fmt: skip
        return rows

    def _units(self) -> tuple[str, ...]:
        first = self.sweeps[0].recording
        return ("", "", f"({first.stimulus.unit.text})", "", "", "", f"({first.unit} rms)", "")

    # -- drawing --------------------------------------------------------------------------

    def plot(self, axes: Any = None) -> Any:
        """Draw data and model: every recording, and the number of spikes over the current.

        The last panel is there if there are several recordings with spikes.

        Parameters
        ----------
        axes : sequence of Axes, optional
            One for each recording, and one more for the curve; default a new figure.

        Returns
        -------
        ndarray of Axes

        Raises
        ------
        ShapeError
            If there is another number of axes.
        """
        from rheobase.fitting.drawing import draw_fit

        return draw_fit(self, axes)

    def plot_history(self, ax: Any = None) -> Any:
        """Draw the best loss over the number of evaluations.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if none is given.
        """
        from rheobase.fitting.drawing import draw_history

        return draw_history(self, ax)


_PARAMETER_HEAD = ("parameter", "value", "", "bounds", "")
_SWEEP_HEAD = ("recording", "", "stimulus", "spikes", "model", "coincidence", "between spikes",
               "loss")  # fmt: skip


def _row(one: Sweep) -> tuple[str, ...]:
    return (
        one.name,
        "held out" if one.held_out else "fitted",
        f"{one.recording.stimulus.unit.from_si(one.recording.mean_current):.4g}",
        str(one.measured_count),
        str(one.count),
        f"{one.coincidence:.3f}",
        "-" if np.isnan(one.error_between_spikes) else f"{one.error_between_spikes:.2f}",
        f"{one.loss:.4g}",
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *others = row
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([f"{first:<{widths[0]}}", *cells]).rstrip())
    return lines


def _html_row(kind: str, row: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in row) + "</tr>"


def _mean(sweeps: Sequence[Sweep]) -> float:
    if not sweeps:
        return float("nan")
    weights = [one.recording.weight for one in sweeps]
    return float(np.average([one.loss for one in sweeps], weights=weights))


def sweeps_of(
    recordings: Sequence[Recording],
    held_out: Sequence[bool],
    found: Sequence[Sweeps],
    losses: Floats,
) -> list[Sweep]:
    """Return the sweeps of the one candidate that was run."""
    return [
        Sweep(
            recording, held, float(loss), sweeps.spikes[0],
            None if sweeps.voltage is None else recording.in_unit(sweeps.voltage[0]),
        )
        for recording, held, sweeps, loss in zip(
            recordings, held_out, found, losses, strict=True)
    ]  # fmt: skip
