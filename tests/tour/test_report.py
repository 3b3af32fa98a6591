"""The report is one page that needs nothing beside it, and escapes what it is given."""

import html
import re
from html.parser import HTMLParser

import pytest
from tests.tour.example_chapter import CHAPTER

from rheobase import tour
from rheobase.tour.report import highlight

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Checker(HTMLParser):
    """Check that every element is closed in order; collect ids and links."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.sources = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        self.sources += [attributes["src"]] if "src" in attributes else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    lines = []
    report = tour.run(tmp_path_factory.mktemp("tour") / "new" / "folder", say=lines.append,
                      selected=[CHAPTER])  # fmt: skip
    return report, report.path.read_text(encoding="utf-8"), lines


def test_the_page_is_well_formed_and_self_contained(made):
    report, text, _ = made
    assert report.path.name == "index.html"
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert {link.removeprefix("#") for link in checker.links} <= set(checker.ids)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in checker.sources)
    assert not re.search(r"https?://", text)


def test_everything_is_escaped(made):
    _, text, _ = made
    assert "A circle &lt;is&gt; round" in text
    assert "no &lt;corners&gt;" in text
    assert "round &amp; round" in text
    assert "two &amp; two" in text
    assert "<strong>corners</strong>" in text
    assert "<code>RADIUS</code>" in text


def test_the_page_tells_verdicts_machine_and_times(made):
    report, text, _ = made
    assert not report.passed
    assert "<strong>1 of 2</strong> experiments agree" in text
    assert "<strong>4 of 4</strong> numbers" in text
    assert text.count('class="verdict failed"') == 3  # contents, heading, times
    for word in ("processor", "Python", "numpy", "together"):
        assert word in text


def test_the_terminal_gets_one_line_an_experiment(made):
    _, _, lines = made
    assert lines[0] == "Z. Circles"
    assert re.fullmatch(r"   1/2 A circle <is> round \.+ agrees +\d+\.\d s", lines[1])
    assert re.fullmatch(r"   2/2 A square \.+ failed +\d+\.\d s", lines[2])
    assert lines[3].strip() == "ValueError: no <corners>"
    assert lines[-1].startswith("1 of 2 experiments agree with what was published")


def test_a_number_that_differs_is_told(tmp_path):
    lines = []
    report = tour.run(tmp_path, quick=True, say=lines.append, selected=[CHAPTER])
    assert "        points: published 9, found 5" in lines
    assert "short tour" in report.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [
    "x = 'a<b' if True else \"c&d\"  # 1 < 2\n",
    "def f(\n    a=1,\n):\n    '''Doc.\n\n    More.'''\n    return a\n\n\nfor i in a:\n    pass\n",
    "y = 1",
])  # fmt: skip
def test_highlighting_keeps_every_character(code):
    marked = highlight(code)
    assert html.unescape(re.sub(r"</?span[^>]*>", "", marked)) == code
    assert "<span" in marked or "=" in code


def test_highlighting_marks_words_of_python():
    marked = highlight("if 'x': pass  # why\n")
    assert '<span class="k">if</span>' in marked
    assert '<span class="s">&#x27;x&#x27;</span>' in marked
    assert '<span class="c"># why</span>' in marked
