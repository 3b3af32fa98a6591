"""What both engines derive from a plan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.engine.hand_made import cells, network, synapses

from rheobase.engine import facts
from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    ProjectionPlan,
    RecordPlan,
    SourcePlan,
)
from rheobase.errors import InternalError


def projection(source: int, target: int, delays: list[int], **weights: float) -> ProjectionPlan:
    return synapses("p", source, target, "port", [0] * 3, [], 1, weights, longest_delay=max(delays))


def test_delays_and_accumulators() -> None:
    first, source = cells("first", 2, "interpreter"), SourcePlan("source", 1, "times")
    event = projection(0, 0, [2], weight=1.0)
    plan = network(
        first,
        source,
        projections=[projection(1, 0, [1, 9], g=1.0), projection(1, 0, [4], v=1.0, g=1.0), event],
        drives=[DrivePlan(0, "x", np.zeros(1, np.int32), {"w": np.ones(1)}, "poisson")],
    )
    assert facts.longest_delays(plan) == [2, 9]
    assert facts.accumulated(plan, 0) == ["g", "v", "w"]
    assert facts.is_event(event)


def test_missing_arrays_are_added_and_others_left() -> None:
    population = cells("a", 40, "interpreter", v=0.5)
    del population.arrays["observed_double"], population.arrays["spiked"]
    plan = network(
        population,
        projections=[projection(0, 0, [1], g=1.0)],
        records=[RecordPlan("r", 0, "double", np.zeros(1, np.int32))],
    )
    facts.add_missing_arrays(plan, sums=True)
    assert population.arrays["arriving_g"].shape == (40,)
    assert population.arrays["observed_double"].dtype == np.float64
    assert population.arrays["spiked"].dtype == np.uint8
    assert (population.arrays["v"] == 0.5).all()
    assert "arriving_v" not in population.arrays


@pytest.mark.parametrize(
    ("kind", "crossing", "expected"),
    [
        ("none", "grid", ""),
        ("duration", "grid", "release"),
        ("duration", "linear", "left"),
        ("condition", "grid", "refractory"),
    ],
)
def test_what_says_that_arrivals_are_lost(kind: str, crossing: str, expected: str) -> None:
    population = cells("a", 1, "interpreter", refractory_kind=kind, crossing=crossing)
    assert facts.hold(population, "v") == expected
    assert facts.hold(population, "g") == ""


def test_noise_is_exact_for_any_step() -> None:
    noise = InputPlan(0, "I", kind="ou", std=3.0, tau=0.02)
    decay, kick = facts.noise_coefficients(0.005, noise)
    assert decay == pytest.approx(math.exp(-0.25), rel=1e-15)
    assert decay**2 * 9.0 + kick**2 == pytest.approx(9.0, rel=1e-14)  # stationary
    plan = network(cells("a", 7, "interpreter"), inputs=[noise])
    assert facts.noise_size(plan, noise) == 7
    assert facts.noise_size(plan, InputPlan(0, "I", kind="ou", shared=True)) == 1
    some = InputPlan(0, "I", kind="ou", cells=np.array([1, 4], np.int32))
    assert facts.noise_size(plan, some) == 2


def test_inputs_that_nothing_reaches() -> None:
    a, b, c = (cells(name, 1, "interpreter") for name in "abc")
    plan = network(
        a,
        b,
        c,
        inputs=[InputPlan(0, "I", waveform=lambda first, steps: np.zeros((steps, 1)))],
        continuous=[
            ContinuousPlan(
                "c", 0, 1, "v", "I", np.array([0, 0]), np.zeros(0, np.int32), np.ones(1),
                np.zeros(1, np.int64),
            )
        ],
    )  # fmt: skip
    assert facts.untouched_inputs(plan) == [(2, "I")]


def test_intervals_of_a_rate() -> None:
    counts = np.array([[1.0], [2.0]])
    found = [facts.interval_row(counts, 10, k) for k in (0, 9, 10, 19)]
    assert [float(row[0]) for row in found if row is not None] == [1.0, 1.0, 2.0, 2.0]
    assert facts.interval_row(counts, 10, 20) is None


def test_columns_of_a_waveform() -> None:
    item = InputPlan(0, "I")
    np.testing.assert_array_equal(facts.input_columns(item, 1, 3), [0, 0, 0])
    np.testing.assert_array_equal(facts.input_columns(item, 3, 3), [0, 1, 2])
    item.columns = np.array([1, 0, 1], np.int32)
    np.testing.assert_array_equal(facts.input_columns(item, 2, 3), [1, 0, 1])
    item.columns = None
    with pytest.raises(InternalError, match="a waveform has 2 columns for 3 cells"):
        facts.input_columns(item, 2, 3)


def test_waveforms_have_to_fit() -> None:
    with pytest.raises(InternalError, match="the input to 'I' has no waveform"):
        facts.waveform_values(InputPlan(0, "I"), 0, 3)
    wrong = InputPlan(0, "I", waveform=lambda first, steps: np.zeros((2, 1)))
    with pytest.raises(InternalError, match=r"a waveform gave shape \(2, 1\) for 3 steps"):
        facts.waveform_values(wrong, 0, 3)


def test_a_source_is_no_population_of_cells() -> None:
    plan = network(SourcePlan("source", 1, "times"))
    with pytest.raises(InternalError, match="'source' is a source of spikes where cells"):
        facts.model(plan, 0)


def test_seeds_of_parts() -> None:
    plan = network(SourcePlan("own", 1, "poisson", seed=3), SourcePlan("net", 1, "poisson"))
    assert [facts.seed_of(plan, p) for p in plan.populations] == [3, 7]
