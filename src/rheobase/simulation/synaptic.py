"""Projections whose synapses have variables of their own: plastic ones, and depressing ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plasticity import PlasticStore
from rheobase.engine.synapse_plan import PostPlan, RewardPlan, SynapsePlan
from rheobase.errors import UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.definitions import PARAMETER, SUBEXPRESSION
from rheobase.language.expressions import Number
from rheobase.language.model import Model
from rheobase.language.synapse import Synapse
from rheobase.language.synapse_building import is_per_synapse
from rheobase.language.synapse_checking import check_placed
from rheobase.lowering import Program
from rheobase.lowering.synapse import lower_synapse
from rheobase.lowering.synapse_domains import find_groups
from rheobase.lowering.synapse_program import SynapseProgram
from rheobase.network.evaluate import evaluate
from rheobase.network.rules import Rule
from rheobase.network.synapse_values import values as synapse_values
from rheobase.rendering.synapse_kernels import (
    CompiledSynapse,
    InterpretedSynapse,
    prepare_synapse,
)
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.clock import Clock
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.population import Cells
from rheobase.simulation.projection import Projection, Target
from rheobase.simulation.reading import read_quantity
from rheobase.simulation.streams import RandomStream
from rheobase.simulation.values import CellValues
from rheobase.units import DIMENSIONLESS, Unit, to_si

Floats = NDArray[np.float64]


def is_plastic(synapse: Any) -> bool:
    """Whether a synapse has text of its own."""
    return getattr(synapse, "kind", None) == "plastic"


def plastic_target(target: Target, synapse: Synapse, sink: Cells, dtype: str,
                   call: str) -> Target:  # fmt: skip
    """Check a synapse on the cells it is placed on; return the target with its kind of weight.

    Raises
    ------
    WiringError, EquationError, UnitError
        It cannot be placed there.
    """
    model = sink._cable.part(target.to).values.model if isinstance(sink, Sites) else sink.model
    assert isinstance(model, Model)
    if target.of is not None:
        raise WiringError(
            f"{call}: {synapse.name} is for spikes, and of={target.of!r} connects continuously",
            mend="leave of= away",
        )
    if dtype != "float64":
        raise WiringError(
            f'{call}: weights that change are kept in "float64"', mend="leave weight_dtype= away"
        )
    unit = check_placed(synapse, model, target.to, call)
    find_groups(synapse)  # refuses what cannot be integrated, before anything is drawn or compiled
    line = "; ".join(s.text for s in synapse.on_pre)
    return replace(target, dimension=unit.dimension, unit=unit, line=line)


class PlasticProjection(Projection):
    """Synapses with a model: `projection.weights` are those of now, and so are its variables.

    Variables and parameters of the synapse are attributes, one value a synapse in the order
    (pre, post, draw): `projection.x`, `projection.tau_plus = 10*ms`. They can be set before a
    run and between runs.
    """

    def __init__(self, name: str, source: Cells, sink: Cells, rule: Rule, target: Target,
                 weight: Any, delay: Any, dtype: str, seed: int, clock: Clock,
                 synapse: Synapse) -> None:  # fmt: skip
        super().__init__(name, source, sink, rule, target, weight, delay, dtype, seed, clock.dt)
        self._clock, self._synapse = clock, synapse
        self._given: dict[str, Any] = {}  # variables that were set before the first run
        self._plan: SynapsePlan | None = None
        self._stale = True
        self._per_cell: frozenset[str] = frozenset()
        self._rewards: list[tuple[Cells, int, float]] = []
        self._detectors: DetectorPopulation | None = None  # of spikes at the places themselves
        for known in synapse.names:
            if hasattr(Projection, known):
                raise WiringError(
                    f"net.connect({source.name}, {sink.name}, ...): {synapse.name} has a variable "
                    f"{known!r}, which every projection has already",
                    mend=f"give it another name, such as {known}_0",
                )

    @property
    def synapse(self) -> Synapse:
        """The model of the synapses."""
        return self._synapse

    # -- values ---------------------------------------------------------------------------

    @property
    def _store(self) -> PlasticStore | None:
        """What holds the values, once there are any in the engine."""
        plan = self._plan
        return plan.store if plan is not None and plan.store.laid_out else None

    def _weights_now(self) -> float | NDArray[Any]:
        store = self._store
        if store is None or self._weights_changed:
            return self._weights_si()
        return store.read("weight")

    def _write_weights(self) -> None:
        """Put weights that were set where synapses are read, also before the next step."""
        if self._store is not None:
            held = np.asarray(self._weights_si(), np.float64).reshape(-1)
            self._store.write("weight", held)

    @property
    def weights(self) -> Any:
        """The weight of each synapse as it is now, a quantity."""
        held = np.array(np.broadcast_to(np.asarray(self._weights_now(), np.float64), (len(self),)))
        return read_quantity(held, self._target.unit, self._mend("weights"))

    @weights.setter
    def weights(self, value: Any) -> None:
        self._set_weights(value)

    @property
    def delays(self) -> Any:
        """The delay of each synapse, a quantity."""
        return Projection.delays.fget(self)  # type: ignore[attr-defined]

    @delays.setter
    def delays(self, value: Any) -> None:
        if self._store is not None:
            raise WiringError(
                f"{self._name}.delays: those of synapses that change are fixed after the first run",
                mend="set them before the first net.run",
            )
        Projection.delays.fset(self, value)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        synapse = self.__dict__.get("_synapse")
        if synapse is None or name.startswith("_"):
            raise AttributeError(name)
        if name == "weight":
            return self.weights
        if name not in synapse.names:
            raise _unknown(self, name)
        unit = synapse.equation(name).unit
        if name in synapse.defaults:
            return read_quantity(np.float64(synapse.defaults[name]), unit, "")
        if synapse.equation(name).kind == PARAMETER and not self._has_value(name):
            raise self._without_value(name)
        if synapse.equation(name).kind == SUBEXPRESSION:
            raise WiringError(
                f"{self._name}.{name} is a subexpression: it is computed at spikes only",
                mend=f"it is {synapse.equation(name).text}",
            )
        held = np.broadcast_to(self._now(name), (len(self),))
        return read_quantity(np.array(held), unit, self._mend(name))

    def _unit_of(self, name: str) -> Unit:
        """Return the unit of a variable of the synapses."""
        return self._target.unit if name == "weight" else self._synapse.equation(name).unit

    def _now(self, name: str) -> Floats:
        """Return a variable or a parameter of each synapse in SI units, as it is now."""
        store, plan = self._store, self._plan
        if name == "weight":
            return np.asarray(self._weights_now(), np.float64)
        if store is None or plan is None or name not in store.names():
            return self._initial(name)
        return store.current(name, plan.numbers, self._clock.step)

    def __setattr__(self, name: str, value: Any) -> None:
        synapse = self.__dict__.get("_synapse")
        if name.startswith("_") or name in ("weights", "delays") or synapse is None:
            object.__setattr__(self, name, value)
        elif name == "weight":
            self.weights = value
        elif name in synapse.variables:
            self._set_variable(name, value)
        elif name in synapse.names and synapse.equation(name).kind == PARAMETER:
            self._set_parameter(name, value)
        else:
            raise _unknown(self, name)

    def _set_variable(self, name: str, value: Any) -> None:
        found = self._read_values(name, value)
        store, plan = self._store, self._plan
        if store is None or plan is None:
            self._given[name] = found
            self._plan = None
        else:
            store.set_now(name, found, plan.numbers, self._clock.step)

    def _set_parameter(self, name: str, value: Any) -> None:
        if self._store is not None:
            each = is_per_synapse(value)
            if each or name in self._synapse.per_synapse:
                raise WiringError(
                    f"{self._name}.{name}: which parameters differ between synapses is fixed "
                    "after the first run",
                    mend="set it before the first net.run",
                )
        object.__setattr__(self, "_synapse", self._synapse(**{name: value}))
        if self._store is None:
            self._plan = None
        self._stale = True

    def _read_values(self, name: str, value: Any) -> Floats:
        unit = self._synapse.equation(name).unit
        random = RandomStream.of(self._seed, self._name, name)
        with self._drawn.named():
            found = synapse_values(value, unit.dimension, self._synapses(), random, name)
        return np.asarray(found, np.float64).reshape(-1)

    def _initial(self, name: str) -> Floats:
        """Return what a variable or a parameter begins at, in SI units: shape (1,) or (n,)."""
        synapse = self._synapse
        if name in synapse.per_synapse:
            return self._read_values(name, synapse.per_synapse[name])
        if name in self._given:
            return np.asarray(self._given[name], np.float64)
        expression = synapse.initial.get(name)
        if expression is None:
            return np.zeros(1)
        if isinstance(expression, Number):
            return np.array([expression.value])
        return np.array([float(evaluate(expression, dict(synapse.defaults)))])

    # -- rewards --------------------------------------------------------------------------

    def reward(self, amount: float) -> None:
        """Give all synapses a reward now, between slices: what `on_reward` says is done.

        Parameters
        ----------
        amount : float
            A plain number; negative for a punishment.

        Raises
        ------
        WiringError
            The synapses have no `on_reward`.
        UserError
            The network has not run yet.
        """
        self._check_reward("reward(...)")
        value = float(to_si(amount, DIMENSIONLESS, what="the reward"))
        store, plan = self._store, self._plan
        if store is None or plan is None:
            raise UserError(
                f"{self._name}.reward: the network has not run yet",
                mend="run it first; between slices, call it in net.every(interval, function)",
            )
        if self._weights_changed:  # set since the last step, and to be changed by the reward
            self._write_weights()
            self._weights_changed = False
        store.reward(value, plan.numbers, self._clock.step)

    def reward_by(self, cells: Cells, amount: float = 1.0, delay: Any = None) -> None:
        """Let every spike of a population be a reward to all synapses.

        Parameters
        ----------
        cells : Population
            Whose spikes are rewards, such as dopaminergic cells.
        amount : float
            The reward of one spike.
        delay : quantity
            From the spike to the reward; one step if not given. A reward comes at the end of
            its step, after arrivals and spikes of the cells.

        Raises
        ------
        WiringError
            The synapses have no `on_reward`, or `cells` is no whole population.
        """
        self._check_reward("reward_by(cells, 1.0)")
        if not isinstance(cells, Cells) or cells._where is not None:
            raise WiringError(
                f"{self._name}.reward_by: rewards come from a whole population",
                given=repr(cells),
                mend="add the cells that bring rewards as a population of their own",
            )
        steps = 1
        if delay is not None:
            paste = "projection.reward_by(cells, 1.0, delay=1*ms)"
            steps = self._clock.steps_of(delay, "reward_by: the delay", "delay", paste, 0)
        value = float(to_si(amount, DIMENSIONLESS, what="the reward"))
        self._rewards.append((cells, steps, value))

    def _check_reward(self, call: str) -> None:
        if not self._synapse.on_reward:
            raise WiringError(
                f"{self._name}.{call}: {self._synapse.name} does not say what a reward does",
                mend='say it: rb.Synapse(..., on_reward="weight += reward*c"), or use '
                "rb.synapses.RewardSTDP",
            )

    # -- the plan -------------------------------------------------------------------------

    def _has_value(self, name: str) -> bool:
        synapse = self._synapse
        known = name in synapse.defaults or name in synapse.per_synapse
        return known or name in synapse.variables

    def _without_value(self, name: str) -> UserError:
        return UserError(
            f"{self._name}: the parameter {name} of {self._synapse.name} has no value",
            mend=f"give it: synapse({name}=...), or {self._name}.{name} = ...",
        )

    def _check_complete(self) -> None:
        """Refuse parameters without a value."""
        for equation in self._synapse.equations:
            if equation.kind == PARAMETER and not self._has_value(equation.name):
                raise self._without_value(equation.name)

    def _lowered(self, program: Program, values: CellValues) -> SynapseProgram:
        per_cell = frozenset(values.per_cell)
        return lower_synapse(self._synapse, values.model, program.ports[self.to], per_cell)

    def _make_plan(self, program: Program, values: CellValues,
                   places: Mapping[str, int]) -> SynapsePlan:  # fmt: skip
        """Return the plan of the synapses, made when first asked for."""
        per_cell = frozenset(values.per_cell)
        if self._plan is not None and per_cell != self._per_cell:
            held = self._plan  # other parameters of the cells are arrays now
            held.program = held.store.program = self._lowered(program, values)
            held.kernels, self._stale = None, True
        self._per_cell = per_cell
        if self._plan is None:
            self._check_complete()
            lowered = self._lowered(program, values)
            names = [a.name for a in lowered.arrays if a.role in ("variable", "parameter")]
            store = PlasticStore(lowered, {n: self._initial(n) for n in names if n != "weight"})
            sums = (n.removeprefix("arriving_") for n in lowered.of_domain("sum"))
            self._plan = SynapsePlan(lowered, None, np.zeros(1), store, sums=tuple(sums))
            self._stale = True
        if self._stale:
            self._renumber(values)
        self._plan.post = self._post_plan(places)
        rewards = [
            RewardPlan(places[cells.name], delay, amount) for cells, delay, amount in self._rewards
        ]
        if rewards != self._plan.rewards:
            self._plan.rewards = rewards
        return self._plan

    def _post_plan(self, places: Mapping[str, int]) -> PostPlan | None:
        """Return whose spikes are postsynaptic: of places, those of their cell or detectors."""
        sink, held, detectors = self._sink, self._plan, self._detectors
        if not isinstance(sink, Sites):
            return None
        part = sink._cable.part(self.to)
        if detectors is None:
            ends, cells = np.arange(sink._cable.cell_of.size), sink._cable.cell[part.sites]
            sides = [np.searchsorted(cells, ends, side) for side in ("left", "right")]
        else:  # elsewhere the projection has no synapses
            found = part.element[detectors.places.indices]
            sides = [np.maximum(found, 0), found + 1]
        whose, spans = sink if detectors is None else detectors, np.stack(sides, axis=1)
        made = PostPlan(places[whose.name], np.ascontiguousarray(spans, np.int64))
        old = None if held is None else held.post
        same = old is not None and old.population == made.population
        return old if old is not None and same and np.array_equal(old.spans, spans) else made

    def _renumber(self, values: CellValues) -> None:
        """Turn parameters into numbers: those of the synapse, and those of the cell."""
        plan = self._plan
        assert plan is not None
        parameters: dict[str, float] = dict(self._synapse.defaults)
        for name, value in values.parameters.items():
            if isinstance(value, float):
                parameters[f"{name}_post"] = value
            elif f"{name}_post" in plan.program.array_names:
                plan.cells[f"{name}_post"] = np.ascontiguousarray(value, np.float64)
        clock = self._clock
        plan.numbers = prepare_synapse(plan.program, parameters, clock.dt, clock.start)
        self._stale = False

    def _ready(self, backend: str) -> None:
        """Make the kernels of a backend."""
        plan = self._plan
        assert plan is not None
        kind = CompiledSynapse if backend == "numba" else InterpretedSynapse
        if not isinstance(plan.kernels, kind):
            plan.kernels = kind(plan.program)

    def _describe(self) -> str:
        """Return the model of the synapses, for `net.explain`."""
        return self._synapse.describe()


def _unknown(projection: PlasticProjection, name: str) -> UnknownNameError:
    names = ["weights", "delays", *projection._synapse.names]
    meant = did_you_mean(name, names)
    hint = f"; did you mean {meant}?" if meant else ""
    return _UnknownAttribute(
        f"{projection._name!r} has no variable {name!r}{hint}",
        mend=f"its synapses have: {', '.join(names)}",
    )


class _UnknownAttribute(UnknownNameError, AttributeError):
    """A name that is no attribute; `hasattr` and copying have to see it as one."""
