"""From the sources to files: notebooks of format 4.5, and a notebook of contents."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rheobase import __version__
from rheobase.course.sources import Cell, Lesson, lessons
from rheobase.errors import UserError

CONTENTS: Final = "00-contents.ipynb"
SOLUTIONS: Final = "solutions"


@dataclass(frozen=True)
class Written:
    """What `write` did.

    Parameters
    ----------
    written : tuple of Path
        Files that are new or, with ``force``, replaced.
    kept : tuple of Path
        Files that were there and differ, left as they are: they may hold somebody's work.
    """

    written: tuple[Path, ...]
    kept: tuple[Path, ...]

    def __str__(self) -> str:
        lines = []
        for folder in dict.fromkeys(path.parent for path in self.written):
            here = [path for path in self.written if path.parent == folder]
            lines.append(f"{_counted(here)} written to {folder}")
        if self.kept:
            names = ", ".join(path.name for path in self.kept)
            lines.append(
                f"{_counted(self.kept)} there already and kept as found: {names}\n"
                "  --force replaces them, and what was written into them is lost"
            )
        return "\n".join(lines) or "all notebooks are there already, unchanged"


def _counted(paths: Iterable[Path]) -> str:
    number = len(tuple(paths))
    return f"{number} notebook{'s' if number > 1 else ''}"


def write(out: str | os.PathLike[str], *, solutions: bool = False, force: bool = False) -> Written:
    """Write the course into a folder: a notebook for every lesson, and one of contents.

    A file that is there is never replaced unless ``force`` says so; those that are missing
    are written beside it.

    Parameters
    ----------
    out : path
        The folder; made if it is not there.
    solutions : bool
        Write the notebooks with solutions too, into the folder ``solutions`` inside.
    force : bool
        Replace files that are there.

    Returns
    -------
    Written

    Raises
    ------
    UserError
        If the folder's name is that of a file.
    """
    folder = Path(out)
    files: dict[Path, str] = {}
    course = lessons()
    for inside, solved in [(folder, False), *([(folder / SOLUTIONS, True)] if solutions else [])]:
        files[inside / CONTENTS] = as_json(_contents(course, solved), "contents")
        for lesson in course:
            files[inside / lesson.file] = as_json(_cells(lesson, solved), lesson.name)
    written, kept = [], []
    for path, text in files.items():
        _make_folder(path.parent)
        if not path.exists() or (force and path.read_bytes() != text.encode()):
            _put(path, text)
            written.append(path)
        elif path.read_bytes() != text.encode():
            kept.append(path)
    return Written(tuple(written), tuple(kept))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UserError(
            f"the notebooks go into a folder, and {folder} is a file",
            mend="rheobase course my-course",
        ) from None


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # Readable by whom the folder's owner lets read, not by the owner only.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def as_json(cells: list[dict[str, Any]], name: str) -> str:
    """Return a notebook as the text of its file.

    Parameters
    ----------
    cells : list of dict
        Its cells, as the format has them but for their ids.
    name : str
        Its name, from which the ids of the cells are made.
    """
    book = {
        "cells": [{"id": f"{name}-{i:02d}"[-64:], **cell} for i, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
            "rheobase": {"lesson": name, "version": __version__},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cells(lesson: Lesson, solved: bool) -> list[dict[str, Any]]:
    """The cells of one lesson's notebook."""
    title = _markdown(f"# {lesson.title}\n\n**{lesson.question}**")
    return [title, *map(_cell, lesson.chosen(solved))]


def _cell(cell: Cell) -> dict[str, Any]:
    if cell.is_text:
        return _markdown(cell.text)
    metadata: dict[str, Any] = {} if cell.kind == "code" else {"tags": [cell.kind]}
    if cell.kind == "check":
        # A slip does not change what is checked; and JupyterLab folds the cell, which often
        # holds the answer.
        metadata |= {"deletable": False, "editable": False, "jupyter": {"source_hidden": True}}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": cell.text.splitlines(keepends=True),
    }


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _contents(course: list[Lesson], solved: bool) -> list[dict[str, Any]]:
    """The cells of the notebook of contents."""
    rows = [
        f"| {int(lesson.number)} | [{lesson.title}]({lesson.file}) | {lesson.question} |"
        for lesson in course
    ]
    heading = "Models of neurons: solutions" if solved else "Models of neurons"
    table = ["| | notebook | question |", "|---|---|---|", *rows]
    check = Cell(
        "code", "import rheobase as rb\nfrom rheobase import course\n\ncompiled = course.start()"
    )
    return [
        _markdown(f"# {heading}\n\n{_HOW_TO_TEACH if solved else _HOW_TO_WORK}"),
        _markdown("\n".join(table)),
        _markdown(_BEFORE_YOU_BEGIN),
        _cell(check),
    ]


_HOW_TO_WORK: Final = """\
Each notebook asks one question of one experiment: the equations, the code, a figure, and
exercises.

- Run the cells from top to bottom (Shift + Enter). Change what is there and run it again: nothing
  can break. *Kernel, Restart* gives you a clean start.
- In an **exercise** replace the three dots `...` by your own code, and run the cell.
- Run the **check** below it, a cell that is folded. It says what is right and what is wrong, and
  why; it does not stop the notebook, so you may go on and come back.
- Predict before you run. Where a number surprises you, find out why before you read on.

Notebooks 1 to 7 build on each other; those after them can be taken in any order."""

_HOW_TO_TEACH: Final = """\
Every exercise is solved here, and its check passes. Other answers may be right too: it is the check
that decides, not these cells. The notebooks without solutions are one folder up."""

_BEFORE_YOU_BEGIN: Final = """\
Before you begin, run this cell. If it cannot find `rheobase`, install it where this notebook's
Python is: `python -m pip install FOLDER`, with the folder into which you have cloned Rheobase.
Without numba everything runs too, more slowly."""
