"""The gallery: the files that come along, and what is read from packages and folders."""

import gzip
import sys
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import FileFormatError, UnknownNameError, UserError
from rheobase.morphology import example_files
from rheobase.morphology.example_gallery import Gallery
from rheobase.morphology.example_table import EXAMPLES

examples = rb.morphology.examples
SHIPPED = ["pyramidal", "golgi_stained", "thalamocortical_1", "thalamocortical_2"]
ELSEWHERE = [name for name in EXAMPLES if name not in SHIPPED]
# a soma of 10 um, 20 um of region 6 and 30 um of region 11
SWC = "1 1 0 0 0 5 -1\n2 6 5 0 0 1 1\n3 6 25 0 0 1 2\n4 11 25 30 0 0.5 3\n"


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(example_files, "find_spec", lambda name: None)


# -- with the library -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "regions", "length", "tips"),
    [
        # what NEURON's demonstration says of its file: "43 branches totaling 5349.55 um"
        ("golgi_stained", ["dendrite"], 5349.55, 43),
        # of the ASC files, read by morphio: neurites
        ("thalamocortical_1", ["axon", "dendrite"], 11093.26, 113),
        ("thalamocortical_2", ["axon", "dendrite"], 5881.55, 63),
    ],
)
def test_lengths_and_tips_are_those_of_the_originals(name, regions, length, tips):
    found = getattr(examples, name)().statistics()
    assert sum(found["length", r].to("um").magnitude for r in regions) == pytest.approx(
        length, abs=0.1
    )
    assert found["tips"] == tips


def test_pyramidal_has_the_tips_and_length_of_its_points():
    packed = (files("rheobase.morphology") / "files" / "pyramidal.swc.gz").read_bytes()
    points = np.loadtxt(gzip.decompress(packed).decode().splitlines())
    row = {int(point[0]): k for k, point in enumerate(points)}
    parents = np.array([row.get(int(p), -1) for p in points[:, 6]])
    assert len(set(range(len(points))) - set(parents)) == 116
    steps = np.linalg.norm(points[:, 2:5] - points[parents, 2:5], axis=1)
    assert steps[parents >= 0].sum() == pytest.approx(10_044, abs=1)
    inside = (parents >= 0) & (parents != 0)  # two points of the soma and its neurites' roots not
    found = examples.pyramidal().statistics()
    assert found["tips"] == 116 - 2
    neurites = found["length"] - found["length", "soma"]
    assert neurites.to("um").magnitude == pytest.approx(steps[inside].sum(), rel=1e-9)


def test_what_comes_along_needs_nothing_and_brings_its_licences(nothing_installed):
    gallery = examples.gallery()
    assert list(gallery) == SHIPPED
    assert [cell.name for cell in gallery.values()] == SHIPPED
    folder = files("rheobase.morphology") / "files"
    assert "Redistributions of source code" in (folder / "LICENSE-arbor").read_text("utf-8")
    assert "Redistributions of source code" in (folder / "LICENSE-neuron").read_text("utf-8")
    stated = (folder / "LICENSE-thalamocortical").read_text("utf-8")
    assert "ODC Public Domain Dedication and Licence (PDDL)" in stated
    assert {EXAMPLES[name].licence for name in SHIPPED} == {
        "BSD-3-Clause",
        "PDDL (public domain)",
    }


# -- from packages and folders --------------------------------------------------------------------


def test_every_cell_has_a_function_and_says_where_it_is_from():
    for name, each in EXAMPLES.items():
        assert getattr(examples, name).__doc__
        assert each.name == name
        assert each.licence
        assert each.source
        assert each.reference
        assert each.is_shipped == (name in SHIPPED)


def test_a_package_is_read_where_it_is_installed_and_not_imported(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "dbbs_models", raising=False)
    package = tmp_path / "dbbs_models"
    (package / "morphologies").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "morphologies" / "PurkinjeCell.swc").write_text(SWC)
    monkeypatch.syspath_prepend(tmp_path)
    cell = examples.purkinje()
    assert cell.name == "purkinje"
    assert cell.regions == ("soma", "axon", "dendrite")
    assert "purkinje" in examples.gallery()


def test_a_folder_is_searched_and_the_path_most_alike_is_taken(tmp_path, nothing_installed):
    for place, scale in (("a", "9"), ("x/tests/swc", "3"), ("z/swc", "8")):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "l22.swc").write_text(f"1 1 0 0 0 {scale} -1\n2 3 20 0 0 1 1\n3 3 50 0 0 1 2\n")
    cell = examples.ca3_pyramidal(tmp_path)
    assert cell.statistics()["length", "soma"].to("um").magnitude == pytest.approx(6)
    gallery = examples.gallery(tmp_path)
    assert list(gallery) == ["pyramidal", "golgi_stained", "thalamocortical_1",
                             "thalamocortical_2", "ca3_pyramidal"]  # fmt: skip


def test_voxels_become_micrometres_without_a_warning(tmp_path, nothing_installed):
    lines = ["1 0 0 0 0 70 -1", "2 5 1000 0 0 70 1", "3 6 2000 0 0 70 2", "4 6 1000 500 0 70 2"]
    (tmp_path / "754534424.swc").write_text("\n".join(lines))
    cell = examples.projection(tmp_path)
    assert cell.regions == ("neurite",)
    assert cell.statistics()["length"].to("um").magnitude == pytest.approx(2500 * 0.008)


def test_what_is_not_there_says_how_to_get_it(tmp_path, nothing_installed):
    with pytest.raises(UserError) as installed:
        examples.purkinje()
    assert str(installed.value) == (
        "examples.purkinje: the package dbbs-models is not installed\n"
        "expected: PurkinjeCell.swc, dbbs-models 6.0.0, which is under GPL-3.0-or-later and does "
        "not come with this library\n"
        "python -m pip install --no-deps dbbs-models==6.0.0\n"
        "or name a folder that has it: rb.morphology.examples.purkinje(folder)"
    )
    with pytest.raises(UserError) as archive:
        examples.tangential()
    assert str(archive.value) == (
        "examples.tangential: only the source archive of pyneuroml has the file\n"
        "expected: dCH-cobalt.CNG.swc, pyNeuroML 1.3.22, which is under LGPL-3.0 and does not "
        "come with this library\n"
        "python -m pip download --no-deps --no-binary :all: pyneuroml==1.3.22 && "
        "tar xzf pyneuroml-1.3.22.tar.gz\n"
        "then name the folder it is in: rb.morphology.examples.tangential(folder)"
    )
    (tmp_path / "cells").mkdir()
    with pytest.raises(UserError, match=r"there is no 754534424\.swc in the folder 'cells'"):
        examples.projection(tmp_path / "cells")
    with pytest.raises(FileFormatError, match="examples: there is no folder 'nowhere'"):
        examples.gallery(tmp_path / "nowhere")
    for name in ELSEWHERE:
        with pytest.raises(UserError, match=f"examples.{name}: "):
            getattr(examples, name)()


# -- the gallery ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    cell = rb.Morphology.from_swc(files("rheobase.morphology") / "files" / "pyramidal.swc.gz")
    return Gallery({"pyramidal": cell, "granule": cell}, EXAMPLES)


def test_it_prints_every_cell_with_its_licence_and_how_to_get_it(small):
    lines = str(small).splitlines()
    assert [line.split()[0] for line in lines] == ["name", *EXAMPLES]
    by_name = {line.split()[0]: line for line in lines}
    assert by_name["pyramidal"].endswith("BSD-3-Clause          comes with the library")
    assert by_name["granule"].endswith("CeCILL-2.1            found: Brian 2.9.0")
    assert by_name["projection"].endswith("python -m pip install --no-deps navis==1.12.0")
    assert str(small.examples["golgi"]) == (
        "golgi\n"
        "  cell type   Golgi cell, cerebellum\n"
        "  species     not stated\n"
        "  licence     GPL-3.0-or-later\n"
        "  source      dbbs-models 6.0.0, dbbs_models/morphologies/GolgiCell.swc\n"
        "  reference   Masoli and others (2020), PLoS Comput. Biol. 16:e1007937\n"
        "  how to get  python -m pip install --no-deps dbbs-models==6.0.0"
    )


def test_a_cell_that_was_not_found_or_is_none(small):
    assert len(small) == 2
    assert "purkinje" not in small
    with pytest.raises(UnknownNameError) as missing:
        small["purkinje"]
    assert str(missing.value) == (
        "gallery: 'purkinje' was not found\n"
        "python -m pip install --no-deps dbbs-models==6.0.0\n"
        "then rb.morphology.examples.gallery(...)"
    )
    with pytest.raises(UnknownNameError, match="gallery: no cell 'martinotti'\nexpected: pyr"):
        small["martinotti"]
    with pytest.raises(UnknownNameError, match="no cell 'pyramid'; did you mean 'pyramidal'"):
        small["pyramid"]


def test_the_picture_has_name_licence_and_scale_bar_of_each(small):
    figure = small.plot(columns=1)
    assert len(figure.axes) == 2
    told = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert told[0] == ["50 µm", "Pyramidal cell", "hippocampus, rat\nBSD-3-Clause"]
    assert told[1] == ["50 µm", "Granule cell", "by its file's name\nCeCILL-2.1"]
    for axes in figure.axes:  # a micrometre is as long across as up, and nothing shrinks
        box = axes.get_window_extent()
        across, up = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
        assert box.width / across == pytest.approx(box.height / up)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "soma", "dendrite", "axon", "apical dendrite",
    ]  # fmt: skip
    plt.close(figure)
    one = small.plot("granule")
    assert len(one.axes) == 1
    plt.close(one)
    with pytest.raises(UserError, match="plot: columns is 1 or more\ngiven: 0\ncolumns=4"):
        small.plot(columns=0)
