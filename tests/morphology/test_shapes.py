import copy
import pickle

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError
from rheobase.morphology import section, shapes
from rheobase.units import ms, um


def test_cylinders_and_cones():
    cylinder = rb.Morphology.cylinder(length=100 * um, diameter=2 * um)
    assert cylinder.sections[0].area == pytest.approx(np.pi * 2e-6 * 100e-6)
    assert cylinder.regions == ("dendrite",)
    cone = rb.Morphology.frustum(length=4 * um, start_diameter=8 * um, end_diameter=2 * um,
                                 region="axon")  # fmt: skip
    assert cone.sections[0].area == pytest.approx(np.pi * 25e-12)
    assert cone.regions == ("axon",)


def test_ball_and_stick():
    cell = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=500 * um, dendrite_diameter=2 * um
    )
    soma, dendrite = cell.sections
    assert soma.area == pytest.approx(4 * np.pi * 1e-10)
    assert (dendrite.parent, dendrite.parent_fraction) == (0, 1.0)
    assert cell.path_starts[1] == pytest.approx(10e-6)
    np.testing.assert_allclose(dendrite.points[0], soma.points[-1])


def test_binary_trees():
    tree = rb.Morphology.tree(levels=4, length=8 * um, diameter=4 * um, length_factor=0.5,
                              diameter_factor=0.25)  # fmt: skip
    assert len(tree.sections) == 15
    for s, order in zip(tree.sections, tree.branch_orders, strict=True):
        assert s.length == pytest.approx(8e-6 * 0.5**order)
        assert 2 * s.radii[0] == pytest.approx(4e-6 * 0.25**order)
    assert list(tree.branch_orders) == [0, 1, 1, 2, 2, 2, 2] + [3] * 8
    ends = np.array([tree.sections[k].points[-1] for k in range(7, 15)])
    apart = np.sqrt(((ends[:, None] - ends) ** 2).sum(axis=2)) + np.eye(8)
    assert apart.min() > 0.1e-6


def test_nested_descriptions():
    cell = rb.Morphology.tree(
        dict(
            length=20 * um, diameter=20 * um, region="soma",
            children=[
                dict(region="axon", at=0.0, length=300 * um, diameter=1 * um),
                dict(region="dendrite", length=100 * um, diameters=[3, 1] * um, children=[
                    dict(points=[[0, 0, 0], [0, 50, 0]] * um, diameter=1 * um),
                    dict(length=50 * um, diameters=[1, 0.8, 0.5] * um, at=0.5),
                ]),
            ],
        )
    )  # fmt: skip
    assert [s.region for s in cell.sections] == ["soma", "axon"] + ["dendrite"] * 3
    assert [s.parent for s in cell.sections] == [-1, 0, 0, 2, 2]
    assert [s.parent_fraction for s in cell.sections] == [1.0, 0.0, 1.0, 1.0, 0.5]
    assert [len(s.radii) for s in cell.sections] == [2, 2, 2, 3, 3]
    np.testing.assert_allclose(cell.sections[4].points[0], cell.sections[2].place(0.5))


def test_sections_put_together_by_hand():
    cell = rb.Morphology(
        (
            section("soma", length=20 * um, diameter=20 * um),
            section("dendrite", points=[[10, 0, 0], [60, 0, 0]] * um, diameters=[3, 1] * um,
                    parent=0),
            section("axon", length=100 * um, diameter=1 * um, parent=0, at=0.0),
            section("axon", length=30 * um, diameter=1 * um, parent=2, at=0.0),
        ),
        "mine",
    )  # fmt: skip
    assert repr(cell) == "<Morphology mine: 4 sections (soma, dendrite, axon), 200 um>"
    # what leaves the start of a section leaves where that one does
    assert (cell.sections[3].parent, cell.sections[3].parent_fraction) == (0, 0.0)


def test_joining():
    cell = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=100 * um, dendrite_diameter=2 * um
    )
    axon = rb.Morphology.cylinder(length=300 * um, diameter=1 * um, region="axon")
    both = cell.join(axon, fraction=0.0).join(axon, section=-2, fraction=0.5)
    assert [s.region for s in both.sections] == ["soma", "dendrite", "axon", "axon"]
    assert both.sections[3].parent == 1
    np.testing.assert_allclose(both.sections[3].points[0], [60e-6, 0, 0])
    np.testing.assert_allclose(both.sections[2].points[0], [-10e-6, 0, 0])
    tree = cell.join(rb.Morphology.tree(levels=2, length=9 * um, diameter=1 * um), section=1)
    assert [s.parent for s in tree.sections] == [-1, 0, 1, 2, 2]
    assert both.without("axon").regions == ("soma", "dendrite")
    assert both.relabeled(axon="neurite").regions == ("soma", "dendrite", "neurite")


CYLINDER = rb.Morphology.cylinder(length=100 * um, diameter=2 * um)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: rb.Morphology.cylinder(length=1 * ms, diameter=1 * um),
         ["cylinder: length", "expected a length"]),
        (lambda: rb.Morphology.cylinder(length=10, diameter=1 * um), ["plain number 10", "um"]),
        (lambda: rb.Morphology.cylinder(length=-10 * um, diameter=1 * um), ["not a positive"]),
        (lambda: rb.Morphology.tree(levels=0, length=1 * um, diameter=1 * um),
         ["levels", "from 1", "given: 0"]),
        (lambda: rb.Morphology.tree(length=1 * um, diameter=1 * um, length_factor=0),
         ["factors"]),
        (lambda: rb.Morphology.tree(dict(length=1 * um)), ["tree: the root", "how thick"]),
        (lambda: rb.Morphology.tree(dict(lenght=1 * um, diameter=1 * um)),
         ["key 'lenght'", "did you mean length?"]),
        (lambda: rb.Morphology.tree(dict(length=1 * um, diameter=1 * um, children=[3])),
         ["child 0 of the root", "not described by a dict"]),
        (lambda: section(length=1 * um, diameter=1 * um, points=[[0, 0, 0]] * um), ["how long"]),
        (lambda: section(points=[[0, 0], [1, 1]] * um, diameter=1 * um), ["three coordinates"]),
        (lambda: section(points=[[0, 0, 0]] * um, diameter=1 * um), ["at least two points"]),
        (lambda: section(points=[[1, 0, 0]] * 2 * um, diameter=1 * um), ["has no length"]),
        (lambda: section(length=1 * um, diameters=[1, 0] * um), ["every radius is above 0"]),
        (lambda: section(length=1 * um, diameter=1 * um, at=2), ["between 0 and 1"]),
        (lambda: rb.Morphology(()), ["at least one section"]),
        (lambda: rb.Morphology((section(length=1 * um, diameter=1 * um, parent=0),)),
         ["section 0 has the parent 0", "-1 for the first"]),
        (lambda: CYLINDER.join(CYLINDER, section=3), ["has no section 3", "0 to 0"]),
        (lambda: CYLINDER.join(CYLINDER, fraction=1.5), ["between 0 and 1"]),
        (lambda: CYLINDER.join(3), ["join: what is joined is a morphology", "given: 3"]),
        (lambda: CYLINDER.relabeled(dendrite=3), ["a region has a name", "given: 3"]),
        (lambda: rb.Morphology.cylinder(1 * um, 1 * um, " "), ["a region has a name"]),
        (lambda: rb.Morphology.tree(levels=3, lenght=1 * um),
         ["tree: there is no lenght", "of a binary tree: levels, length", "did you mean length?"]),
        (lambda: rb.Morphology.tree(dict(length=1 * um, diameter=1 * um), levels=3),
         ["tree: there is no levels", "beside a description: name"]),
        (lambda: rb.Morphology.tree(), ["describe it, or say its levels", "children=[...]"]),
        (lambda: rb.Morphology.tree(dict(length=1 * um, diameter=1 * um, children=[
            dict(length=1 * um, diameter=1 * um, at="end")])),
         ["child 0 of the root leaves its parent at no fraction", "given: 'end'"]),
        (lambda: rb.Morphology.tree(dict(length=1 * um, diameter=1 * um, children={})),
         ["the children of the root are no list", "children=[dict("]),
        (lambda: CYLINDER.to_swc(3), ["a path of a file is expected", 'cell.to_swc("cell.swc")']),
        (lambda: CYLINDER.page().save("/none/cell.html"), ["cell.html: cannot be written"]),
        (lambda: CYLINDER.without("dendrite"), ["the root is of region dendrite"]),
        (lambda: CYLINDER.without("axon"), ["no region 'axon'", "one of dendrite"]),
    ],
)  # fmt: skip
def test_refused(call, words):
    with pytest.raises(rb.errors.UserError) as refused:
        call()
    for word in words:
        assert word in str(refused.value)


def test_deeply_nested_descriptions():
    inner = dict(length=1 * um, diameter=1 * um)
    for _ in range(2000):
        inner = dict(length=1 * um, diameter=1 * um, children=[inner])
    assert len(rb.Morphology.tree(inner).sections) == 2001
    deep = {"lenght": 1 * um}
    for _ in range(6):
        deep = dict(length=1 * um, diameter=1 * um, children=[deep])
    with pytest.raises(UserError, match=r"tree: (child 0 of ){4}\.\.\. has the key"):
        rb.Morphology.tree(deep)


def test_a_description_that_holds_itself(monkeypatch):
    monkeypatch.setattr(shapes, "_MOST", 50)
    ring = dict(length=1 * um, diameter=1 * um)
    ring["children"] = [ring]
    with pytest.raises(rb.errors.UserError, match=r"more than 50 sections[\s\S]*hold itself"):
        rb.Morphology.tree(ring)


def test_morphologies_are_equal_by_what_they_are():
    def stick(length=500 * um):
        return rb.Morphology.ball_and_stick(20 * um, length, 2 * um)

    one = stick()
    assert one == stick() == pickle.loads(pickle.dumps(one)) == copy.deepcopy(one)
    assert hash(one) == hash(stick()) and len({one, stick(), stick(400 * um)}) == 2
    assert one != stick(400 * um) and one != one.relabeled(dendrite="apical") and one != "x"
    assert one.sections[1] == stick().sections[1] != one.sections[0]
