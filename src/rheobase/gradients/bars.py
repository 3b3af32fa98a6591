"""The derivatives that a way back leaves on a tape, by what they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rheobase.engine.plan import FloatArray
from rheobase.gradients.cells import Cells
from rheobase.gradients.links import Link, Trains
from rheobase.gradients.reversing import drive_bars, parameter_bars, weight_bars

if TYPE_CHECKING:
    from rheobase.gradients.tape import Tape

Key: TypeAlias = tuple[Cells, str]


@dataclass
class Bars:
    """What `Tape.backward` returns: derivatives of the loss, named by what they belong to.

    Attributes
    ----------
    initial : dict of (Cells, str) to ndarray, shape (batch, cells)
        With respect to the initial value of every state.
    inputs : dict of (Cells, str) to ndarray, shape (steps, batch, cells)
        With respect to inputs, of those asked for.
    arrivals : dict of (Cells, str) to ndarray, shape (steps, batch, cells)
        With respect to what arrived in each step, of those given to `run`.
    spikes : dict of Trains to ndarray, shape (steps, batch, trains)
        With respect to given spikes (each 0 or 1), of those asked for.
    weights : dict of Link to ndarray, of the shape of its weights
        With respect to weights as the user knows them.
    delays : dict of Link to ndarray, of the shape of its weights
        With respect to delays, per step.
    parameters : dict of Cells to dict of str to float or ndarray
        With respect to parameters in SI units: a number, or one value a cell.
    """

    initial: dict[Key, FloatArray] = field(default_factory=dict)
    inputs: dict[Key, FloatArray] = field(default_factory=dict)
    arrivals: dict[Key, FloatArray] = field(default_factory=dict)
    spikes: dict[Trains, FloatArray] = field(default_factory=dict)
    weights: dict[Link, FloatArray] = field(default_factory=dict)
    delays: dict[Link, FloatArray] = field(default_factory=dict)
    parameters: dict[Cells, dict[str, Any]] = field(default_factory=dict)


def bars_of(tape: Tape, inputs: set[Key]) -> Bars:
    """Collect the derivatives that a way back has left on a tape."""
    found = Bars()
    for cells in tape.populations:
        if cells.reverse is None:
            continue
        for name in cells.states:
            found.initial[cells, name] = cells.bars[name].reshape(tape.batch, cells.size).copy()
        found.parameters[cells] = parameter_bars(cells)
    shift = tape.first % tape.steps if tape.steps else 0
    for cells, name in inputs:
        whole = np.roll(cells.bar_inputs[name], -shift, axis=0)
        found.inputs[cells, name] = whole.reshape(tape.steps, tape.batch, cells.size)
    for item in tape.arrivals:
        if item.given is not None:
            whole = np.roll(item.target.bar_arriving[item.variable], -shift, axis=0)
            shape = (tape.steps, tape.batch, item.target.size)
            found.arrivals[item.target, item.variable] = whole.reshape(shape)
    for trains, bar in tape.bar_trains.items():
        found.spikes[trains] = bar.reshape(tape.steps, tape.batch, trains.size)
    for link in tape.links:
        _link_bars(link, found)
    for drive in tape.drives:
        if drive.bar_weights is not None:
            mine = found.parameters.setdefault(drive.target, {})
            _add(mine, drive_bars(drive))
    return found


def _link_bars(link: Link, found: Bars) -> None:
    if not link.goes_back:
        return
    weights, parameters = weight_bars(link)
    if link.wanted:
        found.weights[link] = weights
    if "delay" in link.wanted:
        found.delays[link] = link.bar_delays()
    _add(found.parameters.setdefault(link.target, {}), parameters)


def _add(to: dict[str, Any], parts: Mapping[str, Any]) -> None:
    for name, part in parts.items():
        to[name] = to.get(name, 0.0) + part
