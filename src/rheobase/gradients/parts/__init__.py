"""The compiled parts of a tape, each by itself and only when a tape needs it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rheobase.rendering.cache import functions_from_source, part_source

FOLDER = Path(__file__).parent


@cache
def address_of(part: str, function: str) -> int:
    """Return the address of a C function of a part; the part is compiled, or found on disk."""
    module = functions_from_source(part_source(FOLDER, part), f"tape_{part}")
    return int(getattr(module, function).address)
