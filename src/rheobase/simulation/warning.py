"""Warnings that point at the line of the user, not at ours."""

from __future__ import annotations

import sys
import warnings

from rheobase.errors import RheobaseWarning

_PACKAGE = __name__.partition(".")[0]


def warn(text: str) -> None:
    """Warn at the nearest line outside this library."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    warnings.warn(text, RheobaseWarning, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE
