"""Ion channels, pools of ions, and membranes made of them: `rb.channels`.

``rb.channels.HHSodium`` is a `Channel`; called with parameters it gives a copy with other values.
The names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rheobase.channels.pool import Pool as Pool
    from rheobase.channels.reversal import ghk_reversal as ghk_reversal
    from rheobase.channels.reversal import nernst as nernst
    from rheobase.channels.squid import HHPotassium as HHPotassium
    from rheobase.channels.squid import HHSodium as HHSodium
    from rheobase.channels.squid import Leak as Leak

# Public name -> the module it lives in.
_HOMES = {
    "HHPotassium": "squid",
    "HHSodium": "squid",
    "Leak": "squid",
    "Pool": "pool",
    "ghk_reversal": "reversal",
    "nernst": "reversal",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(_unknown(name))
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def _unknown(name: str) -> str:
    text = f"module '{__name__}' has no attribute '{name}'"
    if name.startswith("_"):
        return text
    from rheobase.errors import did_you_mean

    close = did_you_mean(name, _HOMES)
    hint = f"; did you mean rb.channels.{close}?" if close else ""
    return f"{text}{hint}\nthere are {', '.join(__all__)}"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
