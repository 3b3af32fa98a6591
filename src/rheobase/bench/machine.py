"""What this machine can do, and what a neuron's step and a synaptic event cost beside it.

The limits are measured by small loops of their own: reading memory one after another, reading
it at random (each address known only when the one before has been read), and exponentials. The
costs come from networks that do one thing only; each is a difference to the same network
without it. Times of several threads are multiplied by their number: nanoseconds of a core.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.bench.measure import Asked, Figure, run_network

if TYPE_CHECKING:
    from rheobase.simulation import Network

BYTES_EVENT = 6.0
"""Of a synapse with a weight of its own: two for the target, four for the weight."""
GROWTH = 2.0
"""The most that the time of a neuron may grow from 4,000 to 400,000 neurons."""

SOURCES, SOURCE_RATE, TARGETS, FAN_OUT = 4000, 20.0, 20_000, 2000


def measure_machine(asked: Asked) -> Iterator[Figure]:
    """Limits, costs and growth with size."""
    streaming = bandwidth()
    yield Figure("machine.bandwidth", streaming)
    waiting = latency()
    yield Figure("machine.latency", waiting)
    yield Figure("machine.exp", exponential())
    duration = 1.0 if asked.duration is None else asked.duration
    yield from costs(asked.threads, duration, streaming)
    yield from growth(asked)


def best(work: Callable[[], Any], attempts: int = 5) -> float:
    """Return the shortest time of several; the first call, which compiles, does not count."""
    work()
    found = []
    for _ in range(attempts):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def bandwidth() -> float:
    """Return how fast one thread reads memory far larger than the caches [GB/s]."""
    from numba import njit

    @njit(error_model="numpy")
    def read(values: Any) -> Any:
        total = np.uint64(0)
        for k in range(values.size):
            total += values[k]
        return total

    values = np.ones(2**24, np.uint64)
    return float(values.nbytes / best(lambda: read(values)) / 1e9)


def latency() -> float:
    """Return the time of a read at random in 128 MB, one waiting for the other [ns]."""
    from numba import njit

    @njit(error_model="numpy")
    def follow(after: Any, count: int) -> Any:
        place = np.int32(0)
        for _ in range(count):
            place = after[place]
        return place

    size = 2**25
    order = np.random.default_rng(0).permutation(size).astype(np.int32)
    after = np.empty(size, np.int32)
    after[order] = np.roll(order, -1)
    count = 1_000_000
    return best(lambda: follow(after, count), 3) / count * 1e9


def exponential() -> float:
    """Return the time of one of our exponentials in a loop over 4,000 cells [ns]."""
    from numba import njit

    from rheobase.rendering.functions import namespace_numba

    exp = namespace_numba()["exp"]

    @njit(error_model="numpy")
    def loop(values: Any, results: Any, repetitions: int) -> None:
        for _ in range(repetitions):
            for k in range(values.size):
                results[k] = exp(values[k])

    values, results = np.linspace(-20.0, 20.0, 4000), np.empty(4000)
    return best(lambda: loop(values, results, 500)) / (500 * values.size) * 1e9


def costs(threads: int, duration: float, streaming: float) -> Iterator[Figure]:
    """What a step of a neuron and a synaptic event cost [ns of a core]."""

    def cost(net: Network, count: float) -> float:
        net.run("1 ms", threads=threads)  # compiles and connects
        runs = [net.run(f"{duration} second", threads=threads) for _ in range(3)]
        spent = min(result.timing.run for result in runs)
        return spent * threads / (count * duration) * 1e9

    plain = cost(_cells(), TARGETS * 1e4)
    yield Figure("machine.lif.step", plain)
    yield Figure("machine.draw.step", cost(_cells(drive=True), TARGETS * 1e4) - plain)
    yield Figure("machine.cobahh.step", cost(_hodgkin_huxley(), 4000 * 1e4))
    events = SOURCES * SOURCE_RATE * FAN_OUT
    without = cost(_cells(sources=True), events)
    yield Figure(
        "machine.shared.event", cost(_cells(sources=True, weight="each"), events) - without
    )
    own = cost(_cells(sources=True, weight="own"), events) - without
    yield Figure("machine.own.event", own)
    yield Figure("machine.own.floor", BYTES_EVENT / streaming)


def _cells(drive: bool = False, sources: bool = False, weight: str = "") -> Network:
    """Cells of the microcircuit that never spike, and what else is to be measured."""
    import rheobase as rb

    net = rb.Network(dt="0.1 ms", seed=1)
    cells = net.add(rb.models.LIF, TARGETS, name="cells")
    if drive:
        net.drive(cells, rb.stimuli.poisson("16000 Hz"), weight="0.01 pA")
    if sources:
        train = rb.stimuli.poisson(f"{SOURCE_RATE} Hz")
        spikes = net.add(train, SOURCES, name="sources", record_spikes=False)
        rule = rb.rules.fixed_outdegree(FAN_OUT)
        if weight == "each":
            net.connect(spikes, cells, rule, weight="0.01 pA", delay="1.5 ms")
        elif weight:
            net.connect(
                spikes, cells, rule,
                weight=rb.random.normal("0.01 pA", "0.001 pA", low="0 pA"),
                delay=rb.random.normal("1.5 ms", "0.75 ms", low="0.1 ms"),
                weight_dtype="float32",
            )  # fmt: skip
    return net


def _hodgkin_huxley() -> Network:
    import rheobase as rb
    from rheobase.bench.networks import hodgkin_huxley

    net = rb.Network(dt="0.1 ms", seed=1)
    cells = net.add(hodgkin_huxley(), 4000, name="cells")
    cells.v = "E_L + (randn() - 1)*5*mV"
    return net


def growth(asked: Asked) -> Iterator[Figure]:
    """Time of a neuron's step in CUBA, its events included, from 4,000 to 400,000 neurons."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for scale in (1.0, 10.0, 100.0):
            told = Asked(scale=scale, threads=asked.threads, duration=asked.duration)
            figures = run_network("cuba", folder, told.arguments())
            steps = figures["neurons"] * figures["seconds"] * 1e4
            found.append(figures["timing"]["run"] * asked.threads / steps * 1e9)
            yield Figure(f"machine.cuba_{figures['neurons']}.step", found[-1])
    yield Figure("machine.growth", found[-1] / found[0], GROWTH)
