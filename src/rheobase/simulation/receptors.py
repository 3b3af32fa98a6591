"""Receptors in a network: the models of populations are extended by what arrives at them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.network.trains import Train
from rheobase.simulation import wiring
from rheobase.simulation.population import Cells, Population
from rheobase.simulation.projection import Target
from rheobase.synapses.extending import Piece, extend
from rheobase.synapses.nmda import NMDA
from rheobase.synapses.receptors import Receptor


def placed(synapse: Any) -> bool:
    """Whether a synapse is one that extends the models of what it connects."""
    return isinstance(synapse, Receptor)


def target_of(source: Cells, sink: Cells, synapse: Receptor, of: str | None, to: str | None,
              call: str) -> Target:  # fmt: skip
    """Place a receptor in the cells it acts on, and return where a connection arrives.

    Parameters
    ----------
    source, sink
        What is connected; the models of whole populations are extended.
    synapse
        The receptor.
    of, to
        As the user gave them: `to` is the input its current is added to.
    call
        What the user called, for errors.

    Raises
    ------
    WiringError, UnknownNameError
        The cells cannot have the receptor.
    """
    _refuse_of(synapse, of, call)
    if not isinstance(synapse, NMDA):
        port = place(sink, synapse, to, call)
        wiring.check_spiking(source, sink, call)
        return wiring.spike_target(sink, port, call)
    _check_gates(source, sink, synapse, call)
    name = place(sink, synapse, to, call)
    gate = _place_gate(source.population, synapse, call)
    return wiring.continuous_target(source, sink, f"s_{gate}", f"g_{name}", call)


def drive_port(cells: Cells, synapse: Any, to: str | None) -> str | None:
    """Return the port of a drive: `to`, or that of the receptor that was given."""
    call = f"net.drive({cells.name}, ...)"
    if synapse is None:
        return to
    if not isinstance(synapse, Receptor):
        raise WiringError(
            f"{call}: a drive ends at a receptor, not at {synapse}",
            mend="write synapse=rb.synapses.Exponential(tau=2*ms, E=0*mV), or make a population "
            "of the train: noise = net.add(train, n); net.connect(noise, cells, synapse=...)",
        )
    if isinstance(synapse, NMDA):
        raise WiringError(
            f"{call}: the gates of NMDA are in the source's cells, and a drive has none",
            mend="write synapse=rb.synapses.LinearNMDA()",
        )
    return place(cells, synapse, to, call)


def place(cells: Cells, synapse: Receptor, to: str | None, call: str) -> str:
    """Extend the model of a population by a receptor, once; return what it is called there."""
    base = _own_model(cells, call)

    def make(name: str) -> Piece:
        return synapse.piece(name, base, cells.name, to, call)

    return _attach(cells.population, ("target", synapse, to), synapse, make, call)


def _place_gate(population: Population, synapse: NMDA, call: str) -> str:
    key = ("source", synapse.source_key)
    return _attach(population, key, synapse, synapse.source_piece, call)


def _attach(population: Population, key: tuple[Any, ...], synapse: Receptor,
            make: Callable[[str], Piece], call: str) -> str:  # fmt: skip
    """Add a piece to a population, unless it is there; return what it is called."""
    if key in population._pieces:
        return population._pieces[key][0]
    values, model = population._cell_values, population._model
    assert values is not None and isinstance(model, Model)
    name, piece = _named(population, model, synapse, make, call)
    if values.arrays is not None:
        raise WiringError(
            f"{call}: {population.name!r} has run, and its model cannot be extended by "
            f"{synapse} any more",
            mend="connect it before the first run, with weight 0 if it is to act later",
        )
    population._pieces[key] = (name, piece)
    pieces = [piece for _, piece in population._pieces.values()]
    assert isinstance(population._own_model, Model)
    population._model = extend(population._own_model, pieces)
    values.extend(population._model)
    return name


def _named(population: Population, model: Model, synapse: Receptor,
           make: Callable[[str], Piece], call: str) -> tuple[str, Piece]:  # fmt: skip
    """Return the name of a new piece: its own, or the first free one after its kind."""
    for number in count(1):
        name = synapse.name or synapse.label + (f"_{number}" if number > 1 else "")
        piece = make(name)
        taken = sorted(piece.names & {*model.names, *model.receives})
        if not taken:
            return name, piece
        if synapse.name is not None:
            raise synapse.refuse_taken(taken, name, model, population.name, call)
    raise AssertionError


# -- refusals ---------------------------------------------------------------------------------


def _own_model(cells: Cells, call: str) -> Model:
    model = cells.population._own_model
    if isinstance(model, Model):
        return model
    raise WiringError(
        f"{call}: {cells.name!r} replays spikes; it has no receptors",
        mend="give a population of a model: net.add(rb.models.LIF, 10)",
    )


def _refuse_of(synapse: Receptor, of: str | None, call: str) -> None:
    if of is None:
        return
    raise WiringError(
        f"{call}: of={of!r} reads a variable continuously, and {synapse} is opened by spikes",
        mend="leave of away, or leave synapse away",
    )


def _check_gates(source: Cells, sink: Cells, synapse: NMDA, call: str) -> None:
    if isinstance(source.model, Train):
        linear = "rb.synapses.LinearNMDA()"
        raise WiringError(
            f"{call}: {source.name!r} replays spikes, and {synapse} needs gates in the source's "
            "cells",
            mend=f"write synapse={linear}, which has none",
        )
    wiring.check_spiking(source, sink, call)
