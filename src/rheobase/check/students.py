"""A student's neuron, whatever its form, as something that receives, steps, and can be read."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rheobase.errors import UserError, did_you_mean
from rheobase.language.model import Model
from rheobase.units import UNITS, to_si

_OURS = str(Path(__file__).parents[1])

NEURON = """\
class Neuron:
    def __init__(self): self.v, self.s, self.spikes = 0.0, 0.0, []
    def receive(self, weight): ...
    def step(self, dt): ...        # dt in seconds"""


class StudentError(Exception):
    """The code of a student failed; the text says how and where."""


class Student:
    """A student's neuron.

    Parameters
    ----------
    make
        Gives an object, or is a function of state `f(state, dt, arrived) -> state`.
    model
        What it is to be like.
    call
        The function of ours that was called, for errors.

    Raises
    ------
    UserError
        It is no such thing.
    """

    def __init__(self, make: Any, model: Model, call: str) -> None:
        self.model, self.call = model, call
        self.ports = tuple(model.receives)
        self.made = FunctionNeuron(make, model) if is_function_of_state(make) else made(make, call)
        self.inputs = tuple(e.name for e in model.inputs)
        self._check()
        self.names = tuple(e.name for e in model.differential if hasattr(self.made, e.name))
        self._counted = len(self._spikes())
        self._takes = _takes_inputs(self.made.step)

    def _check(self) -> None:
        first = self.model.differential[0].name
        spiking = self.model.threshold is not None
        wanted = [first, "step"] + ["spikes"] * spiking + ["receive"] * bool(self.ports)
        for name in wanted:
            if not hasattr(self.made, name):
                raise missing(self.made, name, self.call)
        for name in ("step", "receive"):
            if name in wanted and not callable(getattr(self.made, name)):
                raise UserError(
                    f"{self.call}: `{name}` of your neuron is no method",
                    given=repr(getattr(self.made, name)),
                    mend=f"write a neuron like\n{NEURON}",
                )

    @property
    def driven(self) -> tuple[str, ...]:
        """The input variables it can be given."""
        return tuple(n for n in self.inputs if hasattr(self.made, n) or self._takes)

    def receive(self, port: str, weight: float) -> None:
        """Hand over an arrival, its weight in the unit of the model."""
        arguments = (weight,) if len(self.ports) == 1 else (weight, port)
        guarded(self.made.receive, f"receive({', '.join(f'{a!r}' for a in arguments)})", arguments)

    def step(self, dt: float, inputs: Mapping[str, float]) -> None:
        """Let it take a step; inputs in the units of the model."""
        values = tuple(inputs.values()) if self._takes else ()
        for name, value in inputs.items():
            if not self._takes:
                setattr(self.made, name, value)
        shown = ", ".join(f"{value:g}" for value in (dt, *values))
        guarded(self.made.step, f"step({shown})", (dt, *values))

    def values(self) -> dict[str, float]:
        """Return its states in SI units."""
        return {name: self._value(name) for name in self.names}

    def _value(self, name: str) -> float:
        unit = self.model.unit_of(name)
        return number(getattr(self.made, name), unit, f"`{name}` of your neuron")

    def new_spikes(self) -> list[float]:
        """Return the times in seconds of the spikes that came since it was asked last."""
        spikes = self._spikes()
        if len(spikes) < self._counted:
            raise StudentError(
                f"`spikes` of your neuron became shorter: {self._counted} spikes, then "
                f"{len(spikes)}; it is the list of all its spikes"
            )
        new = [number(t, UNITS["second"], "a spike of your neuron") for t in
               spikes[self._counted :]]  # fmt: skip
        self._counted = len(spikes)
        return new

    def _spikes(self) -> list[Any]:
        spikes = getattr(self.made, "spikes", [])
        try:
            return list(spikes)
        except TypeError:
            raise UserError(
                f"{self.call}: `spikes` of your neuron is no list of times",
                given=repr(spikes),
                mend="write self.spikes = [] and append the time of each spike, in seconds",
            ) from None


class FunctionNeuron:
    """A function of state as an object with `receive` and `step`."""

    def __init__(self, function: Callable[..., Any], model: Model) -> None:
        self._function, self._ports = function, tuple(model.receives)
        initial = _initial(model)
        self.state: dict[str, Any] = {**initial, "refractory_left": 0.0, "t": 0.0, "spikes": []}
        self.state |= {e.name: 0.0 for e in model.inputs}
        self._states = tuple(initial)
        self._arrived = dict.fromkeys(self._ports, 0.0)

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__.get("state", {})
        if name in state:
            return state[name]
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if "state" in self.__dict__ and name in self.state:
            self.state[name] = value
        else:
            object.__setattr__(self, name, value)

    def receive(self, weight: float, port: str = "") -> None:
        """Add to what arrives in this step."""
        self._arrived[port or self._ports[0]] += weight

    def step(self, dt: float) -> None:
        """Call the function, and keep the state it returns."""
        arrived: Any = self._arrived
        if len(self._ports) <= 1:
            arrived = sum(self._arrived.values())
        begin = self.state["t"]
        given = {**self.state, "spikes": list(self.state["spikes"])}
        new = self._function(given, dt, arrived)
        if not isinstance(new, Mapping):
            raise TypeError(f"it returned {new!r}, and should return the state, a dict")
        lost = [name for name in self._states if name not in new]
        if lost:
            raise KeyError(f"the state it returned has no {lost[0]!r}")
        self.state = {**self.state, **new, "t": begin + dt}
        self._arrived = dict.fromkeys(self._ports, 0.0)


def _initial(model: Model) -> dict[str, float]:
    from rheobase.check.cells import Kind

    kind = Kind(model, min(1e-4, _shortest(model)))
    return {name: float(model.unit_of(name).from_si(kind.begins[name])) for name in kind.states}


def _shortest(model: Model) -> float:
    """Return a step that no refractory period is shorter than."""
    seconds = [v for n, v in model.defaults.items()
               if model.unit_of(n).dimension == UNITS["second"].dimension and v > 0]  # fmt: skip
    return min(seconds, default=1e-4)


def is_function_of_state(make: Any) -> bool:
    """Whether something is `f(state, dt, arrived)`."""
    if isinstance(make, type) or not callable(make):
        return False
    return len(_required(make)) == 3


def _required(function: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments that have to be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in plain and p.default is inspect.Parameter.empty]


def _takes_inputs(step: Callable[..., Any]) -> bool:
    return len(_required(step)) > 1


def made(make: Any, call: str, *arguments: Any) -> Any:
    """Return what a student's function or class makes.

    Raises
    ------
    UserError
        It cannot be called, fails, or gives nothing.
    """
    shown = "make(weights)" if arguments else "make()"
    if not callable(make):
        raise UserError(
            f"{call}: the first argument is called to make a new neuron for every trial",
            expected="a class, or a function that returns an object, or f(state, dt, arrived)",
            given=repr(make)[:80],
            mend=f"write {call}({type(make).__name__}, like=...), without parentheses",
        )
    try:
        found = guarded(make, shown, arguments)
    except StudentError as error:
        kind = "network" if arguments else "neuron"
        raise UserError(
            f"{call}: {error}",
            mend=f"it is called as {shown}; what it needs besides, give it in a function: "
            f"lambda{' weights' if arguments else ''}: My{kind.title()}(...)",
        ) from error
    if found is None:
        raise UserError(f"{call}: {shown} gave None",
                        mend="let the function end with `return neuron`")  # fmt: skip
    return found


def missing(thing: Any, name: str, call: str, pattern: str = NEURON) -> UserError:
    """Return the error for an attribute that is not there."""
    own = [n for n in dir(thing) if not n.startswith("_")]
    own += [n for n in getattr(thing, "__dict__", {}) if not n.startswith("_")]
    meant = did_you_mean(name, own)
    ending = f"; is it what you call `{meant}`?" if meant else ""
    method = name in ("step", "receive")
    return UserError(
        f"{call}: your {type(thing).__name__} has no {'method' if method else 'attribute'} "
        f"`{name}`{ending}",
        given=f"it has: {', '.join(dict.fromkeys(own)) or 'nothing'}",
        mend=f"write it like\n{pattern}",
    )


def guarded(function: Callable[..., Any], shown: str, arguments: tuple[Any, ...]) -> Any:
    """Call a student's function; what it raises becomes a `StudentError` with its line."""
    try:
        return function(*arguments)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise StudentError(f"{shown} raised {_told(error)}") from error


def _told(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if not f.filename.startswith(_OURS)]  # fmt: skip
    if not frames:
        return text
    last = frames[-1]
    line = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    return f"{text}\n  in line {last.lineno}: {line}" if line else f"{text}, line {last.lineno}"


def number(value: Any, unit: Any, what: str) -> float:
    """Return a value of a student in SI units.

    Raises
    ------
    StudentError
        It is no number.
    """
    try:
        if hasattr(value, "dimensionality"):
            return float(to_si(value, unit.dimension, what=what, paste="v = 0"))
        return float(unit.to_si(float(np.asarray(value, np.float64).reshape(()))))
    except (TypeError, ValueError) as error:
        raise StudentError(f"{what} is no number: {value!r}"[:200]) from error
