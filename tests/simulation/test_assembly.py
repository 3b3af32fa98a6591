"""Building in stages: only what changed is built again, and nothing is lost by it."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, pA

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
