"""The compiled parts of spiking layers: cells over all steps, and what arrives at them.

They are compiled from copies in the cache folder, like the parts of the engine, each once for all
models, sizes and numbers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from rheobase.rendering.cache import module_from_source, part_source

FOLDER = Path(__file__).parent


@cache
def function_of(part: str, name: str) -> Any:
    """Return a C function of one int64, the address of a table; it lets go of the interpreter."""
    import ctypes

    module = module_from_source(part_source(FOLDER, part), f"spiking_{part}")
    return ctypes.CFUNCTYPE(None, ctypes.c_int64)(int(getattr(module, name).address))
