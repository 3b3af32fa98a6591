"""Synapses: receptors, gap junctions, and synapses that change, for `net.connect(synapse=...)`.

The names are loaded when first used. Receptors and couplings extend the models of what they
connect (`synapse.kind` is "receptor" or "gap"); synapses with text of their own change from
spike to spike ("plastic").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.lazy import load as _load

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

# Public name -> where it lives: module:attribute.
_HOMES = {
    "with_clopath_traces": ".plasticity:with_clopath_traces",
    "ShortTermPlasticity": ".plasticity:ShortTermPlasticity",
    "RewardSTDP": ".plasticity:RewardSTDP",
    "Clopath": ".plasticity:Clopath",
    "Vogels2011": ".plasticity:Vogels2011",
    "TripletSTDP": ".plasticity:TripletSTDP",
    "PowerLawSTDP": ".plasticity:PowerLawSTDP",
    "MultiplicativeSTDP": ".plasticity:MultiplicativeSTDP",
    "STDP": ".plasticity:STDP",
    "Alpha": ".receptors:Alpha",
    "AlphaCurrent": ".receptors:AlphaCurrent",
    "Coupling": ".gap_junctions:Coupling",
    "DualExponential": ".receptors:DualExponential",
    "DualExponentialCurrent": ".receptors:DualExponentialCurrent",
    "Exponential": ".receptors:Exponential",
    "ExponentialCurrent": ".receptors:ExponentialCurrent",
    "GapJunction": ".gap_junctions:GapJunction",
    "Graded": ".graded:Graded",
    "LinearNMDA": ".nmda:LinearNMDA",
    "NMDA": ".nmda:NMDA",
    "TextReceptor": ".text_receptor:TextReceptor",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    return _load(__name__, name, _HOMES, "rb.synapses", listed=True)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
