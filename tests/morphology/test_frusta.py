import numpy as np
import pytest
from scipy.integrate import quad

from rheobase.morphology.frusta import between, profile

POINTS = np.array([[0, 0, 0], [3, 4, 0], [3, 4, 0], [3, 4, 12.0]])
RADII = np.array([2.0, 1.0, 3.0, 0.5])


def test_closed_forms_of_a_cylinder_and_a_cone():
    cylinder = profile(np.array([[0, 0, 0], [0, 10.0, 0]]), np.array([2.0, 2.0]))
    assert cylinder.area[-1] == pytest.approx(2 * np.pi * 2 * 10, rel=1e-15)
    assert cylinder.volume[-1] == pytest.approx(np.pi * 4 * 10, rel=1e-15)
    assert cylinder.resistance[-1] == pytest.approx(10 / (np.pi * 4), rel=1e-15)
    cone = profile(np.array([[0, 0, 0], [0, 4.0, 0]]), np.array([4.0, 1.0]))
    assert cone.area[-1] == pytest.approx(np.pi * (4 + 1) * 5, rel=1e-15)  # slant height 5
    assert cone.volume[-1] == pytest.approx(np.pi * 4 * (16 + 4 + 1) / 3, rel=1e-15)
    assert cone.resistance[-1] == pytest.approx(4 / (np.pi * 4), rel=1e-15)


def test_integrals_within_a_cone_are_those_of_a_quadrature():
    cone = profile(np.array([[0, 0, 0], [10.0, 0, 0]]), np.array([3.0, 1.0]))

    def radius(x):
        return 3 - 0.2 * x

    for place in (0.0, 1.3, 7.7, 10.0):
        want = quad(lambda x: 1 / (np.pi * radius(x) ** 2), 0, place)[0]
        assert cone.resistance_to(np.array([place]))[0] == pytest.approx(want, rel=1e-12)
        assert cone.radius(np.array([place]))[0] == pytest.approx(radius(place), rel=1e-14)
    area, diameter, volume = cone.parts(np.array([0.0, 2.5, 10.0]))
    slant = np.sqrt(1 + 0.04)
    want = [
        quad(lambda x: 2 * np.pi * radius(x) * slant, *ends)[0] for ends in ((0, 2.5), (2.5, 10))
    ]
    np.testing.assert_allclose(area, want, rtol=1e-12)
    np.testing.assert_allclose(diameter, [2 * radius(1.25), 2 * radius(6.25)], rtol=1e-12)
    assert volume.sum() == pytest.approx(cone.volume[-1], rel=1e-14)


def test_a_sudden_change_of_the_radius_is_a_ring_without_resistance():
    found = profile(POINTS, RADII)
    np.testing.assert_allclose(found.positions, [0, 5, 5, 17])
    assert found.area[2] - found.area[1] == pytest.approx(np.pi * (9 - 1))
    assert found.resistance[2] == found.resistance[1]
    area, _, _ = found.parts(np.array([0.0, 2.0, 11.0, 17.0]))
    assert area.sum() == pytest.approx(found.area[-1], rel=1e-14)


def test_rings_at_both_ends_belong_to_the_section():
    points = np.array([[0, 0, 0], [0, 0, 0], [8.0, 0, 0], [8.0, 0, 0]])
    found = profile(points, np.array([2.0, 1.0, 1.0, 3.0]))
    area, _, _ = found.parts(np.array([0.0, 4.0, 8.0]))
    want = 2 * np.pi * 4 + np.pi * np.array([4 - 1, 9 - 1])
    np.testing.assert_allclose(area, want, rtol=1e-14)


def test_coordinates_along_a_chain():
    found = profile(POINTS, RADII)
    where = between(POINTS, found.positions, np.array([0.0, 2.5, 11.0]))
    np.testing.assert_allclose(where, [[0, 0, 0], [1.5, 2, 0], [3, 4, 6]])
