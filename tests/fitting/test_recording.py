"""A sweep: what is read from what the user gives, and its parts."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.fitting import Recording
from rheobase.fitting.recording import upward_crossings
from rheobase.units import Hz, mA, ms, mV, pA, second, um

V = np.array([-70.0, -65.0, 10.0, -60.0, -68.0, -30.0, 5.0, 6.0])
CURRENT = np.array([0.0, 0, 300, 300, 300, 300, 0, 0])


def make(**changes):
    return Recording(**{"stimulus": CURRENT * pA, "voltage": V * mV, "dt": 1 * ms, **changes})


def test_values_times_and_spikes():
    one = make(name="sweep")
    assert (one.duration, one.dt, one.unit) == (8e-3, 1e-3, "mV")
    np.testing.assert_allclose(one.times, np.arange(8) * 1e-3)
    np.testing.assert_allclose(one.voltage, V)
    np.testing.assert_allclose(one.spikes, [1e-3 + 45 / 75 * 1e-3, 5e-3 + 10 / 35 * 1e-3])
    assert repr(one) == "<Recording 'sweep': 8 ms, 8 samples, weight 1>"


def test_a_crossing_counts_where_the_level_is_reached():
    values = np.array([0.0, 1.0, 0.0, 2.0, 2.0, 0.0])
    np.testing.assert_allclose(upward_crossings(values, 1.0, 1.0), [1.0, 2.5])


def test_the_stimulus_as_a_network_gets_it():
    one = make()
    np.testing.assert_allclose(one.stimulus.values(np.arange(8), 1e-3)[:, 0], CURRENT * 1e-12)
    assert one.mean_current == pytest.approx(300e-12)
    assert one.onset == pytest.approx(2e-3)
    assert one.first_value == 0
    given = make(stimulus=rb.stimuli.step(300 * pA, start=2 * ms, stop=6 * ms))
    assert given.onset == pytest.approx(2e-3)


def test_a_window_hides_what_lies_outside():
    one = make(start=2 * ms, stop=6 * ms)
    np.testing.assert_allclose(one.spikes, [5e-3 + 10 / 35 * 1e-3])
    assert one.samples_inside() == slice(2, 6)
    np.testing.assert_allclose(one.values_si(), V[2:6] * 1e-3)
    assert one.onset == pytest.approx(2e-3)


def test_a_part_begins_at_zero():
    whole = make(name="a", start=1 * ms, stop=7 * ms, weight=2)
    part = whole.part(2 * ms, 7 * ms)
    np.testing.assert_allclose(part.voltage, V[2:7])
    np.testing.assert_allclose(part.stimulus.values(np.arange(5), 1e-3)[:, 0], CURRENT[2:7] * 1e-12)
    assert (part.start, part.duration, part.weight, part.name) == (0, pytest.approx(5e-3), 2, "a")
    np.testing.assert_allclose(part.spikes, whole.spikes[1:] - 2e-3)


def test_spikes_alone():
    times = [3, 1, 20] * ms
    with pytest.warns(rb.errors.RheobaseWarning, match="1 of 3 spikes lie outside"):
        one = Recording(rb.stimuli.step(100 * pA), spikes=times, duration=10 * ms)
    np.testing.assert_allclose(one.spikes, [1e-3, 3e-3])
    assert one.voltage is None and one.times.size == 0
    assert "no voltage" in repr(one)


def test_what_is_not_volts_needs_a_level():
    one = Recording(np.zeros(3) * pA, np.array([0.0, 30, 0]), 1 * ms)
    with pytest.raises(UserError, match="where a spike begins is not known of what is no voltage"):
        _ = one.spikes
    leveled = Recording(np.zeros(3) * pA, np.array([0.0, 30, 0]), 1 * ms, spike_level=15)
    np.testing.assert_allclose(leveled.spikes, [0.5e-3])


REFUSED = [
    (dict(voltage=None), UserError, "there is nothing to fit to"),
    (dict(dt=None), UserError, "dt is missing, the time between samples of the voltage"),
    (dict(dt=0 * ms), UserError, "dt is 0"),
    (dict(dt=1 * Hz), UnitError, "Recording: dt"),
    (dict(voltage=V[:5] * mV), ShapeError, "have different numbers of samples"),
    (dict(voltage=V[:, None] * mV), ShapeError, "the voltage is one array over time"),
    (dict(voltage=np.full(8, np.nan) * mV), ShapeError, "sample 0 of the voltage is not a finite"),
    (dict(start=9 * ms), UserError, "stop is not after start"),
    (dict(weight=0), UserError, "weight is not a number above 0"),
    (dict(stimulus=rb.stimuli.step([1, 2] * pA)), ShapeError, "the stimulus is for several cells"),
    (
        dict(stimulus=rb.stimuli.noise(1 * pA, tau=1 * ms)),
        UserError,
        r"drawn at random, so it is not known[^\n]*\n.*frozen\(1\*second",
    ),
]


@pytest.mark.parametrize("changes, kind, text", REFUSED)
def test_refused(changes, kind, text):
    with pytest.raises(kind, match=text):
        make(**changes)


def test_refused_without_samples():
    with pytest.raises(UserError, match="how long was recorded is not known"):
        Recording(rb.stimuli.step(1 * pA), spikes=[1] * ms)
    with pytest.raises(UserError, match="only a recording with samples of a voltage has parts"):
        Recording(rb.stimuli.step(1 * pA), spikes=[1] * ms, duration=1 * second).part(
            0 * ms, 1 * ms
        )
    with pytest.raises(UserError, match="no samples lie between start and stop"):
        make().part(7 * ms, 7.5 * ms)


def test_a_wrong_current_is_found_when_it_is_used():
    recording = make(stimulus=CURRENT * mA * mV)
    with pytest.raises(rb.errors.WiringError, match=r"input I of AdEx\n.*values in pA\n.*mA"):
        rb.fit_parameters(rb.models.AdEx, recording, {"b": (1, 2) * pA})
    text = r"input I of HodgkinHuxley\n.*uA/cm\*\*2\n.*values in pA\n.*recording.per_area\("
    with pytest.raises(rb.errors.WiringError, match=text):
        rb.fit_parameters(rb.models.HodgkinHuxley, make(), {"E_L": (-60, -50) * mV})
    plain = make(stimulus=CURRENT)
    with pytest.raises(rb.errors.WiringError, match=r"values in pA\n.*plain numbers\ngive the sti"):
        rb.fit_parameters(rb.models.AdEx, plain, {"b": (1, 2) * pA})


def test_spikes_that_are_no_times_of_the_recording_are_told():
    with pytest.raises(ShapeError, match=r"the time of spike 1 is not a finite number\ngiven: nan"):
        make(spikes=[0.001, np.nan] * second)
    with pytest.warns(
        rb.errors.RheobaseWarning, match=r"2 of 3 spikes lie outside its .* at 300 s"
    ):
        late = make(spikes=[0.001, 300, 400] * second)
    assert late.spikes.tolist() == [0.001]


def test_a_stimulus_per_area():
    one = make()
    assert one.mean_current == pytest.approx(300e-12)
    per_area = one.per_area(30_000 * um**2)
    # 300 pA over 30,000 um2 are 1 uA/cm2, or 0.01 A/m2
    assert per_area.mean_current == pytest.approx(0.01)
    assert per_area.stimulus.unit.text == "uA/cm**2"
    np.testing.assert_allclose(per_area.voltage, one.voltage)
    assert one.mean_current == pytest.approx(300e-12)
    fit = rb.fit_parameters(rb.models.HodgkinHuxley, per_area, {"E_L": (-60, -50) * mV},
                            iterations=1, population=5)  # fmt: skip
    assert fit.loss > 0
    with pytest.raises(UnitError, match="per_area: area"):
        one.per_area(3 * mV)
    with pytest.raises(UserError, match="the area is not one value above 0"):
        one.per_area(0 * um**2)
