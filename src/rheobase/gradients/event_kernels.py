"""The loops over events, compiled where numba is there."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from rheobase.gradients import event_loops
from rheobase.rendering.cache import module_from_source

_DECORATOR = '@njit(error_model="numpy", nogil=True, cache=True)\ndef '


@cache
def kernels(compiled: bool | None = None) -> ModuleType:
    """Return the module whose `forward` and `backward` are to be called.

    Parameters
    ----------
    compiled : bool, optional
        Whether it is compiled; if numba is there unless said. Both give the same derivatives to
        rounding.
    """
    if compiled is None:
        compiled = importlib.util.find_spec("numba") is not None
    if not compiled:
        return event_loops
    source = Path(event_loops.__file__).read_text(encoding="utf-8")
    source = re.sub(r"^def ", _DECORATOR, source, flags=re.MULTILINE)
    source = source.replace("import numpy as np\n", "import numpy as np\nfrom numba import njit\n")
    return module_from_source(source, "event_gradients")
