"""Synapses in bundles: which projections are merged, in what order, and how they are stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.hand_made import cells, network, synapses

from rheobase.engine import rows
from rheobase.engine.partition import shares
from rheobase.engine.plan import Connectivity, NetworkPlan, ProjectionPlan, SourcePlan
from rheobase.engine.rows import Rows, bundled
from rheobase.engine.run import Engine
from rheobase.engine.stored import StoredRows as Sorted
from rheobase.engine.workers import Workers
from rheobase.errors import InternalError


def individual(name: str, source: int, target: int, *variables: str, **options: Any) -> Any:
    weights = {variable: np.ones(2) for variable in variables}
    return synapses(name, source, target, "g", [0, 2, 2], [0, 1], 1, weights, **options)


def network_of(*projections: ProjectionPlan) -> NetworkPlan:
    made = [cells("a", 2, "interpreter"), cells("b", 2, "interpreter")]
    return network(*made, SourcePlan("s", 2, "times"), projections=list(projections))


def names(plan: NetworkPlan) -> list[list[str]]:
    return [[projection.name for projection in group] for group in bundled(plan)]


def test_projections_of_one_source_onto_several_sums_make_one_bundle() -> None:
    plan = network_of(
        individual("aa", 0, 0, "g"), individual("ab", 0, 1, "g"), individual("ba", 1, 0, "g"),
        individual("av", 0, 0, "v"),
    )  # fmt: skip
    assert names(plan) == [["aa", "ab", "av"], ["ba"]]


def test_the_order_of_additions_to_a_sum_is_kept() -> None:
    plan = network_of(
        individual("first", 0, 0, "g"), individual("other", 1, 0, "g"),
        individual("second", 0, 0, "g"), individual("elsewhere", 0, 1, "g"),
    )  # fmt: skip
    assert names(plan) == [["first", "elsewhere"], ["other"], ["second"]]


def test_shared_weights_events_and_other_spans_stand_alone() -> None:
    shared = synapses("shared", 0, 1, "g", [0, 1, 1], [0], 1, {"g": 1.0})
    event = synapses("event", 0, 1, "jump", [0, 2, 2], [0, 1], 1, {"weight": np.ones(2)})
    plan = network_of(
        individual("one", 0, 0, "g"), shared, event, individual("late", 0, 1, "v", since=5),
        individual("two", 0, 1, "g", "v"),
    )  # fmt: skip
    assert names(plan) == [["one"], ["shared"], ["event"], ["late"], ["two"]]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), threads=st.integers(1, 3), short=st.sampled_from([0, 10**9]))
def test_stored_rows_are_those_that_numpy_sorts(data: Any, threads: int, short: int) -> None:
    sources, targets = data.draw(st.integers(1, 5)), 200
    count = data.draw(st.integers(0, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    pre, post = np.sort(rng.integers(0, sources, count)), rng.integers(0, targets, count)
    post = post[np.lexsort((post, pre))]
    starts = np.searchsorted(pre, np.arange(sources + 1))
    steps = rng.integers(1, 6, count)
    weights = rng.random(count).astype(rng.choice([np.float32, np.float64]))
    plan = network(
        SourcePlan("s", sources, "times"), cells("a", targets, "interpreter"),
        projections=[synapses("p", 0, 1, "g", starts, post, steps, {"g": weights})],
    )  # fmt: skip
    expected = Sorted.of(plan.projections[0].connectivity())
    before, rows.SHORT = rows.SHORT, short
    try:
        made = Rows(plan, shares(plan, threads), Workers(threads))
    finally:
        rows.SHORT = before
    (bundle,) = made.bundles
    assert plan.projections[0].longest_delay == steps.max(initial=0)
    for share, stored in zip(made.shares, bundle.shares, strict=True):
        lo, hi = share.own(1)
        own = (expected.targets >= lo) & (expected.targets < hi)
        np.testing.assert_array_equal(stored.targets, expected.targets[own] - lo)
        kept = stored.weights.get("g", bundle.shared.get("g"))
        assert kept is not None
        if count > 1:
            np.testing.assert_array_equal(kept, expected.weights["g"][own])
        sizes = np.diff(expected.starts.reshape(-1)[: sources * (expected.starts.shape[1])])
        assert stored.starts[-1] == own.sum() <= sizes[sizes > 0].sum() + count


def test_a_shared_weight_is_replaced_and_nothing_laid_out_again() -> None:
    drawn = []

    def connectivity() -> Connectivity:
        drawn.append(1)
        return Connectivity(np.array([0, 1]), np.zeros(1, np.uint32), 1, {"g": np.ones(1)})

    projection = ProjectionPlan("p", 0, 1, "g", connectivity, ("g",),
                                shared_weights={"g": np.ones(1)})  # fmt: skip
    target = cells("a", 1, "numba", threshold=1e9)
    source = SourcePlan("s", 1, "poisson", counts=np.full((1, 1), 30.0), stream=1)
    engine = Engine(network(source, target, projections=[projection]), "numba")
    stepper: Any = engine._stepper
    tables = stepper.tables
    for weight in (2.0, 0.0):
        projection.shared_weights = {"g": np.array([weight])}
        projection.version += 1
        target.arrays["g"][0] = 0.0
        engine.advance(3)
        assert (target.arrays["g"][0] > 0.0) == (weight > 0.0) or weight == 0.0
    assert len(drawn) == 1
    assert stepper.tables is tables


def test_individual_weights_that_were_set_are_laid_out_again() -> None:
    weights = {"g": np.zeros(2)}
    projection = synapses("p", 0, 1, "g", [0, 2], [0, 1], 1, weights)
    source = SourcePlan("s", 1, "poisson", counts=np.full((1, 1), 30.0), stream=1)
    target = cells("a", 2, "numba", threshold=1e9)
    engine = Engine(network(source, target, projections=[projection]), "numba")
    engine.advance(3)
    assert not target.arrays["g"].any()
    weights["g"] = np.array([1.0, 2.0])
    drawn = projection.connectivity()
    projection.connectivity = lambda: Connectivity(
        drawn.row_start, drawn.targets, drawn.delays, dict(weights)
    )
    projection.version += 1
    engine.advance(3)
    assert target.arrays["g"].all()


def test_an_engine_takes_over_the_synapses_of_the_one_before() -> None:
    plan = network_of(individual("aa", 0, 0, "g"))
    for population in plan.populations[:2]:
        population.kernels = cells("x", 2, "numba").kernels  # type: ignore[union-attr]
    first = Engine(plan, "numba")
    (bundle,) = first._stepper.rows.bundles  # type: ignore[attr-defined]
    second = Engine(plan, "numba", before=first)
    assert second._stepper.rows.bundles == [bundle]  # type: ignore[attr-defined]
    first.advance(2)  # lays out again what was taken away
    assert first._stepper.rows.bundles[0] is not bundle  # type: ignore[attr-defined]


def test_rows_that_do_not_ascend_are_refused() -> None:
    projection = synapses("p", 0, 0, "g", [0, 2, 2], [1, 0], np.array([1, 2]), {"g": np.ones(2)})
    plan = network(cells("a", 2, "interpreter"), projections=[projection])
    with pytest.raises(InternalError, match="p: targets do not ascend within a row"):
        Rows(plan, shares(plan, 1), Workers(1))
