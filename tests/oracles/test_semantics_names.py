"""What names, indices and defaults mean."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, INBOX, network, spikes_at, values

import rheobase as rb
from rheobase.units import ms, mV, nS, pA

# -- names in models ------------------------------------------------------------------------


def test_names_of_a_model_shadow_functions_and_units(backend):
    """mV, exp and nS are a parameter, a state and a subexpression here; ms is the unit."""
    model = rb.Model(
        "dexp/dt = (mV + nS)/ms : 1\nmV : 1\nnS = 2*mV : 1", parameters=dict(mV=3.0), method="euler"
    )
    net = network()
    cell = net.add(model, name="cell")
    net.record(cell, "exp", "nS")
    result = net.run(3 * ms, backend=backend)
    assert values(result, "cell", "exp") == pytest.approx([0, 9, 18])
    assert values(result, "cell", "nS") == [6, 6, 6]


@pytest.mark.parametrize("name", ["t", "dt", "i", "j", "N", "pi", "weight"])
def test_reserved_names_are_refused(name):
    with pytest.raises(rb.errors.EquationError, match=name):
        rb.Model(f"dx/dt = -x/ms : 1\n{name} : 1")


def test_i_n_t_and_dt_in_equations(backend):
    model = rb.Model("dx/dt = (i + 10*N)/ms + t/ms/ms : 1\nz = dt/ms : 1", method="euler")
    net = network()
    cells = net.add(model, 3, name="cells")
    net.record(cells, "x", "z")
    traces = net.run(3 * ms, backend=backend).traces["cells"]
    base = 30 + np.arange(3)
    np.testing.assert_allclose(traces.x.values, [0 * base, base, 2 * base + 1])
    np.testing.assert_allclose(traces.z.values, 1)


# -- indices --------------------------------------------------------------------------------


def test_i_and_n_count_within_the_view():
    net = network()
    cells = net.add(COUNTER, 6, name="cells")
    cells[2:5].v = "i + 10*N"
    assert cells.v.magnitude.tolist() == [0, 0, 30, 31, 32, 0]
    cells[[5, 0]].v = "i"
    assert cells.v.magnitude.tolist() == [1, 0, 30, 31, 32, 0]


def test_i_and_j_count_within_the_views_of_a_connection(backend):
    net = network()
    cells = net.add(spikes_at(*[[1]] * 5), name="source")
    box = net.add(INBOX, 6, name="box")
    made = net.connect(cells[3:], box[2:5], weight="1 + i + 10*j", delay="(1 + j)*ms")
    assert made.pre.tolist() == [3, 3, 3, 4, 4, 4]
    assert made.post.tolist() == [2, 3, 4, 2, 3, 4]
    assert made.weights.magnitude.tolist() == [1, 11, 21, 2, 12, 22]
    assert made.delays.to(ms).magnitude == pytest.approx([1, 2, 3, 1, 2, 3])
    net.run(10 * ms, backend=backend)
    assert box.x.magnitude.tolist() == [0, 0, 3, 23, 43, 0]


def test_projections_are_ordered_by_pre_post_and_draw():
    net = network()
    cells, box = net.add(COUNTER, 6, name="cells"), net.add(INBOX, 4, name="box")
    made = net.connect(cells[[5, 1, 3]], box[[2, 0]], rb.rules.fixed_total(40), weight="i + 10*j")
    keys = list(zip(made.pre.tolist(), made.post.tolist(), strict=True))
    assert keys == sorted(keys) and len(keys) == 40
    assert set(made.pre) == {1, 3, 5} and set(made.post) == {0, 2}
    place = {5: 0, 1: 1, 3: 2, 2: 0, 0: 10}
    expected = [place[i] + {2: 0, 0: 10}[j] for i, j in keys]
    assert made.weights.magnitude.tolist() == expected


def test_delays_change_nothing_in_the_order_of_a_projection():
    net = network()
    cells, box = net.add(COUNTER, 3, name="cells"), net.add(INBOX, 3, name="box")
    made = net.connect(cells, box, weight=np.arange(9.0), delay=np.arange(9, 0, -1) * ms)
    net.run(1 * ms, backend="interpreter")
    assert made.weights.magnitude.tolist() == list(range(9))
    assert made.delays.to(ms).magnitude == pytest.approx(np.arange(9, 0, -1))


def test_spikes_and_traces_count_within_the_population(backend):
    net = network()
    cells = net.add(COUNTER, 5, name="cells")
    net.inject(cells[3:], rb.stimuli.step([3.0, 1.0]))
    net.record(cells[[4, 1]], "v")
    result = net.run(3 * ms, backend=backend)
    assert sorted(set(result.spikes["cells"].ids.tolist())) == [3, 4]
    assert result.traces["cells"].cell.values.tolist() == [4, 1]
    assert result.traces["cells"].v.sel(cell=4).values.tolist() == pytest.approx([0, 1, 2])


def test_an_index_within_a_view_of_a_view():
    net = network()
    cells = net.add(COUNTER, 10, name="cells")
    assert cells[2:8][::2][1:].indices.tolist() == [4, 6]
    assert cells[[7, 3, 5]][[True, False, True]].indices.tolist() == [7, 5]
    assert cells[-1].indices.tolist() == [9]


# -- rules as in NEST -----------------------------------------------------------------------


def test_autapses_and_multapses_are_made_unless_refused():
    net = network()
    cells, box = net.add(COUNTER, 4, name="cells"), net.add(INBOX, 3, name="box")
    default = net.connect(cells, cells, weight=1.0)
    assert len(default) == 16
    none = net.connect(cells, cells, rb.rules.all_to_all(autapses=False), weight=1.0)
    assert len(none) == 12 and not np.any(none.pre == none.post)
    overlap = net.connect(cells[:3], cells[1:], rb.rules.all_to_all(autapses=False), weight=1.0)
    assert len(overlap) == 7 and not np.any(overlap.pre == overlap.post)
    other = net.connect(cells, box, rb.rules.all_to_all(autapses=False), weight=1.0)
    assert len(other) == 12  # other cells of the same number are no autapses
    many = net.connect(cells, box, rb.rules.fixed_indegree(8), weight=1.0)
    assert np.bincount(many.post).tolist() == [8, 8, 8]
    single = net.connect(cells, box, rb.rules.fixed_indegree(3, multapses=False), weight=1.0)
    pairs = set(zip(single.pre.tolist(), single.post.tolist(), strict=True))
    assert len(pairs) == len(single) == 9


# -- defaults -------------------------------------------------------------------------------


def test_states_start_at_nothing_or_as_the_model_says(backend):
    model = rb.Model(
        "dx/dt = 0*x/ms : 1\ndy/dt = 0*y/ms : 1\ndz/dt = 0*z/ms : 1\na : 1",
        parameters=dict(a=4.0), initial=dict(y="2*a", z="y + i"), method="euler",
    )  # fmt: skip
    net = network()
    cells = net.add(model, 3, name="cells")
    cells[2].a = 5.0
    net.run(1 * ms, backend=backend)
    assert cells.x.magnitude.tolist() == [0, 0, 0]
    assert cells.y.magnitude.tolist() == [8, 8, 10]
    assert cells.z.magnitude.tolist() == [8, 9, 12]


def test_initial_rest_is_a_fixed_point(backend):
    model = rb.Model(
        "dv/dt = (E - v)/tau - w/tau : mV\ndw/dt = (v - w)/tau : mV",
        parameters=dict(E=-60 * mV, tau=10 * ms), initial="rest",
    )  # fmt: skip
    net = network()
    cells = net.add(model, 2, name="cells")
    cells[1].E = -40 * mV
    net.run(20 * ms, backend=backend)
    np.testing.assert_allclose(cells.v.to(mV).magnitude, [-30, -20])
    np.testing.assert_allclose(cells.w.to(mV).magnitude, [-30, -20])


def test_library_cells_start_at_rest(backend):
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(rb.models.LIF, name="lif")
    squid = net.add(rb.models.HodgkinHuxley, name="squid")
    before = squid.v.to(mV).magnitude.copy()
    net.run(2 * ms, backend=backend)
    np.testing.assert_allclose(cells.v.to(mV).magnitude, -65)
    np.testing.assert_allclose(squid.v.to(mV).magnitude, before, atol=1e-6)


def test_texts_are_worked_out_in_order_of_assignment(backend):
    net = network()
    cells = net.add(COUNTER(V_T=100.0), 2, name="cells")
    cells.v = 5.0
    cells.v = "v + 1"
    cells.V_T = "10*v + i"
    cells.v = "V_T/10"
    net.run(1 * ms, backend=backend)
    assert cells.V_T.magnitude.tolist() == [60, 61]
    assert cells.v.magnitude == pytest.approx([6, 6.1])


def test_a_parameter_without_a_value_is_refused_by_name(backend):
    model = rb.Model(
        "dv/dt = (E_L - v)/tau_m : mV\nE_L : mV\ntau_m : ms", parameters=dict(E_L=0 * mV)
    )
    net = network()
    cells = net.add(model, 2, name="cells")
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(1 * ms, backend=backend)
    assert "cells.tau_m has no value" in str(refused.value)
    assert "cells.tau_m = 1*ms" in str(refused.value)
    cells.tau_m = [10, 20] * ms
    net.run(1 * ms, backend=backend)


# -- names used twice -----------------------------------------------------------------------


def test_a_name_used_twice_is_refused():
    net = network()
    cells = net.add(COUNTER, name="cells")
    with pytest.raises(rb.errors.WiringError, match="there is a population called 'cells' already"):
        net.add(INBOX, name="cells")
    net.connect(cells, cells, weight=1.0, name="loop")
    with pytest.raises(rb.errors.WiringError, match="there is a projection called 'loop' already"):
        net.connect(cells, cells, rb.rules.one_to_one(), weight=1.0, name="loop")


def test_unnamed_populations_are_numbered():
    net = network()
    assert [net.add(INBOX).name for _ in range(3)] == [f"population_{k}" for k in (1, 2, 3)]


def test_a_second_recording_needs_a_name_of_its_own(backend):
    net = network()
    cells = net.add(COUNTER, 4, name="cells")
    net.record(cells[:2], "v")
    net.record(cells[:2], "I")  # the same cells and interval: more variables of one entry
    for second in (lambda **k: net.record(cells, "v", **k),
                   lambda **k: net.record(cells[:2], "v", every=2 * ms, **k)):  # fmt: skip
        with pytest.raises(rb.errors.WiringError, match="there is a recording 'cells' already"):
            second()
    net.record(cells[:2], "v", every=2 * ms, name="rare")
    result = net.run(4 * ms, backend=backend)
    assert result.traces["cells"].v.shape == result.traces["cells"].I.shape == (4, 2)
    assert result.traces["rare"].v.shape == (2, 2)


# -- recordings -----------------------------------------------------------------------------


def test_subexpressions_and_inputs_can_be_recorded(backend):
    """A sample at k dt is taken before the step: an input shows what was held in the last one."""
    model = rb.Model(
        "dx/dt = I/ms : 1\ny = 2*x + 1 : 1\nz = I + y : 1\nI : 1 (input)", method="euler"
    )
    net = network()
    cells = net.add(model, 2, name="cells")
    net.inject(cells, rb.stimuli.from_array([1.0, 2.0, 4.0, 8.0], dt=1 * ms))
    net.record(cells[1], "x", "y", "z", "I")
    result = net.run(4 * ms, backend=backend)
    assert values(result, "cells", "x") == pytest.approx([0, 1, 3, 7])
    assert values(result, "cells", "y") == pytest.approx([1, 3, 7, 15])
    assert values(result, "cells", "I") == [0, 1, 2, 4]
    assert values(result, "cells", "z") == pytest.approx([1, 4, 9, 19])


def test_traces_are_in_the_unit_of_the_equation(backend):
    net = network()
    cells = net.add(rb.models.LIF, 2, name="cells")
    net.inject(cells, rb.stimuli.step(100 * pA))
    net.record(cells, "v", "I")
    traces = net.run(3 * ms, backend=backend).traces["cells"]
    assert traces.v.attrs["units"] == "mV" and traces.I.attrs["units"] == "pA"
    assert traces.v.values[0, 0] == pytest.approx(-65)
    assert traces.I.values[-1, 0] == pytest.approx(100)


def test_a_second_input_has_to_be_named(backend):
    model = rb.Model(
        "dx/dt = (I + 10*J)/ms : 1\nI : 1 (input)\nJ : 1 (input)\nK : nS (input)", method="euler"
    )
    net = network()
    cell = net.add(model, name="cell")
    with pytest.raises(rb.errors.WiringError) as refused:
        net.inject(cell, rb.stimuli.step(1.0))
    assert "several inputs; say which" in str(refused.value)
    assert "I, J, K [nS]" in str(refused.value)
    net.inject(cell, rb.stimuli.step(1.0), to="I")
    net.inject(cell, rb.stimuli.step(2.0), to="J")
    net.inject(cell, rb.stimuli.step(2 * nS), to="K")
    net.run(2 * ms, backend=backend)
    assert cell.x.magnitude == pytest.approx([42])
