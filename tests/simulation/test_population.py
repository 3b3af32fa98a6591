"""Populations and views: attributes, indices, tables, and what is refused."""

import copy

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, nS, pA, pF, um


@pytest.fixture
def cells(net):
    return net.add(rb.models.LIF(tau_m=20 * ms), 5, name="cells")


def test_reading_gives_quantities_in_the_unit_of_the_equation(cells):
    np.testing.assert_allclose(cells.v.magnitude, [-65.0] * 5)
    assert cells.v.units == mV
    assert cells.tau_m.magnitude == pytest.approx(20.0)
    assert cells.tau_m.units == ms
    assert cells.C_m.to(pF).magnitude == pytest.approx(250.0)
    assert cells[2:].i_syn.units == pA
    assert cells[2:].i_syn.shape == (3,)


@pytest.mark.parametrize("value", [
    -60 * mV, "-60 mV", -0.06 * mV * 1000, np.full(5, -60.0) * mV, [-60 * mV] * 5, "-60*mV",
    ["-60 mV"] * 5, [-60] * 5 * mV,
])  # fmt: skip
def test_setting_takes_what_a_user_would_write(cells, value):
    cells.v = value
    np.testing.assert_allclose(cells.v.magnitude, [-60.0] * 5)


def test_a_parameter_is_shared_until_cells_differ(cells):
    assert cells._cell_values.per_cell == frozenset()
    cells.tau_m = 15 * ms
    assert cells._cell_values.per_cell == frozenset()
    cells[1].tau_m = 30 * ms
    assert cells._cell_values.per_cell == {"tau_m"}
    np.testing.assert_allclose(cells.tau_m.magnitude, [15, 30, 15, 15, 15])
    cells.tau_m = 10 * ms
    assert cells.tau_m.magnitude == pytest.approx(10.0)
    assert cells._cell_values.per_cell == frozenset()


def test_texts_read_the_model_the_index_and_random_numbers(cells):
    cells.v = "E_L + i*mV"
    np.testing.assert_allclose(cells.v.magnitude, -65 + np.arange(5))
    cells.v = "E_L + rand()*(V_T - E_L)"
    drawn = cells.v.magnitude
    assert np.unique(drawn).size == 5
    assert np.all((drawn > -65) & (drawn < -50))
    cells.v = "clip(v + 3*randn()*mV, -80*mV, -51*mV)"
    assert not np.array_equal(cells.v.magnitude, drawn)
    cells.v = "where(i < N/2, E_L, V_r + 1*mV)"
    np.testing.assert_allclose(cells.v.magnitude, [-65, -65, -65, -64, -64])


def test_texts_are_worked_out_in_order_of_assignment(cells):
    cells.v = "E_L"
    cells.E_L = -70 * mV
    cells.i_syn = "(v - E_L)*10*nS"
    np.testing.assert_allclose(cells.v.magnitude, [-65.0] * 5)
    np.testing.assert_allclose(cells.i_syn.magnitude, [50.0] * 5)


def test_cells_that_nobody_set_follow_what_the_model_says(cells):
    cells[0].v = -55 * mV
    cells.E_L = -70 * mV  # LIF: initial v is E_L
    np.testing.assert_allclose(cells.v.magnitude, [-55, -70, -70, -70, -70])


def test_in_a_view_i_and_n_count_within_it(cells):
    cells[3:].v = "-60*mV + (i + N)*mV"
    np.testing.assert_allclose(cells.v.magnitude, [-65, -65, -65, -58, -57])


def test_random_texts_depend_on_seed_name_variable_and_count_only():
    def drawn(seed=1, name="cells", before=(), view=slice(None)):
        net = rb.Network(dt=0.1 * ms, seed=seed)
        net.add(rb.models.LIF, 3, name="other")
        cells = net.add(rb.models.LIF, 6, name=name)
        for variable in before:
            setattr(cells, variable, 0 if variable != "i_syn" else 0 * pA)
        cells[view].v = "-60*mV + rand()*mV"
        return cells[view].v.magnitude

    np.testing.assert_array_equal(drawn(), drawn())
    np.testing.assert_array_equal(drawn(before=["i_syn"]), drawn())
    np.testing.assert_array_equal(drawn(view=slice(2, 5)), drawn()[2:5])
    for other in (drawn(seed=2), drawn(name="b")):
        assert not np.array_equal(other, drawn())


def test_distributions_set_variables(cells):
    cells.v = rb.random.normal(-60 * mV, 2 * mV, low=-65 * mV)
    assert np.unique(cells.v.magnitude).size == 5
    assert np.all(cells.v.magnitude >= -65)
    with pytest.raises(rb.errors.UnitError, match=r"cells\.tau_m: .* draws a voltage"):
        cells.tau_m = rb.random.normal(-60 * mV, 2 * mV)


def test_values_in_place_are_not_set_silently(cells):
    with pytest.raises(rb.errors.UserError) as refused:
        cells.v[0] = -50 * mV
    assert "a copy" in str(refused.value)
    assert "cells[3].v = ..." in str(refused.value)
    cells.v += 5 * mV
    np.testing.assert_allclose(cells.v.magnitude, [-60.0] * 5)
    mine = cells.v.magnitude.copy()
    mine[0] = 1.0
    mine = copy.copy(cells.v.magnitude)
    mine[0] = 1.0
    mine = copy.deepcopy(cells.v.magnitude)
    mine[0] = 1.0
    mine = 2 * cells.v.magnitude
    mine[0] = 1.0
    assert type(mine) is np.ndarray


# -- views ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key, want", [
    (2, [2]), (-1, [4]), (slice(1, 4), [1, 2, 3]), (slice(None, None, 2), [0, 2, 4]),
    ([3, 0], [3, 0]), (np.array([True, False, True, False, False]), [0, 2]), ([-1, 1], [4, 1]),
    (np.int64(3), [3]), ([], []), (slice(4, 1, -1), [4, 3, 2]),
])  # fmt: skip
def test_indices_choose_cells(cells, key, want):
    np.testing.assert_array_equal(cells[key].indices, want)
    assert len(cells[key]) == cells[key].size == len(want)


def test_views_of_views_and_iteration(cells):
    assert cells[1:][1:].indices.tolist() == [2, 3, 4]
    assert [cell.indices.tolist() for cell in cells] == [[0], [1], [2], [3], [4]]
    assert cells[::2].name == "cells"
    assert len(cells) == 5
    assert cells.population is cells[1].population is cells


@pytest.mark.parametrize("key, error, words", [
    (5, rb.errors.ShapeError, ["cells[5]", "0 to 4", "5 cells"]),
    (-6, rb.errors.ShapeError, ["cells[-6]"]),
    ([1, 9], rb.errors.ShapeError, ["no cell 9", "0 to 4"]),
    ([1, 1], rb.errors.ShapeError, ["cell 1 is chosen twice", "np.unique"]),
    (np.ones(3, bool), rb.errors.ShapeError, ["(3,)", "5 cells"]),
    ("v", rb.errors.WiringError, ["cells['v']", "cells.v"]),
    (1.5, rb.errors.WiringError, ["a number, a slice, a mask"]),
    (None, rb.errors.WiringError, ["cells[:10]"]),
    ([[1, 2]], rb.errors.WiringError, ["chooses no cells"]),
])  # fmt: skip
def test_bad_indices_are_refused(cells, key, error, words):
    with pytest.raises(error) as refused:
        cells[key]
    for word in words:
        assert word in str(refused.value)


# -- names ----------------------------------------------------------------------------------


def test_unknown_variables_are_refused_with_what_there_is(cells):
    for act in (lambda: cells.V, lambda: setattr(cells, "V", -60 * mV)):
        with pytest.raises(rb.errors.UnknownNameError) as refused:
            act()
        text = str(refused.value)
        assert "no variable 'V'; did you mean v?" in text
        assert "v [mV], i_syn [pA]" in text
        assert "tau_m [ms]" in text
    with pytest.raises(rb.errors.UnknownNameError, match="did you mean tau_ref"):
        cells.t_ref = 2 * ms
    with pytest.raises(rb.errors.UnknownNameError, match="did you mean E_L"):
        cells[1:].v_rest = 2 * mV
    with pytest.raises(rb.errors.UnknownNameError, match=r"no variable 'xyzzy'\n"):
        cells.xyzzy = 1
    assert not hasattr(cells, "banana")


@pytest.mark.parametrize("name", ["name", "size", "indices", "model", "population", "state"])
def test_what_is_fixed_cannot_be_set(cells, name):
    with pytest.raises(rb.errors.UserError, match=rf"cells\.{name} cannot be set: it is fixed"):
        setattr(cells, name, 3)


def test_a_model_variable_may_not_hide_an_attribute(net):
    model = rb.Model("dsize/dt = -size/(10*ms) : 1")
    with pytest.raises(rb.errors.WiringError, match=r"a variable called size.*\nrename it: size_1"):
        net.add(model, name="cells")


def test_computed_things_cannot_be_set(net):
    model = rb.Model(
        "dv/dt = (rate - v)/tau : 1\nrate = 2*I : 1\nI : 1 (input)\ntau : ms",
        parameters=dict(tau=10 * ms),
    )
    cells = net.add(model, 2, name="cells")
    np.testing.assert_array_equal(cells.rate.magnitude, [0.0, 0.0])
    np.testing.assert_array_equal(cells.I.magnitude, [0.0, 0.0])
    with pytest.raises(rb.errors.UserError, match=r"computed by the line `rate = 2\*I : 1`"):
        cells.rate = 1
    with pytest.raises(rb.errors.UserError, match=r"an input.*\nwrite net.inject\(cells, rb"):
        cells.I = 1
    with pytest.raises(rb.errors.UnknownNameError, match="no variable 'refractory_left'"):
        cells.refractory_left = 1 * ms


def test_last_spike_is_read_only_and_refractory_left_is_a_time(cells):
    assert np.all(np.isneginf(cells.last_spike.magnitude))
    with pytest.raises(rb.errors.UserError, match=r"last_spike cannot be set.*\n.*refractory_left"):
        cells.last_spike = 1 * ms
    cells[:2].refractory_left = [1, 2] * ms
    np.testing.assert_allclose(cells.refractory_left.magnitude, [1, 2, 0, 0, 0])
    with pytest.raises(rb.errors.UserError, match="refractory_left: a time is negative"):
        cells.refractory_left = -1 * ms
    with pytest.raises(rb.errors.UnitError, match=r"cells\.refractory_left: expected a time"):
        cells.refractory_left = 1


def test_no_refractory_period_to_set(net):
    plain = rb.Model("dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    held = rb.Model("dv/dt = -v/(10*ms) : 1", threshold="v > 1", refractory="v > 0.5")
    for model, why in ((plain, "has no refractory period"), (held, "as long as a condition")):
        cells = net.add(model)
        with pytest.raises(rb.errors.UserError, match=f"{why}.*\n.*refractory=2"):
            cells.refractory_left = 1 * ms


@pytest.mark.parametrize("value, error, words", [
    (-60, rb.errors.UnitError, ["cells.v: expected a voltage, got the plain number -60",
                                "write cells.v = -60*mV"]),
    (5 * ms, rb.errors.UnitError, ["cells.v: expected a voltage", "a time"]),
    ([1, 2, 3] * mV, rb.errors.ShapeError, ["cells.v", "one value, or 5", "3 values"]),
    (np.zeros((5, 2)) * mV, rb.errors.ShapeError, ["shape (5, 2)"]),
    (float("nan") * mV, rb.errors.UserError, ["nan"]),
    ([0, 1, np.nan, 3, 4] * mV, rb.errors.UserError, ["value of cell 2 is nan"]),
    ("E_L + tau_m", rb.errors.UnitError, ["cells.v", "cannot add ms to mV", "^"]),
    ("E_L + rnd()*mV", rb.errors.UnknownNameError, ["cells.v: unknown function rnd", "^"]),
    ("EL", rb.errors.UnknownNameError, ["cells.v: unknown name EL", "did you mean E_L?"]),
    ("tau_m", rb.errors.UnitError, ["cells.v: expected mV", "ms"]),
    ("v +", rb.errors.EquationError, ["cells.v"]),
    (lambda: 3, rb.errors.UnitError, ["got a function", '"rand()"']),
])  # fmt: skip
def test_bad_values_are_refused(cells, value, error, words):
    with pytest.raises(error) as refused:
        cells.v = value
    for word in words:
        assert word in str(refused.value)


def test_a_shared_parameter_takes_one_value(net):
    model = rb.Model("dv/dt = -v/tau : 1\ntau : ms (shared)", parameters=dict(tau=10 * ms))
    cells = net.add(model, 3, name="cells")
    cells.tau = 20 * ms
    with pytest.raises(rb.errors.UserError, match=r"tau is \(shared\).*\n.*`tau : ms \(shared\)`"):
        cells.tau = [1, 2, 3] * ms


def test_a_parameter_without_a_value(net):
    cells = net.add(rb.Model("dv/dt = -v/tau : 1\ntau : ms", name="Leak"), 3, name="cells")
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(1 * ms)
    assert "cells.tau has no value: the model Leak gives it none" in str(refused.value)
    assert "write cells.tau = 1*ms before the first run" in str(refused.value)
    with pytest.raises(rb.errors.UserError, match="would have none for 2 of 3 cells"):
        cells[0].tau = 1 * ms
    with pytest.raises(rb.errors.UserError, match=r"cells\.tau has no value"):
        _ = cells.tau
    cells.tau = 5 * ms
    net.run(1 * ms, backend="interpreter")


# -- printing -------------------------------------------------------------------------------


def test_state_prints_as_a_table(cells):
    cells.v = "E_L + i*mV"
    table = cells[1:3].state()
    lines = str(table).splitlines()
    assert lines[0] == "cells:"
    assert lines[1].split() == ["cell", "v", "(mV)", "i_syn", "(pA)", "refractory_left", "(ms)",
                                "last_spike", "(ms)"]  # fmt: skip
    assert lines[2].split() == ["1", "-64", "0", "0", "-"]
    assert len(lines) == 4
    assert set(table) == {"v", "i_syn", "refractory_left", "last_spike"}
    assert table["v"].units == mV


def test_a_long_table_is_cut(net):
    cells = net.add(rb.models.LIF, 30, name="many")
    assert str(cells.state()).splitlines()[-1] == "... and 10 more"


def test_populations_and_views_print(cells, net):
    assert repr(cells) == "<Population 'cells': 5 cells of LIF>"
    assert repr(cells[1:3]) == "<View cells[1:3]: 2 cells>"
    assert repr(cells[4]) == "<View cells[4]: 1 cell>"
    assert repr(cells[[4, 0, 1]]) == "<View cells[[4, 0, 1]]: 3 cells>"
    assert repr(cells[[]]) == "<View cells[[]]: 0 cells>"
    noise = net.add(rb.stimuli.poisson(10 * Hz), 3, name="noise")
    assert repr(noise) == "<Population 'noise': 3 cells of poisson(10*Hz)>"


def test_sources_have_no_variables(net):
    noise = net.add(rb.stimuli.poisson(10 * Hz), 3, name="noise")
    for act in (lambda: noise.v, lambda: setattr(noise, "v", 1), noise.state):
        with pytest.raises(rb.errors.UnknownNameError, match="'noise' replays spikes and has no"):
            act()
    assert noise[:2].size == 2


def test_positions(net):
    cells = net.add(rb.models.LIF, 3, name="cells", positions=[[0, 0], [1, 0], [0, 2]] * um)
    np.testing.assert_allclose(cells[1:].positions.to(um).magnitude, [[1, 0], [0, 2]])
    cells.positions = [1, 2, 3] * um
    assert cells.positions.shape == (3, 1)
    with pytest.raises(rb.errors.UserError, match="positions are set for a whole population"):
        cells[:2].positions = [1, 2] * um
    with pytest.raises(rb.errors.ShapeError, match="positions"):
        cells.positions = [1, 2] * um
    assert net.add(rb.models.LIF).positions is None


def test_variables_are_offered_for_completion(cells):
    assert {"v", "tau_m", "state", "name"} <= set(dir(cells))


def test_a_quantity_of_another_prefix_is_taken(cells):
    cells.C_m = 0.1 * (nS * ms)
    assert cells.C_m.to(pF).magnitude == pytest.approx(0.1)


def test_a_train_that_was_not_added_is_no_population():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 3, name="c")
    with pytest.raises(
        rb.errors.WiringError, match=r"add it first: cells = net\.add\(\.\.\., 10\)"
    ):
        net.connect(rb.stimuli.poisson("5 Hz"), cells, weight=1 * pA)


def test_too_many_cells_are_refused_for_what_they_are():
    net = rb.Network(dt=0.1 * ms, seed=1)
    with pytest.raises(rb.errors.ShapeError, match=r"expected: at most 2\*\*31 - 1"):
        net.add(rb.models.LIF, 10**12)


def test_setting_cells_without_a_variable_is_refused():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 3, name="c")
    with pytest.raises(rb.errors.UserError, match=r"says not which variable(.|\n)*\.v = -60\*mV"):
        cells[0] = -60 * mV
