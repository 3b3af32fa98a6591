import importlib.util
import sys

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import FileFormatError, RheobaseWarning, UnknownNameError, UserError
from rheobase.morphology import other_files
from rheobase.units import um

ASC = """; a soma 20 um long and 10 um wide, a dendrite that branches, an axon
("Cell Body" (Color Red) (CellBody)
%s)
( (Color Blue) (Dendrite)
  (0 6 0 2) (0 26 0 2)
  ( (0 36 0 1) (0 46 0 1)
  |
    (10 26 0 1) (20 26 0 1)
  )
)
( (Color Green) (Axon)
  (0 -6 0 1) (0 -106 0 1)
)
"""
NEUROML = """<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="d">
<cell id="one"><morphology id="m">
<segment id="0"><proximal x="0" y="0" z="0" diameter="20"/><distal x="0" y="0" z="0" diameter="20"/></segment>
<segment id="1"><parent segment="0" fractionAlong="0.5"/><proximal x="10" y="0" z="0" diameter="2"/><distal x="60" y="0" z="0" diameter="2"/></segment>
<segment id="2"><parent segment="1"/><distal x="110" y="0" z="0" diameter="1"/></segment>
<segment id="3"><parent segment="1" fractionAlong="0.5"/><proximal x="35" y="0" z="0" diameter="1"/><distal x="35" y="40" z="0" diameter="1"/></segment>
<segment id="4"><parent segment="2"/><distal x="110" y="9" z="0" diameter="1"/></segment>
<segmentGroup id="soma_group"><member segment="0"/></segmentGroup>
<segmentGroup id="d1"><member segment="1"/><member segment="2"/></segmentGroup>
<segmentGroup id="dendrite_group"><include segmentGroup="d1"/><member segment="3"/><member segment="4"/></segmentGroup>
<segmentGroup id="apical_dendrite"><member segment="4"/></segmentGroup>
</morphology></cell>
<cell id="two"><morphology id="n">
<segment id="0"><proximal x="0" y="0" z="0" diameter="2"/><distal x="5" y="0" z="0" diameter="2"/></segment>
</morphology></cell></neuroml>
"""  # noqa: E501

with_morphio = pytest.mark.skipif(
    importlib.util.find_spec("morphio") is None, reason="morphio is not installed"
)
with_neuroml = pytest.mark.skipif(
    importlib.util.find_spec("neuroml") is None, reason="libNeuroML is not installed"
)


@pytest.fixture
def asc(tmp_path):
    angles = 2 * np.pi * np.arange(40) / 40
    ring = "".join(f"({10 * np.cos(a):.4f} {5 * np.sin(a):.4f} 0 0.1)\n" for a in angles)
    path = tmp_path / "cell.asc"
    path.write_text(ASC % ring)
    return path


@with_morphio
def test_asc_files(asc):
    found = rb.Morphology.from_asc(asc)
    assert found.name == "cell"
    assert sorted(found.regions) == ["axon", "dendrite", "soma"]
    assert found.statistics()["tips"] == 3
    assert found.statistics()["length", "dendrite"].magnitude == pytest.approx(60, abs=12)
    assert {s.parent_fraction for s in found.sections if s.parent == 0} == {0.5}
    a, b = 10.0, 5.0  # a prolate ellipsoid
    e = np.sqrt(1 - b * b / a / a)
    want = 2 * np.pi * b * b * (1 + a / (b * e) * np.arcsin(e))
    assert found.statistics()["area", "soma"].magnitude == pytest.approx(want, rel=0.02)
    assert found.sections[0].length == pytest.approx(20e-6, rel=0.01)


@with_morphio
def test_asc_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "bad.asc"
    path.write_text("((((")
    with pytest.raises(FileFormatError, match=r"bad\.asc, line 1: morphio cannot read it"):
        rb.Morphology.from_asc(path)
    with pytest.raises(FileFormatError, match=r"gone\.asc: cannot be read: No such file"):
        rb.Morphology.from_asc(tmp_path / "gone.asc")


DENDRITE = "((Dendrite)\n (10 0 0 2) (30 0 0 %s)\n)\n"
SQUARE = '("CellBody" (CellBody)\n (9 0 0 0) (0 9 0 0) (-9 0 0 0) (0 -9 0 0)\n)\n'


@with_morphio
def test_the_contour_of_a_soma_lies_in_any_plane(tmp_path):
    path = tmp_path / "cell.asc"
    areas = []
    for tilt in (0.0, 0.4, np.pi / 2):
        a = 2 * np.pi * np.arange(60) / 60
        x, y = 15 * np.cos(a), 10 * np.sin(a)
        rows = zip(x, y * np.cos(tilt), y * np.sin(tilt), strict=True)
        ring = "".join("({:.5f} {:.5f} {:.5f} 0)\n".format(*row) for row in rows)
        path.write_text(ASC % ring)
        areas.append(rb.Morphology.from_asc(path).sections[0].area * 1e12)
    assert areas == pytest.approx([areas[0]] * 3, rel=1e-4)
    e = np.sqrt(1 - (10 / 15) ** 2)
    want = 2 * np.pi * 100 * (1 + 15 / (10 * e) * np.arcsin(e))  # 1692; NEURON 9.0.2 says 1641
    assert areas[0] == pytest.approx(want, rel=0.022)


@with_morphio
def test_numbers_without_a_digit_before_the_point(tmp_path):
    path = tmp_path / "cell.asc"
    path.write_text(SQUARE + DENDRITE % ".5")
    found = rb.Morphology.from_asc(path)
    np.testing.assert_allclose(2e6 * found.sections[1].radii, [2, 0.5])


@with_morphio
@pytest.mark.parametrize(
    "text, words",
    [
        (SQUARE + DENDRITE % "0", "cell.asc: the diameter at x 30, y 0, z 0 is 0\n"
         "to widen what is thinner: rb.Morphology.from_asc(path, minimum_radius=0.1*um)"),
        (SQUARE + "((Dendrite) (10 0 0 2)", "cell.asc, line 4: morphio cannot read it: Hit end of"),
        (SQUARE + SQUARE, "cell.asc, line 6: morphio cannot read it: A soma is already defined"),
        ("hello", "cell.asc: it holds no soma and no neurite\nexpected: a Neurolucida file"),
        (DENDRITE % 1 + DENDRITE % 2, "cell.asc: it has no soma, and 2 neurites that do not meet"),
        ('("CellBody" (CellBody)\n (9 0 0 0) (0 0 0 0) (-9 0 0 0)\n)\n',
         "cell.asc: the line around the soma encloses nothing"),
    ],
)  # fmt: skip
def test_asc_files_that_are_refused(tmp_path, text, words):
    path = tmp_path / "cell.asc"
    path.write_text(text)
    with pytest.raises(FileFormatError) as refused:
        rb.Morphology.from_asc(path)
    assert str(refused.value).startswith(words)


@with_morphio
def test_asc_files_that_are_repaired(tmp_path):
    path = tmp_path / "cell.asc"
    path.write_text(SQUARE + DENDRITE % "0")
    found = rb.Morphology.from_asc(path, minimum_radius=0.1 * um)
    np.testing.assert_allclose(1e6 * found.sections[1].radii, [1, 0.1])
    path.write_text(SQUARE + DENDRITE % "1" + "((Axon)\n (0 9 0 2)\n)\n")
    with pytest.warns(RheobaseWarning, match=r"cell\.asc: 1 branch without length, left out"):
        assert rb.Morphology.from_asc(path).regions == ("soma", "dendrite")
    path.write_text(DENDRITE % "1")
    with pytest.warns(RheobaseWarning, match=r"cell\.asc: no soma found in file"):
        assert rb.Morphology.from_asc(path).regions == ("dendrite",)


@pytest.fixture
def neuroml(tmp_path):
    path = tmp_path / "cell.nml"
    path.write_text(NEUROML)
    return path


@with_neuroml
def test_neuroml_files(neuroml):
    found = rb.Morphology.from_neuroml(neuroml, cell="one")
    assert [(s.region, s.parent, s.parent_fraction) for s in found.sections] == [
        ("soma", -1, 1.0), ("dendrite", 0, 0.5), ("dendrite", 1, 1.0), ("apical_dendrite", 2, 1.0),
        ("dendrite", 1, 0.5),
    ]  # fmt: skip
    soma, first, last, _, side = found.sections
    assert soma.area == pytest.approx(np.pi * 400e-12)
    assert (first.length, side.length, last.length) == pytest.approx((50e-6, 40e-6, 50e-6))
    np.testing.assert_allclose(2e6 * last.radii, [2, 1])


@with_neuroml
def test_neuroml_files_that_cannot_be_read(neuroml, tmp_path):
    with pytest.raises(UserError, match=r"2 cells: one, two[\s\S]*cell=\"one\""):
        rb.Morphology.from_neuroml(neuroml)
    with pytest.raises(UnknownNameError, match=r"no cell 'three'[\s\S]*one, two"):
        rb.Morphology.from_neuroml(neuroml, cell="three")
    path = tmp_path / "bad.nml"
    path.write_text("<neuroml")
    with pytest.raises(FileFormatError, match=r"bad\.nml: libNeuroML cannot read it"):
        rb.Morphology.from_neuroml(path)
    neuroml.write_text(NEUROML.replace('segment="2"/><distal', 'segment="9"/><distal'))
    with pytest.raises(FileFormatError, match="segment 4 has a parent that is missing"):
        rb.Morphology.from_neuroml(neuroml, cell="one")


@with_neuroml
@pytest.mark.parametrize(
    "old, new, words",
    [
        ('z="0" diameter="1"/></segment>\n<segment id="3"', 'z="0" diameter="0"/></segment>\n'
         '<segment id="3"', "cell.nml, segment 2: the diameter at x 110, y 0, z 0 is 0\nto widen"),
        ('<segment id="3">', '<segment id="2">', "cell.nml: two segments have the id 2"),
        ('segment="1" fractionAlong="0.5"', 'segment="1" fractionAlong="2"',
         "cell.nml, segment 3: it leaves its parent at 2\nexpected: fractionAlong between 0"),
        ('<distal x="110" y="9" z="0" diameter="1"/>', "", "cell.nml, segment 4: no distal end"),
        ('<distal x="110" y="9"', '<distal x="nan" y="9"',
         "cell.nml, segment 4: a number is not finite"),
    ],
)  # fmt: skip
def test_segments_that_are_refused(neuroml, old, new, words, capsys):
    assert old in NEUROML
    neuroml.write_text(NEUROML.replace(old, new, 1))
    with pytest.raises(FileFormatError) as refused:
        rb.Morphology.from_neuroml(neuroml, cell="one")
    assert str(refused.value).startswith(words)
    assert capsys.readouterr() == ("", "")


@with_neuroml
@pytest.mark.parametrize(
    "group",
    [
        '<path><from segment="1"/><to segment="2"/></path><member segment="3"/>',
        '<subTree><from segment="1"/></subTree>',
    ],
)
def test_groups_of_paths_and_subtrees(neuroml, group):
    said = '<include segmentGroup="d1"/><member segment="3"/>'
    assert said in NEUROML
    neuroml.write_text(NEUROML.replace(said, group))
    found = rb.Morphology.from_neuroml(neuroml, cell="one")
    assert [s.region for s in found.sections] == [
        "soma", "dendrite", "dendrite", "apical_dendrite", "dendrite"
    ]  # fmt: skip


@with_neuroml
def test_a_long_chain_of_segments(tmp_path):
    rows = "".join(
        f'<segment id="{k}"><parent segment="{k - 1}"/>'
        f'<distal x="{k}" y="0" z="0" diameter="2"/></segment>'
        for k in range(3000, 0, -1)  # children before parents
    )
    first = (
        '<segment id="0"><proximal x="-1" y="0" z="0" diameter="2"/>'
        '<distal x="0" y="0" z="0" diameter="2"/></segment>'
    )
    path = tmp_path / "cell.nml"
    path.write_text(
        '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="d"><cell id="c">'
        f'<morphology id="m">{rows}{first}</morphology></cell></neuroml>'
    )
    assert rb.Morphology.from_neuroml(path).sections[0].length == pytest.approx(3001e-6)


@pytest.mark.parametrize("read, package", [("from_asc", "morphio"), ("from_neuroml", "libneuroml")])
def test_the_package_that_is_missing(read, package, monkeypatch, tmp_path):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(other_files, "import_module", missing)
    with pytest.raises(UserError, match=rf"python -m pip install {package}"):
        getattr(rb.Morphology, read)(tmp_path / "cell")
    assert "morphio" not in sys.modules or importlib.util.find_spec("morphio")
