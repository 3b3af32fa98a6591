"""Plots of recorded variables over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, did_you_mean
from rheobase.network.grid import TOLERANCE
from rheobase.plots.style import (
    color,
    count_of,
    dressed,
    label,
    legend,
    legend_above,
    remark,
    show_times,
    with_unit,
)
from rheobase.results.result import Result

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

#: More cells of a recording than this are drawn faintly, with their mean.
MOST_LINES = 7
# A variable that falls by more than this share of its range at spikes is one that is reset there.
_RESET_SHARE = 0.1
# Spikes are drawn to this share of the range above the highest value.
_SPIKE_HEIGHT = 0.35


class _Recorded(NamedTuple):
    """One variable of one recording."""

    recording: str
    variable: str
    unit: str
    times: np.ndarray
    cells: np.ndarray
    values: np.ndarray  # (time, cell)
    span: tuple[float, float]  # the time covered
    spikes: tuple[np.ndarray, ...]  # the times of each cell's; none where they are not known
    places: tuple[str, ...] = ()  # on cells with a morphology: where each column is


def traces(
    source: Any,
    variable: str | None = None,
    *,
    recording: Any = None,
    cells: Sequence[int] | None = None,
    spikes: bool | None = None,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a recorded variable over time, a line a cell; more than seven faintly, with their mean.

    Integrate-and-fire models have no spikes in their voltage, only resets. There spikes are drawn
    as vertical lines, from where the variable was when the cell fired to above the highest value.

    Parameters
    ----------
    source : Result, xarray.Dataset or xarray.DataArray
        What to draw, over dimensions (time, cell) or (time,).
    variable : str, optional
        Name of the variable; default the first recorded.
    recording : str or population, or a list of them, optional
        Which recordings of a result; default all that have the variable.
    cells : sequence of int, optional
        Indices in the population; default all recorded.
    spikes : bool, optional
        Whether to draw spikes; default where the variable is reset by them.
    labels : sequence of str, optional
        Names for the lines.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Returns
    -------
    Axes
        The variable in its unit over time in seconds.

    Raises
    ------
    UnknownNameError, ShapeError, UserError
        If there is no such variable or recording; the labels do not fit; none of the cells was
        recorded, or the recordings have other units.
    """
    found = _chosen(_find(source, variable, recording), cells)
    crowded = any(each.cells.size > MOST_LINES for each in found)
    names = _line_names(found, crowded, labels)
    beside = ax is None
    ax = dressed(ax, (7.0, 2.8))
    for each in found:
        first = not ax.has_data()
        if crowded:
            _draw_crowd(ax, each, names.pop(0), alone=len(found) == 1)
        else:
            _draw_cells(ax, each, names, spikes)
        show_times(ax, *each.span, first=first)
    label(ax, "time (s)", with_unit(found[0].variable, found[0].unit))
    if count_of(ax, "traces") > 1 or labels is not None:
        if beside:
            legend(ax, beside=True)
        else:
            legend_above(ax)
    return ax


# ---------------------------------------------------------------------- what to draw


def _find(source: Any, variable: str | None, recording: Any) -> list[_Recorded]:
    if isinstance(source, Result):
        return _of_result(source, variable, recording)
    if hasattr(source, "data_vars"):
        name = variable or next(iter(source.data_vars), "")
        _check_known(name, list(source.data_vars))
        return [_of_array(source[name])]
    if hasattr(source, "dims"):
        return [_of_array(source)]
    raise UserError(
        "traces are drawn of a result, or of what it recorded",
        given=type(source).__name__,
        mend='write rb.plots.traces(result, "v")',
    )


def _of_result(result: Result, variable: str | None, recording: Any) -> list[_Recorded]:
    single = isinstance(recording, str) or hasattr(recording, "name")
    chosen = list(result.traces) if recording is None else [recording] if single else recording
    data = [result.traces.data(each) for each in chosen]
    known = list(dict.fromkeys(name for each in data for name in each.values))
    variable = variable or next(iter(known), "")
    _check_known(variable, known)
    found, span = [], (result.start, result.stop)
    for each in data:
        if variable not in each.values:
            continue
        trains = result.spikes.get(each.population)
        spikes: tuple[np.ndarray, ...] = ()
        sites = each.over == "site"
        if trains is not None and trains.size == trains.population_size and not sites:
            spikes = tuple(trains[int(cell)] for cell in each.cells)
        cells = each.where["cell"] if sites else each.cells
        about = (each.name, variable, each.units[variable], each.times, cells)
        places = _places(each.where) if sites else ()
        found.append(_Recorded(*about, each.values[variable], span, spikes, places))
    return found


def _of_array(array: xr.DataArray) -> _Recorded:
    values, times = array.to_numpy(), array["time"].to_numpy()
    sites = "site" in array.coords
    where = {k: np.atleast_1d(array[k].to_numpy()) for k in ("region", "path")} if sites else {}
    cells = np.atleast_1d(array["cell"].to_numpy()) if "cell" in array.coords else np.arange(1)
    for over in {"cell", "site"} & {*array.dims}:
        values = array.transpose("time", over).to_numpy()
    return _Recorded(
        "",
        str(array.name or ""),
        str(array.attrs.get("units", "")),
        times,
        cells,
        values.reshape(times.size, -1),
        (float(times[0]), float(times[-1])) if times.size else (0.0, 0.0),
        (),
        _places(where) if sites else (),
    )


def _places(where: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Return what to call places on cells with a morphology: region, and path from the soma."""
    return tuple(f"{region} {1e6 * path:.4g} µm"
                 for region, path in zip(where["region"], where["path"], strict=True))  # fmt: skip


def _check_known(variable: str, known: Sequence[Any]) -> None:
    if not known:
        raise UserError("nothing was recorded", mend='before the run, write net.record(cells, "v")')
    if variable not in known:
        names = [str(name) for name in known]
        guess = did_you_mean(variable, names)
        raise UnknownNameError(
            f"no variable {variable!r} was recorded{f'; did you mean {guess!r}?' if guess else ''}",
            expected=", ".join(names),
        )


def _chosen(found: Sequence[_Recorded], cells: Sequence[int] | None) -> list[_Recorded]:
    """Return what is recorded of the chosen cells; it must be something, in one unit."""
    chosen = [each if cells is None else _of_cells(each, cells) for each in found]
    chosen = [each for each in chosen if each.cells.size]
    if not chosen:
        raise UserError(f"there is nothing to draw: none of the cells {cells} was recorded")
    _check_units(chosen)
    return chosen


def _of_cells(each: _Recorded, cells: Sequence[int]) -> _Recorded:
    columns = [int(k) for cell in cells for k in np.flatnonzero(each.cells == cell)]
    spikes = tuple(each.spikes[k] for k in columns) if each.spikes else ()
    places = tuple(each.places[k] for k in columns) if each.places else ()
    return each._replace(cells=each.cells[columns], values=each.values[:, columns], spikes=spikes,
                         places=places)  # fmt: skip


def _check_units(found: Sequence[_Recorded]) -> None:
    first = found[0]
    for each in found:
        if each.unit != first.unit:
            raise UserError(
                f"{first.variable} has the unit {first.unit} in {first.recording!r} and "
                f"{each.unit} in {each.recording!r}: they have no common axis",
                mend=f"draw them one by one: recording={first.recording!r}",
            )


def _line_names(
    found: Sequence[_Recorded], crowded: bool, labels: Sequence[str] | None
) -> list[str]:
    """Return a name for each line: of each recording when crowded, else of each cell."""
    names = []
    for each in found:
        if crowded or (each.cells.size == 1 and len(found) > 1):
            names.append(each.recording)
        elif each.places and len(found) == 1:  # one recording: where says it all
            one = np.unique(each.cells).size == 1
            names += [place if one else f"cell {cell}, {place}"
                      for cell, place in zip(each.cells, each.places, strict=True)]  # fmt: skip
        else:
            places = [f" {place}" for place in each.places] or [""] * each.cells.size
            names += [f"{each.recording}[{cell}]{place}"
                      for cell, place in zip(each.cells, places, strict=True)]  # fmt: skip
    if labels is None:
        return names
    if len(labels) != len(names):
        raise ShapeError(
            "the labels do not fit the lines", expected=f"{len(names)}", given=f"{len(labels)}"
        )
    return [str(text) for text in labels]


# ---------------------------------------------------------------------- drawing


def _draw_cells(ax: Axes, each: _Recorded, names: list[str], spikes: bool | None) -> None:
    """Draw a line a cell, taking their names from the front of the list."""
    for column in range(each.cells.size):
        ink = color(count_of(ax, "traces"))
        values, name = each.values[:, column], names.pop(0)
        ax.plot(each.times, values, color=ink, linewidth=1.2, label=name, gid="traces")
        _draw_spikes(ax, each, column, spikes, ink)


def _draw_crowd(ax: Axes, each: _Recorded, name: str, *, alone: bool) -> None:
    ink, cells = color(count_of(ax, "traces")), each.cells.size
    faint = max(0.08, min(0.4, 4 / cells))
    ax.plot(each.times, each.values, color=ink, linewidth=0.6, alpha=faint)
    mean = each.values.mean(axis=1)
    ax.plot(each.times, mean, color=ink, linewidth=1.8, label=name, gid="traces")
    if alone:
        remark(ax, f"{cells} {'places' if each.places else 'cells'}, and their mean")


def _draw_spikes(ax: Axes, each: _Recorded, column: int, wanted: bool | None, ink: str) -> None:
    if wanted is False or not each.spikes or each.times.size < 2:
        return
    values = each.values[:, column]
    times = each.spikes[column]
    # The sample at the step of a spike holds the state before it.
    slack = TOLERANCE * (each.times[1] - each.times[0])
    before = np.searchsorted(each.times, times + slack, side="right") - 1
    sampled = (before >= 0) & (before + 1 < values.size)
    times, before = times[sampled], before[sampled]
    span = float(np.ptp(values))
    if not times.size or not np.isfinite(span) or span == 0:
        return
    fall = float(np.median(values[before] - values[before + 1]))
    if wanted is None and fall <= _RESET_SHARE * span:
        return
    top = values.max() + _SPIKE_HEIGHT * span
    ax.vlines(times, values[before], top, colors=ink, linewidths=1.2, gid="spikes")
