"""What plots of spikes take: a result, spike trains, mappings and lists of them, or of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rheobase.errors import ShapeError, UserError
from rheobase.results.result import Result
from rheobase.results.spikes import SpikeTrains


class Row(NamedTuple):
    """Spike trains under one name and color: a population, or a cell of its own."""

    name: str
    trains: SpikeTrains


def rows_of(source: Any, labels: Sequence[str] | None = None) -> list[Row]:
    """Return the named spike trains of a source, in order of creation.

    Parameters
    ----------
    source
        A Result; SpikeTrains; a mapping of names to SpikeTrains or to one cell's times; a
        list of SpikeTrains; or a list of arrays of times, one a cell, which are one population
        without a name.
    labels : sequence of str, optional
        Other names: one a population, or one a cell of a single one, whose cells then are rows
        of their own.

    Raises
    ------
    ShapeError
        If there is another number of labels.
    """
    rows = _rows(source)
    if labels is None:
        return rows
    names = [str(text) for text in labels]
    if len(names) == len(rows):
        return [Row(name, row.trains) for name, row in zip(names, rows, strict=True)]
    cells = rows[0].trains if len(rows) == 1 else None
    if cells is not None and len(names) == cells.size:
        return [Row(name, cells[k : k + 1]) for k, name in enumerate(names)]
    expected = f"{len(rows)}, one a population"
    if cells is not None:
        expected = f"{cells.size}, one a cell"
    raise ShapeError("the labels do not fit the rows", expected=expected, given=f"{len(names)}")


def _rows(source: Any) -> list[Row]:
    if isinstance(source, Result):
        return [Row(name, trains) for name, trains in source.spikes.items()]
    if isinstance(source, SpikeTrains):
        return [Row(source.name, source)]
    if isinstance(source, Mapping):
        return [Row(str(name), _as_trains(trains)) for name, trains in source.items()]
    if not isinstance(source, Iterable) or isinstance(source, str):
        raise UserError(
            "a raster is drawn of a result, of spike trains, or of a list of spike times",
            given=type(source).__name__,
            mend="write rb.plots.raster(result)",
        )
    items = list(source)
    if items and all(isinstance(item, SpikeTrains) for item in items):
        return [Row(item.name, item) for item in items]
    return [Row("", _of_lists(items))]


def _as_trains(trains: Any) -> SpikeTrains:
    return trains if isinstance(trains, SpikeTrains) else _of_lists([trains])


def _of_lists(trains: Sequence[Any]) -> SpikeTrains:
    """Return trains that cover a little more time than their spikes, so that all are seen."""
    given = SpikeTrains.from_lists(trains)
    first = float(given.times[0]) if given.count else 0.0
    start = min(first, 0.0)
    stop = given.stop + 0.02 * (given.stop - start)
    return SpikeTrains(given.times, given.ids, given.size, start=start, stop=stop)
