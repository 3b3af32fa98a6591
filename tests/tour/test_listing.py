"""Shown code is the code that ran, with all it needs and nothing else."""

import ast

import numpy as np
from tests.tour import example_chapter

from rheobase.tour.listing import Listing


def test_a_function_is_shown_with_what_it_reads_and_no_more():
    shown = Listing().show(example_chapter.circumference)
    assert shown == (
        "import math\n"
        "import numpy as np\n"
        "\n\n"
        "RADIUS = 2.0\n"
        "\n\n"
        "def doubled(value, *, times=2):\n"
        '    """Return a multiple."""\n'
        "    return value * times\n"
        "\n\n"
        "def circumference(points, start=0.0):\n"
        '    """Return points of a circle."""\n'
        "    angle = np.linspace(start, doubled(math.pi), points)\n"
        "    return RADIUS * np.exp(1j * angle)\n"
    )


def test_what_is_shown_can_be_run():
    space = {}
    exec(Listing().show(example_chapter.circumference), space)
    np.testing.assert_array_equal(space["circumference"](7), example_chapter.circumference(7))


def test_nothing_is_shown_twice():
    listing = Listing()
    assert "RADIUS" in listing.show(example_chapter.circumference)
    assert listing.show(example_chapter.circumference) == ""
    assert listing.show(example_chapter.draw).startswith("import matplotlib.pyplot as plt\n")


def test_imports_of_one_module_share_a_line_and_types_are_not_imported():
    shown = Listing().show(example_chapter.unused)
    assert shown.startswith("RADIUS = 2.0\nFACTOR = RADIUS * 2\n")
    assert "Figure" not in Listing().show(example_chapter.draw)
    ast.parse(shown)
