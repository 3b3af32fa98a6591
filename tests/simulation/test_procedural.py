"""Synapses drawn anew at every spike are those that would be stored."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.simulation import synapses
from rheobase.units import Hz, ms, mV, pA, second

WEIGHT = rb.random.normal(20 * pA, 4 * pA, low=0 * pA)
DELAY = rb.random.normal(1.5 * ms, 0.5 * ms, low=0.1 * ms)


def network(storage, rule, weight=WEIGHT, delay=DELAY, to=None, **options):
    net = rb.Network(dt=0.1 * ms, seed=2)
    cells = net.add(rb.models.LIF(), 300, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    noise = net.add(rb.stimuli.poisson(8000 * Hz), 300, name="noise")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=100 * pA)
    made = net.connect(cells[10:], cells[:290], rule, storage=storage, weight=weight, delay=delay,
                       **options)  # fmt: skip
    return net, made


def spikes(net, **options):
    found = net.run(100 * ms, **options).spikes["cells"]
    assert found.count > 100
    return found.times, found.ids


@pytest.mark.parametrize("rule", [
    rb.rules.fixed_probability(0.1), rb.rules.fixed_outdegree(20, multapses=False),
    rb.rules.fixed_total(6000), rb.rules.all_to_all(autapses=False), rb.rules.ring(1),
    rb.rules.one_to_one(),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("weight, delay, dtype", [
    (WEIGHT, DELAY, "float64"), (WEIGHT, 0.3 * ms, "float32"), (15 * pA, DELAY, "float32"),
])  # fmt: skip
def test_the_network_is_the_stored_one(rule, weight, delay, dtype):
    stored, kept = network("stored", rule, weight, delay, weight_dtype=dtype)
    drawn, made = network("procedural", rule, weight, delay, weight_dtype=dtype)
    for a, b in zip(spikes(stored), spikes(drawn), strict=True):
        np.testing.assert_array_equal(a, b)
    assert made.storage == "procedural"
    assert len(made) == len(kept)
    np.testing.assert_array_equal(made.post, kept.post)
    np.testing.assert_array_equal(made.weights.magnitude, kept.weights.magnitude)


def test_the_interpreter_runs_them_too():
    rule = rb.rules.fixed_probability(0.1)
    one = spikes(network("procedural", rule)[0], backend="interpreter")
    other = spikes(network("stored", rule)[0], backend="interpreter")
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_can_be_set_to_what_is_drawn_by_row():
    found = []
    for storage in ("stored", "procedural"):
        net, made = network(storage, rb.rules.fixed_probability(0.1))
        first = spikes(net)
        made.weights = rb.random.uniform(10 * pA, 60 * pA)
        second_part = spikes(net)
        made.delays = 2 * ms
        found.append([*first, *second_part, *spikes(net)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(rb.errors.WiringError) as refused:
        made.weights = np.ones(len(made)) * pA
    assert str(refused.value) == (
        "cells_to_cells.weights: these synapses are drawn anew at every spike, and cannot be given "
        "weights one by one\nexpected: one value, or a distribution of rb.random\n"
        'write cells_to_cells.weights = 1.5*pA, or connect with storage="stored"'
    )
    with pytest.raises(rb.errors.WiringError, match=r"cells_to_cells\.delays: these synapses"):
        made.delays = "i*ms"
    with pytest.raises(rb.errors.UnitError, match="the weight: expected a current"):
        made.weights = 3 * mV


def test_ports_that_weigh_take_one_weight():
    def run(storage, weight):
        net = rb.Network(dt=0.1 * ms, seed=1)
        noise = net.add(rb.stimuli.poisson(500 * Hz), 50, name="noise")
        cells = net.add(rb.models.NormalizedLIF, 20, name="cells")
        net.connect(noise, cells, rb.rules.fixed_probability(0.5), weight=weight, storage=storage)
        net.record(cells, "s")
        return net.run(20 * ms).traces["cells"].s.values

    np.testing.assert_array_equal(run("stored", 0.01), run("procedural", 0.01))
    with pytest.raises(rb.errors.WiringError, match="'s' does not add the weight itself"):
        run("procedural", rb.random.uniform(0, 0.01))


@pytest.mark.parametrize("rule, options, words", [
    (rb.rules.fixed_indegree(3), {}, "rows of fixed_indegree cannot be drawn each by itself"),
    (rb.rules.fixed_total(3, multapses=False), {}, "rows of fixed_total without multapses cannot"),
    (rb.rules.pairs([0], [1]), {}, "rows of pairs cannot be drawn each by itself"),
    (rb.rules.ring(1), {"weight": "i*pA"}, 'the weight is a text, and storage="procedural"'),
    (rb.rules.ring(1), {"weight": np.ones(290) * pA}, "the weight is an array, and storage="),
    (rb.rules.ring(1), {"delay": "i*ms"}, "the delay is a text, and storage="),
])  # fmt: skip
def test_what_is_refused_by_name(rule, options, words):
    with pytest.raises(rb.errors.WiringError) as refused:
        network("procedural", rule, **options)
    message = str(refused.value)
    assert message.startswith("net.connect(cells, cells, ...)")
    assert words in message
    assert 'leave storage= away, or write storage="stored"' in message


def test_ports_and_storages_that_are_refused():
    net = rb.Network(dt=0.1 * ms)
    source = net.add(rb.stimuli.poisson(1 * Hz), 3)
    event = net.add(rb.Model("dv/dt = -v/(10*ms) : 1", receives="v = v*weight"), 3, name="event")
    with pytest.raises(rb.errors.WiringError, match="the statements of 'v' run spike by spike"):
        net.connect(source, event, weight=1, storage="procedural")
    two = net.add(
        rb.Model("dv/dt = -v/(10*ms) : 1\ndw/dt = -w/(10*ms) : 1",
                 receives={"both": "v += weight; w += weight"}), 3, name="two",
    )  # fmt: skip
    with pytest.raises(rb.errors.WiringError, match="'both' adds to several variables, v, w"):
        net.connect(source, two, weight=1, storage="procedural")
    with pytest.raises(rb.errors.WiringError, match="there is no storage 'none'"):
        net.connect(source, two, weight=1, storage="none")
    rates = net.add(rb.models.RateUnit, 3, name="rates")
    with pytest.raises(rb.errors.WiringError, match="a continuous connection is stored"):
        net.connect(rates, rates, weight=1, of="r", storage="procedural")


def test_values_that_are_refused_are_refused_as_if_they_were_stored():
    net, _ = network("procedural", rb.rules.all_to_all(), delay=rb.random.normal(1 * ms, 1 * ms))
    with pytest.raises(rb.errors.WiringError) as refused:
        net.run(1 * ms)
    assert "the delay is negative" in str(refused.value)


def test_they_take_hardly_any_memory():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 20_000, name="cells")
    few = net.connect(cells, cells, rb.rules.fixed_outdegree(100), weight=WEIGHT,
                      storage="procedural")  # fmt: skip
    estimate = net.estimate(1 * second)
    assert estimate.synapses == 2_000_000
    stored = rb.Network(dt=0.1 * ms, seed=1)
    cells = stored.add(rb.models.LIF, 20_000, name="cells")
    stored.connect(cells, cells, rb.rules.fixed_outdegree(100), weight=WEIGHT)
    assert stored.estimate(1 * second).memory_bytes - estimate.memory_bytes > 12 * 2_000_000
    assert synapses.Synapses.expected.fget(few._drawn) == 2_000_000
