import numpy as np
import pytest

from rheobase.results import Result, TraceData, join

neo = pytest.importorskip("neo")


def test_a_block_holds_all_trains_and_signals(make_result):
    result = make_result()
    block = result.to_neo()
    assert isinstance(block, neo.Block)
    assert block.annotations["seed"] == "7"
    (segment,) = block.segments
    assert len(segment.spiketrains) == 5 + 3
    for cell, train in enumerate(segment.spiketrains[:5]):
        assert train.annotations["population"] == "cells"
        np.testing.assert_array_equal(train.rescale("s").magnitude, result.spikes["cells"][cell])
    voltage, gate = segment.analogsignals
    assert (voltage.name, str(voltage.dimensionality)) == ("near.v", "mV")
    assert (gate.name, str(gate.dimensionality)) == ("near.m", "dimensionless")
    np.testing.assert_array_equal(voltage.magnitude, result.traces["near"].v)
    np.testing.assert_array_equal(voltage.array_annotations["cell"], [0, 2])
    np.testing.assert_allclose(voltage.times.rescale("s").magnitude, np.arange(100) * 1e-3)
    assert float(voltage.sampling_rate.rescale("Hz")) == pytest.approx(1000)


def test_units_of_every_kind(make_result):
    units = {"i": "uA/cm**2", "g": "nS", "f": "second**-0.5", "x": "1"}
    values = {name: np.ones((3, 1)) for name in units}
    traces = TraceData("a", "a", np.arange(3) * 1e-3, np.arange(1), values, units)
    block = Result([], [traces], dt=1e-3, stop=3e-3, seed=0).to_neo()
    for signal in block.segments[0].analogsignals:
        assert signal.annotations["unit"] == units[signal.annotations["variable"]]
    current, conductance, *_ = block.segments[0].analogsignals
    assert float(current.rescale("A/m**2")[0, 0]) == pytest.approx(0.01)
    assert float(conductance.rescale("S")[0, 0]) == pytest.approx(1e-9)


def test_runs_joined_off_the_interval_are_irregular(make_result):
    joined = join(make_result(0.0, 0.1, every=3e-3), make_result(0.1, 0.2, every=3e-3))
    segment = joined.to_neo().segments[0]
    assert not segment.analogsignals
    signal = segment.irregularlysampledsignals[0]
    np.testing.assert_array_equal(signal.times.magnitude, joined.traces["near"].time)


def test_places_on_cells_are_told():
    where = {"cell": np.array([0, 0]), "region": np.array(["soma", "axon"]),
             "path": np.array([0.0, 20e-6]), "compartment": np.array([0, 4])}  # fmt: skip
    data = TraceData("along", "cells", np.arange(3) * 1e-3, np.array([0, 4]),
                     {"v": np.ones((3, 2))}, {"v": "mV"}, "site", where)  # fmt: skip
    block = Result([], [data], dt=1e-3, stop=3e-3, seed=0).to_neo()
    (signal,) = block.segments[0].analogsignals
    assert set(signal.array_annotations) == set(where)
    for name, values in where.items():
        np.testing.assert_array_equal(signal.array_annotations[name], values)
