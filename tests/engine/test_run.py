"""What a step does, on both engines, worked out by hand."""

from __future__ import annotations

import math
import signal
from typing import Any

import numpy as np
import pytest
from tests.engine.hand_made import cells, network, synapses

from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    ProjectionPlan,
    RecordPlan,
    SourcePlan,
)
from rheobase.engine.run import Engine, NotFinite
from rheobase.errors import InternalError
from rheobase.rendering import random


def ids(*places: int) -> Any:
    return np.array(places, np.int32)


def trains(size: int, *events: tuple[int, int], **options: Any) -> SourcePlan:
    """A source with spikes (step, train)."""
    steps = np.array([k for k, _ in events], np.int64)
    return SourcePlan(
        "trains", size, "times", steps=steps, ids=ids(*(i for _, i in events)), **options
    )


def one_to_one(source: int, target: int, size: int, delay: int, port: str = "g", **w: Any) -> Any:
    return synapses(
        f"{source}-{target}", source, target, port, np.arange(size + 1), np.arange(size), delay, w
    )


def record(*places: int, variable: str = "v", every: int = 1, population: int = 0) -> RecordPlan:
    return RecordPlan("r", population, variable, ids(*places), every)


def constant(value: float) -> Any:
    return lambda first, steps: np.full((steps, 1), value)


# -- delivery -----------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_a_spike_of_step_k_arrives_at_the_end_of_step_k_plus_delay(
    backend: Any, delay: int
) -> None:
    population = cells("a", 2, backend, decay_v=0.0, threshold=9.0)
    plan = network(
        population,
        trains(2, (3, 1)),
        projections=[one_to_one(1, 0, 2, delay, g=1.0)],
        records=[record(0, 1, variable="g")],
    )
    engine = Engine(plan, backend)
    engine.advance(10)
    values = engine.take_samples(0).values
    arrived = 3 + delay + 1  # the sample at k*dt shows what step k - 1 left
    assert values[:, 0].tolist() == [0.0] * 10
    assert values[:arrived, 1].tolist() == [0.0] * arrived
    assert values[arrived, 1] == 1.0
    assert values[arrived + 1, 1] == 0.8


def test_spikes_are_stamped_and_reset(backend: Any) -> None:
    population = cells("a", 3, backend, v=[0.0, 2.0, 2.0], held=2, decay_v=1.0)
    engine = Engine(network(population, records=[record(1)]), backend)
    engine.advance(5)
    spikes = engine.take_spikes(0)
    assert spikes.steps.tolist() == [0, 0]
    assert spikes.ids.tolist() == [1, 2]
    assert spikes.offsets is None
    assert engine.take_samples(0).values[:, 0].tolist() == [2.0, -0.25, -0.25, -0.25, -0.25]


def test_linear_crossings_carry_their_offset(backend: Any) -> None:
    population = cells("a", 2, backend, v=[0.0, 2.0], decay_v=1.0, crossing="linear")
    engine = Engine(network(population), backend)
    engine.advance(2)
    spikes = engine.take_spikes(0)
    assert spikes.offsets is not None
    assert spikes.offsets.tolist() == [2e-5]


@pytest.mark.parametrize(
    ("program", "lost"),
    [
        ({"refractory_kind": "none"}, []),
        ({}, [0, 1, 2, 3]),  # the step of the spike and the three that it is held for
        ({"crossing": "linear"}, [0, 1, 2, 3]),
        ({"refractory_kind": "condition"}, [0]),  # the flag is set in the step of the spike
    ],
)
def test_arrivals_at_a_held_variable_are_lost(backend: Any, program: Any, lost: Any) -> None:
    # a threshold crossed at step 0; then one arrival a step, at v (held) and at g (not held)
    population = cells("a", 1, backend, v=2.0, decay_v=1.0, held=3, **program)
    plan = network(
        population,
        trains(1, *[(k, 0) for k in range(6)]),
        projections=[one_to_one(1, 0, 1, 0, v=0.125, g=1.0)],
        records=[record(0), record(0, variable="g")],
    )
    engine = Engine(plan, backend)
    before = []
    for step in range(6):
        population.arrays["v"][0] = 2.0 if step == 0 else 0.0
        population.arrays["g"][0] = 0.0
        engine.advance(1)
        held = population.arrays["v"][0] in (-0.25, 0.0)
        before.append(held)
        assert population.arrays["g"][0] == 1.0
    assert [k for k in range(6) if before[k]] == lost


def test_event_ports_run_in_order(backend: Any) -> None:
    """v = 0.5*v + w: oldest first, then projection, then place in the row; drives; delay 0."""
    target = cells("target", 1, backend, decay_v=1.0, threshold=1e9)
    source = trains(2, (0, 0), (0, 1), (2, 0), (2, 1))

    def row(name: str, weights: list[float], delays: list[int]) -> ProjectionPlan:
        # two sources; each has one synapse a delay, all onto the one cell
        each = len(delays)
        return synapses(
            name, 1, 0, "jump", np.arange(3) * each, np.zeros(2 * each), 2 * delays,
            {"weight": np.array(weights, float)},
        )  # fmt: skip

    plan = network(
        target,
        source,
        projections=[row("late", [1, 2, 3, 4], [0, 2]), row("next", [5, 6], [2])],
        drives=[
            DrivePlan(
                0, "jump", ids(0), {"weight": np.array([7.0])}, "times",
                steps=np.array([2, 2]), ids=ids(0, 0),
            )
        ],
    )  # fmt: skip
    engine = Engine(plan, backend)
    engine.advance(3)
    v = 0.0
    for weight in (1, 3):  # step 0, delay 0: both sources
        v = 0.5 * v + weight
    # step 2: delay 2 of "late" by source, then of "next"; the drive twice; delay 0 of "late"
    for weight in (2, 4, 5, 6, 7, 7, 1, 3):
        v = 0.5 * v + weight
    assert target.arrays["v"][0] == v


def test_arrivals_are_added_once_from_zero(backend: Any) -> None:
    """1 + (1e-16 + 1e-16) is not (1 + 1e-16) + 1e-16."""
    target = cells("target", 1, backend, decay_v=1.0, threshold=9.0, v=1.0)
    plan = network(
        target,
        trains(2, (0, 0), (0, 1)),
        projections=[
            synapses("p", 1, 0, "g", [0, 1, 2], [0, 0], 1, {"v": 1.2e-16}),
        ],
    )  # fmt: skip
    Engine(plan, backend).advance(2)
    assert target.arrays["v"][0] == 1.0 + 2.4e-16 != 1.0


def test_sources_repeat_their_spikes(backend: Any) -> None:
    source = trains(2, (1, 1), (1, 1), (2, 0), offsets=np.array([1e-5, 2e-5, 3e-5]))
    target = cells("target", 2, backend, threshold=9.0)
    plan = network(source, target, projections=[one_to_one(0, 1, 2, 1, g=1.0)])
    engine = Engine(plan, backend)
    engine.advance(3)
    spikes = engine.take_spikes(0)
    assert spikes.steps.tolist() == [1, 1, 2]
    assert spikes.ids.tolist() == [1, 1, 0]
    assert spikes.offsets is not None
    assert spikes.offsets.tolist() == [1e-5, 2e-5, 3e-5]
    assert target.arrays["g"].tolist() == [0.0, 2.0]


def test_poisson_sources_draw_from_their_stream(backend: Any) -> None:
    counts = np.array([[0.5, 3.0, 0.0], [40.0, 0.0, 1.0]])
    source = SourcePlan("p", 3, "poisson", counts=counts, interval_steps=4, stream=99)
    engine = Engine(network(source), backend)
    engine.advance(12)  # in the last four steps nothing is emitted
    spikes = engine.take_spikes(0)
    expected = [
        random.poisson(7, 99, 0, 3, k, 0, counts[k // 4]) if k < 8 else np.zeros(3)
        for k in range(12)
    ]
    found = np.zeros((12, 3), int)
    np.add.at(found, (spikes.steps, spikes.ids), 1)
    np.testing.assert_array_equal(found, expected)
    order = np.lexsort((spikes.ids, spikes.steps))
    np.testing.assert_array_equal(order, np.arange(order.size))


@pytest.mark.parametrize("rate", [0.02, 2.0])
def test_drives_add_their_count_times_the_weight(backend: Any, rate: float) -> None:
    target = cells("target", 50, backend, threshold=9.0, decay_v=0.0)
    some = np.arange(3, 43, dtype=np.int32)
    weights = np.linspace(0.1, 1.0, 40)
    drive = DrivePlan(
        0, "g", some, {"g": weights, "v": np.array([2.0])}, "poisson",
        counts=np.full((1, 1), rate), stream=5, seed=11,
    )  # fmt: skip
    engine = Engine(network(target, drives=[drive]), backend)
    for k in range(20):
        target.arrays["g"][:] = 0.0
        engine.advance(1)
        drawn = random.poisson(11, 5, 0, 40, k, 0, rate)
        np.testing.assert_array_equal(target.arrays["g"][3:43], drawn * weights)
        held = k < target.arrays["release"][3:43]
        np.testing.assert_array_equal(target.arrays["v"][3:43][~held] > 0, drawn[~held] > 0)
    assert not target.arrays["g"][:3].any()


# -- inputs -------------------------------------------------------------------------------------


def test_injections_add_and_are_held_for_the_step(backend: Any) -> None:
    a = cells("a", 3, backend, decay_v=0.0, threshold=1e9)

    def ramp(first: int, steps: int) -> Any:
        return np.arange(first, first + steps, dtype=float)[:, None]

    def two(first: int, steps: int) -> Any:
        return np.tile([10.0, 20.0], (steps, 1))

    plan = network(
        a,
        inputs=[
            InputPlan(0, "I", waveform=ramp),
            InputPlan(0, "I", cells=ids(1, 2), waveform=two, amplitude=np.array([1.0, 2.0]),
                      columns=ids(1, 0)),
        ],
        records=[record(0, 1, 2, variable="I"), record(0, 1, 2)],
    )  # fmt: skip
    engine = Engine(plan, backend)
    engine.advance(3)
    engine.advance(2)
    expected = np.array([[k, k + 20.0, k + 20.0] for k in range(5)])
    current = engine.take_samples(0).values
    np.testing.assert_array_equal(current[1:], expected[:4])
    np.testing.assert_array_equal(engine.take_samples(1).values[1:], expected[:4])
    assert current[0].tolist() == [0.0, 0.0, 0.0]


def test_a_steady_current_stays(backend: Any) -> None:
    a = cells("a", 2, backend, decay_v=0.0, threshold=9.0)
    pulse = np.repeat([0.0, 0.5, 0.0, 0.25], 5)[:, None]
    item = InputPlan(0, "I", waveform=lambda first, steps: pulse[first : first + steps])
    engine = Engine(network(a, inputs=[item], records=[record(1)]), backend)
    engine.advance(20)
    values = engine.take_samples(0).values[:, 0]
    np.testing.assert_array_equal(values[1:], pulse[:-1, 0])


def test_arrays_can_be_set_from_a_waveform(backend: Any) -> None:
    a = cells("a", 2, backend, decay_v=0.0, threshold=9.0)
    item = InputPlan(
        0, "g", mode="set", cells=ids(1), waveform=constant(3.0), amplitude=np.array([0.5])
    )
    engine = Engine(network(a, inputs=[item]), backend)
    engine.advance(2)
    np.testing.assert_allclose(a.arrays["v"], [0.0, 1.5])


def test_inputs_without_a_source_are_zero(backend: Any) -> None:
    a = cells("a", 2, backend, decay_v=0.0, threshold=9.0)
    a.arrays["I"][:] = 5.0
    Engine(network(a), backend).advance(1)
    assert a.arrays["v"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("shared", [False, True])
def test_noise_has_the_stationary_deviation_and_the_time_constant(
    backend: Any, shared: bool
) -> None:
    a = cells("a", 400, backend, decay_v=0.0, threshold=1e9)
    item = InputPlan(
        0, "I", kind="ou", mean=2.0, std=0.5, tau=1e-3, stream=3, shared=shared,
        amplitude=np.array([2.0]),
    )  # fmt: skip
    engine = Engine(network(a, inputs=[item], records=[record(*range(400))]), backend)
    engine.advance(301)
    values = engine.take_samples(0).values[1:]
    if shared:
        assert (values == values[:, :1]).all()
        return
    assert values.mean() == pytest.approx(4.0, abs=0.05)
    assert values.std() == pytest.approx(1.0, rel=0.02)
    steps = [values[k].std() for k in (0, 150, 299)]
    assert steps == pytest.approx([1.0] * 3, rel=0.15)  # stationary from the first step on
    lagged = np.mean((values[:-10] - 4.0) * (values[10:] - 4.0))
    assert lagged == pytest.approx(math.exp(-1.0), abs=0.03)  # 10 steps are one tau


# -- continuous couplings -----------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["v", "double"])
def test_continuous_couplings_read_the_past(backend: Any, variable: str) -> None:
    rows = np.array([0, 2, 3])
    sources, weights = ids(0, 2, 1), np.array([1.0, 10.0, 100.0])
    delays = np.array([0, 2, 3])
    a = cells("a", 3, backend, decay_v=0.5, threshold=1e9, v=[1.0, 2.0, 3.0])
    b = cells("b", 2, backend, decay_v=0.0, threshold=1e9)
    plan = network(
        a,
        b,
        continuous=[ContinuousPlan("c", 0, 1, variable, "I", rows, sources, weights, delays)],
        records=[record(0, 1, population=1)],
    )
    engine = Engine(plan, backend)
    engine.advance(4)
    engine.advance(3)
    values = engine.take_samples(0).values

    def past(k: int, i: int) -> float:
        k = max(k, 0)  # before the first step: as it began
        v = (i + 1.0) * 0.5**k
        return v if variable == "v" else 2.0 * v + k

    for k in range(6):
        expected = [past(k, 0) + 10.0 * past(k - 2, 2), 100.0 * past(k - 3, 1)]
        assert values[k + 1].tolist() == expected


def test_couplings_of_both_populations_read_the_beginning_of_the_step(backend: Any) -> None:
    a = cells("a", 1, backend, decay_v=0.0, threshold=9.0, v=1.0)
    b = cells("b", 1, backend, decay_v=0.0, threshold=9.0, v=2.0)
    one, no_delay = np.ones(1), np.zeros(1, np.int64)
    rows = np.array([0, 1])
    plan = network(
        a,
        b,
        continuous=[
            ContinuousPlan("ab", 0, 1, "v", "I", rows, ids(0), one, no_delay),
            ContinuousPlan("ba", 1, 0, "v", "I", rows, ids(0), one, no_delay),
        ],
    )
    Engine(plan, backend).advance(1)
    assert a.arrays["v"][0] == 2.0
    assert b.arrays["v"][0] == 1.0


# -- recordings ---------------------------------------------------------------------------------


def test_samples_of_successive_runs(backend: Any) -> None:
    a = cells("a", 4, backend, decay_v=0.5, threshold=9.0, v=[1.0, 2.0, 4.0, 8.0])
    plan = network(
        a,
        records=[record(3, 0, every=3), record(1, variable="double", every=2),
                 record(2, variable="release", every=4), record(3, variable="refractory")],
    )  # fmt: skip
    engine = Engine(plan, backend)
    engine.advance(3)
    assert engine.take_samples(0).steps.tolist() == [0]
    engine.advance(4)  # the state at the end of the first run is the first sample of this one
    steps, values = engine.take_samples(0)
    assert steps.tolist() == [3, 6]
    np.testing.assert_array_equal(values, [[1.0, 0.125], [0.125, 0.015625]])
    steps, values = engine.take_samples(1)
    assert steps.tolist() == [0, 2, 4, 6]
    np.testing.assert_array_equal(values[:, 0], [4.0, 3.0, 4.25, 6.0625])
    assert engine.take_samples(2).values.tolist() == [[0.0], [0.0]]
    assert engine.take_samples(3).values[:, 0].tolist() == [0, 1, 1, 1, 1, 0, 0]


def test_spikes_that_nobody_keeps(backend: Any) -> None:
    a = cells("a", 2, backend, v=2.0, record_spikes=False)
    plan = network(a, projections=[one_to_one(0, 0, 2, 3, g=1.0)])
    engine = Engine(plan, backend)
    engine.advance(5)
    assert engine.spike_count(0) == 0
    assert a.arrays["g"].tolist() == [0.8, 0.8]  # but they are delivered


# -- stopping -----------------------------------------------------------------------------------


def test_a_state_that_is_not_finite_stops_the_run_at_once(backend: Any) -> None:
    fine = cells("fine", 2, backend, v=2.0)
    bad = cells("bad", 300, backend, decay_v=2.0, threshold=np.inf, spiking=False)
    bad.arrays["v"][[130, 299]] = 1e300  # overflows after 27 doublings
    plan = network(fine, bad, records=[record(130, population=1)])
    engine = Engine(plan, backend)
    with pytest.raises(NotFinite) as stopped:
        engine.advance(1000)
    error = stopped.value
    assert (error.population, error.variable, error.cell, error.step) == ("bad", "v", 130, 27)
    assert error.value == np.inf
    assert error.cells == 2
    assert str(error) == "v of bad[130] became inf in step 27"
    assert engine.step == 27
    samples = engine.take_samples(0)
    assert samples.steps.tolist() == list(range(28))
    assert np.isfinite(samples.values).all()
    assert engine.take_spikes(0).steps[0] == 0


def test_a_failure_that_the_reset_hides_has_no_variable(backend: Any) -> None:
    bad = cells("bad", 3, backend)
    bad.arrays["v"][1] = np.nan
    engine = Engine(network(bad), backend)
    with pytest.raises(NotFinite, match="v of bad\\[1\\] became nan in step 0"):
        engine.advance(10)
    bad.arrays["v"][:] = 0.0
    failure = engine._failure(0)
    assert failure.variable == ""
    assert str(failure) == "a state of bad[1] became nan in step 0"


def test_an_interrupt_waits_for_the_end_of_a_slice(backend: Any) -> None:
    a = cells("a", 3, backend, v=2.0)
    plan = network(a, records=[record(0)])
    engine, whole = Engine(plan, backend), []

    def press(running: Engine) -> None:
        whole.append(running.step)
        if len(whole) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        engine.advance(10**9, press)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert len(whole) == 2  # the slice after the key press was finished, and no other begun
    assert whole[-1] < engine.step < 10**9
    before = engine.step
    assert engine.take_samples(0).steps.size == before
    engine.advance(5)
    assert engine.step == before + 5


def test_a_second_interrupt_does_not_wait(backend: Any) -> None:
    def press(running: Engine) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second key press was ignored")

    engine = Engine(network(cells("a", 1, backend)), backend)
    with pytest.raises(KeyboardInterrupt):
        engine.advance(10**9, press)
    assert engine.step > 0


def test_on_slice_may_stop_the_run(backend: Any) -> None:
    engine = Engine(network(cells("a", 1, backend)), backend)
    seen = []

    def enough(running: Engine) -> bool:
        seen.append((running.step, running.stop_step))
        return len(seen) == 3

    engine.advance(10**7, enough)
    assert len(seen) == 3
    assert seen[-1] == (engine.step, 10**7)
    assert engine.step < 10**7


# -- state --------------------------------------------------------------------------------------


def lively(backend: Any) -> Any:
    """A network with every kind of memory."""
    a = cells("a", 40, backend, v=np.linspace(0.0, 1.5, 40), held=2)
    b = cells("b", 30, backend)
    source = SourcePlan("s", 20, "poisson", counts=np.full((1, 1), 0.3), stream=8)
    rng = np.random.default_rng(5)
    return network(
        a,
        b,
        source,
        trains(30, (5, 2), (25, 3), (41, 3)),
        projections=[
            one_to_one(1, 0, 30, 7, g=0.4),
            one_to_one(2, 0, 20, 1, g=0.5, v=0.01),
            one_to_one(3, 1, 30, 12, "jump", weight=0.6),
        ],
        continuous=[
            ContinuousPlan(
                "c", 1, 0, "double", "I", np.arange(41) * 2,
                np.sort(rng.integers(0, 30, (40, 2))).astype(np.int32).ravel(), np.full(1, 1e-3),
                np.full(1, 9),
            )
        ],
        inputs=[InputPlan(1, "I", kind="ou", std=0.1, tau=1e-3, mean=0.05, stream=4)],
        drives=[
            DrivePlan(0, "g", np.arange(40, dtype=np.int32), {"g": np.array([0.2])}, "poisson",
                      counts=np.full((1, 1), 0.05), stream=6)
        ],
    )  # fmt: skip


def outcome(engine: Engine) -> list[Any]:
    found: list[Any] = [engine.step]
    for p, population in enumerate(engine.plan.populations):
        spikes = engine.take_spikes(p)
        found += [spikes.steps.tobytes(), spikes.ids.tobytes()]
        if not isinstance(population, SourcePlan):
            found += [population.arrays[name].tobytes() for name in ("v", "g", "I")]
    return found


@pytest.mark.parametrize("other", ["interpreter", "numba"])
def test_a_restored_state_goes_on_in_the_same_way(backend: Any, other: Any) -> None:
    straight = Engine(lively(backend), backend)
    straight.advance(20)
    for p in range(4):
        straight.take_spikes(p)
    state = straight.state()
    straight.advance(40)
    expected = outcome(straight)
    straight.restore(state)
    assert straight.step == 20
    straight.advance(40)
    assert outcome(straight) == expected
    fresh = Engine(lively(other), other)
    fresh.restore(state)
    fresh.advance(40)
    assert outcome(fresh) == expected


def test_slices_leave_no_trace(backend: Any) -> None:
    whole, pieces = Engine(lively(backend), backend), Engine(lively(backend), backend)
    whole.advance(60)
    for steps in (1, 1, 13, 0, 2, 43):
        pieces.advance(steps)
    assert outcome(whole) == outcome(pieces)


def test_a_state_of_another_size_is_refused(backend: Any) -> None:
    state = Engine(network(cells("a", 3, backend)), backend).state()
    other = Engine(network(cells("a", 4, backend)), backend)
    with pytest.raises(InternalError, match=r"'v' of 'a' has \(4,\) values, the state \(3,\)"):
        other.restore(state)


def test_a_state_of_fewer_populations_leaves_the_others(backend: Any) -> None:
    state = Engine(network(cells("a", 3, backend, v=0.5)), backend).state()
    a, b = cells("a", 3, backend), cells("b", 2, backend, v=0.25)
    larger = Engine(network(a, b, projections=[one_to_one(1, 0, 2, 5, g=1.0)]), backend)
    larger.restore(state)
    assert a.arrays["v"].tolist() == [0.5] * 3
    assert b.arrays["v"].tolist() == [0.25] * 2
    larger.advance(10)


def test_engines_can_begin_later(backend: Any) -> None:
    engine = Engine(network(trains(1, (2, 0), (7, 0))), backend, step=5)
    engine.advance(5)
    assert engine.take_spikes(0).steps.tolist() == [7]
    assert engine.step == 10


def test_there_are_two_backends() -> None:
    with pytest.raises(InternalError, match="no backend 'C'"):
        Engine(network(), "C")  # type: ignore[arg-type]


def test_an_empty_network(backend: Any) -> None:
    engine = Engine(network(), backend)
    engine.advance(100)
    assert engine.step == 100
