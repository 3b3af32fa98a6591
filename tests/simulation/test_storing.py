"""store and restore: repeated trials without building again."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, pA


def network(seed=3):
    net = rb.Network(dt=0.1 * ms, seed=seed)
    cells = net.add(rb.models.LIF, 20, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    projection = net.connect(cells, cells, rb.rules.fixed_probability(0.3), weight=300 * pA,
                             delay=rb.random.uniform(1 * ms, 4 * ms))  # fmt: skip
    net.drive(cells, rb.stimuli.poisson(3000 * Hz), weight=300 * pA)
    net.inject(cells, rb.stimuli.noise(100 * pA, tau=5 * ms))
    net.record(cells, "v", "I", every=1 * ms)
    return net, cells, projection


def observed(result):
    traces = result.traces["cells"]
    return (result.spikes["cells"].times, result.spikes["cells"].ids, traces.v.values,
            traces.I.values, traces.time.values)  # fmt: skip


def test_a_restored_network_goes_on_as_it_did(backend):
    net, cells, projection = network()
    net.run(10 * ms, backend=backend)
    net.store("here")
    first = observed(net.run(20 * ms, backend=backend))
    assert first[0].size > 5
    cells.v = -70 * mV
    cells.tau_m = 3 * ms
    cells[2].E_L = -60 * mV
    projection.weights = 1 * pA
    projection.delays = 7 * ms
    net.run(3 * ms, backend=backend)
    net.restore("here")
    assert net.time.to(ms).magnitude == pytest.approx(10)
    assert cells.tau_m.to(ms).magnitude == pytest.approx(10)
    for one, other in zip(first, observed(net.run(20 * ms, backend=backend)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_is_another_trial(backend):
    net, _, projection = network()
    net.store()
    before = projection.pre.copy()
    trials = []
    for seed in (None, 11, 12, 11, 3):
        net.restore(seed=seed)
        trials.append(observed(net.run(20 * ms, backend=backend)))
    for array in range(4):
        np.testing.assert_array_equal(trials[1][array], trials[3][array])
        np.testing.assert_array_equal(trials[0][array], trials[4][array])
    assert not np.array_equal(trials[0][2], trials[1][2])
    assert not np.array_equal(trials[1][3], trials[2][3])
    np.testing.assert_array_equal(before, projection.pre)


def test_without_a_seed_the_noise_is_again_what_it_was():
    net, _, _ = network(seed=3)
    net.store()
    first = observed(net.run(20 * ms))
    net.restore(seed=11)
    other = observed(net.run(20 * ms))
    assert net.seed == 11 and not np.array_equal(first[2], other[2])
    net.restore()
    assert net.seed == 3
    for one, again in zip(first, observed(net.run(20 * ms)), strict=True):
        np.testing.assert_array_equal(one, again)


def test_functions_and_samples_of_synapses_are_due_again():
    net, cells, _ = network()
    learn = rb.synapses.STDP(20 * ms, 20 * ms, a_plus=0.1, a_minus=0.1, w_max=300 * pA)
    plastic = net.connect(cells, cells, weight=100 * pA, synapse=learn, name="plastic")
    net.record(plastic, "weight", every=5 * ms)
    called = []
    net.every(5 * ms, lambda net: called.append(round(net.time.to(ms).magnitude)))
    net.run(10 * ms)
    net.store()
    first = net.run(3 * ms).traces["plastic"].weight.values
    assert called == [0, 5, 10] and first.shape[0] == 1
    for _ in range(2):
        called.clear()
        net.restore()
        again = net.run(3 * ms).traces["plastic"].weight.values
        assert called == [10]
        np.testing.assert_array_equal(again, first)


def test_what_cannot_be_restored_is_refused():
    net, _, _ = network()
    with pytest.raises(
        rb.errors.UnknownNameError, match=r"nothing was stored as 'a'\n.*store\(\"a"
    ):
        net.restore("a")
    net.store("trial")
    with pytest.raises(rb.errors.UnknownNameError, match="did you mean 'trial'"):
        net.restore("trail")
    net.add(rb.models.LIF)
    with pytest.raises(rb.errors.WiringError, match="populations or projections were added since"):
        net.restore("trial")
