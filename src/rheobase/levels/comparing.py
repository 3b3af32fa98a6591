"""`compare`: one stimulus to models of several levels, in one network."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from rheobase.analysis.pasting import model_text, numbers_text
from rheobase.cables import Cell
from rheobase.errors import (
    ShapeError,
    UnknownNameError,
    UserError,
    WiringError,
    did_you_mean,
)
from rheobase.language.model import Model
from rheobase.levels.comparison import Comparison, LevelResult, Measured, against
from rheobase.levels.matching import usual_window
from rheobase.levels.reduction import Reduction
from rheobase.levels.translating import Conversions, Level, translate
from rheobase.network.currents import Current
from rheobase.network.waveforms import OUTerm
from rheobase.results import Result
from rheobase.results.seconds import seconds
from rheobase.simulation import Network
from rheobase.units import split_quantity

__all__ = ["compare"]


def compare(
    models: Mapping[str, Model | Cell | Reduction],
    stimulus: Current,
    *,
    duration: Any,
    reference: str | None = None,
    dt: Any = "0.05 ms",
    start: Any = "0 ms",
    stop: Any = None,
    within: Any = None,
    area: Any = None,
    current_per_unit: Any = None,
    rate_per_unit: Any = None,
    voltage_per_unit: Any = None,
    to: Any = None,
    output: Any = None,
    seed: int = 0,
    backend: str | None = None,
) -> Comparison:
    """Give one stimulus to models of several levels and measure how they differ from one of them.

    All are run in one network, one cell each, from where each begins by itself. Noise is drawn
    once: every model gets the same realization.

    Parameters
    ----------
    models : mapping of str to Model, Cell or Reduction
        By the names they are to have in the table. What `rb.levels.reduce` gives knows what its
        units are. A cell with a morphology gets the stimulus in the middle of its soma (without
        one, at the beginning of its first section), and what is recorded is recorded there.
    stimulus : Current
        One of `rb.stimuli`: an absolute current (pA), a current per area (uA/cm**2), or a plain
        number, with the same value for every cell.
    duration : quantity
        How long to run, a multiple of dt.
    reference : str
        The name of the model the others are measured against; the first if not given.
    dt : quantity
        Step of all.
    start, stop : quantity
        The window in which spikes are counted and differences measured, start <= t < stop; the
        whole run if not given.
    within : quantity
        The largest difference of two spikes that are taken for the same one. If not given, half
        the median interval of the reference's spikes, at most 10 ms.
    area : quantity or mapping of str to quantity
        Membrane of models whose current is per area when the stimulus is absolute, or the other
        way round: one for all, or by name. So for the next three.
    current_per_unit : quantity or mapping
        What current 1 is, where the input of a model (a rate unit, Izhikevich's) or the stimulus
        is a plain number.
    rate_per_unit : quantity or mapping
        What rate 1 is, where the output of a model without threshold is a plain number.
    voltage_per_unit : quantity or mapping
        What voltage 1 is, where v is a plain number (Izhikevich: 1*mV). Without it there is no
        voltage error.
    to, output : str or mapping of str to str
        The input variable the stimulus is added to, where there are several; the variable that
        is recorded: v, or the first state, if not given.
    seed : int
        Of noise, that of the stimulus and that in equations.
    backend : "numba" or "interpreter"
        As for `net.run`.

    Returns
    -------
    Comparison
        A mapping of names to `LevelResult`, with `.spike_count`, `.rate` and `.rate_error` [Hz],
        `.spike_time_error` [s], `.voltage_error` [mV rms], `.spikes`, `.trace`, `.missed`,
        `.extra`. It prints as a table, and `.plot()` draws it.

    Raises
    ------
    WiringError, UnknownNameError, UnitError, ShapeError
        A model cannot take the stimulus, or a conversion is missing; the message says which.

    Examples
    --------
    >>> table = rb.levels.compare(
    ...     {"HH": rb.models.HodgkinHuxley, "LIF": rb.models.LIF},
    ...     rb.stimuli.step(500*pA, start=50*ms), duration=500*ms, reference="HH",
    ...     area=20000*um**2, dt=0.02*ms,
    ... )
    >>> print(table)
    """
    chosen = _checked_models(models)
    first = _checked_reference(reference, chosen)
    _check_stimulus(stimulus)
    net = Network(dt=dt, seed=seed)
    net._clock.steps_of(duration, "levels.compare: the duration", "duration",
                        "rb.levels.compare(..., duration=500*ms)", 1)  # fmt: skip
    frozen = _frozen(stimulus, duration, net, seed)
    reductions = {name: one for name, one in models.items() if isinstance(one, Reduction)}
    given = Conversions(
        area, current_per_unit, rate_per_unit, voltage_per_unit, to, output, tuple(chosen),
        reductions,
    )  # fmt: skip
    levels = [translate(name, model, frozen, given) for name, model in chosen.items()]
    for level in levels:
        cell = net.add(level.model, name=level.name)
        place = cell if level.place is None else cell.at(**level.place)
        net.inject(place, level.current, to=level.input)
        net.record(place, level.output)
    result = net.run(duration, backend=backend, progress=False)
    window = _window(start, stop, result)
    measured = {level.name: _measure(level, result, window) for level in levels}
    if within is None:
        allowed = usual_window(measured[first].spikes)
    else:
        allowed = _one_time(within, "within", "within=5*ms")
    if not allowed > 0:
        raise WiringError(
            "levels.compare: within is not a time above 0", given=f"{allowed * 1e3:g} ms",
            mend="write rb.levels.compare(..., within=5*ms)",
        )  # fmt: skip
    entries = {
        level.name: _entry(level, measured, first, allowed, window, result) for level in levels
    }
    return Comparison(entries, frozen, first, window, allowed, result)


# ---------------------------------------------------------------------- what was given


def _checked_models(models: Any) -> dict[str, Model | Cell]:
    example = 'rb.levels.compare({"HH": rb.models.HodgkinHuxley, "LIF": rb.models.LIF}, ...)'
    if not isinstance(models, Mapping) or not models:
        raise WiringError(
            "levels.compare: the models are given by name",
            expected="a dict of names to models",
            given=type(models).__name__ if models else "none",
            mend=f"write {_by_name(models) or example}",
        )
    for name, model in models.items():
        if not isinstance(name, str) or not name.strip():
            raise WiringError("levels.compare: a name is a text", given=repr(name),
                              mend=f"write {example}")  # fmt: skip
        if not isinstance(model, (Model, Cell, Reduction)):
            raise WiringError(
                f"levels.compare: {name!r} is no model",
                expected="a Model, such as rb.models.LIF(tau_m=20*ms), or an rb.Cell",
                given=repr(model) if len(repr(model)) < 60 else type(model).__name__,
            )
    return {name: one.model if isinstance(one, Reduction) else one for name, one in models.items()}


def _by_name(models: Any) -> str:
    """Return the call with models of a list by their names; "" where that is not what it is."""
    listed = [models] if isinstance(models, (Model, Reduction)) else models
    if not isinstance(listed, (list, tuple)) or not listed:
        return ""
    if not all(isinstance(one, Model) and model_text(one) != "model" for one in listed):
        return ""
    named = ", ".join(f'"{one.name}": {model_text(one)}' for one in listed)
    return f"rb.levels.compare({{{named}}}, ...)" if len({m.name for m in listed}) == len(
        listed) else ""  # fmt: skip


def _checked_reference(reference: str | None, models: Mapping[str, Any]) -> str:
    if reference is None:
        return next(iter(models))
    if reference in models:
        return reference
    meant = did_you_mean(str(reference), models)
    raise UnknownNameError(
        f"levels.compare: the reference {reference!r} is none of the models"
        + (f"; did you mean {meant!r}?" if meant else ""),
        expected=", ".join(map(repr, models)),
    )


def _check_stimulus(stimulus: Any) -> None:
    if not isinstance(stimulus, Current):
        given = repr(stimulus) if len(repr(stimulus)) < 60 else type(stimulus).__name__
        train = getattr(stimulus, "is_train", False)
        example = "500*pA"
        with suppress(UserError, TypeError, ValueError):
            number, unit = split_quantity(stimulus, "the stimulus")
            if np.ndim(number) == 0:
                given = example = numbers_text(number, unit)
        raise WiringError(
            "levels.compare: the stimulus is no current"
            + ("; spikes have another weight in every model" if train else ""),
            given=given,
            mend=f"write rb.levels.compare(models, rb.stimuli.step({example}), duration=500*ms)",
        )
    if stimulus.size not in (None, 1):
        raise ShapeError(
            "levels.compare: every model is one cell, and this stimulus differs between cells",
            expected="one value for all",
            given=f"values for {stimulus.size} cells",
        )


def _frozen(stimulus: Current, duration: Any, net: Network, seed: int) -> Current:
    """Return the stimulus with its noise drawn, if it has any."""
    dt = float(net.dt.to("second").magnitude)
    if not any(isinstance(term, OUTerm) for term in stimulus.terms(dt)):
        return stimulus
    return stimulus.frozen(duration, net.dt, seed=seed)


def _window(start: Any, stop: Any, result: Result) -> tuple[float, float]:
    low = _one_time(start, "start", "start=50*ms")
    high = result.stop if stop is None else _one_time(stop, "stop", "stop=450*ms")
    if not result.start <= low < high <= result.stop * (1 + 1e-9):
        raise WiringError(
            "levels.compare: the window is not within the run",
            expected=f"0 <= start < stop <= {result.stop * 1e3:g} ms",
            given=f"start {low * 1e3:g} ms, stop {high * 1e3:g} ms",
            mend="write rb.levels.compare(..., start=0*ms, "
            f"stop={result.stop * 1e3:g}*ms), or leave both out",
        )
    return low, high


def _one_time(value: Any, argument: str, example: str) -> float:
    return seconds(
        value, what=f"levels.compare: {argument}", paste=f"rb.levels.compare(..., {example})"
    )


# ---------------------------------------------------------------------- what came of it


def _measure(level: Level, result: Result, window: tuple[float, float]) -> Measured:
    """Return what a level gave in the window."""
    data = result.traces.data(level.name)
    times, values = data.times, data.values[level.output][:, 0]
    slack = 1e-6 * float(result.dt)
    inside = (times >= window[0] - slack) & (times < window[1] - slack)
    shown = values[inside] * level.scale
    trains = result.spikes[level.name] if level.kind == "spikes" else None
    spikes = np.empty(0) if trains is None else trains[0]
    counted = np.empty(0) if trains is None else trains.between(*window)[0]
    rate = float("nan")
    if level.kind == "spikes":
        rate = counted.size / (window[1] - window[0])
    elif level.kind == "rate":
        rate = float(shown.mean())
    voltage = None if level.kind == "rate" or np.isnan(level.scale) else shown
    return Measured(level.kind, spikes, counted, times[inside], voltage, rate)


def _entry(
    level: Level,
    measured: Mapping[str, Measured],
    reference: str,
    within: float,
    window: tuple[float, float],
    result: Result,
) -> LevelResult:
    own, other = measured[level.name], measured[reference]
    found, factor, voltage, between = against(own, other, within, window[1] - window[0])
    return LevelResult(
        name=level.name,
        model=level.model,
        kind=level.kind,
        spikes=own.all_spikes,
        spike_count=own.spikes.size if level.kind == "spikes" else None,
        rate=own.rate,
        rate_error=own.rate - other.rate,
        match=found,
        spike_time_error=float("nan") if found is None else found.mean_difference,
        coincidence=factor,
        voltage_error=voltage,
        subthreshold_error=between,
        variable=level.output,
        scale=level.scale,
        _result=result,
    )
