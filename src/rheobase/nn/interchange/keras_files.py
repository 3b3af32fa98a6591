"""The layers of a Keras model with their settings and arrays, from a .keras file or a model.

A .keras file is a ZIP archive of ``config.json`` (layers and settings) and ``model.weights.h5``
(arrays). It is read without Keras, and no code in it is run.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from rheobase.errors import FileFormatError, UserError
from rheobase.nn.interchange.taking import Array, refused

_MEND: Final = 'save the model as model.save("model.keras"), with Keras 3'
_MOST_BYTES: Final = 1 << 32


@dataclass(frozen=True)
class KerasLayer:
    """One layer as Keras describes it.

    Attributes
    ----------
    kind, name : str
        Its class, and what the user or Keras called it.
    config : dict
        Its settings.
    arrays : list of ndarray
        Its variables, in Keras's order.
    input_shape : list or None
        Shape of a batch before it, if it is known.
    """

    kind: str
    name: str
    config: dict[str, Any]
    arrays: list[Array]
    input_shape: list[int | None] | None

    @property
    def where(self) -> str:
        """The layer as an error calls it."""
        return f"layer {self.name!r}, {with_article(self.kind)} of Keras,"


def read_keras(model: Any) -> list[KerasLayer]:
    """Return the layers of a model, in order.

    Parameters
    ----------
    model : path or keras.Model
        A .keras file, or a model.

    Raises
    ------
    FileFormatError
        If the file is none of Keras 3.
    UserError
        If the model is not one layer after the other.
    """
    if isinstance(model, str | os.PathLike):
        return _read_file(Path(model))
    if not hasattr(model, "layers") or not hasattr(model, "to_json"):
        raise UserError(
            "this is no Keras model",
            expected="a .keras file, or a model",
            given=f"{type(model).__name__}",
            mend='net = nn.from_keras("model.keras")',
        )
    try:
        config = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise UserError(f"Keras cannot describe this model: {error}") from None
    entries = _entries(config)
    built = {layer.name: layer for layer in model.layers}  # of a Sequential without its input
    return [
        _layer(entry, list(built[_name(entry)].get_weights()) if _name(entry) in built else [])
        for entry in entries
    ]


def _read_file(path: Path) -> list[KerasLayer]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(_member(archive, "config.json", path))
            weights = _member(archive, "model.weights.h5", path)
    except FileNotFoundError:
        raise FileFormatError(f"there is no file {path}") from None
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise FileFormatError(
            f"{path} is no .keras file", given=f"{type(error).__name__}: {error}", mend=_MEND
        ) from None
    import h5py

    entries = _entries(config)
    try:
        with h5py.File(io.BytesIO(weights)) as file:
            arrays = [_arrays(file, place) for place in _places(entries)]
    except (OSError, KeyError) as error:
        raise FileFormatError(
            f"{path}: its model.weights.h5 cannot be read", given=str(error), mend=_MEND
        ) from None
    return [_layer(entry, own) for entry, own in zip(entries, arrays, strict=True)]


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    if name not in archive.namelist():
        raise FileFormatError(f"{path} is no .keras file: it has no {name}", mend=_MEND)
    if archive.getinfo(name).file_size > _MOST_BYTES:
        raise FileFormatError(f"{path}: {name} would be larger than 4 GiB")
    return archive.read(name)


def _places(entries: list[dict[str, Any]]) -> Iterator[str]:
    """Give the group of each layer in the file: by class, numbered from the second on."""
    used: dict[str, int] = {}
    for entry in entries:
        kind = _snake_case(str(entry["class_name"]))
        number = used.get(kind, 0)
        used[kind] = number + 1
        yield f"layers/{kind}_{number}" if number else f"layers/{kind}"


def _snake_case(name: str) -> str:
    """Write a class as Keras names groups: MaxPooling2D max_pooling2d, ReLU re_lu."""
    parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()


def _arrays(file: Any, place: str) -> list[Array]:
    """Return the variables below a group: its own, then those of a cell inside it."""
    if place not in file:
        return []
    found: list[Array] = []
    for own in ("vars", "cell/vars"):
        group = file[place].get(own, {})
        found.extend(np.asarray(group[key]) for key in sorted(group, key=int))
    return found


def _entries(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the descriptions of the layers of a model that is one layer after the other."""
    kind = config.get("class_name")
    layers = (
        config.get("config", {}).get("layers") if kind in ("Sequential", "Functional") else None
    )
    if not isinstance(layers, list):
        raise UserError(
            f"a Keras model of class {kind} cannot be taken over",
            expected="a keras.Sequential, or a functional model that is one layer after the other",
        )
    if kind == "Functional":
        before = None
        for entry in layers:
            sources = list(_sources(entry.get("inbound_nodes", [])))
            if sources != ([[before, 0, 0]] if before else []):
                kind = with_article(str(entry.get("class_name")))
                raise refused(
                    f"layer {_name(entry)!r}, {kind} of Keras,",
                    "it does not follow the layer before it and nothing else",
                    "only models that are one layer after the other are taken over",
                )
            before = _name(entry)
    return layers


def _sources(node: Any) -> Iterator[list[Any]]:
    """Give the outputs a layer takes, from anywhere inside the description of its calls."""
    if isinstance(node, dict):
        if "keras_history" in node:
            yield list(node["keras_history"])
            return
        node = list(node.values())
    if isinstance(node, list):
        for inside in node:
            yield from _sources(inside)


def with_article(kind: str) -> str:
    """Return a or an, and the class: "a Dense", "an Add", "an LSTM"."""
    spelled = len(kind) > 1 and kind[:2].isupper() and kind[0] in "AEFHILMNORSX"
    return f"{'an' if spelled or kind[:1] in 'AEIOU' else 'a'} {kind}"


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("config", {}).get("name") or entry.get("name") or entry["class_name"])


def _layer(entry: dict[str, Any], arrays: list[Array]) -> KerasLayer:
    config = dict(entry.get("config", {}))
    shape = config.get("batch_shape") or (entry.get("build_config") or {}).get("input_shape")
    return KerasLayer(str(entry["class_name"]), _name(entry), config, arrays, shape)
