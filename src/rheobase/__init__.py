"""Rheobase: neuron models at every level, one language, one compiled engine.

The names a user writes are listed here one by one and loaded when first used, so
that ``import rheobase`` takes milliseconds and needs neither numba nor Matplotlib.

>>> import rheobase as rb
>>> from rheobase.units import ms, mV, pA
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.lazy import load as _load

if TYPE_CHECKING:
    from rheobase import analysis as analysis
    from rheobase import channels as channels
    from rheobase import check as check
    from rheobase import errors as errors
    from rheobase import fitting as fitting
    from rheobase import gradients as gradients
    from rheobase import levels as levels
    from rheobase import modelfiles as modelfiles
    from rheobase import models as models
    from rheobase import morphology as morphology
    from rheobase import nn as nn
    from rheobase import plots as plots
    from rheobase import synapses as synapses
    from rheobase import units as units
    from rheobase.cables.cell import Cell as Cell
    from rheobase.channels.channel import Channel as Channel
    from rheobase.channels.membrane import Membrane as Membrane
    from rheobase.fitting.fit_parameters import fit_parameters as fit_parameters
    from rheobase.gradients.explaining import explain_gradient as explain_gradient
    from rheobase.gradients.objective import gradient as gradient
    from rheobase.interactive import interact as interact
    from rheobase.language.functions import function as function
    from rheobase.language.model import Model as Model
    from rheobase.language.synapse import Synapse as Synapse
    from rheobase.morphology import Morphology as Morphology
    from rheobase.network import distributions as random
    from rheobase.network import rules as rules
    from rheobase.network import stimuli as stimuli
    from rheobase.results import Result as Result
    from rheobase.results import SpikeTrains as SpikeTrains
    from rheobase.results import join as join
    from rheobase.simulation import Network as Network

__version__ = "0.1.0"

# Public name -> where it lives: a module, or module:attribute.
_HOMES = {
    "Cell": "rheobase.cables.cell:Cell",
    "Channel": "rheobase.channels.channel:Channel",
    "Membrane": "rheobase.channels.membrane:Membrane",
    "Model": "rheobase.language.model:Model",
    "Morphology": "rheobase.morphology:Morphology",
    "Network": "rheobase.simulation:Network",
    "Result": "rheobase.results:Result",
    "SpikeTrains": "rheobase.results:SpikeTrains",
    "Synapse": "rheobase.language.synapse:Synapse",
    "analysis": "rheobase.analysis",
    "channels": "rheobase.channels",
    "check": "rheobase.check",
    "errors": "rheobase.errors",
    "explain_gradient": "rheobase.gradients.explaining:explain_gradient",
    "fit_parameters": "rheobase.fitting.fit_parameters:fit_parameters",
    "fitting": "rheobase.fitting",
    "function": "rheobase.language.functions:function",
    "gradient": "rheobase.gradients.objective:gradient",
    "gradients": "rheobase.gradients",
    "interact": "rheobase.interactive:interact",
    "join": "rheobase.results:join",
    "levels": "rheobase.levels",
    "modelfiles": "rheobase.modelfiles",
    "models": "rheobase.models",
    "morphology": "rheobase.morphology",
    "nn": "rheobase.nn",
    "plots": "rheobase.plots",
    "random": "rheobase.network.distributions",
    "rules": "rheobase.network.rules",
    "stimuli": "rheobase.network.stimuli",
    "synapses": "rheobase.synapses",
    "units": "rheobase.units",
}

__all__ = [
    "Cell",
    "Channel",
    "Membrane",
    "Model",
    "Morphology",
    "Network",
    "Result",
    "SpikeTrains",
    "Synapse",
    "__version__",
    "analysis",
    "channels",
    "check",
    "errors",
    "explain_gradient",
    "fit_parameters",
    "fitting",
    "function",
    "gradient",
    "gradients",
    "interact",
    "join",
    "levels",
    "modelfiles",
    "models",
    "morphology",
    "nn",
    "plots",
    "random",
    "rules",
    "stimuli",
    "synapses",
    "units",
]


def __getattr__(name: str) -> Any:
    return _load(__name__, name, _HOMES, "rheobase")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
