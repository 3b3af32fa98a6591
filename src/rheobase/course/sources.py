"""The sources of the notebooks: Python files in percent format, cut into cells.

A source begins with its title and its question as comments (``# title: ...``,
``# question: ...``, which may go on over several comment lines). Every cell begins with a
line ``# %%`` and the kind of the cell behind it:

``# %% [markdown]``
    text, every line a comment.
``# %%``
    code that is given.
``# %% exercise``
    code a student is to complete. It must run as it stands.
``# %% solution``
    what stands in its place in the notebooks with solutions. Follows its exercise.
``# %% [markdown] solution``
    text that only the notebooks with solutions have.
``# %% mistake: TEXT``
    a likely wrong answer. It is in no notebook: the tests put it in the place of the
    solution, and the check must then say TEXT.
``# %% check``
    code that checks the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources

from rheobase.errors import InternalError

_FOLDER = "notebooks"
_HEADER = re.compile(r"^# %%[ ]?(?P<markdown>\[markdown\])?[ ]?(?P<kind>.*)$")
KINDS = ("text", "code", "exercise", "solution", "remark", "mistake", "check")


@dataclass(frozen=True)
class Cell:
    """One cell of a source.

    Parameters
    ----------
    kind : str
        One of `KINDS`; a ``remark`` is text that belongs to the solutions.
    text : str
        Markdown or code, without an empty line at either end.
    says : str
        Of a mistake: what the check must say to it.
    """

    kind: str
    text: str
    says: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the cell is Markdown."""
        return self.kind in ("text", "remark")


@dataclass(frozen=True)
class Lesson:
    """One notebook: its number, name, title, question and cells."""

    number: str
    name: str
    title: str
    question: str
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def file(self) -> str:
        """The name of the notebook's file."""
        return f"{self.number}-{self.name}.ipynb"

    def chosen(self, solutions: bool) -> tuple[Cell, ...]:
        """The cells of the notebook a student or, with solutions, a teacher gets."""
        hidden = ("mistake", "exercise") if solutions else ("mistake", "solution", "remark")
        return tuple(cell for cell in self.cells if cell.kind not in hidden)


def lessons() -> list[Lesson]:
    """Return the lessons of the course in their order."""
    folder = resources.files(__package__).joinpath(_FOLDER)
    sources = sorted(file.name for file in folder.iterdir() if file.name.endswith(".py"))
    return [parse(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in sources]


def parse(name: str, text: str) -> Lesson:
    """Cut a source into cells.

    Parameters
    ----------
    name : str
        The name of its file: ``NN_words_of_the_name.py``.
    text : str
        What is in it.

    Raises
    ------
    InternalError
        If the source is not written as this module says.
    """
    number, _, words = name.removesuffix(".py").partition("_")
    head, *parts = re.split(r"^(?=# %%)", text, flags=re.MULTILINE)
    facts = dict(_facts(head))
    missing = {"title", "question"} - facts.keys()
    if not (number.isdigit() and words) or missing:
        raise InternalError(f"{name}: a source is named NN_words.py and has a title and a question")
    cells = tuple(_cell(name, part) for part in parts)
    _check_order(name, cells)
    return Lesson(number, words.replace("_", "-"), facts["title"], facts["question"], cells)


def _facts(head: str) -> Iterator[tuple[str, str]]:
    """Read the comments at the top: a name, a colon, and words that may go on."""
    found: list[list[str]] = []
    for line in head.splitlines():
        words = line.removeprefix("#").strip()
        key, colon, rest = words.partition(": ")
        if colon and key in ("title", "question"):
            found.append([key, rest])
        elif words and found:
            found[-1].append(words)
    for key, *lines in found:
        yield key, " ".join(lines)


def _cell(name: str, part: str) -> Cell:
    first, _, body = part.partition("\n")
    match = _HEADER.match(first)
    assert match is not None  # the parts were cut at these lines
    kind, _, says = (word.strip() for word in match["kind"].partition(":"))
    if match["markdown"]:
        kind = {"": "text", "solution": "remark"}.get(kind, kind)
        lines = [re.sub(r"^# ?", "", line) for line in body.splitlines()]
        body = "\n".join(lines)
    else:
        kind = kind or "code"
    if kind not in KINDS or bool(match["markdown"]) != (kind in ("text", "remark")):
        raise InternalError(f"{name}: there is no cell {first!r}")
    return Cell(kind, body.strip("\n"), says)


def _check_order(name: str, cells: tuple[Cell, ...]) -> None:
    """Hold that every exercise has a solution and then a check, with nothing else between."""
    kinds = " ".join(cell.kind for cell in cells if not cell.is_text)
    rest = re.sub(r"exercise( mistake)* solution check", "", kinds)
    if any(word in rest for word in ("exercise", "mistake", "solution", "check")):
        raise InternalError(
            f"{name}: the cells are exercise, mistakes, solution, check; got {kinds}"
        )
