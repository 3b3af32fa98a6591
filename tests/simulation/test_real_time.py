"""Delays in seconds: what is kept, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV


def network():
    net = rb.Network(dt=1 * ms, seed=1)
    exact = net.add(rb.models.DeltaLIF(crossing="exact"), 30, name="exact")
    grid = net.add(rb.models.DeltaLIF, 30, name="grid")
    return net, exact, grid


def test_delays_stay_what_they_are():
    net, exact, grid = network()
    single = net.connect(exact, exact, weight=1 * mV, delay=0.123 * ms)
    np.testing.assert_allclose(single.delays.to("ms").magnitude, 0.123, rtol=1e-15)
    drawn = net.connect(exact, grid, weight=1 * mV, delay=rb.random.uniform(0.1 * ms, 5 * ms))
    values = drawn.delays.to("ms").magnitude
    assert np.unique(values).size == values.size == 900
    given = net.connect(grid, exact, rb.rules.one_to_one(), weight=1 * mV,
                        delay=np.linspace(1, 2, 30) * ms)  # fmt: skip
    np.testing.assert_allclose(given.delays.to("ms").magnitude, np.linspace(1, 2, 30))
    given.delays = 1.75 * ms
    np.testing.assert_allclose(given.delays.to("ms").magnitude, 1.75)
    default = net.connect(grid, exact, weight=2 * mV)
    np.testing.assert_allclose(default.delays.to("ms").magnitude, 1.0)


def refusal(call):
    with pytest.raises(rb.errors.UserError) as told:
        call()
    return str(told.value)


def test_delays_that_events_cannot_have():
    net, exact, grid = network()
    text = refusal(lambda: net.connect(exact, grid, weight=1 * mV, delay=0 * ms))
    assert text.startswith("net.connect(exact, grid, ...): the delay is 0, and cells with ")
    assert 'crossing="exact" have events in order of their times' in text
    assert text.endswith("write delay=0.1*ms")
    delays = np.linspace(-1, 1, 30) * ms
    text = refusal(lambda: net.connect(exact, exact, rb.rules.one_to_one(), weight=1 * mV,
                                       delay=delays))  # fmt: skip
    assert "the delay is negative" in text
    text = refusal(lambda: net.connect(grid, exact, weight=1 * mV, delay=0.5 * ms))
    assert "the delay is shorter than a step, and 'grid' sends its spikes on the grid" in text
    assert "expected: at least dt, 1 ms\ngiven: 0.5*ms" in text
    assert text.endswith("write rb.Network(dt=0.5*ms), or a longer delay")


def test_what_is_updated_step_by_step_is_refused():
    net, exact, grid = network()
    stdp = rb.synapses.STDP(tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.01, a_minus=0.012,
                            w_max=1 * mV)  # fmt: skip
    text = refusal(lambda: net.connect(grid, exact, weight=1 * mV, synapse=stdp))
    assert "'exact' has crossing=\"exact\", and synapses with variables of their own" in text
    text = refusal(lambda: net.clamp(exact, -50 * mV))
    assert "net.clamp(exact, ...): 'exact' has crossing=\"exact\"" in text
    assert text.endswith('write crossing="linear" in the model')


def test_procedural_synapses_are_refused():
    net, exact, grid = network()
    text = refusal(lambda: net.connect(exact, grid, rb.rules.fixed_indegree(3), weight=1 * mV,
                                       storage="procedural"))  # fmt: skip
    assert "storage" in text


def test_sources_and_explanations():
    net, exact, _ = network()
    noise = net.add(rb.stimuli.poisson(100 * Hz), 30, name="noise")
    net.connect(noise, exact, rb.rules.one_to_one(), weight=1 * mV, delay=1.5 * ms)
    assert "at the time of the crossing, whatever the step" in net.explain()
    assert "Method: exact, in closed form from event to event\n" in net.explain()
    assert net.run(5 * ms, backend="interpreter").spikes["exact"].count >= 0
