"""Errors of the library as errors of a line: which key of the file a message is about.

The library knows nothing of files: it names the argument, the variable or the text that is
wrong. Whoever builds a network from a file says which part of the file the call was made from
(`blaming`), and the line is found in there:

- a message that shows a line of equations is about the text that has this line;
- otherwise about the key the message names, the sooner the surer, and more so if the message
  shows its value too;
- otherwise about the whole table.

What the library shows to paste is Python; `in_toml` writes it as a file has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rheobase import errors
from rheobase.errors import RheobaseError, UserError
from rheobase.modelfiles.calls import CallError
from rheobase.modelfiles.document import Document, Spot
from rheobase.modelfiles.pasting import in_toml
from rheobase.modelfiles.places import Path
from rheobase.modelfiles.tables import keys_of

_PLACE = re.compile(r"^(  (?:line (\d+): )?)(\S.*)\n( +)(\^+)$", re.MULTILINE)
_CALL = re.compile(r"^net\.\w+\([^()]*(?:\([^()]*\)[^()]*)*\): ")


@contextmanager
def blaming(document: Document, *paths: Path) -> Iterator[None]:
    """Give errors of the library raised inside the place in the file they are about.

    Parameters
    ----------
    document : Document
    *paths : Path
        The parts of the file that were used, the most likely first.
    """
    try:
        yield
    except CallError as error:  # a call in a text, which knows its place in it
        spot = document.part(paths[0], error.start, error.end)
        raise located(document, error.error, spot) from error
    except UserError as error:
        if is_located(error):
            raise
        leaf, spot = place_in(document, error, paths)
        key = next((part for part in reversed(leaf) if isinstance(part, str)), "")
        raise located(document, error, spot, key) from error


def is_located(error: BaseException) -> bool:
    """Return whether an error has its place in a file already."""
    return "spot" in vars(error)


def located(document: Document, error: UserError, spot: Spot, key: str = "") -> UserError:
    """Return an error of the same kind that begins with a place; `key` is the one it is about."""
    message = _lines_of_the_file(str(error), spot)
    message = re.sub(r"\n{2,}", "\n", _PLACE.sub("", message)).strip("\n")
    first, *rest = in_toml(_CALL.sub("", message), key).split("\n")
    made = _kind_of(error)("\n".join([f"{spot}: {first}", spot.drawn(), *rest]))
    vars(made)["spot"] = spot
    return made


def _lines_of_the_file(message: str, spot: Spot) -> str:
    """Return a message whose lines, counted in a text of the file, are counted in the file."""
    shown = _PLACE.search(message)
    if shown is None or not shown[2] or not spot.file:
        return message
    shift = spot.line - int(shown[2])
    first, newline, rest = message.partition("\n")
    return re.sub(r"\bline (\d+)", lambda m: f"line {int(m[1]) + shift}", first) + newline + rest


def _kind_of(error: UserError) -> type[UserError]:
    """Return the public class of an error."""
    for kind in type(error).__mro__:
        if kind.__module__ == errors.__name__ and issubclass(kind, UserError):
            return kind
    return UserError


def place_in(document: Document, error: RheobaseError, paths: Sequence[Path]) -> tuple[Path, Spot]:
    """Return the key a message is about, among some parts of the file, and where it stands."""
    message = _CALL.sub("", str(error))
    leaves = [leaf for path in paths for leaf in document.paths(path)]
    shown = _PLACE.search(message)
    if shown is not None:
        found = _text_with(document, leaves, shown)
        if found is not None:
            return found
    absent = [(*path, key) for path in paths for key in keys_of(document, path)]
    scores = {leaf: _score(leaf, document.get(leaf), message) for leaf in [*leaves, *absent]}
    best = max(scores, key=lambda leaf: scores[leaf], default=())
    if not scores.get(best):
        best = paths[0]
    first = message.partition("\n")[0]
    unknown = bool(best) and repr(best[-1]) in first and document.get(best) not in (None, best[-1])
    return best, document.spot(best, key=unknown and repr(document.get(best)) not in first)


def _text_with(
    document: Document, leaves: Sequence[Path], shown: re.Match[str]
) -> tuple[Path, Spot] | None:
    """Find the text an error shows a line of, and the place in it that has the carets."""
    line = shown[3].strip()
    for leaf in leaves:
        value = document.get(leaf)
        if not isinstance(value, str) or line not in value:
            continue
        number = int(shown[2]) if shown[2] else 1
        lines = value.split("\n")
        start = value.find(line)
        if 1 <= number <= len(lines) and line in lines[number - 1]:
            start = sum(len(text) + 1 for text in lines[: number - 1])
            start += lines[number - 1].find(line)
        start += max(0, len(shown[4]) - len(shown[1]))
        return leaf, document.part(leaf, start, start + len(shown[5]))
    return None


def _score(leaf: Path, value: Any, message: str) -> float:
    """Return how surely a message is about a key: 0 if it does not name it."""
    first, _, rest = message.partition("\n")
    score = 0.0
    key = next((part for part in reversed(leaf) if isinstance(part, str)), "")
    pattern = rf"(?<![\w.]){re.escape(key)}(?!\w)" if key else "(?!)"
    plural = key[:-1] if key.endswith("s") and len(key) > 3 else key
    named = re.search(pattern, first) or re.search(rf"\b{re.escape(plural)}\b", first)
    dotted = re.search(rf"\.{re.escape(key)}\b", first) if key else None
    if named or dotted:
        match = named or dotted
        assert match is not None
        score += 3 - match.start() / (len(first) + 1)
    elif re.search(pattern, rest):
        score += 0.5
    if isinstance(value, str) and len(value) > 1 and value in message:
        score += 2.5
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        score += 1 if re.search(rf"(?<![\w.]){re.escape(f'{value:g}')}(?![\w.])", message) else 0
    deep = len(leaf) > 2 and isinstance(value, (str, int, float))
    return score + (0.1 if score and deep else 0)


def names_of(document: Document, names: Mapping[str, Path], message: str) -> Path | None:
    """Return the path of the population or connection a message names first."""
    places = {
        path: match.start()
        for name, path in names.items()
        if (match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message))
    }
    return min(places, key=places.__getitem__) if places else None
