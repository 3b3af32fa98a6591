"""The compiled engine gives the bits of the definition, however the work is divided."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.hand_made import cells, network, synapses
from tests.engine.networks import random_network

from rheobase.engine import arrivals, compiled, rows, tables
from rheobase.engine.plan import (
    DrivePlan,
    NetworkPlan,
    PopulationPlan,
    SourcePlan,
    new_array,
)
from rheobase.engine.run import Engine
from rheobase.errors import InternalError
from rheobase.rendering import cache


def result(engine: Engine) -> dict[str, Any]:
    """Everything that a run leaves, as bytes."""
    found: dict[str, Any] = {"step": engine.step}
    for p, population in enumerate(engine.plan.populations):
        spikes = engine.take_spikes(p)
        found[f"{population.name} spikes"] = [None if x is None else x.tobytes() for x in spikes]
        if isinstance(population, PopulationPlan):
            for name in ("v", "g", "I", "release", "left", "refractory"):
                found[f"{population.name} {name}"] = population.arrays[name].tobytes()
    for r, _ in enumerate(engine.plan.records):
        found[f"samples {r}"] = [x.tobytes() for x in engine.take_samples(r)]
    return found


def run(plan: NetworkPlan, backend: Any, *pieces: int, threads: int = 1) -> dict[str, Any]:
    engine = Engine(plan, backend, threads=threads)
    for steps in pieces:
        engine.advance(steps)
    return result(engine)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_networks_give_the_same_bits(seed: int) -> None:
    expected = run(random_network(seed, "interpreter"), "interpreter", 100)
    assert run(random_network(seed, "numba"), "numba", 100) == expected
    assert run(random_network(seed, "numba"), "numba", 1, 36, 63) == expected


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_number_of_threads_gives_the_same_bits(seed: int) -> None:
    expected = run(random_network(seed, "interpreter", 700), "interpreter", 80)
    for threads in (1, 2, 3, 7):
        found = run(random_network(seed, "numba", 700), "numba", 1, 36, 43, threads=threads)
        assert found == expected


@pytest.mark.parametrize("short", [0, 2, 10**9])
def test_the_calendar_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch, short: int) -> None:
    monkeypatch.setattr(rows, "SHORT", short)
    for seed in range(5):
        expected = run(random_network(seed, "interpreter"), "interpreter", 80)
        for threads in (1, 3):
            found = run(random_network(seed, "numba"), "numba", 30, 50, threads=threads)
            assert found == expected


@pytest.mark.parametrize("short", [0, 10**9])
def test_a_run_goes_on_with_another_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    monkeypatch.setattr(rows, "SHORT", short)
    for seed in range(3):
        plan = random_network(seed, "numba", 700)
        expected = run(random_network(seed, "numba", 700), "numba", 80)
        engine = Engine(plan, "numba")
        spikes: list[list[Any]] = [[] for _ in plan.populations]
        for threads in (3, 1, 7, 2):
            later = Engine(plan, "numba", engine.step, threads, engine)
            later.restore(engine.state())
            engine = later
            engine.advance(20)
            for p, taken in enumerate(spikes):
                taken.append(engine.take_spikes(p))
        for p, population in enumerate(plan.populations):
            steps = np.concatenate([s.steps for s in spikes[p]])
            ids = np.concatenate([s.ids for s in spikes[p]])
            assert [steps.tobytes(), ids.tobytes()] == expected[f"{population.name} spikes"][:2]
            if isinstance(population, PopulationPlan):
                assert population.arrays["v"].tobytes() == expected[f"{population.name} v"]


@pytest.mark.parametrize("fraction", [1, 10**6])
def test_sparse_and_dense_addition_give_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, fraction: int
) -> None:
    monkeypatch.setattr(arrivals, "SPARSE_FRACTION", fraction)
    monkeypatch.setattr(arrivals, "DENSE_COUNT", fraction)  # no drive is dense
    for seed in range(5):
        expected = run(random_network(seed, "interpreter"), "interpreter", 60)
        assert run(random_network(seed, "numba"), "numba", 60) == expected


def test_a_full_list_of_slices_is_delivered_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SLICES", 0)  # as many as the largest population has cells
    for seed in range(5):
        expected = run(random_network(seed, "interpreter"), "interpreter", 60)
        assert run(random_network(seed, "numba"), "numba", 60) == expected


def test_buffers_of_spikes_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(backend: Any) -> NetworkPlan:
        busy = cells("busy", 700, backend, threshold=-np.inf, held=0)
        source = SourcePlan("source", 64, "poisson", counts=np.full((1, 1), 300.0), stream=1)
        late = synapses("late", 0, 0, "g", np.arange(701), np.zeros(700), 40, {"g": 1e-3})
        return network(busy, source, projections=[late])

    assert run(plan("numba"), "numba", 80) == run(plan("interpreter"), "interpreter", 80)
    monkeypatch.setattr(compiled, "MOST_NUMBERS", 1)  # slices of at most 16 steps
    assert run(plan("numba"), "numba", 80) == run(plan("interpreter"), "interpreter", 80)


def test_sizes_that_fill_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 7, 8, 9, 63, 64, 65, 71, 127, 128, 129, 200):
        fired = np.arange(size) % 5 == 0
        engine = Engine(network(cells("a", size, "numba", v=2.0 * fired)), "numba")
        engine.advance(1)
        np.testing.assert_array_equal(engine.take_spikes(0).ids, np.flatnonzero(fired))


def test_another_network_compiles_nothing() -> None:
    Engine(random_network(1, "numba"), "numba").advance(5)
    for n in range(3):  # every part has been needed by now
        run(random_network(n, "numba"), "numba", 2)
    before = cache.compilations()
    run(random_network(99, "numba"), "numba", 5)
    assert cache.compilations() == before


def test_only_the_parts_that_a_network_needs_are_called() -> None:
    plan = network(cells("a", 3, "numba"))
    engine = Engine(plan, "numba")
    stepper = engine._stepper
    assert isinstance(stepper, compiled.Compiled)
    (made,) = stepper.tables
    assert len(made.calls) == len(made.deliveries) == len(made.emissions) == 0


def test_arrays_may_be_replaced_between_runs() -> None:
    population = cells("a", 3, "numba", decay_v=1.0)
    engine = Engine(network(population), "numba")
    engine.advance(1)
    population.arrays["v"] = np.array([0.0, 2.0, 0.0])
    engine.advance(1)
    assert engine.take_spikes(0).ids.tolist() == [1]


def test_arrays_of_another_type_are_refused() -> None:
    population = cells("a", 3, "numba")
    population.arrays["v"] = np.zeros(3, np.float32)
    with pytest.raises(InternalError, match="needs a contiguous array of float64, got float32"):
        Engine(network(population), "numba")
    population.arrays["v"] = np.zeros(6)[::2]
    with pytest.raises(InternalError, match=r"of float64, got float64 with strides \(16,\)"):
        Engine(network(population), "numba")
    population.arrays["v"] = np.zeros(4)
    with pytest.raises(InternalError, match=r"'v' of 'a' has shape \(4,\) for 3 cells"):
        Engine(network(population), "numba")


def test_large_seeds_and_streams() -> None:
    def plan(backend: Any) -> NetworkPlan:
        target = cells("a", 9, backend)
        drive = DrivePlan(
            0, "g", np.arange(9, dtype=np.int32), {"g": np.ones(1)}, "poisson",
            counts=np.ones((1, 1)), stream=2**63 - 1, seed=2**64 - 5,
        )  # fmt: skip
        return network(target, drives=[drive])

    assert run(plan("numba"), "numba", 20) == run(plan("interpreter"), "interpreter", 20)


def test_new_arrays_serve_as_masks() -> None:
    population = cells("a", 33, "numba", v=2.0)
    population.arrays["spiked"] = new_array(33, np.uint8)
    engine = Engine(network(population), "numba")
    engine.advance(1)
    assert engine.spike_count(0) == 33


def test_tables_are_made_again_only_for_what_was_replaced() -> None:
    plan = random_network(4, "numba")
    engine = Engine(plan, "numba")
    stepper = engine._stepper
    assert isinstance(stepper, compiled.Compiled)
    first = stepper.tables
    engine.advance(3)
    plan.populations[0].arrays["v"][:] = 0.0  # written into: the addresses stay
    engine.advance(3)
    assert stepper.tables is first
    plan.records[0].cells = plan.records[0].cells[::-1].copy()
    engine.advance(3)
    second = stepper.tables
    assert second is not first
    plan.inputs[0].mean = 3.0
    engine.advance(3)
    assert stepper.tables is not second


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_shared_weight_may_be_written_to(dtype: Any) -> None:
    source = SourcePlan("s", 1, "poisson", counts=np.full((1, 1), 30.0), stream=1)
    target = cells("a", 1, "numba", threshold=1e9)
    weights = np.zeros(1, dtype)
    synapse = synapses("p", 0, 1, "g", [0, 1], [0], 0, {"g": weights})
    engine = Engine(network(source, target, projections=[synapse]), "numba")
    engine.advance(2)
    assert target.arrays["g"][0] == 0.0
    weights[0] = 1.0
    engine.advance(2)
    assert target.arrays["g"][0] > 10.0
