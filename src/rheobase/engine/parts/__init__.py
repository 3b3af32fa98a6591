"""The compiled parts of the engine, each by itself and only when a network needs it.

They are compiled from copies in the cache folder, under names made of what all of them say, so
that a change in any of them is compiled anew and the package's own folder is never written to.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rheobase.rendering.cache import functions_from_source, part_source

FOLDER = Path(__file__).parent


@cache
def address_of(part: str, function: str) -> int:
    """Return the address of a C function of a part; the part is compiled, or found on disk."""
    module = functions_from_source(part_source(FOLDER, part), f"engine_{part}")
    return int(getattr(module, function).address)
