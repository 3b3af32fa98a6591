"""Verdicts, and pages filled from top to bottom."""

import base64
import re

import pytest
from tests.tour.example_chapter import CHAPTER

import rheobase as rb
from rheobase.tour.page import Checks, Code, Experiment, Frame, Page, Picture, Table


@pytest.mark.parametrize("found, within, agrees", [
    (1.0, 0, True), (1.0004, 1e-3, True), (1.002, 1e-3, False), (float("nan"), 1, False),
])  # fmt: skip
def test_near(found, within, agrees):
    page = Page()
    page.near("x", found, 1.0, within, "ms")
    assert page.agrees is agrees
    assert page.checks[0].published == "1.000 ms"


def test_between_and_holds():
    page = Page()
    page.between("rate", 5.1, 4.6, 6.0, "Hz", published="5.07 and 5.48 Hz")
    page.between("rate", 6.1, 4.6, 6.0, "Hz")
    page.holds("alive", "yes", "no", False)
    assert [check.agrees for check in page.checks] == [True, False, False]
    assert page.checks[0].tolerance == "4.60 to 6.00 Hz"
    assert page.checks[1].published == "4.60 to 6.00 Hz"
    assert page.verdict == "differs"
    assert len([block for block in page.blocks if isinstance(block, Checks)]) == 1


def test_an_experiment_fills_its_page_in_order():
    circle, _ = CHAPTER.experiments
    page = circle(quick=False)
    assert [type(block) for block in page.blocks] == [Code, Picture, Code, Checks, Table, Checks]
    code, picture, drawing = page.blocks[:3]
    assert "def circumference" in code.text and not code.folded
    svg = base64.b64decode(picture.data)
    assert b"<svg" in svg
    paths = re.findall(rb' d="([^"]*)"', svg)
    assert paths and not any(re.search(rb"\.\d{3}", path) for path in paths)
    assert drawing.folded and "def draw" in drawing.text
    assert page.verdict == "agrees" and page.seconds > 0
    assert circle.anchor == "a-circle"


def test_quick_reaches_the_experiment_and_its_verdict():
    page = CHAPTER.experiments[0](quick=True)
    assert page.verdict == "differs"


def test_a_broken_experiment_is_told_and_stops_no_other():
    page = CHAPTER.experiments[1](quick=False)
    assert page.verdict == "failed" and not page.agrees
    assert page.failure == "ValueError: no <corners>"


def test_what_the_library_warns_of_is_kept_once():
    import warnings

    from rheobase.errors import RheobaseWarning

    def perform(page):
        for _ in range(2):
            warnings.warn(RheobaseWarning("mind the step"), stacklevel=1)
        warnings.warn("something else", stacklevel=1)

    assert Experiment("Warned", perform)(quick=False).warnings == ["mind the step"]


def ball_and_stick():
    """The page of a cell."""
    return rb.Morphology.ball_and_stick(
        soma_diameter="20 um", dendrite_length="100 um", dendrite_diameter="2 um"
    ).page(title="A <cell>")


def test_a_cell_to_be_turned_stands_with_its_code():
    page = Page()
    page.turn("Turn **it**.", ball_and_stick)
    frame, code = page.blocks
    assert isinstance(frame, Frame)
    assert frame.title == "A <cell>" and frame.html.startswith("<!doctype html>")
    assert frame.caption == "Turn **it**."
    assert code.folded and code.of == "the animation" and "def ball_and_stick" in code.text
