"""What a player is put together from: sliders, and panels that show one position of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import ShapeError, UserError
from rheobase.interactive.packing import FINEST, Floats, encode, pack_lines
from rheobase.interactive.words import number_labels
from rheobase.plots.style import pretty_unit, with_unit
from rheobase.results import SpikeTrains

MOST_SAMPLES = 65_535


@dataclass(frozen=True, eq=False)
class Slider:
    """One slider: a name and the values it stops at.

    Parameters
    ----------
    name : str
        What is written beside it, and the name of its argument.
    values : sequence
        Numbers in `unit`, in rising order; or texts, to choose one of.
    unit : str
        As equations write it ("uA/cm**2"); "1" or "" without.
    at : int
        The place among the values where it stands at first.

    Attributes
    ----------
    labels : tuple of str
        The values as they are printed.
    numbers : ndarray or None
        The values, if they are numbers.

    Raises
    ------
    ShapeError
        Fewer than two values, or numbers that do not rise.
    """

    name: str
    values: Sequence[Any] | Floats
    unit: str = ""
    at: int = 0
    numbers: Floats | None = field(init=False)
    labels: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        values = list(self.values)
        if len(values) < 2:
            raise ShapeError(
                f"the slider {self.name} has {len(values)} value{'' if len(values) == 1 else 's'}",
                expected="two or more to choose from",
                mend=f"write {self.name}=(low, high), or a list of values",
            )
        if all(isinstance(value, (int, float, np.number)) for value in values) and not any(
            isinstance(value, (bool, np.bool_)) for value in values
        ):
            numbers = np.asarray(values, np.float64)
            if not np.all(np.isfinite(numbers)) or np.any(np.diff(numbers) <= 0):
                raise ShapeError(
                    f"the values of the slider {self.name} do not rise",
                    expected="finite numbers, each above the one before",
                    given=", ".join(f"{value:g}" for value in numbers[:6]),
                )
            object.__setattr__(self, "numbers", numbers)
            object.__setattr__(self, "labels", number_labels(numbers))
        else:
            object.__setattr__(self, "numbers", None)
            object.__setattr__(self, "labels", tuple(str(value) for value in values))
        if not 0 <= self.at < len(values):
            raise ShapeError(
                f"the slider {self.name} stands at first at place {self.at}",
                expected=f"0 to {len(values) - 1}: it has {len(values)} values",
            )

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.labels)

    def describe(self) -> dict[str, Any]:
        """Return what the page has to know of it."""
        told: dict[str, Any] = {"name": self.name, "unit": pretty_unit(self.unit), "at": self.at,
                                "labels": self.labels}  # fmt: skip
        if self.numbers is not None:
            told["numbers"] = [float(f"{value:.9g}") for value in self.numbers]
        return told


@dataclass(frozen=True, eq=False)
class Lines:
    """A panel of traces over time.

    Parameters
    ----------
    name, unit : str
        Of the vertical axis: "v", "mV".
    times : array, shape (samples,)
        In seconds, at equal distances.
    lines : mapping of str to array, shape (positions, samples)
        The traces of each line; positions in the order of the sliders, the last going fastest.
    spikes : sequence of array, optional
        Times [s] at each position.
    strokes : bool
        Whether spikes are drawn, as strokes above the first line: for models whose voltage has no
        spikes, only resets.
    height : int
        In pixels.
    """

    name: str
    unit: str
    times: Floats
    lines: Mapping[str, Floats]
    spikes: Sequence[Floats] | None = None
    strokes: bool = True
    height: int = 210

    @property
    def title(self) -> str:
        """The label of the vertical axis."""
        return with_unit(self.name, self.unit)

    @property
    def span(self) -> tuple[float, float]:
        """The time shown [s]."""
        step = float(self.times[1] - self.times[0])
        return float(self.times[0]), float(self.times[-1]) + step

    def check(self, positions: int) -> None:
        """Refuse arrays that do not fit together, or too many samples."""
        samples = np.size(self.times)
        if not 2 <= samples <= MOST_SAMPLES:
            raise ShapeError(
                f"the panel {self.name} has {samples:,} samples",
                expected=f"2 to {MOST_SAMPLES:,} for a trace",
                mend="record fewer of them: every=0.1*ms",
            )
        for name, values in self.lines.items():
            if np.shape(values) != (positions, samples):
                raise ShapeError(
                    f"the line {name} of the panel {self.name} does not fit",
                    expected=f"{positions} positions of the sliders and {samples} samples",
                    given=f"an array of shape {np.shape(values)}",
                )
        _check_count(self.spikes, positions, f"the spikes of the panel {self.name}")

    def describe(self) -> dict[str, Any]:
        """Return what the page has to know of it."""
        low, high = _range(list(self.lines.values()))
        told: dict[str, Any] = {
            "kind": "lines", "title": self.title, "unit": pretty_unit(self.unit), "low": low,
            "high": high, "finest": FINEST, "height": self.height,
            "start": self.span[0], "step": float(self.times[1] - self.times[0]),
            "lines": [{"name": name, **self._packed(values, low, high)}
                      for name, values in self.lines.items()],
        }  # fmt: skip
        if self.spikes is not None:
            told["spikes"] = _packed_spikes([np.asarray(one) for one in self.spikes])
            told["strokes"] = self.strokes
        return told

    def _packed(self, values: Floats, low: float, high: float) -> dict[str, str]:
        return pack_lines(np.asarray(values, np.float64), low, high, self.height)


@dataclass(frozen=True, eq=False)
class Raster:
    """A panel of spikes, a row a cell.

    Parameters
    ----------
    groups : mapping of str to sequence of SpikeTrains
        The trains of each population, one at each position of the sliders.
    height : int, optional
        In pixels; by the number of cells if not given.
    """

    groups: Mapping[str, Sequence[SpikeTrains]]
    height: int = 0

    @property
    def span(self) -> tuple[float, float]:
        """The time shown [s]."""
        trains = next(iter(self.groups.values()))[0]
        return trains.start, trains.stop

    @property
    def pixels(self) -> int:
        """The height it has."""
        return self.height or int(np.clip(50 + 16 * sum(self.sizes.values()), 110, 320))

    @property
    def sizes(self) -> dict[str, int]:
        """The number of rows of each group."""
        return {name: trains[0].size for name, trains in self.groups.items()}

    def check(self, positions: int) -> None:
        """Refuse groups that do not fit the sliders."""
        for name, trains in self.groups.items():
            _check_count(trains, positions, f"the raster of {name}")
            if trains[0].size > MOST_SAMPLES:
                raise ShapeError(
                    f"the raster of {name} has {trains[0].size:,} rows",
                    expected=f"at most {MOST_SAMPLES:,}, and as many as can be told apart",
                    mend="show some of the cells: trains[:100]",
                )
            if len({each.size for each in trains}) > 1:
                raise ShapeError(
                    f"the raster of {name} has other numbers of cells at other positions",
                    expected="the same rows everywhere",
                    given=", ".join(str(n) for n in sorted({each.size for each in trains})),
                )

    def describe(self) -> dict[str, Any]:
        """Return what the page has to know of it."""
        groups = []
        for (name, trains), size in zip(self.groups.items(), self.sizes.values(), strict=True):
            row = [np.searchsorted(each.cells, each.ids) for each in trains]
            packed = _packed_spikes([each.times for each in trains])
            packed["rows"] = encode(np.concatenate(row).astype("<u2"))
            groups.append({"name": name, "size": size, **packed})
        return {"kind": "raster", "height": self.pixels, "groups": groups}


@dataclass(frozen=True, eq=False)
class Curve:
    """A panel of one number over a slider, a dot a position; the present one is marked.

    Parameters
    ----------
    name, unit : str
        Of the vertical axis: "rate", "Hz".
    values : array, shape (positions,)
        The number at each position of the sliders; nan where there is none.
    along : str, optional
        The slider it is drawn over; the first if not given.
    height : int
        In pixels.
    """

    name: str
    unit: str
    values: Floats
    along: str = ""
    height: int = 250

    @property
    def title(self) -> str:
        """The label of the vertical axis."""
        return with_unit(self.name, self.unit)

    def check(self, positions: int) -> None:
        """Refuse values that do not fit the sliders."""
        if np.shape(self.values) != (positions,):
            raise ShapeError(
                f"the curve {self.name} does not fit the sliders",
                expected=f"{positions} values, one at each position",
                given=f"an array of shape {np.shape(self.values)}",
            )

    @property
    def limits(self) -> tuple[float, float]:
        """The range that is shown: from 0 where that is near."""
        low, high = _range([np.asarray(self.values, np.float64)])
        return (0.0 if 0 < low <= 0.5 * high else low), high

    def describe(self) -> dict[str, Any]:
        """Return what the page has to know of it."""
        values = np.asarray(self.values, np.float64)
        low, high = self.limits
        return {"kind": "curve", "title": self.title, "unit": pretty_unit(self.unit), "low": low,
                "high": high, "along": self.along, "height": self.height,
                "values": encode(values.astype("<f4"))}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plane:
    """A panel of one line against another, as in a phase plane; the cursor over time is a dot.

    Parameters
    ----------
    x, y : str
        Names of lines of other panels of the player, recorded at the same times.
    height : int
        In pixels.
    """

    x: str
    y: str
    height: int = 250

    def check(self, positions: int) -> None:
        """Accept any number of positions: the lines are those of other panels."""

    def describe(self) -> dict[str, Any]:
        """Return what the page has to know of it."""
        return {"kind": "plane", "x": self.x, "y": self.y, "height": self.height}


Timed: TypeAlias = Lines | Raster
"""Panels over time, which stand under each other."""

Panel: TypeAlias = Timed | Curve | Plane


@dataclass(frozen=True, eq=False)
class Reading:
    """A number written beside the sliders: "3 spikes", "rate 68.3 Hz".

    Parameters
    ----------
    name, unit : str
    values : array, shape (positions,)
        nan is written as a dash.
    """

    name: str
    unit: str
    values: Floats

    def check(self, positions: int) -> None:
        """Refuse values that do not fit the sliders."""
        Curve(self.name, self.unit, self.values).check(positions)

    def texts(self) -> list[str]:
        """Return the number at each position as it is printed."""
        return [_three_digits(float(value)) for value in self.values]

    def describe(self) -> dict[str, Any]:
        """Return what the page has to know of it."""
        return {"name": self.name, "unit": pretty_unit(self.unit), "texts": self.texts()}


def _three_digits(value: float) -> str:
    """Write a number with three digits that count, whole ones without a point."""
    if not np.isfinite(value):
        return "–"
    magnitude = int(np.floor(np.log10(abs(value)))) if value else 0
    decimals = 0 if value == np.rint(value) else int(np.clip(2 - magnitude, 0, 6))
    return f"{value:.{decimals}f}".replace("-", "−")


def _packed_spikes(times: Sequence[Floats]) -> dict[str, str]:
    offsets = np.concatenate([[0], np.cumsum([each.size for each in times])])
    joined = np.concatenate([np.asarray(each, np.float64) for each in times])
    return {"times": encode(joined.astype("<f4")), "offsets": encode(offsets.astype("<u4"))}


def _check_count(given: Sequence[Any] | None, positions: int, what: str) -> None:
    if given is not None and len(given) != positions:
        raise ShapeError(
            f"{what} do not fit the sliders" if what.startswith("the spikes") else
            f"{what} does not fit the sliders",
            expected=f"{positions} entries, one at each position",
            given=str(len(given)),
        )  # fmt: skip


def _range(arrays: Sequence[Floats]) -> tuple[float, float]:
    """Return the lowest and the highest finite value; a range even if all are the same."""
    finite = [array[np.isfinite(array)] for array in map(np.asarray, arrays)]
    joined = [array for array in finite if array.size]
    if not joined:
        raise UserError("there is nothing to show: no value is a finite number")
    low = float(min(array.min() for array in joined))
    high = float(max(array.max() for array in joined))
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        margin = abs(low) or 1.0
        return low - 0.5 * margin, high + 0.5 * margin
    return low, high
