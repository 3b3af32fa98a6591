"""What all files that are read have in common: whether they are there, what damage looks like."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rheobase.errors import FileFormatError
from rheobase.results.writing import first_line

DAMAGE = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, EOFError)
"""What h5py and json raise on files that are damaged or of other contents."""


def check_hdf5(path: Path, what: str, mend: str) -> None:
    """Refuse a path without a file, and files that are not HDF5.

    Parameters
    ----------
    path
        Of the file.
    what : str
        What it should be: "result".
    mend : str
        How such a file is made.

    Raises
    ------
    FileFormatError
    """
    import h5py

    if not path.is_file():
        raise FileFormatError(f"cannot load {path}: there is no such file")
    if not h5py.is_hdf5(path):
        raise FileFormatError(
            f"{path} is no {what}: it is not an HDF5 file, or its beginning is damaged", mend=mend
        )


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """Turn what is raised while a damaged file is read into an error that says so.

    Raises
    ------
    FileFormatError
    """
    try:
        yield
    except DAMAGE as error:
        raise FileFormatError(
            f"{path} cannot be read: it is cut short or damaged ({first_line(error)})"
        ) from error
