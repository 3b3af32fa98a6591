"""The benchmark networks are wired as published; `tests/oracles` has the review's rates."""

import numpy as np
import pytest

from rheobase.bench import brunel, hpc, networks

REVIEW = [networks.cuba, networks.coba, networks.cobahh, networks.cubadv]


@pytest.mark.parametrize("make", REVIEW)
def test_every_ordered_pair_is_connected_with_probability_two_percent(make):
    net = make(1)
    assert net.run("1 ms").spikes["cells"].count > 0
    # 16 million pairs: mean 320,000, standard deviation 560.
    synapses = [len(projection.pre) for projection in net.projections.values()]
    assert abs(sum(synapses) - 320_000) < 5 * 560
    assert abs(synapses[0] - 256_000) < 5 * 501
    assert all((projection.delays.to("ms").magnitude == 0.1).all()
               for projection in net.projections.values())  # fmt: skip


@pytest.mark.parametrize("make", REVIEW)
def test_larger_networks_keep_the_inputs_of_a_cell(make):
    net = make(1, scale=10)
    assert len(net.populations["cells"]) == 40_000
    assert net.estimate("1 second").synapses == pytest.approx(40_000 * 80)


def test_brunel_in_a_small_network():
    net = brunel.panel("b", scale=0.1)
    excitation, inhibition = net.projections["excitation"], net.projections["inhibition"]
    assert np.all(np.bincount(excitation.post, minlength=1250) == 1000)
    assert np.all(np.bincount(inhibition.post, minlength=1250) == 250)
    assert excitation.pre.max() == 999
    assert inhibition.pre.min() == 1000
    np.testing.assert_allclose(excitation.weights.to("mV").magnitude, 0.1)
    np.testing.assert_allclose(inhibition.weights.to("mV").magnitude, -0.6)
    np.testing.assert_allclose(excitation.delays.to("ms").magnitude, 1.5)


def test_the_alpha_current_has_its_published_potential():
    """A weight of 45.6096 pA moves the voltage by 0.14 mV, 1.700759 ms after it arrived."""
    import rheobase as rb

    net = rb.Network(dt="0.01 ms")
    cell = net.add(hpc.neuron(), name="cell")
    net.drive(cell, rb.stimuli.spike_times(["0 ms"]), weight=f"{hpc.WEIGHT} pA")
    net.record(cell, "v")
    v = net.run("5 ms", backend="interpreter").traces["cell"].v.values[:, 0]
    assert float(v.max()) == pytest.approx(0.14, rel=1e-4)
    assert v.argmax() * 1e-5 == pytest.approx(1.700759e-3, abs=2e-5)
