"""One stimulus at several levels: identical models, conversions, noise, windows, and errors."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnitError, UnknownNameError, WiringError
from rheobase.units import Hz, cm, mS, ms, mV, nA, pA, pF, uA, um

STEP = rb.stimuli.step(500 * pA, start=20 * ms, stop=180 * ms)
LIF = rb.models.LIF


def compare(models, stimulus=STEP, **options):
    options = {"duration": 200 * ms, "dt": 0.2 * ms, "backend": "interpreter", **options}
    return rb.levels.compare(models, stimulus, **options)


def test_the_same_model_has_no_error():
    table = compare({"fine": LIF, "same": LIF()}, reference="fine")
    same = table["same"]
    assert (same.rate_error, same.spike_time_error, same.voltage_error) == (0, 0, 0)
    assert same.subthreshold_error == 0
    assert same.coincidence == pytest.approx(1)
    assert same.spike_count == same.spikes.size == len(same.matched) > 5
    assert not same.missed.size and not same.extra.size
    assert list(table) == ["fine", "same"] and table.reference == "fine"


def test_both_backends_give_the_same_numbers():
    pytest.importorskip("numba")
    models = {"LIF": LIF, "AdEx": rb.models.AdEx}
    slow, fast = compare(models), compare(models, backend="numba")
    assert slow["AdEx"].spike_time_error == fast["AdEx"].spike_time_error > 0
    assert slow["AdEx"].voltage_error == fast["AdEx"].voltage_error > 0


def test_rates_are_those_of_the_closed_form():
    table = compare({"a": LIF, "b": LIF(tau_ref=5 * ms)}, rb.stimuli.step(500 * pA),
                    duration=1000 * ms, dt=0.01 * ms, backend=None)  # fmt: skip
    for name, tau_ref in (("a", 2), ("b", 5)):
        # models.md 5.10 with R = 40 MOhm, 15 mV to the threshold.
        expected = 1e3 / (tau_ref + 10 * np.log(20 / 5))
        assert table[name].rate == pytest.approx(expected, rel=0.02)
    assert table["b"].rate_error == table["b"].rate - table["a"].rate < 0


def test_spikes_of_a_later_model_are_matched_with_their_delay():
    late = LIF(tau_ref=2 * ms, E_L=-65.2 * mV)
    table = compare({"a": LIF, "late": late}, rb.stimuli.step(400 * pA, start=20 * ms))
    late = table["late"]
    by_hand = np.abs(late.matched[:, 1] - late.matched[:, 0]).mean()
    assert late.spike_time_error == pytest.approx(by_hand)
    assert late.matched[0, 0] == table["a"].spikes[0]
    assert late.matched[0, 1] == late.spikes[0] > table["a"].spikes[0]
    assert late.spike_count + late.missed.size - late.extra.size == table["a"].spike_count


def test_the_voltage_error_is_the_root_mean_square():
    silent = rb.stimuli.step(100 * pA, start=20 * ms)
    table = compare({"a": LIF, "b": LIF(E_L=-64 * mV)}, silent)
    assert table["a"].spike_count == table["b"].spike_count == 0
    assert table["b"].voltage_error == pytest.approx(1.0, abs=1e-9)
    assert table["b"].subthreshold_error == pytest.approx(1.0, abs=1e-9)
    assert np.isnan(table["b"].spike_time_error)


def test_an_error_between_spikes_leaves_out_the_spikes():
    table = compare({"a": LIF, "b": rb.models.AdEx}, duration=100 * ms)
    one, other = (table[name].trace.to_numpy() for name in "ab")
    times = table["a"].trace["time"].to_numpy()
    keep = np.ones(times.size, bool)
    for spike in [*table["a"].spikes, *table["b"].spikes]:
        keep &= ~((times >= spike - 0.002) & (times <= spike + 0.005))
    assert table["b"].subthreshold_error == pytest.approx(
        np.sqrt(np.mean((other - one)[keep] ** 2))
    )
    assert table["b"].voltage_error == pytest.approx(np.sqrt(np.mean((other - one) ** 2)))


# --- conversions ---------------------------------------------------------------------------------


def test_a_current_is_spread_over_an_area_either_way():
    hh = rb.models.HodgkinHuxley
    per_area = rb.stimuli.step(10 * uA / cm**2, start=5 * ms)
    absolute = rb.stimuli.step(2 * nA, start=5 * ms)
    direct = compare({"HH": hh}, per_area, duration=30 * ms)
    spread = compare({"HH": hh}, absolute, duration=30 * ms, area=20_000 * um**2)
    np.testing.assert_allclose(direct["HH"].spikes, spread["HH"].spikes)
    np.testing.assert_allclose(direct["HH"].trace, spread["HH"].trace, rtol=1e-9)
    lif = compare({"LIF": LIF}, absolute, duration=30 * ms)
    gathered = compare({"LIF": LIF}, per_area, duration=30 * ms, area={"LIF": 20_000 * um**2})
    np.testing.assert_allclose(lif["LIF"].trace, gathered["LIF"].trace, rtol=1e-9)


def test_a_rate_unit_has_a_rate_and_no_spikes():
    unit = rb.models.RateUnit(f="linear", tau=10 * ms)
    table = compare({"LIF": LIF, "unit": unit}, rb.stimuli.step(500 * pA), start=100 * ms,
                    current_per_unit={"unit": 100 * pA}, rate_per_unit=12 * Hz)  # fmt: skip
    unit = table["unit"]
    assert unit.kind == "rate" and unit.spike_count is None and not unit.spikes.size
    assert unit.rate == pytest.approx(5 * 12, rel=1e-4)  # settled: r = I
    assert unit.rate_error == pytest.approx(60 - table["LIF"].rate, abs=1e-3)
    assert np.isnan(unit.spike_time_error) and np.isnan(unit.voltage_error)
    assert unit.match is None and unit.matched.shape == (0, 2) and not unit.missed.size
    assert unit.trace.name == "r"


def test_a_rate_written_in_hertz_needs_no_size():
    unit = rb.Model("dr/dt = (gain*I - r)/(10*ms) : Hz\nI : pA (input)",
                    parameters={"gain": 0.1 * Hz / pA}, initial={"r": "50*Hz"})  # fmt: skip
    table = compare({"unit": unit}, rb.stimuli.step(500 * pA))
    assert table["unit"].rate == pytest.approx(50)


def test_plain_voltages_are_compared_where_their_unit_is_given():
    models = {"AdEx": rb.models.AdEx, "Izhikevich": rb.models.Izhikevich}
    assert np.isnan(compare(models, current_per_unit=50 * pA)["Izhikevich"].voltage_error)
    table = compare(models, current_per_unit=50 * pA, voltage_per_unit=1 * mV)
    found = table["Izhikevich"]
    difference = found.trace.to_numpy() - table["AdEx"].trace.to_numpy()
    assert found.voltage_error == pytest.approx(np.sqrt(np.mean(difference**2)))


def test_a_plain_stimulus_goes_to_cells_with_a_current():
    table = compare({"LIF": LIF}, rb.stimuli.step(5), current_per_unit=100 * pA)
    np.testing.assert_allclose(
        table["LIF"].trace, compare({"LIF": LIF}, rb.stimuli.step(500 * pA))["LIF"].trace,
        rtol=1e-12,
    )  # fmt: skip


def test_a_membrane_that_does_not_spike_has_a_voltage_only():
    passive = rb.Model("dv/dt = (-65*mV - v)/(10*ms) + I/C_m : mV\nI : pA (input)",
                       parameters={"C_m": 250 * pF}, initial={"v": "-65*mV"})  # fmt: skip
    table = compare({"LIF": LIF, "passive": passive}, rb.stimuli.step(100 * pA))
    found = table["passive"]
    assert found.kind == "voltage" and np.isnan(found.rate) and found.spike_count is None
    assert found.voltage_error == pytest.approx(0, abs=1e-9)


def test_input_and_output_are_chosen_by_name():
    two = rb.Model("dx/dt = (I_1 + 2*I_2 - x)/(1*ms) : 1\ny = 10*x : 1\n"
                   "I_1 : 1 (input)\nI_2 : 1 (input)")  # fmt: skip
    options = {"rate_per_unit": 1 * Hz, "start": 100 * ms, "dt": 0.5 * ms}
    for name, rate in (("I_1", 1), ("I_2", 2)):
        found = compare({"two": two}, rb.stimuli.step(1), to={"two": name}, **options)
        assert found["two"].rate == pytest.approx(rate)
        assert found["two"].trace.name == "x"
    shown = compare({"two": two}, rb.stimuli.step(1), to="I_1", output="y", **options)
    assert shown["two"].rate == pytest.approx(10)


# --- noise and windows ---------------------------------------------------------------------------


def test_noise_is_the_same_realization_for_all():
    noisy = STEP + rb.stimuli.noise(300 * pA, 5 * ms)
    models = {"a": LIF, "b": LIF, "unit": rb.models.RateUnit(f="linear", tau=0.5 * ms)}
    table = compare(models, noisy, current_per_unit=1 * nA, rate_per_unit=1 * Hz, seed=3,
                    dt=0.1 * ms)  # fmt: skip
    assert table["a"].spike_count > 5
    assert table["b"].spike_time_error == 0 and table["b"].voltage_error == 0
    steps = np.arange(2000)
    drawn = table.stimulus.values(steps, 1e-4)[:, 0] * 1e9
    assert np.std(drawn[300:1700]) == pytest.approx(0.3, rel=0.5)
    followed = table["unit"].trace.to_numpy()
    assert np.corrcoef(drawn[:-5], followed[5:])[0, 1] > 0.95
    again = compare({"a": LIF}, noisy, seed=3, dt=0.1 * ms)
    np.testing.assert_array_equal(again["a"].spikes, table["a"].spikes)
    assert not np.array_equal(
        compare({"a": LIF}, noisy, seed=4, dt=0.1 * ms)["a"].spikes, again["a"].spikes
    )


def test_only_the_window_counts():
    whole = compare({"a": LIF, "b": LIF(tau_ref=4 * ms)})
    part = compare({"a": LIF, "b": LIF(tau_ref=4 * ms)}, start=100 * ms, stop=150 * ms)
    spikes = whole["a"].spikes
    inside = spikes[(spikes >= 0.1) & (spikes < 0.15)]
    assert part["a"].spike_count == inside.size
    assert part["a"].rate == pytest.approx(inside.size / 0.05)
    np.testing.assert_array_equal(part["a"].spikes, spikes)
    assert set(part["b"].matched[:, 0]) | set(part["b"].missed) == set(inside)


def test_pairs_are_no_further_apart_than_asked():
    models = {"a": LIF, "b": rb.models.AdEx}
    assert compare(models, within=50 * ms).within == 0.05
    strict = compare(models, within=0.2 * ms)["b"]
    assert np.all(np.abs(np.diff(strict.matched, axis=1)) <= 0.0002 + 1e-12)


# --- errors --------------------------------------------------------------------------------------


def test_a_missing_area_is_asked_for():
    with pytest.raises(UnitError) as error:
        compare({"HH": rb.models.HodgkinHuxley})
    assert "the input I of 'HH' is a current per area" in str(error.value)
    assert "the stimulus is a current, in pA; the area of its membrane is missing" in str(
        error.value
    )
    assert 'write rb.levels.compare(..., area={"HH": 20000*um**2})' in str(error.value)


def test_the_sizes_of_plain_numbers_are_asked_for():
    unit = rb.models.RateUnit
    with pytest.raises(UnitError) as error:
        compare({"unit": unit})
    assert "the current that is 1 to it is missing" in str(error.value)
    assert 'current_per_unit={"unit": 100*pA}' in str(error.value)
    with pytest.raises(UnitError) as error:
        compare({"unit": unit}, current_per_unit=1 * nA)
    assert "r of 'unit' is a plain number; what rate one unit of it is, is missing" in str(
        error.value
    )
    assert 'write rb.levels.compare(..., rate_per_unit={"unit": 100*Hz})' in str(error.value)


def test_a_stimulus_of_another_kind_is_refused():
    with pytest.raises(UnitError) as error:
        compare({"LIF": LIF}, rb.stimuli.step(5 * mV))
    assert "the stimulus cannot be added to the input I of 'LIF'" in str(error.value)
    assert "expected: a current" in str(error.value)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"models": {}}, WiringError, "expected: a dict of names to models"),
        ({"models": LIF}, WiringError, "the models are given by name"),
        ({"models": {3: LIF}}, WiringError, "a name is a text"),
        ({"models": {"a": "LIF"}}, WiringError, "'a' is no model"),
        ({"reference": "LIV"}, UnknownNameError, "did you mean 'LIF'?"),
        ({"stimulus": 500 * pA}, WiringError, "the stimulus is no current"),
        ({"stimulus": rb.stimuli.poisson(5 * Hz)}, WiringError, "spikes have another weight"),
        ({"stimulus": rb.stimuli.step([1, 2] * pA)}, ShapeError, "values for 2 cells"),
        ({"area": {"LIV": 1 * um**2}}, UnknownNameError, "area names 'LIV', which is none of the"),
        ({"area": 3 * um, "stimulus": rb.stimuli.step(1 * uA / cm**2)}, UnitError, "an area"),
        ({"start": 150 * ms, "stop": 100 * ms}, WiringError, "the window is not within the run"),
        ({"stop": 900 * ms}, WiringError, "expected: 0 <= start < stop <= 200 ms"),
        ({"within": 0 * ms}, WiringError, "within is not a time above 0"),
        ({"to": "J"}, UnknownNameError, "'LIF' has no input 'J'"),
        ({"output": "w"}, UnknownNameError, "'LIF' has no variable 'w'"),
        ({"output": "i_syn", "models": {"LIF": LIF}}, None, ""),
    ],
)
def test_what_does_not_fit_is_said(change, kind, words):
    options = {"models": {"LIF": LIF}, "stimulus": STEP, **change}
    if kind is None:
        assert np.isnan(compare(**options)["LIF"].voltage_error)
        return
    with pytest.raises(kind) as error:
        compare(**options)
    assert words in str(error.value)


def test_models_without_an_input_or_with_several_are_told_what_to_do():
    with pytest.raises(WiringError) as error:
        compare({"course": rb.models.NormalizedLIF})
    assert "'course' has no input variable; it receives spikes only" in str(error.value)
    two = rb.Model("dx/dt = (a + b - x)/(1*ms) : 1\na : 1 (input)\nb : 1 (input)")
    with pytest.raises(WiringError) as error:
        compare({"two": two})
    assert 'write rb.levels.compare(..., to={"two": "a"})' in str(error.value)
    odd = rb.Model("dx/dt = (I - x)/(1*ms) : pA\nI : pA (input)")
    with pytest.raises(WiringError) as error:
        compare({"odd": odd})
    assert "x is neither a voltage nor a rate" in str(error.value)


@pytest.mark.parametrize(
    ("models", "stimulus", "options", "told"),
    [
        ([rb.models.AdEx, rb.models.LIF], rb.stimuli.step(500 * pA), {},
         'write rb.levels.compare({"AdEx": rb.models.AdEx, "LIF": rb.models.LIF}, ...)'),
        ({"LIF": rb.models.LIF}, 300 * pA, {},
         "write rb.levels.compare(models, rb.stimuli.step(300*pA), duration=500*ms)"),
        ({"LIF": rb.models.LIF}, rb.stimuli.step(500 * pA), dict(duration=100),
         "write rb.levels.compare(..., duration=500*ms)"),
        ({"LIF": rb.models.LIF, "unit": rb.models.Izhikevich}, rb.stimuli.step(500 * pA), {},
         "the current that is 1 to it is missing\nwrite rb.levels.compare(..., "
         'current_per_unit={"unit": 100*pA})'),
    ],
)  # fmt: skip
def test_the_line_to_paste_has_what_was_given(models, stimulus, options, told):
    with pytest.raises(rb.errors.UserError) as error:
        rb.levels.compare(models, stimulus, **{"duration": 100 * ms, **options})
    assert told in str(error.value)


def test_a_window_outside_the_run_is_shown_one_inside():
    with pytest.raises(WiringError) as error:
        rb.levels.compare({"LIF": rb.models.LIF}, rb.stimuli.step(500 * pA), duration=20 * ms,
                          stop=1000 * ms)  # fmt: skip
    assert "write rb.levels.compare(..., start=0*ms, stop=20*ms), or leave both out" in str(
        error.value
    )


# -- cells with a morphology ------------------------------------------------------------------

SQUID = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])


def sphere(**options):
    shape = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)
    return rb.Cell(shape, SQUID, max_length=rb.morphology.per_section(1), **options)


def test_a_cell_and_its_point_model_are_the_same():
    area = np.pi * 20 * 20 * um**2
    point = SQUID.point(area)
    table = compare({"cell": sphere(), "point": point}, rb.stimuli.step(0.2 * nA, start=20 * ms),
                    duration=100 * ms, dt=0.01 * ms, backend=None)  # fmt: skip
    cell, same = table["cell"], table["point"]
    assert cell.kind == same.kind == "spikes" and isinstance(cell.model, rb.Cell)
    assert cell.spike_count == same.spike_count > 3 and not same.missed.size
    assert same.spike_time_error < 2e-5 and same.subthreshold_error < 0.1
    assert cell.trace.attrs["units"] == "mV" and float(cell.trace[0]) == -65
    assert "cell" in str(table)


def test_a_cell_is_looked_at_in_the_middle_of_its_soma():
    shape = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=500 * um, dendrite_diameter=2 * um
    )
    passive = rb.Membrane([rb.channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV)])
    cell = rb.Cell(shape, {"soma": SQUID, "dendrite": passive}, max_length=25 * um)
    stimulus = rb.stimuli.step(0.2 * nA, start=5 * ms)
    table = compare({"cell": cell, "silent": cell(spikes=None), "sphere": sphere()}, stimulus,
                    duration=30 * ms, dt=0.025 * ms)  # fmt: skip
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(cell, name="cells")
    net.inject(cells.at("soma"), stimulus)
    net.record(cells.at("soma"), "v")
    by_hand = net.run(30 * ms, backend="interpreter")
    np.testing.assert_array_equal(
        table["cell"].trace.to_numpy(), by_hand.traces["cells"].v.to_numpy()[:, 0]
    )
    np.testing.assert_array_equal(table["cell"].spikes, by_hand.spikes["cells"][0])
    assert table["silent"].kind == "voltage" and table["silent"].voltage_error == 0
    assert table["sphere"].spikes[0] < table["cell"].spikes[0]
    assert len(table.plot()) == 4


def test_a_cell_takes_a_current_per_area_with_an_area():
    stimulus = rb.stimuli.step(2 * uA / cm**2)
    with pytest.raises(UnitError) as caught:
        compare({"cell": sphere()}, stimulus)
    for words in ("the input I of 'cell'", "the area of its membrane is missing",
                  'rb.levels.compare(..., area={"cell": 20000*um**2})'):  # fmt: skip
        assert words in str(caught.value)
    options = dict(duration=10 * ms, dt=0.05 * ms)
    one = compare({"cell": sphere()}, stimulus, area=1e4 * um**2, **options)
    other = compare({"cell": sphere()}, rb.stimuli.step(0.2 * nA), **options)
    np.testing.assert_allclose(one["cell"].trace, other["cell"].trace, rtol=1e-12)
