"""Which cells, and which places on them: `cells[:10]`, `cells[0].at("dendrite", fraction=0.5)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rheobase.errors import FileFormatError, UserError, WiringError
from rheobase.modelfiles.calls import CallError, read_call
from rheobase.simulation.cable_population import Branched

_NAME = re.compile(r"\s*([^\[.\s]*)\s*")
_INDEX = re.compile(
    r"(?P<one>-?\d+)"
    r"|(?P<slice>(-?\d+)?:(-?\d+)?(:(-?\d+)?)?)"
    r"|\[(?P<list>\s*-?\d+\s*(,\s*-?\d+\s*)*,?\s*)\]"
)
_STEP = re.compile(r"\s*(?:(?P<index>\[)|\.\s*(?P<at>at\s*\()|\.\s*(?P<all>everywhere)\b)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True)
class Step:
    """One step of a choice: an index, `at` with its arguments, or `everywhere`.

    Attributes
    ----------
    kind : str
        "index", "at" or "all".
    text : str
        As it is written: "10:20", "at(...)".
    start, end : int
        Where it stands in the whole text.
    """

    kind: str
    text: str
    start: int
    end: int


def split_cells(text: str) -> tuple[str, tuple[Step, ...]]:
    """Split "cells[:10]" into the name of the population and the steps behind it.

    Raises
    ------
    FileFormatError
        It cannot be read.
    """
    match = _NAME.match(text)
    assert match is not None
    return match[1], tuple(_steps(text, match[1], match.end()))


def _steps(text: str, name: str, at: int) -> Iterator[Step]:
    while at < len(text.rstrip()):
        match = _STEP.match(text, at)
        end = None if match is None else (
            match.end() if match["all"] else _closing(text, match.end() - 1)
        )  # fmt: skip
        if match is None or end is None:
            raise _unreadable(text, name)
        kind = match.lastgroup or ""
        start = match.start(kind)
        inner = text[start + 1 : end - 1].strip() if kind == "index" else text[start:end]
        if kind == "index" and not _INDEX.fullmatch(inner):
            raise _unreadable(text, name)
        yield Step(kind, inner, start, end)
        at = end


def _closing(text: str, start: int) -> int | None:
    """Return the place behind the bracket that closes the one at `start`; None: there is none."""
    plain = _QUOTED.sub(lambda match: "_" * len(match[0]), text)
    depth = 0
    for at in range(start, len(plain)):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(plain[at], 0)
        if depth == 0:
            return at + 1
    return None


def _unreadable(text: str, name: str) -> FileFormatError:
    if "." in text:
        return FileFormatError(
            f"{text!r}: cannot read which places",
            expected="cells, and a place on them: at(...) or everywhere",
            mend=f"write '{name}.at(\"soma\")' or '{name}[0].at(\"dendrite\", fraction=0.5)'",
        )
    return FileFormatError(
        f"{text!r}: cannot read which cells",
        expected="a number, a slice, or a list of numbers",
        mend=f'write "{name}[:10]", "{name}[0]" or "{name}[[0, 3]]"',
    )


def taken(cells: Any, step: Step) -> Any:
    """Return some of the cells, or places on them.

    Raises
    ------
    CallError
        There are none such, or they are point cells; with the place in the text.
    """
    if step.kind == "index":
        return cells[_index(step.text)]
    if not isinstance(cells, Branched):
        error = WiringError(
            f"{step.text}: a place is on cells with a morphology",
            given=repr(cells),
            mend="a population has a morphology if its model is a table of `cells`; a place "
            "itself has none",
        )
        raise CallError(error, step.start, step.end)
    if step.kind == "all":
        return cells.everywhere
    try:
        return read_call(step.text, {"at": cells.at}, "the place")
    except CallError as error:
        raise CallError(error.error, error.start + step.start, error.end + step.start) from error
    except UserError as error:
        raise CallError(error, step.start, step.end) from error


def _index(text: str) -> Any:
    match = _INDEX.fullmatch(text)
    assert match is not None
    if match["one"]:
        return int(text)
    if match["list"]:
        return [int(part) for part in match["list"].split(",") if part.strip()]
    return slice(*(int(part) if part.strip() else None for part in text.split(":")))
