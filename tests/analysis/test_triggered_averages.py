"""Spike-triggered averages against filters that are known and averages made one by one."""

import numpy as np
import pytest
import xarray as xr

import rheobase as rb
from rheobase.results import SpikeTrains
from rheobase.units import ms, mV, nA, pA, second, um

sta = rb.analysis.spike_triggered_average


def trace(values, dt=1e-3, units="pA", cells=None):
    dims = ("time", "cell")[: values.ndim]
    coordinates = {"time": np.arange(len(values)) * dt}
    if values.ndim == 2:
        coordinates["cell"] = np.arange(values.shape[1]) if cells is None else cells
    return xr.DataArray(values, coordinates, dims, name="I", attrs={"units": units})


def test_it_is_the_mean_of_the_pieces_before_each_spike():
    rng = np.random.default_rng(1)
    values = rng.normal(size=1000)
    steps = np.array([3, 60, 400, 999])
    found = sta(trace(values), [steps * 1e-3], window=(-20 * ms, 5 * ms))
    want = np.mean([values[k - 20 : k + 6] for k in (60, 400)], axis=0)
    np.testing.assert_allclose(found.values, want, atol=1e-12)
    np.testing.assert_allclose(found.lag.values, np.arange(-20, 6) * 1e-3)
    assert found.attrs == {"units": "pA", "spikes": 2} and found.name == "I"


def test_each_cell_has_its_own_column():
    values = np.stack([np.arange(100.0), -np.arange(100.0)], axis=1)
    spikes = SpikeTrains([0.05, 0.05, 0.07], [4, 9, 9], 10, stop=0.1, cells=[4, 9])
    found = sta(trace(values, cells=[4, 9]), spikes, window=0.0101)
    np.testing.assert_allclose(found.values, [(50 - 50 - 70 - k) / 3 for k in range(-10, 11)])
    with pytest.raises(rb.errors.ShapeError, match="cell 9 of '' spikes, and the trace has no"):
        sta(trace(values[:, :1], cells=[4]), spikes, window=(-0.01, 0.0))
    one = sta(trace(values[:, 0]), spikes, window=(-0.01, 0.0))
    assert one.values[-1] == pytest.approx(170 / 3)


def test_between_samples_it_is_interpolated():
    found = sta(trace(np.arange(100.0)), [[0.0503]], window=(-2 * ms, 2 * ms))
    np.testing.assert_allclose(found.values, 50.3 + np.arange(-2, 3))
    finer = sta(trace(np.arange(100.0)), [[0.0503]], window=(-2 * ms, 2 * ms), every=0.5 * ms)
    np.testing.assert_allclose(finer.values, 50.3 + np.arange(-2, 2.1, 0.5))


def test_a_linear_filter_is_recovered():
    """Poisson spikes whose rate is white noise through a filter: the average is the filter."""
    rng = np.random.default_rng(2)
    noise = rng.normal(size=400_000)
    kernel = np.exp(-np.arange(20) / 5.0)  # ms before the spike
    drive = np.convolve(noise, kernel)[: noise.size]
    rate = np.clip(0.03 * (1 + 0.3 * drive), 0, None)
    steps = np.flatnonzero(rng.uniform(size=noise.size) < rate)
    found = sta(trace(noise), [steps * 1e-3], window=(-19 * ms, 0 * ms))
    np.testing.assert_allclose(found.values[::-1], 0.3 * kernel, atol=0.04)


def test_of_a_run_recorded_input_and_current_agree():
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF, name="cell")
    current = rb.stimuli.sine(400 * pA, frequency="7 Hz", offset=400 * pA)
    net.inject(cell, current)
    net.record(cell, "I", "v")
    result = net.run(2 * second)
    spikes = result.spikes["cell"]
    window = (-30 * ms, 10 * ms)
    recorded = sta(result.traces["cell"].I, spikes, window)
    worked_out = sta(current, spikes, window)
    assert recorded.attrs["units"] == "pA" and recorded.attrs["spikes"] > 50
    # a recorded input is what acted in the step that ended there: one step late
    np.testing.assert_allclose(worked_out.values[:-1], recorded.values[1:], rtol=1e-9)
    voltage = sta(result.traces["cell"].v, result, window)
    # the trace holds the state before the step, in which the threshold of -50 mV is crossed
    assert voltage.sel(lag=0, method="nearest") == pytest.approx(-50, abs=0.3)
    np.testing.assert_allclose(voltage.sel(lag=slice(0.0002, 0.0018)), -65)


def test_noise_is_drawn_in_the_run():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cell = net.add(rb.models.LIF, name="cell")
    noise = rb.stimuli.noise(std=400 * pA, tau=3 * ms, mean=350 * pA)
    net.inject(cell, noise)
    net.record(cell, "I")
    result = net.run(2 * second)
    found = sta(result.traces["cell"].I, result, (-40 * ms, 10 * ms))
    assert float(found.max()) > 350 + 300  # a spike comes after a strong current
    with pytest.raises(rb.errors.UserError, match="has noise, which is drawn in the run\nrecord"):
        sta(noise, result)


def test_errors():
    values = trace(np.arange(100.0))
    with pytest.raises(rb.errors.UserError, match=r"no spike has its window, -50 to 0 ms, inside"
                       r" the trace, 0 to 99 ms\ngiven: 1 spikes"):  # fmt: skip
        sta(values, [[0.02]])
    with pytest.raises(rb.errors.UserError, match="the window is one time, or two of which the"):
        sta(values, [[0.02]], window=(5 * ms, -5 * ms))
    with pytest.raises(rb.errors.UnitError, match="the window: expected a time"):
        sta(values, [[0.02]], window=5 * mV)
    with pytest.raises(rb.errors.ShapeError, match="the trace is no recorded variable over time"):
        sta(np.ones(5), [[0.02]])
    with pytest.raises(rb.errors.ShapeError, match="the trace is no recorded variable over time"):
        sta(values.to_dataset(name="v"), [[0.02]])
    with pytest.raises(rb.errors.UserError, match="the spikes know no step to work the current"):
        sta(rb.stimuli.step(5 * pA), [[0.02]])
    with pytest.raises(rb.errors.UserError, match="no lag, a multiple of 1 ms, is in the window"):
        sta(values, [[0.02]], window=(0.0002, 0.0003))
    with pytest.raises(rb.errors.UserError, match="every is a time above 0"):
        sta(values, [[0.02]], every=0 * ms)


def test_the_trace_comes_first():
    trains = SpikeTrains(np.array([0.1]), np.array([0]), 1, stop=0.2)
    for spikes in (trains, [0.1]):
        with pytest.raises(rb.errors.ShapeError) as error:
            sta(spikes, trace(np.ones(200)))
        assert "the trace comes first, then the spikes" in str(error.value)
        assert 'write rb.analysis.spike_triggered_average(result.traces["cells"].I' in str(
            error.value
        )


def test_places_on_cells_are_columns_of_their_cells():
    """The sites of a recording count places, not cells."""
    shape = rb.Morphology.cylinder(length=10 * um, diameter=10 * um)
    squid = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(rb.Cell(shape, squid, max_length=rb.morphology.per_section(2)), 3, name="cells")
    net.inject(cells.at(fraction=0.0), rb.stimuli.step([0, 0, 0.1] * nA))
    net.record(cells[1:].at(fraction=0.0), "v", name="some")
    net.record(cells, "v", name="all")
    result = net.run(30 * ms)
    assert [len(result.spikes["cells"][k]) > 0 for k in range(3)] == [False, False, True]
    trace = result.traces["some"].v
    found = sta(trace, result, window=(-2 * ms, 0 * ms))
    alone = sta(trace[:, 1], result, window=(-2 * ms, 0 * ms))
    np.testing.assert_array_equal(found.values, alone.values)
    assert found.values[-1] > -30  # of the cell that spikes
    with pytest.raises(rb.errors.ShapeError) as refused:
        sta(result.traces["all"].v, result, window=(-2 * ms, 0 * ms))
    assert "the trace is of several places on a cell\ngiven: 6 places on 3 cells" in str(
        refused.value
    )
    assert 'net.record(cells.at("soma"), "v", name="soma")' in str(refused.value)
