"""Potentials of line sources, and currents along a cell."""

import numpy as np
import pytest
from scipy.integrate import quad

import rheobase as rb
from rheobase.cables.fields import axial, line_sources
from rheobase.units import um

SIGMA = 0.3


@pytest.mark.parametrize("at", [(20, 30, 0), (-40, 5, 3), (150, 0, 20), (50, 10, -10)])
def test_a_line_source_is_the_integral_of_points(at):
    place = np.array(at) * 1e-6
    exact, _ = quad(
        lambda x: 1 / (4 * np.pi * SIGMA * np.linalg.norm(place - [x * 1e-6, 0, 0])) / 100, 0, 100
    )
    start, end = np.zeros((1, 3)), np.array([[100e-6, 0, 0]])
    found = line_sources(start, end, np.array([1e-6]), place[None], SIGMA)
    assert found[0, 0] == pytest.approx(exact, rel=1e-9)


def test_a_line_without_length_is_a_point_and_no_place_is_nearer_than_the_radius():
    start = np.zeros((1, 3))
    far = line_sources(start, start, np.array([1e-6]), np.array([[0, 3e-6, 4e-6]]), SIGMA)
    assert far[0, 0] == pytest.approx(1 / (4 * np.pi * SIGMA * 5e-6))
    near = line_sources(start, start, np.array([1e-6]), np.zeros((1, 3)), SIGMA)
    assert near[0, 0] == pytest.approx(1 / (4 * np.pi * SIGMA * 1e-6))


def test_axial_currents_add_to_zero_and_vanish_where_the_voltage_is_one():
    tree = rb.Morphology.tree(levels=3, length=100 * um, diameter=4 * um)
    compartments = tree.discretize(20 * um)
    v = np.random.default_rng(1).normal(size=(4, compartments.membrane.size))
    current = axial(compartments, v)
    np.testing.assert_allclose(current.sum(axis=1), 0, atol=1e-12 * np.abs(current).max())
    np.testing.assert_allclose(axial(compartments, np.ones_like(v)), 0, atol=1e-20)
