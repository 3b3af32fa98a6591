"""Arguments of a layer in a form that JSON can hold: models, quantities and arrays in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from rheobase.lowering.surrogates import Surrogate
from rheobase.simulation.plain import descriptions


def to_plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as plain data.

    Raises
    ------
    UserError
        One is of a kind that files cannot hold.
    """
    registry = descriptions()
    found = {}
    for name, value in arguments.items():
        if isinstance(value, Surrogate):
            found[name] = {"is": "surrogate", "parts": asdict(value)}
        else:
            found[name] = _lists(registry.to_plain(value, f"{name} of a layer"))
    return found


def from_plain(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that plain data describe."""
    registry = descriptions()
    found = {}
    for name, value in plain.items():
        if isinstance(value, dict) and value.get("is") == "surrogate":
            found[name] = Surrogate(**value["parts"])
        else:
            found[name] = registry.from_plain(_arrays(value))
    return found


def _lists(plain: Any) -> Any:
    """Write arrays as lists."""
    if isinstance(plain, np.ndarray):
        return {"is": "array", "parts": plain.tolist()}
    if isinstance(plain, dict):
        return {key: _lists(part) for key, part in plain.items()}
    return [_lists(part) for part in plain] if isinstance(plain, list) else plain


def _arrays(plain: Any) -> Any:
    """Read lists that were arrays."""
    if isinstance(plain, dict):
        if plain.get("is") == "array":
            return np.array(plain["parts"])
        return {key: _arrays(part) for key, part in plain.items()}
    return [_arrays(part) for part in plain] if isinstance(plain, list) else plain
