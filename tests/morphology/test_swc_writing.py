import numpy as np
import pytest
from hypothesis import given, settings
from tests.morphology.random_trees import morphologies

import rheobase as rb
from rheobase.errors import FileFormatError
from rheobase.units import um


@settings(max_examples=40, deadline=None)
@given(morphologies())
def test_what_is_written_is_read(tmp_path_factory, morphology):
    path = tmp_path_factory.mktemp("swc") / "cell.swc"
    morphology.to_swc(path)
    again = rb.Morphology.from_swc(path)
    assert set(again.regions) == set(morphology.regions)
    for region in morphology.regions:
        for name in ("length", "area", "volume", "longest_path"):
            assert again.statistics()[name, region].magnitude == pytest.approx(
                morphology.statistics()[name, region].magnitude, rel=1e-9
            )
    for name in ("tips", "branch_points"):
        assert again.statistics()[name] == morphology.statistics()[name]


def test_the_pyramidal_cell(tmp_path):
    cell = rb.morphology.examples.pyramidal()
    cell.to_swc(tmp_path / "cell.swc")
    again = rb.Morphology.from_swc(tmp_path / "cell.swc")
    assert len(again.sections) == len(cell.sections)
    for a, b in zip(again.sections, cell.sections, strict=True):
        assert (a.region, a.parent, a.parent_fraction) == (b.region, b.parent, b.parent_fraction)
        np.testing.assert_allclose(a.points, b.points, rtol=1e-11, atol=1e-17)


def test_a_ball_and_stick_keeps_its_widths(tmp_path):
    cell = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=500 * um, dendrite_diameter=2 * um
    )
    cell.to_swc(tmp_path / "cell.swc")
    assert (tmp_path / "cell.swc").read_text() == (
        "# ball and stick\n# id type x y z radius parent, in micrometres\n1 1 -10 0 0 10 -1\n"
        "2 1 10 0 0 10 1\n3 3 10 0 0 1 2\n4 3 510 0 0 1 3\n"
    )
    again = rb.Morphology.from_swc(tmp_path / "cell.swc")
    assert again.sections[1].area == pytest.approx(cell.sections[1].area, rel=1e-12)


def test_names_of_regions_and_places_in_the_middle(tmp_path):
    cell = rb.Morphology.tree(
        dict(length=100 * um, diameter=2 * um, region="shaft", children=[
            dict(length=1 * um, diameter=0.3 * um, region="spine", at=0.25),
            dict(length=9 * um, diameter=1 * um, region="custom_5"),
        ])
    )  # fmt: skip
    cell.to_swc(tmp_path / "cell.swc")
    text = (tmp_path / "cell.swc").read_text()
    assert "# label 6 is shaft" in text and "# label 7 is spine" in text
    again = rb.Morphology.from_swc(tmp_path / "cell.swc")
    assert sorted(again.regions) == ["custom_5", "shaft", "spine"]
    assert again.path_starts[again.sections_of("spine")] == pytest.approx([25e-6])


def test_a_folder_that_is_not_there(tmp_path):
    cell = rb.Morphology.cylinder(length=1 * um, diameter=1 * um)
    with pytest.raises(FileFormatError, match=r"cell\.swc: cannot be written: No such file"):
        cell.to_swc(tmp_path / "none" / "cell.swc")


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "cell.swc"
    path.write_text("before")
    cell = rb.Morphology.cylinder(length=1 * um, diameter=1 * um)

    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(KeyboardInterrupt):
        cell.to_swc(path)
    assert [each.name for each in tmp_path.iterdir()] == ["cell.swc"]
    assert path.read_text() == "before"


def test_a_branch_a_few_nanometres_thinner_keeps_its_width(tmp_path):
    cell = rb.Morphology.tree(
        dict(length=10 * um, diameter=0.43 * um, children=[
            dict(length=10 * um, diameter=0.42 * um), dict(length=9 * um, diameter=0.42 * um),
        ])
    )  # fmt: skip
    cell.to_swc(tmp_path / "cell.swc")
    again = rb.Morphology.from_swc(tmp_path / "cell.swc")
    np.testing.assert_allclose(again.sections[1].radii, [0.21e-6, 0.21e-6])


def test_names_with_spaces(tmp_path):
    cell = rb.Morphology.cylinder(10 * um, 1 * um, region="basal tuft")
    cell.to_swc(tmp_path / "cell.swc")
    assert rb.Morphology.from_swc(tmp_path / "cell.swc").regions == ("basal tuft",)
