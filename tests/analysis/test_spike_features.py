"""Features of action potentials: of drawn ones, known exactly, and of the squid axon."""

import builtins
import sys

import numpy as np
import pytest
from tests.analysis.cells import ball_and_stick, passive, squid

import rheobase as rb
from rheobase.analysis import efel_features, spike_features
from rheobase.errors import ShapeError, UnitError, UnknownNameError, UserError, WiringError
from rheobase.units import cm, ms, mV, nA, uA, um

UNIT = uA / cm**2


@pytest.fixture
def efel():
    return pytest.importorskip("efel")


def drawn(dt=0.02):
    """Two spikes of straight lines, -70 mV between: up 100 mV in 1 ms, down 120 mV in 2 ms, back.

    Their thresholds are -70 mV, peaks 30, troughs -90; above the middle, -20 mV, for 0.5 ms of
    the rise and 5/6 ms of the fall.
    """
    corners = [(0, -70)]
    for begin in (20, 60):
        corners += [(begin, -70), (begin + 1, 30), (begin + 3, -90), (begin + 13, -70)]
    times, values = zip(*corners, (100, -70), strict=True)
    t = np.arange(0, 100, dt)
    return np.interp(t, times, values)


def test_spikes_of_straight_lines(efel):
    found = spike_features(drawn(), dt=0.02 * ms)
    assert found.sizes == {"spike": 2}
    np.testing.assert_allclose(found.time, [0.021, 0.061], atol=1e-9)
    np.testing.assert_allclose(found.peak, 30, atol=1e-9)
    np.testing.assert_allclose(found.threshold, -70, atol=2.1)  # to a sample
    np.testing.assert_allclose(found.amplitude, found.peak - found.threshold)
    np.testing.assert_allclose(found.half_width, 0.5 + 5 / 6, atol=0.041)
    np.testing.assert_allclose(found.trough, -90, atol=1e-9)
    np.testing.assert_allclose(found.afterhyperpolarization, found.threshold + 90)
    np.testing.assert_allclose(found.upstroke, 100, rtol=1e-6)
    np.testing.assert_allclose(found.downstroke, -60, rtol=1e-6)
    assert found.half_width.attrs["units"] == "ms" and found.time.attrs["units"] == "s"


def test_the_level_that_counts(efel):
    assert spike_features(drawn(), dt=0.02 * ms, threshold=40 * mV).sizes["spike"] == 0
    assert spike_features(1e-3 * drawn() * rb.units.volt, dt=0.02 * ms).sizes["spike"] == 2


def squid_axon(duration=96, **options):
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(rb.models.HodgkinHuxley, 3, name="cells")
    net.inject(cells, rb.stimuli.step([0, 5, 10] * UNIT, start=20 * ms))
    net.record(cells, "v", **options)
    return net.run(duration * ms)


def test_the_squid_axon(efel):
    """Peak 40.26 and trough -75.08 mV of the first spike at 10 uA/cm2; widths by hand."""
    result = squid_axon()
    found = spike_features(result)
    assert list(found.cell.values) == [1, 2, 2, 2, 2, 2]
    first = found.isel(spike=1)
    assert float(first.peak) == pytest.approx(40.26, abs=0.02)
    assert float(first.trough) == pytest.approx(-75.08, abs=0.02)
    v = result.traces["cells"].v.values[:, 2]
    t = result.traces["cells"].time.values * 1e3
    slope = np.gradient(v, t)
    peak = int(np.argmax(v[:2500]))
    assert float(first.time) * 1e3 == pytest.approx(t[peak], abs=1e-6)
    rising = np.flatnonzero(slope[:peak] <= 10)
    begin = int(rising[rising < int(np.argmax(slope[:peak]))][-1]) + 1
    assert float(first.threshold) == pytest.approx(v[begin], abs=0.2)
    half = 0.5 * (v[peak] + v[begin])
    wide = 0.01 * np.count_nonzero(v[2000:2600] > half)
    assert float(first.half_width) == pytest.approx(wide, abs=0.04)
    assert float(first.upstroke) == pytest.approx(slope.max(), rel=0.01)
    assert float(first.downstroke) == pytest.approx(slope.min(), rel=0.01)


def test_a_trace_alone_an_array_and_one_column(efel):
    result = squid_axon(60)
    trace = result.traces["cells"].v
    whole, column = spike_features(trace), spike_features(trace[:, 2])
    array = spike_features(trace.values, dt=0.01 * ms)
    assert array.equals(whole)
    some = whole.where(whole.cell == 2, drop=True)
    np.testing.assert_allclose(column.peak, some.peak)
    np.testing.assert_allclose(column.time, some.time)


def test_a_spike_cut_off_is_not_counted(efel):
    v = squid_axon(26).traces["cells"].v[:2230, 2]
    assert float(v.max()) > 30
    assert spike_features(v).sizes["spike"] == 0


def test_models_points_and_cells_are_run(efel):
    model = spike_features(rb.models.HodgkinHuxley, current=10 * UNIT, duration=40 * ms)
    assert model.sizes["spike"] == 3
    np.testing.assert_allclose(float(model.peak[0]), 40.26, atol=0.02)
    assert float(model.time[0]) == pytest.approx(0.005 + 0.00214, abs=2e-5)
    point = spike_features(squid.point(1e5 * um**2), current=10 * nA, duration=40 * ms)
    for name in ("peak", "half_width", "trough", "threshold"):
        np.testing.assert_allclose(point[name], model[name], atol=0.05)
    cell = ball_and_stick({"soma": squid, "dendrite": passive})
    found = spike_features(cell, current=0.3 * nA, duration=30 * ms, dt=0.025 * ms)
    assert found.sizes["spike"] >= 1
    assert 0 < float(found.peak[0]) < 45


def test_places_say_which_cell_they_are_on(efel):
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(squid, 100 * um), 3, name="cells")
    net.inject(cells.at("soma"), rb.stimuli.step([0, 0.3, 0.3] * nA, start=2 * ms, stop=3 * ms))
    net.record(cells[1:].at("dendrite"), "v", name="dendrite")
    trace = net.run(20 * ms).traces["dendrite"].v
    found = spike_features(trace)
    assert list(found.cell.values) == [1] * 5 + [2] * 5
    assert list(found.site.values) == list(trace.site.values)
    assert np.all(np.diff(found.time.values[:5]) >= 0)  # it leaves the soma
    column = spike_features(trace[:, 7])
    assert column.cell.values == [2] and column.site.values == trace.site.values[7]


def test_features_by_their_names(efel):
    result = squid_axon()
    options = dict(stimulus=(20 * ms, 96 * ms))
    silent, one, many = efel_features(result, ["ISI_CV", "AHP_depth", "voltage_base"], **options)
    assert silent["ISI_CV"].size == one["ISI_CV"].size == 0
    assert one["AHP_depth"].size == 1 and many["AHP_depth"].size == 5
    assert many["voltage_base"] == pytest.approx([-64.99638], abs=1e-4)
    times = result.spikes["cells"][2] * 1e3
    intervals = np.diff(times)[1:]  # eFEL leaves the first out
    assert many["ISI_CV"][0] == pytest.approx(intervals.std(ddof=1) / intervals.mean(), abs=1e-3)
    (single,) = efel_features(result.traces["cells"].v[:, 2], "spike_count")
    assert single["spike_count"] == [5]


def test_the_settings_of_efel_are_put_back(efel):
    efel.set_setting("interp_step", 0.07)
    efel.set_setting("Threshold", -33.0)
    try:
        spike_features(drawn(), dt=0.02 * ms)
        held = efel.get_settings()
        assert (held.interp_step, held.Threshold, held.DerivativeThreshold) == (0.07, -33.0, 10.0)
    finally:
        efel.reset()


# -- refused ------------------------------------------------------------------------------------


def refused(error, function, *arguments, words, **options):
    with pytest.raises(error) as raised:
        function(*arguments, **options)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("function, name", [(spike_features, "spike_features"),
                                            (efel_features, "efel_features")])  # fmt: skip
def test_without_efel(monkeypatch, function, name):
    real = builtins.__import__

    def without(module, *arguments, **options):
        if module.partition(".")[0] == "efel":
            raise ImportError(module)
        return real(module, *arguments, **options)

    monkeypatch.setitem(sys.modules, "efel", None)
    monkeypatch.setattr(builtins, "__import__", without)
    arguments = (drawn(),) if function is spike_features else (drawn(), "ISI_CV")
    refused(UserError, function, *arguments, dt=0.02 * ms,
            words=[f"rb.analysis.{name}: action potentials are measured by the library eFEL, which "
                   "is not installed", 'pip install "rheobase[efel]"'])  # fmt: skip


def test_errors(efel):
    hh, v = rb.models.HodgkinHuxley, drawn()
    step = dict(dt=0.02 * ms)
    refused(UserError, spike_features, hh,
            words=["HodgkinHuxley is run under a constant current, which is missing",
                   "spike_features(rb.models.HodgkinHuxley, current=10*uA/cm**2)"])  # fmt: skip
    refused(UnitError, spike_features, hh, current=1 * nA, words=["expected a current per area"])
    refused(UserError, spike_features, hh, current=[1, 2] * UNIT, words=["the current is one"])
    refused(UserError, spike_features, v, current=1 * nA, **step,
            words=["current= is for a model or cell", "leave out current="])  # fmt: skip
    refused(WiringError, spike_features, rb.models.NormalizedLIF, current=1 * nA,
            words=["has no input variable"])  # fmt: skip
    refused(UserError, spike_features, v, words=["the interval of the samples is missing"])
    refused(UserError, spike_features, v, dt=0 * ms, words=["dt is one time above 0"])
    refused(UnitError, spike_features, v, threshold=1 * ms, **step,
            words=["the threshold: expected a voltage"])  # fmt: skip
    refused(UnitError, spike_features, v, onset=1 * mV, **step, words=["the onset: expected"])
    refused(UnknownNameError, efel_features, v, ["ISI_CW"], **step,
            words=["eFEL has no feature 'ISI_CW'; did you mean 'ISI_CV'?"])  # fmt: skip
    refused(UserError, efel_features, v, "ISI_CV", stimulus=(5 * ms, 1 * ms), **step,
            words=["the stimulus is two times", "stimulus=(20*ms, 500*ms)"])  # fmt: skip


def test_what_is_no_trace(efel):
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, name="cells")
    nothing = net.run(1 * ms)
    refused(
        UserError,
        spike_features,
        nothing,
        words=["nothing of v was recorded", 'net.record(cells, "v") before the run'],
    )
    net.record(cells, "v", name="one")
    net.record(cells, "v", "I", name="two")
    result = net.run(10 * ms)
    refused(UserError, spike_features, result, words=["2 recordings of v", 'result.traces["one"]'])
    refused(UserError, spike_features, result.traces["two"].I, words=["is in pA, which is no volt"])
    v = result.traces["one"].v
    refused(ShapeError, spike_features, v[:2], words=["the trace has 2 samples"])
    refused(ShapeError, spike_features, v.rename(time="when"), words=["no recorded variable over"])
    refused(ShapeError, spike_features, np.zeros((2, 2, 2)), dt=1 * ms,
            words=["this is no trace of a voltage", "given: ndarray"])  # fmt: skip
    refused(UserError, spike_features, [1.0, np.nan, 1.0], dt=1 * ms, words=["not finite numbers"])
    uneven = v[[0, 1, 2, 9]]
    refused(UserError, spike_features, uneven, words=["not evenly spaced"])
