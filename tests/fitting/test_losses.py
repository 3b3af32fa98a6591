"""Losses, against their definitions written out."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError, UserError
from rheobase.fitting import Recording, Sweeps, losses
from rheobase.fitting.losses import as_loss, between, gamma
from rheobase.units import ms, mV, pA, second

RNG = np.random.default_rng(4)
T = 1000
SPIKES = np.array([0.1, 0.15, 0.3, 0.62])
VOLTAGE = RNG.normal(-60, 3, T)
DATA = Recording(
    np.repeat([0.0, 100.0], [80, T - 80]) * pA, VOLTAGE * mV, 1 * ms, spikes=SPIKES * second
)
TRAINS = [SPIKES, SPIKES[:3], np.array([0.101, 0.2, 0.29, 0.31, 0.62]), np.empty(0)]
MODEL = np.stack([VOLTAGE, VOLTAGE + 2, RNG.normal(-60, 3, T), np.full(T, -60.0)]) * 1e-3
SWEEPS = Sweeps(MODEL, TRAINS)


def test_voltage():
    found = losses.voltage()(DATA, SWEEPS)
    np.testing.assert_allclose(found, np.mean((MODEL * 1e3 - VOLTAGE) ** 2, axis=1), atol=1e-20)
    np.testing.assert_allclose(losses.voltage(scale=2 * mV)(DATA, SWEEPS), found / 4, atol=1e-20)


def test_voltage_between_spikes():
    loss = losses.voltage(between_spikes=True)
    spoiled = MODEL.copy()
    times = np.arange(T) * 1e-3
    near = np.zeros(T, dtype=bool)
    for spike in np.concatenate([SPIKES, TRAINS[2]]):
        near |= (times >= spike - 0.002 - 1e-9) & (times <= spike + 0.005 + 1e-9)
    np.testing.assert_array_equal(between(DATA, SPIKES, TRAINS[2]), ~near)
    spoiled[2, near] = 1e3
    expected = np.mean((MODEL[2] * 1e3 - VOLTAGE)[~near] ** 2)
    assert loss(DATA, Sweeps(spoiled, TRAINS))[2] == pytest.approx(expected)
    assert loss.needs_spikes and not losses.voltage().needs_spikes


def test_spike_count():
    np.testing.assert_allclose(losses.spike_count()(DATA, SWEEPS), [0, 1 / 16, 1 / 16, 1])


def test_coincidence_is_that_of_the_levels():
    found = losses.coincidence(within=4 * ms)(DATA, SWEEPS)
    # Kistler et al.: 3 of 5 spikes are met within 4 ms, by chance 2 r w N of them.
    chance = 2 * 0.004 * 5 / 1.0
    expected = (2 / 4.5 - chance * 4 / 4.5) / (1 - chance)
    np.testing.assert_allclose(found, [0, 1 - gamma(DATA, SPIKES[:3], 0.004), 1 - expected, 1])
    silent = Recording(rb.stimuli.step(1 * pA), spikes=[] * ms, duration=1 * second)
    assert gamma(silent, np.empty(0)) == 1 and gamma(silent, SPIKES) == 0


def test_van_rossum_is_the_distance_of_filtered_trains():
    tau, dt = 0.02, 2e-5
    t = np.arange(0, 1.5, dt)

    def filtered(train):
        since = t[:, None] - train
        return np.where(since >= 0, np.exp(-np.maximum(since, 0) / tau), 0).sum(axis=1)

    wanted = filtered(SPIKES)
    far = [np.sum((filtered(train) - wanted) ** 2) for train in TRAINS]
    found = losses.van_rossum(tau=tau * second)(DATA, SWEEPS)
    np.testing.assert_allclose(found, np.array(far) / np.sum(wanted**2), atol=2e-3)
    assert found[0] == pytest.approx(0, abs=1e-12) and found[3] == 1


def test_features():
    found = losses.features()(DATA, SWEEPS)
    assert found[0] == 0
    # one spike fewer, of a tolerance of 1; last_interval: the mean of up to three
    off = [1.0, 0.0, 0.0, (np.diff(SPIKES[:3]).mean() - np.diff(SPIKES).mean()) * 1e3]
    off[3] /= 0.1 * np.diff(SPIKES).mean() * 1e3
    assert found[1] == pytest.approx(np.mean(np.square(off)))
    silent = losses.features(latency=10 * ms)(DATA, SWEEPS)
    assert silent[3] == losses.FAR**2


def test_features_of_the_voltage():
    loss = losses.features(baseline=None, trough=2 * mV)
    assert loss.needs_voltage and not losses.features().needs_voltage
    found = loss(DATA, SWEEPS)
    # 2 mV above the data: twice the 1 mV of the baseline, once the 2 mV of the trough (the
    # lowest sample between the first three spikes; the third interval is not there)
    lows = [VOLTAGE[100:151].min(), VOLTAGE[150:301].min()]
    all_lows = [*lows, VOLTAGE[300:621].min()]
    trough = (np.mean(lows) + 2 - np.mean(all_lows)) / 2
    assert found[1] == pytest.approx((2.0**2 + trough**2) / 2)


def test_sums():
    loss = losses.voltage() + 3 * losses.spike_count() + "coincidence"
    assert str(loss) == "voltage + 3*spike_count + coincidence"
    parts = [losses.voltage(), losses.spike_count(), losses.coincidence()]
    expected = np.array([1, 3, 1]) @ [part(DATA, SWEEPS) for part in parts]
    np.testing.assert_allclose(loss(DATA, SWEEPS), expected)
    assert loss.needs_voltage and loss.needs_spikes
    assert str(as_loss(["voltage", 0.5 * losses.features()])) == "voltage + 0.5*features"


def test_a_function_of_the_user():
    def last_spike(recording, sweeps):
        return [0.0 if s.size and s[-1] == recording.spikes[-1] else 1.0 for s in sweeps.spikes]

    loss = as_loss(last_spike)
    np.testing.assert_array_equal(loss(DATA, SWEEPS), [0, 1, 0, 1])
    assert loss.name == "last_spike"
    with pytest.raises(UserError, match=r"gave an array of the wrong shape\n.*4 candidates"):
        as_loss(lambda recording, sweeps: 1.0)(DATA, SWEEPS)


@pytest.mark.parametrize(
    "make, kind, text",
    [
        (lambda: as_loss("voltages"), UnknownNameError, "no loss 'voltages'; did you mean 'volt"),
        (lambda: as_loss(3), UserError, "this is no loss"),
        (lambda: losses.features(latencies=1 * ms), UnknownNameError, "did you mean 'latency'"),
        (lambda: losses.van_rossum(0 * ms), UserError, "van_rossum: tau is not one value above 0"),
        (lambda: losses.voltage(-1 * mV), UserError, "voltage: scale is not one value above 0"),
        (lambda: losses.coincidence(3 * mV), rb.errors.UnitError, "coincidence: within"),
    ],
)
def test_refused(make, kind, text):
    with pytest.raises(kind, match=text):
        make()


def test_coincident_is_within_four_milliseconds():
    later = SPIKES + np.array([0.0039, 0.0041, -0.0039, 0.02])
    chance = 2 * 0.004 * 4 / 1.0
    assert gamma(DATA, later) == pytest.approx((2 / 4 - chance) / (1 - chance))
