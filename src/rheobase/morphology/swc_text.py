"""The text of SWC files: one point a line, read and checked."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rheobase.errors import FileFormatError, InternalError, UserError, point_at
from rheobase.morphology.frusta import Floats, Ints

_LINE_END = re.compile(r"\r\n|\r|\n")  # no others: comments may hold form feeds
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


_LIKE = {
    "from_swc": 'rb.Morphology.from_swc("cell.swc")',
    "from_asc": 'rb.Morphology.from_asc("cell.asc")',
    "from_neuroml": 'rb.Morphology.from_neuroml("cell.nml")',
    "to_swc": 'cell.to_swc("cell.swc")',
    "page.save": 'cell.page().save("cell.html")',
}


def file_at(path: Any, call: str) -> Path:
    """Return a path as one, with ``~`` for the home folder.

    Raises
    ------
    UserError
        If it is no path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise UserError(
            f"{call}: a path of a file is expected",
            given=repr(path),
            mend=f"write {_LIKE[call]}",
        )
    return Path(os.fsdecode(path)).expanduser()


_PACKED: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ\x00", lzma.decompress),
)
_PACKED_NAMES = (".gz", ".bz2", ".xz")


def read_text(path: Any, call: str = "from_swc") -> tuple[str, str]:
    """Return the name and the text of a file, unpacked if it is packed by gzip, bzip2 or xz.

    Text is UTF-8, UTF-16 where a mark says so, and else Latin-1.

    Raises
    ------
    FileFormatError
        If it cannot be read.
    UserError
        If it is no path.
    """
    file = file_at(path, call)
    name = file.name or str(file)
    try:
        raw = file.read_bytes()
        unpack = next((how for start, how in _PACKED if raw.startswith(start)), None)
        if unpack is not None:
            raw = unpack(raw)
        elif file.suffix in _PACKED_NAMES:
            raise OSError(f"it is not packed as {file.suffix} says")
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileFormatError(f"{name}: cannot be read: {reason}", given=str(file)) from None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return name, raw.decode("utf-16", errors="replace")
    try:
        return name, raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return name, raw.decode("latin-1")


def read_points(path: str | os.PathLike[str]) -> SWCPoints:
    """Read the points of an SWC file.

    Raises
    ------
    FileFormatError
        With the line, if one is not seven numbers; if the file is empty.
    """
    name, text = read_text(path)
    lines = _LINE_END.split(text)
    header: list[str] = []
    numbers: list[int] = []
    rows: list[list[str]] = []
    for number, line in enumerate(lines, start=1):
        content, mark, comment = line.partition("#")
        if mark:
            header.append(comment)
        if "," in content:
            content = _without_commas(name, line, number, content)
        words = content.split()
        if len(words) >= 7:
            rows.append(words[:7])
            numbers.append(number)
        elif words:
            raise FileFormatError(
                f"{name}, line {number}: not a point",
                place=point_at(line, 0, len(line), number),
                expected="seven numbers: id, type, x, y, z, radius, parent",
                given=f"{len(words)} {'word' if len(words) == 1 else 'words'}",
            )
    if not rows:
        raise FileFormatError(
            f"{name}: the file is empty" + (": comments, and no point" if header else ""),
            expected="lines such as 1 1 0 0 0 5 -1 (id, type, x, y, z, radius, parent)",
        )
    table = _table(name, lines, numbers, rows)
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


def _without_commas(name: str, line: str, number: int, content: str) -> str:
    """Return the words of a line that commas divide; refuse commas inside numbers."""
    words = content.split()
    if any("," in word.strip(",") for word in words) and len(words) > 6:
        raise FileFormatError(
            f"{name}, line {number}: commas inside numbers",
            place=point_at(line, 0, len(line), number),
            expected="a point between the digits of a number: 0.5, not 0,5",
        )
    return content.replace(",", " ")


def _table(name: str, lines: list[str], numbers: list[int], rows: list[list[str]]) -> Floats:
    """Return the numbers, all at once; line by line only if one is wrong, to name it."""
    try:
        table = np.array(rows, dtype=np.float64)
    except ValueError:
        table = np.full((1, 7), np.nan)
    whole = table[:, [0, 1, 6]]
    fine = np.isfinite(table).all() and (whole == np.round(whole)).all()
    if fine and (np.abs(whole) <= 2**53).all() and (table[:, 1] >= 0).all():
        return table
    for number, words in zip(numbers, rows, strict=True):
        _row(name, lines[number - 1], number, words)
    raise InternalError(f"{name}: its numbers are refused, and none of its lines")


def _row(name: str, line: str, number: int, words: list[str]) -> None:
    """Refuse the first of the seven words of a line that is not what its column says."""
    for column, word in enumerate(words):
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
