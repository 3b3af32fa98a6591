"""Idealised units: activations, a neuron by hand, layers, and networks trained by gradients."""

from rheobase.nn import architectures, datasets, losses, plots, studies
from rheobase.nn.activations import (
    Activation,
    activation,
    elu,
    gelu,
    leaky_relu,
    linear,
    relu,
    sigmoid,
    softplus,
    softsign,
    step,
    tanh,
)
from rheobase.nn.convolution import conv2d
from rheobase.nn.descent import Descent
from rheobase.nn.facts import Facts, Interval, Kink
from rheobase.nn.history import History
from rheobase.nn.interchange import from_keras, from_torch, to_torch
from rheobase.nn.layers import (
    AvgPool2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    Recurrent,
)
from rheobase.nn.net_input import angle, net_input
from rheobase.nn.neuron import Neuron, NeuronGradient
from rheobase.nn.optimizers import SGD, Adam
from rheobase.nn.saving import load
from rheobase.nn.sequential import Sequential
from rheobase.nn.spiking import FirstSpike, Spiking, encode, leaky_readout, normalized_lif, tasks
from rheobase.nn.training import EarlyStopping, fit
from rheobase.nn.vector_activations import VectorActivation, maxout, softmax

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
