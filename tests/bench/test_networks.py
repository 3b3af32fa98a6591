"""The benchmark networks are wired as the 2007 review says; `tests/oracles` has their rates."""

import pytest

from rheobase.bench.networks import NETWORKS


@pytest.mark.parametrize("name", NETWORKS)
def test_every_ordered_pair_is_connected_with_probability_two_percent(name):
    net = NETWORKS[name](1)
    assert net.run("1 ms").spikes["cells"].count > 0
    # 16 million pairs: mean 320,000, standard deviation 560.
    synapses = [len(projection.pre) for projection in net.projections.values()]
    assert abs(sum(synapses) - 320_000) < 5 * 560
    assert abs(synapses[0] - 256_000) < 5 * 501
    assert all((projection.delays.to("ms").magnitude == 0.1).all()
               for projection in net.projections.values())  # fmt: skip
