"""Rows that are drawn at every spike, and the memory that slices and drawn synapses wait in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import cfunc
from tests.engine.hand_made import cells, network, synapses
from tests.engine.test_compiled import result

from rheobase.engine import calendar
from rheobase.engine.plan import NetworkPlan, RowRecipe, SourcePlan
from rheobase.engine.run import Engine
from rheobase.rendering.intrinsics import float64_view, int32_view, uint32_view

SOURCES, TARGETS, LONGEST = 40, 300, 9


@cfunc("int64(int64, int64, int64, int64, int64)", cache=True)
def _draw_row(table, source, targets, weights, delays):  # type: ignore[no-untyped-def]
    """Every third cell from the source's number on; weights and delays from both."""
    count = 0
    for target in range(source, 300, 3):
        uint32_view(targets, count, 1)[0] = target
        float64_view(weights, count, 1)[0] = 0.01 * source + 0.001 * target
        int32_view(delays, count, 1)[0] = (source * target) % 10
        count += 1
    return count


def plan(backend: str, drawn: bool, rate: float = 0.1) -> NetworkPlan:
    """A source onto cells through drawn rows, between two stored projections."""
    rows = [np.arange(i, TARGETS, 3) for i in range(SOURCES)]
    starts = np.concatenate([[0], np.cumsum([row.size for row in rows])])
    pre, post = np.repeat(np.arange(SOURCES), np.diff(starts)), np.concatenate(rows)
    recipe = RowRecipe(_draw_row.address, 0, 100, 0, LONGEST)
    weights = {"g": 0.01 * pre + 0.001 * post}
    same = dict(rows=starts, targets=post, weights=weights)
    return network(
        SourcePlan("source", SOURCES, "poisson", counts=np.full((1, 1), rate), stream=5),
        cells("cells", TARGETS, backend, threshold=3.0),
        projections=[
            synapses("before", 0, 1, "g", delays=post % 4, **same),
            synapses("drawn", 0, 1, "g", delays=(pre * post) % 10, **same),
            synapses("after", 0, 1, "g", delays=post % 7, **same),
        ],
    ) if not drawn else _with(plan(backend, False, rate), recipe)  # fmt: skip


def _with(made: NetworkPlan, recipe: RowRecipe) -> NetworkPlan:
    middle = made.projections[1]
    middle.rows, middle.shared_weights = recipe, None
    return made


def run(made: NetworkPlan, backend: Any, threads: int = 1) -> dict[str, Any]:
    engine = Engine(made, backend, threads=threads)
    engine.advance(30)
    engine.advance(50)
    return result(engine)


@pytest.mark.parametrize("rate", [0.1, 3.0])
def test_drawn_rows_give_the_bits_of_stored_ones(
    monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    monkeypatch.setattr(calendar, "FIRST_POOL", 1)
    monkeypatch.setattr(calendar, "FIRST_CHUNKS", 1)
    expected = run(plan("interpreter", False, rate), "interpreter")
    assert run(plan("numba", False, rate), "numba") == expected
    for threads in (1, 2, 3):
        assert run(plan("numba", True, rate), "numba", threads) == expected


def test_drawn_rows_are_drawn_again_for_spikes_under_way() -> None:
    expected = run(plan("numba", False), "numba")
    made = plan("numba", True)
    first = Engine(made, "numba")
    first.advance(30)
    spikes = [first.take_spikes(0), first.take_spikes(1)]
    second = Engine(made, "numba", first.step, 2, first)
    second.restore(first.state())
    second.advance(50)
    found = result(second)
    assert found["cells v"] == expected["cells v"]
    assert spikes[1].ids.tobytes() + found["cells spikes"][1] == expected["cells spikes"][1]


def test_a_network_without_short_rows_compiles_no_calendar() -> None:
    engine = Engine(network(cells("a", 3, "numba")), "numba")
    stepper: Any = engine._stepper
    assert not stepper.calendars[0].used
