"""Cells of one kind, each under its own constant input or pulse, run as one network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.analysis.cable_rest import cable_rest, refuse_place, site_of
from rheobase.analysis.pasting import no_model
from rheobase.cables.cell import Cell
from rheobase.errors import EquationError, UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.expressions import calls_in
from rheobase.language.model import Model
from rheobase.network import stimuli
from rheobase.results import Result, SpikeTrains
from rheobase.simulation import Network
from rheobase.simulation.warning import warn
from rheobase.units import UNITS, Unit, quantity

Floats: TypeAlias = NDArray[np.float64]

_BESIDE = 1e-4
"""So far beside its rest a cell is begun, to see whether it comes back [V]."""


@dataclass(frozen=True)
class Trial:
    """A model or cell, the input that is held constant, and how the cells are run.

    Attributes
    ----------
    model : Model or Cell
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
    site : dict
        Of cells with a morphology: where currents are injected, as arguments of `cells.at`.
    start : mapping of str to ndarray, or None
        Of cells with a morphology: the states to begin at, one value a compartment, in SI units;
        nan where a compartment has none.
    """

    model: Any
    name: str
    unit: Unit
    duration: Any
    dt: Any
    seed: int
    backend: str | None
    site: dict[str, Any] = field(default_factory=dict)
    start: Mapping[str, Floats] | None = None

    def written(self, value: float) -> str:
        """Return a value of the input as one would write it, in the unit of its equation."""
        unit = self.unit.text
        return f"{self.unit.from_si(value):,.7g}" + ("" if unit == "1" else f" {unit}")

    @property
    def injected(self) -> bool:
        """Whether the input is a current, which may last for a while; or a parameter."""
        if isinstance(self.model, Cell):
            return self.name == "I"
        return self.name in {e.name for e in self.model.inputs}

    def run(self, values: Floats, widths: Floats | None = None) -> SpikeTrains:
        """Return the spikes of one cell for each value of the input, in SI units.

        Parameters
        ----------
        values : ndarray, shape (n,)
            Of the input.
        widths : ndarray, shape (n,), optional
            How long each is on [s], from the first step; to the end if not given.
        """
        return self.run_network(values, widths).spikes["cells"]

    def run_network(
        self,
        values: Floats,
        widths: Floats | None = None,
        record: Mapping[str, Any] | bool = False,
        start: float = 0.0,
    ) -> Result:
        """Return the result of a run, with v recorded if asked for.

        Parameters
        ----------
        values, widths
            As for `run`.
        record : bool or dict
            Whether v is recorded, where currents are injected; or where, as arguments of
            `cells.at`.
        start : float
            When a constant input begins [s].
        """
        net = Network(dt=self.dt, seed=self.seed)
        cells = net.add(self.model, values.size, name="cells")
        self._begin(cells, values.size)
        if not self.injected:
            each = 1 if isinstance(self.model, Model) else cells.everywhere.size // values.size
            setattr(cells, self.name, quantity(np.repeat(values, each), self.unit))
        elif widths is None:
            begin = quantity(start, UNITS["second"])
            current = stimuli.step(quantity(values, self.unit), start=begin)
            net.inject(self._place(cells), current, to=self.name)
        else:
            for width in np.unique(widths[widths > 0]):
                some = np.flatnonzero(widths == width)
                stop = quantity(float(width), UNITS["second"])
                pulse = stimuli.step(quantity(values[some], self.unit), stop=stop)
                net.inject(self._place(cells[some]), pulse, to=self.name)
        if record is not False:
            where = None if record is True else record
            net.record(self._place(cells, where), "v", name="cells")
        return net.run(self.duration, backend=self.backend, progress=False)

    def _begin(self, cells: Any, count: int) -> None:
        """Set the states that cells with a morphology begin at."""
        for name, held in (self.start or {}).items():
            where = np.flatnonzero(np.isfinite(held))
            chosen = cells.everywhere[(where + held.size * np.arange(count)[:, None]).ravel()]
            unit = self._unit_of_state(name)
            setattr(chosen, name, quantity(np.tile(held[where], count), unit))

    def _place(self, cells: Any, site: Mapping[str, Any] | None = None) -> Any:
        return cells.at(**(site or self.site)) if isinstance(self.model, Cell) else cells

    def _unit_of_state(self, name: str) -> Unit:
        assert isinstance(self.model, Cell)
        return next(m.unit_of(name) for m in self.model.patches.values() if name in m.names)


@dataclass(frozen=True)
class Experiment(Trial):
    """One with a model."""

    model: Model


@dataclass(frozen=True)
class CellExperiment(Trial):
    """One with a cell that has a morphology."""

    model: Cell


def trial(
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
    at: Any = None,
    spiking: bool = True,
) -> Trial:
    """Return an experiment with a model, or with a cell that has a morphology.

    Raises
    ------
    WiringError, UnknownNameError
        As `experiment`; or, of a cell, there is no such place.
    UserError
        A place on a model, which is one point.
    """
    if isinstance(model, Cell):
        return _cell_experiment(
            model, call=call, input=input, duration=duration, dt=dt, method=method,
            initial=initial, seed=seed, backend=backend, at=at, spiking=spiking,
        )  # fmt: skip
    if not isinstance(model, Model):
        raise no_model(call, model, f"{call}(rb.models.LIF, ...)")
    found = experiment(
        model, call=call, input=input, duration=duration, dt=dt, method=method, initial=initial,
        seed=seed, backend=backend, spiking=spiking,
    )  # fmt: skip
    refuse_place(at, found.model.name, call)
    return found


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
    spiking: bool = True,
) -> Experiment:
    """Return an experiment with a model, or say why this model cannot be used for one.

    Raises
    ------
    WiringError
        It is no model, has no threshold although it has to spike, or it is open which input is
        meant.
    UnknownNameError
        There is no such input or parameter.
    """
    if not isinstance(model, Model):
        raise no_model(call, model, f"{call}(rb.models.LIF, ...)", cells=False)
    if spiking and model.threshold is None:
        raise WiringError(
            f"{call}: {model.name} has no threshold, so it has no spikes to count",
            mend=_without_threshold(model),
        )
    name = input_of(model, input, call)
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


def _cell_experiment(
    cell: Cell, *, call: str, input: str | None, duration: Any, dt: Any, method: str | None,
    initial: Any, seed: int, backend: str | None, at: Any, spiking: bool,
) -> CellExperiment:  # fmt: skip
    """Return an experiment with a cell that has a morphology."""
    if spiking and cell.threshold is None:
        raise WiringError(
            f"{call}: {cell.name} never spikes, so it has no spikes to count",
            mend='say where it does: rb.Cell(..., spikes=("soma", "v > -20*mV"))',
        )
    if method is not None:
        raise WiringError(
            f"{call}: how the voltages of {cell.name} are solved for is said when it is made",
            mend=f'leave out method=; write rb.Cell(..., method="{method}")',
        )
    if initial not in (None, "rest"):
        raise WiringError(
            f"{call}: cells with a morphology begin at rest, or, initial=None, at -65 mV",
            given=f"initial={initial!r}"[:80],
            mend='write initial="rest"',
        )
    place = site_of(cell, at, call)
    unit = UNITS["nA"]
    if input not in (None, "I"):
        homes = [m for m in cell.patches.values() if input in m.defaults]
        if not homes:
            known = sorted({n for m in cell.patches.values() for n in m.defaults})
            meant = did_you_mean(input, known)
            raise UnknownNameError(
                f"{call}: {cell.name} has no input or parameter {input!r}"
                + (f"; did you mean {meant!r}?" if meant else ""),
                mend=f"it has: {', '.join(['I', *known])}",
            )
        unit = homes[0].unit_of(input)
    setup = CellExperiment(cell, input or "I", unit, duration, dt, seed, backend, place)
    return _at_rest(setup, call) if initial == "rest" and setup.injected else setup


def _at_rest(setup: CellExperiment, call: str) -> CellExperiment:
    """Return the experiment from the cell's steady state, unless the cell leaves it by itself."""
    cell = setup.model
    try:
        rest, inside = cable_rest(cell, call), cell.compartments.membrane
    except EquationError:
        warn(
            f"{call}: no voltages were found at which {cell.name} rests without input: it begins "
            "at -65 mV, its other states settled there"
        )
        return setup
    found = {"v": rest.voltage[inside], **{n: x[inside] for n, x in rest.states.items()}}
    if cell.threshold is None:
        return replace(setup, start=found)
    beside = replace(setup, start={**found, "v": found["v"] + _BESIDE})
    if beside.run(np.zeros(1)).count == 0:
        return replace(setup, start=found)
    warn(
        f"{call}: {cell.name} fires without input: it begins not at rest but at -65 mV, its other "
        "states settled there"
    )
    return setup


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


def input_of(model: Model, given: str | None, call: str) -> str:
    """Return which input or parameter is meant; the only input if none is named."""
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
