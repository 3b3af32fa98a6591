"""Delivery a few steps ahead: the bits of delivery step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rheobase as rb
from rheobase.engine import ahead, rows
from rheobase.units import Hz, ms

MODEL = rb.Model(
    "dv/dt = (1.4 - v + g - h)/(10*ms) : 1 (unless refractory)\ndg/dt = -g/(3*ms) : 1\n"
    "dh/dt = -h/(5*ms) : 1",
    threshold="v > 1", reset="v = 0", refractory="1 ms",
    receives={"add": "g += weight", "take": "h += weight", "jump": "v += weight"},
)  # fmt: skip
DELAYS = rb.random.uniform(0.1 * ms, 4 * ms)


def network(seed: int) -> Any:
    net = rb.Network(dt=0.1 * ms, seed=seed)
    one, two = (net.add(MODEL, size, name=name) for size, name in ((301, "one"), (90, "two")))
    source = net.add(rb.stimuli.poisson(300 * Hz), 40, name="source")
    for cells in (one, two):
        cells.v = "rand()"
    some, weight = rb.rules.fixed_probability(0.9), rb.random.uniform(0.001, 0.02)
    net.connect(one, two, some, weight=weight, delay=DELAYS, to="add")
    net.connect(one, one, some, weight=weight, delay=DELAYS, to="take")
    net.connect(two, one, some, weight=0.007, delay=DELAYS, to="take")
    net.connect(two, one, some, weight=0.03, delay=1.3 * ms, to="add")
    net.connect(one, one, some, weight=weight, delay=0 * ms, to="add", name="at once")
    net.connect(source, one, some, weight=0.02, delay=rb.random.uniform(0.1 * ms, 1 * ms),
                to="jump", weight_dtype="float32")  # fmt: skip
    net.drive(one, rb.stimuli.poisson(2000 * Hz), weight=0.01, to="add")
    net.drive(two[5:50], rb.stimuli.regular_spikes([70] * Hz, [100] * ms), weight=0.2, to="take")
    net.record(one[:7], "v", "g", "h", every=0.3 * ms)
    net.record(two[60:70], "v", "g", "h", every=0.3 * ms)
    return net


def bits(net: Any, threads: int, backend: str = "numba") -> list[bytes]:
    """Run in pieces that end within a block; delays are set and a connection made on the way."""
    found = []
    for piece, duration in enumerate((0.1, 0.7, 9.3, 0.2, 12.6)):
        result = net.run(duration * ms, threads=threads, backend=backend, progress=False)
        for name in ("one", "two"):
            spikes = result.spikes[name]
            found += [np.asarray(spikes.times).tobytes(), np.asarray(spikes.ids).tobytes()]
            traces = result.traces[name]
            found += [traces[variable].values.tobytes() for variable in ("v", "g", "h")]
        if piece == 1:
            net.connect(net.populations["two"], net.populations["two"], weight=0.01,
                        delay=DELAYS, to="take", name="late")  # fmt: skip
        if piece == 2:
            net.projections["late"].delays = rb.random.uniform(1 * ms, 3 * ms)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_bits_are_those_of_delivery_step_by_step(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = bits(network(seed), 1, "interpreter")
    assert sum(map(len, expected)) > 10_000
    monkeypatch.setattr(rows, "SHORT", 0)
    assert bits(network(seed), 2) == expected
    monkeypatch.setattr(ahead, "LARGE", 0)
    monkeypatch.setattr(ahead, "MANY", 1)
    for threads in (1, 2, 3, 7):
        net = network(seed)
        assert bits(net, threads) == expected
        assert all(t.arrivals.ahead for t in net._assembly.engine._stepper.tables)


def test_small_tables_are_delivered_step_by_step() -> None:
    net = network(1)
    net.run(1 * ms, threads=2)
    assert not any(t.arrivals.ahead for t in net._assembly.engine._stepper.tables)
