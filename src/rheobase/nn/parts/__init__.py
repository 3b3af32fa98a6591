"""The compiled parts of idealised units.

They are compiled from copies in the cache folder, like the parts of the engine, each by itself
and only when it is used. Where numba is not installed NumPy does the same, slower.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from rheobase.rendering.cache import module_from_source, part_source
from rheobase.rendering.primitives import has_numba

FOLDER = Path(__file__).parent

# numba compiles the loops of the definition as they stand there.
_DEFINITION = """
from numba import njit

convolve = njit(cache=True, error_model="numpy")(convolve)
"""


@cache
def compiled_definition() -> Any:
    """Return the compiled loops of a convolution; None where there is no numba."""
    if not has_numba():
        return None
    source = part_source(FOLDER, "definition") + _DEFINITION
    return module_from_source(source, "nn_definition").convolve


@cache
def part(name: str) -> Any:
    """Return a compiled part: a module; the part is compiled, or found on disk."""
    return module_from_source(part_source(FOLDER, name), f"nn_{name}")
