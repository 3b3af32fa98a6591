"""Ion channels, pools of ions, and membranes made of them: `rb.channels`.

``rb.channels.HHSodium`` is a `Channel`; called with parameters it gives a copy with other values.
The names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.lazy import load as _load

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

# Public name -> where it lives: module:attribute.
_HOMES = {
    "AHP": ".activated:AHP",
    "BK": ".activated:BK",
    "SK": ".activated:SK",
    "SodiumActivatedPotassium": ".activated:SodiumActivatedPotassium",
    "LType": ".calcium:LType",
    "NType": ".calcium:NType",
    "TType": ".calcium:TType",
    "ConnorStevensA": ".crab:ConnorStevensA",
    "ConnorStevensPotassium": ".crab:ConnorStevensPotassium",
    "ConnorStevensSodium": ".crab:ConnorStevensSodium",
    "AType": ".hippocampal:AType",
    "ATypeDistal": ".hippocampal:ATypeDistal",
    "TraubMilesPotassium": ".hippocampal:TraubMilesPotassium",
    "TraubMilesSodium": ".hippocampal:TraubMilesSodium",
    "WangBuzsakiPotassium": ".hippocampal:WangBuzsakiPotassium",
    "WangBuzsakiSodium": ".hippocampal:WangBuzsakiSodium",
    "Pool": ".pool:Pool",
    "CalciumPool": ".pools:CalciumPool",
    "Ion": ".pools:Ion",
    "PumpedCalciumPool": ".pools:PumpedCalciumPool",
    "SodiumPool": ".pools:SodiumPool",
    "ghk_reversal": ".reversal:ghk_reversal",
    "nernst": ".reversal:nernst",
    "HType": ".slow:HType",
    "MType": ".slow:MType",
    "HHPotassium": ".squid:HHPotassium",
    "HHSodium": ".squid:HHSodium",
    "Leak": ".squid:Leak",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    return _load(__name__, name, _HOMES, "rb.channels", listed=True)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
