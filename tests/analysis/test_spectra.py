"""The spectrum of a population's rate against white noise, Parseval's theorem and rhythms."""

import numpy as np
import pytest
from scipy.signal import welch

import rheobase as rb
from rheobase.results import SpikeTrains
from rheobase.units import ms, second


def modulated(frequency, depth, cells=50, rate=40.0, stop=20.0, seed=1):
    """Poisson trains whose rate goes up and down, by thinning."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate * (1 + depth) * stop * cells)
    times, ids = rng.uniform(0, stop, count), rng.integers(0, cells, count)
    wanted = (1 + depth * np.sin(2 * np.pi * frequency * times)) / (1 + depth)
    kept = rng.uniform(size=count) < wanted
    return SpikeTrains(times[kept], ids[kept], cells, name="cells", stop=stop)


def test_poisson_trains_are_flat_at_twice_the_rate_over_their_number():
    spectrum = rb.analysis.population_spectrum(modulated(1, 0.0), segment=200 * ms)
    assert spectrum.attrs["units"] == "Hz**2/Hz" and spectrum.attrs["segments"] == 199
    inner = spectrum.values[2:-1]
    assert inner.mean() == pytest.approx(2 * 40 / 50, rel=0.03)
    assert inner.std() < 0.2 * inner.mean()
    np.testing.assert_allclose(spectrum.frequency.values, np.arange(101) * 5.0)


def test_its_integral_is_the_variance_of_the_rate():
    trains = modulated(7, 0.5)
    spectrum = rb.analysis.population_spectrum(trains, bin=2 * ms, segment=1 * second)
    variance = trains.population_rate(2 * ms).values.var()
    assert float(spectrum.integrate("frequency")) == pytest.approx(variance, rel=0.05)


def test_a_rhythm_is_found_with_its_power():
    spectrum = rb.analysis.population_spectrum(modulated(30, 0.6), segment=1 * second)
    peak = float(spectrum.sel(frequency=slice(5, None)).idxmax())
    assert peak == 30
    around = spectrum.sel(frequency=slice(27, 33)) - 2 * 40 / 50
    assert float(around.integrate("frequency")) == pytest.approx((0.6 * 40) ** 2 / 2, rel=0.1)


@pytest.mark.parametrize("segment", [100, 101])
def test_it_is_welchs_method(segment):
    trains = modulated(30, 0.6, stop=5.0)
    rate = trains.population_rate(1 * ms).values
    frequencies, power = welch(rate, 1000, nperseg=segment, noverlap=segment - segment // 2)
    found = rb.analysis.population_spectrum(trains, segment=segment * ms)
    np.testing.assert_allclose(found.frequency.values, frequencies, atol=1e-9)
    np.testing.assert_allclose(found.values, power, rtol=1e-9, atol=1e-12)


def test_short_trains_are_one_segment():
    spectrum = rb.analysis.population_spectrum(modulated(30, 0.6, stop=0.3))
    assert spectrum.attrs["segments"] == 1 and spectrum.sizes == {"frequency": 151}


def test_errors():
    with pytest.raises(rb.errors.UserError, match=r"a segment of 0.002 s has 2 bins of 0.001 s; a"
                       " spectrum takes at least four"):  # fmt: skip
        rb.analysis.population_spectrum(modulated(1, 0.0), segment=2 * ms)
    with pytest.raises(rb.errors.UserError, match="bin is a time above 0"):
        rb.analysis.population_spectrum([[0.1]], bin=0)
