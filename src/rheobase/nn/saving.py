"""Networks in files: one compressed NumPy archive, which holds numbers and text and no code."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import FileFormatError, UserError
from rheobase.nn.layers.base import Array, Layer
from rheobase.results.writing import place_beside

if TYPE_CHECKING:
    from rheobase.nn.sequential import Sequential

_VERSION = 1


def save(net: Sequential, path: str | Path) -> Path:
    """Write a network to a file; see `Sequential.save`."""
    target = Path(path)
    if not target.suffix:
        target = target.with_suffix(".npz")
    if not target.parent.is_dir():
        raise FileFormatError(
            f"there is no folder {target.parent} to write {target.name} to",
            mend=f'make it first: Path("{target.parent}").mkdir(parents=True)',
        )
    content: dict[str, Any] = {"network": np.array(json.dumps(_description(net))), **net.parameters}
    temporary = place_beside(target)
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **content)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target


def _description(net: Sequential) -> dict[str, Any]:
    layers: list[dict[str, Any]] | None = []
    try:
        layers = [{"kind": layer.name, "arguments": layer.configuration()} for layer in net.layers]
    except UserError:
        layers = None  # parameters alone: `net.load` reads them, `nn.load` says what is missing
    return {"version": _VERSION, "seed": net.seed, "dtype": str(net.dtype), "layers": layers}


def _read(path: str | Path) -> tuple[dict[str, Any], dict[str, Array]]:
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as parts:
            content = {name.removesuffix(".npy"): _array(parts, name) for name in parts.namelist()}
        description = json.loads(str(content.pop("network")))
        if description["version"] != _VERSION:
            raise ValueError(f"version {description['version']} of the format")
    except FileNotFoundError:
        raise FileFormatError(f"there is no file {path}") from None
    except KeyError:
        raise _no_network(path, "an archive without the description of a network") from None
    except zipfile.BadZipFile:
        raise _no_network(path, "no archive of NumPy, or one that is cut off or damaged") from None
    except (OSError, ValueError, EOFError, TypeError, zlib.error) as error:
        raise _no_network(path, str(error) or type(error).__name__) from None
    return description, content


def _array(parts: zipfile.ZipFile, name: str) -> Array:
    # read to the end: the checksum is looked at there
    found: Array = np.lib.format.read_array(io.BytesIO(parts.read(name)), allow_pickle=False)
    return found


def _no_network(path: str | Path, given: str) -> FileFormatError:
    return FileFormatError(
        f"{path} is no network", given=given, mend="Give a file that net.save(path) wrote."
    )


def load_parameters(net: Sequential, path: str | Path) -> None:
    """Take the parameters of a network from a file; see `Sequential.load`."""
    _fill(net, _read(path)[1], path)


def _fill(
    net: Sequential, content: dict[str, Array], path: str | Path, whole: bool = False
) -> None:
    have = {name: value.shape for name, value in net.parameters.items()}
    given = {name: value.shape for name, value in content.items()}
    if have != given:
        name = next(n for n in [*have, *given] if have.get(n) != given.get(n))
        raise FileFormatError(
            f"{path} holds other parameters than its own network: {name} differs"
            if whole
            else f"{path} holds another network: {name} differs",
            expected=f"{name} of shape {have[name]}" if name in have else f"no {name}",
            given=f"{name} of shape {given[name]}" if name in given else f"no {name}",
            mend="The file was changed after it was written: save the network again."
            if whole
            else "Make the network as it was when it was saved, or read it whole: nn.load(path)",
        )
    for name, value in net.parameters.items():
        value[...] = content[name]


def load(path: str | Path) -> Sequential:
    """Read a network that ``net.save(path)`` wrote: its layers and its parameters.

    Parameters
    ----------
    path : path
        Of the file. Opening it runs no code.

    Raises
    ------
    FileFormatError
        If there is no such file, if it holds no network, or layers that no file can describe.

    Examples
    --------
    >>> import tempfile, os
    >>> from rheobase import nn
    >>> net = nn.Sequential(nn.Dense(2, 1, "sigmoid"), seed=3)
    >>> path = net.save(os.path.join(tempfile.mkdtemp(), "unit.npz"))
    >>> bool((nn.load(path)([[1.0, 2.0]]) == net([[1.0, 2.0]])).all())
    True
    """
    from rheobase.nn.sequential import Sequential

    description, content = _read(path)
    if description["layers"] is None:
        raise FileFormatError(
            f"{path} holds parameters only: the network had layers that no file can describe",
            mend="Make the network as you did before saving, and call net.load(path).",
        )
    net = Sequential(
        *(_layer(entry, path) for entry in description["layers"]),
        seed=description["seed"],
        dtype=description["dtype"],
    )
    _fill(net, content, path, whole=True)
    return net


def _layer(entry: dict[str, Any], path: str | Path) -> Layer:
    from rheobase import nn  # all kinds of layers, those of spiking neurons too

    kind = getattr(nn, entry["kind"], None) if entry["kind"] in nn.__all__ else None
    if not (isinstance(kind, type) and issubclass(kind, Layer)):
        raise FileFormatError(
            f"{path} has a layer of a kind that is not known here", given=f"{entry['kind']}"
        )
    return kind.from_configuration(entry["arguments"])
