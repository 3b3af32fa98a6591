"""Where the files of the gallery are: in this library, in a package, in a folder of the user."""

from __future__ import annotations

import lzma
import os
import tempfile
import warnings
from collections import defaultdict
from dataclasses import replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from rheobase.errors import FileFormatError, RheobaseWarning, UserError
from rheobase.morphology.example_table import Example
from rheobase.morphology.trees import Morphology

Index = dict[str, list[Path]]


def index_of(folder: str | os.PathLike[str] | None) -> Index | None:
    """Return the files below a folder by their names; None without a folder."""
    if folder is None:
        return None
    top = Path(folder)
    if not top.is_dir():
        raise FileFormatError(f"examples: there is no folder {top.name!r}", given=str(top))
    found: Index = defaultdict(list)
    for place, _, names in os.walk(top):
        for name in names:
            found[name].append(Path(place, name))
    return found


def find(example: Example, index: Index | None) -> Path | None:
    """Return where the file of an example is, or None.

    In a folder, the file whose path ends most like that in the package; then in the package as it
    is installed, which is not imported.
    """
    wanted = Path(example.file).parts[::-1]
    if index is not None:
        candidates = sorted(index.get(wanted[0], ()))
        if candidates:
            return max(candidates, key=lambda path: _alike(path.parts[::-1], wanted))
    if not example.module:
        return None
    spec = find_spec(example.module)
    for place in (spec and spec.submodule_search_locations) or ():
        path = Path(place, example.file)
        if path.is_file():
            return path
    return None


def _alike(path: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    """How many last parts of two paths are the same."""
    same = [a == b for a, b in zip(path, wanted, strict=False)]
    return (*same, False).index(False)


def read(example: Example, index: Index | None) -> Morphology | None:
    """Return the morphology of an example, or None if its file is not there."""
    if example.is_shipped:
        return replace(_shipped(example.file), name=example.name)
    path = find(example, index)
    if path is None:
        return None
    with warnings.catch_warnings():
        # what is repaired in these files is known: marks of branch points that are no regions
        warnings.simplefilter("ignore", RheobaseWarning)
        cell = Morphology.from_swc(path, unit=example.unit)
    names = {old: new for old, new in example.regions.items() if old in cell.regions}
    return replace(cell.relabeled(**names), name=example.name)


def _shipped(file: str) -> Morphology:
    """Read a file of this library; the larger ones are packed by LZMA."""
    raw = (files("rheobase.morphology") / "files" / file).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, file.removesuffix(".xz"))
        path.write_bytes(lzma.decompress(raw) if file.endswith(".xz") else raw)
        return Morphology.from_swc(path)


def missing(example: Example, folder: str | os.PathLike[str] | None) -> UserError:
    """Return what is said where the file of an example is not found."""
    name = example.file.rpartition("/")[2]
    if folder is not None:
        what = f"examples.{example.name}: there is no {name} in the folder {Path(folder).name!r}"
    elif example.module:
        what = f"examples.{example.name}: the package {example.package} is not installed"
    else:
        what = f"examples.{example.name}: only the source archive of {example.package} has the file"
    call = f"rb.morphology.examples.{example.name}(folder)"
    return UserError(
        what,
        expected=f"{name}, {example.source.partition(' (')[0].partition(',')[0]}, which is under "
        f"{example.licence} and does not come with this library",
        mend=f"{example.how_to_get}\n" + (
            f"then name the folder it is in: {call}" if not example.module else
            f"or name a folder that has it: {call}"
        ),
    )  # fmt: skip


__all__ = ["Index", "find", "index_of", "missing", "read"]
