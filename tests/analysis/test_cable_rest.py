"""The steady state of a cell, against a long run and a closed form; f-I curves and rheobases."""

import numpy as np
import pytest
from tests.analysis.cells import (
    ball_and_stick,
    ball_and_stick_resistance,
    finite_cable,
    passive,
    squid,
)
from tests.morphology.dense_trees import any_tree

import rheobase as rb
from rheobase.analysis.cable_rest import cable_rest
from rheobase.errors import EquationError
from rheobase.units import cm, mS, ms, mV, nA, ohm, pA, second, um

quiet = dict(duration=300 * ms, dt=0.1 * ms)


def test_a_uniform_passive_cell_rests_at_its_leak():
    rest = cable_rest(ball_and_stick(), "test")
    np.testing.assert_allclose(rest.voltage, -0.070, rtol=1e-12)
    assert not rest.states
    np.testing.assert_allclose(rest.steady, -50)  # 1/(20 ms)


def test_two_leaks_in_closed_form():
    """E of the soma 10 mV higher: it settles at G_soma/(G_soma + G_dendrite) of that."""
    warm = rb.Membrane([rb.channels.Leak(g=0.05 * mS / cm**2, E=-60 * mV)])
    cell = ball_and_stick({"soma": warm, "dendrite": passive}, max_length=2 * um)
    soma = 0.5 * np.pi * (20e-6) ** 2
    share = soma / (soma + finite_cable()[0])
    found = cable_rest(cell, "test").voltage[0]
    assert found == pytest.approx(-0.070 + 0.010 * share, abs=2e-6)


def test_a_long_run_ends_there():
    cell = ball_and_stick({"soma": squid, "dendrite": passive})
    rest = cable_rest(cell, "test")
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(cell, name="cells")
    net.run(600 * ms)
    np.testing.assert_allclose(cells.v.to(mV).magnitude, 1e3 * rest.voltage, atol=1e-7)
    for name, held in rest.states.items():
        np.testing.assert_allclose(getattr(cells, name).magnitude, held, atol=1e-9)
        assert np.array_equal(np.isnan(held), np.arange(held.size) > 0)


def test_calcium_rests_too():
    calcium = rb.Membrane([
        rb.channels.Leak(g=0.05 * mS / cm**2, E=-60 * mV), rb.channels.LType,
        rb.channels.CalciumPool, rb.channels.SK,
    ], temperature=25)  # fmt: skip
    cell = ball_and_stick(calcium)
    rest = cable_rest(cell, "test")
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(cell, name="cells")
    net.run(1 * second)
    np.testing.assert_allclose(cells.v.to(mV).magnitude, 1e3 * rest.voltage, atol=1e-4)
    np.testing.assert_allclose(cells.Ca_i.to("mM").magnitude, rest.states["Ca_i"], rtol=1e-3)


def eigenvalues(rest):
    """Those of the whole linear system, junctions eliminated [1/s]."""
    cell, farad = rest.cell, rest.capacitance
    slopes = -(rest.conductances().toarray() + np.diag(farad * rest.steady))
    inside, outside = cell.compartments.membrane, np.flatnonzero(cell.compartments.is_junction)
    corner = np.linalg.solve(slopes[np.ix_(outside, outside)], slopes[np.ix_(outside, inside)])
    along = slopes[np.ix_(inside, inside)] - slopes[np.ix_(inside, outside)] @ corner
    size = inside.size + sum(one.table[:, 1:, 0].size for one in rest.linear)
    whole, at = np.zeros((size, size)), inside.size
    whole[:at, :at] = along / farad[inside, None]
    for one in rest.linear:
        count = one.table.shape[-1]
        order = [one.place, *(k for k in range(count) if k != one.place)]
        for node, table in zip(one.nodes, one.table, strict=True):
            places = [int(np.searchsorted(inside, node)), *range(at, at + count - 1)]
            whole[np.ix_(places, places)] += table[np.ix_(order, order)]
            at += count - 1
    return np.linalg.eigvals(whole)


@pytest.mark.parametrize("seed", range(12))
def test_growing_modes_are_eigenvalues(seed):
    numbers = np.random.default_rng(seed)
    shape = any_tree(numbers, most=5)
    channels = rb.channels
    some = [
        passive,
        squid(E_L=numbers.uniform(-60, 0) * mV),
        rb.Membrane([channels.HHSodium(g=numbers.uniform(100, 400) * mS / cm**2),
                     channels.HHPotassium, channels.Leak(E=-40 * mV), channels.MType],
                    temperature=6.3),
        rb.Membrane([channels.HHSodium, channels.HHPotassium, channels.Leak(E=-20 * mV),
                     channels.LType, channels.CalciumPool, channels.SK]),
    ]  # fmt: skip
    membranes = {region: some[int(numbers.integers(0, 4))] for region in shape.regions}
    rest = cable_rest(rb.Cell(shape, membranes, max_length=60 * um), "test")
    assert rest.growing() == np.count_nonzero(eigenvalues(rest).real > 0)


def test_the_rheobase_of_a_passive_cell_is_ohms_law():
    """10 mV over the resistance of a ball and stick, after a long time."""
    cell = ball_and_stick(spikes="v > -60*mV", max_length=5 * um)
    expected = 10 / ball_and_stick_resistance()[0]  # nA
    found = rb.analysis.rheobase(cell, tolerance=1e-5 * nA, **quiet)
    assert found.to(nA).magnitude == pytest.approx(expected, rel=1e-3)
    end = dict(region="dendrite", fraction=1.0)
    found = rb.analysis.rheobase(cell, at=end, tolerance=1e-5 * nA, **quiet)
    reaches = ball_and_stick_resistance()[1]
    assert found.to(nA).magnitude == pytest.approx(expected / reaches, rel=1e-3)


def test_one_compartment_is_a_point():
    """The same membrane as a point of the same area: rheobase and rates."""
    ball = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)
    cell = rb.Cell(ball, squid, max_length=rb.morphology.per_section(1))
    point = squid.point(np.pi * 400 * um**2)
    options = dict(duration=60 * ms, tolerance=0.01 * pA)
    one, other = (rb.analysis.rheobase(each, **options).to(pA).magnitude for each in (cell, point))
    assert one == pytest.approx(other, abs=0.03)
    assert other == pytest.approx(2.2404 * np.pi * 4, rel=1e-3)  # uA/cm2 of 1,257 um2
    currents = np.array([0, 7, 10, 20]) * np.pi * 4 * pA
    curves = [rb.analysis.fi_curve(each, currents, 300 * ms, 150 * ms, measure="intervals")
              for each in (cell, point)]  # fmt: skip
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-3)
    np.testing.assert_allclose(curves[1], [0, 58.327, 68.324, 86.47], rtol=1e-3)


def test_a_dendrite_takes_current_away():
    cell = ball_and_stick({"soma": squid, "dendrite": passive})
    options = dict(duration=60 * ms, dt=0.025 * ms)
    found = rb.analysis.rheobase(cell, **options).to(pA).magnitude
    alone = rb.analysis.rheobase(squid.point(np.pi * 400 * um**2), **options).to(pA).magnitude
    assert found > 1.5 * alone
    rates = rb.analysis.fi_curve(cell, [0.9 * found, 500] * pA, 200 * ms, dt=0.025 * ms)
    assert rates.values[0] == 0 < rates.values[1]
    twice = rb.analysis.fi_curve(cell, [500] * pA, 200 * ms, dt=0.025 * ms, cells=2)
    assert twice.values[0] == rates.values[1]


def test_a_parameter_is_varied_instead():
    cell = ball_and_stick(spikes="v > -60*mV")
    found = rb.analysis.rheobase(cell, input="E_L", initial=None, dt=0.1 * ms, tolerance=0.1 * mV)
    assert found.to(mV).magnitude == pytest.approx(-60, abs=0.3)


def test_a_cell_that_fires_by_itself_is_told_of():
    excited = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium,
                           rb.channels.Leak(g=0.3 * mS / cm**2, E=-10 * mV)])  # fmt: skip
    cell = ball_and_stick(excited)
    with pytest.warns(UserWarning, match="ball and stick fires without input: it begins not at "
                      "rest but at -65 mV"):  # fmt: skip
        found = rb.analysis.rheobase(cell, spikes=5, duration=100 * ms, dt=0.025 * ms)
    assert found.to(nA).magnitude < 0


def test_no_rest_is_told():
    model = rb.Membrane([rb.Channel("I = g*(0*mV - 0*v) - 1*uA/cm**2 : uA/cm**2\ng : mS/cm**2",
                                    name="P", parameters=dict(g="1 mS/cm**2"))])  # fmt: skip
    cell = rb.Cell(rb.Morphology.cylinder(length=20 * um, diameter=20 * um), model,
                   axial_resistivity=100 * ohm * cm)  # fmt: skip
    with pytest.raises(EquationError) as raised:
        rb.analysis.input_resistance(cell)
    assert "no voltages were found at which cylinder rests without input" in str(raised.value)
    assert "run it without input, and record v" in str(raised.value)
    with pytest.warns(UserWarning, match="no voltages were found at which cylinder rests without "
                      "input: it begins at -65 mV"):  # fmt: skip
        rb.analysis.fi_curve(cell, [0, 1] * pA, 20 * ms, dt=0.1 * ms)
