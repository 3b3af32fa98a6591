"""`net.save` and `Network.load`: a checkpoint of a network, and going on from it to the bit.

A checkpoint holds what the network was told and the `EngineState`: everything the next step
depends on, in a form that knows neither threads nor how synapses are stored. The fields of
`EngineState` are walked through as they are declared, so a new one is saved without a word here.
"""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.plan import Connectivity, ProjectionPlan
from rheobase.engine.run import Engine, EngineState
from rheobase.errors import FileFormatError, RheobaseError, UserError
from rheobase.simulation.assembly import Assembly
from rheobase.simulation.checkpoint_files import read_checkpoint, write_checkpoint
from rheobase.simulation.describing_files import network_from_plain, network_to_plain
from rheobase.simulation.plain import Plain, Registry, record
from rheobase.simulation.synapses import Given
from rheobase.simulation.warning import warn

if TYPE_CHECKING:
    from rheobase.simulation.network import Network


@dataclass
class Resumed:
    """What an engine takes over when it is made for a network that was loaded.

    Attributes
    ----------
    state : EngineState
        As it was saved. What the user may set (states, refractory times) is read from the
        populations instead, so that setting it between loading and running counts.
    since : dict of str to int
        From which step on projections deliver.
    left : dict of str to ndarray
        The refractory times as they were loaded, by population.
    weights : dict of str to Given
        The weights of synapses that change as they were loaded, by projection.
    """

    state: EngineState
    since: dict[str, int]
    left: dict[str, Any]
    weights: dict[str, Given]

    def take_over(self, engine: Engine, assembly: Assembly) -> None:
        """Let a new engine go on from here."""
        own = {(name, state) for name, values in assembly._model_values()
               for state in values.states}  # fmt: skip
        arrays = {key: held for key, held in self._arrays(assembly).items() if key not in own}
        engine.restore(replace(self.state, arrays=arrays, synapses=self._synapses(assembly)))

    def as_now(self, assembly: Assembly) -> EngineState:
        """Return the state with what was set since it was loaded."""
        arrays = self._arrays(assembly)
        for name, values in assembly._model_values():
            arrays |= {(name, state): np.array(held) for state, held in values._states.items()}
        return replace(self.state, arrays=arrays, synapses=self._synapses(assembly))

    def _synapses(self, assembly: Assembly) -> dict[str, dict[str, Any]]:
        """Return the values of synapses without weights that were set since."""
        projections = assembly.description.projections
        own = {name for name, given in self.weights.items()
               if projections[name]._drawn.weight is not given}  # fmt: skip
        return {
            name: {k: v for k, v in values.items() if k != "weight" or name not in own}
            for name, values in self.state.synapses.items()
        }

    def _arrays(self, assembly: Assembly) -> dict[tuple[str, str], Any]:
        """Return the arrays without refractory times that were set since."""
        gone = {
            (name, array)
            for name, values in assembly._model_values()
            if name in self.left and not np.array_equal(self.left[name], values._left)
            for array in ("release", "left")
        }
        return {key: array for key, array in self.state.arrays.items() if key not in gone}


# -- saving ---------------------------------------------------------------------------------


def save(net: Network, path: str | os.PathLike[str],
         more: Mapping[str, Plain] | None = None) -> Path:  # fmt: skip
    """Write a checkpoint; see `Network.save`.

    Parameters
    ----------
    more
        Plain data to be kept beside it: which stream belongs to it.
    """
    from rheobase import __version__

    place = Path(path)
    assembly = net._assembly
    state, retired = state_of(assembly), _retired(assembly)
    tree = {
        "network": network_to_plain(net),
        "state": None if state is None else engine_states().to_plain(state, "the state"),
        "since": _since(assembly),
        "retired": engine_states().to_plain(retired, "a replaced projection"),
        "more": dict(more or {}),
    }
    write_checkpoint(place, tree, __version__)
    return place


def state_of(assembly: Assembly) -> EngineState | None:
    """Return the state of the engine, or of the one that is to be, None before the first run."""
    if assembly.engine is None:
        return None if assembly.resumed is None else assembly.resumed.as_now(assembly)
    assembly.notice_changes()
    state = assembly.engine.state()
    for name, projection in assembly.description.projections.items():
        if projection._weights_changed and name in state.synapses:  # set since the last step
            state.synapses[name].pop("weight", None)
    for name, values in assembly._model_values():
        for key, array in (values.arrays or {}).items():  # of what was added since the last run
            state.arrays.setdefault((name, key), np.array(array))
    return state


def _since(assembly: Assembly) -> dict[str, int]:
    """Return from which step on each projection delivers; new ones do from now on."""
    if assembly.engine is None:
        return {} if assembly.resumed is None else dict(assembly.resumed.since)
    now = {name: assembly.clock.step for name in assembly.description.projections}
    return now | assembly.since()[0]


def _retired(assembly: Assembly) -> list[dict[str, Any]]:
    """Return the projections that were replaced while their spikes are under way."""
    found = []
    for plan in assembly._retired:
        if plan.until + plan.longest_delay <= assembly.clock.step:
            continue
        if plan.rows is not None or plan.synapse is not None:
            raise UserError(
                f"net.save: spikes of {plan.name!r} are under way with the delays it had before "
                "they were set, which a checkpoint cannot hold for synapses of this kind",
                mend=f"run {plan.longest_delay} steps more, then save",
            )
        kept = {entry.name: getattr(plan, entry.name) for entry in fields(plan)
                if entry.name in _PLAN_PARTS}  # fmt: skip
        found.append(kept | {"connectivity": plan.connectivity()})
    return found


_PLAN_PARTS = ("name", "source", "target", "port", "variables", "since", "until", "longest_delay")


# -- loading --------------------------------------------------------------------------------


def load(path: str | os.PathLike[str]) -> Network:
    """Return the network of a checkpoint; see `Network.load`."""
    place = Path(path)
    tree = read_checkpoint(place)
    try:
        net = network_from_plain(tree["network"])
        _resume(net._assembly, tree)
    except FileFormatError as error:
        raise FileFormatError(f"{place} cannot be loaded: {error}") from error
    except (RheobaseError, LookupError, TypeError, ValueError, AttributeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FileFormatError(
            f"{place} cannot be loaded: this Rheobase does not make a network of it ({first})",
            mend="load it with the release of Rheobase that wrote it",
        ) from error
    net._stream = dict(tree["more"].get("stream", {})) | {"loaded": True}
    left_out = int(tree["network"]["functions left out"])
    if left_out:
        warn(
            f"{place}: the network had {left_out} function{'s' * (left_out > 1)} of net.every, "
            "which no file can hold; call net.every again before it goes on"
        )
    return net


def _resume(assembly: Assembly, tree: Mapping[str, Any]) -> None:
    """Hand over what the engine goes on from, once there is one."""
    if tree["state"] is None:
        return
    state = engine_states().from_plain(tree["state"])
    since = {str(name): int(step) for name, step in tree["since"].items()}
    resume(assembly, state, since)
    for kept in engine_states().from_plain(tree["retired"]):
        assembly._retired.append(_retired_plan(kept))


def resume(assembly: Assembly, state: EngineState, since: dict[str, int]) -> None:
    """Let a network that is not built yet go on from a state."""
    left: dict[str, Any] = {}
    for name, values in assembly._model_values():
        for variable in values.states:
            held = state.arrays.get((name, variable))
            if held is not None:
                values._states[variable] = np.array(held, np.float64)
                values._set.pop(variable, None)
        spiked = state.arrays.get((name, "last_spike"))
        if spiked is not None:
            values._last = np.array(spiked, np.float64)
            left[name] = values._left.copy()
    assembly.resumed = Resumed(state, since, left, _weights(assembly, state))


def _weights(assembly: Assembly, state: EngineState) -> dict[str, Given]:
    """Let projections show the weights of a state, and return them."""
    found = {}
    for name, values in state.synapses.items():
        projection = assembly.description.projections[name]
        if "weight" in values:
            found[name] = Given(np.array(values["weight"]))
            seed = projection._drawn.weight_seed
            projection._drawn = projection._drawn.with_weight(found[name], seed)
    return found


def _retired_plan(kept: dict[str, Any]) -> ProjectionPlan:
    synapses: Connectivity = kept.pop("connectivity")
    longest = int(kept.pop("longest_delay"))
    plan = ProjectionPlan(connectivity=lambda: synapses, **kept)
    plan.longest_delay = longest
    return plan


# -- the state of the engine as plain data --------------------------------------------------


@cache
def engine_states() -> Registry:
    """Return the registry of everything an `EngineState` is made of."""
    made: dict[str, type] = {}
    for root in (EngineState, Connectivity):
        _collect(root, made)
    return Registry(tuple(record(name, kind) for name, kind in made.items()))


def _collect(kind: Any, made: dict[str, type]) -> None:
    """Collect the dataclasses and named tuples that the annotations of one lead to."""
    for part in typing.get_args(kind):
        _collect(part, made)
    is_record = isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "_fields"))
    if not is_record or kind.__name__ in made:
        return
    made[kind.__name__] = kind
    for hint in typing.get_type_hints(kind).values():
        _collect(hint, made)
