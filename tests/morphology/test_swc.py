import bz2
import gzip
import lzma
import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import FileFormatError, RheobaseWarning, UserError
from rheobase.units import um

DENDRITE = "2 3 10 0 0 1 1\n3 3 30 0 0 1 2\n"


@pytest.fixture
def read(tmp_path):
    """Read a text; return the morphology and what was repaired."""

    def reading(text, **options):
        path = tmp_path / "cell.swc"
        path.write_text(text)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = rb.Morphology.from_swc(path, **options)
        assert all(each.category is RheobaseWarning for each in caught)
        assert all(each.filename == __file__ for each in caught)
        return found, [str(each.message) for each in caught]

    return reading


def shape(morphology):
    return [(s.region, s.parent, s.parent_fraction, round(s.length * 1e6, 6))
            for s in morphology.sections]  # fmt: skip


# --- somas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "soma",
    [
        "1 1 0 0 0 10 -1\n",
        "1 1 0 0 0 10 -1\n7 1 0 -10 0 10 1\n8 1 0 10 0 10 1\n",  # NeuroMorpho
    ],
)
def test_one_point_and_three_points_are_a_sphere(read, soma):
    found, repairs = read(soma + DENDRITE)
    assert repairs == []
    assert shape(found) == [("soma", -1, 1.0, 20.0), ("dendrite", 0, 0.5, 20.0)]
    assert found.sections[0].area == pytest.approx(4 * np.pi * 10e-6**2)  # that of the sphere
    assert found.path_starts[1] == 0.0
    np.testing.assert_allclose(found.sections[1].points[0], [10e-6, 0, 0])


def test_two_points_are_a_frustum(read):
    found, repairs = read("1 1 0 0 0 4 -1\n2 1 10 0 0 6 1\n3 3 12 0 0 1 2\n4 3 22 0 0 1 3\n")
    assert repairs == []
    assert shape(found) == [("soma", -1, 1.0, 10.0), ("dendrite", 0, 1.0, 12.0)]
    assert list(found.sections[0].radii * 1e6) == pytest.approx([4, 6])


def test_more_points_are_frusta_and_their_inside_is_left_in_the_middle(read):
    """Case 4 of pyNeuroML's somas, with NEURON's sections."""
    soma = "1 1 0 0 0 5 -1\n2 1 0 5 0 10 1\n3 1 0 10 0 10 2\n4 1 0 15 0 5 3\n"
    dendrites = (
        "5 3 0 20 0 5 4\n6 3 0 30 0 5 5\n7 3 0 -5 0 5 1\n8 3 0 -15 0 2.5 7\n"
        "9 3 10 10 0 5 2\n10 3 20 10 0 5 9\n"
    )
    found, repairs = read(soma + dendrites)
    assert repairs == []
    assert shape(found)[0] == ("soma", -1, 1.0, 15.0)
    assert sorted(shape(found)[1:]) == [
        ("dendrite", 0, 0.0, 15.0),
        ("dendrite", 0, 0.5, 10.0),
        ("dendrite", 0, 1.0, 15.0),
    ]


def test_a_contour_is_a_sphere_of_its_mean_radius(read):
    angles = 2 * np.pi * np.arange(12) / 12
    ring = "".join(
        f"{k + 1} 1 {10 * np.cos(a):.6f} {10 * np.sin(a):.6f} 0 0.5 {k or -1}\n"
        for k, a in enumerate(angles)
    )
    found, repairs = read(ring + "20 3 12 0 0 1 4\n21 3 30 0 0 1 20\n")
    assert shape(found) == [("soma", -1, 1.0, 20.0), ("dendrite", 0, 0.5, 18.0)]
    assert len(repairs) == 1
    for word in ("cell.swc", "line 1", "12 points", "sphere of radius 10 um"):
        assert word in repairs[0]


def test_without_a_soma_three_axons_leave_the_root(read):
    """Case 2 of pyNeuroML's somas."""
    found, repairs = read(
        "1 2 0 0 0 2 -1\n2 2 20 0 0 2 1\n3 2 0 20 0 2 1\n4 2 0 30 0 2 3\n5 2 0 -20 0 2 1\n"
        "6 2 0 -30 0 2 5\n"
    )
    assert repairs == []
    assert shape(found) == [("axon", -1, 1.0, 20.0), ("axon", 0, 0.0, 30.0), ("axon", 0, 0.0, 30.0)]
    assert found.statistics()["tips"] == 3
    assert found.statistics()["branch_points"] == 1


def test_a_dendrite_that_branches_at_its_first_point_leaves_the_soma_twice(read):
    found, _ = read("1 1 0 0 0 5 -1\n2 3 6 0 0 1 1\n3 3 16 0 0 1 2\n4 3 6 20 0 1 2\n")
    assert shape(found) == [("soma", -1, 1.0, 10.0), ("dendrite", 0, 0.5, 10.0),
                            ("dendrite", 0, 0.5, 20.0)]  # fmt: skip


def test_a_soma_alone(read):
    found, _ = read("1 1 0 0 0 5 -1\n")
    assert shape(found) == [("soma", -1, 1.0, 10.0)]


# --- regions, order, forms -----------------------------------------------------------------------


def test_regions_and_lines_in_any_order_and_form(read):
    found, repairs = read(
        "# a comment\n\n"
        "40, 12, 0, 0, 40, 1, 30\n"
        "30 4 0 0 30 1 10  # behind the point\n"
        "10 1.0 0 0 0 10 -1 and more columns\n"
        "  31 4 0 0 35 1 30\n50 2 0 -20 0 .5 10\r\n51 2 0 -3e1 0 .5 50\n"
    )
    assert repairs == []
    assert sorted(found.regions) == ["apical_dendrite", "axon", "custom_12", "soma"]


def test_packed_files_and_byte_order_marks(tmp_path):
    path = tmp_path / "cell.swc.gz"
    path.write_bytes(gzip.compress(("\ufeff1 1 0 0 0 10 -1\n" + DENDRITE).encode()))
    found = rb.Morphology.from_swc(path)
    assert (found.name, len(found.sections)) == ("cell", 2)


def test_a_width_of_its_own_where_a_section_begins(read):
    found, _ = read("1 1 -10 0 0 10 -1\n2 1 10 0 0 10 1\n3 3 10 0 0 1 2\n4 3 90 0 0 1 3\n")
    assert list(found.sections[1].radii * 1e6) == pytest.approx([1, 1])


# --- repaired ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark, words", [("0", "parent is 0"), ("1", "parent is itself")])
def test_other_marks_of_a_root(read, mark, words):
    found, repairs = read(f"1 1 0 0 0 10 {mark}\n" + DENDRITE)
    assert len(found.sections) == 2
    assert repairs == [f"cell.swc: line 1: a point whose {words} taken as a root"]


def test_a_root_at_the_soma_is_joined_and_other_pieces_are_left_out(read):
    text = (
        "1 1 0 0 0 10 -1\n" + DENDRITE + "4 2 0 11 0 1 -1\n5 2 0 30 0 1 4\n"
        "6 3 200 0 0 1 -1\n7 3 220 0 0 1 6\n"
    )
    found, repairs = read(text)
    assert len(found.sections) == 3
    assert found.regions == ("soma", "dendrite", "axon")
    assert "line 4: a second root, of a piece of 2 points, joined to the soma on line 1" in "".join(
        repairs
    )
    assert "line 6: a second root, of a piece of 2 points, left out" in "".join(repairs)
    joined, repairs = read(text, pieces="join")
    assert joined.statistics()["length", "dendrite"].magnitude == pytest.approx(20 + 170 + 20)
    assert "joined to the nearest point on line 3, 170 um away" in "".join(repairs)


def test_a_tree_is_rooted_at_its_soma(read):
    found, repairs = read("1 3 -30 0 0 1 -1\n2 3 -12 0 0 1 1\n3 1 0 0 0 10 2\n4 3 12 0 0 1 3\n"
                          "5 3 40 0 0 1 4\n")  # fmt: skip
    assert shape(found) == [("soma", -1, 1.0, 20.0), ("dendrite", 0, 0.5, 18.0),
                            ("dendrite", 0, 0.5, 28.0)]  # fmt: skip
    assert (
        "line 1: the root is no point of the soma; the tree is rooted at the soma on line 3"
        in (repairs[0])
    )


@pytest.mark.parametrize(
    "comment, scale",
    [
        ('# Meta: {"units": "1 nanometer"}\n', 1e-9),
        ("# units: nm\n", 1e-9),
        ('# "units": "8 nanometer"\n', 8e-9),
        ("# Units = 8 nm voxels\n", 8e-9),
        ("# unit: um\n", 1e-6),
        ("# units: micrometers\n", 1e-6),
        ("# units: mm\n", 1e-3),
        ("# units: millimeters\n", 1e-3),
    ],
)
def test_units_that_the_comments_say(read, comment, scale):
    found, repairs = read(comment + "1 1 0 0 0 10 -1\n" + DENDRITE)
    assert found.sections[0].length == pytest.approx(20 * scale)
    assert bool(repairs) == (scale != 1e-6)
    if repairs:
        unit = "1 mm" if scale == 1e-3 else f"{scale * 1e9:g} nm"
        assert repairs[0].endswith(f"sizes are taken in units of {unit}")


def test_units_that_the_user_says(read):
    for unit in ("8 nm", 8e-3 * um):
        found, repairs = read("1 1 0 0 0 10 -1\n" + DENDRITE, unit=unit)
        assert repairs == []
        assert found.sections[0].length == pytest.approx(160e-9)
    found, _ = read("1 1 0 0 0 10 -1\n" + DENDRITE, unit="nm")
    assert found.sections[0].length == pytest.approx(20e-9)


def test_marks_of_branch_points_and_tips_are_no_regions(read):
    found, repairs = read("1 1 0 0 0 5 -1\n2 0 6 0 0 1 1\n3 5 9 0 0 1 2\n4 6 9 9 0 1 3\n"
                          "5 0 20 0 0 1 3\n6 6 30 0 0 1 5\n")  # fmt: skip
    assert found.regions == ("soma", "custom_0")
    assert len(found.sections) == 4
    assert "5 and 6 mark its branch points and tips" in repairs[0]


def test_five_as_a_region_stays_one(read):
    found, repairs = read("1 1 0 0 0 5 -1\n2 5 6 0 0 1 1\n3 5 9 0 0 1 2\n")
    assert found.regions == ("soma", "custom_5")
    assert repairs == []


def test_thin_points_are_widened_on_request(read):
    found, repairs = read("1 1 0 0 0 10 -1\n2 3 10 0 0 1 1\n3 3 30 0 0 0 2\n",
                          minimum_radius=0.1 * um)  # fmt: skip
    assert found.sections[1].radii[-1] == pytest.approx(0.1e-6)
    assert repairs == ["cell.swc: line 3: widened to a radius of 0.1 um"]


def test_repeated_points_and_branches_without_length(read):
    found, repairs = read(
        "1 1 0 0 0 10 -1\n2 3 10 0 0 1 1\n3 3 10 0 0 1 2\n4 3 30 0 0 1 3\n5 3 30 0 0 .5 4\n"
        "6 3 30 9 0 1 4\n"
    )
    assert shape(found)[1:] == [("dendrite", 0, 0.5, 20.0), ("dendrite", 1, 1.0, 9.0)]
    assert repairs == ["cell.swc: line 5: a branch without length, left out"]


@pytest.mark.parametrize(
    "rows, place, fraction",
    [
        ("4 3 60 0 0 1 3\n5 3 100 0 0 1 4\n", (20, 0, 0), 1.0),
        ("4 3 60 40 0 1 3\n", (20, 0, 0), 1.0),
        ("4 3 -60 0 0 1 1\n5 3 -100 0 0 1 4\n", (0, 0, 0), 0.0),
        ("4 3 10 40 0 1 2\n", (10, 0, 0), 0.5),
    ],
)
def test_what_leaves_a_point_of_the_soma_has_its_own_width_there(read, rows, place, fraction):
    # the points that NEURON 9.0.2 gives these sections (Import3d_SWC_read)
    found, repairs = read("1 1 0 0 0 4 -1\n2 1 10 0 0 5 1\n3 1 20 0 0 3 2\n" + rows)
    dendrite = found.sections[1]
    assert repairs == []
    assert dendrite.parent_fraction == fraction
    np.testing.assert_allclose(1e6 * dendrite.points[0], place, atol=1e-9)
    np.testing.assert_allclose(1e6 * dendrite.radii, 1.0)
    assert dendrite.area == pytest.approx(2 * np.pi * 1e-6 * dendrite.length)


def test_one_point_at_a_soma_of_one_point(read):
    found, _ = read("1 1 0 0 0 5 -1\n2 3 5 0 0 1 1\n")  # a cylinder, as in NEURON
    assert shape(found)[1] == ("dendrite", 0, 0.5, 5.0)
    np.testing.assert_allclose(1e6 * found.sections[1].radii, [1, 1])


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, words",
    [
        ("", ["empty", "1 1 0 0 0 5 -1"]),
        ("# nothing\n", ["empty: comments, and no point"]),
        ("hello world\n", ["line 1", "seven numbers", "2 words", "^"]),
        ("1 1 0 0 0 5 -1\n2 3 10 zero 0 1 1\n", ["line 2", "the y is not a finite number", "^^^^"]),
        ("1 1 0 0 0 5 -1\n2 3 nan 0 0 1 1\n", ["line 2", "the x is not a finite number"]),
        ("1 1 0 0 0 5 -1\n2.5 3 0 0 0 1 1\n", ["line 2", "the id is not a whole number"]),
        ("1 1 0 0 0 0.005 -1\n2 3 0.4 0 0 0.001 1\n", ["line 2", "not micrometres", 'unit="mm"']),
        ("1 -1 0 0 0 5 -1\n2 3 9 0 0 1 1\n", ["line 1", "the type is below 0", "1 soma"]),
        ("1 1 0 0 0 5 -1\n2 3 9,5 1,5 0,1 1 1\n",
         ["line 2", "commas inside numbers", "0.5, not 0,5"]),
        ("1 1 0 0 0 5 -1\n2 3 10 0 0 1 7\n", ["line 2", "parent 7 of point 2 is not in the file"]),
        ("1 1 0 0 0 5 -1\n1 3 10 0 0 1 1\n", ["line 2", "the id 1 stands on line 1 already"]),
        ("1 1 0 0 0 5 -1\n2 3 10 0 0 0 1\n", ["line 2", "radius of point 2 is 0",
                                              "minimum_radius=0.1*um"]),
        ("1 1 0 0 0 5 -1\n2 3 10 0 0 1e-30 1\n", ["line 2", "radius of point 2 is 1e-30"]),
        ("1 1 0 0 0 5 -1\n2 3 10 0 0 -2 1\n3 3 20 0 0 0 2\n", ["radius of point 2 is -2",
                                                               "and 1 others"]),
        ("1 1 0 0 0 5 2\n2 3 10 0 0 1 1\n", ["line 1", "no root"]),
        ("1 1 0 0 0 5 -1\n2 3 9 0 0 1 4\n3 3 9 9 0 1 2\n4 3 0 9 0 1 3\n",
         ["line 2", "cycle of 3 points", "its own ancestor"]),
        ("1 3 0 0 0 5 -1\n2 3 0 0 0 6 1\n3 2 9 0 0 1 2\n4 2 0 9 0 1 2\n",
         ["line 1", "has no length"]),
        ("1 1 0 0 0 900 -1\n2 3 90000 0 0 100 1\n3 3 90000 90000 0 100 2\n",
         ["line 3", "not micrometres", "9e+04 across", 'unit="nm"', "unit=8*nm", "unit=um"]),
    ],
)  # fmt: skip
def test_refused_with_name_and_line(read, text, words):
    with pytest.raises(FileFormatError) as refused:
        read(text)
    for word in ["cell.swc", *words]:
        assert word in str(refused.value)


TEXT = "1 1 0 0 0 5 -1\n2 3 10 0 0 1 1\n3 3 30 0 0 1 2\n"


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace(" ", "\t").encode(),
        TEXT.replace(" ", ",").encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        "# M\u00fcller, unit: \u00b5m\n".encode("latin-1") + TEXT.encode(),
        b"# a form feed \x0c and \x0b in a comment\n" + TEXT.encode(),
        "# a \u2028 and \x85 in a comment\n".encode() + TEXT.encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        bz2.compress(TEXT.encode()),
        lzma.compress(TEXT.encode()),
        b"3.0 3 30 0 0 1 2.0 and more\n1 1 0 0 0 5e0 -1 # the soma\n2 3 +10 0 0 1 1",
    ],
)
def test_however_the_text_is_written(tmp_path, raw):
    path = tmp_path / "cell.SWC"
    path.write_bytes(raw)
    found = rb.Morphology.from_swc(str(path))
    assert found.name == "cell"
    assert shape(found) == [("soma", -1, 1.0, 10.0), ("dendrite", 0, 0.5, 20.0)]


def test_a_line_around_a_soma_without_width(read):
    angles = 2 * np.pi * np.arange(12) / 12
    ring = "".join(f"{k + 1} 1 {9 * np.cos(a):.6f} {9 * np.sin(a):.6f} 0 0 {k or -1}\n"
                   for k, a in enumerate(angles))  # fmt: skip
    found, repairs = read(ring + "13 3 9 0 0 1 1\n14 3 50 0 0 1 13\n")
    assert found.sections[0].area == pytest.approx(4 * np.pi * 81e-12, rel=1e-6)
    assert repairs == ["cell.swc: line 1: 12 points around the soma, taken as a sphere of radius "
                       "9 um"]  # fmt: skip


def test_radii_in_another_unit_than_coordinates(read):
    rows = "".join(f"{k} 3 {10 * k} 0 0 500 {k - 1}\n" for k in range(2, 60))
    _, repairs = read("1 1 0 0 0 5 -1\n" + rows)
    assert repairs == ["cell.swc: its neurites are 1e+03 thick, and it is 590 across: are radii "
                       "and coordinates in the same unit?"]  # fmt: skip


def test_refused_options_and_files(read, tmp_path):
    for path in (3, None, ["cell.swc"], b"cell.swc"):
        with pytest.raises(UserError, match=r'a path of a file[\s\S]*from_swc\("cell\.swc"\)'):
            rb.Morphology.from_swc(path)
    with pytest.raises(FileFormatError, match=rf"{tmp_path.name}: cannot be read: Is a directory"):
        rb.Morphology.from_swc(tmp_path)
    with pytest.raises(FileFormatError, match=r"gone\.swc: cannot be read: No such file"):
        rb.Morphology.from_swc(tmp_path / "gone.swc")
    (tmp_path / "bad.swc.gz").write_bytes(b"no gzip")
    with pytest.raises(FileFormatError, match=r"bad\.swc\.gz: cannot be read"):
        rb.Morphology.from_swc(tmp_path / "bad.swc.gz")
    with pytest.raises(UserError, match='pieces is "largest" or "join"'):
        read("1 1 0 0 0 5 -1\n", pieces="all")
    with pytest.raises(UserError, match="from_swc: unit"):
        read("1 1 0 0 0 5 -1\n", unit="ms")
