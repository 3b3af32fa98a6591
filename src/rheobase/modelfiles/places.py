"""Where everything stands in a TOML file: the standard library reads values, not places.

The text has been read by `tomllib` before, so that it is known to be valid; this scanner only
finds where keys and values begin and end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys of tables and places in arrays, from the top of the file: ("connections", 0, "weight")."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([btnfr"\\]))')


@dataclass(frozen=True)
class Place:
    """Where a key and its value stand: offsets into the text.

    Attributes
    ----------
    key_start, key_end : int
        The key; of a table, its header.
    start, end : int
        The value; of a table, its header again.
    """

    key_start: int
    key_end: int
    start: int
    end: int


def places_of(text: str) -> dict[Path, Place]:
    """Return the place of every table, key, value and entry of an array.

    Parameters
    ----------
    text : str
        A valid TOML document, its lines ended by a single line feed.
    """
    return _Scanner(text).scan()


class _Scanner:
    """Goes once through a text."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._found: dict[Path, Place] = {}
        self._counts: dict[Path, int] = {}  # arrays of tables: how many there are so far

    def scan(self) -> dict[Path, Place]:
        table: Path = ()
        while True:
            self._skip_lines()
            if self._at >= len(self._text):
                return self._found
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    # -- tables and pairs -----------------------------------------------------------------

    def _header(self) -> Path:
        start = self._at
        double = self._text.startswith("[[", start)
        self._at += 2 if double else 1
        parts = self._keys()
        self._skip_space()
        self._at += 2 if double else 1
        path = (*self._inside(parts[:-1]), parts[-1])
        place = Place(start, self._at, start, self._at)
        if double:
            number = self._counts.get(path, 0)
            self._counts[path] = number + 1
            self._found.setdefault(path, place)
            path = (*path, number)
        self._found[path] = place
        return path

    def _inside(self, parts: list[str]) -> Path:
        """Return the path of the table that parts name; of an array of tables, its last."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        parts = self._keys()
        end = self._at
        path = (*table, *parts)
        self._skip_space()
        self._at += 1  # the equals sign
        self._skip_space()
        first = self._at
        self._value(path)
        for depth in range(len(table) + 1, len(path)):  # tables that only a dotted key makes
            self._found.setdefault(path[:depth], Place(start, end, first, self._at))
        self._found[path] = Place(start, end, first, self._at)

    def _keys(self) -> list[str]:
        parts = []
        while True:
            self._skip_space()
            parts.append(self._key())
            end = self._at
            self._skip_space()
            if not self._text.startswith(".", self._at):
                self._at = end
                return parts
            self._at += 1

    def _key(self) -> str:
        if self._text[self._at] in "\"'":
            start = self._at
            self._string()
            return content_of(self._text[start : self._at])[1]
        match = _BARE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return match[0]

    # -- values ---------------------------------------------------------------------------

    def _value(self, path: Path) -> None:
        head = self._text[self._at]
        if head in "\"'":
            self._string()
        elif head == "[":
            self._array(path)
        elif head == "{":
            self._inline_table(path)
        else:
            match = _SCALAR.match(self._text, self._at)
            assert match is not None
            self._at += len(match[0].rstrip())

    def _array(self, path: Path) -> None:
        self._at += 1
        number = 0
        while True:
            self._skip_lines()
            if self._text[self._at] == "]":
                self._at += 1
                return
            start = self._at
            self._value((*path, number))
            self._found[*path, number] = Place(start, self._at, start, self._at)
            number += 1
            self._skip_lines()
            if self._text[self._at] == ",":
                self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while True:
            self._skip_lines()
            if self._text[self._at] == "}":
                self._at += 1
                return
            self._pair(path)
            self._skip_lines()
            if self._text[self._at] == ",":
                self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        if self._text.startswith(quote * 3, self._at):
            self._at = self._end_of_long(quote)
            return
        self._at += 1
        while self._text[self._at] != quote:
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += 1

    def _end_of_long(self, quote: str) -> int:
        at = self._at + 3
        while not self._text.startswith(quote * 3, at):
            at += 2 if quote == '"' and self._text[at] == "\\" else 1
        at += 3
        while self._text.startswith(quote, at):  # up to two quotes may end the text itself
            at += 1
        return at

    # -- what is between ------------------------------------------------------------------

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _skip_lines(self) -> None:
        """Skip white space, ends of lines and comments."""
        while self._at < len(self._text):
            if self._text[self._at] in " \t\n":
                self._at += 1
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return


def content_of(raw: str) -> tuple[int, str]:
    """Return where the content of a string begins in its source, and the content.

    Parameters
    ----------
    raw : str
        A string as it stands in the file, with its quotes.

    Returns
    -------
    offset : int
        Of the first character behind the quotes (and the line feed a long string begins with);
        -1 where escapes make the content differ from its source.
    content : str
    """
    quote = raw[0]
    long = raw.startswith(quote * 3)
    first, last = (3, 3) if long else (1, 1)
    if long and raw[first : first + 1] == "\n":
        first += 1
    body = raw[first : len(raw) - last]
    if quote == "'" or "\\" not in body:
        return first, body
    body = re.sub(r"\\[ \t]*\n[ \t\n]*", "", body)
    return -1, _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPES[match[3]]
