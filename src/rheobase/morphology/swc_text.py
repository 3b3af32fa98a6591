"""The text of SWC files: one point a line, read and checked."""

from __future__ import annotations

import gzip
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rheobase.errors import FileFormatError, point_at
from rheobase.morphology.frusta import Floats, Ints

_COLUMNS = ("id", "type", "x", "y", "z", "radius", "parent")


@dataclass(frozen=True, eq=False)
class SWCPoints:
    """What stands in a file, in its order and its unit.

    Attributes
    ----------
    name : str
        Of the file.
    header : str
        All comments.
    lines : list of str
        The text, for messages.
    line : ndarray of int
        The number of the line of every point, from 1.
    ids, labels, parents : ndarray of int
        Columns 1, 2 and 7.
    points : ndarray, shape (n, 3)
        Columns 3 to 5.
    radii : ndarray
        Column 6.
    """

    name: str
    header: str
    lines: list[str]
    line: Ints
    ids: Ints
    labels: Ints
    points: Floats
    radii: Floats
    parents: Ints

    def refused(self, index: int, what: str, column: str, mend: str = "") -> FileFormatError:
        """Return the error about a point, with its line and a caret under the column."""
        number = int(self.line[index])
        text = self.lines[number - 1]
        return FileFormatError(
            f"{self.name}, line {number}: {what}",
            place=_column_at(text, _COLUMNS.index(column), number),
            mend=mend,
        )


def _column_at(text: str, column: int, number: int) -> str:
    """Point at a column of a line."""
    start = 0
    pieces = text.replace(",", " ").split()
    for piece in pieces[: column + 1]:
        start = text.index(piece, start)
        end = start + len(piece)
        if piece is pieces[column]:
            return point_at(text, start, end, number)
        start = end
    return point_at(text, 0, len(text), number)


def read_text(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the name and the text of a file, unpacked if its name ends in ``.gz``.

    Raises
    ------
    FileFormatError
        If it cannot be read.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
        if file.suffix == ".gz":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileFormatError(f"{file.name}: cannot be read: {reason}", given=str(file)) from None
    return file.name, raw.decode("utf-8-sig", errors="replace")


def read_points(path: str | os.PathLike[str]) -> SWCPoints:
    """Read the points of an SWC file.

    Raises
    ------
    FileFormatError
        With the line, if one is not seven numbers; if the file is empty.
    """
    name, text = read_text(path)
    lines = text.splitlines()
    header: list[str] = []
    numbers: list[int] = []
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        content, mark, comment = line.partition("#")
        if mark:
            header.append(comment)
        words = content.replace(",", " ").split()
        if any("," in word.strip(",") for word in content.split()) and len(content.split()) > 6:
            raise FileFormatError(
                f"{name}, line {number}: commas inside numbers",
                place=point_at(line, 0, len(line), number),
                expected="a point between the digits of a number: 0.5, not 0,5",
            )
        if words:
            rows.append(_row(name, line, number, words))
            numbers.append(number)
    if not rows:
        raise FileFormatError(
            f"{name}: the file is empty" + (": comments, and no point" if header else ""),
            expected="lines such as 1 1 0 0 0 5 -1 (id, type, x, y, z, radius, parent)",
        )
    table = np.array(rows)
    whole = table[:, [0, 1, 6]].astype(np.int64)
    return SWCPoints(
        name,
        "\n".join(header),
        lines,
        np.array(numbers),
        whole[:, 0],
        whole[:, 1],
        table[:, 2:5].copy(),
        table[:, 5].copy(),
        whole[:, 2],
    )


def _row(name: str, line: str, number: int, words: list[str]) -> list[float]:
    """Return the seven numbers of a line."""
    if len(words) < 7:
        raise FileFormatError(
            f"{name}, line {number}: not a point",
            place=point_at(line, 0, len(line), number),
            expected="seven numbers: id, type, x, y, z, radius, parent",
            given=f"{len(words)} {'word' if len(words) == 1 else 'words'}",
        )
    row: list[float] = []
    for column, word in enumerate(words[:7]):
        try:
            value = float(word)
        except ValueError:
            value = np.nan
        whole = column in (0, 1, 6)
        if not np.isfinite(value) or (whole and (value != int(value) or abs(value) > 2**53)):
            raise FileFormatError(
                f"{name}, line {number}: the {_COLUMNS[column]} is not a "
                f"{'whole ' if whole else 'finite '}number",
                place=_column_at(line, column, number),
            )
        if column == 1 and value < 0:
            raise FileFormatError(
                f"{name}, line {number}: the type is below 0",
                place=_column_at(line, column, number),
                expected="0 unknown, 1 soma, 2 axon, 3 dendrite, 4 apical dendrite, or more",
            )
        row.append(value)
    return row
