"""Gap junctions that end at places on cells with a morphology.

The current g (v_other - v) into each end is part of the equations of its cell: its conductance
is solved for with all others, and v_other is where the other voltage will be in the middle of the
step, by the straight line through its last two values, 1.5 v(t) - 0.5 v(t - dt).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import ContinuousPlan
from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.network.trains import Train
from rheobase.simulation import cable_receptors
from rheobase.simulation.cable_population import Branched, Sites
from rheobase.simulation.population import Cells
from rheobase.simulation.projection import Projection, Target, Term
from rheobase.simulation.values import CellValues
from rheobase.synapses.extending import Piece, area_of, current_input, scaled, voltage
from rheobase.synapses.gap_junctions import SIEMENS, GapJunction
from rheobase.units import parse_unit

Ints: TypeAlias = NDArray[np.int64]
Ways: TypeAlias = tuple[tuple[float, int], ...]

AHEAD: Ways = ((1.5, 0), (-0.5, 1))
"""Factors of weights, and steps added to delays, with which a voltage is read in mid-step."""
NOW: Ways = ((1.0, 0),)


def lines(name: str, v: str) -> str:
    """Return the equations of the current through all junctions of one end."""
    return f"""
        sum_{name} : pA (input)
        total_{name} : nS
        i_{name} = sum_{name} - total_{name}*{v} : pA"""


def check_ends(source: Cells, sink: Cells, call: str) -> None:
    """Refuse cells as ends of which no place is given, and trains."""
    for cells in (source, sink):
        if isinstance(cells, Branched) or isinstance(cells.model, Train):
            raise WiringError(
                f"{call}: a gap junction joins places with a voltage, and {cells.name!r} is none",
                mend=f'write {cells.name}.at("soma")' if isinstance(cells, Branched)
                else "give cells of a model",
            )  # fmt: skip


def on_sites(sites: Sites, synapse: GapJunction, call: str) -> str:
    """Place one end of a junction at sites; return what it is called there."""

    def make(name: str) -> Piece:
        return Piece(lines(name, "v"), {f"total_{name}": "0 nS"}, term=f"i_{name}")

    label = synapse.name or synapse.label
    part = cable_receptors.place_piece(sites, synapse, label, make, call)
    name = part.current.removeprefix("i_") if part.current else label
    part.values.parameters[f"total_{name}"] = np.zeros(part.values.size)
    return name


def point_piece(name: str, synapse: GapJunction, cells: Cells, model: Model, to: str | None,
                call: str) -> Piece:  # fmt: skip
    """Return what point cells are extended by whose junctions end at places elsewhere."""
    target = current_input(model, cells.name, to, call)
    own = synapse._area is not None
    area = f"area_{name}" if own else area_of(model)
    term = scaled(f"i_{name}", target, area, call, cells.name, "rb.synapses.GapJunction(")
    given: dict[str, Any] = {f"total_{name}": "0 nS"}
    if own and term != f"i_{name}":
        given[f"area_{name}"] = synapse._area
    return Piece(lines(name, voltage(model, cells.name, call)), given, input=target.name,
                 term=term)  # fmt: skip


def target(source: Cells, sink: Cells, synapse: GapJunction, of_source: str, of_sink: str,
           call: str) -> Target:  # fmt: skip
    """Return the sums of a junction, from what its ends are called."""

    def read(cells: Cells) -> str:
        assert isinstance(cells.model, Model)
        return voltage(cells.model, cells.name, call)

    terms = [Term(read(source), f"sum_{of_sink}")]
    if synapse.both_ways:
        terms.append(Term(read(sink), f"sum_{of_source}", True))
    return Target(terms[0].to, terms[0].of, SIEMENS, parse_unit("nS"), "weight*(v_pre - v_post)",
                  tuple(terms), of_sink, signed=False)  # fmt: skip


# -- plans ----------------------------------------------------------------------------------


def _ends(cells: Cells, variable: str) -> Iterator[tuple[str, CellValues, Ints | None, int]]:
    """Yield where a variable of cells is: name in the plan, values, elements by index, size."""
    if isinstance(cells, Sites):
        for part in cells._cable.values.homes(variable):
            yield part.name, part.values, part.element, part.values.size
        return
    values = cells.population._cell_values
    assert values is not None
    yield cells.name, values, None, cells.population.size


def _sides(projection: Projection, term: Term) -> tuple[Cells, Cells, Ints, Ints]:
    """Return what is read and what is added to, and the index of each for every synapse."""
    synapses = projection._synapses()
    if term.back:
        return projection.sink, projection.source, synapses.post, synapses.pre
    return projection.source, projection.sink, synapses.pre, synapses.post


def total_of(term: Term, values: CellValues) -> str | None:
    """Return the parameter that holds the sum of the weights of a term, if there is one."""
    name = f"total_{term.to.removeprefix('sum_')}"
    return name if name in values.kinds and term.to.startswith("sum_") else None


def continuous_plans(projection: Projection, places: Any, term: Term) -> list[ContinuousPlan]:
    """Return the plans of a sum of which an end is at places, one for each pair of parts."""
    read, added, pre, post = _sides(projection, term)
    count = pre.size
    weights = np.broadcast_to(np.asarray(projection._weights_si(), np.float64), count)
    steps = np.broadcast_to(np.asarray(projection._steps(), np.int64), count)
    plans = []
    for source, _, of_pre, _ in _ends(read, term.of):
        for sink, values, of_post, size in _ends(added, term.to):
            i = pre if of_pre is None else of_pre[pre]
            j = post if of_post is None else of_post[post]
            some = np.flatnonzero((i >= 0) & (j >= 0))
            if not some.size:
                continue
            order = some[np.lexsort((i[some], j[some]))]
            starts = np.zeros(size + 1, np.int64)
            np.cumsum(np.bincount(j[order], minlength=size), out=starts[1:])
            ways = NOW if total_of(term, values) is None else AHEAD
            for factor, later in ways:
                plans.append(ContinuousPlan(
                    projection.name, places[source], places[sink], term.of, term.to, starts,
                    np.ascontiguousarray(i[order], np.int32),
                    np.ascontiguousarray(factor * weights[order]),
                    np.ascontiguousarray(steps[order] + later), False,
                ))  # fmt: skip
    return plans


def sum_conductances(projections: Any) -> list[tuple[str, CellValues]]:
    """Give every end the sum of its conductances; return the name and values of what changed."""
    sums: dict[tuple[str, str], tuple[CellValues, NDArray[np.float64]]] = {}
    for projection in projections:
        for term in projection._terms:
            added = projection.source if term.back else projection.sink
            for name, values, element, size in _ends(added, term.to):
                total = total_of(term, values)
                if total is None:
                    continue
                _, _, _, post = _sides(projection, term)
                weights = np.broadcast_to(
                    np.asarray(projection._weights_si(), np.float64), post.size
                )
                j = post if element is None else element[post]
                some = j >= 0
                key = (name, total)
                held = sums.setdefault(key, (values, np.zeros(size)))[1]
                held += np.bincount(j[some], weights=weights[some], minlength=size)
    changed = []
    for (name, total), (values, found) in sums.items():
        if not np.array_equal(values.parameters[total], found):
            values.parameters[total] = found
            changed.append((name, values))
    return changed


def begin(plans: Sequence[ContinuousPlan], populations: Sequence[Any]) -> None:
    """Let the sums of junctions be those of the voltages at the start, for the first sample."""
    ends = [plan for plan in plans if plan.input_array.startswith("sum_")
            and getattr(populations[plan.target].program, "linear", None) is not None
            and plan.source_array in populations[plan.source].arrays]  # fmt: skip
    for plan in ends:
        populations[plan.target].arrays[plan.input_array][:] = 0.0
    for plan in ends:
        read = populations[plan.source].arrays[plan.source_array][plan.sources]
        size = plan.row_start.size - 1
        rows = np.repeat(np.arange(size), np.diff(plan.row_start))
        populations[plan.target].arrays[plan.input_array] += np.bincount(
            rows, weights=plan.weights * read, minlength=size
        )
