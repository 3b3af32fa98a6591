import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray

import rheobase as rb
from rheobase.units import mV, um, volt

CELL = rb.Morphology.ball_and_stick(
    soma_diameter=20 * um, dendrite_length=100 * um, dendrite_diameter=2 * um
)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def polygons(ax):
    (found,) = [c for c in ax.collections if c.get_gid() == "neurites"]
    return found


def test_by_region_with_true_diameters():
    ax = CELL.plot()
    (outline,) = [path.vertices for path in polygons(ax).get_paths()]
    np.testing.assert_allclose(np.ptp(outline, axis=0), [100, 2])
    (ball,) = [patch for patch in ax.patches if patch.get_gid() == "soma"]
    assert (ball.radius, ball.center) == (pytest.approx(10), (0, 0))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["soma", "dendrite"]
    assert ax.get_aspect() == 1
    assert [text.get_text() for text in ax.texts] == ["20 µm"]
    (bar,) = ax.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(20)


def test_by_a_value_of_every_compartment():
    found = CELL.discretize([1, 4])
    ax = CELL.plot([-70, -60, -50, -40, -30] * mV, compartments=found, label="v")
    colors = polygons(ax).get_facecolors()
    assert len(colors) == 4 and len(np.unique(colors, axis=0)) == 4
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "v (mV)"
    assert bar.get_ylim() == (-70, -30)
    assert ax.get_legend() is None


def test_without_a_color_bar_only_the_cell_is_drawn():
    found = CELL.discretize([1, 4])
    values = [-70, -60, -50, -40, -30] * mV
    alone = CELL.plot(values, compartments=found, color_bar=False)
    assert alone.figure.axes == [alone]
    beside = CELL.plot(values, compartments=found)
    assert len(beside.figure.axes) == 2
    np.testing.assert_array_equal(
        polygons(alone).get_facecolors(), polygons(beside).get_facecolors()
    )


def test_values_that_know_their_unit_and_given_limits():
    values = xarray.DataArray([1.0, 2.0], dims="section", name="g", attrs={"units": "mS/cm**2"})
    ax = CELL.plot(values, limits=(0, 4), scale_bar=50 * um, plane="xz", colormap="magma")
    assert ax.figure.axes[1].get_ylabel() == "g (mS/cm²)"
    assert ax.figure.axes[1].get_ylim() == (0, 4)
    assert [text.get_text() for text in ax.texts] == ["50 µm"]


def test_compartments_of_a_branching_cell_and_their_junctions():
    cell = rb.morphology.examples.pyramidal()
    found = cell.discretize(20 * um)
    for values in (found.path, found.path[found.membrane]):
        ax = cell.plot(values * 1e6 * um, compartments=found, scale_bar=False)
        assert len(polygons(ax).get_facecolors()) > 5000
        assert not ax.texts


def test_where_and_how():
    _, axes = plt.subplots(1, 2)
    assert CELL.plot(ax=axes[1]) is axes[1]
    assert CELL.sholl(20 * um).plot(ax=axes[0]).get_xlabel() == "distance from the soma (µm)"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: CELL.plot([1, 2, 3]), ["not one for each section", "2 values", "compartments="]),
        (lambda: CELL.plot([1, 2], compartments=CELL.discretize(3)), ["for each compartment"]),
        (lambda: CELL.plot(plane="xx"), ["plane is two of x, y and z"]),
        (lambda: CELL.plot(np.ones((5, 2))), ["not a row for each time", "5 rows"]),
        (lambda: CELL.plot([1, 2], colormap="virids"), ["colormap", 'did you mean "viridis"?']),
        (lambda: CELL.plot([1, 2], limits=(3, 1)), ["limits: the lowest", "given: (3, 1)"]),
        (lambda: CELL.plot([1, 2], limits=(1, 2, 3)), ["limits: the lowest", "limits=(-70, 30)"]),
        (lambda: CELL.plot([1, 2] * mV, limits=(1, 2) * um), ["limits: they are in um", "mV"]),
        (lambda: CELL.plot([1, 2] * mV, unit="um"), ["values: they are in mV", 'unit="mV"']),
        (lambda: CELL.plot([np.nan, np.nan]), ["none of them is finite"]),
    ],
)
def test_refused(call, words):
    with pytest.raises(rb.errors.UserError) as refused:
        call()
    for word in words:
        assert word in str(refused.value)


def test_units_of_values_and_limits_are_converted():
    ax = CELL.plot([-0.07, -0.05] * volt, unit="mV", label="v", limits=(-80, 20) * mV)
    bar = ax.figure.axes[1]
    assert (bar.get_ylabel(), bar.get_ylim()) == ("v (mV)", (-80, 20))
    same = CELL.plot([-70, -50] * mV, label="v", limits=(-0.08, 0.02) * volt)
    np.testing.assert_array_equal(polygons(ax).get_facecolors(), polygons(same).get_facecolors())


def test_the_soma_lies_above_its_neurites():
    ax = rb.morphology.examples.thalamocortical_1().plot()
    (neurites,) = [c for c in ax.collections if c.get_gid() == "neurites"]
    (soma,) = [c for c in ax.collections if c.get_gid() == "soma"]
    assert soma.get_zorder() > neurites.get_zorder()
    assert len(soma.get_paths()) == 20
    assert (soma.get_facecolor()[:, :3] == 0).all()


def test_the_scale_bar_keeps_away_from_a_flat_cell():
    ax = rb.Morphology.cylinder(length=1000 * um, diameter=1 * um).plot()
    (bar,) = ax.lines
    assert bar.get_ydata()[0] < -20
