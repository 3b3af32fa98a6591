"""Gradients of any model: what to change in a network so that a number of its run changes."""

from rheobase.gradients.bars import Bars
from rheobase.gradients.exact import exact_gradient
from rheobase.gradients.exact_runs import ExactCells, ExactRun
from rheobase.gradients.explaining import explain_gradient
from rheobase.gradients.objective import Gradient, Objective, gradient
from rheobase.gradients.runs import Run
from rheobase.gradients.tape import Tape
from rheobase.gradients.tracked import Tracked, detach, gradients_of, value_and_gradient
from rheobase.lowering.surrogates import Surrogate

__all__ = [
    "Bars",
    "ExactCells",
    "ExactRun",
    "Gradient",
    "Objective",
    "Run",
    "Surrogate",
    "Tape",
    "Tracked",
    "detach",
    "exact_gradient",
    "explain_gradient",
    "gradient",
    "gradients_of",
    "value_and_gradient",
]
