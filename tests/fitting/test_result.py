"""What a fit tells: numbers, tables and figures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnknownNameError
from rheobase.fitting import Recording
from rheobase.units import ms, mV, nS, pA


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fit():
    recordings = [one.part(600 * ms, 1200 * ms) for one in rb.fitting.recordings.b6()]
    return rb.fit_parameters(
        rb.models.AdEx, recordings, {"g_L": (2, 20) * nS, "V_T": (-55, -40) * mV},
        held_out=[1, 3], iterations=2, population=6,
    )  # fmt: skip


def test_the_means_over_sweeps(fit):
    losses = [one.loss for one in fit.sweeps]
    assert fit.loss == pytest.approx(np.mean([losses[0], losses[2], losses[4]]))
    assert fit.held_out_loss == pytest.approx(np.mean([losses[1], losses[3]]))
    assert fit.loss == pytest.approx(fit.history.loss[-1])
    assert [one.held_out for one in fit.sweeps] == [False, True, False, True, False]
    assert len(fit.history) == 2 and list(fit.history.evaluations) == [6, 12]


def test_a_sweep_is_what_the_model_does(fit):
    one = fit["B6 183"]
    net = rb.Network(dt=0.05 * ms)
    cell = net.add(fit.model, name="cell")
    net.inject(cell, one.recording.stimulus)
    net.record(cell, "v", every=0.25 * ms)
    result = net.run(600 * ms)
    np.testing.assert_array_equal(result.spikes["cell"].times, one.spikes)
    values = result.traces.data("cell").values["v"][:, 0]
    np.testing.assert_allclose(one.voltage, values[: one.voltage.size], rtol=1e-12)
    assert one.voltage_error == pytest.approx(
        np.sqrt(np.mean((values - one.recording.voltage) ** 2))
    )
    assert one.error_between_spikes < one.voltage_error
    assert one.count_error == (one.count - one.measured_count) / one.measured_count


def test_it_prints_as_tables(fit):
    lines = str(fit).splitlines()
    assert lines[0].startswith("AdEx fitted to 3 recordings (differential_evolution): features = ")
    assert lines[2].split() == ["parameter", "value", "bounds"]
    assert lines[3].split()[0] == "g_L" and lines[3].split()[2:] == ["nS", "2", "...", "20"]
    assert lines[-4].split()[:6] == ["B6", "182", "held", "out", "163.9", "13"]
    page = fit._repr_html_()
    assert page.count("<table>") == 2 and "<td>B6 185</td>" in page
    with pytest.raises(UnknownNameError, match=r"no recording 'B7'.*\nexpected: 'B6 181'"):
        fit["B7"]


def test_figures(fit):
    panels = fit.plot()
    assert len(panels) == 6
    assert panels[1].get_title(loc="left") == "B6 182 (held out)"
    data, model = panels[0].get_lines()
    np.testing.assert_array_equal(data.get_ydata(), fit.sweeps[0].recording.voltage)
    # the spikes of an integrate-and-fire cell are drawn up to the peak of the data
    assert model.get_ydata().max() > 0 or not fit.sweeps[0].count
    curve = panels[-1]
    assert curve.get_xlabel() == "current (pA)"
    counts = [one.measured_count / 0.5 for one in fit.sweeps]
    np.testing.assert_allclose(curve.get_lines()[0].get_ydata(), counts, rtol=1e-2)
    with pytest.raises(ShapeError, match=r"one for each recording and one for the curve"):
        fit.plot(plt.subplots(2)[1])
    assert fit.plot_history().get_ylabel() == "best loss (features)"


def test_figures_without_a_voltage_or_a_curve():
    one = Recording(rb.stimuli.step(300 * pA), spikes=[5, 9] * ms, duration=20 * ms, name="times")
    fit = rb.fit_parameters(rb.models.AdEx, one, {"g_L": (2, 20) * nS}, iterations=1, population=5)
    (panel,) = fit.plot()
    assert panel.get_ylabel() == "spikes"
    assert one.plot().get_title(loc="left") == "times"
    with_samples = rb.fitting.recordings.b8()[0]
    assert with_samples.plot().get_ylabel() == "v (mV)"
