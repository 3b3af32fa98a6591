"""Synapses drawn when they are asked for: always the same, kept only where they are few."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.connectivity import values as drawn_values
from rheobase.simulation import synapses
from rheobase.units import Hz, ms, pA, um


@pytest.fixture
def compiled(monkeypatch):
    """Let compiled code draw however few there are, and keep nothing."""
    monkeypatch.setattr(synapses, "COMPILED_FROM", 0)
    monkeypatch.setattr(synapses, "COMPILED_FROM_WHEN_COLD", 0)
    monkeypatch.setattr(drawn_values, "COMPILED_FROM", 0)
    monkeypatch.setattr(drawn_values, "COMPILED_FROM_WHEN_COLD", 0)
    monkeypatch.setattr(synapses, "KEPT_UP_TO", -1)


RULES = [
    rb.rules.fixed_probability(0.2, autapses=False), rb.rules.fixed_total(900),
    rb.rules.fixed_total(900, multapses=False), rb.rules.fixed_indegree(7, autapses=False),
    rb.rules.fixed_outdegree(9, multapses=False), rb.rules.all_to_all(), rb.rules.ring(-2),
    rb.rules.where("abs(i - j) < 4", probability=0.5), rb.rules.within(30 * um, 0.7),
    rb.rules.pairs(np.arange(40)[::-1], np.arange(40)), rb.rules.from_matrix(np.eye(60) * pA),
]  # fmt: skip


def seen(rule, order=1, weight="(1 + 0.01*i + rand())*pA", **options):
    net = rb.Network(dt=0.1 * ms, seed=7)
    where = np.linspace(0, 300, 60)[:, None] * um
    cells = net.add(rb.models.LIF, 60, name="cells", positions=where)
    made = net.connect(
        cells[::order], cells, rule, name="made", delay=rb.random.exponential(1 * ms),
        weight=None if rule.name == "from_matrix" else weight, **options,
    )  # fmt: skip
    return made.pre, made.post, made.weights.to(pA).magnitude, made.delays.to(ms).magnitude, made


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("order", [1, -1])
def test_compiled_code_draws_what_numpy_draws(rule, order, request):
    plain = seen(rule, order)
    request.getfixturevalue("compiled")
    found = seen(rule, order)
    for one, other in zip(plain[:4], found[:4], strict=True):
        np.testing.assert_array_equal(one, other)
    assert "rows" in plain[4]._drawn._shared
    assert "rows" not in found[4]._drawn._shared
    assert len(found[4]) == found[0].size


@pytest.mark.parametrize("weight", [rb.random.normal(2 * pA, 1 * pA, low=0 * pA), 3 * pA])
def test_a_run_is_the_same_however_synapses_are_drawn(weight, request, backend):
    def run():
        net = rb.Network(dt=0.1 * ms, seed=3)
        cells = net.add(rb.models.LIF, 50, name="cells")
        noise = net.add(rb.stimuli.poisson(4000 * Hz), 50)
        net.connect(noise, cells, rb.rules.one_to_one(), weight=150 * pA)
        made = net.connect(cells, cells, rb.rules.fixed_indegree(10), weight=weight,
                           delay=rb.random.uniform(0.5 * ms, 3 * ms))  # fmt: skip
        first = net.run(40 * ms, backend=backend).spikes["cells"]
        made.weights = rb.random.uniform(0 * pA, 300 * pA)
        made.delays = "(1 + 0.1*j)*ms"
        second = net.run(40 * ms, backend=backend).spikes["cells"]
        return first.times, first.ids, second.times, second.ids, made.weights.magnitude

    plain = run()
    request.getfixturevalue("compiled")
    for one, other in zip(plain, run(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_was_drawn_stays_when_the_seed_changes(compiled):
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF, 30, name="cells")
    made = net.connect(cells, cells, rb.rules.fixed_indegree(10),
                       weight=rb.random.uniform(0 * pA, 1 * pA))  # fmt: skip
    before = made.pre, made.post, made.weights.magnitude
    net.run(1 * ms)
    net.store("start")
    net.restore("start", seed=99)
    np.testing.assert_array_equal(made.pre, before[0])
    np.testing.assert_array_equal(made.post, before[1])
    np.testing.assert_array_equal(made.weights.magnitude, before[2])
    made.weights = rb.random.uniform(0 * pA, 1 * pA)
    assert not np.any(made.weights.magnitude == before[2])


def test_values_given_one_by_one_are_kept(compiled):
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF, 30, name="cells")
    made = net.connect(cells, cells, rb.rules.fixed_outdegree(3), weight=np.arange(90.0) * pA,
                       weight_dtype="float32")  # fmt: skip
    assert isinstance(made._drawn.weight, synapses.Given)
    np.testing.assert_array_equal(made._drawn.weight.values,
                                  (np.arange(90.0) * 1e-12).astype(np.float32))  # fmt: skip
    made.delays = np.arange(90) * 0.1 * ms
    np.testing.assert_allclose(made.delays.to(ms).magnitude, np.arange(90) * 0.1)


def test_threads_of_the_run_draw(compiled):
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF, 30, name="cells")
    made = net.connect(cells, cells, rb.rules.fixed_outdegree(3), weight=1 * pA)
    assert made._drawn.cores >= 1
    net.run(1 * ms, threads=3)
    assert made._drawn.cores == 3
    made.weights = 2 * pA
    assert made._drawn.cores == 3


def test_errors_begin_with_the_call(compiled):
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF, 30, name="cells")
    made = net.connect(cells, cells, rb.rules.fixed_total(901, multapses=False), weight=1 * pA)
    message = r"net\.connect\(cells, cells, \.\.\.\): fixed_total\(.*\): there are not that many"
    with pytest.raises(rb.errors.WiringError, match=message):
        len(made)
    late = net.connect(cells, cells, weight=1 * pA, delay=rb.random.normal(1 * ms, 5 * ms))
    with pytest.raises(rb.errors.WiringError, match=r"\.\.\.\): the delay is negative"):
        late.delays  # noqa: B018


def test_synapses_are_counted_without_being_drawn(compiled):
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF, 70, name="cells")
    for rule in (rb.rules.fixed_probability(0.3), rb.rules.fixed_total(99),
                 rb.rules.fixed_outdegree(3), rb.rules.all_to_all(autapses=False)):  # fmt: skip
        made = net.connect(cells[:60], cells[5:], rule, weight=1 * pA)
        assert len(made) == made.pre.size
    none = net.connect(cells[:0], cells, rb.rules.fixed_probability(0.3), weight=1 * pA)
    assert len(none) == 0
