import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.morphology.random_trees import morphologies

import rheobase as rb
from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.units import ms, um

BALL = rb.Morphology.ball_and_stick(
    soma_diameter=20 * um, dendrite_length=500 * um, dendrite_diameter=2 * um
)
TREE = rb.Morphology.tree(levels=4, length=100 * um, diameter=4 * um)


def test_the_soma_is_its_middle_and_a_region_all_of_it():
    found = BALL.discretize(3)
    assert list(found.at("soma")) == [1]
    assert list(found.at("dendrite")) == [3, 4, 5]


def test_fractions_along_what_does_not_branch():
    found = BALL.discretize([1, 10])
    assert list(found.at("dendrite", fraction=0.0)) == [1]
    assert list(found.at("dendrite", fraction=0.1)) == [2]
    assert list(found.at("dendrite", fraction=1.0)) == [10]
    assert list(found.at(fraction=0.0)) == [0]
    assert list(found.at(fraction=20 / 520)) == [1]
    assert list(found.at(fraction=1)) == [10]
    cable = rb.Morphology.cylinder(length=1000 * um, diameter=1 * um).discretize(1 * um)
    for k in (0, 1, 250, 999):
        assert list(cable.at(fraction=(k + 0.5) / 1000)) == [k]
        assert list(cable.at(fraction=k / 1000)) == [k]


def test_paths_from_the_soma():
    found = BALL.discretize([1, 10])
    assert list(found.at(path=0 * um)) == [0]
    assert list(found.at(path=10 * um)) == [0, 1]  # the end of the soma, the start of the dendrite
    assert list(found.at("dendrite", path=10 * um)) == [1]
    assert list(found.at(path=300 * um)) == [6]
    assert list(found.at(path=510 * um)) == [10]
    assert list(found.at(path=(100, 250) * um)) == [3, 4, 5]
    assert list(found.at(path=(0 * um, "40 um"))) == [0, 1]


def test_every_branch_at_a_path():
    found = TREE.discretize(10)
    ends = np.cumsum([100 * 2 ** (-k / 3) for k in range(4)])
    assert len(found.at(path=50 * um)) == 1
    assert len(found.at(path=(ends[1] + 1) * um)) == 4
    assert len(found.at(path=ends[3] * um)) == 8
    nodes = found.at(path=ends[0] * um)  # at a branch point: what begins there
    assert list(found.section[nodes]) == [1, 2]
    assert list(found.fraction[nodes]) == [0.05, 0.05]


def test_branch_orders_and_sections():
    found = TREE.discretize(2)
    assert len(found.at(branch_order=2)) == 8
    assert list(found.section[found.at(branch_order=3, fraction=1.0)]) == list(range(7, 15))
    assert list(found.at(section=[0, 1], fraction=0.9)) == [1, found.first[1] + 1]
    assert list(found.at(section=-1)) == [found.nodes - 2, found.nodes - 1]
    soma = rb.morphology.examples.pyramidal()
    assert soma.branch_orders[0] == 0
    first = [k for k, s in enumerate(soma.sections) if s.parent == 0]
    assert set(soma.branch_orders[first]) == {1}


def test_a_change_of_region_is_no_branch_point():
    cell = rb.Morphology.tree(
        dict(length=10 * um, diameter=1 * um, region="axon", children=[
            dict(length=10 * um, diameter=1 * um, region="myelin")]))  # fmt: skip
    assert list(cell.branch_orders) == [0, 0]
    found = cell.discretize(2)
    assert not found.is_junction.any()
    assert list(found.at(fraction=0.6)) == [2]


@settings(max_examples=40, deadline=None)
@given(morphologies(), st.floats(0, 1), st.integers(1, 5))
def test_what_holds_a_place(morphology, share, count):
    found = morphology.discretize(count)
    k = int(share * (len(morphology.sections) - 1))
    (node,) = found.at(section=k, fraction=share)
    half = 0.5 / count + 1e-9
    assert found.section[node] == k and abs(found.fraction[node] - share) <= half
    path = morphology.path_at(k, share)
    nodes = found.at(path=path * 1e6 * um)
    assert node in nodes or share in (0.0, 1.0) or abs(share * count - round(share * count)) < 1e-6
    assert (np.abs(found.path[nodes] - path) <= found.length[nodes] * (0.5 + 1e-6)).all()
    assert (np.diff(nodes) > 0).all()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda at: at(), ["say where", 'at("soma")']),
        (lambda at: at("dendrite", fraction=0.5),
         ["the region dendrite has 15 sections that branch", 'at("dendrite", path=100*um)',
          "branch_order=1", "section=1"]),
        (lambda at: at(fraction=0.5), ["tree has 15 sections that branch"]),
        (lambda at: at("apical"), ["no region 'apical'", "one of dendrite"]),
        (lambda at: at("dendrites"), ['did you mean "dendrite"?']),
        (lambda at: at(path=900 * um), ["no place at a path of 900", "from 0*um to 292.4*um"]),
        (lambda at: at(path=3 * ms), ["at: path", "expected a length"]),
        (lambda at: at(path=[1, 2, 3] * um), ["one length", "or two"]),
        (lambda at: at(path=1 * um, fraction=0.5), ["not by both"]),
        (lambda at: at(section=3, fraction=1.5), ["between 0 and 1", "1.5"]),
        (lambda at: at(section=99), ["no section 99", "0 to 14"]),
        (lambda at: at(branch_order=9), ["branch order 9", "0 to 3"]),
    ],
)  # fmt: skip
def test_refused(call, words):
    """On a tree without a soma."""
    with pytest.raises(rb.errors.UserError) as refused:
        call(TREE.discretize(1).at)
    for word in words:
        assert word in str(refused.value)


def test_paths_of_a_soma_begin_at_0():
    stick = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=50 * um, dendrite_diameter=2 * um
    )
    with pytest.raises(rb.errors.UserError, match=r"from 0\*um to 10\*um"):
        stick.discretize(10 * um).at("soma", path=50 * um)


def test_what_is_nearest_to_a_point():
    found = BALL.discretize([1, 10])
    assert list(found.at(near=(0, 0, 0) * um)) == [0]
    assert list(found.at(near=(9, 3, 0) * um)) == [0]  # inside the soma
    assert list(found.at("dendrite", near=(9, 3, 0) * um)) == [1]
    x, y, _ = found.position[7] * 1e6
    assert list(found.at(near=[(x, y + 30, 5), (0, -40, 0), (9e3, 0, 0)] * um)) == [7, 0, 10]
    assert list(found.at(near=(x * um, y * um, 0 * um))) == [7]
    cell = rb.morphology.examples.pyramidal().discretize(10 * um)
    places = cell.membrane[::37]
    assert list(cell.at(near=cell.position[places] * 1e6 * um)) == list(places)


def test_tips():
    assert list(TREE.tips) == [k for k in range(15) if not TREE.children[k]]
    assert len(TREE.tips) == 8 and list(BALL.tips) == [1]
    found = TREE.discretize(3)
    assert list(found.at(section=TREE.tips, fraction=1)) == [
        int(found.first[k]) + 2 for k in TREE.tips
    ]


def test_points_that_are_none():
    found = BALL.discretize([1, 10])
    for near, said in (((1, 2) * um, r"shape \(2,\)"), (3 * um, r"shape \(\)"),
                        ((1, 2, np.nan) * um, "nan")):  # fmt: skip
        with pytest.raises(ShapeError, match=rf"near is a point[\s\S]*{said}[\s\S]*near=\(0, 100"):
            found.at(near=near)
    with pytest.raises(UserError, match="by fraction or by near, not by both"):
        found.at("dendrite", fraction=0.5, near=(0, 0, 0) * um)
    with pytest.raises(UserError, match="two of the points are nearest to one compartment"):
        found.at(near=[(0, 0, 0), (1, 0, 0)] * um)
    with pytest.raises(UnitError, match="at: near: expected a length"):
        found.at(near=(1, 2, 3))


def test_the_nearest_place_of_cells_in_a_network():
    membrane = rb.Membrane([rb.channels.Leak(g="0.3 mS/cm**2", E="-60 mV")])
    cell = rb.Cell(BALL, membrane, max_length=50 * um)
    cells = rb.Network(dt=0.1 * ms).add(cell, 2, name="cells")
    found = cells.at(near=(300, 20, 0) * um)
    assert repr(found) == "<Sites cells.at(near=[300, 20, 0]*um): 2 compartments>"
    assert list(found.compartment) == list(cell.compartments.at(path=300 * um)) * 2


def test_several_regions():
    parts = rb.morphology.examples.pyramidal().discretize(20 * um)
    both = ["dendrite", "apical_dendrite"]
    for place in ({}, dict(path=100 * um), dict(path=(50 * um, 90 * um)), dict(branch_order=3)):
        apart = [parts.at(region, **place) for region in both]
        np.testing.assert_array_equal(parts.at(both, **place), np.sort(np.concatenate(apart)))
    assert len(parts.at(["soma", "axon"])) == len(parts.at("axon")) + 1
    for call, words in [
        (dict(region=["dendrite", "axn"]), ["has no region 'axn'", 'did you mean "axon"?']),
        (dict(region=[]), ["at: the list of regions is empty"]),
        (dict(region=both, fraction=0.5), ["all of dendrite, apical_dendrite has ",
                                           'at(["dendrite", "apical_dendrite"], path=100*um)']),
        (dict(region=["soma", "axon"], path=5000 * um), ["all of soma, axon has no place"]),
        (dict(region=["soma", "axon"], section=50), ["is not of region soma, axon"]),
    ]:  # fmt: skip
        with pytest.raises(rb.errors.UserError) as refused:
            parts.at(**call)
        for word in words:
            assert word in str(refused.value)
