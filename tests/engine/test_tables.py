"""The tables that the compiled engine reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engine.hand_made import cells, network, synapses

from rheobase.engine import rows
from rheobase.engine.addresses import as_int64, as_table
from rheobase.engine.compiled import Compiled
from rheobase.engine.parts import columns
from rheobase.engine.plan import DrivePlan, InputPlan, ProjectionPlan
from rheobase.engine.run import Engine
from rheobase.engine.tables import Tables, _range_of
from rheobase.errors import InternalError


def tables_of(*populations: Any, **parts: Any) -> Tables:
    stepper = Engine(network(*populations, **parts), "numba")._stepper
    assert isinstance(stepper, Compiled)
    return stepper.tables[0]


def one_row(name: str, delays: list[int], variables: list[str]) -> ProjectionPlan:
    each = len(delays)
    return synapses(name, 0, 0, "g", [0, each], [0] * each, delays, dict.fromkeys(variables, 1.0))


def test_entries_are_sorted_oldest_first_then_by_creation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "SHORT", 0)  # no calendar
    made = tables_of(
        cells("a", 1, "numba"),
        projections=[one_row("first", [0, 2, 5], ["g", "v"]), one_row("second", [2, 9], ["g"])],
    )
    # lines: 0 and 1 are the two variables of the first projection, 2 is the second
    found = made.arrivals.entries[:, [columns.E_DELAY, columns.E_LINE]].tolist()
    assert found == [[9, 2], [5, 0], [5, 1], [2, 0], [2, 1], [2, 2], [0, 0], [0, 1]]
    (row,) = made.arrivals.targets.tolist()
    assert row[columns.T_DELAYED : columns.T_ENTRIES + 1] == [6, 8]
    assert len(made.arrivals.applies) == 2


def test_steady_inputs_are_marked_where_they_change() -> None:
    def steps(first: int, count: int) -> Any:
        return (np.arange(first, first + count)[:, None] // 4).astype(float)

    item = InputPlan(0, "I", waveform=steps)
    made = tables_of(cells("a", 2, "numba"), inputs=[item])
    made.set_waveforms({id(item): steps(2, 9)}, 9)
    assert made.group_inputs == [[0]]
    address = int(made.groups[0, columns.G_CHANGED])
    (changed,) = [a for a in made._changes if a.__array_interface__["data"][0] == address]
    assert changed.tolist() == [1, 0, 1, 0, 0, 0, 1, 0, 0]


def test_drives_with_many_events_are_dense() -> None:
    def drive(rate: float) -> DrivePlan:
        return DrivePlan(0, "g", np.arange(4, dtype=np.int32), {"g": np.ones(1)}, "poisson",
                         counts=np.full((1, 1), rate))  # fmt: skip

    made = tables_of(cells("a", 4, "numba"), drives=[drive(0.01), drive(1.0)])
    assert made.arrivals.drives[:, columns.V_DENSE].tolist() == [0, 1]


def test_helpers() -> None:
    assert [as_int64(n) for n in (0, 2**63 - 1, 2**63, 2**64 - 1, -1)] == [
        0, 2**63 - 1, -(2**63), -1, -1,
    ]  # fmt: skip
    keys = [("add", 0, "I"), ("add", 0, "I"), ("set", 0, "g")]
    assert _range_of(("add", 0, "I"), keys) == (0, 2)
    assert _range_of(("set", 0, "g"), keys) == (2, 3)
    assert _range_of(("add", 1, "I"), keys) == (0, 0)
    assert as_table([], 3).shape == (0, 3)
    with pytest.raises(InternalError, match=r"a table has rows of \[2\] for 3 columns"):
        as_table([[1, 2]], 3)
