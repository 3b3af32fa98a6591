"""The benchmark networks of the 2007 review against rates of independent programs.

Two random networks each of an own C program, one step of delay, 0.2 to 1.2 s; the play between
random networks is about 10 %.
"""

import numpy as np
import pytest

from rheobase.bench.networks import coba, cobahh, cuba
from rheobase.units import second


@pytest.mark.parametrize("make, low, high, cv, within", [
    (cuba, 4.5, 6.1, 0.51, 0.1),
    (coba, 16.0, 21.0, 1.6, 0.25),
    (cobahh, 31.4, 38.7, 2.0, 0.3),
])  # fmt: skip
def test_rates_and_irregularity(make, low, high, cv, within):
    result = make(seed=3).run(1.2 * second)
    late = result.spikes["cells"].between(0.2, 1.2)
    assert low < late[:3200].count / 3200 < high
    assert low < late[3200:].count / 800 < high
    enough = np.bincount(late.ids, minlength=4000) >= 6
    assert np.nanmean(late.cv()[enough]) == pytest.approx(cv, abs=within)
