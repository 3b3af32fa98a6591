"""The reverse of a step against central differences of the step itself, and against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reversing import Course

import rheobase as rb
from rheobase.errors import EquationError
from rheobase.lowering.integrators import METHODS

MODELS = [
    "AdEx", "ConductanceLIF", "ConnorStevens", "DeltaLIF", "ExponentialLIF", "FitzHughNagumo",
    "GLIF1", "GLIF2", "GLIF3", "GLIF4", "GLIF5", "HindmarshRose", "HodgkinHuxley", "Izhikevich",
    "LIF", "MorrisLecar", "NormalizedLIF", "QuadraticIF", "RateUnit", "TraubMiles", "WangBuzsaki",
    "WilsonCowan", "WongWang",
]  # fmt: skip


def course(name, method=None, steps=6, **options):
    model = getattr(rb.models, name)
    rng = np.random.default_rng(1)
    scales = {e.name: model.unit_of(e.name).scale for e in model.differential}
    start = {n: np.array([0.3, 0.45]) * s for n, s in scales.items()}
    if "v" in start and scales["v"] == 1e-3:
        start["v"] = np.array([-0.062, -0.0495])  # the second one is about to spike
    inputs = {
        e.name: rng.uniform(0.5, 1.5, (steps, 2)) * 5 * model.unit_of(e.name).scale
        for e in model.inputs
    }
    parameters = tuple(n for n in model.defaults if not n.startswith("tau_ref"))
    options = {"parameters": parameters, "inputs": inputs, "start": start, **options}
    return Course(model, 2e-5, steps, method=method, **options)


@pytest.mark.parametrize("method", [None, *sorted(METHODS)])
@pytest.mark.parametrize("name", MODELS)
def test_every_integrator_and_model_of_the_library(name, method):
    try:
        made = course(name, method)
    except EquationError as error:
        assert "cannot be used" in str(error)
        return
    found = made.check_along()
    assert np.abs(found["states"][made.program.states[0]]).min() > 0


def test_the_models_above_are_those_of_the_library():
    found = [n for n in dir(rb.models) if n[0].isupper() and hasattr(getattr(rb.models, n), "at")]
    del found
    assert {n for n in dir(rb.models) if n[0].isupper()} == set(MODELS)
