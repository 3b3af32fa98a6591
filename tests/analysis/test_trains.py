"""What statistics of spikes take."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.analysis.trains import positive_time, trains_of
from rheobase.results import Result, SpikeTrains
from rheobase.units import ms, mV, second

TRAINS = SpikeTrains([0.1, 0.2, 0.4], [0, 1, 0], 2, name="cells", stop=1.0)


def test_trains_and_results_are_taken_as_they_are():
    assert trains_of(TRAINS, "f") is TRAINS
    assert trains_of(Result([TRAINS], [], dt=1e-3, stop=1.0, seed=0), "f") == TRAINS


@pytest.mark.parametrize("given, sizes", [
    ([0.1, 0.2], [2]),
    ([100, 200] * ms, [2]),
    ([100 * ms, 0.2 * second], [2]),
    (np.array([0.1, 0.2, 0.3]), [3]),
    ([[0.1], [0.2, 0.3]], [1, 2]),
    ([[100] * ms, np.array([0.2, 0.3]), []], [1, 2, 0]),
    ([], []),
])  # fmt: skip
def test_lists_of_times(given, sizes):
    found = trains_of(given, "f")
    assert [times.size for times in found] == sizes
    assert found.start == 0 and found.stop == (found.times[-1] if found.count else 0)


def test_what_is_refused():
    other = SpikeTrains([], [], 1, name="other", stop=1.0)
    with pytest.raises(rb.errors.UserError, match=r"of 2 populations.*\nexpected: the spikes of one"
                       r" of: cells, other\nwrite f\(result.spikes\[\"cells\"\]\)"):  # fmt: skip
        trains_of(Result([TRAINS, other], [], dt=1e-3, stop=1.0, seed=0), "f")
    with pytest.raises(rb.errors.UserError, match="f: these are no spike trains"):
        trains_of(3.0, "f")
    with pytest.raises(rb.errors.UserError, match="f: these are no spike trains"):
        trains_of("cells", "f")
    with pytest.raises(rb.errors.UnitError, match="expected a time"):
        trains_of([1, 2] * mV, "f")
    assert positive_time(3 * ms, "f", "bin", "f(bin=1*ms)") == 0.003
    with pytest.raises(rb.errors.UserError, match=r"f: bin is a time above 0\ngiven: 0 s\nwrite f"):
        positive_time(0, "f", "bin", "f(bin=1*ms)")
