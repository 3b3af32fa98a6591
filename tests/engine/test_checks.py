"""Plans that would make compiled code read or write where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.engine.hand_made import cells, network, synapses

from rheobase.engine.checks import check, check_connectivity
from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    NetworkPlan,
    RecordPlan,
    SourcePlan,
)
from rheobase.errors import InternalError


def good() -> NetworkPlan:
    """Three cells, two trains, one of everything."""
    return network(
        cells("a", 3, "interpreter"),
        SourcePlan(
            "s", 2, "times", steps=np.array([1, 1, 4]), ids=np.array([0, 1, 0], np.int32),
            offsets=np.zeros(3),
        ),
        projections=[
            synapses("p", 1, 0, "g", [0, 2, 3], [0, 2, 1], [1, 5, 1], {"g": np.ones(3)})
        ],
        continuous=[
            ContinuousPlan(
                "c", 0, 0, "v", "I", np.array([0, 1, 1, 2]), np.array([2, 0], np.int32),
                np.ones(1), np.array([0, 3]),
            )
        ],
        inputs=[
            InputPlan(0, "I", cells=np.array([0, 2], np.int32), columns=np.array([1, 0], np.int32),
                      waveform=lambda first, steps: np.zeros((steps, 2))),
            InputPlan(0, "I", kind="ou", state=np.zeros(3)),
        ],
        drives=[
            DrivePlan(0, "g", np.array([1, 2], np.int32), {"g": np.ones(2)}, "poisson",
                      counts=np.ones((4, 2)), interval_steps=9)
        ],
        records=[RecordPlan("r", 0, "v", np.array([2, 0], np.int32), 2)],
    )  # fmt: skip


def test_a_good_plan_passes() -> None:
    check(good())
    empty = good()
    empty.projections[0] = synapses("none", 1, 0, "g", [0, 0, 0], [], [], {"g": np.ones(1)})
    check(empty)


def ints(*values: int) -> Any:
    return np.array(values, np.int32)


CASES: list[tuple[str, Callable[[NetworkPlan], Any], str, Any, str]] = [
    ("source", lambda p: p.populations[1], "ids", ints(0, 2, 0), "s: trains lie in 0 ... 2 of 2"),
    ("order", lambda p: p.populations[1], "steps", np.array([4, 1, 1]), "s: events are not sorted"),
    ("trains", lambda p: p.populations[1], "ids", ints(1, 0, 0), "s: events are not sorted"),
    ("length", lambda p: p.populations[1], "steps", np.array([1]), "s: as many steps as trains"),
    ("offsets", lambda p: p.populations[1], "offsets", np.zeros(1), "s: as many offsets as steps"),
    ("sources", lambda p: p.continuous[0], "sources", ints(3, 0), "c: sources lie in 0 ... 3 of 3"),
    ("couplings", lambda p: p.continuous[0], "weights", np.ones(3),
     "c: (3,) weights on 'I' for 2 synapses"),
    ("coupled", lambda p: p.continuous[0], "delay_steps", np.ones(3, int),
     "c: delays do not fit the synapses"),
    ("before", lambda p: p.continuous[0], "delay_steps", np.array([-2, 0]),
     "c: a delay is negative"),
    ("array", lambda p: p.inputs[0], "array", "J", "input 0: there is no array 'J'"),
    ("add", lambda p: p.inputs[0], "array", "v", "input 0: 'v' is no input variable"),
    ("cells", lambda p: p.inputs[0], "cells", ints(0, 3), "input 0: cells lie in 0 ... 3 of 3"),
    ("amplitude", lambda p: p.inputs[0], "amplitude", np.ones(3),
     "input 0: amplitudes do not fit the cells"),
    ("columns", lambda p: p.inputs[0], "columns", ints(0, 2),
     "input 0: columns lie in 0 ... 2 of 2"),
    ("fit", lambda p: p.inputs[0], "columns", ints(0), "input 0: columns do not fit the cells"),
    ("noise", lambda p: p.inputs[1], "state", np.zeros(2),
     "input 1: states of noise do not have shape (3,)"),
    ("driven", lambda p: p.drives[0], "cells", ints(1, 3), "drive 0: cells lie in 1 ... 3 of 3"),
    ("counts", lambda p: p.drives[0], "counts", np.ones((1, 3)),
     "drive 0: expected counts of shape (1, 3) for 2 trains"),
    ("interval", lambda p: p.drives[0], "interval_steps", 0,
     "drive 0: intervals are shorter than a step"),
    ("drive", lambda p: p.drives[0], "weights", {"g": np.ones(3)},
     "drive 0: (3,) weights on 'g' for 2 synapses"),
    ("record", lambda p: p.records[0], "cells", ints(-1), "r: cells lie in -1 ... -1 of 3"),
    ("every", lambda p: p.records[0], "every_steps", 0, "r: samples come at least a step apart"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part", "attribute", "value", "text"), CASES)
def test_a_wrong_plan_is_refused(
    name: str, part: Callable[[NetworkPlan], Any], attribute: str, value: Any, text: str
) -> None:
    plan = good()
    setattr(part(plan), attribute, value)
    with pytest.raises(InternalError) as refused:
        check(plan)
    assert text in str(refused.value)


SYNAPSES: list[tuple[str, str, Any, str]] = [
    ("targets", "targets", np.array([0, 3, 1], np.uint32), "p: targets lie in 0 ... 3 of 3"),
    ("type", "targets", ints(0, 1, 1), "p: targets of int32"),
    ("rows", "row_start", np.array([0, 3]), "p: 2 beginnings of rows for 2 cells"),
    ("end", "row_start", np.array([0, 2, 4]), "p: rows end at 4 of 3 synapses"),
    ("back", "row_start", np.array([0, 5, 3]), "p: a row ends before it begins"),
    ("weights", "weights", {"g": np.ones(2)}, "p: (2,) weights on 'g' for 3 synapses"),
    ("variable", "weights", {"h": np.ones(3)}, "p: weights on ['h'] for ['g']"),
    ("delays", "delays", ints(1, 5), "p: 2 delays for 3 synapses"),
    ("kind", "delays", np.array([1, 5, 1]), "p: delays of int64"),
    ("past", "delays", ints(1, -5, 1), "p: a delay is negative"),
    ("one", "delays", -1, "p: a delay is negative"),
]


@pytest.mark.parametrize(("name", "attribute", "value", "text"), SYNAPSES)
def test_wrong_synapses_are_refused(name: str, attribute: str, value: Any, text: str) -> None:
    plan = good()
    drawn = plan.projections[0].connectivity()
    setattr(drawn, attribute, value)
    with pytest.raises(InternalError) as refused:
        check_connectivity(plan, plan.projections[0], drawn)
    assert text in str(refused.value)


def test_shared_weights_are_checked() -> None:
    plan = good()
    plan.projections[0].shared_weights = {"h": np.ones(1)}
    with pytest.raises(InternalError, match=r"p: weights on \['h'\] for \['g'\]"):
        check(plan)
    plan.projections[0].source = 7
    with pytest.raises(InternalError, match="p: source 7 of 2"):
        check(plan)
