import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import ShapeError, UnitError, WiringError
from rheobase.network import stimuli
from rheobase.network.waveforms import OUTerm, WaveformTerm
from rheobase.units import DIMENSIONLESS, UNITS, Hz, cm, ms, mV, nA, pA, second, uA

STEPS = np.arange(100)
DT = 1e-3


def values(current, steps=STEPS, dt=DT, start=0.0):
    return current.values(steps, dt, start)[:, 0]


# --- shapes --------------------------------------------------------------------------------------


def test_step():
    found = values(stimuli.step(500 * pA, start=10 * ms, stop=60 * ms))
    np.testing.assert_allclose(found, np.where((STEPS >= 10) & (STEPS < 60), 500e-12, 0))
    np.testing.assert_allclose(values(stimuli.step(2)), 2)
    np.testing.assert_allclose(
        values(stimuli.step(2, start=0.05 * second), start=0.02), 2.0 * (STEPS >= 30)
    )


@given(st.floats(0, 50), st.floats(1, 40))
def test_edges_of_a_step_are_rounded_to_the_grid(start, length):
    found = values(stimuli.step(1, start * ms, (start + length) * ms))
    on = np.flatnonzero(found)
    assert abs(on[0] - start) <= 0.5 + 1e-5
    assert abs(on[-1] + 1 - (start + length)) <= 0.5 + 1e-5


def test_a_step_that_vanishes_is_refused_when_it_is_used():
    current = stimuli.step(1 * pA, 10.1 * ms, 10.3 * ms)
    with pytest.raises(WiringError, match=r"step from 10.1\*ms to 10.3\*ms vanishes on the grid"):
        current.terms(1e-3)
    assert values(current, np.arange(1000), 1e-4).sum() == pytest.approx(2e-12)


def test_one_amplitude_a_cell():
    current = stimuli.step([1, 2, 3] * nA, stop=5 * ms)
    assert current.size == 3
    found = current.values(STEPS, DT)
    assert found.shape == (100, 3)
    np.testing.assert_allclose(found[4], [1e-9, 2e-9, 3e-9])
    (term,) = current.terms(DT)
    np.testing.assert_allclose(term.amplitude, [1e-9, 2e-9, 3e-9])
    np.testing.assert_array_equal(term.waveform(3, 4), [[1.0], [1.0], [0.0], [0.0]])


def test_ramp():
    found = values(stimuli.ramp(1 * nA, 3 * nA, start=10 * ms, stop=30 * ms))
    inside = (STEPS >= 10) & (STEPS < 30)
    np.testing.assert_allclose(found, np.where(inside, 1e-9 + (STEPS - 10) * 1e-10, 0), atol=1e-22)
    each = stimuli.ramp([0, 1] * nA, 1 * nA, 0 * ms, 10 * ms).values(STEPS, DT)
    np.testing.assert_allclose(each[5], [0.5e-9, 1e-9])


def test_sine():
    current = stimuli.sine(2, 20 * Hz, phase=0.5, offset=1, start=10 * ms, stop=90 * ms)
    time = STEPS * DT
    expected = 1 + 2 * np.sin(2 * np.pi * 20 * (time - 0.01) + 0.5)
    inside = (STEPS >= 10) & (STEPS < 90)
    np.testing.assert_allclose(values(current), np.where(inside, expected, 0), atol=1e-12)
    each = stimuli.sine(1 * pA, [10, 20] * Hz, offset=[0, 1] * pA)
    assert each.size == 2
    expected = np.stack([np.sin(20 * np.pi * time), np.sin(40 * np.pi * time) + 1], axis=1)
    np.testing.assert_allclose(each.values(STEPS, DT), expected * 1e-12, atol=1e-22)
    assert len(stimuli.sine(1, 1 * Hz).terms(DT)) == 1


def test_a_sine_keeps_its_phase_in_a_long_run():
    far = 10_000 * 1000 + STEPS  # 10,000 s: a whole number of periods
    current = stimuli.sine(1, 25 * Hz)
    np.testing.assert_allclose(values(current, far), values(current), atol=1e-9)


def test_pulse_train():
    current = stimuli.pulse_train(1, period=20 * ms, width=5 * ms, start=10 * ms, stop=73 * ms)
    expected = [(k >= 10) and (k < 73) and ((k - 10) % 20 < 5) for k in STEPS]
    np.testing.assert_array_equal(values(current), expected)
    same = stimuli.pulse_train(1, width=5 * ms, frequency=50 * Hz, start=10 * ms, stop=73 * ms)
    np.testing.assert_array_equal(values(same), expected)


@given(st.floats(2, 30), st.floats(0.6, 1.9), st.floats(0, 10))
def test_each_pulse_begins_at_the_nearest_step(period, width, start):
    made = stimuli.pulse_train(1, period * ms, width * ms, start * ms)
    expected = np.zeros(100)
    for m in range(60):
        begin = start + m * period
        first = int(np.floor(begin + 0.5 + 1e-6))
        expected[first : first + int(np.floor(width + 0.5 + 1e-6))] = 1
    np.testing.assert_array_equal(values(made), expected)


def test_pulses_that_vanish_are_refused_when_they_are_used():
    with pytest.raises(WiringError, match="pulse_train: a pulse from 0"):
        stimuli.pulse_train(1, 5 * ms, 0.3 * ms).terms(1e-3)


def test_from_array():
    given_values = np.array([1.0, 5.0, 3.0])
    found = values(stimuli.from_array(given_values * nA, dt=10 * ms))
    np.testing.assert_allclose(
        found, np.concatenate([np.repeat(given_values, 10), np.zeros(70)]) * 1e-9
    )
    # a step takes the value at its beginning, whatever the two grids are
    finer = stimuli.from_array(np.arange(250) * nA, dt=0.4 * ms)
    np.testing.assert_allclose(values(finer), np.floor(STEPS / 0.4 + 1e-9) * 1e-9)
    each = stimuli.from_array(np.arange(6).reshape(3, 2), dt=1 * ms)
    assert each.size == 2
    np.testing.assert_array_equal(each.values(np.array([0, 2, 3]), DT), [[0, 1], [4, 5], [0, 0]])
    late = stimuli.from_array(given_values, dt=10 * ms)
    np.testing.assert_array_equal(late.values(np.arange(-1, 2), DT, start=-0.001)[:, 0], [0, 0, 1])


def test_what_is_given_can_change_afterwards():
    amplitudes, samples = np.array([1.0, 2.0]), np.array([1.0, 2.0])
    step, array = stimuli.step(amplitudes), stimuli.from_array(samples, dt=1 * ms)
    amplitudes[:] = samples[:] = 9
    np.testing.assert_array_equal(step.values(STEPS[:1], DT), [[1, 2]])
    np.testing.assert_array_equal(array.values(STEPS[:2], DT), [[1], [2]])


def test_noise():
    current = stimuli.noise(100 * pA, tau=5 * ms, mean=1 * nA, shared=True)
    (term,) = current.terms(DT)
    assert isinstance(term, OUTerm)
    assert (term.std, term.tau, term.mean, term.shared) == (100e-12, 5e-3, 1e-9, True)
    np.testing.assert_array_equal(values(current), 0)
    (scaled,) = (-2 * current).terms(DT)
    assert abs(scaled.std) == pytest.approx(200e-12)
    assert scaled.mean == pytest.approx(-2e-9)


def test_noise_that_differs_from_cell_to_cell():
    current = stimuli.noise([100, 200] * pA, tau=5 * ms, mean=1 * nA) * [1.0, -3.0]
    process, mean = current.terms(DT)
    assert isinstance(process, OUTerm) and isinstance(mean, WaveformTerm)
    assert (process.std, process.mean) == (1.0, 0.0)
    np.testing.assert_allclose(process.amplitude, [100e-12, -600e-12])
    np.testing.assert_allclose(mean.values(np.array([-5, 0, 7])), [[1e-9, -3e-9]] * 3)
    frozen = current.frozen(20 * second, dt=1 * ms).values(np.arange(20_000), DT)
    np.testing.assert_allclose(frozen.std(axis=0), [100e-12, 600e-12], rtol=0.1)


# --- arithmetic ----------------------------------------------------------------------------------


def test_currents_add_and_scale():
    first = stimuli.step(1 * nA, stop=10 * ms)
    second_ = stimuli.ramp(0 * pA, 500 * pA, 0 * ms, 50 * ms)
    together = 2 * first - second_ / 2 + (-first) + sum([first, first])
    expected = 3 * values(first) - values(second_) / 2
    np.testing.assert_allclose(values(together), expected, atol=1e-22)
    assert together.unit.text == "nA"
    mixed = first + stimuli.noise(1 * pA, 5 * ms)
    assert [type(term) for term in mixed.terms(DT)] == [WaveformTerm, OUTerm]


def test_one_factor_a_cell():
    base = stimuli.ramp(0 * pA, 100 * pA, 0 * ms, 100 * ms)
    for scaled in (base * np.array([1.0, 2.0]), np.array([1.0, 2.0]) * base, base * [1, 2]):
        assert scaled.size == 2
        np.testing.assert_allclose(scaled.values(STEPS, DT)[50], [50e-12, 100e-12])
    with_array = stimuli.from_array([1, 2] * pA, dt=1 * ms) * [1, 2, 3]
    np.testing.assert_allclose(with_array.values(STEPS[:2], DT)[1], [2e-12, 4e-12, 6e-12])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5))
def test_sums_are_sums_of_values(factors):
    parts = [factor * stimuli.sine(1, 30 * Hz, phase=k) for k, factor in enumerate(factors)]
    np.testing.assert_allclose(values(sum(parts)), sum(values(part) for part in parts), atol=1e-12)


@pytest.mark.parametrize("make, error, words", [
    (lambda: stimuli.step(1 * pA) + stimuli.step(1 * mV), UnitError,
     "cannot add mV to pA\nexpected: a current\ngiven: a voltage"),
    (lambda: stimuli.step(1 * pA) - stimuli.step(1), UnitError, "cannot add 1 to pA"),
    (lambda: stimuli.step(1 * pA) + 5, UnitError, "cannot add 5 to a current"),
    (lambda: 5 + stimuli.step(1 * pA), UnitError, "a constant one is rb.stimuli.step(100*pA)"),
    (lambda: stimuli.step([1, 2] * pA) + stimuli.step([1, 2, 3] * pA), ShapeError,
     "these currents are for different numbers of cells"),
    (lambda: stimuli.step([1, 2] * pA) * [1, 2, 3], ShapeError,
     "expected: one, or 2: it has one value for each of 2 cells\ngiven: 3 factors"),
    (lambda: stimuli.step(1 * pA) * (2 * ms), UnitError, "the factor of a current: expected"),
    (lambda: stimuli.step(1 * pA) * np.nan, ShapeError, "is one finite number"),
    (lambda: stimuli.step(1 * pA) * np.ones((2, 2)), ShapeError, "is one finite number"),
])  # fmt: skip
def test_arithmetic_refuses(make, error, words):
    with pytest.raises(error) as refused:
        make()
    assert words in str(refused.value)


# --- what they say --------------------------------------------------------------------------------


@pytest.mark.parametrize("current, text", [
    (stimuli.step(500 * pA, 10 * ms, 60 * ms), "step(amplitude=500*pA, start=10*ms, stop=60*ms)"),
    (stimuli.step(0 * pA), "step(amplitude=0*pA)"),
    (stimuli.step([1, 2] * pA), "step(amplitude=<2 values>)"),
    (stimuli.step(4), "step(amplitude=4)"),
    (stimuli.ramp(0 * pA, 1 * nA, 0 * ms, 5 * ms), "ramp(end_value=1000*pA, stop=5*ms)"),
    (stimuli.sine(1 * nA, 5 * Hz), "sine(amplitude=1*nA, frequency=5*Hz)"),
    (stimuli.pulse_train(1, 5 * ms, 1 * ms), "pulse_train(amplitude=1, period=5*ms, width=1*ms)"),
    (stimuli.noise(1 * pA, 5 * ms, shared=True) + stimuli.step(1 * nA),
     "noise(std=1*pA, tau=5*ms, shared=True) + step(amplitude=1000*pA)"),
    (2 * stimuli.from_array([1, 2] * pA, 1 * ms),
     "from_array(factor=2.0, values=<2 x 1 values>, interval=1*ms)"),
])  # fmt: skip
def test_currents_print(current, text):
    assert str(current) == repr(current) == text
    assert current.is_current
    assert not current.is_train


def test_dimension_and_unit():
    assert stimuli.step(10 * uA / cm**2).dimension == (
        UNITS["amp"].dimension / UNITS["cm"].dimension ** 2
    )
    assert stimuli.step(4).dimension == DIMENSIONLESS
    assert stimuli.step("500 pA").unit.text == "pA"


@pytest.mark.parametrize("make, error, words", [
    (lambda: stimuli.step(1 * pA, start=5), UnitError, "step: start: expected a time"),
    (lambda: stimuli.step(1 * pA, 5 * ms, 5 * ms), WiringError, "step: stop is not after start"),
    (lambda: stimuli.step(1 * pA, [1, 2] * ms), ShapeError, "step: start is one time"),
    (lambda: stimuli.step(np.ones((2, 2)) * pA), ShapeError, "one value, or one for each cell"),
    (lambda: stimuli.step(np.nan * pA), WiringError, "step: amplitude: a value is not finite"),
    (lambda: stimuli.ramp(0 * pA, 1 * mV, 0 * ms, 1 * ms), UnitError,
     "ramp: end_value is not of the dimension of the value before it\nexpected: a current, in pA"),
    (lambda: stimuli.ramp(0 * pA, 1 * pA, 0 * ms, None), WiringError, "ramp: stop is missing"),
    (lambda: stimuli.sine(1 * pA, 5 * ms), UnitError, "sine: frequency: expected a rate"),
    (lambda: stimuli.sine(1 * pA, 5 * Hz, phase=1 * ms), UnitError, "sine: phase (radians)"),
    (lambda: stimuli.pulse_train(1, width=1 * ms), WiringError, "either period or frequency"),
    (lambda: stimuli.pulse_train(1, 5 * ms), WiringError, "pulse_train: give width"),
    (lambda: stimuli.pulse_train(1, 5 * ms, 6 * ms), WiringError,
     "a pulse does not fit into its period\nexpected: 0 < width <= period\n"
     "given: width 6*ms, period 5*ms"),
    (lambda: stimuli.pulse_train(1, width=1 * ms, frequency=0 * Hz), WiringError, "does not fit"),
    (lambda: stimuli.noise(-1 * pA, 5 * ms), WiringError, "noise: std is negative"),
    (lambda: stimuli.noise(1 * pA, 0 * ms), WiringError, "noise: tau is not a positive time"),
    (lambda: stimuli.noise([1, -2] * pA, 5 * ms), WiringError, "noise: std is negative"),
    (lambda: stimuli.noise([1, 2] * pA, 5 * ms, mean=[1, 2, 3] * pA), ShapeError,
     "2 and 3 values"),
    (lambda: stimuli.noise(1 * pA, 5 * ms, mean=1 * mV), UnitError, "noise: mean is not of"),
    (lambda: stimuli.from_array([] * pA, 1 * ms), ShapeError, "values are an array over time"),
    (lambda: stimuli.from_array([1, np.inf] * pA, 1 * ms), WiringError, "a value is not finite"),
    (lambda: stimuli.from_array([1] * pA, 0 * ms), WiringError, "dt is not a positive time"),
    (lambda: stimuli.from_array([1] * pA, 1), UnitError, "from_array: dt: expected a time"),
])  # fmt: skip
def test_currents_refuse(make, error, words):
    with pytest.raises(error) as refused:
        make()
    assert words in str(refused.value)


# --- plot -----------------------------------------------------------------------------------------


def test_plot():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    current = stimuli.step(500 * pA, start=10 * ms, stop=60 * ms)
    ax = current.plot(100 * ms)
    assert ax.get_xlabel() == "time (ms)"
    assert ax.get_ylabel() == "current (pA)"
    (line,) = ax.get_lines()
    assert line.get_ydata().max() == pytest.approx(500)
    x = line.get_xdata()
    assert x[-1] == pytest.approx(100)
    assert x[np.flatnonzero(line.get_ydata())[0]] == pytest.approx(10)
    figure, own = plt.subplots()
    assert stimuli.step([1, 2]).plot(50 * ms, dt=1 * ms, ax=own) is own
    assert len(own.get_lines()) == 2
    assert own.get_ylabel() == "input"
    noisy = stimuli.noise(1 * pA, 5 * ms, mean=7 * pA).plot(20 * second, dt=1 * ms)
    drawn = noisy.get_lines()[0].get_ydata()
    assert drawn.mean() == pytest.approx(7, abs=0.2)
    assert drawn.std() == pytest.approx(1, abs=0.1)
    with pytest.raises(UnitError, match="plot: duration: expected a time"):
        current.plot(100)
    plt.close("all")
    assert figure is not None


def test_frozen_noise_is_drawn_once_and_has_its_statistics():
    noisy = stimuli.step(5 * pA, start=1 * second) + stimuli.noise(2 * pA, 5 * ms, mean=1 * pA)
    frozen = noisy.frozen(20 * second, dt=1 * ms, seed=3)
    values = frozen.values(np.arange(20_000), 1e-3)
    assert values.shape == (20_000, 1)
    np.testing.assert_array_equal(
        values, noisy.frozen(20 * second, dt=1 * ms, seed=3).values(np.arange(20_000), 1e-3)
    )
    before, after = values[:1000] * 1e12, values[1000:] * 1e12
    assert after.mean() == pytest.approx(6, abs=0.2)
    assert after.std() == pytest.approx(2, abs=0.15)
    assert before.mean() == pytest.approx(1, abs=0.9)
    lag = np.corrcoef(after[:-5, 0], after[5:, 0])[0, 1]
    assert lag == pytest.approx(np.exp(-1), abs=0.06)
    other = noisy.frozen(20 * second, dt=1 * ms, seed=4).values(np.arange(10), 1e-3)
    assert np.all(other != values[:10])
    assert frozen.values(np.array([20_000]), 1e-3)[0, 0] == 0


def test_frozen_without_noise_is_the_same_current():
    current = stimuli.step([1, 2] * pA, start=3 * ms, stop=7 * ms)
    frozen = current.frozen(10 * ms, dt=0.5 * ms)
    steps = np.arange(20)
    np.testing.assert_array_equal(frozen.values(steps, 5e-4), current.values(steps, 5e-4))
    assert frozen.unit == current.unit


def test_freezing_needs_times_above_zero():
    current = stimuli.step(1 * pA)
    with pytest.raises(WiringError, match="frozen: the duration is not a positive time"):
        current.frozen(0 * ms, dt=1 * ms)
    with pytest.raises(WiringError, match="frozen: dt is not a positive time"):
        current.frozen(10 * ms, dt=0 * ms)
    with pytest.raises(UnitError, match=r"write frozen\(1\*second, dt=0.1\*ms\)"):
        current.frozen(10 * ms, dt=1)
