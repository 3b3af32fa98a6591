"""The chapters of the tour: found in one place, agreeing, and showing code that runs."""

import pytest

from rheobase import tour
from rheobase.tour.page import Code, Picture


@pytest.fixture(scope="module")
def performed(tmp_path_factory):
    """Return every page of a short tour by the anchor of its experiment."""
    report = tour.run(tmp_path_factory.mktemp("tour"), quick=True, say=lambda line: None)
    return {experiment.anchor: page for _, done in report.chapters for experiment, page in done}


def test_chapters_come_in_order_and_names_are_unique():
    chapters = tour.chapters()
    assert [chapter.order for chapter in chapters] == sorted({c.order for c in chapters})
    anchors = [e.anchor for chapter in chapters for e in chapter.experiments]
    assert len(set(anchors)) == len(anchors)


def test_a_chapter_added_in_one_place_is_found(tmp_path, monkeypatch):
    from rheobase.tour import pages

    (tmp_path / "new_level.py").write_text(
        "from rheobase.tour.page import Chapter\n"
        "CHAPTER = Chapter('A new level', 'Why.', order=45)\n"
    )
    monkeypatch.setattr(pages, "__path__", [*pages.__path__, str(tmp_path)])
    titles = [chapter.title for chapter in tour.chapters()]
    assert titles.index("A new level") == titles.index("Three networks of 4,000 neurons") - 1


def test_every_experiment_agrees(performed):
    wrong = {
        anchor: page.failure or [check.what for check in page.checks if not check.agrees]
        for anchor, page in performed.items()
        if not page.agrees
    }
    assert wrong == {}


def test_every_experiment_has_code_a_figure_and_numbers(performed):
    for anchor, page in performed.items():
        kinds = {type(block) for block in page.blocks}
        assert {Code, Picture} <= kinds, anchor
        assert page.checks, anchor


def test_the_code_that_is_shown_can_be_pasted_and_defines_what_it_uses(performed):
    for anchor, page in performed.items():
        space = {}
        for block in page.blocks:
            if isinstance(block, Code):
                exec(compile(block.text, anchor, "exec"), space)
        assert any(callable(value) for value in space.values())


def test_pasted_code_gives_what_the_report_says(performed):
    space = {}
    for block in performed["ring-oscillator"].blocks:
        if isinstance(block, Code):
            exec(block.text, space)
    assert space["exact_ring"]()[0].size == 25


def test_no_line_of_shown_code_is_too_long_to_read(performed):
    for page in performed.values():
        for block in page.blocks:
            if isinstance(block, Code):
                assert max(map(len, block.text.splitlines())) <= 100
