"""Batches: every set has the bits of the run it would be alone, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError, UserError, WiringError
from rheobase.units import Hz, ms, mV, pA


def network(seed=4):
    net = rb.Network(dt=0.1 * ms, seed=seed)
    cells = net.add(rb.models.LIF, 90, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    net.drive(cells, rb.stimuli.poisson(8000 * Hz), weight=95 * pA)
    weights = rb.random.normal(20 * pA, 5 * pA)
    net.connect(cells, cells, rb.rules.fixed_probability(0.1), weight=weights, name="recurrent")
    net.record(cells[:3], "v", every=1 * ms)
    return net


SETS = [
    {},
    {"cells.tau_m": 12 * ms},
    {"cells.tau_m": np.linspace(8, 15, 90) * ms, "recurrent.weights": 15 * pA},
    {"seed": 11},
    {"cells.v": -70 * mV, "seed": 4},
    {"recurrent.delays": 0.7 * ms},
]


def bits(result):
    spikes = result.spikes["cells"]
    return (
        spikes.times.tobytes(),
        spikes.ids.tobytes(),
        result.traces["cells"]["v"].values.tobytes(),
    )


def alone(before, values):
    """The run that follows `restore` and the same settings."""
    net = network()
    if before:
        net.run(before)
    net.store()
    net.restore(seed=values.get("seed"))
    for key, value in values.items():
        owner, _, name = key.partition(".")
        if name:
            setattr({**net.populations, **net.projections}[owner], name, value)
    return bits(net.run(40 * ms))


@pytest.mark.parametrize("before", [None, 20 * ms])
def test_every_set_has_the_bits_it_would_have_alone(before):
    expected = [alone(before, values) for values in SETS]
    assert len(set(expected)) == len(SETS)
    for threads in (1, 2, 3):
        net = network()
        if before:
            net.run(before)
        found = [bits(r) for r in net.run_batch(40 * ms, SETS, threads=threads)]
        assert found == expected
        assert net.time.to("ms").magnitude == (20 if before else 0)
        assert net.seed == 4
        assert bits(net.run(40 * ms)) == expected[0]


def test_a_set_changes_nothing_for_those_after_it():
    net = network()
    results = net.run_batch(30 * ms, [{}, {"cells.tau_m": 5 * ms, "recurrent.weights": 0 * pA}, {}])
    assert bits(results[0]) == bits(results[2]) != bits(results[1])
    assert np.all(net.populations["cells"].tau_m == 10 * ms)
    assert net.run_batch(30 * ms, []) == []


def test_nothing_is_compiled_for_other_values():
    pytest.importorskip("numba")
    from rheobase.rendering import cache

    net = network()
    net.run_batch(1 * ms, [{}])
    before = cache.compilations()
    sets = [{"cells.tau_m": tau * ms, "seed": k} for k, tau in enumerate(np.linspace(5, 20, 10))]
    results = net.run_batch(5 * ms, sets, threads=2)
    assert len({bits(r) for r in results}) == 10
    assert cache.compilations() == before


def test_synapses_that_change_are_each_run_s_own():
    net = network()
    cells = net.populations["cells"]
    synapse = rb.synapses.STDP(tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.01, a_minus=0.012,
                               w_max=40 * pA)  # fmt: skip
    net.connect(cells, cells, rb.rules.fixed_probability(0.1), weight=20 * pA, synapse=synapse,
                name="plastic")  # fmt: skip
    sets = [{"seed": seed} for seed in (1, 2, 1, 2)]
    one = [bits(r) for r in net.run_batch(40 * ms, sets)]
    two = [bits(r) for r in net.run_batch(40 * ms, sets, threads=2)]
    assert one == two
    assert one[0] == one[2] != one[1] == one[3]


def test_the_interpreter_gives_the_same():
    net = network()
    sets = [{}, {"cells.tau_m": 12 * ms}]
    compiled = [bits(r) for r in net.run_batch(5 * ms, sets)]
    interpreted = network().run_batch(5 * ms, sets, backend="interpreter")
    assert [bits(r) for r in interpreted] == compiled


@pytest.mark.parametrize(
    ("sets", "error", "message"),
    [
        ([{"cell.tau_m": 5 * ms}], UnknownNameError,
         r"set 0: 'cell.tau_m' names no parameter of a population or projection; did you mean "
         r"'cells'\?"),
        ([{}, {"tau_m": 5 * ms}], UnknownNameError, "set 1: 'tau_m' names no parameter"),
        ([5], WiringError, "set 0 is no dict of values"),
        ([{"cells.tau_mm": 5 * ms}], UserError, "tau_mm"),
        ([{"seed": -1}], UserError, "no whole number"),
    ],
)  # fmt: skip
def test_errors_name_the_set(sets, error, message):
    net = network()
    with pytest.raises(error, match=message):
        net.run_batch(5 * ms, sets, threads=2)


def test_a_failing_set_leaves_the_network_where_it_stood():
    net = network()
    with pytest.raises(UserError):
        net.run_batch(5 * ms, [{}, {"cells.tau_m": 5 * mV}, {}], threads=2)
    assert bits(net.run(5 * ms)) == bits(network().run(5 * ms))


def test_functions_between_slices_want_one_thread():
    net = network()
    net.every(1 * ms, lambda: None)
    with pytest.raises(WiringError, match=r"functions of net\.every see one network"):
        net.run_batch(5 * ms, [{}, {}], threads=2)
    assert len(net.run_batch(5 * ms, [{}, {}])) == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_synapses_are_recorded_in_every_run(threads):
    def made():
        net = network()
        cells = net.populations["cells"]
        learn = rb.synapses.STDP(20 * ms, 20 * ms, a_plus=0.1, a_minus=0.1, w_max=60 * pA)
        plastic = net.connect(cells[:40], cells, weight=30 * pA, synapse=learn, name="plastic")
        net.record(plastic, "weight", every=10 * ms)
        net.run(20 * ms)
        return net

    def weights(result):
        return result.traces["plastic"].weight.values

    sets = [{}, {"plastic.weights": 20 * pA}, {"seed": 9}, {}]
    results = made().run_batch(25 * ms, sets, threads=threads)
    expected = weights(made().run(25 * ms))
    assert [weights(r).shape for r in results] == [(3, 3600)] * 4
    np.testing.assert_array_equal(weights(results[0]), expected)
    np.testing.assert_array_equal(weights(results[3]), expected)
    assert (weights(results[1])[0] == 20).all() and not np.array_equal(expected[0], 20)
    assert not np.array_equal(weights(results[2]), expected)
