"""The compiled parts of drawing, each by itself and only when a network needs it.

They are compiled from copies in the cache folder, under names made of what all of them say, so
that a change in any of them is compiled anew and the package's own folder is never written to.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rheobase.rendering.cache import is_kept, module_from_source, part_source

FOLDER = Path(__file__).parent
_loaded: set[str] = set()


@cache
def _kept(part: str) -> bool:
    return is_kept(part_source(FOLDER, part), f"connectivity_{part}")


def at_hand(part: str) -> bool:
    """Return whether a part needs no compiling: it is loaded, or was compiled before."""
    return part in _loaded or _kept(part)


@cache
def address_of(part: str, function: str) -> int:
    """Return the address of a C function of a part; the part is compiled, or found on disk."""
    module = module_from_source(part_source(FOLDER, part), f"connectivity_{part}")
    _loaded.add(part)
    return int(getattr(module, function).address)


@cache
def function_of(part: str, function: str, arguments: int) -> Callable[..., None]:
    """Return a C function of a part to be called with integers; it lets go of the GIL."""
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)
    return prototype(address_of(part, function))
