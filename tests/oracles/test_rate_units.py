"""Rate units against their solution in closed form."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.models.activations import ACTIVATIONS
from rheobase.units import ms


@pytest.mark.parametrize("f", ACTIVATIONS)
def test_a_step_of_input(f):
    """r relaxes from f(-gain threshold) to f(gain (I - threshold)) with tau."""
    net = rb.Network(dt=0.1 * ms)
    unit = net.add(rb.models.RateUnit(f=f, gain=2, threshold=0.5, tau=10 * ms), name="unit")
    net.inject(unit, rb.stimuli.step(1.7, start=5 * ms))
    net.record(unit, "r")
    trace = net.run(60 * ms).traces["unit"].r
    t, r = trace.time.values * 1e3, trace.values[:, 0]
    rest, end = r[0], r[-1]
    assert np.ptp(r[:51]) == 0
    decay = np.exp(-(t[50:] - 5) / 10)
    settled = (end - rest * decay[-1]) / (1 - decay[-1])
    np.testing.assert_allclose(r[50:], settled + (rest - settled) * decay, atol=1e-9)


def test_strong_self_excitation_remembers_a_pulse():
    for weight, remembers in [(8, True), (3, False)]:
        net = rb.Network(dt=0.1 * ms)
        unit = net.add(rb.models.RateUnit(threshold=4), name="unit")
        net.connect(unit, unit, weight=weight, of="r", to="I")
        net.inject(unit, rb.stimuli.step(4, start=100 * ms, stop=200 * ms))
        net.record(unit, "r", every=1 * ms)
        r = net.run(400 * ms).traces["unit"].r.values[:, 0]
        assert r[90] < 0.05
        assert (r[390] > 0.9) is np.bool_(remembers)
