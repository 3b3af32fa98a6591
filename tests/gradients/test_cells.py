"""Cells whose spikes have no derivative are refused where spikes matter, by name."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError
from rheobase.gradients import Surrogate
from rheobase.units import cm, mS, ms, mV, uA

DURATION = 1 * ms


def network(connected=False):
    net = rb.Network(dt=0.05 * ms)
    axon = net.add(rb.models.HodgkinHuxley, name="axon")
    net.inject(axon, rb.stimuli.step(10 * uA / cm**2))
    if connected:
        other = net.add(rb.models.DeltaLIF, name="other")
        net.connect(axon, other, weight=1 * mV, delay=0.1 * ms)
    return net


def spikes(run):
    return run["axon"].spikes.sum()


def test_a_loss_of_spikes_that_have_no_derivative_is_refused():
    with pytest.raises(UserError, match="'axon' cannot be differentiated: the loss reads its") as e:
        rb.gradient(network(), spikes, "g_Na", duration=DURATION, backend="interpreter")
    text = str(e.value)
    assert "rb.gradients.Surrogate('fast_sigmoid', scale=0.01) for 10 mV" in text
    assert "surrogate='none' takes 0 for the derivative of its spikes" in text


def test_spikes_that_reach_other_cells_need_a_derivative_too():
    with pytest.raises(UserError, match="its spikes reach 'other', and no reset of HodgkinHuxley"):
        rb.gradient(network(True), lambda run: run["other"].v.sum(), ("axon", "g_Na"),
                    duration=DURATION, backend="interpreter")  # fmt: skip


@pytest.mark.parametrize("given", ["none", Surrogate("arctan", scale=0.01)])
def test_what_has_a_scale_or_asks_for_the_true_derivative_is_not_refused(given):
    found = rb.gradient(network(), spikes, "g_Na", duration=DURATION, surrogate=given,
                        backend="interpreter")["g_Na"]  # fmt: skip
    assert (found.to("cm**2/mS").magnitude == 0) == (given == "none")
    voltage = rb.gradient(network(), lambda run: np.sum(run["axon"].v), "g_Na", duration=DURATION,
                          backend="interpreter")["g_Na"]  # fmt: skip
    assert voltage.to(1 / (mS / cm**2)).magnitude != 0  # without spikes nothing is asked for
