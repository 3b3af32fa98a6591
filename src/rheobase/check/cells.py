"""One cell of a model, stepped by the kernels of the interpreter, with habits of its own."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np

from rheobase.check.habits import RIGHT, Habits
from rheobase.check.stepping import BlockFunction, Scalars, function_of, with_numbers
from rheobase.engine import facts
from rheobase.engine.plan import PopulationPlan
from rheobase.errors import RheobaseWarning
from rheobase.language.expressions import Compare, Expr, names_in
from rheobase.language.model import Model
from rheobase.rendering import effective_weights, prepare
from rheobase.simulation.network import Network
from rheobase.units import UNITS, quantity

Arrivals = Sequence[tuple[str, float]]
"""What arrives in a step: port and weight, in SI units."""
Values = dict[str, float]


def network_of(model: Model, dt: float, start: float = 0.0) -> Network:
    """Return a network for a step of dt seconds."""
    second = UNITS["second"]
    return Network(dt=quantity(dt, second), seed=0, start=quantity(start, second))


class Kind:
    """A model that is ready to be stepped: its kernels, numbers and initial values.

    Parameters
    ----------
    model
        The model.
    dt
        The step, in seconds.
    scale
        The step is taken for this many times what it is.
    """

    def __init__(self, model: Model, dt: float, scale: float = 1.0) -> None:
        self.model, self.dt = model, dt * scale
        net = network_of(model, dt)
        self.cells = net.add(model, 1, name="cell")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RheobaseWarning)
            net._assembly.prepare("interpreter")
        engine = net._assembly.engine
        assert engine is not None and self.cells._cell_values is not None
        self.values = self.cells._cell_values
        self.plan: PopulationPlan = facts.model(engine.plan, 0)
        self.program: Any = self.plan.program
        self.states = tuple(e.name for e in model.differential)
        if scale != 1.0:
            made: Any = self.program
            self.plan.numbers = prepare(made, self.parameters, self.dt, 0.0).numbers
        self.linear = self.program.crossing == "linear"
        self._factors: dict[tuple[str, str, str], tuple[float, float, Any]] = {}

    @cached_property
    def parameters(self) -> dict[str, float]:
        """The parameters in SI units, and what weights may read besides."""
        own = {n: _one(v) for n, v in self.values.parameters.items()}
        return {**own, "N": 1.0, "dt": self.dt}

    @cached_property
    def begins(self) -> Scalars:
        """What every array holds of the cell as it begins."""
        return {name: array[0].item() for name, array in self.plan.arrays.items()}

    @cached_property
    def update(self) -> BlockFunction:
        """The update of a step."""
        return function_of(self.program.update, self._numbers)

    @cached_property
    def on_spike(self) -> BlockFunction:
        """The reset."""
        return function_of(self.program.on_spike, self._numbers)

    @cached_property
    def ports(self) -> dict[str, BlockFunction]:
        """What arrivals do, where statements run event by event."""
        found = {name: port.block for name, port in self.program.ports.items()}
        return {n: function_of(block, self._numbers) for n, block in found.items() if block}

    @cached_property
    def _numbers(self) -> dict[str, float]:
        return dict(zip(self.program.numbers, self.plan.numbers.tolist(), strict=True))

    def with_parameter(self, name: str, value: float) -> Kind:
        """Return a kind with another value of a parameter, in SI units; it begins as this one."""
        return self._prepared({**self.parameters, name: value}, self.dt)

    def with_step(self, dt: float) -> Kind:
        """Return a kind for another step, in seconds."""
        mixed = getattr(self.update, "__closure__", None)
        return self if mixed else self._prepared(self.parameters, dt)

    def _prepared(self, parameters: Values, dt: float) -> Kind:
        made: Any = copy.copy(self)
        given = prepare(self.program, parameters, dt, 0.0).numbers.tolist()
        numbers = dict(zip(self.program.numbers, given, strict=True))
        made.__dict__ |= {
            "parameters": parameters, "_numbers": numbers, "_factors": {},
            "update": with_numbers(self.update, numbers),
            "ports": {n: with_numbers(port, numbers) for n, port in self.ports.items()},
        }  # fmt: skip
        if self.program.on_spike is not None:
            made.__dict__["on_spike"] = with_numbers(self.on_spike, numbers)
        return cast(Kind, made)

    def with_state_of(self, other: Kind, name: str) -> Kind:
        """Return a kind that takes one state, and its crossings, as another kind does."""
        made: Any = copy.copy(self)
        one, two = (other, self) if name in self._watched else (self, other)
        taken = set(self.states) - {name} if name in self._watched else {name}

        def update(arrays: Scalars, step: int, weight: float) -> Scalars:
            new = two.update(arrays, step, weight)
            return one.update(arrays, step, weight) | {n: new[n] for n in taken if n in new}

        made.__dict__["update"] = update
        return cast(Kind, made)

    @property
    def _watched(self) -> tuple[str, ...]:
        return () if self.thresholds is None else self.thresholds[:1]

    def amount(self, port: str, variable: str, weight: float, mistaken: str = "") -> float:
        """Return what an arrival adds to a variable; "a for b": with one parameter for another."""
        key = (port, variable, mistaken)
        if key not in self._factors:
            parameters = dict(self.parameters)
            if mistaken:
                instead, _, meant = mistaken.partition(" for ")
                parameters[meant] = parameters[instead]
            one, two = (float(effective_weights(self.program, port, variable, w, parameters))
                        for w in (1.0, 2.0))  # fmt: skip
            self._factors[key] = (one, 2 * one - two, parameters)
        factor, rest, parameters = self._factors[key]
        if abs(rest) <= 1e-12 * abs(factor):
            return weight * factor
        return float(effective_weights(self.program, port, variable, weight, parameters))

    @cached_property
    def thresholds(self) -> tuple[str, float] | None:
        """The variable of a threshold `v > c` and c, in SI units; None for others."""
        condition = self.model.threshold
        left = getattr(getattr(condition, "left", None), "id", "")
        if not isinstance(condition, Compare) or left not in self.states:
            return None
        return (left, self._worked_out(condition.right)) if self._fixed(condition.right) else None

    def _fixed(self, expression: Expr) -> bool:
        """Whether an expression reads parameters and constants only."""
        changing = {name for name, kind in self.values.kinds.items() if kind != "parameter"}
        return not names_in(expression) & (changing | {"t"})

    def _worked_out(self, expression: Expr) -> float:
        return _one(self.values.evaluate_expression(expression))

    @cached_property
    def reset_to(self) -> Values:
        """What the reset sets states to, where that is a fixed value."""
        found = {}
        for statement in self.model.reset:
            known = statement.operator == "=" and self._fixed(statement.expression)
            if known and statement.target in self.states:
                found[statement.target] = self._worked_out(statement.expression)
        return found

    @cached_property
    def duration(self) -> float:
        """The refractory period in seconds, 0 without one."""
        if self.model.refractory_kind != "duration" or self.model.refractory is None:
            return 0.0
        return self._worked_out(self.model.refractory)


def _one(value: Any) -> float:
    """Return the value of the one cell there is."""
    return float(np.asarray(value).reshape(-1)[0])


class Kinds:
    """The kinds that habits ask for, each made once."""

    def __init__(self, model: Model, dt: float) -> None:
        self.model, self.dt = model, dt
        self._made: dict[tuple[object, ...], Kind] = {}

    def of(self, habits: Habits = RIGHT) -> Kind:
        """Return the kind of a cell with these habits.

        Raises
        ------
        UserError
            The method does not fit the model.
        """
        if habits.parameter:
            return self.of(replace(habits, parameter=())).with_parameter(*habits.parameter)
        if habits.partly:
            kind = self.of(replace(habits, partly=()))
            name, method = habits.partly
            return kind.with_state_of(self.of(replace(habits, partly=(), method=method)), name)
        key = (habits.method, habits.mistaken, habits.scale)
        if key not in self._made:
            model = self.model
            if habits.mistaken:
                model = model(**{a: _value(model, b) for a, b in habits.mistaken})
            if habits.method:
                model = model(method=habits.method)
            self._made[key] = Kind(model, self.dt, habits.scale)
        return self._made[key]


@lru_cache(maxsize=8)
def kinds_of(model: Model, dt: float) -> Kinds:
    """Return the kinds of a model, those of an earlier check if there was one."""
    return Kinds(model, dt)


def _value(model: Model, name: str) -> Any:
    unit = model.unit_of(name)
    value = unit.from_si(model.defaults[name])
    return value if unit.text == "1" else f"{value!r} {unit.text}"


@dataclass(frozen=True)
class Snapshot:
    """A cell between two steps: states in SI units, and the refractory time left in seconds."""

    values: Values
    left: float


class Cell:
    """A cell that is stepped.

    Parameters
    ----------
    kind
        Of the model.
    dt
        The step, in seconds.
    habits
        How it goes about a step.

    Attributes
    ----------
    spikes
        Times of its spikes in seconds.
    """

    def __init__(self, kind: Kind, dt: float, habits: Habits = RIGHT) -> None:
        self.kind, self.dt, self.habits = kind, dt * habits.scale, habits
        self.arrays = dict(kind.begins)
        self.spikes: list[float] = []
        self.step_number = 0
        self._late: Arrivals = ()
        self._coming: Arrivals = ()
        self._begin = 0.0  # where in the step held variables begin to move
        self._ever: list[tuple[str, float]] = []

    # -- what it is -----------------------------------------------------------------------

    def state(self) -> Values:
        """Return the states in SI units."""
        return {name: self.arrays[name] for name in self.kind.states}

    def snapshot(self) -> Snapshot:
        """Return the cell as it is."""
        return Snapshot(self.state(), self.left)

    @property
    def left(self) -> float:
        """The refractory time left, in seconds."""
        if "left" in self.arrays:
            return float(self.arrays["left"])
        if "release" in self.arrays:
            return float(max(self.arrays["release"] - self.step_number, 0) * self.dt)
        return 0.0

    @left.setter
    def left(self, value: float) -> None:
        if "left" in self.arrays:
            self.arrays["left"] = max(value, 0.0)
        elif "release" in self.arrays:
            self.arrays["release"] = self.step_number + math.floor(value / self.dt + 0.5)

    def _set(self, values: Mapping[str, float]) -> None:
        self.arrays.update(values)

    # -- a step ---------------------------------------------------------------------------

    def step(self, arrivals: Arrivals, inputs: Mapping[str, float]) -> bool:
        """Go one step; return whether the cell spiked.

        Parameters
        ----------
        arrivals
            What arrives in this step.
        inputs
            The input variables, in SI units, held for the step.
        """
        arrivals = self._taken(arrivals)
        if self.habits.arrival == "before":
            self.receive(arrivals)
        drive = self.habits.drive
        self.arrays.update(inputs if drive == 1 else {n: drive * x for n, x in inputs.items()})
        before, left = self.state(), self.left
        self._coming = arrivals
        spiked = self._update(before, left)
        if spiked:
            self._spike(before)
        if self.habits.arrival != "before" and self._coming:
            when = {"before": left > 0, "after": self.left > self.dt * 1e-12}
            when["either"] = when["before"] or when["after"]
            self.receive(() if when.get(self.habits.lost) else arrivals)
        if self.habits.bounded and self.kind.thresholds is not None:
            name = self.kind.thresholds[0]
            low = self.kind.reset_to.get(name, 0.0)
            self.arrays[name] = max(self.arrays[name], low)
        self.step_number += 1
        return spiked

    def _taken(self, arrivals: Arrivals) -> Arrivals:
        """Return the arrivals that the cell takes into account in this step."""
        habits = self.habits
        if habits.arrival == "late":
            arrivals, self._late = self._late, arrivals
        if habits.several == "kept":
            self._ever += arrivals
            arrivals = tuple(self._ever)
        elif habits.several == "first":
            arrivals = arrivals[:1]
        elif habits.several == "last":
            arrivals = arrivals[-1:]
        if habits.gain != 1:
            arrivals = [(port, w * habits.gain) for port, w in arrivals]
        if habits.sign == "none":
            return [(port, w) for port, w in arrivals if w > 0]
        if habits.sign == "size":
            return [(port, abs(w)) for port, w in arrivals]
        return arrivals

    def _run(self) -> bool:
        """Let the kernel update the cell; return whether it is over its threshold."""
        self.arrays.update(self.kind.update(self.arrays, self.step_number, 0.0))
        return bool(self.arrays["spiked"] & facts.SPIKED)

    def _update(self, before: Values, left: float) -> bool:
        """Integrate over the step; return whether there is a spike."""
        habits, dt = self.habits, self.dt
        inside = 0 < left < dt * (1 - 1e-12) and self.kind.linear
        whole = left > 0 and not inside
        if habits.refractory == "ignored":
            self.left = 0.0
            return self._integrate(before)
        if whole and habits.refractory != "held":
            return self._without_holding(before, left)
        if inside and (habits.rest == "whole" or habits.refractory == "integrated throughout"):
            self.left = 0.0
            return self._integrate(before)
        if inside and habits.rest == "nothing":
            self.left = dt
            self._integrate(before)
            self.left = 0.0
            return False
        if inside and habits.ends == "method":
            return self._by_method(before, left)
        spiked = self._integrate(before)
        if habits.others == "held" and left > 0:
            self._hold_others(before)
        return spiked

    def _by_method(self, before: Values, left: float) -> bool:
        """Integrate what was held over the rest of the step, by the method."""
        self._run()
        others = {n: x for n, x in self.state().items() if n not in self.kind.program.held}
        self._set(before)
        self.left = 0.0
        arrays = self.arrays
        arrays.update(self.kind.with_step(self.dt - left).update(arrays, self.step_number, 0.0))
        self._set(others)
        arrays["offset"] += left
        return self._over(before, left, bool(arrays["spiked"] & facts.SPIKED))

    def _without_holding(self, before: Values, left: float) -> bool:
        """Integrate what should be held, without a look at the threshold."""
        self.left = 0.0
        self._integrate(before)
        self.left = left - self.dt if self.kind.linear else left
        return False

    def _hold_others(self, before: Values) -> None:
        held = self.kind.program.held
        self._set({name: value for name, value in before.items() if name not in held})

    def _integrate(self, before: Values) -> bool:
        """Update all states at once, or one after the other."""
        left = self._begin = self.left
        if self.habits.order == "at once":
            return self._over(before, left, self._run())
        if self.habits.order == "arrived":
            return self._after_arrivals(before, left)
        names = self.kind.states
        if self.habits.order == "backwards":
            names = names[::-1]
        clocks: Scalars = {n: self.arrays[n] for n in ("left", "release") if n in self.arrays}
        watched = None if self.kind.thresholds is None else self.kind.thresholds[0]
        current, spiked = dict(before), False
        for name in names:
            self._set(current)
            self.arrays.update(clocks)
            over = self._run()
            spiked = over if name == watched or watched is None else spiked
            if name == watched:
                crossing = self.arrays.get("offset", 0.0)
            current[name] = self.arrays[name]
        self._set(current)
        if spiked and "offset" in self.arrays and watched is not None:
            self.arrays["offset"] = crossing
        return self._over(before, left, spiked)

    def _after_arrivals(self, before: Values, left: float) -> bool:
        """Update all but the variable of the threshold, let spikes arrive, and then that."""
        if self.kind.thresholds is None:
            return self._over(before, left, self._run())
        name = self.kind.thresholds[0]
        clocks: Scalars = {n: self.arrays[n] for n in ("left", "release") if n in self.arrays}
        self._run()
        self.arrays[name] = before[name]
        self.receive(self._coming)
        self._coming = ()
        others = {n: value for n, value in self.state().items() if n != name}
        self.arrays.update(clocks)
        spiked = self._run()
        self._set(others)
        return self._over(before, left, spiked)

    def _over(self, before: Values, left: float, spiked: bool) -> bool:
        """Return whether there is a spike for one with these habits, where the kernel says so."""
        habits, arrays = self.habits, self.arrays
        if not habits.fires:
            return False
        if self.kind.thresholds is None:
            return spiked
        name, level = self.kind.thresholds
        if habits.level is not None and left < self.dt * (1 - 1e-12):
            spiked = arrays[name] >= habits.level
            if spiked and "offset" in arrays:
                arrays["offset"] = self._crossing(before[name], arrays[name], left, habits.level)
        if spiked and habits.strict:
            return bool(arrays[name] != level)
        return spiked

    def _crossing(self, begin: float, end: float, left: float, level: float) -> float:
        """Return where in the step the line between both ends meets a level."""
        passed = 0.0 if begin >= level or begin == end else (level - begin) / (end - begin)
        return left + passed * (self.dt - left)

    # -- a spike --------------------------------------------------------------------------

    def _spike(self, before: Values) -> None:
        habits, dt, arrays = self.habits, self.dt, self.arrays
        reached = self.state()
        offset = float(arrays.get("offset", 0.0))
        if habits.beyond == "extrapolated" and "offset" in arrays:
            offset = arrays["offset"] = self._extrapolated(before, reached, offset)
        placed = {"start": 0.0, "end": dt}
        if habits.crossing in placed and "offset" in arrays:
            offset = placed[habits.crossing]
            arrays["offset"] = offset
        self._set(self._after_spike())
        self._other_reset(reached, before)
        self._other_period(offset)
        shift = {"one step early": -dt, "one step late": dt}.get(habits.stamp, 0.0)
        stamp = placed.get(habits.stamp, offset) + shift
        if habits.stamp != "none":
            self.spikes.append(self.step_number * dt + stamp)

    def _other_reset(self, reached: Values, before: Values) -> None:
        habits, kind = self.habits, self.kind
        watched = kind.thresholds[0] if kind.thresholds is not None else ""
        if not habits.updates:
            self._set({n: v for n, v in reached.items() if n != watched})
        if habits.others == "reset":
            self._set(dict.fromkeys(set(kind.states) - set(kind.reset_to), 0.0))
        if habits.reset_at is not None and watched:
            self.arrays[watched] = habits.reset_at
        if not watched or habits.reset == "says":
            return
        assert kind.thresholds is not None
        level = kind.thresholds[1]
        now = {
            "zero": 0.0,
            "rests": kind.begins[watched],
            "not": reached[watched],
            "difference": reached[watched] - (level - kind.reset_to.get(watched, 0.0)),
            "stays": before[watched],
            "difference before": before[watched] - (level - kind.reset_to.get(watched, 0.0)),
        }
        self.arrays[watched] = now[habits.reset]

    def _extrapolated(self, before: Values, reached: Values, offset: float) -> float:
        """Return where the line through both ends of the step meets the threshold."""
        if self.kind.thresholds is None:
            return offset
        name, level = self.kind.thresholds
        rise, begin = reached[name] - before[name], self._begin
        if before[name] < level or not rise:
            return offset
        return begin + (level - before[name]) / rise * (self.dt - begin)

    def _after_spike(self) -> Scalars:
        """Return what the reset writes; a release is counted in steps from the next one."""
        writes = self.kind.on_spike(self.arrays, self.step_number, 0.0)
        if "release" in writes:
            steps = int(writes["release"])
            writes["release"] = (self.step_number + 1 + steps if steps > 0
                                 else self.arrays["release"])  # fmt: skip
        return writes

    def _other_period(self, offset: float) -> None:
        period, dt, duration = self.habits.period, self.dt, self.kind.duration
        if period == "crossing" or not duration:
            return
        if self.kind.linear:
            right = float(self.arrays["left"])
            steps = right / dt
            self.left = {
                "end": duration, "start": duration - dt, "none": 0.0,
                "rounded": math.floor(steps + 0.5) * dt, "longer": right + dt,
                "shorter": right - dt,
            }.get(period, right)  # fmt: skip
            return
        more = {"longer": 1, "end": 1, "shorter": -1, "start": -1}.get(period, 0)
        if period == "none":
            self.arrays["release"] = 0
        else:
            self.arrays["release"] += more

    # -- arrivals -------------------------------------------------------------------------

    def receive(self, arrivals: Arrivals) -> None:
        """Add what arrives, at once."""
        kind = self.kind
        sums: Values = {}
        for port, weight in arrivals:
            entry = kind.program.ports[port]
            if entry.event:
                writes = kind.ports[port](self.arrays, self.step_number, weight)
                self._set({n: v for n, v in writes.items() if not self._loses(n)})
                continue
            for variable in entry.weigh:
                target = self.habits.onto or variable
                sums[target] = sums.get(target, 0.0) + self._amount(port, variable, weight)
        for variable, amount in sums.items():
            if not self._loses(variable):
                self.arrays[variable] += amount
            if self.habits.sign == "clipped":
                self.arrays[variable] = max(self.arrays[variable], 0.0)

    def _amount(self, port: str, variable: str, weight: float) -> float:
        how = self.habits.weight
        if how in ("as it is", "times dt"):
            return weight if how == "as it is" else weight * self.dt
        return self.kind.amount(port, variable, weight, "" if how == "says" else how)

    def _loses(self, variable: str) -> bool:
        hold = facts.hold(self.kind.plan, variable)
        if hold == "release":
            return bool(self.step_number < self.arrays["release"])
        return bool(hold) and bool(self.arrays[hold] > 0)
