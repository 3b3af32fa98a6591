"""Morphologies: trees of sections, read from files or built, and divided into compartments."""

from rheobase.morphology import examples
from rheobase.morphology.compartments import Compartments
from rheobase.morphology.discretization import (
    DLambda,
    d_lambda,
    discretize,
    length_constant,
    per_section,
)
from rheobase.morphology.other_files import read_asc, read_neuroml
from rheobase.morphology.sections import Section
from rheobase.morphology.shapes import section
from rheobase.morphology.swc import read_swc
from rheobase.morphology.trees import Morphology

__all__ = [
    "Compartments",
    "DLambda",
    "Morphology",
    "Section",
    "d_lambda",
    "discretize",
    "examples",
    "length_constant",
    "per_section",
    "read_asc",
    "read_neuroml",
    "read_swc",
    "section",
]
