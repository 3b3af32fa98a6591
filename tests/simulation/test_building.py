"""Descriptions become plans: rows, slices, columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rheobase as rb
from rheobase.simulation import building
from rheobase.units import Hz, ms, pA


@given(data=st.data(), n_pre=st.integers(1, 6), n_post=st.integers(1, 6))
def test_synapses_are_sorted_by_source_then_target(data, n_pre, n_post):
    count = data.draw(st.integers(0, 25))
    pairs = st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1))
    i, j = np.array(data.draw(st.lists(pairs, min_size=count, max_size=count)) or
                    np.zeros((0, 2)), dtype=int).T  # fmt: skip
    delays = np.array(data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)))
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.poisson(1 * Hz), n_pre)
    sink = net.add(rb.models.LIF, n_post, name="sink")
    projection = net.connect(source, sink, rb.rules.pairs(i, j), weight=np.arange(count) * pA,
                             delay=delays * ms)  # fmt: skip
    program = net._assembly.lowered()["sink"]
    drawn = building.connectivity_of(projection, program, sink._cell_values)()
    np.testing.assert_array_equal(drawn.targets, projection.post)
    counts = np.bincount(projection.pre, minlength=n_pre)
    np.testing.assert_array_equal(np.diff(drawn.row_start), counts)
    np.testing.assert_array_equal(
        drawn.delays, np.rint(projection.delays.to(ms).magnitude).astype(int)
    )
    np.testing.assert_allclose(drawn.weights["i_syn"], projection.weights.to("A").magnitude)


def test_one_weight_for_all_stays_one_number(net):
    cells = net.add(rb.models.LIF, 10, name="cells")
    projection = net.connect(cells, cells, weight=3 * pA)
    program = net._assembly.lowered()["cells"]
    weights = building.shared_weights(projection, program, cells._cell_values)
    assert {k: w.shape for k, w in weights.items()} == {"i_syn": (1,)}
    assert weights["i_syn"][0] == pytest.approx(3e-12)


def test_event_ports_take_weights_as_they_are(net):
    model = rb.Model("dv/dt = -v/(10*ms) : 1", receives="v = v*weight")
    cells = net.add(model, 3, name="cells")
    source = net.add(rb.stimuli.poisson(1 * Hz), 3)
    projection = net.connect(source, cells, rb.rules.one_to_one(), weight=[2, 3, 4])
    program = net._assembly.lowered()["cells"]
    weights = building.connectivity_of(projection, program, cells._cell_values)().weights
    np.testing.assert_array_equal(weights["weight"], [2, 3, 4])


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_poisson_rates_go_with_the_cells_of_a_view(net, order, backend):
    model = rb.Model("dv/dt = 0*v/ms : 1", receives="v += weight")
    cells = net.add(model, 4, name="cells")
    net.drive(cells[order], rb.stimuli.poisson([0, 200, 2000] * Hz), weight=1)
    net.run(500 * ms, backend=backend)
    counts = cells.v.magnitude[order]
    assert counts[0] == 0
    assert 50 < counts[1] < 160
    assert 800 < counts[2] < 1200
    assert cells.v.magnitude[3] == 0


def test_recorded_and_read_subexpressions_are_observed(net, backend):
    model = rb.Model("dv/dt = I/ms : 1\nx = 2*v : 1\ny = 3*v : 1\nz = 5*v : 1\nI : 1 (input)")
    cells = net.add(model, 2, name="cells")
    other = net.add(model, 2, name="other")
    cells.v = [1, 2]
    net.record(cells, "x")
    net.connect(cells, other, rb.rules.one_to_one(), weight=1, of="y")
    net.record(other, "I")
    result = net.run(0.2 * ms, backend=backend)
    np.testing.assert_array_equal(result.traces["cells"].x.values, [[2, 4], [2, 4]])
    np.testing.assert_array_equal(result.traces["other"].I.values, [[0, 0], [3, 6]])
    net.record(cells, "z", name="later")
    result = net.run(0.1 * ms, backend=backend)
    np.testing.assert_array_equal(result.traces["later"].z.values, [[5, 10]])


@pytest.mark.parametrize("shared", [False, True])
def test_noise_goes_with_the_cells_of_a_view(backend, shared):
    def injected(factors):
        net = rb.Network(dt=1 * ms, seed=3)
        cells = net.add(rb.models.LIF(tau_m="1e9 s", V_T="1 volt"), 4, name="cells")
        net.inject(cells[[2, 0, 3]], rb.stimuli.noise(10 * pA, 5 * ms, shared=shared) * factors)
        net.record(cells, "I", every=1 * ms)
        return net.run(50 * ms, backend=backend).traces["cells"].I.values[1:]

    one, each = injected(1.0), injected(np.array([1.0, -2.0, 0.0]))
    np.testing.assert_allclose(each[:, 2], one[:, 2], rtol=1e-12)
    np.testing.assert_allclose(each[:, 0], -2 * one[:, 0], rtol=1e-12)
    assert np.all(one[:, [0, 2, 3]] != 0) and not np.any(each[:, [1, 3]])
    assert np.all(one[:, 0] == one[:, 2]) == shared
