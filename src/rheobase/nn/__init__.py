"""Idealised units: activations, a neuron by hand, layers, and networks trained by gradients."""

from rheobase.nn import datasets, losses, plots
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
from rheobase.nn.history import History
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
from rheobase.nn.optimizers import SGD, Adam
from rheobase.nn.saving import load
from rheobase.nn.sequential import Sequential
from rheobase.nn.spiking import Spiking, encode, leaky_readout, normalized_lif, tasks
from rheobase.nn.training import EarlyStopping, fit
from rheobase.nn.vector_activations import VectorActivation, maxout, softmax

__all__ = [
    "SGD",
    "Activation",
    "Adam",
    "AvgPool2D",
    "Conv2D",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Flatten",
    "History",
    "Layer",
    "MaxPool2D",
    "Recurrent",
    "Sequential",
    "Spiking",
    "VectorActivation",
    "activation",
    "conv2d",
    "datasets",
    "elu",
    "encode",
    "fit",
    "gelu",
    "leaky_readout",
    "leaky_relu",
    "linear",
    "load",
    "losses",
    "maxout",
    "normalized_lif",
    "plots",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "step",
    "tanh",
    "tasks",
]
