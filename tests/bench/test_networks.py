"""The benchmark networks are those of the 2007 review.

Rates: independent programs of the same networks (dt 0.1 ms, several realizations)
give 5.1 to 5.5 Hz for CUBA, 17.8 to 19.1 Hz for COBA and about 35 Hz for COBAHH.
"""

import pytest

from rheobase.bench.networks import NETWORKS


@pytest.mark.parametrize(
    "name, low, high", [("cuba", 4.5, 6.4), ("coba", 15.0, 22.0), ("cobahh", 28.0, 42.0)]
)
def test_rates(name, low, high):
    net = NETWORKS[name](1)
    spikes = net.run("1 second").spikes["cells"]
    late = spikes.between("0.2 second", "1 second").count / 4000 / 0.8
    assert low < late < high
    # 16 million pairs with probability 0.02, mean 320,000, standard deviation 560.
    synapses = sum(len(projection.pre) for projection in net.projections.values())
    assert abs(synapses - 320_000) < 5 * 560
