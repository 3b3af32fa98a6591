"""Cells of one model, each under its own constant input, run as one network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.expressions import calls_in
from rheobase.language.model import Model
from rheobase.network import stimuli
from rheobase.results import SpikeTrains
from rheobase.simulation import Network
from rheobase.units import UNITS, Unit, quantity

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Experiment:
    """A model, the input that is held constant, and how the cells are run.

    Attributes
    ----------
    model : Model
        What every cell is.
    name : str
        The input variable that is injected into, or the parameter that is set.
    unit : Unit
        Of the input, as the equation has it.
    duration, dt : quantity
        Of the run, and its step.
    seed : int
        Of whatever is drawn at random.
    backend : str or None
        As for `Network.run`.
    """

    model: Model
    name: str
    unit: Unit
    duration: Any
    dt: Any
    seed: int
    backend: str | None

    def written(self, value: float) -> str:
        """Return a value of the input as one would write it, in the unit of its equation."""
        unit = self.unit.text
        return f"{self.unit.from_si(value):,.7g}" + ("" if unit == "1" else f" {unit}")

    def run(self, values: Floats) -> SpikeTrains:
        """Return the spikes of one cell for each value of the input, in SI units."""
        net = Network(dt=self.dt, seed=self.seed)
        cells = net.add(self.model, values.size, name="cells")
        held = quantity(values, self.unit)
        if self.name in {e.name for e in self.model.inputs}:
            net.inject(cells, stimuli.step(held), to=self.name)
        else:
            setattr(cells, self.name, held)
        result = net.run(self.duration, backend=self.backend, progress=False)
        return result.spikes["cells"]


def experiment(
    model: Any,
    *,
    call: str,
    input: str | None,
    duration: Any,
    dt: Any,
    method: str | None,
    initial: Any = None,
    seed: int = 0,
    backend: str | None = None,
) -> Experiment:
    """Return an experiment, or say why this model cannot be used for one.

    Raises
    ------
    WiringError
        It is no model, has no threshold, or it is open which input is meant.
    UnknownNameError
        There is no such input or parameter.
    """
    if not isinstance(model, Model):
        raise WiringError(
            f"{call}: this is no model",
            given=repr(model) if len(repr(model)) < 60 else type(model).__name__,
            mend=f"write {call}(rb.models.LIF, ...)",
        )
    if model.threshold is None:
        raise WiringError(
            f"{call}: {model.name} has no threshold, so it has no spikes to count",
            mend=_without_threshold(model),
        )
    name = _input_of(model, input, call)
    options = {"method": method, "initial": initial}
    chosen = {key: value for key, value in options.items() if value is not None}
    copied = model(**chosen) if chosen else model
    if initial == "rest" and name in {e.name for e in model.inputs}:
        found = _resting_state(copied)
        chosen.pop("initial")
        copied = model(**chosen) if chosen else model
        if found is not None:
            copied = copied(initial=found)
    return Experiment(copied, name, model.unit_of(name), duration, dt, seed, backend)


def _without_threshold(model: Model) -> str:
    """Return what to do with a model that does not spike."""
    states = [e.name for e in model.differential]
    voltage = "v" in states and model.unit_of("v").dimension == UNITS["volt"].dimension
    if voltage or not states:
        return 'give it one: rb.Model(..., threshold="v > -20*mV")'
    return (
        f"what it gives is no spikes but {states[0]} itself: "
        f'net.record(cells, "{states[0]}"), then result.traces'
    )


def _resting_state(model: Model) -> dict[str, Any] | None:
    """Return where a cell rests without input, so that it is looked for once only.

    None where that is above the threshold: nothing can begin there, since it spikes at once.
    """
    cell = Network().add(model, name=model.name)
    values = cell._cell_values
    assert values is not None and model.threshold is not None
    noisy = calls_in(model.threshold) & {"rand", "randn"}
    if not noisy and np.any(values.evaluate_expression(model.threshold)):
        return None
    return {e.name: getattr(cell, e.name)[0] for e in model.differential}


def _input_of(model: Model, given: str | None, call: str) -> str:
    inputs = [e.name for e in model.inputs]
    fixed = [e.name for e in model.parameter_equations
             if e.name not in model.time_functions and "shared" not in e.flags]  # fmt: skip
    if given is None and len(inputs) == 1:
        return inputs[0]
    if given is not None and given in fixed:
        return given
    if given is not None:
        meant = did_you_mean(given, fixed)
        ending = f"; did you mean {meant!r}?" if meant else ""
        raise UnknownNameError(
            f"{call}: {model.name} has no input or parameter {given!r}{ending}",
            mend=f"it has: {', '.join(fixed) or 'none'}",
        )
    if inputs:
        raise WiringError(
            f"{call}: {model.name} has several inputs; say which",
            expected=f"one of: {', '.join(inputs)}",
            mend=f'write {call}(..., input="{inputs[0]}")',
        )
    raise WiringError(
        f"{call}: {model.name} has no input variable that a current could be added to",
        mend="declare one in the equations, `I : pA (input)`, and read it there; or name a "
        f'parameter to vary: input="{fixed[0] if fixed else "drive"}"',
    )


def finite(values: Floats, call: str, what: str) -> Floats:
    """Return values that are finite, or refuse them."""
    if np.all(np.isfinite(values)):
        return values
    raise UserError(f"{call}: some {what} are not finite numbers")
