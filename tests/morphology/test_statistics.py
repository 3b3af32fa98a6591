import numpy as np
import pytest

import rheobase as rb
from rheobase.units import um


def test_the_numbers_of_a_ball_and_stick_print_as_a_table():
    cell = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=500 * um, dendrite_diameter=2 * um
    )
    assert str(cell.statistics()) == (
        "                      soma  dendrite     all\n"
        "sections                 1         1       2\n"
        "branch points            0         0       0\n"
        "tips                     0         1       1\n"
        "length (um)           20.0     500.0   520.0\n"
        "area (um**2)        1256.6    3141.6  4398.2\n"
        "volume (um**3)      6283.2    1570.8  7854.0\n"
        "mean diameter (um)  20.000     2.000   2.692\n"
        "longest path (um)     10.0     510.0   510.0\n"
        "highest order            0         1       1\n"
        "extent 520.0 x 0.0 x 0.0 um"
    )
    assert str(cell).startswith("ball and stick\n")
    assert cell.statistics()["area", "dendrite"].to("um**2").magnitude == pytest.approx(
        1000 * np.pi
    )
    assert cell.statistics()["tips"] == 1


def test_the_pyramidal_cell():
    """Counts of the file: 116 tips of its points, two of them of its soma of three points."""
    found = rb.morphology.examples.pyramidal().statistics()
    assert found["tips"] == 114
    assert found["branch_points"] == 105  # and the soma
    assert found["length", "apical_dendrite"].magnitude == pytest.approx(5990.7449, rel=1e-6)


def test_unknown_names():
    found = rb.Morphology.cylinder(length=1 * um, diameter=1 * um).statistics()
    with pytest.raises(rb.errors.UserError, match=r"no 'surface'[\s\S]*one of sections"):
        found["surface"]
    with pytest.raises(rb.errors.UserError, match=r"no 'axon'[\s\S]*one of dendrite, all"):
        found["length", "axon"]


def test_sholl_of_a_star():
    arms = [dict(length=100 * um, diameter=1 * um, at=0.5) for _ in range(5)]
    star = rb.Morphology.tree(dict(length=2 * um, diameter=2 * um, region="soma", children=arms))
    found = star.sholl(30 * um)
    np.testing.assert_allclose(found.radii, np.arange(1, 5) * 30e-6)
    assert list(found.counts) == [5, 5, 5, 0]
    assert str(found).splitlines()[:2] == ["radius (um)  crossings", "         30          5"]
    assert list(star.sholl(30 * um, region="dendrite").counts) == list(found.counts)


def test_a_line_past_the_soma_cuts_spheres_twice():
    pieces = (
        rb.morphology.section("soma", points=[[0, -1, 0], [0, 1, 0]] * um, diameter=2 * um),
        rb.morphology.section("axon", points=[[-100, 31, 0], [100, 31, 0]] * um, diameter=1 * um,
                              parent=0, at=0.5),
    )  # fmt: skip
    found = rb.Morphology(pieces).sholl(10 * um)
    assert list(found.counts[:11]) == [0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 0]


def test_a_soma_has_no_crossings():
    alone = rb.Morphology.cylinder(length=9 * um, diameter=9 * um, region="soma")
    with pytest.raises(rb.errors.UserError, match="has no neurites"):
        alone.sholl()
    with pytest.raises(rb.errors.UserError, match="sholl: step is not a positive length"):
        alone.sholl(0 * um)
