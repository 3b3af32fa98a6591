"""Packages whose names are loaded when they are first taken."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

__all__ = ["load"]


def load(
    package: str,
    name: str,
    homes: Mapping[str, str],
    shown: str,
    *,
    elsewhere: Mapping[str, str] | None = None,
    listed: bool = False,
) -> Any:
    """Return a name of a package and keep it there, so that it is found directly from now on.

    Parameters
    ----------
    package : str
        The package that was asked: ``__name__``.
    name : str
        What was asked for.
    homes : mapping of str to str
        Public name to where it lives: "module" or "module:attribute"; a module that begins with a
        dot is one of the package.
    shown : str
        How users write the package, for the suggestion: "rb.channels".
    elsewhere : mapping of str to str, optional
        What other libraries call it, and the name here.
    listed : bool
        Whether the message lists all names there are.

    Raises
    ------
    AttributeError
        There is no such name; with what was probably meant.
    """
    home = homes.get(name)
    if home is None:
        raise AttributeError(_unknown(package, name, shown, elsewhere or {}, listed))
    module, _, attribute = home.partition(":")
    value: Any = import_module(module, package)
    if attribute:
        value = getattr(value, attribute)
    setattr(sys.modules[package], name, value)
    return value


def _unknown(
    package: str, name: str, shown: str, elsewhere: Mapping[str, str], listed: bool
) -> str:
    text = f"module '{package}' has no attribute '{name}'"
    if name.startswith("_"):
        # Asked for by tools at import; no suggestion is wanted.
        return text
    from rheobase.errors import did_you_mean

    names = sys.modules[package].__all__
    close = elsewhere.get(name) or did_you_mean(name, names)
    hint = f"; did you mean {shown}.{close}?" if close else ""
    return f"{text}{hint}\nthere are {', '.join(names)}" if listed else text + hint
