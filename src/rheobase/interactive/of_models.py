"""One model under sliders: every position is a cell, and all of them one run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.interactive.packing import Floats
from rheobase.interactive.parts import Curve, Lines, Panel, Plane, Reading, Slider
from rheobase.interactive.player import Player
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.network import stimuli
from rheobase.results import Result
from rheobase.simulation import Network, Population
from rheobase.units import UNITS, Unit, parse_unit, quantity, to_si

_SECOND = UNITS["second"].dimension
_SAMPLES = 1600
"""About how many samples a trace has at most."""

_NAME = "cells"


@dataclass(frozen=True, eq=False)
class ModelOptions:
    """What `interact` was given for a model."""

    model: Model
    duration: Any
    record: Any
    plane: Any
    stimulus: Any
    start: Any
    dt: Any
    seed: int | None
    backend: str | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of the stimulus, if it is a function."""
        if self.stimulus is None or getattr(self.stimulus, "is_current", False):
            return ()
        if not callable(self.stimulus):
            raise UserError(
                "rb.interact: stimulus is neither a current nor a function",
                given=repr(self.stimulus),
                mend="write stimulus=rb.stimuli.step(300*pA), or give a function whose arguments"
                " are sliders",
            )
        return tuple(inspect.signature(self.stimulus).parameters)

    def units(self, names: Iterable[str]) -> dict[str, Unit]:
        """Return the unit each slider must have; check that the names stand for something."""
        found = {}
        parameters = {e.name: e.unit for e in self.model.parameter_equations}
        for name in names:
            if name in self.arguments:
                continue
            if name not in parameters:
                known = [*parameters, *self.arguments]
                guess = did_you_mean(name, known)
                raise UnknownNameError(
                    f"rb.interact: {self.model.name} has no parameter or input {name!r}"
                    + (f"; did you mean {guess}?" if guess else ""),
                    expected=", ".join(known),
                )
            found[name] = parameters[name]
        return found

    def inputs(self) -> list[str]:
        """Return the names of the model's inputs."""
        return [equation.name for equation in self.model.inputs]

    def times(self, sliders: Sequence[Slider]) -> tuple[float, float, float]:
        """Return step, duration and onset in seconds; a duration is a whole number of steps."""
        dt = _time(self.dt, "dt", "dt=0.025*ms", 0.025e-3)
        duration = _time(self.duration, "duration", "duration=200*ms", 0.2)
        slid = any(slider.name in self.inputs() for slider in sliders)
        usual = round(0.1 * duration / dt) * dt if slid else 0.0
        onset = _time(self.start, "start", "start=20*ms", usual)
        if not 0 <= onset < duration:
            raise UserError(
                "rb.interact: start is not within the run",
                expected=f"0 ms to less than {duration * 1e3:g} ms",
                given=f"{onset * 1e3:g} ms",
            )
        return dt, duration, onset


def play_model(
    options: ModelOptions, sliders: Sequence[Slider], title: str, caption: str
) -> Player:  # fmt: skip
    """Run the model at all positions and put the player together."""
    dt, duration, onset = options.times(sliders)
    panels_wanted = _panels_wanted(options)
    _check_used(options, sliders)
    variables = [name for group in panels_wanted for name in group]
    injected = [s.name for s in sliders if s.name in options.inputs()]
    if options.stimulus is not None and (target := _target(options)) not in injected:
        injected.append(target)
    shown_inputs = [name for name in injected if name not in variables]
    every = max(1, int(np.ceil(duration / dt / _SAMPLES))) * dt
    clock = (dt, duration, onset, every)
    networks = _networks(options.model, sliders)
    shown = None if len(networks) == 1 else False  # a line or bar of each would be too many
    results = [
        _run(options, sliders, positions, clock, [*variables, *shown_inputs], shown)
        for positions in networks
    ]
    traces = {name: np.concatenate([r.traces.data(_NAME).values[name].T for r in results])
              for name in [*variables, *shown_inputs]}  # fmt: skip
    times = results[0].traces.data(_NAME).times
    spikes = _spikes(options.model, results)
    panels: list[Panel] = []
    holder = _holder(options.model, panels_wanted)
    for number, group in enumerate([*panels_wanted, *([name] for name in shown_inputs)]):
        height = 230 if number == 0 else 150 if number < len(panels_wanted) else 96
        here = spikes if number == holder else None
        panels.append(_lines(options.model, group, times, traces, here, height))
    if options.plane is not None:
        across, up = _plane(options)
        panels.append(Plane(across, up))
    readings: list[Reading] = []
    if spikes is not None:
        counts = np.array([np.count_nonzero(each >= onset - 0.5 * dt) for each in spikes], float)
        rates = counts / (duration - onset)
        panels.append(Curve("rate", "Hz", rates))
        readings = [Reading("spikes", "", counts), Reading("rate", "Hz", rates)]
    return Player(sliders, panels, readings=readings, title=title or options.model.name,
                  caption=caption)  # fmt: skip


def _time(given: Any, what: str, paste: str, usual: float) -> float:
    if given is None:
        return usual
    found = to_si(given, _SECOND, what=f"rb.interact: {what}", paste=paste)
    if not isinstance(found, float) or not np.isfinite(found) or (found <= 0 and what != "start"):
        raise UserError(f"rb.interact: {what} is a time above 0", given=str(given),
                        mend=f"write {paste}")  # fmt: skip
    return found


def _panels_wanted(options: ModelOptions) -> list[list[str]]:
    """Return the names of what is shown, a list for each panel."""
    model, record = options.model, options.record
    states = [e.name for e in model.equations if e.kind == "differential"]
    groups = [record] if isinstance(record, str) else record
    if groups is None:
        wanted = _usual_panels(model, states)
    else:
        wanted = [[group] if isinstance(group, str) else list(group) for group in groups]
    shown = {name for group in wanted for name in group}
    wanted += [[name] for name in _plane(options) if name not in shown]
    for name in (name for group in wanted for name in group):
        if name not in model.names:
            guess = did_you_mean(str(name), model.names)
            raise UnknownNameError(
                f"rb.interact: {model.name} has no variable {name!r} to record"
                + (f"; did you mean {guess}?" if guess else ""),
                expected=", ".join(states),
            )
    for group in wanted:
        units = {model.unit_of(name).text for name in group}
        if len(units) > 1:
            raise UserError(
                f"rb.interact: {', '.join(group)} have no common axis",
                given="units " + ", ".join(sorted(units)),
                mend=f"give each a panel: record={[name for name in group]!r}",
            )
    return wanted


def _plane(options: ModelOptions) -> tuple[str, ...]:
    """Return the two variables drawn against each other; none if that is not wanted."""
    if options.plane is None:
        return ()
    pair = tuple(options.plane)
    if len(pair) != 2 or not all(isinstance(name, str) for name in pair) or pair[0] == pair[1]:
        raise UserError(
            "rb.interact: a plane is of two variables",
            given=repr(options.plane),
            mend='write plane=("v", "w")',
        )
    return pair


def _usual_panels(model: Model, states: Sequence[str]) -> list[list[str]]:
    """Return v, or what crosses the threshold; of models without either, a panel for each unit."""
    crossing = set(names_in(model.threshold)) if model.threshold is not None else set()
    chosen = [name for name in states if name == "v"] or [n for n in states if n in crossing]
    if chosen:
        return [chosen[:1]]
    units = dict.fromkeys(model.unit_of(name).text for name in states)
    return [[name for name in states if model.unit_of(name).text == unit] for unit in units]


def _check_used(options: ModelOptions, sliders: Sequence[Slider]) -> None:
    names = [slider.name for slider in sliders]
    missing = [
        name for name, parameter in
        (inspect.signature(options.stimulus).parameters.items() if options.arguments else ())
        if name not in names and parameter.default is inspect.Parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    ]  # fmt: skip
    if missing:
        raise UserError(
            f"rb.interact: the stimulus needs {' and '.join(missing)}, which no slider gives",
            mend=f"give it a range: {missing[0]}=(0, 1), or a default in the function",
        )


def _target(options: ModelOptions) -> str:
    """Return the input the stimulus flows into."""
    inputs = options.inputs()
    if len(inputs) == 1 or "I" in inputs:
        return "I" if "I" in inputs else inputs[0]
    raise UserError(
        f"rb.interact: a stimulus has no place in {options.model.name}",
        expected="one input, or one called I",
        given=", ".join(inputs) or "no input",
        mend="give a function that builds the network: rb.interact(build, ...)",
    )


def _networks(model: Model, sliders: Sequence[Slider]) -> list[Floats]:
    """Return the positions of each network, as rows of values of the sliders in SI units.

    All positions are one network, unless a slider is a parameter that all cells share.
    """
    axes = []
    for slider in sliders:
        assert slider.numbers is not None
        axes.append(np.asarray(parse_unit(slider.unit or "1").to_si(slider.numbers)))
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    shared = {e.name for e in model.parameter_equations if "shared" in e.flags}
    if shared & {slider.name for slider in sliders}:
        return [row[None, :] for row in grid]
    return [grid]


def _run(
    options: ModelOptions, sliders: Sequence[Slider], positions: Floats,
    clock: tuple[float, float, float, float], recorded: Sequence[str], progress: bool | None,
) -> Result:  # fmt: skip
    """Run one network, a cell a position."""
    dt, duration, onset, every = (quantity(value, UNITS["ms"]) for value in clock)
    net = Network(dt=dt, seed=1 if options.seed is None else options.seed)
    cells = net.add(options.model, len(positions), name=_NAME)
    arguments = {}
    for slider, values in zip(sliders, positions.T, strict=True):
        unit = parse_unit(slider.unit or "1")
        given = values if unit.text == "1" else quantity(values, unit)
        if slider.name in options.arguments:
            arguments[slider.name] = given
        elif slider.name in options.inputs():
            net.inject(cells, stimuli.step(given, start=onset), to=slider.name)
        else:
            _set(cells, slider.name, given)
    if options.stimulus is not None:
        current = options.stimulus(**arguments) if options.arguments else options.stimulus
        net.inject(cells, current, to=_target(options))
    net.record(cells, *recorded, every=every)
    return net.run(duration, backend=options.backend, progress=progress)


def _set(cells: Population, name: str, given: Any) -> None:
    setattr(cells, name, given if cells.size > 1 else given[0])


def _spikes(model: Model, results: Sequence[Result]) -> list[Floats] | None:
    if model.threshold is None:
        return None
    return [result.spikes[_NAME][cell] for result in results
            for cell in range(result.spikes[_NAME].size)]  # fmt: skip


def _holder(model: Model, groups: Sequence[Sequence[str]]) -> int:
    """Return the panel the spikes belong to: that of the variable that crosses the threshold."""
    crossing = set(names_in(model.threshold)) if model.threshold is not None else set()
    return next((k for k, group in enumerate(groups) if crossing & set(group)), 0)


def _lines(
    model: Model, group: Sequence[str], times: Floats, traces: Mapping[str, Floats],
    spikes: list[Floats] | None, height: int,
) -> Lines:  # fmt: skip
    """Return a panel; with strokes for spikes where the variable that crosses is then reset."""
    crossing = names_in(model.threshold) if model.threshold is not None else ()
    reset = {statement.target for statement in model.reset}
    return Lines(
        ", ".join(group), model.unit_of(group[0]).text, times,
        {name: traces[name] for name in group}, spikes,
        strokes=bool(set(group) & set(crossing) & reset), height=height,
    )  # fmt: skip
