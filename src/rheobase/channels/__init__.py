"""Ion channels, pools of ions, and membranes made of them: `rb.channels`.

``rb.channels.HHSodium`` is a `Channel`; called with parameters it gives a copy with other values.
The names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rheobase.channels.activated import AHP as AHP
    from rheobase.channels.activated import BK as BK
    from rheobase.channels.activated import SK as SK
    from rheobase.channels.activated import SodiumActivatedPotassium as SodiumActivatedPotassium
    from rheobase.channels.calcium import LType as LType
    from rheobase.channels.calcium import NType as NType
    from rheobase.channels.calcium import TType as TType
    from rheobase.channels.crab import ConnorStevensA as ConnorStevensA
    from rheobase.channels.crab import ConnorStevensPotassium as ConnorStevensPotassium
    from rheobase.channels.crab import ConnorStevensSodium as ConnorStevensSodium
    from rheobase.channels.hippocampal import AType as AType
    from rheobase.channels.hippocampal import ATypeDistal as ATypeDistal
    from rheobase.channels.hippocampal import TraubMilesPotassium as TraubMilesPotassium
    from rheobase.channels.hippocampal import TraubMilesSodium as TraubMilesSodium
    from rheobase.channels.hippocampal import WangBuzsakiPotassium as WangBuzsakiPotassium
    from rheobase.channels.hippocampal import WangBuzsakiSodium as WangBuzsakiSodium
    from rheobase.channels.pool import Pool as Pool
    from rheobase.channels.pools import CalciumPool as CalciumPool
    from rheobase.channels.pools import Ion as Ion
    from rheobase.channels.pools import PumpedCalciumPool as PumpedCalciumPool
    from rheobase.channels.pools import SodiumPool as SodiumPool
    from rheobase.channels.reversal import ghk_reversal as ghk_reversal
    from rheobase.channels.reversal import nernst as nernst
    from rheobase.channels.slow import HType as HType
    from rheobase.channels.slow import MType as MType
    from rheobase.channels.squid import HHPotassium as HHPotassium
    from rheobase.channels.squid import HHSodium as HHSodium
    from rheobase.channels.squid import Leak as Leak

# Public name -> the module it lives in.
_HOMES = {
    "AHP": "activated",
    "BK": "activated",
    "SK": "activated",
    "SodiumActivatedPotassium": "activated",
    "LType": "calcium",
    "NType": "calcium",
    "TType": "calcium",
    "ConnorStevensA": "crab",
    "ConnorStevensPotassium": "crab",
    "ConnorStevensSodium": "crab",
    "AType": "hippocampal",
    "ATypeDistal": "hippocampal",
    "TraubMilesPotassium": "hippocampal",
    "TraubMilesSodium": "hippocampal",
    "WangBuzsakiPotassium": "hippocampal",
    "WangBuzsakiSodium": "hippocampal",
    "Pool": "pool",
    "CalciumPool": "pools",
    "Ion": "pools",
    "PumpedCalciumPool": "pools",
    "SodiumPool": "pools",
    "ghk_reversal": "reversal",
    "nernst": "reversal",
    "HType": "slow",
    "MType": "slow",
    "HHPotassium": "squid",
    "HHSodium": "squid",
    "Leak": "squid",
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
