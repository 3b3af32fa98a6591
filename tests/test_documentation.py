"""Everything the README and the documentation show is executed."""

import re

import pytest
import references
from pages import ROOT, Piece, pages, pieces, run_page

import rheobase

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_of_a_page_are_those_of_the_library(page):
    text = page.read_text(encoding="utf-8")
    assert references.written(text) == text, "run python scripts/references.py"


def test_every_page_is_in_the_contents():
    listed = set(re.findall(r"^([\w/-]+)$", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE))
    pages = {str(page.relative_to(ROOT / "docs").with_suffix("")) for page in PAGES[1:]}
    inside = {name for name in pages if name.startswith("theory/integrators/")}
    assert sorted(pages - listed - inside - {"index"}) == []


def test_blocks_marks_and_pictures_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n```python\nprint(1)\n```\n\n<!-- output -->\n```text\n1\n```\n"
        "![a picture](images/one.png)\n<!-- added to a.toml -->\n```toml\nx = 1\n```\n"
    )
    assert list(pieces(page)) == [
        Piece("python", "print(1)\n", "", 4),
        Piece("text", "1\n", "output", 9),
        Piece("picture", "images/one.png", "", 11),
        Piece("toml", "x = 1\n", "added to a.toml", 14),
    ]


def test_files_are_written_for_the_blocks_that_read_them(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- file a.toml -->\n```toml\nx = 1\n```\n\n"
        "<!-- added to a.toml -->\n```toml\ny = 2\n```\n\n```toml\nonly = 'shown'\n```\n\n"
        "```python\nprint(open('a.toml').read())\n```\n\n"
        "<!-- output -->\n```text\nx = 1\n\ny = 2\n```\n"
    )
    monkeypatch.setattr("pages.ROOT", tmp_path)
    assert run_page(page) == 1


def test_every_public_name_stands_in_the_reference(tmp_path):
    modules = [*references.public_modules().values(), "rheobase.simulation", "rheobase.results",
               "rheobase.interactive", "rheobase.course"]  # fmt: skip
    written = {home: name for name, home in references.public_modules().items()}
    pages = "\n".join(
        page.read_text(encoding="utf-8") for page in references.REFERENCE.glob("*.md")
    )
    for module in modules:
        shown = written.get(module, module)
        names = references.public_names(module)
        units = module == "rheobase.units"
        missing = [n for n in names if f"`{n}`" not in pages] if units else [
            n for n in names if f"`{shown}.{n}`" not in pages
        ]  # fmt: skip
        assert names and missing == [], f"{module}: run python scripts/references.py"


def test_every_name_of_the_library_stands_in_its_contents():
    text = (references.REFERENCE / "index.md").read_text(encoding="utf-8")
    assert [
        name for name in rheobase.__all__ if f"`rb.{name}`" not in text.replace(", ", "`, `")
    ] == []


def test_every_command_and_its_options_stand_in_the_reference():
    text = (references.REFERENCE / "command-line.md").read_text(encoding="utf-8")
    found = dict(references.commands())
    assert {"tour", "course", "run", "explain", "bench", "doctor"} <= set(found)
    for command, options in found.items():
        rows = [line for line in text.splitlines() if line.startswith(f"| `rheobase {command}")]
        assert rows, command
        missing = [option for option in options if not any(option in row for row in rows)]
        assert missing == [], command


def test_every_public_name_says_what_it_is():
    for module in references.public_modules().values():
        if module != "rheobase.units":
            table = references.names_of(module)
            empty = [line for line in table.splitlines() if line.endswith("|  |")]
            assert empty == [], module
