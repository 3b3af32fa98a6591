"""What a run will cost, before anything is built."""

import json
import subprocess
import sys

import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, pA, second


def network():
    net = rb.Network(dt=0.1 * ms, seed=4)
    cells = net.add(rb.models.LIF, 1000, name="cells")
    net.add(rb.models.LIF(tau_m=5 * ms), 10, name="same")
    noise = net.add(rb.stimuli.poisson(100 * Hz), 1000, name="noise")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=10 * pA)
    net.connect(cells, cells, rb.rules.fixed_indegree(100), weight=rb.random.normal(1 * pA, 1 * pA))
    net.record(cells[:10], "v", every=1 * ms)
    return net


def test_estimates_grow_with_what_is_asked_for():
    net = network()
    short, long = net.estimate(1 * second), net.estimate(10 * second, rate=50 * Hz)
    assert short.synapses == long.synapses == 101_000
    assert short.spikes == pytest.approx(1010 * 5 + 1000 * 100)
    assert short.events == pytest.approx(1000 * 100 + 1000 * 5 * 100)
    assert long.seconds > 2 * short.seconds
    assert long.memory_bytes > short.memory_bytes > 100e6
    assert str(short).startswith("about ")
    assert "101,000 synapses" in str(short)
    assert net._assembly.engine is None


def test_a_large_network_is_estimated_without_building_it():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF(), 2_000_000, name="cells")
    net.connect(cells, cells, rb.rules.fixed_indegree(10_000), weight=1 * pA)
    estimate = net.estimate(1 * second, rate=5 * Hz)
    assert estimate.memory_bytes > 100e9
    assert "GB" in str(estimate)


@pytest.mark.parametrize("arguments, error, words", [
    ((1,), rb.errors.UnitError, ["the duration: expected a time", "net.estimate(1*second"]),
    ((1 * second, 3 * mV), rb.errors.UnitError, ["the rate: expected a rate", "rate=5*Hz"]),
    ((1 * second, [1, 2] * Hz), rb.errors.ShapeError, ["the rate is one rate"]),
])  # fmt: skip
def test_refused_estimates(arguments, error, words):
    with pytest.raises(error) as refused:
        network().estimate(*arguments)
    for word in words:
        assert word in str(refused.value)


MEASURED = """
import json, sys
from rheobase.bench.catalog import CATALOG
from rheobase.simulation.collecting import peak_memory_bytes

name, scale, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
net = CATALOG[name].build(seed=1, scale=scale)
estimate = net.estimate("50 ms", rate="5 Hz", threads=threads)
net.run("50 ms", threads=threads)
print(json.dumps([estimate.memory_bytes, peak_memory_bytes()]))
"""


@pytest.mark.parametrize("name, scale, threads", [
    ("coba", 10.0, 1),
    ("microcircuit", 0.03, 2),
    ("brunel_c", 1.0, 2),
    ("hpc", 0.03, 1),
])  # fmt: skip
def test_estimated_memory_is_that_of_a_process(name, scale, threads):
    pytest.importorskip("resource")
    command = [sys.executable, "-c", MEASURED, name, str(scale), str(threads)]
    # The first process compiles, which needs memory of its own. Half of the rest or more is the
    # interpreter and its libraries, which differ between platforms.
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    estimated, measured = json.loads(done.stdout.splitlines()[-1])
    assert estimated == pytest.approx(measured, rel=0.25)


def test_threads_share_the_work_and_need_a_little_more_memory():
    net = network()
    one, two = net.estimate(1 * second), net.estimate(1 * second, threads=2)
    assert one.seconds > two.seconds > 0.4 * one.seconds
    assert one.memory_bytes <= two.memory_bytes < 1.1 * one.memory_bytes
    assert "2 cores" in str(two)
