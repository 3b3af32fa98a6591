import numpy as np
import pytest

import rheobase as rb
from rheobase.units import um


def test_the_table_of_sections():
    cell = rb.Morphology.tree(
        dict(region="soma", length=20 * um, diameter=20 * um, children=[
            dict(region="axon", at=0.0, points=[[0, 0, 0], [-3, 0, 0], [-3, 4, 0]] * um,
                 diameter=1 * um),
            dict(region="dendrite", length=100 * um, diameter=2 * um, children=[
                dict(length=50 * um, diameters=[2, 1] * um, children=[
                    dict(length=10 * um, diameter=1 * um), dict(length=10 * um, diameter=1 * um),
                ]),
                dict(length=70 * um, diameter=1 * um),
            ]),
        ])
    )  # fmt: skip
    found = cell.measures()
    assert list(found.region.values) == ["soma", "axon"] + ["dendrite"] * 5
    assert list(found.parent.values) == [-1, 0, 0, 2, 3, 3, 2]
    assert list(found.is_tip.values) == [False, True, False, False, True, True, True]
    assert list(found.strahler_order.values) == [2, 1, 2, 2, 1, 1, 1]
    assert list(found.branch_order.values) == list(cell.branch_orders)
    np.testing.assert_allclose(found.length, [20, 7, 100, 50, 10, 10, 70])
    np.testing.assert_allclose(found.diameter, [20, 1, 2, 1.5, 1, 1, 1])
    np.testing.assert_allclose(found.path_start, [10, 10, 10, 110, 160, 160, 110])
    np.testing.assert_allclose(found.path_end, [10, 17, 110, 160, 170, 170, 180])
    np.testing.assert_allclose(found.tortuosity, [1, 1.4, 1, 1, 1, 1, 1])
    assert (found.length.units, found.area.units, found.volume.units) == ("um", "um**2", "um**3")
    sums = cell.statistics()
    for name in ("length", "area", "volume"):
        assert float(found[name].sum()) == pytest.approx(sums[name].magnitude)


def test_strahler_of_a_binary_tree_counts_its_levels():
    tree = rb.Morphology.tree(levels=5, length=9 * um, diameter=1 * um)
    want = np.repeat([5, 4, 3, 2, 1], [1, 2, 4, 8, 16])
    assert list(tree.measures().strahler_order.values) == list(want)


def test_plots_color_by_a_column():
    cell = rb.Morphology.tree(levels=4, length=9 * um, diameter=1 * um)
    found = cell.measures()
    assert cell.plot(found.path_end).figure.axes[1].get_ylabel() == "path_end (µm)"
    assert cell.plot(found.strahler_order).figure.axes[1].get_ylabel() == "strahler_order"
