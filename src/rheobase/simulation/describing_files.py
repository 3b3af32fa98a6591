"""What a network was told, as plain data, and a network told the same again.

Name for name with `assembly.Description`: populations, projections, injections, drives, clamps
and recordings, each in order of creation, beside the clock and the seed. Functions called
between slices (`net.every`) are Python and left out; how many there were is noted.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import RheobaseWarning
from rheobase.language.model import Model
from rheobase.simulation import wiring
from rheobase.simulation.cable_population import CellPopulation, CellView, Sites
from rheobase.simulation.clamping import Clamp
from rheobase.simulation.descriptions import Drive, Injection, Recording, connection_key
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.plain import Plain, descriptions
from rheobase.simulation.population import Cells, Population, View
from rheobase.simulation.projection import Projection
from rheobase.simulation.synapses import Given
from rheobase.simulation.synaptic import PlasticProjection
from rheobase.simulation.synaptic_records import SynapseRecording
from rheobase.simulation.values import CellValues
from rheobase.synapses.extending import extend

if TYPE_CHECKING:
    from rheobase.simulation.network import Network


def network_to_plain(net: Network) -> Plain:
    """Return everything a network was told as plain data.

    Raises
    ------
    UserError
        Something cannot be held by a file; it is named.
    """
    told, clock = net._told, net._clock
    return {
        "dt": clock.dt,
        "start": clock.start,
        "step": clock.step,
        "seed": net._seed,
        "populations": [_population(p) for p in told.populations.values()],
        "order": list(told.places),
        "projections": [_projection(p) for p in told.projections.values()],
        "injections": [_injection(i) for i in told.injections],
        "drives": [_drive(d) for d in told.drives],
        "clamps": [_clamp(c) for c in told.clamps],
        "recordings": [_recording(r) for r in told.recordings.values()],
        "synapse recordings": [
            {
                "name": r.name,
                "projection": r.projection.name,
                "every": r.every_steps,
                "variables": list(r.variables),
            }
            for r in told.synapse_recordings.values()
        ],
        "functions left out": functions_left_out(net),
    }


def network_from_plain(plain: Mapping[str, Any], dt: float | None = None) -> Network:
    """Return a network that was told the same.

    Parameters
    ----------
    plain
        What `network_to_plain` returned.
    dt
        Another step than the one it had [s].
    """
    from rheobase.simulation.network import Network

    net = Network(dt=_seconds(dt or plain["dt"]), seed=int(plain["seed"]),
                  start=_seconds(plain["start"]))  # fmt: skip
    net._clock.dt, net._clock.start = float(dt or plain["dt"]), float(plain["start"])
    net._clock.step = int(plain["step"])
    with warnings.catch_warnings():  # whatever there was to warn of was told when it was made
        warnings.simplefilter("ignore", RheobaseWarning)
        for part in plain["populations"]:
            _add(net, part)
        for part in plain["projections"]:
            _connect(net, part)
    told = net._told
    told.order = [str(name) for name in plain["order"]]
    told.injections += [_read_injection(net, part) for part in plain["injections"]]
    told.drives += [_read_drive(net, part) for part in plain["drives"]]
    told.clamps += [_read_clamp(net, part) for part in plain["clamps"]]
    for part in plain["recordings"]:
        told.recordings[part["name"]] = Recording(
            part["name"], _read_cells(net, part["cells"]), int(part["every"]),
            [str(name) for name in part["variables"]],
        )  # fmt: skip
    for part in plain["synapse recordings"]:
        _record_synapses(net, part)
    return net


def functions_left_out(net: Network) -> int:
    """Return how many functions of `net.every` a network has, which no file can hold."""
    return sum(hook.changes for hook in net._hooks)  # others record synapses


def _record_synapses(net: Network, part: Mapping[str, Any]) -> None:
    projection = net._told.projections[part["projection"]]
    assert isinstance(projection, PlasticProjection)
    made = SynapseRecording(part["name"], projection, int(part["every"]), net._clock,
                            [str(name) for name in part["variables"]])  # fmt: skip
    net._told.synapse_recordings[made.name] = made
    net._hooks.append(made.hook())


def _seconds(value: float) -> Any:
    from rheobase.units import UNITS, quantity

    return quantity(float(value), UNITS["second"])


# -- cells ----------------------------------------------------------------------------------


def _cells(cells: Cells) -> Plain:
    plain: dict[str, Any] = {"population": cells.name, "indices": cells._where, "sites": None}
    if isinstance(cells, Sites):
        plain |= {"sites": cells._written, "repeated": cells._repeated}
    return plain


def _read_cells(net: Network, part: Mapping[str, Any]) -> Cells:
    population = net._told.populations[part["population"]]
    where = part["indices"]
    if where is None:
        return population
    indices = np.array(where, np.int64)
    if not isinstance(population, CellPopulation):
        return View(population, indices)
    if part["sites"] is None:
        return CellView(population, indices)
    return Sites(population._site_population, indices, part["sites"],
                 bool(part.get("repeated", False)))  # fmt: skip


# -- populations ----------------------------------------------------------------------------


def _population(population: Population) -> Plain:
    what = f"the model of {population.name!r}"
    values = population._cell_values
    if isinstance(population, CellPopulation):
        return _branched(population, what)
    if isinstance(population, DetectorPopulation):
        return {"name": population.name, "record_spikes": population._record_spikes,
                "looks at": _cells(population.places),
                "threshold": population._threshold}  # fmt: skip
    return {
        "name": population.name,
        "size": population.size,
        "model": descriptions().to_plain(population._own_model, what),
        "pieces": descriptions().to_plain(list(population._pieces.items()), what),
        "record_spikes": population._record_spikes,
        "positions": population._positions,
        "values": None if values is None else _cell_values(values),
    }


def _branched(population: CellPopulation, what: str) -> Plain:
    """Return cells with a morphology: their descriptions, and the values of their parts."""
    keep, cable = descriptions().to_plain, population._cable_of
    return {
        "name": population.name,
        "record_spikes": population._record_spikes,
        "positions": population._positions,
        "cells": keep(list(cable.cells), what),
        "cell_of": cable.cell_of,
        "points": [
            {"model": keep(p.values.model, what), "label": p.label, "current": p.current,
             "sites": p.sites, "example": p.example, "placed": keep(cable.placed.get(p), what)}
            for p in cable.points
        ],
        "values": [_cell_values(part.values) for part in cable.parts],
        "assignments": dict(cable.values._assignments),
    }  # fmt: skip


def _add_branched(net: Network, part: Mapping[str, Any]) -> None:
    read = descriptions().from_plain
    different = read(part["cells"])
    made = net.add([different[k] for k in part["cell_of"]], name=part["name"],
                   record_spikes=bool(part["record_spikes"]))  # fmt: skip
    assert isinstance(made, CellPopulation)
    made._positions = part["positions"]
    made._move_sites()
    cable = made._cable_of
    for point in part["points"]:
        placed = cable.add_point(read(point["model"]), point["label"], point["current"])
        cable.grow(placed, np.array(point["sites"], np.int64))
        placed.example, what = point["example"], read(point["placed"])
        if what is not None:
            cable.placed[placed] = what
    for each, held in zip(cable.parts, part["values"], strict=True):
        _take_values(each.values, held)
    cable.values._assignments.update({n: int(k) for n, k in part["assignments"].items()})


def _cell_values(values: CellValues) -> Plain:
    """Return parameters and states; states that the model's `initial` still gives are left out."""
    keep = descriptions().to_plain
    named = {name: values._states[name] for name in values.states if name in values._states}
    return {
        "seed": values.seed,
        "parameters": {n: keep(v, f"{values.name}.{n}") for n, v in values.parameters.items()},
        "currents": {n: keep(v, f"{values.name}.{n}") for n, v in values.currents.items()},
        "states": {name: np.array(held) for name, held in named.items()},
        "set": {name: np.array(values._set[name]) for name in named if name in values._set},
        "left": np.array(values._refractory_left(), np.float64),
        "assignments": dict(values._assignments),
    }


def _add(net: Network, part: Mapping[str, Any]) -> None:
    if "cell_of" in part:
        _add_branched(net, part)
        return
    if "looks at" in part:
        places = _read_cells(net, part["looks at"])
        assert isinstance(places, Sites)
        net._told.enter(DetectorPopulation(
            part["name"], places, np.array(part["threshold"]), bool(part["record_spikes"])
        ))  # fmt: skip
        return
    read = descriptions().from_plain
    made = net.add(read(part["model"]), int(part["size"]), name=part["name"],
                   record_spikes=bool(part["record_spikes"]))  # fmt: skip
    made._positions = part["positions"]
    made._pieces = dict(read(part["pieces"]))
    if part["values"] is None:
        return
    held, values = part["values"], made._cell_values
    assert values is not None and isinstance(made._own_model, Model)
    if made._pieces:
        made._model = extend(made._own_model, [piece for _, piece in made._pieces.values()])
        values.extend(made._model)
    _take_values(values, held)


def _take_values(values: CellValues, held: Mapping[str, Any]) -> None:
    """Give a population the values that were kept of it."""
    read = descriptions().from_plain
    values.seed = int(held["seed"])
    values.parameters = {n: _number(read(v)) for n, v in held["parameters"].items()}
    values.currents = {n: read(v) for n, v in held["currents"].items()}
    values._states = {n: np.array(v, np.float64) for n, v in held["states"].items()}
    values._set = {n: np.array(v, bool) for n, v in held["set"].items()}
    values._left = np.array(held["left"], np.float64)
    values._assignments.update({n: int(count) for n, count in held["assignments"].items()})


def _number(value: Any) -> Any:
    return np.array(value, np.float64) if isinstance(value, np.ndarray) else float(value)


# -- projections ----------------------------------------------------------------------------


def _projection(projection: Projection) -> Plain:
    keep, name = descriptions().to_plain, repr(projection.name)
    drawn, detectors = projection._drawn, getattr(projection, "_detectors", None)
    weight, delay = (
        first if isinstance(now, Given) else now
        for now, first in ((drawn.weight, projection._weight), (drawn.delay, projection._delay))
    )
    return {
        "name": projection.name,
        "pre": _cells(projection.source),
        "post": _cells(projection.sink),
        "rule": keep(projection.rule, f"the rule of {name}"),
        "weight": keep(weight, f"the weight of {name}"),
        "delay": keep(delay, f"the delay of {name}"),
        "target": keep(projection._target, f"the target of {name}"),
        "synapse": keep(getattr(projection, "_synapse", None), f"the synapse of {name}"),
        "set": keep(getattr(projection, "_given", {}), f"a variable of {name}"),
        "rewards": [
            {"cells": cells.name, "delay": delay, "amount": amount}
            for cells, delay, amount in getattr(projection, "_rewards", [])
        ],
        "post spikes": None if detectors is None else detectors.name,
        "weight_dtype": drawn.dtype,
        "storage": projection._storage,
        "seed": projection._seed,
        "seeds": [drawn.rule_seed, drawn.weight_seed, drawn.delay_seed],
        "weights": drawn.weight.values if isinstance(drawn.weight, Given) else None,
        "delays": drawn.delay.values if isinstance(drawn.delay, Given) else None,
    }


def _connect(net: Network, part: Mapping[str, Any]) -> None:
    read = descriptions().from_plain
    parts = (
        part["name"], _read_cells(net, part["pre"]), _read_cells(net, part["post"]),
        read(part["rule"]), read(part["target"]), read(part["weight"]), read(part["delay"]),
        part["weight_dtype"], int(part["seed"]),
    )  # fmt: skip
    synapse = read(part["synapse"])
    if synapse is None:
        made = Projection(*parts, net._clock.dt)
    else:
        made = PlasticProjection(*parts, net._clock, synapse)
        made._given = dict(read(part["set"]))
        made._rewards = [
            (net._told.populations[r["cells"]], int(r["delay"]), float(r["amount"]))
            for r in part["rewards"]
        ]
        detectors = net._told.populations.get(part.get("post spikes") or "")
        made._detectors = detectors if isinstance(detectors, DetectorPopulation) else None
    made._storage = part["storage"]
    rule, weight, delay = map(int, part["seeds"])
    drawn = replace(made._drawn, rule_seed=rule, weight_seed=weight, delay_seed=delay, _shared={})
    if part["weights"] is not None:
        drawn = drawn.with_weight(Given(part["weights"]), weight)
    if part["delays"] is not None:
        drawn = drawn.with_delay(Given(part["delays"]), delay)
    made._drawn = drawn
    net._told.projections[made.name] = made
    net._connected.add(connection_key(made))


# -- what is sent in, held and recorded -----------------------------------------------------


def _injection(injection: Injection) -> Plain:
    what = f"the current into {injection.cells.name}.{injection.to}"
    current = descriptions().to_plain(injection.current, what)
    return {"cells": _cells(injection.cells), "current": current, "to": injection.to,
            "stream": injection.stream}  # fmt: skip


def _read_injection(net: Network, part: Mapping[str, Any]) -> Injection:
    current = descriptions().from_plain(part["current"])
    return Injection(_read_cells(net, part["cells"]), current, part["to"], part["stream"])


def _drive(drive: Drive) -> Plain:
    train = descriptions().to_plain(drive.train, f"the train that drives {drive.cells.name!r}")
    return {"cells": _cells(drive.cells), "train": train, "to": drive.target.to,
            "weight": drive.weight, "stream": drive.stream}  # fmt: skip


def _read_drive(net: Network, part: Mapping[str, Any]) -> Drive:
    cells, train = _read_cells(net, part["cells"]), descriptions().from_plain(part["train"])
    target = wiring.drive_target(cells, train, part["to"])
    return Drive(cells, train, target, _number(part["weight"]), part["stream"])


def _clamp(clamp: Clamp) -> Plain:
    return {"cells": _cells(clamp.cells), "variable": clamp.variable, "values": clamp.values,
            "first": clamp.first, "last": clamp.last}  # fmt: skip


def _read_clamp(net: Network, part: Mapping[str, Any]) -> Clamp:
    values = np.array(part["values"], np.float64)
    cells = _read_cells(net, part["cells"])
    return Clamp(cells, part["variable"], values, int(part["first"]), int(part["last"]))


def _recording(recording: Recording) -> Plain:
    return {"name": recording.name, "cells": _cells(recording.cells),
            "every": recording.every_steps, "variables": list(recording.variables)}  # fmt: skip
