"""Files of the IDX format, in which MNIST and its kin are distributed: one array a file.

A file begins with four bytes: two zeros, the kind of the numbers, and how many dimensions
there are; then the size of each dimension as four bytes, then the numbers, all with the most
significant byte first. Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of
handwritten digits".
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from rheobase.errors import FileFormatError

_KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 8
_GZIP = b"\x1f\x8b"


def read_idx(path: str | os.PathLike[str]) -> npt.NDArray[Any]:
    """Read the array of an IDX file, compressed with gzip or not.

    Parameters
    ----------
    path : path
        The file; whether it is compressed is told from its first bytes, not from its name.

    Returns
    -------
    ndarray
        The array in the machine's order of bytes.

    Raises
    ------
    FileFormatError
        If the file cannot be read, is no IDX file, or is shorter or longer than it says.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 4]))
    >>> read_idx(file)
    array([9, 0, 4], dtype=uint8)
    """
    file = Path(path)
    try:
        with open(file, "rb") as raw:
            compressed = raw.read(2) == _GZIP
            raw.seek(0)
            if not compressed:
                return _read(raw, file)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _read(unpacked, file)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"cannot read {file}: {error}") from error


def _read(stream: BinaryIO, file: Path) -> npt.NDArray[Any]:
    start = stream.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _KINDS:
        raise FileFormatError(
            f"{file} is no IDX file",
            expected="two zeros, then the kind of numbers (8 for bytes)",
            given=f"bytes {' '.join(map(str, start)) or 'none'}",
            mend="files of this format are called like train-images-idx3-ubyte.gz",
        )
    kind, dimensions = np.dtype(_KINDS[start[2]]), start[3]
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise FileFormatError(
            f"{file} is no IDX file",
            expected=f"1 to {_MOST_DIMENSIONS} dimensions",
            given=str(dimensions),
        )
    head = stream.read(4 * dimensions)
    shape = tuple(int(size) for size in np.frombuffer(head[: len(head) // 4 * 4], ">u4"))
    size = math.prod(shape) * kind.itemsize
    # One byte more than announced is asked for, never all there is: a small compressed file
    # may unpack to any size.
    numbers = stream.read(size + 1) if len(shape) == dimensions else b""
    if len(shape) < dimensions or len(numbers) != size:
        longer = len(numbers) > size
        raise FileFormatError(
            f"{file} is {'longer' if longer else 'shorter'} than it says: was it copied whole?",
            expected=f"{size:,} bytes for an array of {' x '.join(map(str, shape))}",
            given="more" if longer else f"{len(numbers):,} bytes",
        )
    return np.frombuffer(numbers, kind).reshape(shape).astype(kind.newbyteorder("="))
