"""Networks: describing, running on and on, what is kept and what is refused."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, nA, pA, second, um

LEAK = rb.Model("dv/dt = -v/tau : 1\ntau : ms", parameters=dict(tau=10 * ms), name="Leak")


def network(seed=1, n=40):
    """Noise into cells with a plastic spread of weights and delays."""
    net = rb.Network(dt=0.1 * ms, seed=seed)
    cells = net.add(rb.models.LIF(tau_m=20 * ms), n, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    noise = net.add(rb.stimuli.poisson(2000 * Hz), n, name="noise")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=600 * pA)
    net.connect(cells, cells, rb.rules.fixed_probability(0.2),
                weight=rb.random.normal(200 * pA, 40 * pA),
                delay=rb.random.normal(1.5 * ms, 0.5 * ms, low=0.1 * ms), name="own")  # fmt: skip
    net.record(cells[:3], "v", every=0.5 * ms)
    return net, cells


# -- describing -----------------------------------------------------------------------------


def test_names_sizes_and_defaults():
    net = rb.Network(dt=0.1 * ms, start=1 * second)
    first = net.add(rb.models.LIF)
    second_ = net.add(rb.models.LIF(), 3)
    trains = net.add(rb.stimuli.spike_times([[1] * ms, [2] * ms]))
    one = net.add(rb.stimuli.poisson(10 * Hz))
    assert [p.name for p in (first, second_)] == ["population_1", "population_2"]
    assert [p.size for p in (first, second_, trains, one)] == [1, 3, 2, 1]
    assert list(net.populations) == ["population_1", "population_2", "population_3", "population_4"]
    assert net.populations["population_2"] is second_
    assert net.dt.to(ms).magnitude == pytest.approx(0.1)
    assert net.time.to(second).magnitude == pytest.approx(1.0)
    assert 0 <= net.seed < 2**32
    assert net.last_result is None


def test_a_name_used_twice_is_refused(net):
    net.add(LEAK, name="cells")
    with pytest.raises(rb.errors.WiringError) as refused:
        net.add(LEAK, name="cells")
    assert "there is a population called 'cells' already" in str(refused.value)
    assert 'name="cells_2"' in str(refused.value)


def test_projections_have_names(net):
    cells = net.add(rb.models.LIF, 3, name="cells")
    net.connect(cells, cells, weight=1 * pA)
    net.connect(cells, cells, rb.rules.one_to_one(), weight=1 * pA)
    net.connect(cells, cells, rb.rules.ring(1), weight=1 * pA, name="ring")
    assert list(net.projections) == ["cells_to_cells", "cells_to_cells_2", "ring"]
    with pytest.raises(rb.errors.WiringError, match="a projection called 'ring' already"):
        net.connect(cells, cells, rb.rules.ring(2), weight=1 * pA, name="ring")
    assert "<Projection 'ring': cells -> cells, to i_syn, ring(offset=1), 3 synapses>" in repr(net)
    assert repr(net).startswith("<Network: dt 0.1 ms, seed 1, at 0 ms\n  <Population 'cells'")


@pytest.mark.parametrize("arguments, error, words", [
    (dict(dt=1), rb.errors.UnitError, ["dt: expected a time", "write rb.Network(dt=0.1*ms)"]),
    (dict(dt=0 * ms), rb.errors.UserError, ["dt is the length of a step", "above 0"]),
    (dict(dt=[1, 2] * ms), rb.errors.ShapeError, ["dt is one time", "2 times"]),
    (dict(start=3), rb.errors.UnitError, ["start: expected a time", "rb.Network(start=100*ms)"]),
    (dict(start=float("inf") * ms), rb.errors.UserError, ["start is not a finite time"]),
    (dict(seed=1.5), rb.errors.UserError, ["the seed is no whole number", "rb.Network(seed=1)"]),
    (dict(seed=-1), rb.errors.UserError, ["the seed is no whole number", "-1"]),
])  # fmt: skip
def test_refused_networks(arguments, error, words):
    with pytest.raises(error) as refused:
        rb.Network(**arguments)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("arguments, error, words", [
    ((3,), rb.errors.WiringError, ["neither a model nor a spike train",
                                   "net.add(rb.models.LIF, 10)"]),
    (("dv/dt = 1",), rb.errors.WiringError, ["a text, not a model", "rb.Model(equations, ...)"]),
    ((rb.stimuli.step(1 * nA),), rb.errors.WiringError, ["is a current", "net.inject(cells"]),
    ((LEAK, 0), rb.errors.ShapeError, ["size is the number of cells", "1 or more"]),
    ((LEAK, 2.5), rb.errors.ShapeError, ["size is the number of cells"]),
    ((rb.stimuli.poisson([1, 2] * Hz), 3), rb.errors.ShapeError, ["the train is for 2 cells"]),
])  # fmt: skip
def test_refused_populations(net, arguments, error, words):
    with pytest.raises(error) as refused:
        net.add(*arguments)
    for word in words:
        assert word in str(refused.value)


# -- running --------------------------------------------------------------------------------


def test_a_plain_number_is_no_duration(net):
    net.add(LEAK)
    with pytest.raises(rb.errors.UnitError) as refused:
        net.run(1)
    assert "expected a time, got the plain number 1; write net.run(1*second)" in str(refused.value)


@pytest.mark.parametrize("duration, error, words", [
    (0.25 * ms, rb.errors.WiringError, ["0.25*ms is not a multiple", "0.2*ms", "0.3*ms"]),
    (-1 * ms, rb.errors.UserError, ["the duration", "0 or longer", "-0.001 second"]),
    (float("inf") * ms, rb.errors.UserError, ["the duration", "a finite time"]),
    ([1, 2] * ms, rb.errors.ShapeError, ["the duration is one time"]),
    (3 * mV, rb.errors.UnitError, ["the duration: expected a time", "voltage"]),
])  # fmt: skip
def test_refused_durations(net, duration, error, words):
    net.add(LEAK)
    with pytest.raises(error) as refused:
        net.run(duration)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("arguments, error, words", [
    (dict(threads=2), rb.errors.UserError, ["runs on one thread", "threads=2", "threads=1"]),
    (dict(backend="cuda"), rb.errors.UserError, ["no backend 'cuda'", 'backend="numba"']),
    (dict(stop_when=3), rb.errors.UserError, ["a text or a function", "stop_when="]),
])  # fmt: skip
def test_refused_ways_to_run(net, arguments, error, words):
    net.add(LEAK)
    with pytest.raises(error) as refused:
        net.run(1 * ms, **arguments)
    for word in words:
        assert word in str(refused.value)


def test_both_backends_give_the_same_bits():
    results = []
    for backend in ("interpreter", "numba"):
        net, cells = network()
        result = net.run(30 * ms, backend=backend)
        results.append((result.spikes["cells"].times, result.spikes["cells"].ids,
                        result.spikes["noise"].times, result.traces["cells"].v.values,
                        cells.v.magnitude))  # fmt: skip
        assert result.metadata["backend"] == backend
    assert results[0][0].size > 5
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_may_be_divided_anyhow(backend):
    def spikes(*pieces):
        net, cells = network()
        parts = [net.run(piece * ms, backend=backend) for piece in pieces]
        times = [part.spikes["cells"].times for part in parts]
        traces = [part.traces["cells"].v.values for part in parts]
        stamps = [part.traces["cells"].time.values for part in parts]
        return (
            np.concatenate(times),
            np.concatenate(traces),
            np.concatenate(stamps),
            cells.v.magnitude,
        )

    whole = spikes(30)
    for pieces in ([12.3, 17.7], [0.1, 0.4, 29.5], [0, 30]):
        for one, other in zip(whole, spikes(*pieces), strict=True):
            np.testing.assert_array_equal(one, other)


def test_backends_may_change_between_runs():
    net, cells = network()
    whole, _ = net.run(30 * ms, backend="numba"), cells.v
    again, cells_again = network()
    parts = [again.run(10 * ms, backend=b) for b in ("numba", "interpreter", "numba")]
    np.testing.assert_array_equal(
        np.concatenate([part.spikes["cells"].times for part in parts]),
        whole.spikes["cells"].times,
    )
    np.testing.assert_array_equal(cells.v.magnitude, cells_again.v.magnitude)


def test_a_result_says_what_was_run(backend):
    net, _ = network(seed=7)
    net.run(5 * ms, backend=backend)
    result = net.run(10 * ms, backend=backend)
    assert (result.start, result.stop) == (pytest.approx(0.005), pytest.approx(0.015))
    assert result.dt == pytest.approx(1e-4)
    assert result.seed == 7
    assert set(result.timing) >= {"build", "compile", "connect", "run", "peak_memory_bytes"}
    assert result.populations == {"cells": 40, "noise": 40}
    assert "<Population 'cells': 40 cells of LIF>" in result.description
    assert result.metadata["rheobase"] == rb.__version__
    assert result is net.last_result
    assert net.time.to(ms).magnitude == pytest.approx(15.0)
    np.testing.assert_allclose(result.traces["cells"].time.values, 0.005 + np.arange(20) * 5e-4)


def test_spikes_need_not_be_kept(net, backend):
    net.add(rb.stimuli.poisson(1000 * Hz), 5, name="noise", record_spikes=False)
    net.add(rb.stimuli.poisson(1000 * Hz), 5, name="kept")
    result = net.run(10 * ms, backend=backend)
    assert list(result.spikes) == ["kept"]
    assert result.populations == {"noise": 5, "kept": 5}


def test_views_name_spikes_and_traces(backend):
    net, cells = network()
    result = net.run(20 * ms, backend=backend)
    assert result.spikes[cells] is result.spikes["cells"]
    some = result.spikes[cells[:5]]
    assert some.size == 5
    assert result.traces[cells].sizes == {"time": 40, "cell": 3}


def test_a_network_of_nothing_runs(net, backend):
    result = net.run(1 * ms, backend=backend)
    assert dict(result.spikes) == {}
    assert net.time.to(ms).magnitude == pytest.approx(1.0)


def test_one_step(net, backend):
    cell = net.add(LEAK, name="cell")
    cell.v = 1.0
    net.run(0 * ms, backend=backend)
    net.step()
    assert net.time.to(ms).magnitude == pytest.approx(0.1)
    assert cell.v.magnitude[0] == pytest.approx(np.exp(-0.01), rel=1e-12)


def test_start_moves_the_time(backend):
    net = rb.Network(dt=1 * ms, start=100 * ms)
    clock = rb.Model("x = t/second : 1\ndv/dt = x/second : 1")
    cells = net.add(clock, name="cells")
    net.add(rb.stimuli.spike_times([50 * ms, 102 * ms]), name="source")
    net.record(cells, "x")
    result = net.run(5 * ms, backend=backend)
    np.testing.assert_allclose(result.traces["cells"].x.values[:, 0], 0.1 + np.arange(5) * 1e-3)
    np.testing.assert_allclose(result.traces["cells"].time.values, 0.1 + np.arange(5) * 1e-3)
    np.testing.assert_allclose(result.spikes["source"].times, [0.102])


# -- between runs ---------------------------------------------------------------------------


def test_states_parameters_and_weights_may_be_set_between_runs(backend):
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.spike_times([1 * ms, 11 * ms, 21 * ms]), name="source")
    model = rb.Model("dv/dt = -v/tau : 1\ntau : ms", parameters=dict(tau=10 * ms),
                     receives="v += weight")  # fmt: skip
    cell = net.add(model, 2, name="cell")
    projection = net.connect(source, cell, weight=[1, 2])
    net.record(cell, "v")
    net.run(10 * ms, backend=backend)
    np.testing.assert_allclose(cell.v.magnitude, [np.exp(-0.7), 2 * np.exp(-0.7)])
    cell.v = "0*v + i"
    cell.tau = 20 * ms
    projection.weights = [4, 0]
    v = net.run(10 * ms, backend=backend).traces["cell"].v.values
    np.testing.assert_allclose(v[[0, 2, 3]], [[0, 1], [0, np.exp(-0.1)], [4, np.exp(-0.15)]])
    cell[0].tau = 5 * ms  # one value a cell from now on: another program
    projection.delays = 0 * ms
    before = cell.v.magnitude.copy()
    v = net.run(10 * ms, backend=backend).traces["cell"].v.values
    np.testing.assert_allclose(v[0], before)
    np.testing.assert_allclose(v[1], before * np.exp([-0.2, -0.05]))
    np.testing.assert_allclose(v[2], before * np.exp([-0.4, -0.1]) + [4, 0])


def test_spikes_under_way_arrive_though_things_are_added(backend):
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.spike_times([1 * ms]), name="source")
    model = rb.Model("dv/dt = 0*v/ms : 1", receives="v += weight")
    cell = net.add(model, name="cell")
    net.connect(source, cell, weight=1, delay=8 * ms)
    net.run(5 * ms, backend=backend)
    other = net.add(model, 3, name="other")
    net.connect(source, other, weight=5, delay=9 * ms)
    late = net.add(rb.stimuli.spike_times([7 * ms]), name="late")
    net.connect(late, cell, weight=10)
    net.record(cell, "v")
    v = net.run(7 * ms, backend=backend).traces["cell"].v.values[:, 0]
    np.testing.assert_array_equal(v, [0, 0, 0, 0, 10, 11, 11])


def test_continuous_history_survives_additions(backend):
    net = rb.Network(dt=1 * ms)
    ramp = net.add(rb.Model("dr/dt = 1/ms : 1"), name="ramp")
    sink = net.add(rb.Model("x = I : 1\nI : 1 (input)"), name="sink")
    net.connect(ramp, sink, weight=1, of="r", delay=3 * ms)
    net.record(sink, "I", name="I")
    net.run(6 * ms, backend=backend)
    net.add(LEAK, name="more")
    seen = net.run(4 * ms, backend=backend).traces["I"].I.values[:, 0]
    np.testing.assert_allclose(seen, [2, 3, 4, 5])


def test_nothing_compiles_when_numbers_change():
    pytest.importorskip("numba")
    from rheobase.rendering.cache import compilations

    net, _ = network()
    net.run(1 * ms, backend="numba")
    before = compilations()
    for seed, n in ((1, 40), (2, 40), (2, 70)):
        net, cells = network(seed, n)
        cells.tau_m = 17 * ms
        net.run(1 * ms, backend="numba")
        cells.V_T = -52 * mV
        more = net.add(rb.models.LIF(tau_ref=5 * ms), 7, name="more")
        net.connect(cells, more, weight=10 * pA)
        net.run(1 * ms, backend="numba")
    net = rb.Network(dt=0.05 * ms)
    net.add(rb.models.LIF, 3)
    net.run(1 * ms, backend="numba")
    assert compilations() == before


def test_names_not_order_decide_random_numbers(backend):
    def spikes(before):
        net = rb.Network(dt=0.1 * ms, seed=3)
        if before:
            other = net.add(rb.stimuli.poisson(100 * Hz), 5, name="other")
            sink = net.add(rb.models.LIF, 5, name="sink")
            net.connect(other, sink, rb.rules.fixed_probability(0.5), weight=1 * pA)
        noise = net.add(rb.stimuli.poisson(3000 * Hz), 20, name="noise")
        cells = net.add(rb.models.LIF, 20, name="cells")
        projection = net.connect(
            noise, cells, rb.rules.fixed_probability(0.3),
            weight=rb.random.normal(300 * pA, 50 * pA), delay="1*ms + rand()*ms",
        )  # fmt: skip
        net.inject(cells, rb.stimuli.noise(20 * pA, tau=5 * ms))
        result = net.run(20 * ms, backend=backend)
        return projection.pre, projection.weights.magnitude, result.spikes["cells"].times

    for one, other in zip(spikes(False), spikes(True), strict=True):
        assert one.size
        np.testing.assert_array_equal(one, other)


# -- projections ----------------------------------------------------------------------------


def test_projections_show_synapses_in_order(net):
    cells = net.add(rb.models.LIF, 5, name="cells")
    projection = net.connect(cells[[3, 1]], cells[2:], weight="(10*i + j)*pA", delay="(1 + j)*ms")
    np.testing.assert_array_equal(projection.pre, [1, 1, 1, 3, 3, 3])
    np.testing.assert_array_equal(projection.post, [2, 3, 4, 2, 3, 4])
    np.testing.assert_allclose(projection.weights.to(pA).magnitude, [10, 11, 12, 0, 1, 2])
    np.testing.assert_allclose(projection.delays.to(ms).magnitude, [1, 2, 3, 1, 2, 3])
    assert len(projection) == 6
    with pytest.raises(rb.errors.UserError, match=r"w = projection\.weights\.copy\(\)"):
        projection.weights[0] = 1 * pA
    weights = projection.weights.copy()
    weights[0] = 7 * pA
    projection.weights = weights
    assert projection.weights[0] == 7 * pA
    with pytest.raises(ValueError, match="read-only"):
        projection.pre[0] = 3
    with pytest.raises(rb.errors.ShapeError, match=r"net\.connect\(cells, cells, \.\.\.\)"):
        projection.weights = [1, 2] * pA


def test_weights_and_delays_reach_the_right_cells(backend):
    rng = np.random.default_rng(1)
    matrix = np.where(rng.random((6, 7)) < 0.5, rng.normal(size=(6, 7)), 0.0)
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.spike_times([[k] * ms for k in range(6)]), name="source")
    sink = net.add(rb.Model("dv/dt = 0*v/ms : 1", receives="v += weight"), 7, name="sink")
    projection = net.connect(source, sink, rb.rules.from_matrix(matrix), delay="(1 + i + 2*j)*ms")
    net.record(sink, "v")
    v = net.run(30 * ms, backend=backend).traces["sink"].v.values
    want = np.zeros((30, 7))
    delays = np.rint(projection.delays.to(ms).magnitude).astype(int)
    for i, j, w, d in zip(projection.pre, projection.post, projection.weights.magnitude, delays,
                          strict=True):  # fmt: skip
        assert w == matrix[i, j]
        assert d == 1 + i + 2 * j
        want[i + d + 1 :, j] += w
    np.testing.assert_allclose(v, want, atol=1e-14)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_stimuli_go_to_the_cells_in_the_order_of_the_view(order, backend):
    net = rb.Network(dt=1 * ms)
    model = rb.Model("x = I : 1\ndv/dt = 0*v/ms : 1\nI : 1 (input)", receives="v += weight")
    cells = net.add(model, 5, name="cells")
    view = cells[order]
    values = np.arange(1.0, 5.0)
    net.inject(view, rb.stimuli.step(values))
    net.inject(view, rb.stimuli.from_array(10 * values * np.ones((20, 1)), dt=1 * ms))
    net.inject(view, 100 * rb.stimuli.sine(np.zeros(4), 5 * Hz, offset=values))
    net.drive(view, rb.stimuli.spike_times([[1] * ms, [2] * ms, [3] * ms, [4] * ms]),
              weight=values)  # fmt: skip
    net.record(cells, "I", "v")
    traces = net.run(6 * ms, backend=backend).traces["cells"]
    want = np.zeros(5)
    want[order] = 111 * values
    np.testing.assert_allclose(traces.I.values[5], want)
    for k, cell in enumerate(order):
        step = np.flatnonzero(traces.v.values[:, cell])[0]
        assert step == k + 2
        assert traces.v.values[step, cell] == values[k]


def test_float32_weights(backend):
    def weights(dtype):
        net = rb.Network(dt=1 * ms, seed=1)
        source = net.add(rb.stimuli.spike_times([0 * ms]), 3, name="source")
        sink = net.add(rb.Model("dv/dt = 0*v/ms : 1", receives="v += 2*weight"), 3, name="sink")
        projection = net.connect(source, sink, rb.rules.one_to_one(), delay=0 * ms,
                                 weight=rb.random.normal(1, 0.1), weight_dtype=dtype)  # fmt: skip
        net.run(1 * ms, backend=backend)
        np.testing.assert_array_equal(sink.v.magnitude, 2 * projection.weights.magnitude)
        return projection.weights.magnitude

    single, double = weights("float32"), weights("float64")
    np.testing.assert_array_equal(single, double.astype(np.float32))
    assert not np.array_equal(single, double)


def test_weights_follow_parameters_of_the_target(backend):
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.spike_times([0 * ms, 2 * ms]), name="source")
    cells = net.add(rb.models.NormalizedLIF, 2, name="cells")
    net.connect(source, cells, weight=0.05, delay=0 * ms)
    net.drive(cells, rb.stimuli.spike_times([0 * ms]), weight=0.05)
    cells.tau_s = [50, 25] * ms
    net.run(1 * ms, backend=backend)
    np.testing.assert_allclose(cells.s.magnitude, [2, 4])
    cells.tau_s = 10 * ms
    cells.s = 0
    net.run(2 * ms, backend=backend)
    np.testing.assert_allclose(cells.s.magnitude, [5, 5])


def test_rules_over_space(net):
    where = np.array([[0, 0], [10, 0], [100, 0]])
    cells = net.add(rb.models.LIF, 3, name="cells", positions=where * um)
    near = net.connect(cells, cells, rb.rules.within(20 * um, autapses=False), weight=1 * pA,
                       delay="distance/(100*um/ms)")  # fmt: skip
    np.testing.assert_array_equal(near.pre, [0, 1])
    np.testing.assert_allclose(near.delays.to(ms).magnitude, [0.1, 0.1])


# -- initial values, time functions, warnings -----------------------------------------------


def test_refractory_left_holds_cells_at_the_start(backend):
    net = rb.Network(dt=1 * ms)
    cells = net.add(rb.models.LIF, 3, name="cells")
    cells.refractory_left = [0, 1, 3.4] * ms
    net.inject(cells, rb.stimuli.step(100 * pA))
    net.record(cells, "v")
    v = net.run(5 * ms, backend=backend).traces["cells"].v.values
    assert [int(np.argmax(v[:, k] > -65)) for k in range(3)] == [1, 2, 4]


def test_refractory_left_is_read_as_time_goes_on(backend):
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.LIF(tau_ref=4 * ms), name="cell")
    cell.v = -40 * mV
    with pytest.warns(rb.errors.RheobaseWarning, match="above threshold"):
        net.run(1 * ms, backend=backend)
    assert cell.refractory_left.to(ms).magnitude[0] == pytest.approx(4)
    assert cell.last_spike.to(ms).magnitude[0] == pytest.approx(0)
    net.run(3 * ms, backend=backend)
    assert cell.refractory_left.to(ms).magnitude[0] == pytest.approx(1)
    cell.refractory_left = 10 * ms
    net.inject(cell, rb.stimuli.step(1 * nA))
    net.run(10 * ms, backend=backend)
    assert cell.v.magnitude[0] == pytest.approx(-65)
    net.run(1 * ms, backend=backend)
    assert cell.v.magnitude[0] > -64


@pytest.mark.parametrize("value, cells", [
    (-49 * mV, "all 4 cells"), ([-60, -49, -60, -40] * mV, "2 of 4 cells"),
])  # fmt: skip
def test_cells_above_threshold_are_warned_of_once(net, value, cells):
    population = net.add(rb.models.LIF, 4, name="cells")
    population.v = value
    with pytest.warns(rb.errors.RheobaseWarning) as seen:
        net.run(0.1 * ms, backend="interpreter")
    text = str(seen[0].message)
    assert f"{cells} of 'cells' start above threshold, v >= V_T" in text
    assert ".v is -49 mV; set it before the run: cells.v = ..." in text
    assert seen[0].filename == __file__
    population.v = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.run(0.1 * ms, backend="interpreter")


def test_parameters_that_are_functions_of_time(backend):
    model = rb.Model(
        "dv/dt = drive(t)/ms : 1\nx = 2*drive(t) : 1\ndrive : 1",
        parameters=dict(drive=rb.stimuli.from_array([1.0, 2.0, 4.0], dt=1 * ms)),
    )
    net = rb.Network(dt=1 * ms)
    cells = net.add(model, 2, name="cells")
    np.testing.assert_array_equal(cells.x.magnitude, 2)
    net.record(cells, "v", "x")
    traces = net.run(4 * ms, backend=backend).traces["cells"]
    np.testing.assert_allclose(traces.v.values[:, 1], [0, 1, 3, 7])
    cells.drive = rb.stimuli.step(5.0)
    net.run(2 * ms, backend=backend)
    np.testing.assert_allclose(cells.v.magnitude, 17)
    assert str(cells.drive) == "step(amplitude=5)"
    with pytest.raises(rb.errors.UnitError, match="expected a function of time, got 3"):
        cells.drive = 3
    with pytest.raises(rb.errors.UserError, match="one function of time for the whole population"):
        cells[:1].drive = rb.stimuli.step(5.0)
    with pytest.raises(rb.errors.UnitError, match=r"cells\.drive: expected"):
        cells.drive = rb.stimuli.step(5 * mV)
    with pytest.raises(rb.errors.UserError, match=r"cells\.v is not a function of time"):
        cells.v = rb.stimuli.step(5.0)


def test_stationary_noise_goes_on_between_runs(backend):
    def seen(*pieces):
        net = rb.Network(dt=1 * ms, seed=5)
        cells = net.add(rb.Model("x = I : 1\nI : 1 (input)"), 50, name="cells")
        net.inject(cells, rb.stimuli.noise(2.0, tau=5 * ms, mean=1.0))
        net.record(cells, "I")
        parts = []
        for piece in pieces:
            parts.append(net.run(piece * ms, backend=backend).traces["cells"].I.values)
            net.add(rb.models.LIF)
        return np.concatenate(parts)

    whole = seen(60)
    np.testing.assert_array_equal(whole, seen(20, 40))
    assert abs(whole[1:].mean() - 1) < 0.3
    assert abs(whole[1:].std() - 2) < 0.3


# -- without numba --------------------------------------------------------------------------


def test_the_interpreter_runs_where_numba_is_not_installed():
    script = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hide())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda n, *a: None if n == "numba" else real(n, *a)
import rheobase as rb
from rheobase.units import ms, pA
net = rb.Network(dt=0.1*ms, seed=1)
cells = net.add(rb.models.LIF, 3, name="cells")
net.inject(cells, rb.stimuli.step(600*pA))
result = net.run(50*ms)
assert result.spikes["cells"].count > 3
assert result.metadata["backend"] == "interpreter", result.metadata
assert "numba is not installed" in result.metadata["backend_note"]
assert "numba" not in sys.modules
try:
    net.run(1*ms, backend="numba")
except rb.errors.UserError as error:
    assert "pip install numba" in str(error)
else:
    raise SystemExit("not refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
