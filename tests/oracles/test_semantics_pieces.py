"""A run in pieces is one run; so is one that was stored, restored, stopped or looked at."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, INBOX, network, spikes_at, values

import rheobase as rb
from rheobase.units import Hz, ms

GRID = rb.Model(
    "dv/dt = -v/tau + I/ms + 0.4*xi*tau**-0.5 : 1 (unless refractory)\n"
    "ds/dt = -s/tau : 1\nI : 1 (input)\nlook = v + s : 1",
    threshold="v > 1", reset="v = 0; s -= 0.5", refractory="tau_ref",
    receives=dict(sum="v += weight", event="s = 0.5*s + weight"),
    parameters=dict(tau=10 * ms, tau_ref=2 * ms),
)  # fmt: skip
LINEAR = rb.Model(
    "dv/dt = (-v + s)/tau : 1 (unless refractory)\nds/dt = (I - s)/tau : 1\nI : 1 (input)",
    threshold="v > 1", reset="v = 0", refractory="3.7*ms", receives="s += weight",
    parameters=dict(tau=8 * ms), crossing="linear", method="euler",
)  # fmt: skip


def everything(net):
    """Fill a network with all there is: noise, delays, crossings, drives, couplings."""
    grid = net.add(GRID, 7, name="grid")
    grid.v = "rand()"
    grid.tau_ref = "(1 + i)*ms"
    linear = net.add(LINEAR, 5, name="linear")
    linear.s = "2*rand()"
    source = net.add(rb.stimuli.poisson(150 * Hz), 3, name="source")
    clock = net.add(rb.stimuli.regular_spikes(100 * Hz, 1000 * ms, jitter=0.2), 2, name="clock")
    net.connect(grid, linear, rb.rules.fixed_probability(0.6), weight=0.4,
                delay=rb.random.uniform(1 * ms, 9 * ms))  # fmt: skip
    net.connect(linear, grid, weight=0.1, to="sum", delay=0 * ms)
    net.connect(linear, grid, weight=0.2, to="event", delay=4 * ms)
    net.connect(source, grid, weight=rb.random.normal(0.3, 0.1), to="event")
    net.connect(clock, linear, weight=0.7, delay=12 * ms)
    net.connect(grid, linear, weight=0.05, of="look", delay=3 * ms)
    net.connect(linear, linear, rb.rules.ring(1), weight=0.1, of="s", delay=[1, 2, 3, 4, 5] * ms)
    net.drive(grid, rb.stimuli.poisson(100 * Hz), weight=0.3, to="sum")
    net.drive(linear[1:3], spikes_at([1, 5, 5.5], [30, 31]), weight=[0.5, 0.6])
    net.inject(grid, rb.stimuli.noise(0.1, 5 * ms, mean=0.1))
    net.inject(linear, rb.stimuli.noise(0.3, 5 * ms, mean=1.0, shared=True))
    net.inject(linear[0], rb.stimuli.sine(0.5, 40 * Hz))
    net.record(grid, "v", "s", "look", "I", every=2 * ms)
    net.record(linear, "v", "s")
    return net


def taken(result):
    """Return all a result holds, as arrays by name."""
    found = {}
    for name in ("grid", "linear", "source", "clock"):
        found[f"{name} times"] = result.spikes[name].times
        found[f"{name} ids"] = result.spikes[name].ids
    for name in ("grid", "linear"):
        for variable in result.traces[name]:
            found[f"{name} {variable}"] = result.traces[name][variable].values
    return found


def joined(results):
    parts = [taken(r) for r in results]
    return {key: np.concatenate([p[key] for p in parts]) for key in parts[0]}


def same(found, expected):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


@pytest.fixture(scope="module")
def whole():
    """Return one run of 60 steps."""
    result = taken(everything(network(seed=9)).run(60 * ms, backend="interpreter"))
    assert all(result[f"{name} ids"].size > 8 for name in ("grid", "linear", "source", "clock"))
    return result


def test_both_backends_give_the_same_bits(whole):
    same(taken(everything(network(seed=9)).run(60 * ms, backend="numba")), whole)


@pytest.mark.parametrize("pieces", [(30, 30), (1, 2, 3, 54), (59, 1), (7,) * 8 + (4,)])
def test_a_run_in_pieces_is_one_run(backend, pieces, whole):
    net = everything(network(seed=9))
    same(joined([net.run(piece * ms, backend=backend) for piece in pieces]), whole)


def test_single_steps_are_one_run(whole):
    net = everything(network(seed=9))
    first = net.run(20 * ms, backend="numba")
    same(joined([first, *[net.step() for _ in range(10)], net.run(30 * ms)]), whole)


def test_the_backend_may_change_between_pieces(whole):
    net = everything(network(seed=9))
    results = [net.run(20 * ms, backend=b) for b in ("numba", "interpreter", "numba")]
    same(joined(results), whole)


def test_restoring_gives_the_same_bits_again(backend, whole):
    net = everything(network(seed=9))
    first = net.run(23 * ms, backend=backend)
    net.store("here")
    once = net.run(37 * ms, backend=backend)
    net.restore("here")
    assert net.time.to(ms).magnitude == pytest.approx(23)
    again = net.run(37 * ms, backend=backend)
    same(taken(again), taken(once))
    same(joined([first, again]), whole)


def test_storing_before_the_first_run(backend, whole):
    net = everything(network(seed=9))
    net.store()
    net.run(13 * ms, backend=backend)
    net.restore()
    same(taken(net.run(60 * ms, backend=backend)), whole)


def test_restoring_brings_back_what_was_set(backend):
    net = network()
    cell = net.add(COUNTER, name="cell")
    box = net.add(INBOX, name="box")
    made = net.connect(cell, box, weight=2.0, delay=3 * ms)
    net.inject(cell, rb.stimuli.step(1.0))
    net.run(4 * ms, backend=backend)
    net.store("a")
    cell.V_T, made.weights, made.delays = 1.0, 5.0, 1 * ms
    net.run(3 * ms, backend=backend)
    net.restore("a")
    assert cell.V_T.magnitude == 3 and made.weights.magnitude.tolist() == [2]
    assert made.delays.to(ms).magnitude == pytest.approx([3])
    net.run(4 * ms, backend=backend)
    assert box.x.magnitude.tolist() == [2]  # the spike of 2 ms that was on its way


def test_restoring_with_another_seed_is_another_trial(backend):
    net = everything(network(seed=9))
    net.run(10 * ms, backend=backend)
    net.store()
    first = taken(net.run(30 * ms, backend=backend))
    net.restore(seed=10)
    other = taken(net.run(30 * ms, backend=backend))
    assert not np.array_equal(first["grid v"], other["grid v"])
    np.testing.assert_array_equal(first["grid v"][0], other["grid v"][0])


# -- in between -----------------------------------------------------------------------------


def test_functions_called_in_between_change_nothing_by_themselves(backend, whole):
    net = everything(network(seed=9))
    seen = []
    net.every(7 * ms, lambda: seen.append(net.time.to(ms).magnitude))
    same(taken(net.run(60 * ms, backend=backend)), whole)
    assert seen == pytest.approx(np.arange(0, 60, 7))


def test_what_a_function_sets_counts_from_the_step_that_begins(backend):
    net = network()
    cell = net.add(COUNTER(V_T=1e9), name="cell")
    net.inject(cell, rb.stimuli.step(1.0))

    def lift(network):
        cell.v = cell.v.magnitude + 100

    net.every(3 * ms, lift)
    net.record(cell, "v")
    found = values(net.run(5 * ms, backend=backend), "cell", "v")
    assert found == pytest.approx([100, 101, 102, 203, 204])
    found = values(net.run(3 * ms, backend=backend), "cell", "v")
    assert found == pytest.approx([205, 306, 307])


def test_a_run_stops_when_told(backend):
    net = network()
    cell = net.add(COUNTER(V_T=1e9), 2, name="cell")
    net.inject(cell[1], rb.stimuli.step(1.0))
    net.record(cell, "v")
    result = net.run(50 * ms, stop_when="any(cell.v > 4.5)", backend=backend)
    assert values(result, "cell", "v", 1) == pytest.approx([0, 1, 2, 3, 4])
    assert net.time.to(ms).magnitude == pytest.approx(5)
    assert cell.v.magnitude == pytest.approx([0, 5])
    result = net.run(50 * ms, stop_when=lambda net: net.time >= 8 * ms, backend=backend)
    assert values(result, "cell", "v", 1) == pytest.approx([5, 6, 7])


def test_stopping_and_going_on_is_one_run(backend, whole):
    net = everything(network(seed=9))
    first = net.run(60 * ms, stop_when="any(linear.v > 0.9)", backend=backend)
    steps = round(net.time.to(ms).magnitude)
    assert 0 < steps < 60
    same(joined([first, net.run((60 - steps) * ms, backend=backend)]), whole)


def test_parts_added_between_runs_leave_the_others_as_they_were(backend, whole):
    net = everything(network(seed=9))
    first = net.run(25 * ms, backend=backend)
    late = net.add(GRID, 4, name="late")
    net.inject(late, rb.stimuli.noise(0.1, 5 * ms, mean=0.2))
    net.connect(net.populations["grid"], late, weight=0.1, to="event", delay=2 * ms)
    net.record(late, "v")
    second = net.run(35 * ms, backend=backend)
    assert second.traces["late"].v.shape == (35, 4)
    same(joined([first, second]), whole)


def arrivals(backend, change, another=False):
    """Return when spikes of 0.0, 0.1 ... 0.9 ms arrive, `change` being made after 0.5 ms."""
    net = rb.Network(dt=0.1 * ms)
    source = net.add(rb.stimuli.spike_times([k * 0.1 for k in range(10)] * ms), name="source")
    counter = rb.Model("n : 1\nm : 1", receives="n += weight", parameters=dict(n=0, m=0))
    cell, other = net.add(counter, name="cell"), net.add(counter, name="other")
    if another:  # keeps a long history of the source
        net.connect(source, other, weight=1, delay=3 * ms)
    made = {} if change == "connect" else {"p": net.connect(source, cell, weight=1, delay=0.2 * ms)}
    net.record(cell, "n", every=0.1 * ms)
    first = net.run(0.5 * ms, backend=backend).traces["cell"].n.values[:, 0]
    if change == "connect":
        net.connect(source, cell, weight=1, delay=0.2 * ms)
    else:
        made["p"].delays = change
    second = net.run(3 * ms, backend=backend).traces["cell"].n.values[:, 0]
    counts = np.concatenate([first, second])
    return [k - 1 for k in range(1, counts.size) for _ in range(int(counts[k] - counts[k - 1]))]


@pytest.mark.parametrize("another", [False, True])
def test_spikes_under_way_keep_the_delay_they_left_with(backend, another):
    longer = arrivals(backend, 0.4 * ms, another)
    assert sorted(longer) == sorted([k + 2 for k in range(5)] + [k + 4 for k in range(5, 10)])
    shorter = arrivals(backend, 0.1 * ms, another)
    assert sorted(shorter) == sorted([k + 2 for k in range(5)] + [k + 1 for k in range(5, 10)])


@pytest.mark.parametrize("another", [False, True])
def test_a_late_connection_passes_on_no_spike_from_before_it(backend, another):
    assert arrivals(backend, "connect", another) == [k + 2 for k in range(5, 10)]


def test_restoring_brings_back_the_delays_and_the_spikes_under_way(backend):
    def run(net):
        return net.run(2 * ms, backend=backend).traces["cell"].n.values[:, 0].tolist()

    net = rb.Network(dt=0.1 * ms)
    source = net.add(rb.stimuli.spike_times([k * 0.1 for k in range(10)] * ms), name="source")
    cell = net.add(rb.Model("n : 1", receives="n += weight", parameters=dict(n=0)), name="cell")
    projection = net.connect(source, cell, weight=1, delay=0.3 * ms)
    net.record(cell, "n", every=0.1 * ms)
    net.run(0.5 * ms, backend=backend)
    projection.delays = 0.6 * ms
    net.store("here")
    want = run(net)
    projection.delays = 0.1 * ms
    net.run(1 * ms, backend=backend)
    net.restore("here")
    assert run(net) == want
