"""The report is one page that needs nothing beside it, and escapes what it is given."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.interactive.chromium import needs_chromium, show
from tests.tour.example_chapter import CHAPTER, moving
from tests.tour.test_page import ball_and_stick

from rheobase import tour
from rheobase.tour import report as report_module
from rheobase.tour.page import Chapter, Page
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


def test_indices_of_symbols_and_code():
    assert report_module._inline("τ_ref, g_Na and `a_b`") == (
        "τ<sub>ref</sub>, g<sub>Na</sub> and <code>a_b</code>"
    )
    assert report_module._inline("rate_curve **V_T**") == (
        "rate_curve <strong>V<sub>T</sub></strong>"
    )


def with_sliders():
    """A report of one experiment with sliders."""
    page = Page(quick=True)
    page.text("Before.")
    assert page.play("They **move**.", moving).positions == 3
    chapter = Chapter("Z. Moving", "Sliders.", order=99)
    chapter.experiment("Sliders move")(lambda page: None)
    done = [(chapter.experiments[0], page)]
    made = report_module.Report(Path("index.html"), [(chapter, done)])
    return report_module.render(made, [("processor", "fast")], quick=True)


def test_sliders_stand_in_the_page_with_their_script():
    text = with_sliders()
    assert '<figure><div class="rb-player">' in text
    assert "<figcaption>They <strong>move</strong>.</figcaption>" in text
    assert "Code of the sliders" in text
    assert text.count("<script>") == text.count("<style>") == 2
    rules = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert rules.count("sha256-") == 4 and "default-src 'none'" in rules
    checker = Checker()
    checker.feed(text)
    assert checker.open == []


def test_a_report_without_sliders_has_no_script_of_theirs(made):
    _, text, _ = made
    assert text.count("<script>") == text.count("<style>") == 1
    assert "rb-player" not in text


@needs_chromium
def test_what_the_page_can_do(tmp_path):
    found = show(with_sliders(), tmp_path, """
      const [plain, theme] = document.querySelectorAll(".tools button");
      const root = document.documentElement, code = document.querySelector(".code");
      const paper = () => getComputedStyle(document.body).backgroundColor;
      found.light = [root.dataset.theme || "", paper()];
      theme.click();
      found.dark = [root.dataset.theme, paper(), theme.textContent];
      const player = document.querySelector(".rb-player");
      found.player = getComputedStyle(player).getPropertyValue("--rb-paper").trim();
      plain.click();
      found.hidden = getComputedStyle(document.querySelector("details")).display;
      plain.click();
      found.shown = getComputedStyle(document.querySelector("details")).display;
      found.copy = code.querySelector("button").textContent;
      document.getElementById("machine").scrollIntoView();
      dispatchEvent(new Event("scroll"));  // without a frame drawn, none comes by itself
      await wait(300);
      found.reading = document.querySelector("nav [aria-current]").textContent;
      found.sliders = player.querySelectorAll("input").length;
      found.wide = root.scrollWidth <= innerWidth;
    """, size="1400,900")  # fmt: skip
    assert found["light"][0] == "" and found["dark"][0] == "dark"
    assert found["light"][1] != found["dark"][1] and found["dark"][2] == "Light"
    assert found["player"] == "#1b1e22"
    assert found["hidden"] == "none" and found["shown"] == "block"
    assert found["copy"] == "Copy" and found["sliders"] == 1 and found["wide"]
    assert found["reading"] == "Machine, versions, times"


def test_what_was_printed_keeps_its_lines_and_is_escaped(tmp_path):
    chapter = Chapter("Printed", "Words.", order=1)

    @chapter.experiment("Words")
    def words(page: Page) -> None:
        page.printed("v < 1\n    = 0.5\n")

    report = tour.run(tmp_path, selected=[chapter], say=lambda line: None)
    text = report.path.read_text(encoding="utf-8")
    assert '<pre class="printed">v &lt; 1\n    = 0.5</pre>' in text


def with_a_cell():
    """A report of one experiment with a cell to be turned."""
    page = Page()
    page.turn("It **turns**.", ball_and_stick)
    chapter = Chapter("Z. A cell", "Turns.", order=99)
    chapter.experiment("A cell turns")(lambda page: None)
    made = report_module.Report(Path("index.html"), [(chapter, [(chapter.experiments[0], page)])])
    return report_module.render(made, [("processor", "fast")], quick=True)


def test_a_cell_stands_in_a_frame_of_its_own():
    text = with_a_cell()
    frame = re.search(
        r'<iframe [^>]*sandbox="allow-scripts" title="([^"]*)" srcdoc="([^"]*)">', text
    )
    assert frame[1] == "A &lt;cell&gt;"
    assert html.unescape(frame[2]) == ball_and_stick().html
    assert "<figcaption>It <strong>turns</strong>.</figcaption>" in text
    assert text.count("<script>") == text.count("<style>") == 1  # those of the frame are escaped


@needs_chromium
def test_the_rules_of_the_page_let_the_cell_be_drawn(tmp_path):
    text = with_a_cell().replace('sandbox="allow-scripts"', "").replace('loading="lazy"', "")
    steps = """
    const inside = document.querySelector("iframe").contentDocument;
    for (let k = 0; k < 50 && !inside.querySelector("#bar")?.textContent; k++) await wait(50);
    found.bar = inside.querySelector("#bar").textContent;
    found.flex = inside.defaultView.getComputedStyle(inside.body).display;
    """
    found = show(text, tmp_path, steps)
    assert "soma" in found["bar"] and "drag or arrow keys: turn" in found["bar"]
    assert found["flex"] == "flex"
