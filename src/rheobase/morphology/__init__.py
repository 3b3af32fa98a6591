"""Morphologies: trees of sections, read from files or built, and divided into compartments."""

from rheobase.morphology.compartments import Compartments
from rheobase.morphology.discretization import DLambda, d_lambda, discretize, length_constant
from rheobase.morphology.sections import Section
from rheobase.morphology.shapes import section
from rheobase.morphology.trees import Morphology

__all__ = [
    "Compartments",
    "DLambda",
    "Morphology",
    "Section",
    "d_lambda",
    "discretize",
    "length_constant",
    "section",
]
