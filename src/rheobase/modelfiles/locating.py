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
from rheobase.modelfiles.calls import CallError, head_of
from rheobase.modelfiles.document import Document, Spot
from rheobase.modelfiles.pasting import in_toml
from rheobase.modelfiles.places import Path
from rheobase.modelfiles.tables import keys_of

_PLACE = re.compile(r"^(  (?:line (\d+): )?)(\S.*)?\n( +)(\^+)$", re.MULTILINE)
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
        raise located(document, error, spot, _key(leaf)) from error


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
    first, name = message.partition("\n")[0], _key(best)
    unknown = bool(name) and (repr(name) in first or first.endswith(f"does not read {name}"))
    value = document.get(best)
    unknown = unknown and not first.endswith("say where")
    by_key = unknown and value not in (None, name) and repr(value) not in first
    return best, document.spot(best, key=by_key)


def _text_with(
    document: Document, leaves: Sequence[Path], shown: re.Match[str]
) -> tuple[Path, Spot] | None:
    """Find the text an error shows a line of, and the place in it that has the carets."""
    line = (shown[3] or "").strip()
    if not line:
        return None
    holding: dict[Path, tuple[bool, float]] = {}
    for leaf in leaves:
        value = document.get(leaf)
        if isinstance(value, str) and line in value:
            whole = line in (part.strip() for part in value.split("\n"))
            holding[leaf] = (whole, _score(leaf, value, shown.string))
    if not holding:
        return None
    leaf = max(holding, key=lambda leaf: holding[leaf])
    value = document.get(leaf)
    number = int(shown[2]) if shown[2] else 1
    lines = value.split("\n")
    start = value.find(line)
    if 1 <= number <= len(lines) and line in lines[number - 1]:
        start = sum(len(text) + 1 for text in lines[: number - 1])
        start += lines[number - 1].find(line)
    start += max(0, len(shown[4]) - len(shown[1]))
    return leaf, document.part(leaf, start, start + len(shown[5]))


def _score(leaf: Path, value: Any, message: str) -> float:
    """Return how surely a message is about a key: 0 if it does not name it."""
    first, _, rest = message.partition("\n")
    named = _named(_key(leaf), first)
    score = 3 - named if named >= 0 else 0.0
    if named >= 0 and len(leaf) > 2 and _named(_key(leaf[:-1]), first) >= 0:
        score += 1.5  # "parameters: the model does not read tau": its group is named too
    if named < 0 and re.search(rf"(?<![\w.]){re.escape(_key(leaf))}(?!\w)", rest):
        score = 0.5
    if value is None and "say which" in first and re.search(rf"\bwrite {_key(leaf)}=", rest):
        score = 8  # what is wrong is that it is not there
    if isinstance(value, str) and value:
        score += _shown(value, first, message)
        if first.endswith("say where") and _is_whole(leaf, value, first):
            score += 5
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        score += 1 if re.search(rf"(?<![\w.]){re.escape(f'{value:g}')}(?![\w.])", message) else 0
    deep = len(leaf) > 2 and isinstance(value, (str, int, float)) and isinstance(leaf[-1], str)
    return score + (0.1 if score and deep else -0.1 if isinstance(leaf[-1], int) else 0)


def _is_whole(leaf: Path, value: str, first: str) -> bool:
    """Return whether a key names cells without a place on them, which a message asks for."""
    name = value.partition("[")[0].strip()
    return _key(leaf) in ("cells", "pre", "post") and "." not in value and repr(name) in first


def _shown(value: str, first: str, message: str) -> float:
    """Return how surely a text of the file is the one a message shows."""
    quoted = message.rfind(repr(value))
    if re.search(rf"\bno \w+ {re.escape(repr(value))}", first):
        return 5.5  # "there is no population 'cel'"
    if quoted >= 0:
        return 3.5 + 0.2 * quoted / len(message)  # of several, what is wrong is named last
    if head_of(value) and _named(head_of(value), first) >= 0:
        return 2.5  # a call: fixed_indegree(30)
    if len(value) > 3 and value in message:
        return 2 if value in first else 0.3
    return 0


def _key(leaf: Path) -> str:
    """Return the last key of a path."""
    return next((part for part in reversed(leaf) if isinstance(part, str)), "")


def _named(key: str, line: str) -> float:
    """Return where in a line a key is named, as a fraction of it; -1 where it is not."""
    singular = key[:-1] if key.endswith("s") and len(key) > 3 else key
    for pattern in (rf"(?<![\w.]){re.escape(key)}(?!\w)", rf"\b{re.escape(singular)}\b",
                    rf"\.{re.escape(key)}\b"):  # fmt: skip
        match = re.search(pattern, line) if key else None
        if match:
            return match.start() / (len(line) + 1)
    return -1.0


def names_of(document: Document, names: Mapping[str, Path], message: str) -> Path | None:
    """Return the path of the population or connection a message names first."""
    places = {
        path: match.start()
        for name, path in names.items()
        if (match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message))
    }
    return min(places, key=places.__getitem__) if places else None
