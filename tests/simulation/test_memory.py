"""A network that will not fit is refused before it is built."""

from __future__ import annotations

import pytest

import rheobase as rb
from rheobase.simulation import memory
from rheobase.units import Hz, ms, pA, second


def test_a_network_that_will_not_fit_is_refused_before_it_is_built():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 2_000_000, name="cells")
    net.connect(cells, cells, rb.rules.fixed_indegree(10_000), weight=1 * pA, name="many")
    assert net.estimate(1 * second, rate=5 * Hz).memory_bytes > 100e9
    with pytest.raises(rb.errors.UserError, match=r"need about .* GB of memory, and this"):
        net.run(1 * ms)


def test_the_largest_projection_is_named(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 60_000)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 100, name="cells")
    net.connect(cells, cells, rb.rules.one_to_one(), weight=1 * pA, name="few")
    net.connect(cells, cells, weight=1 * pA, name="all")
    with pytest.raises(rb.errors.UserError, match=r"'all' alone needs 81\.2 kB"):
        net.run(1 * ms)


def test_where_the_platform_does_not_tell_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 10, name="cells")
    net.connect(cells, cells, weight=1 * pA)
    net.run(1 * ms)


def test_recordings_that_will_not_fit_are_refused_before_the_first_step(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "available_bytes", lambda: 10_000)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 10, name="cells")
    net.record(cells[:1], "v", name="one")
    net.record(cells, "v", name="all")
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(10 * ms)
    for words in ("what is recorded in this run needs about 26.4 kB of memory",
                  "this machine has 10 kB", "'all' alone needs 24 kB", "every=1*ms",
                  'stream_to="run.h5"'):  # fmt: skip
        assert words in str(refused.value)
    assert net.time == 0 * ms
    net.run(1 * ms)
    net.run(10 * ms, stream_to=tmp_path / "run.h5")
    net.run(10 * ms, stop_when="any(cells.v > 0*mV)")


def test_this_machine_has_some_memory():
    there = memory.available_bytes()
    assert there is None or there > 10_000_000


@pytest.mark.parametrize("rule, arguments, offered, not_offered", [
    (rb.rules.fixed_indegree(9), {"weight": 1 * pA}, ["connect fewer cells;"],
     ["float32", "one weight", "procedural"]),
    (rb.rules.fixed_probability(0.5), {"weight": rb.random.normal(1 * pA, 1 * pA)},
     ["float32", "one weight", 'storage="procedural"'], []),
])  # fmt: skip
def test_only_what_helps_is_offered(monkeypatch, rule, arguments, offered, not_offered):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 100, name="cells")
    net.connect(cells, cells, rule, **arguments)
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(1 * ms)
    assert all(words in str(refused.value) for words in offered)
    assert not any(words in str(refused.value) for words in not_offered)
