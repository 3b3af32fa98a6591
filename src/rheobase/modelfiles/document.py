"""A model file as it was read: its values, and errors that point at the line they come from."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from rheobase.errors import FileFormatError, UnknownNameError, UserError, did_you_mean, point_at
from rheobase.modelfiles.places import Path, Place, content_of, places_of


@dataclass(frozen=True)
class Spot:
    """A place in the file, or in a setting of the command line.

    Attributes
    ----------
    text : str
        What the place is in: the file, or the setting.
    start, end : int
        Offsets into it.
    file : str
        The name of the file; "" for a setting.
    """

    text: str
    start: int
    end: int
    file: str = ""

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """The column, counted from 1."""
        return self.start - (self.text.rfind("\n", 0, self.start) + 1) + 1

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, column {self.column}" if self.file else "--set"

    def drawn(self) -> str:
        """The line with carets under the place."""
        if self.file:
            return point_at(self.text, self.start, self.end, 1)
        return point_at(f"--set {self.text}", self.start + 6, self.end + 6)

    def within(self, start: int, end: int) -> Spot:
        """Return a part of it; offsets into the text."""
        return Spot(self.text, start, end, self.file)


class Document:
    """What a model file says, and where.

    Parameters
    ----------
    text : str
        The file.
    name : str
        What it is called in errors: as the user wrote it.
    folder : path
        What other files are named from.
    settings : sequence of str
        "path=value", which replace or add to what the file says.

    Attributes
    ----------
    data : dict
        The values, as TOML has them.

    Raises
    ------
    FileFormatError
        The text is no TOML, or a setting cannot be carried out.
    """

    def __init__(
        self, text: str, name: str, folder: FilePath, settings: Sequence[str] = ()
    ) -> None:
        self.text = text.replace("\r\n", "\n")
        self.name, self.folder = name, folder
        self.settings = tuple(settings)
        try:
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise self._not_toml(error) from None
        except RecursionError:
            raise FileFormatError(f"{name}: the brackets are too many") from None
        self._places: dict[Path, Place] = places_of(self.text)
        self._settings: dict[Path, Spot] = {}
        for setting in self.settings:
            self._set(setting)

    @classmethod
    def read(cls, path: str | os.PathLike[str], settings: Sequence[str] = ()) -> Document:
        """Read a file.

        Raises
        ------
        FileFormatError
            There is no such file, it is no text, no TOML, or a setting cannot be carried out.
        """
        file = FilePath(path)
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise _unreadable(file, error) from None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise FileFormatError(
                f"{path}, line {line}: this is not text in UTF-8",
                mend="save the file as UTF-8 (plain text)",
            ) from None
        return cls(text, str(path), file.resolve().parent, settings)

    @property
    def sha256(self) -> str:
        """The checksum of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    # -- values ---------------------------------------------------------------------------

    def get(self, path: Path, default: Any = None) -> Any:
        """Return the value at a path, or the default where there is none."""
        value: Any = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return default
        return value

    def paths(self, path: Path) -> Iterator[Path]:
        """Yield a path and all paths below it."""
        yield path
        value = self.get(path)
        keys: Sequence[str | int] = ()
        if isinstance(value, dict):
            keys = list(value)
        elif isinstance(value, list):
            keys = range(len(value))
        for key in keys:
            yield from self.paths((*path, key))

    # -- places ---------------------------------------------------------------------------

    def spot(self, path: Path, *, key: bool = False) -> Spot:
        """Return where a value stands, or its key; of what is nowhere, the table around it."""
        for length in range(len(path), -1, -1):
            setting = self._settings.get(path[:length])
            if setting is not None:
                return setting
            place = self._places.get(path[:length])
            if place is not None:
                bounds = (place.key_start, place.key_end) if key else (place.start, place.end)
                return Spot(self.text, *bounds, self.name)
        return Spot(self.text, 0, 0, self.name)

    def has_place(self, path: Path) -> bool:
        """Return whether a path is written in the file itself."""
        return path in self._places

    def part(self, path: Path, start: int, end: int) -> Spot:
        """Return where a part of a text stands; `start` and `end` count in the text."""
        spot = self.spot(path)
        raw = spot.text[spot.start : spot.end]
        value = self.get(path)
        if isinstance(value, str) and raw and raw[0] in "\"'":
            offset, content = content_of(raw)
            if offset >= 0 and content == value:
                begin = spot.start + offset
                return spot.within(begin + start, begin + max(end, start + 1))
        elif raw == value:  # a setting without quotes
            return spot.within(spot.start + start, spot.start + max(end, start + 1))
        return spot

    def error(
        self,
        path: Path | Spot,
        what: str,
        *,
        kind: type[UserError] = FileFormatError,
        key: bool = False,
        expected: str = "",
        given: str = "",
        mend: str = "",
    ) -> UserError:
        """Return an error that begins with the place and draws it; it has the place as `spot`."""
        spot = path if isinstance(path, Spot) else self.spot(path, key=key)
        made = kind(f"{spot}: {what}", place=spot.drawn(), expected=expected, given=given,
                    mend=mend)  # fmt: skip
        vars(made)["spot"] = spot
        return made

    # -- settings -------------------------------------------------------------------------

    def _set(self, setting: str) -> None:
        keys, equals, written = setting.partition("=")
        if not equals or not keys.strip():
            raise FileFormatError(
                f"--set {setting}: expected path=value",
                mend='write --set run.duration="2 second"',
            )
        path = self._known_path(_split_keys(keys), setting)
        value = _setting_value(written.strip())
        holder: Any = self.data
        for depth, part in enumerate(path[:-1]):
            missing: Any = {}
            holder = holder.setdefault(part, missing) if isinstance(part, str) else holder[part]
            if not isinstance(holder, (dict, list)):
                shown = ".".join(map(str, path[: depth + 1]))
                raise FileFormatError(f"--set {setting}: {shown} is a value, not a table")
        holder[path[-1]] = value
        begin = len(keys) + 1 + len(written) - len(written.lstrip())
        for old in [p for p in self._settings if p[: len(path)] == path]:
            del self._settings[old]
        self._settings[path] = Spot(setting, begin, len(setting.rstrip()))

    def _known_path(self, keys: list[str], setting: str) -> Path:
        """Return the path of a setting; entries of arrays go by number or name."""
        path: Path = ()
        for key in keys:
            holder = self.get(path)
            if not isinstance(holder, list):
                path = (*path, key)
                continue
            names = [e.get("name") if isinstance(e, dict) else None for e in holder]
            named = [number for number, name in enumerate(names) if name == key]
            if key.isdecimal() and 1 <= int(key) <= len(holder):
                named = [int(key) - 1]
            if not named:
                known = [name for name in names if name]
                shown = ".".join(map(str, path))
                meant = did_you_mean(key, known)
                raise UnknownNameError(
                    f"--set {setting}: {shown} has no entry {key!r}"
                    + (f"; did you mean {meant}?" if meant else ""),
                    expected=f"a number from 1 to {len(holder)}"
                    + (f", or a name: {', '.join(known)}" if known else ""),
                )
            path = (*path, named[0])
        return path

    # -- what is no TOML ------------------------------------------------------------------

    def _not_toml(self, error: tomllib.TOMLDecodeError) -> UserError:
        message = str(error)
        match = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        what = message[: match.start()] if match else message.removesuffix(" (at end of document)")
        lines = self.text.split("\n")
        if match:
            line, column = int(match[1]), int(match[2])
            if what.startswith("Cannot"):  # the whole line is about it
                column = len(lines[line - 1]) - len(lines[line - 1].lstrip()) + 1
        else:
            line = len(self.text.rstrip().split("\n"))
            column = len(lines[line - 1]) + 1
        start = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
        spot = Spot(self.text, start, start + 1, self.name)
        what, mend = _in_words(what, lines[line - 1])
        return self.error(spot, f"this is not TOML: {what}", mend=mend)


_WORDS = {
    "Invalid value": "this is no value",
    "Invalid statement": "this is no line `key = value` and no [table]",
    "Unclosed array": 'an array is not closed: "]" is missing',
    "Unterminated string": "a text is not closed: its quotes are missing",
    r"Illegal character '\n'": "a text is not closed: its quotes are missing",
    "Cannot overwrite a value": "this key has a value already",
    "Invalid initial character for a key part": "this is no key",
    "Expected '=' after a key in a key/value pair": 'after a key comes "="',
    "Expected newline or end of document after a statement": "the line goes on behind its value",
}
_BARE_QUANTITY = re.compile(
    r"\s*([\w.\-\"' ]+?)\s*=\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*\*?\s*([A-Za-z][\w*/]*)\s*(#.*)?$"
)
_BARE_WORD = re.compile(r"\s*([\w.\-\"' ]+?)\s*=\s*([A-Za-z][^#\"'{}]*?)\s*(#.*)?$")
_LISTS = ("detectors", "connections", "injections", "drives", "clamps", "voltage_clamps",
          "current_clamps", "extracellular", "recordings")  # fmt: skip
_ANY_CASE = {"True": "true", "False": "false", "None": ""}


def _in_words(what: str, line: str) -> tuple[str, str]:
    """Return what is wrong in other words than the parser's, and a line to paste."""
    twice = re.match(r"Cannot declare \((.*?),?\) twice", what)
    if twice:
        name = twice[1].replace("'", "").replace(", ", ".")
        return f"[{name}] stands here a second time", (
            "give it another name, or put both together; entries of a list are written "
            f"[[{name}]]" if name in _LISTS
            else "give it another name, or put both together"
        )  # fmt: skip
    found = _WORDS.get(what) or (what[:1].lower() + what[1:])
    quantity = _BARE_QUANTITY.match(line)
    if quantity:
        return found, f'a quantity is a text: write {quantity[1]} = "{quantity[2]} {quantity[3]}"'
    word = _BARE_WORD.match(line)
    if word and word[2] in _ANY_CASE:
        lower = _ANY_CASE[word[2]]
        return found, f"write {word[1]} = {lower}" if lower else "leave the line out"
    if word and word[2] not in ("true", "false", "inf", "nan"):
        return found, f'texts have quotes: write {word[1]} = "{word[2]}"'
    return found, ""


def _unreadable(file: FilePath, error: OSError) -> FileFormatError:
    if not isinstance(error, FileNotFoundError):
        return FileFormatError(f"{file} cannot be read: {error.strerror}")
    folder = file.parent
    near = [p.name for p in folder.glob("*.toml")] if folder.is_dir() else []
    meant = did_you_mean(file.name, near)
    return FileFormatError(
        f"there is no file {file}", mend=f"did you mean {folder / meant}?" if meant else ""
    )


def _split_keys(keys: str) -> list[str]:
    """Split a.b."c d" at the dots that are not within quotes."""
    found = re.findall(r'"([^"]*)"|([^."]+)', keys.strip())
    return [quoted or bare.strip() for quoted, bare in found]


def _setting_value(written: str) -> Any:
    """Return what a setting gives: a value of TOML, or else a text."""
    try:
        found: Mapping[str, Any] = tomllib.loads(f"x = {written}")
        return found["x"] if set(found) == {"x"} else written
    except tomllib.TOMLDecodeError:
        return written
