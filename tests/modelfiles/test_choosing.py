"""Which cells, and which places on them."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import FileFormatError
from rheobase.modelfiles.calls import CallError
from rheobase.modelfiles.choosing import split_cells, taken


@pytest.fixture(scope="module")
def cells():
    stick = rb.Morphology.ball_and_stick("20 um", "100 um", "2 um")
    cell = rb.Cell(stick, rb.Membrane([rb.channels.Leak]), max_length="10 um")
    return rb.Network(dt="0.1 ms").add(cell, 4, name="cells")


def chosen(cells, text):
    name, steps = split_cells(text)
    assert name == "cells"
    for step in steps:
        cells = taken(cells, step)
    return cells


@pytest.mark.parametrize(
    "text",
    [
        "cells[1]", "cells[1:3]", "cells[[0, 3]]", "cells.everywhere", "cells[2].everywhere[::2]",
        'cells.at("soma")', "cells.at('dendrite', fraction=0.5)", 'cells[0].at("dendrite")[3:5]',
        'cells[:2].at("dendrite", fraction=[0.2, 0.8])', "cells.at(section=1, fraction=0.0)",
        "cells.at(branch_order=1, fraction=1.0)", " cells . at( region = 'soma' ) ",
    ],
)  # fmt: skip
def test_a_text_chooses_what_the_same_python_does(text, cells):
    np.testing.assert_array_equal(chosen(cells, text).indices, eval(text.strip()).indices)


def test_paths_have_units(cells):
    um = rb.units.um
    np.testing.assert_array_equal(chosen(cells, "cells.at(path=50 um)").indices,
                                  cells.at(path=50 * um).indices)  # fmt: skip
    both = cells.at("dendrite", path=(20 * um, 60 * um)).indices
    for text in ('cells.at("dendrite", path=(20 um, 60 um))',
                 'cells.at("dendrite", path=(20*um, 60*um))'):  # fmt: skip
        np.testing.assert_array_equal(chosen(cells, text).indices, both)


@pytest.mark.parametrize(
    "text",
    ["cells.soma", 'cells.at("soma"', "cells.at", "cells.at()x", "cells.everywhere.", "cells..at()",
     'cells.at("a)")b'],
)  # fmt: skip
def test_what_cannot_be_read_as_places(text, cells):
    with pytest.raises(FileFormatError) as caught:
        chosen(cells, text)
    assert str(caught.value) == (
        f"{text!r}: cannot read which places\n"
        "expected: cells, and a place on them: at(...) or everywhere\n"
        "write 'cells.at(\"soma\")' or 'cells[0].at(\"dendrite\", fraction=0.5)'"
    )


@pytest.mark.parametrize(
    "text, part, message",
    [
        ('cells.at("som")', 'at("som")', "ball and stick has no region 'som'"),
        ('cells[1].at("soma", fracton=1)', "fracton", "at has no argument 'fracton'; did you mean "
         "fraction?"),
        ('cells.at("soma").at("soma")', 'at("soma")', 'at("soma"): a place is on cells with a '
         'morphology\ngiven: <Sites cells.at("soma"): 4 compartments>'),
        ("cells.everywhere.everywhere", "everywhere", "everywhere: a place is on cells"),
        ("cells.at(path=3 mV)", "3 mV", "expected a length, got 3 mV"),
    ],
)  # fmt: skip
def test_an_error_knows_which_part_of_the_text_it_is_about(text, part, message, cells):
    with pytest.raises(CallError) as caught:
        chosen(cells, text)
    assert message in str(caught.value.error)
    assert text[caught.value.start : caught.value.end] == part
    assert caught.value.end == text.rindex(part) + len(part)
