"""Projections: order of synapses, weights and delays that reach the right cells."""

import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import RheobaseWarning
from rheobase.units import Hz, ms, mV, nS, pA, um


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


def test_an_attribute_a_projection_has_not_is_refused():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 3, name="c")
    projection = net.connect(cells, cells, weight=1 * pA)
    message = r"c_to_c\.weight cannot be set(.|\n)*write projection\.weights = "
    with pytest.raises(rb.errors.UserError, match=message):
        projection.weight = 2 * pA


@pytest.mark.parametrize("weight", [-1 * nS, "-1 nS", [1, -1, 0, 2] * nS])
def test_a_negative_conductance_is_told(net, weight):
    cells = net.add(rb.models.LIF, 2, name="more")
    ampa = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    told = "more_to_more_ampa: a weight is negative, and a conductance below 0 drives v away"
    with pytest.warns(RheobaseWarning, match=told) as caught:
        net.connect(cells, cells, weight=weight, synapse=ampa)
    assert "synapse=rb.synapses.Exponential(tau=5*ms, E=-80*mV)" in str(caught[0].message)


def test_weights_that_may_have_either_sign_are_not(net):
    cells = net.add(rb.models.LIF, 2, name="more")
    ampa = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.connect(cells, cells, weight=-1 * pA)
        projection = net.connect(cells, cells, weight=1 * nS, synapse=ampa, name="named")
    with pytest.warns(RheobaseWarning, match="named: a weight is negative"):
        projection.weights = -2 * nS
