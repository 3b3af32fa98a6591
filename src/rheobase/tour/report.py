"""The report: one HTML page that needs nothing beside it."""

from __future__ import annotations

import io
import keyword
import re
import token
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rheobase.interactive import assets
from rheobase.morphology import page as viewer
from rheobase.tour.page import (
    Block,
    Chapter,
    Checks,
    Code,
    Experiment,
    Frame,
    Output,
    Page,
    Picture,
    Sliders,
    Table,
    Text,
)
from rheobase.tour.style import SCRIPT, SHEET

Done = tuple[Experiment, Page]

_READING = (
    "The code shown is the code that ran, without the types of its arguments, and complete: what"
    " stands under one heading can be pasted into Python. Where “published” is a number that no"
    " paper prints, an independent program found it, and the text says so. The letters A to G"
    " are the parts of the course."
)


@dataclass(frozen=True)
class Report:
    """What a tour left behind.

    Attributes
    ----------
    path : Path
        The HTML page.
    chapters : list of (Chapter, list of (Experiment, Page))
        What was done, in order.
    """

    path: Path
    chapters: Sequence[tuple[Chapter, Sequence[Done]]]

    @property
    def pages(self) -> list[Page]:
        """The pages of all experiments, in order."""
        return [page for _, done in self.chapters for _, page in done]

    @property
    def passed(self) -> bool:
        """Whether every experiment agrees with what was published."""
        return all(page.agrees for page in self.pages)

    @property
    def seconds(self) -> float:
        """Wall time of all experiments."""
        return sum(page.seconds for page in self.pages)


def render(report: Report, machine: Sequence[tuple[str, str]], quick: bool) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    report : Report
    machine : sequence of (str, str)
        What it ran on: names and values.
    quick : bool
        Whether it was a short tour; the page says so.
    """
    body: list[str] = []
    for chapter, done in report.chapters:
        body.append(f'<h2 id="{_anchor(chapter.title)}">{escape(chapter.title)}</h2>')
        body.append(_paragraphs(chapter.introduction))
        body += [_experiment(experiment, page) for experiment, page in done]
    body.append(_ending(report, machine))
    kinds = {type(block) for page in report.pages for block in page.blocks}
    styles = [SHEET, assets.STYLE] if Sliders in kinds else [SHEET]
    scripts = [SCRIPT, assets.SCRIPT] if Sliders in kinds else [SCRIPT]
    # What stands in a frame is under the rules of this page too.
    framed = ([viewer.STYLE], [viewer.SCRIPT]) if Frame in kinds else ([], [])
    return "\n".join([
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        assets.policy([*styles, *framed[0]], [*scripts, *framed[1]]),
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>A tour of Rheobase</title>",
        *(f"<style>{style}</style>" for style in styles),
        '</head>\n<body>\n<a class="skip" href="#start">To the experiments</a>',
        '<div class="layout">',
        _top(report, quick),
        _contents(report),
        '<main id="start">',
        *body,
        "</main>\n</div>",
        *(f"<script>{script}</script>" for script in scripts),
        "</body>\n</html>\n",
    ])  # fmt: skip


def _top(report: Report, quick: bool) -> str:
    """Write title, what the page is, and how much agrees."""
    agreeing = sum(page.agrees for page in report.pages)
    checks = [check for page in report.pages for check in page.checks]
    numbers = sum(check.agrees for check in checks)
    everything = "" if report.passed else " What differs is marked below."
    short = " This was the short tour: some runs are shorter than published." if quick else ""
    facts = [
        (f"{agreeing} of {len(report.pages)}", "experiments agree with what was published"),
        (f"{numbers} of {len(checks)}", "numbers within their tolerance"),
        (f"{report.seconds:.0f} s", "all of it, on this machine"),
    ]
    items = "".join(f"<li><strong>{value}</strong> {what}</li>" for value, what in facts)
    return (
        "<header>\n<h1>A tour of Rheobase</h1>\n"
        '<p class="lead">Experiments from a course on neuron models and from the literature, run'
        f" just now on this machine.{everything}{short}</p>\n"
        f'<ul class="facts">{items}</ul>\n<p>{_READING}</p>\n</header>'
    )


def _contents(report: Report) -> str:
    lines = ['<nav aria-label="Contents"><h2>Contents</h2><ol>']
    for chapter, done in report.chapters:
        title = f'<a href="#{_anchor(chapter.title)}">{escape(chapter.title)}</a>'
        items = "".join(
            f'<li><a href="#{experiment.anchor}">{escape(experiment.title)}</a>'
            f" {_badge(page.verdict)}</li>"
            for experiment, page in done
        )
        lines.append(f"<li>{title}<ul>{items}</ul></li>")
    lines.append('<li><a href="#machine">Machine, versions, times</a></li></ol></nav>')
    return "\n".join(lines)


def _experiment(experiment: Experiment, page: Page) -> str:
    link = f'<a class="here" href="#{experiment.anchor}" aria-label="Link to this experiment">#</a>'
    title = f"<span>{escape(experiment.title)}</span> {_badge(page.verdict)} {link}"
    heading = f'<h3 id="{experiment.anchor}">{title}</h3>'
    failure = [f'<p class="failed">{escape(page.failure)}</p>'] if page.failure else []
    warned = [f'<p class="warned">Rheobase warned: {escape(text)}</p>' for text in page.warnings]
    parts = [f"<section>{heading}", *map(_block, page.blocks), *warned, *failure, "</section>"]
    return "\n".join(parts)


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return _paragraphs(text)
        case Code(text, folded, of):
            code = f'<div class="code"><pre><code>{highlight(text)}</code></pre></div>'
            if folded:
                return f"<details><summary>Code of {of}</summary>{code}</details>"
            return code
        case Output(text):
            return f'<pre class="printed">{escape(text.rstrip())}</pre>'
        case Picture(data, alt, caption):
            image = (
                f'<img decoding="async" alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'
            )
            return f"<figure>{image}<figcaption>{_inline(caption)}</figcaption></figure>"
        case Sliders(player, caption):
            return f"<figure>{player}<figcaption>{_inline(caption)}</figcaption></figure>"
        case Frame(page, title, caption):
            frame = (
                f'<iframe loading="lazy" sandbox="allow-scripts" title="{escape(title)}"'
                f' srcdoc="{escape(page)}"></iframe>'
            )
            return f"<figure>{frame}<figcaption>{_inline(caption)}</figcaption></figure>"
        case Table(header, rows, caption):
            return _table(header, [[_inline(entry) for entry in row] for row in rows], caption)
        case Checks(checks):
            titles = ("", "published", "found", "tolerance", "verdict")
            entries = [
                [
                    _inline(check.what),
                    *map(_unbroken, (check.published, check.found, check.tolerance)),
                    _badge("agrees" if check.agrees else "differs"),
                ]
                for check in checks
            ]
            return _table(titles, entries, "")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Write a table whose entries are HTML already; columns of numbers are set flush right."""
    numbers = [sum(_is_number(row[k]) for row in rows) for k in range(len(header))]
    flush = [2 * count > len(rows) for count in numbers]

    def cells(tag: str, entries: Sequence[str]) -> str:
        marks = [' class="number"' if f else "" for f in flush]
        pairs = zip(entries, marks, strict=True)
        return "<tr>" + "".join(f"<{tag}{mark}>{entry}</{tag}>" for entry, mark in pairs) + "</tr>"

    head = cells("th", [_inline(title) for title in header])
    body = "".join(cells("td", row) for row in rows)
    foot = f"<caption>{_inline(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{foot}<thead>{head}</thead><tbody>{body}</tbody></table></div>'
    )


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+−]?[\d,. ]*\d", text))


def _ending(report: Report, machine: Sequence[tuple[str, str]]) -> str:
    times = [
        [escape(experiment.title), f"{page.seconds:.1f}", _badge(page.verdict)]
        for _, done in report.chapters
        for experiment, page in done
    ]
    total = ["<strong>together</strong>", f"{report.seconds:.1f}", ""]
    facts = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in machine
    )
    return (
        '<footer><h2 id="machine">Machine, versions, times</h2>'
        f'<div class="scroll"><table>{facts}</table></div>'
        + _table(("experiment", "seconds", "verdict"), [*times, total], "")
        + "<p>Seconds of wall time, with building, compiling where it was needed, and drawing.</p>"
        "</footer>"
    )


def _unbroken(text: str) -> str:
    """Escape a text whose numbers stay on a line with their units."""
    return re.sub(r"(?<=\d) (?=[^\W\d])|(?<=±) ", "\u00a0", _inline(text))


def _badge(verdict: str) -> str:
    return f'<span class="verdict {verdict}">{verdict}</span>'


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _paragraphs(text: str) -> str:
    parts = re.split(r"\n\s*\n", text.strip())
    return "\n".join(f"<p>{_inline(' '.join(part.split()))}</p>" for part in parts if part)


def _inline(text: str) -> str:
    """Escape a text; `code`, **bold** and the indices of symbols (τ_m) become tags."""
    pieces = re.split(r"(`[^`]+`)", escape(text))  # those at odd places are code
    return "".join(
        f"<code>{piece[1:-1]}</code>" if place % 2 else _marked(piece)
        for place, piece in enumerate(pieces)
    )


def _marked(text: str) -> str:
    bold = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"(?<![^\W\d_])(?<!_)([^\W\d_])_(\w+)\b", r"\1<sub>\2</sub>", bold)


def highlight(text: str) -> str:
    """Return Python code as HTML, with keywords, strings and comments marked."""
    lines = text.splitlines(keepends=True)
    pieces: list[str] = []
    row, column = 1, 0
    for kind, word, start, end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
        pieces.append(escape(_between(lines, (row, column), start)))
        row, column = end
        if kind == token.STRING:
            pieces.append(f'<span class="s">{escape(word)}</span>')
        elif kind == tokenize.COMMENT:
            pieces.append(f'<span class="c">{escape(word)}</span>')
        elif kind == token.NAME and keyword.iskeyword(word):
            pieces.append(f'<span class="k">{escape(word)}</span>')
        elif kind not in (token.INDENT, token.DEDENT, token.ENDMARKER):
            pieces.append(escape(word))
        else:
            # White space of a line's beginning is no token of its own worth: written as it is.
            pieces.append(escape(_between(lines, start, end)))
    return "".join(pieces)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text between two places (row from 1, column from 0)."""
    (row, column), (last_row, last_column) = start, end
    if row == last_row:
        return lines[row - 1][column:last_column] if row <= len(lines) else ""
    parts = [lines[row - 1][column:] if row <= len(lines) else ""]
    parts += lines[row : last_row - 1]
    if last_row <= len(lines):
        parts.append(lines[last_row - 1][:last_column])
    return "".join(parts)
