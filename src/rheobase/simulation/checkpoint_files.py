"""Checkpoints as HDF5 files: plain data, written whole or not at all, checked when read.

Layout, version 1::

    /              attributes: format, version, rheobase (the release), checksum, complete
    /tree          JSON, as bytes: the plain data, each array in it by its number
    /arrays/N      the arrays

A file is written beside its place, handed to the disk, and moved there when it is whole, so that
the one before stays until then. The checksum covers the text and every number.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import FileFormatError
from rheobase.results.reading import check_hdf5, telling_damage
from rheobase.results.writing import (
    check_folder,
    hand_to_disk,
    place_beside,
    why_not_written,
)
from rheobase.simulation.plain import Plain

if TYPE_CHECKING:
    import h5py

FORMAT = "rheobase checkpoint"
VERSION = 1

_SAVED = "checkpoints are written by net.save(path) or net.run(..., checkpoint_every=10*second)"

Arrays = list[NDArray[Any]]


def write_checkpoint(path: Path, tree: Plain, release: str) -> None:
    """Write plain data to a file, or leave what was there before.

    Raises
    ------
    FileFormatError
        The file cannot be written there; the one before it is as it was.
    """
    import h5py

    check_folder(path, "the checkpoint")
    refuse_other_files(path)
    arrays: Arrays = []
    text = json.dumps(_with_numbers(tree, arrays)).encode()
    unfinished = place_beside(path)
    try:
        # Format 1.10 of HDF5 guards its own bookkeeping with checksums, the older one does not.
        with h5py.File(unfinished, "w", libver=("v110", "v110")) as file:
            file.attrs.update(format=FORMAT, version=VERSION, rheobase=release)
            file["tree"] = np.frombuffer(text, np.uint8)
            group = file.create_group("arrays")
            for number, array in enumerate(arrays):
                group.create_dataset(str(number), data=array)
            file.attrs["checksum"] = _checksum(text, arrays)
            file.attrs["complete"] = True
        hand_to_disk(unfinished)
        os.replace(unfinished, path)
        hand_to_disk(path.parent)
    except (OSError, RuntimeError, ValueError) as error:
        raise FileFormatError(
            f"cannot write the checkpoint to {path}: {why_not_written(error)}",
            mend="the checkpoint before it, if there is one, is as it was",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Plain:
    """Return the plain data of a file.

    Raises
    ------
    FileFormatError
        There is no such file, or it is no checkpoint, of another version, or not whole.
    """
    import h5py

    check_hdf5(path, "checkpoint", _SAVED)
    with telling_damage(path):
        with h5py.File(path, "r") as file:
            _check_format(file, path)
            text, arrays = bytes(_numbers(file, "tree")), _read_arrays(file)
            if _checksum(text, arrays) != file.attrs.get("checksum"):
                raise FileFormatError(f"{path} is damaged: what it holds does not fit its checksum")
        return _with_arrays(json.loads(text), arrays)


def _check_format(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format") != FORMAT:
        kind = file.attrs.get("format")
        what = f"a {kind}" if isinstance(kind, str) else "an HDF5 file of something else"
        ours = isinstance(kind, str) and kind.startswith("rheobase")
        mend = "results are loaded with rb.Result.load(path)" if ours else _SAVED
        raise FileFormatError(f"{path} is no checkpoint: it is {what}", mend=mend)
    version = int(file.attrs.get("version", 0))
    if version != VERSION:
        raise FileFormatError(
            f"{path} is a checkpoint of file version {version}, written by Rheobase "
            f"{file.attrs.get('rheobase', '?')}; this Rheobase reads version {VERSION}",
            mend="load it with the release of Rheobase that wrote it",
        )
    if not file.attrs.get("complete", False):
        raise FileFormatError(f"{path} is not whole: its writing was cut short")


def _read_arrays(file: h5py.File) -> Arrays:
    group = file["arrays"]
    return [_numbers(group, str(number)) for number in range(len(group))]


def _numbers(group: h5py.Group, name: str) -> NDArray[Any]:
    """Return an array of numbers that lies in the file itself."""
    import h5py

    held = group[name]
    inside = isinstance(group.get(name, getlink=True), h5py.HardLink)
    if not inside or held.is_virtual or held.external or held.dtype.kind not in "biuf":
        raise ValueError(f"{name} is not an array of numbers of this file")
    return np.asarray(held[()])


def refuse_other_files(path: Path) -> None:
    """Refuse to replace a file that is no checkpoint."""
    import h5py

    if not path.exists():
        return
    try:
        with h5py.File(path, "r") as file:
            ours = file.attrs.get("format") == FORMAT
    except OSError:
        ours = False
    if not ours and path.stat().st_size:
        raise FileFormatError(
            f"cannot write the checkpoint to {path}: a file is there that is no checkpoint",
            mend="choose another name, or remove the file",
        )


# -- arrays in plain data -------------------------------------------------------------------


def _with_numbers(tree: Plain, arrays: Arrays) -> Plain:
    """Put arrays aside, a number in the place of each."""
    if isinstance(tree, np.ndarray):
        arrays.append(tree)
        return {"is": "array", "parts": len(arrays) - 1}
    if isinstance(tree, list):
        return [_with_numbers(entry, arrays) for entry in tree]
    if isinstance(tree, dict):
        return {key: _with_numbers(entry, arrays) for key, entry in tree.items()}
    return tree


def _with_arrays(tree: Plain, arrays: Arrays) -> Plain:
    if isinstance(tree, list):
        return [_with_arrays(entry, arrays) for entry in tree]
    if isinstance(tree, dict):
        if tree.get("is") == "array":
            array = arrays[int(tree["parts"])]
            array.setflags(write=False)
            return array
        return {key: _with_arrays(entry, arrays) for key, entry in tree.items()}
    return tree


def _checksum(text: bytes, arrays: Iterable[NDArray[Any]]) -> str:
    digest = hashlib.blake2b(text, digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        if array.size:
            numbers: NDArray[np.uint8] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            digest.update(numbers.data)
    return digest.hexdigest()
