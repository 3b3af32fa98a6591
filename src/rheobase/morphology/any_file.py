"""Morphologies from files of any format, chosen by the ending of the name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rheobase.errors import UserError
from rheobase.morphology.trees import Morphology

OF_SWC = ("unit", "minimum_radius", "pieces")
OF_NEUROML = ("cell",)
_Reader = tuple[Callable[..., Morphology], tuple[str, ...]]
_READERS: Mapping[str, _Reader] = {
    ".asc": (Morphology.from_asc, ()),
    ".nml": (Morphology.from_neuroml, OF_NEUROML),
    ".xml": (Morphology.from_neuroml, OF_NEUROML),
}


def reader_of(path: str | os.PathLike[str]) -> _Reader:
    """Return what reads a file of that name, and the options it takes; SWC if nothing is known."""
    return _READERS.get(Path(path).suffix.lower(), (Morphology.from_swc, OF_SWC))


def read_file(path: str | os.PathLike[str], **options: Any) -> Morphology:
    """Read a morphology: ``.asc``, ``.nml`` and ``.xml`` (NeuroML), any other name as SWC.

    Parameters
    ----------
    path : path
    **options
        `unit`, `minimum_radius` and `pieces` of `Morphology.from_swc`, `cell` of `from_neuroml`.

    Raises
    ------
    UserError
        An option belongs to another format.
    FileFormatError
        As the readers.
    """
    read, known = reader_of(path)
    for name in options:
        if name not in known:
            raise UserError(
                f"{Path(path).name}: {name} is an option of "
                f"{'NeuroML' if name in OF_NEUROML else 'SWC'} files",
                mend="leave it out",
            )
    return read(path, **options)
