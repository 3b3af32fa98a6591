"""Synapses: receptors, gap junctions, and synapses that change, for `net.connect(synapse=...)`.

The names are loaded when first used. Receptors and couplings extend the models of what they
connect (`synapse.kind` is "receptor" or "gap"); synapses with text of their own change from
spike to spike ("plastic").
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rheobase.synapses.gap_junctions import Coupling as Coupling
    from rheobase.synapses.gap_junctions import GapJunction as GapJunction
    from rheobase.synapses.graded import Graded as Graded
    from rheobase.synapses.nmda import NMDA as NMDA
    from rheobase.synapses.nmda import LinearNMDA as LinearNMDA
    from rheobase.synapses.plasticity import STDP as STDP
    from rheobase.synapses.plasticity import Clopath as Clopath
    from rheobase.synapses.plasticity import MultiplicativeSTDP as MultiplicativeSTDP
    from rheobase.synapses.plasticity import PowerLawSTDP as PowerLawSTDP
    from rheobase.synapses.plasticity import RewardSTDP as RewardSTDP
    from rheobase.synapses.plasticity import ShortTermPlasticity as ShortTermPlasticity
    from rheobase.synapses.plasticity import TripletSTDP as TripletSTDP
    from rheobase.synapses.plasticity import Vogels2011 as Vogels2011
    from rheobase.synapses.plasticity import with_clopath_traces as with_clopath_traces
    from rheobase.synapses.receptors import Alpha as Alpha
    from rheobase.synapses.receptors import AlphaCurrent as AlphaCurrent
    from rheobase.synapses.receptors import DualExponential as DualExponential
    from rheobase.synapses.receptors import DualExponentialCurrent as DualExponentialCurrent
    from rheobase.synapses.receptors import Exponential as Exponential
    from rheobase.synapses.receptors import ExponentialCurrent as ExponentialCurrent
    from rheobase.synapses.text_receptor import TextReceptor as TextReceptor

# Public name -> the module it lives in.
_HOMES = {
    "with_clopath_traces": "plasticity",
    "ShortTermPlasticity": "plasticity",
    "RewardSTDP": "plasticity",
    "Clopath": "plasticity",
    "Vogels2011": "plasticity",
    "TripletSTDP": "plasticity",
    "PowerLawSTDP": "plasticity",
    "MultiplicativeSTDP": "plasticity",
    "STDP": "plasticity",
    "Alpha": "receptors",
    "AlphaCurrent": "receptors",
    "Coupling": "gap_junctions",
    "DualExponential": "receptors",
    "DualExponentialCurrent": "receptors",
    "Exponential": "receptors",
    "ExponentialCurrent": "receptors",
    "GapJunction": "gap_junctions",
    "Graded": "graded",
    "LinearNMDA": "nmda",
    "NMDA": "nmda",
    "TextReceptor": "text_receptor",
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
    hint = f"; did you mean rb.synapses.{close}?" if close else ""
    return f"{text}{hint}\nthere are {', '.join(__all__)}"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
