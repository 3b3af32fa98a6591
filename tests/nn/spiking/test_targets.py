"""Where connections lead to, in which unit, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError, WiringError
from rheobase.lowering import lower
from rheobase.nn.spiking.targets import find_target
from rheobase.units import ms


def test_weights_are_in_the_unit_of_what_they_are_added_to() -> None:
    for model, port, unit in (
        (rb.models.LIF, None, "pA"), (rb.models.ConductanceLIF, "inhibitory", "nS"),
        (rb.models.DeltaLIF, None, "mV"), (rb.models.NormalizedLIF, None, "1"),
    ):  # fmt: skip
        assert find_target(model, lower(model), port).unit.text == unit
    target = find_target(rb.models.AdEx, lower(rb.models.AdEx), "I")
    assert target.is_input
    assert target.unit.text == "pA"


def test_effective_weights_and_their_derivatives() -> None:
    model = rb.Model(
        "dx/dt = -x/tau : 1\ndy/dt = -y/tau : 1", threshold="x > 1", reset="x = 0",
        receives="x += weight**2/c; y -= weight", parameters=dict(tau=5*ms, c=3.0),
    )  # fmt: skip
    target = find_target(model, lower(model), None)
    weights, parameters = np.array([[1.0, 2.0], [-1.0, 0.5]]), {"tau": 0.005, "c": 3.0}
    f, h = target.effective(lower(model), weights, parameters)
    np.testing.assert_allclose(f, weights**2 / 3)
    np.testing.assert_allclose(h, -weights)
    bars = [np.full((2, 2), 2.0), np.full((2, 2), 5.0)]
    np.testing.assert_allclose(target.bar_of_weights(weights, parameters, bars),
                               2 * 2 * weights / 3 - 5)  # fmt: skip
    by_c = target.bar_of_parameter("c", weights, parameters, bars)
    np.testing.assert_allclose(by_c, (-2 * weights**2 / 9).sum(axis=0))
    assert np.all(target.bar_of_parameter("tau", weights, parameters, bars) == 0)


def test_what_cannot_be_a_target_is_told() -> None:
    def find(model: rb.Model, name: str | None) -> object:
        return find_target(model, lower(model), name)

    with pytest.raises(WiringError, match=r"receives spikes at excitatory, inhibitory: which"):
        find(rb.models.ConductanceLIF, None)
    with pytest.raises(WiringError, match=r"deaf does not say what an arriving spike does\ngive"):
        find(rb.Model("dx/dt = -x/tau : 1", parameters=dict(tau=5 * ms), name="deaf"), None)
    with pytest.raises(UnknownNameError, match=r"LIF has no port or input 'i_sin'; did you mean"):
        find(rb.models.LIF, "i_sin")
    event = rb.Model("dx/dt = -x/tau : 1", receives="x += weight*(1 - x)",
                     parameters=dict(tau=5*ms))  # fmt: skip
    with pytest.raises(WiringError, match=r"spikes at 'x' of Model do not add up: .*\nexpected"):
        find(event, None)
