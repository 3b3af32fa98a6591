"""Loops written in plain Python over arrays, compiled where numba is there."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from rheobase.gradients import event_loops
from rheobase.rendering.cache import module_from_source

_CALLED = '@njit(error_model="numpy", nogil=True, cache=True)\n'
_INNER = '@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)\n'


def compiled(plain: ModuleType, called: tuple[str, ...], name: str) -> ModuleType:
    """Return the very text of a module of loops as a compiled one.

    Parameters
    ----------
    plain
        A module that imports nothing but NumPy and the standard library.
    called
        Its functions that are called from outside, and may make arrays; the others are part of
        them.
    name
        For the cache.
    """
    assert plain.__file__ is not None
    source = Path(plain.__file__).read_text(encoding="utf-8")
    names = "|".join(called)
    source = re.sub(rf"^(?=def (?:{names})\()", _CALLED, source, flags=re.MULTILINE)
    source = re.sub(r"(?<=\n\n)(?=def )", _INNER, source)
    source = source.replace("import numpy as np\n", "import numpy as np\nfrom numba import njit\n")
    return module_from_source(source, name)


def has_numba() -> bool:
    """Return whether loops can be compiled."""
    return importlib.util.find_spec("numba") is not None


@cache
def kernels(compile_them: bool | None = None) -> ModuleType:
    """Return the module whose `forward` and `backward` go through events.

    Parameters
    ----------
    compile_them : bool, optional
        Whether it is compiled; if numba is there unless said. Both give the same derivatives to
        rounding.
    """
    if has_numba() if compile_them is None else compile_them:
        return compiled(event_loops, ("forward", "backward"), "event_gradients")
    return event_loops
