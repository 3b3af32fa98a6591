"""Idealised units: activations, a neuron by hand, layers, and networks trained by gradients.

The names are loaded when they are first used, as those of `rheobase` are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.lazy import load as _load

if TYPE_CHECKING:
    from rheobase.nn import architectures as architectures
    from rheobase.nn import datasets as datasets
    from rheobase.nn import losses as losses
    from rheobase.nn import plots as plots
    from rheobase.nn import studies as studies
    from rheobase.nn.activations import Activation as Activation
    from rheobase.nn.activations import activation as activation
    from rheobase.nn.activations import elu as elu
    from rheobase.nn.activations import gelu as gelu
    from rheobase.nn.activations import leaky_relu as leaky_relu
    from rheobase.nn.activations import linear as linear
    from rheobase.nn.activations import relu as relu
    from rheobase.nn.activations import sigmoid as sigmoid
    from rheobase.nn.activations import softplus as softplus
    from rheobase.nn.activations import softsign as softsign
    from rheobase.nn.activations import step as step
    from rheobase.nn.activations import tanh as tanh
    from rheobase.nn.convolution import conv2d as conv2d
    from rheobase.nn.descent import Descent as Descent
    from rheobase.nn.facts import Facts as Facts
    from rheobase.nn.facts import Interval as Interval
    from rheobase.nn.facts import Kink as Kink
    from rheobase.nn.history import History as History
    from rheobase.nn.inputs import angle as angle
    from rheobase.nn.inputs import net_input as net_input
    from rheobase.nn.interchange.from_keras import from_keras as from_keras
    from rheobase.nn.interchange.from_torch import from_torch as from_torch
    from rheobase.nn.interchange.to_torch import to_torch as to_torch
    from rheobase.nn.layers.base import Layer as Layer
    from rheobase.nn.layers.conv import Conv2D as Conv2D
    from rheobase.nn.layers.dense import Dense as Dense
    from rheobase.nn.layers.dropout import Dropout as Dropout
    from rheobase.nn.layers.flatten import Flatten as Flatten
    from rheobase.nn.layers.pool import AvgPool2D as AvgPool2D
    from rheobase.nn.layers.pool import MaxPool2D as MaxPool2D
    from rheobase.nn.layers.recurrent import Recurrent as Recurrent
    from rheobase.nn.neuron import Neuron as Neuron
    from rheobase.nn.neuron import NeuronGradient as NeuronGradient
    from rheobase.nn.optimizers import SGD as SGD
    from rheobase.nn.optimizers import Adam as Adam
    from rheobase.nn.saving import load as load
    from rheobase.nn.sequential import Sequential as Sequential
    from rheobase.nn.spiking import encode as encode
    from rheobase.nn.spiking import tasks as tasks
    from rheobase.nn.spiking.first_spike import FirstSpike as FirstSpike
    from rheobase.nn.spiking.layer import Spiking as Spiking
    from rheobase.nn.spiking.models import leaky_readout as leaky_readout
    from rheobase.nn.spiking.models import normalized_lif as normalized_lif
    from rheobase.nn.training import EarlyStopping as EarlyStopping
    from rheobase.nn.training import fit as fit
    from rheobase.nn.vector_activations import VectorActivation as VectorActivation
    from rheobase.nn.vector_activations import maxout as maxout
    from rheobase.nn.vector_activations import softmax as softmax

# Public name -> where it lives: a module, or module:attribute.
_HOMES = {
    "Activation": "rheobase.nn.activations:Activation",
    "Adam": "rheobase.nn.optimizers:Adam",
    "AvgPool2D": "rheobase.nn.layers.pool:AvgPool2D",
    "Conv2D": "rheobase.nn.layers.conv:Conv2D",
    "Dense": "rheobase.nn.layers.dense:Dense",
    "Descent": "rheobase.nn.descent:Descent",
    "Dropout": "rheobase.nn.layers.dropout:Dropout",
    "EarlyStopping": "rheobase.nn.training:EarlyStopping",
    "Facts": "rheobase.nn.facts:Facts",
    "FirstSpike": "rheobase.nn.spiking.first_spike:FirstSpike",
    "Flatten": "rheobase.nn.layers.flatten:Flatten",
    "History": "rheobase.nn.history:History",
    "Interval": "rheobase.nn.facts:Interval",
    "Kink": "rheobase.nn.facts:Kink",
    "Layer": "rheobase.nn.layers.base:Layer",
    "MaxPool2D": "rheobase.nn.layers.pool:MaxPool2D",
    "Neuron": "rheobase.nn.neuron:Neuron",
    "NeuronGradient": "rheobase.nn.neuron:NeuronGradient",
    "Recurrent": "rheobase.nn.layers.recurrent:Recurrent",
    "SGD": "rheobase.nn.optimizers:SGD",
    "Sequential": "rheobase.nn.sequential:Sequential",
    "Spiking": "rheobase.nn.spiking.layer:Spiking",
    "VectorActivation": "rheobase.nn.vector_activations:VectorActivation",
    "activation": "rheobase.nn.activations:activation",
    "angle": "rheobase.nn.inputs:angle",
    "architectures": "rheobase.nn.architectures",
    "conv2d": "rheobase.nn.convolution:conv2d",
    "datasets": "rheobase.nn.datasets",
    "elu": "rheobase.nn.activations:elu",
    "encode": "rheobase.nn.spiking.encode",
    "fit": "rheobase.nn.training:fit",
    "from_keras": "rheobase.nn.interchange.from_keras:from_keras",
    "from_torch": "rheobase.nn.interchange.from_torch:from_torch",
    "gelu": "rheobase.nn.activations:gelu",
    "leaky_readout": "rheobase.nn.spiking.models:leaky_readout",
    "leaky_relu": "rheobase.nn.activations:leaky_relu",
    "linear": "rheobase.nn.activations:linear",
    "load": "rheobase.nn.saving:load",
    "losses": "rheobase.nn.losses",
    "maxout": "rheobase.nn.vector_activations:maxout",
    "net_input": "rheobase.nn.inputs:net_input",
    "normalized_lif": "rheobase.nn.spiking.models:normalized_lif",
    "plots": "rheobase.nn.plots",
    "relu": "rheobase.nn.activations:relu",
    "sigmoid": "rheobase.nn.activations:sigmoid",
    "softmax": "rheobase.nn.vector_activations:softmax",
    "softplus": "rheobase.nn.activations:softplus",
    "softsign": "rheobase.nn.activations:softsign",
    "step": "rheobase.nn.activations:step",
    "studies": "rheobase.nn.studies",
    "tanh": "rheobase.nn.activations:tanh",
    "tasks": "rheobase.nn.spiking.tasks",
    "to_torch": "rheobase.nn.interchange.to_torch:to_torch",
}

# What others call it.
_ELSEWHERE = {"Linear": "Dense", "RNN": "Recurrent", "SimpleRNN": "Recurrent", "MSELoss": "losses",
              "BCELoss": "losses", "CrossEntropyLoss": "losses"}  # fmt: skip

__all__ = [
    "SGD",
    "Activation",
    "Adam",
    "AvgPool2D",
    "Conv2D",
    "Dense",
    "Descent",
    "Dropout",
    "EarlyStopping",
    "Facts",
    "FirstSpike",
    "Flatten",
    "History",
    "Interval",
    "Kink",
    "Layer",
    "MaxPool2D",
    "Neuron",
    "NeuronGradient",
    "Recurrent",
    "Sequential",
    "Spiking",
    "VectorActivation",
    "activation",
    "angle",
    "architectures",
    "conv2d",
    "datasets",
    "elu",
    "encode",
    "fit",
    "from_keras",
    "from_torch",
    "gelu",
    "leaky_readout",
    "leaky_relu",
    "linear",
    "load",
    "losses",
    "maxout",
    "net_input",
    "normalized_lif",
    "plots",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "step",
    "studies",
    "tanh",
    "tasks",
    "to_torch",
]


def __getattr__(name: str) -> Any:
    return _load(__name__, name, _HOMES, "nn", elsewhere=_ELSEWHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
