"""Rows that are not stored: what an engine needs to draw one whenever its source spikes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rheobase.connectivity import values
from rheobase.connectivity.parts import address_of
from rheobase.connectivity.parts import columns as c
from rheobase.connectivity.rows import layout, row_lengths
from rheobase.connectivity.ruletable import address, rule_table
from rheobase.connectivity.values import Source, value_table
from rheobase.errors import InternalError
from rheobase.network import rules
from rheobase.network.distributions import Distribution
from rheobase.network.drawing import Drawing
from rheobase.network.draws import Ints
from rheobase.network.synapse_values import MAX_DELAY_STEPS, steps_of


@dataclass(eq=False)
class Recipe:
    """How one row of a connection is drawn.

    Attributes
    ----------
    function : int
        Address of `int64 draw(int64 table, int64 source, int64 targets, int64 weights, int64
        delays)`; see `parts/single.py`.
    table : int
        Its first argument.
    longest_row : int
        The most synapses of a row.
    shortest_delay, longest_delay : int
        The delays there are, in steps.
    count : int
        The number of synapses.
    """

    function: int
    table: int
    longest_row: int
    shortest_delay: int
    longest_delay: int
    count: int
    alive: list[Any] = field(default_factory=list)


def row_recipe(
    rule: rules.Rule, drawing: Drawing, size: int, origin: Source, weight: float | Distribution,
    weights: Source, delay: int | Distribution, delays: Source, dt: float, single: bool,
    threads: int,
) -> Recipe | None:  # fmt: skip
    """Return how a row is drawn; all rows are drawn once to see that they can be.

    Parameters
    ----------
    rule
        A rule that `drawn_by_row`.
    drawing
        The cells of both sides.
    size
        Number of cells of the source population.
    origin, weights, delays
        The random numbers of the rule, the weights and the delays.
    weight
        In SI units, or drawn.
    delay
        In steps, or drawn.
    dt
        The step in seconds.
    single
        Whether weights are rounded to float32.
    threads
        How many threads draw.

    Returns
    -------
    Recipe or None
        None if a weight or delay drawn is none: whoever draws the synapses to be stored is told
        what is wrong.
    """
    if 0 in drawing.shape:
        raise InternalError("there are no rows between no cells")
    table = rule_table(rule, drawing, origin.seed, origin.stream)
    lengths = row_lengths(rule, table, threads)
    row_start, _ = layout(lengths, drawing.sources, size)
    weight_table = value_table(weight, weights, single=single)
    delay_table = value_table(delay if isinstance(delay, Distribution) else float(delay), delays,
                              dt)  # fmt: skip
    steps = _steps_seen(delay, delay_table, row_start, dt, threads)
    if steps is None:
        return None
    if isinstance(weight, Distribution) and values.seen(weight_table, row_start, threads)[2]:
        return None
    places = np.full(size, -1, np.int32)
    places[drawing.sources.ids] = np.arange(drawing.sources.ids.size, dtype=np.int32)
    longest_row = int(lengths.max(initial=0))
    entries: Ints = np.zeros(c.R_SIZE, np.int64)
    entries[c.R_RULE] = table.address
    entries[c.R_WEIGHTS], entries[c.R_DELAYS] = address(weight_table), address(delay_table)
    entries[c.R_PLACES], entries[c.R_LONGEST] = address(places), longest_row
    return Recipe(
        address_of("single", "draw"), address(entries), longest_row, *steps,
        int(row_start[-1]), [table, weight_table, delay_table, places, entries],
    )  # fmt: skip


def _steps_seen(
    delay: int | Distribution, table: Ints, row_start: Ints, dt: float, threads: int
) -> tuple[int, int] | None:
    """Return the shortest and the longest delay in steps; None where one drawn is no delay."""
    if not isinstance(delay, Distribution):
        return delay, delay
    lowest, highest, wrong = values.seen(table, row_start, threads)
    if wrong or lowest < 0 or highest / dt > MAX_DELAY_STEPS:
        return None
    if not np.isfinite(lowest):  # there are no synapses
        return 1, 1
    shortest, longest = steps_of(np.array([lowest, highest]), dt, True)
    return int(shortest), int(longest)
