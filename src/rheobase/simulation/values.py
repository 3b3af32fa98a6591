"""The numbers of a population: its parameters and states, settable at any time.

Everything is kept in SI units. Until the first run, cells whose state nobody set follow what
the model says (`initial`), worked out with the parameters they have by then. From the first
run on, a state is the very array the engine steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UnitError, UnknownNameError, UserError, did_you_mean
from rheobase.language.expressions import Expr
from rheobase.language.model import Model
from rheobase.network.distributions import Distribution
from rheobase.network.evaluate import Draws
from rheobase.network.synapse_values import is_expression
from rheobase.simulation.clock import Clock
from rheobase.simulation.first_values import FirstText, note_assignment
from rheobase.simulation.rest import resting_state
from rheobase.simulation.streams import RandomStream
from rheobase.simulation.texts import evaluate_text, read_text
from rheobase.units import UNITS, Unit, describe, to_si, usual_unit

Floats: TypeAlias = NDArray[np.float64]
Number: TypeAlias = float | Floats
Kind: TypeAlias = Literal["state", "parameter", "current", "input", "subexpression", "spiking"]

SPIKING = ("refractory_left", "last_spike")


class NoSuchVariableError(UnknownNameError, AttributeError):
    """A population has no variable of that name."""

    __str__ = Exception.__str__


class CellValues:
    """Parameters and states of one population.

    Parameters
    ----------
    model
        The model of its cells.
    name, size
        Of the population.
    seed, clock
        Of the network.

    Attributes
    ----------
    parameters
        By name, one number for all cells or one for each.
    currents
        By name, what parameters read as functions of time are.
    stale
        Whether parameters changed since the program's numbers were prepared from them.
    texts
        By state, the texts that cells were set by before the first run.
    begun
        By state, the cells that had been set when the first run began; the others began as the
        model says.
    """

    _word = "cell"
    """What there is one value for each of."""

    def __init__(self, model: Model, name: str, size: int, seed: int, clock: Clock) -> None:
        self.name, self.size = name, size
        self.seed, self.clock = seed, clock
        self.parameters: dict[str, Number] = {}
        self.currents: dict[str, Any] = {}
        self.arrays: dict[str, NDArray[Any]] | None = None
        self._states: dict[str, Floats] = {}
        self._set: dict[str, NDArray[np.bool_]] = {}
        self._left = np.zeros(size)
        self._last = np.full(size, -np.inf)
        self._assignments: Counter[str] = Counter()
        self._open: list[str] = []
        self.texts: dict[str, list[FirstText]] = {}
        self.begun: dict[str, NDArray[np.bool_]] = {}
        self.extend(model)

    def extend(self, model: Model) -> None:
        """Take a model with more equations; what was set stays. Not after the first run."""
        self.model = model
        mutable = model.written_parameters
        self.kinds: dict[str, Kind] = {e.name: "state" for e in model.differential}
        for equation in model.parameter_equations:
            self.kinds[equation.name] = "state" if equation.name in mutable else "parameter"
        self.kinds |= {e.name: "input" for e in model.inputs}
        self.kinds |= {e.name: "subexpression" for e in model.subexpressions}
        self.kinds |= {name: "current" for name in model.time_functions}
        if model.threshold is not None:
            self.kinds |= {name: "spiking" for name in SPIKING if name not in self.kinds}
        defaults: dict[str, Number] = {
            n: float(v) for n, v in model.defaults.items() if self.kinds.get(n) == "parameter"
        }
        self.parameters = defaults | self.parameters
        self.currents = dict(model.currents) | self.currents
        self.stale = True
        self._mutable = mutable
        self._rest: dict[str, Floats] | None = None

    # -- what there is --------------------------------------------------------------------

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states, in order of the model."""
        return tuple(name for name, kind in self.kinds.items() if kind == "state")

    @property
    def per_cell(self) -> frozenset[str]:
        """Names of the parameters with a value for each cell."""
        return frozenset(n for n, v in self.parameters.items() if isinstance(v, np.ndarray))

    def kind(self, name: str) -> Kind:
        """Return what a name stands for, or refuse it with what may be meant."""
        found = self.kinds.get(name)
        if found is None:
            raise self.unknown(name)
        return found

    def unknown(self, name: str) -> NoSuchVariableError:
        """Return the error for a name that stands for nothing."""
        if name in ("at", "everywhere"):
            return NoSuchVariableError(
                f"{self.name!r} has no places, which are on cells with a morphology",
                mend="give the cells themselves, or add net.add(rb.Cell(morphology, membrane))",
            )
        meant = did_you_mean(name, self.kinds)
        longer = [known for known in self.kinds if known.startswith(f"{name}_")]
        if longer and (meant or "").lower() != name.lower():  # m of a channel Na is m_Na
            meant = " or ".join(longer[:3])
        ending = f"; did you mean {meant}?" if meant else ""
        return NoSuchVariableError(
            f"{self.name!r} has no variable {name!r}{ending}", mend=f"there are: {self.listing()}"
        )

    def listing(self, *kinds: Kind) -> str:
        """Return the names there are with their units, for an error."""
        wanted = [n for n, kind in self.kinds.items() if not kinds or kind in kinds]
        texts = [(n, self.unit(n).text) for n in wanted]
        return ", ".join(n if text == "1" else f"{n} [{text}]" for n, text in texts) or "none"

    def unit(self, name: str) -> Unit:
        """Return the unit a variable is written in."""
        return UNITS["ms"] if self.kind(name) == "spiking" else self.model.unit_of(name)

    # -- reading --------------------------------------------------------------------------

    def read(self, name: str, where: NDArray[np.int64] | None = None) -> Number:
        """Return a variable in SI units: a number where all cells share one.

        Parameters
        ----------
        name
            A state, parameter, input, subexpression, "refractory_left" or "last_spike".
        where
            Cells, in the order of the values returned; None for all.
        """
        kind = self.kind(name)
        if kind == "parameter":
            value = self._parameter(name)
            return value if isinstance(value, float) else _at(value, where)
        if kind == "state":
            return self._state(name, where)
        if kind == "input":
            held = np.zeros(self.size) if self.arrays is None else self.arrays[name]
            return _at(held, where)
        if kind == "spiking":
            left = name == "refractory_left"
            return _at(self._refractory_left() if left else self._last_spike(), where)
        if kind == "subexpression":
            return self._subexpression(name, where)
        raise UserError(f"{self.name}.{name} is a function of time, read as {name}(t)")

    def _parameter(self, name: str) -> Number:
        if name not in self.parameters:
            raise self._missing(name)
        return self.parameters[name]

    def _missing(self, name: str) -> UserError:
        unit = self.unit(name).text
        value = "1" if unit == "1" else f"1*{unit}"
        current = self.kinds[name] == "current"
        line = f"rb.stimuli.from_array(values*{unit}, dt=1*ms)" if current else value
        return UserError(
            f"{self.name}.{name} has no value: the model {self.model.name} gives it none",
            mend=f"write {self.name}.{name} = {line} before the first run, "
            f"or parameters=dict({name}={line}) in the model",
        )

    def _state(self, name: str, where: NDArray[np.int64] | None) -> Floats:
        held, chosen = self._states.get(name), self._set.get(name)
        if held is None:
            return self._initial(name, where)
        values = np.array(_at(held, where))
        if chosen is not None:
            open_ = ~_at(chosen, where)
            if np.any(open_):
                cells = np.arange(self.size) if where is None else where
                values[open_] = self._initial(name, cells[open_])
        return values

    def _initial(self, name: str, where: NDArray[np.int64] | None) -> Floats:
        cells = np.arange(self.size) if where is None else where
        if name in self._mutable and not self._says_initial(name):
            if name not in self.model.defaults:
                raise self._missing(name)
            return np.full(cells.size, float(self.model.defaults[name]))
        given = self.model.initial
        if isinstance(given, str):
            return np.broadcast_to(self._resting()[name], self.size)[cells].copy()
        expression = given.get(name)
        if expression is None:
            return np.zeros(cells.size)
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise UserError(
                f"the initial values of {self.name!r} go round in a circle: {circle}",
                mend=f"write {self.name}.{name} = ... before the first run",
            )
        self._open.append(name)
        try:
            draws = self.draws(cells, "initial", name)
            found = self._evaluate(expression, cells, cells, self.size, draws)
        finally:
            self._open.pop()
        return np.array(np.broadcast_to(found, cells.shape), dtype=np.float64)

    def _says_initial(self, name: str) -> bool:
        return self.model.initial != "rest" and name in self.model.initial

    def _resting(self) -> dict[str, Floats]:
        if self._rest is None:
            for name in self.kinds:
                if self.kinds[name] == "parameter":
                    self._parameter(name)
            fixed: dict[str, Number] = {n: float(v) for n, v in self.model.defaults.items()}
            fixed |= self.parameters
            self._rest = resting_state(self.model, fixed, self.size, self.name)
        return self._rest

    def _subexpression(self, name: str, where: NDArray[np.int64] | None) -> Number:
        cells = np.arange(self.size) if where is None else where
        expression = self.model.equation(name).expression
        assert expression is not None
        return self._evaluate(expression, cells, cells, self.size, None)

    def _refractory_left(self) -> Floats:
        arrays, clock = self.arrays, self.clock
        if arrays is None:
            return self._left
        if "left" in arrays:
            return np.asarray(arrays["left"])
        if "release" in arrays:
            return np.asarray(np.maximum(arrays["release"] - clock.step, 0) * clock.dt)
        if "held_until" in arrays:
            return np.asarray(np.maximum(arrays["held_until"] - clock.step * clock.dt, 0.0))
        return np.zeros(self.size)

    def _last_spike(self) -> Floats:
        if self.arrays is None:
            return self._last
        return np.asarray(self.arrays["last_spike"])

    # -- texts ----------------------------------------------------------------------------

    def draws(self, cells: NDArray[np.int64], *names: str) -> Draws:
        """Return what the random numbers of a text for some cells are drawn from."""
        return Draws(RandomStream.of(self.seed, self.name, *names), cells)

    def _evaluate(self, expression: Expr, cells: NDArray[np.int64], places: NDArray[np.int64],
                  count: int, draws: Draws | None) -> Number:  # fmt: skip
        def value_of(name: str) -> Number | None:
            if name in self.kinds:
                return self.read(name, cells)
            known: dict[str, Number] = {
                "i": places.astype(np.float64),
                "N": float(count),
                "t": self.clock.time,
                "dt": self.clock.dt,
            }
            return known.get(name)

        currents = {n: self.current_now(n, cells) for n in self.currents}
        return evaluate_text(expression, value_of, draws, currents)

    def evaluate_expression(self, expression: Expr) -> Number:
        """Work out an expression of the model for all cells as they are now."""
        cells = np.arange(self.size)
        return self._evaluate(expression, cells, cells, self.size, None)

    def current_now(self, name: str, cells: NDArray[np.int64]) -> Callable[..., Any]:
        """Return what `name(t)` is at this moment, noise left out, as a function."""

        def now(_: Any) -> Any:
            clock = self.clock
            row = self.currents[name].values(np.array([clock.step]), clock.dt, clock.start)[0]
            return row[cells] if row.size > 1 else row[0]

        return now

    def evaluate(self, text: str, unit: Unit, where: NDArray[np.int64] | None,
                 what: str, *stream: str) -> Number:  # fmt: skip
        """Work out a text over the model's names, i, N, t, rand() and randn().

        Parameters
        ----------
        text
            An expression; `i` and `N` count within `where`.
        unit
            The unit of the variable it is for.
        where
            Cells; None for all.
        what
            What the text is for, named first in errors.
        stream
            Names of the stream that random numbers are drawn from.
        """
        cells = np.arange(self.size) if where is None else where
        expression = self.expression(text, unit, what)
        places = np.arange(cells.size)
        return self._evaluate(expression, cells, places, cells.size, self.draws(cells, *stream))

    def expression(self, text: str, unit: Unit, what: str) -> Expr:
        """Read and check a text over the model's names; see `evaluate`."""
        readable = ("state", "parameter", "subexpression", "input")
        units = {n: self.unit(n) for n, kind in self.kinds.items() if kind in readable}
        return read_text(text, unit, units, what, self.model.functions)

    # -- setting --------------------------------------------------------------------------

    def assign(self, name: str, value: Any, where: NDArray[np.int64] | None = None) -> None:
        """Set a parameter, a state or `refractory_left`, of all cells or of some.

        Parameters
        ----------
        name
            What to set.
        value
            A quantity, an array with one value a cell, a text such as "20 ms" or
            "E_L + rand()*(V_T - E_L)", or a distribution of `rb.random`.
        where
            Cells; None for all.

        Raises
        ------
        UnknownNameError
            There is no such variable.
        UnitError, ShapeError, UserError
            The value is of another dimension, has not one value a cell, or is not a number; or
            the variable cannot be set.
        """
        kind = self.kind(name)
        # Asked of the type: a quantity that lacks an attribute prints its whole array to say so.
        if kind == "current" or getattr(type(value), "is_current", False):
            self._assign_current(name, value, where)
            return
        self._refuse_computed(name, kind)
        found = self._resolve(name, value, where)
        if self.arrays is None and kind in ("parameter", "state"):
            note_assignment(self, name, value, where, self._stream(name))
        if kind == "parameter":
            self._assign_parameter(name, found, where)
        elif kind == "spiking":
            self._assign_left(found, where)
        else:
            self._assign_state(name, found, where)

    def _refuse_computed(self, name: str, kind: Kind) -> None:
        full = f"{self.name}.{name}"
        if kind == "subexpression":
            line = self.model.equation(name).text
            raise UserError(
                f"{full} cannot be set: it is computed by the line `{line}`",
                mend="set what it is computed from",
            )
        if kind == "input":
            unit = self.unit(name).text
            amount = "1" if unit == "1" else f"1*{unit}"
            raise UserError(
                f"{full} cannot be set: it is an input, the sum of what is injected in each step",
                mend=f"write net.inject({self.name}, rb.stimuli.step({amount}))",
            )
        if name == "last_spike":
            raise UserError(
                f"{full} cannot be set: it is when each cell last spiked",
                mend=f"write {self.name}.refractory_left = 2*ms to hold cells at the start",
            )
        if kind == "spiking" and self.model.refractory_kind != "duration":
            condition = self.model.refractory_kind == "condition"
            raise UserError(
                f"{full} cannot be set: "
                + (f"{self.model.name} is refractory as long as a condition holds" if condition
                   else f"{self.model.name} has no refractory period"),
                mend="give it one: rb.Model(..., refractory=2*ms)",
            )  # fmt: skip

    def _resolve(self, name: str, value: Any, where: NDArray[np.int64] | None) -> Number:
        """Return the value in SI units: one number, or one a cell of `where`."""
        what = f"{self.name}.{name}"
        unit = self.unit(name)
        count = self.size if where is None else where.size
        self._assignments[name] += 1
        stream = self._stream(name)
        if isinstance(value, Distribution):
            value.check(unit.dimension, what)
            cells = np.arange(self.size) if where is None else where
            found: Number = value.sample(cells, 0, RandomStream.of(self.seed, self.name, *stream))
        elif isinstance(value, str) and is_expression(value):
            found = self.evaluate(value, unit, where, what, *stream)
        else:
            if callable(value) and not hasattr(value, "magnitude"):
                raise UnitError(
                    f"{what}: expected {describe(unit.dimension)}, got a function",
                    mend='write a value, an array, or a text such as "rand()"',
                )
            usual = "1" if unit.text == "1" else f"1*{unit.text}"
            found = to_si(value, unit.dimension, what=what, paste=self._paste(name, value, usual))
        if isinstance(found, np.ndarray):
            found = self._one_each(found, count, what)
        if np.any(np.isnan(found)):
            first = int(np.argmax(np.isnan(found)))
            cell = "" if isinstance(found, float) else f" of {self._word} {first}"
            raise UserError(f"{what}: the value{cell} is nan, not a number")
        return found

    def _stream(self, name: str) -> tuple[str, ...]:
        """Return what the random numbers of the latest assignment are drawn from."""
        return "assignment", name, str(self._assignments[name])

    def _paste(self, name: str, value: Any, usual: str) -> str:
        unit = self.unit(name).text
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        amount = f"{value:g}*{unit}" if plain and unit != "1" else usual
        return f"{self.name}.{name} = {amount}"

    def _one_each(self, found: Floats, count: int, what: str) -> Floats:
        if found.shape == (count,):
            return np.array(found, dtype=np.float64)
        if found.size == 1 and found.ndim <= 1:
            return np.full(count, float(found.reshape(())))
        raise ShapeError(
            f"{what}: not one value for each {self._word}",
            expected=f"one value: there is one {self._word}"
            if count == 1
            else f"one value, or {count}: there are {count} {self._word}s",
            given=f"{found.size} values" if found.ndim == 1 else f"values of shape {found.shape}",
        )

    def _assign_parameter(self, name: str, found: Number,
                          where: NDArray[np.int64] | None) -> None:  # fmt: skip
        whole = where is None or where.size == self.size
        if not (whole and isinstance(found, float)) and "shared" in self._flags(name):
            raise UserError(
                f"{self.name}.{name} is (shared): all cells have one value",
                mend=f"give one value, or take the flag off the line `{self._line(name)}`",
            )
        if isinstance(found, float) and where is None:
            self.parameters[name] = found
        else:
            held = np.array(np.broadcast_to(self.parameters.get(name, np.nan), self.size))
            held[slice(None) if where is None else where] = found
            if np.any(np.isnan(held)):
                raise UserError(
                    f"{self.name}.{name} has no value yet, and would have none for "
                    f"{int(np.isnan(held).sum())} of {self.size} cells",
                    mend=f"set it for all cells first: {self.name}.{name} = ...",
                )
            self.parameters[name] = held
        self.stale = True
        self._rest = None

    def _flags(self, name: str) -> frozenset[str]:
        return self.model.equation(name).flags

    def _line(self, name: str) -> str:
        return self.model.equation(name).text

    def _assign_state(self, name: str, found: Number, where: NDArray[np.int64] | None) -> None:
        if name not in self._states:
            self._states[name] = np.zeros(self.size)
            self._set[name] = np.zeros(self.size, dtype=bool)
        cells = slice(None) if where is None else where
        self._states[name][cells] = found
        if name in self._set:
            self._set[name][cells] = True

    def _assign_left(self, found: Number, where: NDArray[np.int64] | None) -> None:
        if np.any(np.asarray(found) < 0) or not np.all(np.isfinite(found)):
            raise UserError(
                f"{self.name}.refractory_left: a time is negative or not finite",
                mend=f"write {self.name}.refractory_left = 2*ms",
            )
        cells = slice(None) if where is None else where
        self._left[cells] = found
        if self.arrays is not None:
            self._write_left(cells)

    def _write_left(self, cells: Any) -> None:
        """Put the refractory time left into the array of the engine."""
        assert self.arrays is not None
        if "left" in self.arrays:
            self.arrays["left"][cells] = self._left[cells]
        elif "release" in self.arrays:
            steps = np.floor(self._left[cells] / self.clock.dt + 0.5 + 1e-6).astype(np.int64)
            self.arrays["release"][cells] = np.where(steps > 0, self.clock.step + steps, 0)
        elif "held_until" in self.arrays:
            left = self._left[cells]
            until = self.clock.step * self.clock.dt + left
            self.arrays["held_until"][cells] = np.where(left > 0, until, 0.0)

    def _assign_current(self, name: str, value: Any, where: NDArray[np.int64] | None) -> None:
        full, unit = f"{self.name}.{name}", self.unit(name)
        line = f"{full} = rb.stimuli.from_array(values*{unit.text}, dt=1*ms)"
        if self.kind(name) != "current":
            raise UserError(
                f"{full} is not a function of time",
                mend=f"write net.inject({self.name}, ...) for an input, or read it as {name}(t) "
                "in the equations",
            )
        if not getattr(value, "is_current", False):
            raise UnitError(
                f"{full}: expected a function of time, got {value}", mend=f"write {line}"
            )
        if where is not None:
            raise UserError(
                f"{full} is one function of time for the whole population",
                mend="give it one column a cell: rb.stimuli.from_array(values, dt=...) with values "
                "of shape (T, cells)",
            )
        if value.dimension != unit.dimension:
            raise UnitError(
                f"{full}: expected {describe(unit.dimension)} ({usual_unit(unit.dimension)}), "
                f"got {value.unit.text} ({describe(value.dimension)})",
                mend=f"write {line}",
            )
        self.currents[name] = value
        self.stale = True

    # -- to and from the engine -----------------------------------------------------------

    def check_complete(self) -> None:
        """Refuse to run while a parameter has no value."""
        for name, kind in self.kinds.items():
            if kind == "parameter":
                self._parameter(name)
            elif kind == "current" and name not in self.currents:
                raise self._missing(name)

    def bind(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Put the states into the arrays of the engine, and read and set them there from now on."""
        first = self.arrays is None
        values = {name: self._state(name, None) for name in self.states}
        self.arrays = arrays
        for name, value in values.items():
            arrays[name][:] = value
            self._states[name] = arrays[name]
        if first:
            self.begun = self._set
        self._set = {}
        if first and self.model.threshold is not None:
            self._write_left(slice(None))

    def snapshot(self) -> dict[str, Any]:
        """Return copies of the parameters, for `restore`."""
        return {n: v if isinstance(v, float) else v.copy() for n, v in self.parameters.items()}

    def restore(self, parameters: dict[str, Any]) -> None:
        """Take back the parameters of a snapshot."""
        self.parameters = {
            n: v if isinstance(v, float) else v.copy() for n, v in parameters.items()
        }
        self.stale = True


def _at(values: NDArray[Any], where: NDArray[np.int64] | None) -> NDArray[Any]:
    return values if where is None else values[where]
