"""Which step a time belongs to, what trains emit, and that recorded spikes can be replayed."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, INBOX, network, spikes_at, values

import rheobase as rb
from rheobase.units import Hz, ms, mV, pA, second


def step_of(backend, time, dt=1 * ms, start=0 * ms, steps=8):
    """Return the step in which a spike of this time (ms) acts, delay 0."""
    net = rb.Network(dt=dt, seed=1, start=start)
    box = net.add(INBOX, name="box")
    net.connect(net.add(spikes_at(time)), box, weight=1.0, delay=0 * ms)
    net.record(box, "x")
    result = net.run(steps * dt, backend=backend)
    x = [*values(result, "box", "x"), box.x.magnitude[0]]
    changes = np.flatnonzero(np.diff(x))
    return int(changes[0]) if changes.size else None


@pytest.mark.parametrize("time, step", [
    (3.0, 3), (3.4, 3), (3.999, 3), (3 - 0.9e-6, 3), (3 - 2e-6, 2), (3 + 2e-6, 3), (0.0, 0),
    (7.5, 7), (8.0, None),
])  # fmt: skip
def test_a_time_belongs_to_the_step_it_lies_in(backend, time, step):
    assert step_of(backend, time) == step


@pytest.mark.parametrize("k", range(8))
def test_multiples_of_a_step_that_no_binary_number_is(k):
    assert step_of("interpreter", k * 0.1, dt=0.1 * ms) == k
    assert step_of("interpreter", 0.1 * k + 1000, dt=0.1 * ms, start=1000 * ms) == k


def test_spikes_are_stamped_with_the_start_of_their_step(backend):
    net = rb.Network(dt=0.1 * ms, start=50 * ms)
    cells = net.add(COUNTER(tau_ref=0 * ms), name="cells")
    net.inject(cells, rb.stimuli.step(30.0))
    times = net.run(20 * ms, backend=backend).spikes["cells"].times
    np.testing.assert_array_equal(times, 0.05 + 1e-4 * np.arange(200))


def test_sources_keep_the_times_they_were_given(backend):
    net = network()
    net.add(spikes_at([1.25, 3.0], [2.5]), name="source")
    spikes = net.run(5 * ms, backend=backend).spikes["source"]
    assert spikes[0] == pytest.approx([0.00125, 0.003], abs=1e-15)
    assert spikes[1] == pytest.approx([0.0025], abs=1e-15)


@pytest.mark.parametrize("backend_of_replay", ["numba", "interpreter"])
@pytest.mark.parametrize("dt", [0.1, 0.3, 1.0])
def test_replaying_recorded_times_reproduces_the_run(backend, backend_of_replay, dt):
    """The targets of cells that spike on the grid, and of a source that replays them."""

    def follow(net, source, which):
        cells = net.add(rb.models.LIF, 8, name="target")
        net.connect(source, cells, rb.rules.fixed_probability(0.5), weight=150 * pA,
                    delay=rb.random.uniform(1 * ms, 4 * ms), name="onto")  # fmt: skip
        net.record(cells, "v", "i_syn")
        return net.run(60 * dt * 8 * ms, backend=which)

    net = rb.Network(dt=dt * ms, seed=4, start=30 * dt * ms)
    noisy = net.add(rb.models.LIF, 20, name="source")
    net.inject(noisy, rb.stimuli.noise(300 * pA, 5 * ms, mean=350 * pA))
    first = follow(net, noisy, backend)
    assert first.spikes["source"].count > 20
    again = rb.Network(dt=dt * ms, seed=4, start=30 * dt * ms)
    trains = [first.spikes["source"][i] * second for i in range(20)]
    second_run = follow(again, again.add(rb.stimuli.spike_times(trains), name="source"),
                        backend_of_replay)  # fmt: skip
    for name in ("source", "target"):
        np.testing.assert_array_equal(second_run.spikes[name].times, first.spikes[name].times)
        np.testing.assert_array_equal(second_run.spikes[name].ids, first.spikes[name].ids)
    for variable in ("v", "i_syn"):
        np.testing.assert_array_equal(second_run.traces["target"][variable].values,
                                      first.traces["target"][variable].values)  # fmt: skip


# -- regular trains -------------------------------------------------------------------------


def test_regular_spikes_lie_half_an_interval_from_the_start_strictly_before_the_end(backend):
    train = rb.stimuli.regular_spikes(rates=[10, 25] * Hz, until=[0.2, 0.5] * second)
    net = network()
    net.add(train, name="train")
    times = net.run(1 * second, backend=backend).spikes["train"].times
    expected = [0.05, 0.15, 0.22, 0.26, 0.30, 0.34, 0.38, 0.42, 0.46]
    np.testing.assert_allclose(times, expected, atol=1e-12)
    np.testing.assert_allclose(train.times(1 * second), expected, atol=1e-12)


def test_a_spike_at_the_very_end_of_an_interval_is_left_out(backend):
    net = network()
    net.add(rb.stimuli.regular_spikes([10 * Hz, 5 * Hz], [250 * ms, 350 * ms]), name="train")
    times = net.run(1 * second, backend=backend).spikes["train"].times
    np.testing.assert_allclose(times, [0.05, 0.15], atol=1e-12)  # 0.25 and 0.35 are ends


def test_jitter_is_another_for_each_cell_and_the_same_for_the_seed(backend):
    def trains(seed):
        net = network(seed=seed)
        net.add(rb.stimuli.regular_spikes(20 * Hz, 1 * second, jitter=0.1), 2, name="train")
        spikes = net.run(1 * second, backend=backend).spikes["train"]
        return spikes[0], spikes[1]

    first, other = trains(1)
    assert first.size == other.size == 20
    assert not np.array_equal(first, other)
    deviations = (first - (np.arange(20) * 0.05 + 0.025)) / 0.05
    assert 0.04 < deviations.std() < 0.2
    np.testing.assert_array_equal(trains(1), (first, other))
    assert not np.array_equal(trains(2)[0], first)


# -- drives ---------------------------------------------------------------------------------


def test_a_driven_train_acts_in_its_own_step(backend):
    net = network()
    box = net.add(INBOX, 2, name="box")
    net.drive(box, spikes_at([2.5], [4, 4.2]), weight=[1.0, 5.0])
    net.record(box, "x")
    x = net.run(7 * ms, backend=backend).traces["box"].x.values
    np.testing.assert_array_equal(x[:, 0], [0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(x[:, 1], [0, 0, 0, 0, 0, 10, 10])


def test_each_driven_cell_has_its_own_poisson_train(backend):
    net = network(seed=5)
    box = net.add(INBOX, 400, name="box")
    net.drive(box, rb.stimuli.poisson(100 * Hz), weight=1.0)
    net.drive(box[:200], rb.stimuli.poisson(50 * Hz), weight=1000.0)
    net.run(400 * ms, backend=backend)
    counts, others = box.x.magnitude % 1000, box.x.magnitude // 1000
    assert counts.mean() == pytest.approx(40, abs=4 * np.sqrt(40 / 400))
    assert counts.var() == pytest.approx(40, rel=0.3)
    assert others[:200].mean() == pytest.approx(20, abs=4 * np.sqrt(20 / 200))
    assert np.all(others[200:] == 0)
    assert abs(np.corrcoef(counts[:200], others[:200])[0, 1]) < 0.25


def test_poisson_rates_over_time_and_cells(backend):
    net = network(seed=5)
    rates = np.array([[0.0, 0.0], [2000.0, 0.0], [0.0, 2000.0]]) * Hz
    net.add(rb.stimuli.poisson(rates, dt=20 * ms), 2, name="source")
    spikes = net.run(100 * ms, backend=backend).spikes["source"]
    for cell in range(2):
        inside = (spikes[cell] >= 0.02 * (cell + 1)) & (spikes[cell] < 0.02 * (cell + 2))
        assert np.all(inside) and 15 < inside.size < 70


# -- currents -------------------------------------------------------------------------------


def test_a_current_over_time_is_read_at_the_start_of_the_step(backend):
    model = rb.Model(
        "dv/dt = drive(t)/ms : mV\ndrive : mV", method="euler",
        parameters=dict(drive=rb.stimuli.from_array([1, 2, 4] * mV, dt=2 * ms)),
    )  # fmt: skip
    net = network()
    cell = net.add(model, name="cell")
    net.record(cell, "v")
    found = values(net.run(8 * ms, backend=backend), "cell", "v")
    assert found == pytest.approx([0, 1, 2, 4, 6, 10, 14, 14])


def test_sums_and_multiples_of_currents(backend):
    net = network()
    cell = net.add(COUNTER(V_T=1e9), name="cell")
    one = rb.stimuli.step(1.0, start=1 * ms, stop=3 * ms)
    net.inject(cell, 2 * one + rb.stimuli.step(10.0, start=2 * ms) * 3)
    net.record(cell, "v")
    found = values(net.run(5 * ms, backend=backend), "cell", "v")
    assert found == pytest.approx([0, 0, 2, 34, 64])


def test_noise_has_its_stationary_deviation_for_any_step(backend):
    for dt in (0.1, 1.0, 5.0):
        net = rb.Network(dt=dt * ms, seed=2)
        cells = net.add(COUNTER(V_T=1e9), 500, name="cells")
        net.inject(cells, rb.stimuli.noise(2.0, 3 * ms, mean=1.0))
        net.record(cells, "I")
        found = net.run(20 * dt * ms, backend=backend).traces["cells"].I.values[1:]
        assert found[0].std() == pytest.approx(2, rel=0.12)
        assert found[-1].std() == pytest.approx(2, rel=0.12)
        assert found.mean() == pytest.approx(1, abs=0.35)
        lag = np.mean((found[5] - 1) * (found[6] - 1)) / 4
        assert lag == pytest.approx(np.exp(-dt / 3), abs=0.18)


def test_shared_noise_is_the_same_for_all_cells(backend):
    net = network()
    cells = net.add(COUNTER(V_T=1e9), 3, name="cells")
    net.inject(cells, rb.stimuli.noise(2.0, 3 * ms, shared=True))
    net.inject(cells[2], rb.stimuli.noise(2.0, 3 * ms, shared=True))
    net.record(cells, "v")
    v = net.run(20 * ms, backend=backend).traces["cells"].v.values
    np.testing.assert_array_equal(v[:, 0], v[:, 1])
    assert np.all(v[2:, 0] != v[2:, 2])
