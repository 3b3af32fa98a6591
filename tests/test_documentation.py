"""Everything the README and the documentation show is executed."""

import re

import pytest
from pages import ROOT, Piece, pages, pieces, run_page

PAGES = pages()


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page):
    run_page(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_of_a_page_exist(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_blocks_marks_and_pictures_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n```python\nprint(1)\n```\n\n<!-- output -->\n```text\n1\n```\n"
        "![a picture](images/one.png)\n"
    )
    assert list(pieces(page)) == [
        Piece("python", "print(1)\n", "", 4),
        Piece("text", "1\n", "output", 9),
        Piece("picture", "images/one.png", "", 11),
    ]


def test_every_public_name_stands_in_the_reference():
    import rheobase

    text = (ROOT / "docs" / "reference" / "index.md").read_text(encoding="utf-8")
    assert [name for name in rheobase.__all__ if f"`rb.{name}`" not in text] == []
