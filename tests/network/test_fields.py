"""Potentials of fields outside cells."""

import numpy as np
import pytest
from scipy.integrate import quad

import rheobase as rb
from rheobase import errors
from rheobase.units import mm, mV, um

PLACES = np.array([[0, 0, 0], [30, 40, 0], [-10, 5, 80]]) * 1e-6
THIN = np.full(3, 1e-7)


def test_a_uniform_field_falls_along_its_direction():
    field = rb.stimuli.uniform_field([0, 3, 4])
    np.testing.assert_allclose(
        field.potential(PLACES, THIN), -(0.6 * PLACES[:, 1] + 0.8 * PLACES[:, 2])
    )
    assert str(field) == "uniform_field([0, 0.6, 0.8])"
    assert field.unit.text == "mV/mm"
    assert field.dimension == rb.stimuli.step(1 * mV / mm).dimension


def test_the_potential_of_a_point_falls_with_the_distance():
    field = rb.stimuli.point_electrode([30, 0, 0] * um, conductivity="2 siemens/metre")
    want = 1 / (4 * np.pi * 2 * np.array([30e-6, 40e-6, np.linalg.norm([40, 5, 80]) * 1e-6]))
    np.testing.assert_allclose(field.potential(PLACES, THIN), want)
    # inside the cell: on its surface
    np.testing.assert_allclose(
        field.potential(np.array([[30e-6, 0, 0]]), np.array([5e-6])), 1 / (8 * np.pi * 5e-6)
    )
    assert str(field) == 'point_electrode([30, 0, 0]*um, "2 siemens/metre")'


def test_a_line_is_the_integral_of_points():
    start, end = np.array([-50, 20, 0]) * 1e-6, np.array([50, 20, 60]) * 1e-6
    field = rb.stimuli.line_electrode(start * 1e6 * um, end * 1e6 * um)
    for place, found in zip(PLACES, field.potential(PLACES, THIN), strict=True):
        want, _ = quad(
            lambda s, place=place: 1
            / (4 * np.pi * 0.3 * np.linalg.norm(place - start - s * (end - start))),
            0, 1,
        )  # fmt: skip
        assert found == pytest.approx(want, rel=1e-9)
    # along its own axis, behind its end: no nearer to the axis than the radius of the cell
    behind = field.potential(np.array([end + 0.1 * (end - start)]), np.array([1e-6]))
    assert 0 < behind[0] < 1 / (4 * np.pi * 0.3 * 0.1 * np.linalg.norm(end - start))
    assert str(field) == "line_electrode([-50, 20, 0]*um, [50, 20, 60]*um)"


@pytest.mark.parametrize("call, error, words", [
    (lambda: rb.stimuli.uniform_field([1, 0]), errors.ShapeError,
     ("three components", "rb.stimuli.uniform_field([0, 1, 0])")),
    (lambda: rb.stimuli.uniform_field([0, 0, 0]), errors.ShapeError, ("not all 0",)),
    (lambda: rb.stimuli.uniform_field([1, 0, 0] * um), errors.UnitError,
     ("uniform_field: direction",)),
    (lambda: rb.stimuli.point_electrode([1, 2] * um), errors.ShapeError,
     ("point_electrode: position", "three finite coordinates", "shape (2,)")),
    (lambda: rb.stimuli.point_electrode([1, 2, np.nan] * um), errors.ShapeError, ("finite",)),
    (lambda: rb.stimuli.point_electrode(np.ones((2, 3)) * um), errors.ShapeError,
     ("position is one place", "2 places", "call net.extracellular for each")),
    (lambda: rb.stimuli.point_electrode([1, 2, 3]), errors.UnitError,
     ("point_electrode: position", "rb.stimuli.point_electrode([0, 50, 0]*um)")),
    (lambda: rb.stimuli.point_electrode([1, 2, 3] * um, 0.3), errors.UnitError,
     ("point_electrode: conductivity", 'conductivity="0.3 siemens/metre"')),
    (lambda: rb.stimuli.point_electrode([1, 2, 3] * um, "-1 siemens/metre"), errors.UserError,
     ("the conductivity is one value above 0", "-1 siemens/metre")),
    (lambda: rb.stimuli.line_electrode([1, 2, 3] * um, [1, 2, 3] * um), errors.UserError,
     ("line_electrode: it ends where it starts", "rb.stimuli.point_electrode")),
])  # fmt: skip
def test_what_is_refused(call, error, words):
    with pytest.raises(error) as found:
        call()
    for word in words:
        assert word in str(found.value), str(found.value)
