"""crossing="exact": spikes at the times of the closed form, whatever the step.

The oracle of networks is an event-driven simulation in plain Python with the formulas of the
model written out; numbers of single cells are closed forms.
"""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, second

E_L, V_T, V_R, TAU, REF = -49e-3, -50e-3, -60e-3, 20e-3, 5e-3
BACKENDS = ["interpreter", "numba"]


def jumping(**options):
    """Benchmark 4 of the 2007 review."""
    settings = dict(
        threshold="v >= V_T", reset="v = V_r", refractory=5 * ms, crossing="exact",
        parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms),
        initial=dict(v="V_r"), receives=dict(jump="v += weight"),
    )  # fmt: skip
    return rb.Model("dv/dt = (E_L - v)/tau_m : mV (unless refractory)", **{**settings, **options})


def brute_force(v, synapses, duration):
    """Every arrival an event of its own; returns [(time, cell)], sorted."""
    v, since, free = list(v), [0.0] * len(v), [0.0] * len(v)
    version, spikes, heap = [0] * len(v), [], []

    def predict(i):
        begin = max(since[i], free[i])
        wait = 0.0 if v[i] >= V_T else TAU * math.log((E_L - v[i]) / (E_L - V_T))
        version[i] += 1
        heapq.heappush(heap, (begin + wait, -1, i, version[i], 0.0))

    for i in range(len(v)):
        predict(i)
    while heap[0][0] < duration:
        time, order, source, target, weight = heapq.heappop(heap)
        if order < 0:
            if target != version[source]:
                continue
            spikes.append((time, source))
            v[source], since[source], free[source] = V_R, time, time + REF
            predict(source)
            for number, rows in enumerate(synapses):
                for post, delay, jump in rows[source]:
                    heapq.heappush(heap, (time + delay, number, source, post, jump))
        elif time >= free[target]:
            begin = max(since[target], free[target])
            v[target] = E_L + (v[target] - E_L) * math.exp(-(time - begin) / TAU) + weight
            since[target] = time
            predict(target)
    return sorted(spikes)


def balanced(dt, delay, size=60, model=None):
    """A network of benchmark 4, small and densely connected."""
    net = rb.Network(dt=dt * ms, seed=3)
    cells = net.add(model or jumping(), size, name="cells")
    cells.v = "V_r + rand()*(V_T - V_r)"
    rule, border = rb.rules.fixed_probability(0.3, autapses=False), size * 4 // 5
    net.connect(cells[:border], cells, rule, weight=0.25 * mV, delay=delay, name="e")
    net.connect(cells[border:], cells, rule, weight=-2.25 * mV, delay=delay, name="i")
    return net, cells


def described(net):
    """Return what the oracle needs of a network."""
    synapses = []
    for projection in net.projections.values():
        rows = [[] for _ in range(60)]
        delays, weights = projection.delays.to(second).magnitude, projection.weights.to("V")
        for i, j, d, w in zip(projection.pre, projection.post, delays, weights.magnitude,
                              strict=True):  # fmt: skip
            rows[i].append((int(j), float(d), float(w)))
        synapses.append(rows)
    return synapses


def spikes_of(result, name="cells"):
    spikes = result.spikes[name]
    order = np.lexsort((spikes.ids, spikes.times))
    return spikes.times[order], spikes.ids[order]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dt", [0.1, 1.0, 7.0])
def test_a_cell_alone_spikes_at_the_times_of_the_closed_form(dt, backend):
    net = rb.Network(dt=dt * ms)
    net.add(jumping(), name="cell")
    times = net.run(700 * ms, backend=backend).spikes["cell"].times
    first = 20e-3 * math.log(11)
    assert first * 1e3 == pytest.approx(47.957905, abs=1e-6)
    expected = first + (first + 5e-3) * np.arange(13)
    np.testing.assert_allclose(times, expected, rtol=0, atol=1e-15)


DELAYS = {
    "one": 0.1 * ms,
    "short": 0.013 * ms,
    "drawn": rb.random.uniform(0.02 * ms, 3 * ms),
}


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_a_network_spikes_as_one_that_knows_only_events(dt, delay):
    net, cells = balanced(dt, DELAYS[delay])
    expected = brute_force(cells.v.to("V").magnitude, described(net), 0.3)
    times, ids = spikes_of(net.run(300 * ms, backend="numba"))
    assert len(expected) > 200
    assert [cell for _, cell in expected] == ids.tolist()
    np.testing.assert_allclose(times, [time for time, _ in expected], rtol=0, atol=1e-13)


@pytest.mark.parametrize("delay", DELAYS)
def test_backends_threads_slices_and_copies_give_the_same_bits(delay, tmp_path):
    def run(parts=(60,), **options):
        net, _ = balanced(0.5, DELAYS[delay])
        net.record(net.populations["cells"][:7], "v", every=1.5 * ms)
        results = [net.run(part * ms, **options) for part in parts]
        joined = results[0] if len(results) == 1 else rb.join(*results)
        return *spikes_of(joined), joined.traces["cells"]["v"].values

    whole = run(backend="numba")
    assert whole[0].size > 30
    for other in (
        run(backend="interpreter"), run(backend="numba", threads=3),
        run((7.5, 22.5, 0.5, 29.5), backend="numba", threads=2),
        run((7.5, 52.5), backend="interpreter"),
    ):  # fmt: skip
        for one, two in zip(whole, other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_stored_or_saved_goes_on_to_the_bit(backend, tmp_path):
    net, _ = balanced(0.5, DELAYS["drawn"])
    net.run(20 * ms, backend=backend)
    net.store()
    net.save(tmp_path / "net.h5")
    first = spikes_of(net.run(40 * ms, backend=backend))
    net.restore()
    again = spikes_of(net.run(40 * ms, backend=backend))
    loaded = spikes_of(rb.Network.load(tmp_path / "net.h5").run(40 * ms, backend=backend))
    assert first[0].size > 20
    for one, two, three in zip(first, again, loaded, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


# -- arrivals ---------------------------------------------------------------------------------


def one_cell(train, weight, backend, dt=1.0, delay=None, model=None, duration=30.0, every=None):
    """One cell below threshold for good, and spikes given by a train."""
    net = rb.Network(dt=dt * ms)
    cell = net.add(model or jumping()(E_L=-60 * mV), name="cell")
    if delay is None:
        net.drive(cell, train, weight=weight)
    else:
        net.connect(net.add(train, name="train"), cell, weight=weight, delay=delay)
    net.record(cell, "v", every=every)
    result = net.run(duration * ms, backend=backend)
    return result.spikes["cell"].times * 1e3, result.traces["cell"]["v"].values[:, 0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_traces_are_the_exact_state_and_jumps_come_at_their_times(backend):
    train = rb.stimuli.spike_times([3.3 * ms, 3.9 * ms, 11 * ms])
    _, driven = one_cell(train, 2 * mV, backend)
    _, connected = one_cell(train, 2 * mV, backend, delay=1.25 * ms)

    def expected(times, t):
        return -60 + sum(2 * np.exp(-(t - s) / 20) * (t > s) for s in times)

    t = np.arange(30.0)
    np.testing.assert_allclose(driven, expected([3.3, 3.9, 11], t), rtol=1e-14)
    np.testing.assert_allclose(connected, expected([4.55, 5.15, 12.25], t), rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_jump_over_the_threshold_fires_at_once_and_refractoriness_loses_arrivals(backend):
    train = rb.stimuli.spike_times([2.125, 2.5, 7, 7.125, 13.5] * ms)
    spikes, v = one_cell(train, 11 * mV, backend, delay=1 * ms)
    # 3.5 and 8 arrive before 3.125 + 5; at that very time the next one is received
    np.testing.assert_allclose(spikes, [3.125, 8.125, 14.5], rtol=1e-14)
    np.testing.assert_array_equal(v[[4, 9, 15]], -60.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_events_of_one_time_come_in_order_of_creation_and_source(backend):
    def spikes(first, second):
        net = rb.Network(dt=1 * ms)
        cell = net.add(jumping()(E_L=-60 * mV), name="cell")
        source = net.add(rb.stimuli.spike_times([1 * ms]), 2, name="source")
        net.connect(source[first], cell, weight=-12 * mV, delay=2 * ms, name="down")
        net.connect(source[second], cell, weight=11 * mV, delay=2 * ms, name="up")
        both = net.add(jumping()(E_L=-60 * mV), name="both")
        net.connect(source, both, rb.rules.pairs([0, 1], [0, 0]), delay=2 * ms,
                    weight=[11, -12] * mV if first else [-12, 11] * mV)  # fmt: skip
        result = net.run(10 * ms, backend=backend)
        return [result.spikes[name].times.size for name in ("cell", "both")]

    assert spikes(0, 1) == [0, 0]  # down comes first: it was connected first
    assert spikes(1, 0) == [0, 1]  # and so it does here; within a projection source 0 is first


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_cell_spikes_between_two_synapses_of_one_pair(backend):
    net = rb.Network(dt=1 * ms)
    cell = net.add(jumping(refractory=0 * ms)(E_L=-60 * mV), name="cell")
    source = net.add(rb.stimuli.spike_times([1 * ms]), name="source")
    thrice = rb.rules.pairs([0, 0, 0], [0, 0, 0])
    net.connect(source, cell, thrice, weight=11 * mV, delay=2 * ms)
    times = net.run(10 * ms, backend=backend).spikes["cell"].times
    np.testing.assert_allclose(times, [3e-3] * 3, rtol=1e-14)


GRID = "dx/dt = -x/(10*ms) : 1"


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("receives", ["x += weight", "x = x + weight"])
def test_cells_on_the_grid_receive_in_the_step_that_contains_the_arrival(receives, threads):
    def traces(backend):
        net = rb.Network(dt=1 * ms, seed=1)
        cells = net.add(jumping(), 40, name="cells")
        cells.v = "V_r + rand()*(V_T - V_r)"
        grid = net.add(rb.Model(GRID, receives=receives), 200, name="grid")
        for k in range(2):
            net.connect(cells[20 * k: 20 * k + 20], grid, rb.rules.fixed_probability(0.5),
                        weight=1.0, delay=0.6 * ms * (k + 1))  # fmt: skip
        net.record(grid, "x")
        result = net.run(80 * ms, backend=backend, threads=threads)
        return net, result, result.traces["grid"]["x"].values

    net, result, values = traces("numba")
    np.testing.assert_array_equal(values, traces("interpreter")[2])
    expected = np.zeros((81, 200))
    times, ids = result.spikes["cells"].times, result.spikes["cells"].ids
    for projection in net.projections.values():
        for i, j, d in zip(projection.pre, projection.post, projection.delays.magnitude,
                           strict=True):  # fmt: skip
            for step in np.floor(times[ids == i] * 1e3 + d + 1e-6).astype(int):
                if step < 80:
                    expected[step + 1, j] += 1
    for step in range(1, 81):
        expected[step] += expected[step - 1] * math.exp(-0.1)
    np.testing.assert_allclose(values, expected[:80], rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_spikes_with_offsets_arrive_at_their_time_and_delay(backend):
    """From linear crossings to exact ones: the offset inside the step is not lost."""
    linear = rb.Model("dv/dt = 1/ms : 1 (unless refractory)", threshold="v >= 3.25", reset="v = 0",
                      refractory=20 * ms, crossing="linear")  # fmt: skip
    net = rb.Network(dt=1 * ms)
    source, cell = net.add(linear, name="source"), net.add(jumping()(E_L=-60 * mV), name="cell")
    net.connect(source, cell, weight=11 * mV, delay=1.5 * ms)
    result = net.run(10 * ms, backend=backend)
    np.testing.assert_allclose(result.spikes["cell"].times, [4.75e-3], rtol=1e-12)


def test_poisson_drives_and_sources_agree_between_backends_and_steps_of_events():
    def run(backend, threads=1):
        net = rb.Network(dt=0.5 * ms, seed=2)
        cells = net.add(jumping()(E_L=-60 * mV), 50, name="cells")
        net.drive(cells[5:45], rb.stimuli.poisson(900 * Hz), weight=1.2 * mV)
        net.drive(cells[:30], rb.stimuli.poisson(np.linspace(0, 500, 30) * Hz), weight=-0.5 * mV)
        noise = net.add(rb.stimuli.poisson(2000 * Hz), 50, name="noise")
        net.connect(noise, cells, rb.rules.one_to_one(), weight=0.4 * mV, delay=1.3 * ms)
        return spikes_of(net.run(100 * ms, backend=backend, threads=threads))

    one = run("interpreter")
    assert one[0].size > 100
    for other in (run("numba"), run("numba", 2)):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_spikes_under_way_keep_the_delay_they_left_with(backend):
    net = rb.Network(dt=1 * ms)
    cell = net.add(jumping()(E_L=-60 * mV), name="cell")
    train = net.add(rb.stimuli.spike_times([1, 4, 4.5] * ms), name="train")
    projection = net.connect(train, cell, weight=2 * mV, delay=5.25 * ms)
    net.record(cell, "v")
    values = [net.run(3 * ms, backend=backend).traces["cell"]["v"].values[:, 0]]
    projection.delays = 1.5 * ms
    other = net.add(jumping(), name="other")  # a new engine takes over what is under way
    net.connect(cell, other, weight=1 * mV, delay=1 * ms)
    values.append(net.run(9 * ms, backend=backend).traces["cell"]["v"].values[:, 0])
    t = np.arange(12.0)
    expected = -60 + sum(2 * np.exp(-(t - s) / 20) * (t > s) for s in (6.25, 5.5, 6.0))
    np.testing.assert_allclose(np.concatenate(values), expected, rtol=1e-13)
