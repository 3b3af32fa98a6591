"""Describe: the library of models, written in the language and nothing else.

``rb.models.LIF`` is a `Model`; called with parameters it gives a copy with other defaults:

>>> from rheobase import models
>>> slow = models.LIF(tau_m="20 ms")
>>> print(models.LIF.doc)                                       # doctest: +SKIP

The modules of this package are read when a model is asked for, and every model they make is
offered under its name. So a new model is text in one place.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rheobase.models.library import LibraryModel


@cache
def catalog() -> Mapping[str, LibraryModel]:
    """Return all models of the library by name, in order of their modules and of writing."""
    from types import MappingProxyType

    from rheobase.models.library import LibraryModel

    found: dict[str, LibraryModel] = {}
    for module in sorted(module.name for module in iter_modules(__path__)):
        home = import_module(f"{__name__}.{module}")
        found |= {
            name: value for name, value in vars(home).items() if isinstance(value, LibraryModel)
        }
    return MappingProxyType(found)


def find(name: str) -> LibraryModel:
    """Return the model of the library that goes by a name.

    Raises
    ------
    UnknownNameError
        If there is none; with what may be meant, and all there are.
    """
    from rheobase.errors import UnknownNameError

    models = catalog()
    if name in models:
        return models[name]
    raise UnknownNameError(_unknown(name), mend=f"there are {', '.join(sorted(models))}")


@cache
def _alone(name: str) -> LibraryModel | None:
    """Return a model whose module alone is read, as its text says that it is there; else None."""
    import re
    from importlib.util import find_spec

    from rheobase.models.library import LibraryModel

    written = re.compile(rf"^{re.escape(name)} = ", re.MULTILINE)
    for module in sorted(module.name for module in iter_modules(__path__)):
        spec = find_spec(f"{__name__}.{module}")
        text = getattr(spec and spec.loader, "get_source", lambda _: None)(f"{__name__}.{module}")
        if text and written.search(text):
            found = vars(import_module(f"{__name__}.{module}")).get(name)
            return found if isinstance(found, LibraryModel) else None
    return None


def _unknown(name: str) -> str:
    from rheobase.errors import did_you_mean

    close = did_you_mean(name, catalog())
    text = f"the library has no model '{name}'"
    return f"{text}; did you mean {close}?" if close else text


def __getattr__(name: str) -> LibraryModel:
    if name.startswith("_"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    model = _alone(name)
    if model is not None:
        return model
    models = catalog()
    if name not in models:
        raise AttributeError(f"{_unknown(name)}\nthere are {', '.join(sorted(models))}")
    return models[name]


def __dir__() -> list[str]:
    return sorted({"catalog", "find", *catalog()})
