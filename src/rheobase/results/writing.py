"""What all files that are written have in common: their place, the disk, why one failed."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from rheobase.errors import FileFormatError


def check_folder(path: Path, what: str) -> None:
    """Refuse a place for a file whose folder there is not.

    Raises
    ------
    FileFormatError
        There is no such folder, or the path is one.
    """
    if not path.parent.is_dir():
        raise FileFormatError(
            f"cannot write {what} to {path}: there is no directory {path.parent}",
            mend=f"make it first: os.makedirs({str(path.parent)!r})",
        )
    if path.is_dir():
        raise FileFormatError(f"cannot write {what} to {path}: it is a directory")


def place_beside(path: Path) -> Path:
    """Return where a file is written until it is whole; what killed processes left is removed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.unfinished"):
        owner = left.name.split(".")[-2]
        if owner.isdecimal() and _has_ended(int(owner)):
            left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.unfinished")


def _has_ended(process: int) -> bool:
    """Return whether there is no such process; False where that cannot be asked."""
    if os.name == "nt":
        return False  # signal 0 would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def why_not_written(error: BaseException) -> str:
    """Say why a file could not be written: the system's reason where HDF5 hides it."""
    text = str(error)
    for sign, reason in _REASONS.items():
        if sign in text:
            return reason
    return first_line(error)


_REASONS = {
    "errno = 28": "the disk is full",
    "No space left": "the disk is full",
    "errno = 27": "the file would be larger than may be written here",
    "File too large": "the file would be larger than may be written here",
    "errno = 13": "permission denied",
    "Permission denied": "permission denied",
    "Read-only file system": "the file system is read-only",
    "Disk quota exceeded": "the disk quota is used up",
}


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of its text."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def hand_to_disk(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk where the system tells."""
    if path.is_dir() and os.name == "nt":
        return  # Windows has no handle of a folder to wait for
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
