"""Exponentials peeled from sums of known ones, and from the decay of a cylinder."""

import numpy as np
import pytest
from tests.analysis.cells import TAU, cylinder

import rheobase as rb
from rheobase.analysis import peel
from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.units import ms, mV, pA

T = np.arange(0, 200, 0.05)


def decay(*terms):
    return sum(a * np.exp(-T / tau) for a, tau in terms)


def pairs(found):
    return [(e.amplitude.to(mV).magnitude, e.tau.to(ms).magnitude) for e in found]


@pytest.mark.parametrize("sign", [1, -1])
def test_one_exponential(sign):
    (one,) = peel(-70 + sign * decay((5, 12)), 1, dt=0.05 * ms, baseline=-70 * mV)
    assert (one.amplitude.to(mV).magnitude, one.tau.to(ms).magnitude) == pytest.approx(
        (sign * 5, 12), rel=1e-9
    )


def test_sums_of_exponentials():
    found = pairs(peel(decay((4, 20), (3, 2)), dt=0.05 * ms, baseline=0 * mV))
    assert found == [pytest.approx((4, 20), rel=1e-4), pytest.approx((3, 2), rel=1e-2)]
    three = decay((4, 20), (3, 2), (6, 0.3))
    assert pairs(peel(three, 3, dt=0.05 * ms, baseline=0 * mV))[2][1] == pytest.approx(0.3, rel=0.1)


def test_fewer_are_found_where_nothing_is_left():
    assert len(peel(decay((4, 20)), 4, dt=0.05 * ms, baseline=0 * mV)) <= 2


def test_with_noise_in_a_higher_window():
    random = np.random.default_rng(1)
    noisy = decay((4, 20)) + random.normal(0, 0.002, T.size)
    (one,) = peel(noisy, 1, dt=0.05 * ms, baseline=0 * mV, window=(0.05, 0.5))
    assert one.tau.to(ms).magnitude == pytest.approx(20, rel=0.01)


def test_the_time_constants_of_a_cylinder():
    """tau_n = tau/(1 + (n pi)**2) for one length constant with sealed ends (Rall 1969)."""
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(cylinder(), name="cells")
    cells.v = -70 * mV
    net.inject(cells.at(fraction=0.0), rb.stimuli.step(-100 * pA, stop=0.1 * ms))
    net.record(cells.at(fraction=0.0), "v", name="end")
    v = net.run(200 * ms).traces["end"].v[20:, 0]
    (_, slow), (_, fast) = pairs(peel(v, baseline=-70 * mV))
    assert slow == pytest.approx(TAU, rel=1e-4)
    assert fast == pytest.approx(TAU / (1 + np.pi**2), rel=0.02)


def test_the_last_sample_is_the_baseline():
    (one,) = peel(-70 + decay((5, 12)), 1, dt=0.05 * ms)
    assert one.tau.to(ms).magnitude == pytest.approx(12, rel=1e-4)


def refused(error, *words, trace=None, **options):
    with pytest.raises(error) as raised:
        peel(decay((4, 20)) if trace is None else trace, **{"dt": 0.05 * ms, **options})
    for word in words:
        assert word in str(raised.value)


def test_errors():
    refused(UserError, "terms is a whole number, 1 or more", "given: 0", terms=0)
    refused(UserError, "the window is two fractions, the smaller first", window=(0.1, 0.01))
    refused(UserError, "the interval of the samples is missing", dt=None)
    refused(UserError, "v does not decay to 0.001 of where it begins", "window=(0.01, 0.1)",
            trace=decay((4, 20))[:400], baseline=0 * mV)  # fmt: skip
    refused(UserError, "nothing to decay from", trace=np.zeros(50))
    refused(UserError, "the trace is of 2 cells, and one is meant", "v[:, 0]",
            trace=np.zeros((50, 2)))  # fmt: skip
    refused(UnitError, "baseline: expected a voltage", baseline=1 * ms)
    refused(ShapeError, "this is no trace of a voltage", trace="v")
