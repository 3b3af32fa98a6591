"""A function of the user's under sliders: it is called at every position."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, did_you_mean
from rheobase.interactive.packing import Floats
from rheobase.interactive.parts import Curve, Lines, Panel, Raster, Reading, Slider
from rheobase.interactive.player import Player, setting
from rheobase.progress import Progress
from rheobase.results import Result, SpikeTrains, TraceData
from rheobase.simulation import Network

_MOST_LINES = 7


class _Taken(NamedTuple):
    """What is kept of one run."""

    times: dict[str, Floats]  # by recording
    traces: dict[tuple[str, str], Floats]  # (variable, line) -> samples
    units: dict[str, str]  # by variable
    recordings: dict[tuple[str, str], str]
    spikes: dict[str, SpikeTrains]
    measures: dict[str, float]


@dataclass(frozen=True, eq=False)
class FunctionOptions:
    """What `interact` was given for a function."""

    function: Callable[..., Any]
    duration: Any
    record: Any
    cells: Any
    measure: Mapping[str, Callable[..., Any]] | None
    backend: str | None

    def check_arguments(self, names: Iterable[str]) -> None:
        """Refuse sliders that are no arguments, and arguments that nothing gives."""
        parameters = inspect.signature(self.function).parameters
        kinds = {parameter.kind for parameter in parameters.values()}
        called = getattr(self.function, "__name__", "the function")
        for name in names:
            if name not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
                guess = did_you_mean(name, parameters)
                raise UnknownNameError(
                    f"rb.interact: {called} has no argument {name!r}"
                    + (f"; did you mean {guess}?" if guess else ""),
                    expected=", ".join(parameters) or "no arguments",
                )
        empty, given = inspect.Parameter.empty, set(names)
        loose = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        for name, parameter in parameters.items():
            if name not in given and parameter.default is empty and parameter.kind not in loose:
                raise UserError(
                    f"rb.interact: {called} needs {name}, which no slider gives",
                    mend=f"give it a range: {name}=(0, 1), or a default in the function",
                )


def play_function(
    options: FunctionOptions, sliders: Sequence[Slider], title: str, caption: str
) -> Player:  # fmt: skip
    """Call the function at all positions and put the player together."""
    taken = _taken(options, sliders)
    panels: list[Panel] = [*_lines(taken), *_raster(taken)]
    measures = {label: np.array([each.measures[label] for each in taken])
                for label in taken[0].measures}  # fmt: skip
    curves = [Curve(*_label(label), values) for label, values in measures.items()]
    readings = [Reading(*_label(label), values) for label, values in measures.items()]
    if not panels and not curves:
        raise UserError(
            "rb.interact: there is nothing to show: nothing was recorded, and nothing spikes",
            mend='record something: net.record(cells, "v", every=1*ms)',
        )
    return Player(sliders, [*panels, *curves], readings=readings, title=title, caption=caption)


def _taken(options: FunctionOptions, sliders: Sequence[Slider]) -> list[_Taken]:
    """Run every position; long ones show how far they are, in seconds of all runs together."""
    taken: list[_Taken] = []
    positions = list(product(*(range(slider.size) for slider in sliders)))
    progress: Progress | None = None
    try:
        for places in positions:
            given = {s.name: setting(s, place) for s, place in zip(sliders, places, strict=True)}
            result, spiking = _result(options, given)
            taken.append(_take(options, result, spiking))
            _check_alike(taken[0], taken[-1], given)
            length = result.stop - result.start
            progress = progress or Progress(length * len(positions), "rb.interact")
            progress.update(length * len(taken))
    finally:
        if progress is not None:
            progress.close()
    return taken


def _result(options: FunctionOptions, given: Mapping[str, Any]) -> tuple[Result, set[str]]:
    """Return the run at a position, and the names of what can spike in it."""
    made = options.function(**given)
    if isinstance(made, Result):
        return made, set(made.spikes)
    if isinstance(made, Network):
        if options.duration is None:
            raise UserError(
                "rb.interact: how long is the network to be run?",
                mend="write rb.interact(build, ..., duration=1*second)",
            )
        result = made.run(options.duration, backend=options.backend, progress=False)
        return result, {name for name, each in made.populations.items() if each.spiking}
    if isinstance(made, SpikeTrains):
        alone = Result([made], dt=made.dt or 0.0, start=made.start, stop=made.stop, seed=0)
        return alone, set(alone.spikes)
    raise UserError(
        "rb.interact: the function returns no network, result or spike trains",
        given=type(made).__name__,
        mend="end it with `return net`, and say how long: duration=1*second",
    )


def _take(options: FunctionOptions, result: Result, spiking: set[str]) -> _Taken:
    """Keep of a result what is shown."""
    populations = _shown(options.cells, result)
    spiking &= set(populations)
    times, traces, units, recordings = {}, {}, {}, {}
    for name in result.traces:
        data = result.traces.data(name)
        if data.population not in populations or data.over == "synapse":
            continue
        times[data.name] = data.times
        for variable, values in data.values.items():
            units[variable] = data.units[variable]
            for column in range(data.cells.size)[:_MOST_LINES]:
                if data.over == "site" and np.isnan(values[:, column]).all():
                    continue  # a place whose membrane has no such variable
                line = _line_name(data, column)
                if (variable, line) in traces:
                    line = f"{data.name}: {line}"
                traces[variable, line] = values[:, column]
                recordings[variable, line] = data.name
    wanted = [options.record] if isinstance(options.record, str) else options.record
    if wanted is not None:
        _check_recorded(wanted, units)
        traces = {key: values for key, values in traces.items() if key[0] in wanted}
    spikes = {name: trains for name, trains in result.spikes.items() if name in spiking}
    return _Taken(times, traces, units, recordings, spikes,
                  _measures(options, result, spikes))  # fmt: skip


def _line_name(data: TraceData, column: int) -> str:
    """Return what a line is called: recording and cell, or where on which cell."""
    if data.over != "site":
        return data.name if data.cells.size == 1 else f"{data.name}[{data.cells[column]}]"
    cells, place = data.where["cell"], data.where
    told = f"{place['region'][column]} {1e6 * place['path'][column]:.4g} \N{MICRO SIGN}m"
    alone = np.unique(cells).size == 1
    return told if alone else f"[{cells[column]}] {told}"


def _check_recorded(wanted: Sequence[str], units: Mapping[str, str]) -> None:
    for name in wanted:
        if name not in units:
            guess = did_you_mean(str(name), units)
            raise UnknownNameError(
                f"rb.interact: no variable {name!r} was recorded"
                + (f"; did you mean {guess}?" if guess else ""),
                expected=", ".join(units) or "a recording: net.record(cells, ...)",
            )


def _shown(cells: Any, result: Result) -> list[str]:
    """Return the names of the populations that are shown."""
    known = list(result.populations)
    if cells is None:
        return known
    wanted = [cells] if isinstance(cells, str) else list(cells)
    for name in wanted:
        if name not in known:
            guess = did_you_mean(str(name), known)
            raise UnknownNameError(
                f"rb.interact: there is no population {name!r}"
                + (f"; did you mean {guess!r}?" if guess else ""),
                expected=", ".join(known),
            )
    return wanted


def _measures(
    options: FunctionOptions, result: Result, spikes: Mapping[str, SpikeTrains]
) -> dict[str, float]:
    if options.measure is not None:
        return {label: _number(label, measure(result))
                for label, measure in options.measure.items()}  # fmt: skip
    if not spikes:
        return {}
    count, size = sum(s.count for s in spikes.values()), sum(s.size for s in spikes.values())
    return {"mean rate (Hz)": count / size / (result.stop - result.start)}


def _number(label: str, found: Any) -> float:
    try:
        return float(found)
    except (TypeError, ValueError):
        raise UserError(
            f"rb.interact: what is measured as {label!r} is no number", given=repr(found)
        ) from None


def _label(label: str) -> tuple[str, str]:
    """Split "period (s)" into a name and a unit."""
    match = re.fullmatch(r"(.*\S)\s*\(([^()]*)\)", label)
    return (match[1], match[2]) if match else (label, "")


def _check_alike(first: _Taken, other: _Taken, given: Mapping[str, Any]) -> None:
    """Refuse runs that were recorded otherwise than the first."""
    same = (
        first.traces.keys() == other.traces.keys()
        and first.spikes.keys() == other.spikes.keys()
        and all(np.array_equal(first.times[name], times) for name, times in other.times.items())
        and all(first.spikes[name].size == trains.size for name, trains in other.spikes.items())
    )
    if not same:
        where = ", ".join(f"{name} = {value}" for name, value in given.items())
        raise ShapeError(
            f"rb.interact: the run at {where} recorded something else than the first",
            expected="the same populations, variables and samples at every position",
        )


def _lines(taken: Sequence[_Taken]) -> list[Lines]:
    """Return a panel for each variable of each grid of times."""
    first = taken[0]
    groups: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for key, recording in first.recordings.items():
        if key in first.traces:
            groups.setdefault((key[0], first.times[recording].size), []).append(key)
    panels = []
    for number, ((variable, _), keys) in enumerate(groups.items()):
        lines = {line: np.stack([each.traces[variable, line] for each in taken])
                 for _, line in keys[:_MOST_LINES]}  # fmt: skip
        times = first.times[first.recordings[keys[0]]]
        panels.append(Lines(variable, first.units[variable], times, lines,
                            height=210 if number == 0 else 150))  # fmt: skip
    return panels


def _raster(taken: Sequence[_Taken]) -> list[Raster]:
    names = list(taken[0].spikes)
    return (
        [Raster({name: [each.spikes[name] for each in taken] for name in names})] if names else []
    )
