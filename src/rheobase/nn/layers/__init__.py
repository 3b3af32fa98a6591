"""Layers of networks: each a forward and a backward pass."""

from rheobase.nn.layers.base import Gradient as Gradient
from rheobase.nn.layers.base import Layer as Layer
from rheobase.nn.layers.base import generator as generator
from rheobase.nn.layers.conv import Conv2D as Conv2D
from rheobase.nn.layers.dense import Dense as Dense
from rheobase.nn.layers.dropout import Dropout as Dropout
from rheobase.nn.layers.flatten import Flatten as Flatten
from rheobase.nn.layers.pool import AvgPool2D as AvgPool2D
from rheobase.nn.layers.pool import MaxPool2D as MaxPool2D
from rheobase.nn.layers.recurrent import Recurrent as Recurrent

__all__ = [
    "AvgPool2D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Gradient",
    "Layer",
    "MaxPool2D",
    "Recurrent",
    "generator",
]
