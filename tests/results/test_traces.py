import subprocess
import sys

import numpy as np
import pytest

from rheobase.errors import ShapeError
from rheobase.results import Result, TraceData


def test_a_dataset_has_times_cells_and_units(make_result):
    result = make_result()
    dataset = result.traces["near"]
    assert dataset is result.traces["near"]
    assert dataset.v.dims == ("time", "cell")
    assert (dataset.v.attrs["units"], dataset.m.attrs["units"]) == ("mV", "1")
    assert dataset.time.attrs["units"] == "s"
    assert dataset.attrs["population"] == "cells"
    np.testing.assert_array_equal(dataset.cell, [0, 2])
    np.testing.assert_allclose(dataset.time, np.arange(100) * 1e-3)
    np.testing.assert_array_equal(dataset.v[:, 1], result.traces.data("near").values["v"][:, 1])
    assert dataset.v.sel(cell=2).shape == (100,)


def test_xarray_is_loaded_when_a_trace_is_looked_at():
    script = """
import sys, numpy as np
from rheobase.results import Result, SpikeTrains, TraceData
traces = TraceData("a", "a", np.arange(3.), np.arange(2), {"v": np.zeros((3, 2))}, {"v": "mV"})
spikes = SpikeTrains([0.1], [0], 2, name="a", stop=1.0)
result = Result([spikes], [traces], dt=1e-4, stop=1.0, seed=1)
repr(result), repr(result.traces), result.spikes["a"].rates(), result.traces.data("a")
heavy = {"xarray", "pandas", "h5py", "matplotlib", "neo", "scipy", "pint", "numba"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
result.traces["a"]
assert "xarray" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("values, units, expected", [
    ({"v": np.zeros((2, 3))}, {"v": "mV"},
     "recording 'r': the values of v do not fit\nexpected: 3 times and 2 cells\n"
     "given: an array of shape (2, 3)"),
    ({"v": np.zeros((3, 2))}, {"w": "mV"},
     "recording 'r': every variable has values and a unit\n"
     "given: values of ['v'], units of ['w']"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(values, units, expected):
    with pytest.raises(ShapeError) as refused:
        TraceData("r", "cells", np.arange(3.0), np.arange(2), values, units)
    assert str(refused.value) == expected


def test_traces_print_what_they_hold(make_result):
    assert (
        repr(make_result().traces) == "<Traces\n  'near': v, m: 100 samples of 2 cells of 'cells'>"
    )
    assert repr(Result(dt=1e-4, stop=1.0, seed=0).traces) == "<Traces: none recorded>"
