import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.morphology.random_trees import morphologies

import rheobase as rb
from rheobase.errors import UnitError, UserError
from rheobase.units import ms, um

CELL = rb.Morphology.ball_and_stick(
    soma_diameter=20 * um, dendrite_length=100 * um, dendrite_diameter=2 * um
)


def ends(cell):
    return 1e6 * cell.sections[1].points


def test_moved_turned_and_scaled():
    np.testing.assert_allclose(ends(CELL.moved((1, 2, 3) * um)), [[11, 2, 3], [111, 2, 3]])
    quarter = np.pi / 2
    np.testing.assert_allclose(ends(CELL.turned(quarter)), [[0, 10, 0], [0, 110, 0]], atol=1e-9)
    np.testing.assert_allclose(
        ends(CELL.turned(quarter, "y")), [[0, 0, -10], [0, 0, -110]], atol=1e-9
    )
    np.testing.assert_allclose(
        ends(CELL.turned(2 * np.pi / 3, (1, 1, 1))), [[0, 10, 0], [0, 110, 0]], atol=1e-9
    )
    away = CELL.moved((5, 0, 0) * um)
    np.testing.assert_allclose(ends(away.turned(np.pi)), [[-5, 0, 0], [-105, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(ends(away.scaled(2)), [[25, 0, 0], [225, 0, 0]])
    np.testing.assert_allclose(1e6 * CELL.scaled(2).sections[1].radii, [2, 2])
    wide = CELL.scaled(1, diameters=1.5)
    np.testing.assert_allclose(ends(wide), ends(CELL))
    np.testing.assert_allclose(1e6 * wide.sections[0].radii, [15, 15])


@settings(max_examples=25, deadline=None)
@given(morphologies(), st.floats(-7, 7), st.floats(0.1, 10))
def test_what_stays_and_what_grows(cell, angle, factor):
    before = cell.statistics()
    turned = cell.turned(angle, (1, -2, 0.5)).moved((-3, 40, 1) * um).statistics()
    larger = cell.scaled(factor).statistics()
    for name, power in (("length", 1), ("area", 2), ("volume", 3), ("longest_path", 1)):
        was = before[name].magnitude
        assert turned[name].magnitude == pytest.approx(was, rel=1e-9)
        assert larger[name].magnitude == pytest.approx(was * factor**power, rel=1e-9)


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda: CELL.moved((1, 2) * um), UserError, "by is a way along x, y and z"),
        (lambda: CELL.moved((1, 2, 3)), UnitError, "moved: by: expected a length"),
        (lambda: CELL.turned(1 * ms), UnitError, "turned: angle"),
        (lambda: CELL.turned([1.0, 2.0]), UserError, "one angle in radians"),
        (lambda: CELL.turned(1, "w"), UserError, "axis is x, y, z or a direction"),
        (lambda: CELL.turned(1, (0, 0, 0)), UserError, "axis is x, y, z or a direction"),
        (lambda: CELL.scaled(-1), UserError, "factor is a number above 0"),
        (lambda: CELL.scaled(2 * um), UserError, "factor is a number above 0"),
        (lambda: CELL.scaled(1, diameters=0), UserError, "diameters is a number above 0"),
    ],
)
def test_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
