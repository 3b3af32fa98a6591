"""`reduce`: from one level to the next, by the firing rates under constant currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.analysis.constant_input import Experiment, experiment
from rheobase.analysis.pasting import model_text, numbers_text, unit_of_values, values_text
from rheobase.errors import (
    ShapeError,
    UnitError,
    UnknownNameError,
    UserError,
    WiringError,
    did_you_mean,
)
from rheobase.language.model import Model
from rheobase.levels import fitting
from rheobase.levels.matching import Floats
from rheobase.levels.membrane import Membrane, has_membrane, membrane_of
from rheobase.levels.reduction import Reduction, square_metres
from rheobase.levels.translating import AMP, AREA, PER_AREA
from rheobase.models.exponential import AdEx
from rheobase.models.integrate_and_fire import LIF
from rheobase.models.rates import RateUnit
from rheobase.simulation.clock import one_time
from rheobase.units import DIMENSIONLESS, UNITS, Unit, describe, quantity, to_si

__all__ = ["reduce"]

_CALL = "rb.levels.reduce"
_ACTIVATIONS = ("relu", "softplus", "sigmoid")
_SECOND = UNITS["second"].dimension
_FITTED = {
    "LIF": ("C_m", "tau_m", "E_L", "V_T", "V_r", "tau_ref"),
    "AdEx": ("C_m", "g_L", "E_L", "V_T", "Delta_T", "a", "tau_w", "b", "V_r", "tau_ref"),
    "RateUnit": ("tau", "gain", "threshold"),
}


def reduce(
    model: Model,
    to: Any,
    currents: Any,
    *,
    area: Any = None,
    f: str | None = None,
    tau: Any = None,
    input: str | None = None,
    duration: Any = "1 second",
    discard: Any = "0.3 second",
    dt: Any = "0.02 ms",
    generations: int = 50,
    seed: int = 0,
    backend: str | None = None,
) -> Reduction:
    """Return a coarser model whose firing rates come near those of a finer one.

    What can be read off the finer model is: resting potential, resistance and capacitance come
    from its equations at rest. What remains is fitted to its rates under constant currents:

    - LIF: threshold, reset and refractory period, by the closed form of its rate;
    - AdEx: those, the exponential's sharpness, and adaptation, by simulation, to the late rates
      and the first intervals;
    - RateUnit: gain, threshold and the rate of an output of 1; its time constant is that of the
      membrane (resistance times capacitance) unless given.

    Parameters
    ----------
    model : Model
        The finer model, with a threshold and an input for current.
    to : str or Model
        "LIF", "AdEx" or "RateUnit".
    currents : quantity, shape (n,)
        At which the rates are compared, in the dimension of the input.
    area : quantity, optional
        Membrane that the coarser model stands for; needed where the finer one is per area, and
        the coarser one is not a rate unit.
    f : str
        Activation of a rate unit; if not given, the one of relu, softplus and sigmoid that fits
        best.
    tau : quantity, optional
        Time constant of a rate unit.
    input : str, optional
        Which input, if there are several.
    duration, discard : quantity
        Of each run, and how much of its beginning does not count for the late rates.
    dt : quantity
        Step.
    generations : int
        At most so many rounds of the search for an AdEx: a second or two compiled, minutes
        interpreted.
    seed : int
        Of the search, and of noise.
    backend : "numba" or "interpreter"
        As for `net.run`.

    Returns
    -------
    Reduction
        With `.model`, `.rate_error` and `.largest_error` [Hz]; it prints as a table, and
        `.plot()` draws both curves.

    Raises
    ------
    UnknownNameError, WiringError, UnitError, EquationError
        There is no such reduction, or the model has no rest, no threshold or no membrane.
    UserError
        The model does not fire at any of the currents.

    Examples
    --------
    >>> lif = rb.levels.reduce(rb.models.HodgkinHuxley, "LIF", np.arange(7, 31)*uA/cm**2,
    ...                        area=20000*um**2)
    >>> lif.model, lif.rate_error
    """
    kind = _kind(to, model)
    setup = experiment(model, call=_CALL, input=input, duration=duration, dt=dt, method=None,
                       seed=seed, backend=backend)  # fmt: skip
    values, written = _read_currents(currents, setup, kind)
    call = _Call(setup, kind, values, written)
    settling = one_time(discard, "discard", "discard=0.3*second")
    late, first = fitting.late_and_first(setup.run(values), settling)
    if not np.any(late > 0):
        raise UserError(
            f"{_CALL}: {model.name} does not go on firing at any of these currents",
            expected="currents above its rheobase",
            given=f"up to {setup.unit.from_si(float(values.max())):g} {setup.unit.text}",
        )
    if kind == "RateUnit":
        size = None if area is None else call.size(area)
        target = fitting.Target(values, late, first)
        return _to_rate_unit(call, target, f, tau, size, seed)
    size, membrane = _absolute(call, area)
    target = fitting.Target(values * size, late, first)
    if kind == "LIF":
        made = fitting.fit_lif(LIF, target, membrane, seed)
    else:
        made = fitting.fit_adex(AdEx, target, membrane, seed,
                                generations=generations, backend=backend)  # fmt: skip
    coarse = Experiment(made, "I", made.unit_of("I"), duration, dt, seed, backend)
    own = fitting.late_and_first(coarse.run(target.currents), settling)[0]
    given = None if size == 1.0 else square_metres(size)
    return Reduction(made, model, late, own, given, None, None, _FITTED[kind], values, written)


@dataclass(frozen=True)
class _Call:
    """What was asked for, so that errors end with the same line mended."""

    setup: Experiment
    kind: str
    values: Floats
    written: Unit

    def paste(self, kind: str = "", **more: str) -> str:
        """Return the call as one would write it again, with arguments added."""
        numbers = numbers_text(self.written.from_si(self.values), self.written)
        arguments = [model_text(self.setup.model), f'"{kind or self.kind}"', numbers]
        arguments += [f"{name}={text}" for name, text in more.items()]
        return f"{_CALL}({', '.join(arguments)})"

    def size(self, area: Any) -> float:
        """Return an area in square metres."""
        paste = self.paste(area="20000*um**2")
        found = to_si(area, AREA, what=f"{_CALL}: area", paste=paste)
        if not isinstance(found, float) or not 0 < found < np.inf:
            raise ShapeError(f"{_CALL}: the area is one area above 0", given=str(area),
                             mend=f"write {paste}")  # fmt: skip
        return found


def _to_rate_unit(
    call: _Call, target: fitting.Target, f: str | None, tau: Any, size: float | None, seed: int
) -> Reduction:
    unit = call.setup.unit
    constant = _time_constant(call, tau)
    best: Reduction | None = None
    for name in _ACTIVATIONS if f is None else (f,):
        start = RateUnit(f=name, tau=constant)
        made, scale = fitting.fit_rate_unit(start, target, unit.scale, seed)
        own = scale * fitting.settled_unit(made, target.currents / unit.scale)
        found = Reduction(
            made, call.setup.model, target.rates, own,
            None if size is None else square_metres(size),
            None if unit.dimension == DIMENSIONLESS else quantity(unit.scale, unit),
            quantity(scale, UNITS["Hz"]), _FITTED["RateUnit"], target.currents, call.written,
        )  # fmt: skip
        if best is None or found.rate_error < best.rate_error:
            best = found
    assert best is not None
    return best


def _time_constant(call: _Call, tau: Any) -> Any:
    """Return the time constant of a rate unit: as given, or that of the membrane."""
    paste = call.paste(tau="10*ms")
    if tau is not None:
        found = to_si(tau, _SECOND, what=f"{_CALL}: tau", paste=paste)
        if not isinstance(found, float) or not 0 < found < np.inf:
            raise ShapeError(f"{_CALL}: tau is one time above 0", given=str(tau),
                             mend=f"write {paste}")  # fmt: skip
        return quantity(found, UNITS["ms"])
    model = call.setup.model
    if not has_membrane(model):
        raise WiringError(
            f"{_CALL}: {model.name} has no membrane potential v in volts, so it has no membrane"
            " time constant; say which one the rate unit is to have",
            mend=f"write {paste}",
        )
    return quantity(membrane_of(model, call.setup.name).tau, UNITS["ms"])


def _absolute(call: _Call, area: Any) -> tuple[float, Membrane]:
    """Return what a current is multiplied with to be absolute, and the membrane of that size."""
    setup, model = call.setup, call.setup.model
    if not has_membrane(model) or setup.unit.dimension not in (AMP, PER_AREA):
        what = (
            "no membrane potential v in volts, so no resistance and capacitance"
            if not has_membrane(model)
            else f"an input {setup.name} that is {describe(setup.unit.dimension)}"
        )
        more = {} if has_membrane(model) else {"tau": "10*ms"}
        raise WiringError(
            f"{_CALL}: {model.name} has {what}; {call.kind} is a cell with both",
            mend=f"reduce it to a rate unit: {call.paste('RateUnit', **more)}",
        )
    membrane = membrane_of(model, setup.name)
    if setup.unit.dimension == AMP:
        return 1.0, membrane
    if area is None:
        raise UnitError(
            f"{_CALL}: {model.name} is per area, and {call.kind} is a whole cell; its area is "
            "missing",
            mend=f"write {call.paste(area='20000*um**2')}",
        )
    size = call.size(area)
    return size, membrane.of_area(size)


def _kind(to: Any, model: Any) -> str:
    name = to.name if isinstance(to, Model) else str(to)
    if name in _FITTED:
        return name
    meant = did_you_mean(name, _FITTED)
    text = model_text(model) if isinstance(model, Model) else "model"
    raise UnknownNameError(
        f"{_CALL}: there is no reduction to {name!r}"
        + (f"; did you mean {meant!r}?" if meant else ""),
        expected=", ".join(_FITTED),
        mend=f'write {_CALL}({text}, "{meant or "LIF"}", currents)',
    )


def _read_currents(currents: Any, setup: Experiment, kind: str) -> tuple[Floats, Unit]:
    """Return the currents in SI units, and the unit they are written in."""
    usual = values_text(currents, setup.unit, numbers_text(np.linspace(0, 30, 16), setup.unit))
    paste = f'{_CALL}({model_text(setup.model)}, "{kind}", {usual})'
    values = to_si(currents, setup.unit.dimension, what=f"{_CALL}: the currents", paste=paste)
    found = np.atleast_1d(np.asarray(values, np.float64))
    if found.ndim != 1 or found.size < 3 or not np.all(np.isfinite(found)):
        example = numbers_text(np.linspace(0, 30, 16), setup.unit)
        raise ShapeError(
            f"{_CALL}: the currents are a list of at least three numbers that are finite",
            given=f"an array of shape {found.shape}",
            mend=f'write {_CALL}({model_text(setup.model)}, "{kind}", {example})',
        )
    return found, unit_of_values(currents, setup.unit)
