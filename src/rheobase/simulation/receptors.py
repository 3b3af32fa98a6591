"""Receptors in a network: the models of populations are extended by what arrives at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.simulation import cable_couplings, cable_gaps, cable_ports, cable_receptors, wiring
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.population import Cells, Population
from rheobase.simulation.projection import Projection, Target, Term
from rheobase.simulation.warning import warn
from rheobase.synapses.extending import Piece, current_input, extend
from rheobase.synapses.gap_junctions import SIEMENS, Coupling, GapJunction
from rheobase.synapses.graded import Graded
from rheobase.synapses.nmda import NMDA
from rheobase.synapses.receptors import Receptor
from rheobase.units import parse_unit, usual_unit


def placed(synapse: Any) -> bool:
    """Whether a synapse is one that extends the models of what it connects."""
    return isinstance(synapse, (Receptor, Coupling))


def target_of(source: Cells, sink: Cells, synapse: Receptor | Coupling, of: str | None,
              to: str | None, call: str) -> Target:  # fmt: skip
    """Place a receptor in the cells it acts on, and return where a connection arrives.

    Parameters
    ----------
    source, sink
        What is connected; the models of whole populations are extended.
    synapse
        The receptor or coupling.
    of, to
        As the user gave them: `to` is the input its current is added to.
    call
        What the user called, for errors.

    Raises
    ------
    WiringError, UnknownNameError
        The cells cannot have the receptor or coupling.
    """
    _refuse_of(synapse, of, call)
    if isinstance(synapse, Coupling):
        return _couple(source, sink, synapse, to, call)
    if isinstance(sink, Sites):
        return _on_sites(source, sink, synapse, to, call)
    if isinstance(synapse, NMDA):
        cable_receptors.check_gates(source, synapse, call)
    if not isinstance(synapse, NMDA):
        port = place(sink, synapse, to, call)
        cable_receptors.check_source(source, sink, call)
        return wiring.spike_target(sink, port, call)
    _check_gates(source, sink, synapse, call)
    name = place(sink, synapse, to, call)
    gate = _place_gate(source.population, synapse, call)
    target = wiring.continuous_target(source, sink, f"s_{gate}", f"g_{name}", call)
    return replace(target, receptor=name)


def _on_sites(source: Cells, sink: Sites, synapse: Receptor, to: str | None,
              call: str) -> Target:  # fmt: skip
    """Place a receptor at places of cells with a morphology."""
    if isinstance(synapse, NMDA):
        cable_receptors.check_gates(source, synapse, call)
        _check_gates(source, sink, synapse, call)
        part = cable_receptors.place(sink, synapse, to, call)
        gate = _place_gate(source.population, synapse, call)
        return cable_receptors.nmda_target(source, sink, part, gate)
    cable_receptors.check_source(source, sink, call)
    part = cable_receptors.place(sink, synapse, to, call)
    return cable_ports.port_target(part, next(iter(part.values.model.receives)))


def given_as_port(sink: Cells, synapse: Any, to: Any, call: str) -> tuple[Any, str | None]:
    """Return synapse and port where `to` may be a receptor, which is placed at the target.

    Raises
    ------
    WiringError
        The receptor is no port: two receptors are given, or it has gates in its sources.
    """
    if not isinstance(to, Receptor):
        return synapse, to
    if synapse is None:
        return to, None
    if placed(synapse):
        raise WiringError(
            f"{call}: to= and synapse= are a receptor each",
            given=f"to={to}, synapse={synapse}",
            mend="give one of them; for both, connect twice",
        )
    if isinstance(to, NMDA):
        raise WiringError(
            f"{call}: the gates of {to} follow the spikes of each source; no weight of "
            f"{synapse.name} arrives there",
            mend="write to=rb.synapses.LinearNMDA()",
        )
    return synapse, place(sink, to, None, call)


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
    if isinstance(cells, Sites):
        return next(iter(cable_receptors.place(cells, synapse, to, call).values.model.receives))
    base = _own_model(cells, call)

    def make(name: str) -> Piece:
        return synapse.piece(name, base, cells.name, to, call)

    return _attach(cells.population, ("target", synapse, to), synapse, make, call)


def _couple(source: Cells, sink: Cells, synapse: Coupling, to: str | None,
            call: str) -> Target:  # fmt: skip
    """Place a coupling in what it connects, and return its sums."""
    if isinstance(synapse, GapJunction) and (isinstance(source, Sites) or isinstance(sink, Sites)):
        cable_gaps.check_ends(source, sink, call)
        of_sink = _gap_end(sink, synapse, to, call)
        of_source = _gap_end(source, synapse, None, call) if synapse.both_ways else ""
        return cable_gaps.target(source, sink, synapse, of_source, of_sink, call)
    terms = _one_way(source, sink, synapse, to, call)
    if synapse.both_ways:
        terms += [Term(t.of, t.to, True) for t in _one_way(sink, source, synapse, to, call)]
    if isinstance(synapse, GapJunction):
        dimension, line = SIEMENS, "weight*(v_pre - v_post)"
    elif isinstance(synapse, Graded):
        dimension, line = SIEMENS, f"g += weight*({synapse.text})"
    else:
        assert isinstance(sink.model, Model) and isinstance(source.model, Model)
        name = wiring.input_of(sink, to, call, "a coupling")
        separated = synapse.between(source.model, sink.model, (source.name, sink.name), call)
        dimension = sink.model.unit_of(name).dimension / separated.dimension
        line = f"{sink.name}.{name} += weight*({synapse.text})"
    unit = parse_unit("nS" if dimension == SIEMENS else usual_unit(dimension) or "1")
    placed_as = terms[0].to.removeprefix("sum_1_")
    return Target(terms[0].to, terms[0].of, dimension, unit, line, tuple(terms), placed_as,
                  signed=not isinstance(synapse, (GapJunction, Graded)))  # fmt: skip


def _gap_end(cells: Cells, synapse: GapJunction, to: str | None, call: str) -> str:
    """Place one end of a junction with a place on a morphology; return what it is called there."""
    if isinstance(cells, Sites):
        return cable_gaps.on_sites(cells, synapse, call)
    base = _own_model(cells, call)

    def make(name: str) -> Piece:
        return cable_gaps.point_piece(name, synapse, cells, base, to, call)

    name = _attach(cells.population, ("end", synapse, to), synapse, make, call)
    values = cells.population._cell_values
    assert values is not None
    values.parameters.setdefault(f"total_{name}", 0.0)
    if not isinstance(values.parameters[f"total_{name}"], np.ndarray):
        values.parameters[f"total_{name}"] = np.zeros(values.size)
    return name


def _one_way(source: Cells, sink: Cells, synapse: Coupling, to: str | None,
             call: str) -> list[Term]:  # fmt: skip
    base = sink.model if isinstance(sink, Sites) else _own_model(sink, call)
    _own_model(source, call)
    assert isinstance(base, Model)
    if isinstance(sink, Sites):
        cable_couplings.check_input(to, call)
    if isinstance(synapse, (GapJunction, Graded)):
        target = current_input(base, sink.name, to, call)
    else:
        target = base.equation(wiring.input_of(sink, to, call, "a coupling"))
    pre, post = source.population, sink.population
    read, added = (c.model if isinstance(c, Sites) else c.population._model for c in (source, sink))
    assert isinstance(read, Model) and isinstance(added, Model)
    separated = synapse.between(read, added, (source.name, sink.name), call)

    def reading(name: str) -> Piece:
        assert isinstance(pre._own_model, Model)
        return separated.source_piece(name, pre._own_model)

    def summing(name: str) -> Piece:
        return synapse.target_piece(name, separated, base, target, sink.name, call)

    if isinstance(source, Sites):
        found = cable_couplings.variables(source, synapse, separated, call)
    else:
        of_source = _attach(pre, ("source", synapse), synapse, reading, call)
        assert isinstance(pre._own_model, Model)
        found = separated.variables(of_source, pre._own_model)
    if isinstance(sink, Sites):
        sums = cable_couplings.sums(sink, synapse, separated, summing, call)
    else:
        key = ("target", synapse, target.name)
        sums = separated.sums(_attach(post, key, synapse, summing, call))
    return [Term(of, into) for of, into in zip(found, sums, strict=True)]


def _place_gate(population: Population, synapse: NMDA, call: str) -> str:
    key = ("source", synapse.source_key)
    return _attach(population, key, synapse, synapse.source_piece, call)


def _attach(population: Population, key: tuple[Any, ...], synapse: Receptor | Coupling,
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
    assert isinstance(population._own_model, Model)
    pieces = [held for _, held in population._pieces.values()]
    extended = extend(population._own_model, [*pieces, piece])
    population._pieces[key] = (name, piece)
    population._model = extended
    values.extend(extended)
    return name


def _named(population: Population, model: Model, synapse: Receptor | Coupling,
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


def warn_of_pairs(projection: Projection, synapse: Any, call: str) -> None:
    """Warn of pairs of cells that are joined by two gap junctions, one each way round."""
    source, sink = projection.source, projection.sink
    both = isinstance(synapse, GapJunction) and synapse.both_ways
    if not both or source.population is not sink.population:
        return
    pre, post = projection.pre, projection.post
    size = source.population.size
    one, other = np.minimum(pre, post), np.maximum(pre, post)
    twice = int(pre.size - np.unique(one * size + other).size)
    if twice:
        warn(
            f"{call}: {twice} {'pair is' if twice == 1 else 'pairs are'} named twice, i-j and "
            "j-i, and a gap junction acts both ways: their conductances add; to join each pair "
            'once, write rb.rules.where("i < j", probability=...), or GapJunction(rectifying=True)'
        )


# -- refusals ---------------------------------------------------------------------------------


def _own_model(cells: Cells, call: str) -> Model:
    model = cells.population._own_model
    if isinstance(model, Model):
        return model
    raise WiringError(
        f"{call}: {cells.name!r} {cells.population._nature}; it has no receptors",
        mend="give a population of a model: net.add(rb.models.LIF, 10)",
    )


def _refuse_of(synapse: Receptor | Coupling, of: str | None, call: str) -> None:
    if of is None:
        return
    why = "says itself what it reads" if isinstance(synapse, Coupling) else "is opened by spikes"
    raise WiringError(
        f"{call}: of={of!r} reads a variable continuously, and {synapse} {why}",
        mend="leave of away, or leave synapse away",
    )


def _check_gates(source: Cells, sink: Cells, synapse: NMDA, call: str) -> None:
    if not isinstance(source.model, Model):
        linear = "rb.synapses.LinearNMDA()"
        raise WiringError(
            f"{call}: {source.name!r} {source.population._nature}, and {synapse} needs gates in "
            "the source's cells",
            mend=f"write synapse={linear}, which has none",
        )
    wiring.check_spiking(source, sink, call)
