"""`rheobase show` and `rheobase convert`."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

import rheobase as rb
from rheobase import cli
from rheobase.errors import FileFormatError, UserError
from rheobase.morphology.any_file import read_file
from rheobase.morphology.command import convert, show

STICK = rb.Morphology.ball_and_stick("20 um", "500 um", "2 um")


@pytest.fixture
def swc(tmp_path):
    STICK.to_swc(tmp_path / "stick.swc")
    return str(tmp_path / "stick.swc")


def test_statistics_are_printed(swc, capsys):
    assert cli.main(["show", swc]) == 0
    out = capsys.readouterr().out
    assert out.startswith("stick: 2 sections (soma, dendrite), 520 um\n")
    assert str(STICK.statistics()) in out


def test_what_was_repaired_is_said(tmp_path, capsys):
    path = tmp_path / "thin.swc"
    path.write_text("1 1 0 0 0 5 -1\n2 3 10 0 0 0.4 1\n3 3 40 0 0 0 2\n")
    assert cli.main(["show", str(path)]) == 1
    assert capsys.readouterr().err == (
        "rheobase: thin.swc, line 3: the radius of point 3 is 0\n  line 3: 3 3 40 0 0 0 2\n"
        '                 ^\nto widen what is thinner: --minimum-radius "0.1 um"\n'
    )
    assert cli.main(["show", str(path), "--minimum-radius", "0.1 um"]) == 0
    assert "Warning: thin.swc: line 3: widened to a radius of 0.1 um" in capsys.readouterr().out


@pytest.mark.parametrize("ending, begins", [("png", b"\x89PNG"), ("svg", b"<?xml"),
                                            ("html", b"<!doctype html>")])  # fmt: skip
def test_it_is_drawn(ending, begins, swc, tmp_path, capsys):
    target = tmp_path / f"cell.{ending}"
    assert cli.main(["show", swc, "--out", str(target)]) == 0
    assert target.read_bytes().lower().startswith(begins.lower())
    kind = "page" if ending == "html" else "picture"
    assert capsys.readouterr().out.endswith(f"The {kind} is {target}\n")


def test_a_cell_of_the_gallery_is_converted(tmp_path, capsys):
    target = tmp_path / "p.swc"
    assert cli.main(["convert", "pyramidal", str(target)]) == 0
    assert capsys.readouterr().out.endswith(f"Written: {target}\n")
    ours, theirs = rb.Morphology.from_swc(target), rb.morphology.examples.pyramidal()
    assert ours.statistics()["area"].magnitude == pytest.approx(
        theirs.statistics()["area"].magnitude, rel=1e-9
    )


def test_asc_becomes_swc(tmp_path):
    pytest.importorskip("morphio")
    source = tmp_path / "cell.asc"
    source.write_text(
        '("CellBody" (Color Red) (CellBody) (5 0 0 0) (0 5 0 0) (-5 0 0 0) (0 -5 0 0))\n'
        "((Color Cyan) (Dendrite) (0 5 0 2) (0 105 0 2))\n"
    )
    convert(str(source), tmp_path / "cell.swc", {}, lambda text: None)
    made = rb.Morphology.from_swc(tmp_path / "cell.swc")
    assert made.regions == ("soma", "dendrite")
    np.testing.assert_allclose(made.sections[1].length, 100e-6)


def test_what_is_refused(swc, tmp_path):
    with pytest.raises(FileFormatError) as caught:
        show("pyramydal", None, {})
    assert str(caught.value).startswith(
        "there is no file pyramydal; did you mean pyramidal?\nor name a cell of the gallery: pyr"
    )
    with pytest.raises(UserError) as caught:
        show(swc, "cell.foo", {})
    assert str(caught.value).startswith(
        "cell.foo is no kind of picture\nexpected: a name that ends"
    )
    assert str(caught.value).endswith("write cell.png")
    with pytest.raises(UserError) as caught:
        convert(swc, "cell.asc", {})
    assert str(caught.value) == (
        "cell.asc: morphologies are written as SWC\nexpected: a name that ends with .swc\n"
        "write cell.swc"
    )
    with pytest.raises(UserError) as caught:
        read_file(swc, cell="x")
    assert str(caught.value) == "stick.swc: cell is an option of NeuroML files\nleave it out"
    assert cli.main(["show", swc, "--open"]) == 1
