import importlib.util
import sys

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import FileFormatError, UnknownNameError, UserError
from rheobase.morphology import other_files

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
    with pytest.raises(FileFormatError, match=r"bad\.asc: morphio cannot read it"):
        rb.Morphology.from_asc(path)
    with pytest.raises(FileFormatError, match=r"gone\.asc: there is no such file"):
        rb.Morphology.from_asc(tmp_path / "gone.asc")


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


@pytest.mark.parametrize("read, package", [("from_asc", "morphio"), ("from_neuroml", "libneuroml")])
def test_the_package_that_is_missing(read, package, monkeypatch, tmp_path):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(other_files, "import_module", missing)
    with pytest.raises(UserError, match=rf"python -m pip install {package}"):
        getattr(rb.Morphology, read)(tmp_path / "cell")
    assert "morphio" not in sys.modules or importlib.util.find_spec("morphio")
