import sys

import numpy as np
import pytest

from rheobase.errors import UserError
from rheobase.results import Result, TraceData


def test_a_file_that_nwb_readers_understand(make_result, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    result = make_result()
    path = result.to_nwb(tmp_path / "run.nwb")
    assert [p.name for p in tmp_path.iterdir()] == ["run.nwb"]
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        assert file.session_description == result.description
        assert len(file.units) == 8
        populations = ["cells"] * 5 + ["quiet/%one"] * 3
        assert list(file.units["population"][:]) == populations
        for row in range(5):
            np.testing.assert_array_equal(
                file.units["spike_times"][row], result.spikes["cells"][row]
            )
        series = file.acquisition["near.v"]
        assert series.unit == "mV"
        np.testing.assert_array_equal(series.data[:], result.traces["near"].v)
        np.testing.assert_array_equal(series.timestamps[:], result.traces["near"].time)
    assert not pynwb.validate(path=str(path))


def test_without_pynwb_it_says_how_to_get_it(make_result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(UserError) as refused:
        make_result().to_nwb(tmp_path / "run.nwb")
    assert str(refused.value) == (
        "to_nwb needs the package pynwb, which is not installed; install it with\n"
        "    pip install 'rheobase[nwb]'"
    )


def test_places_on_cells_are_told(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    where = {"cell": np.array([0, 1]), "region": np.array(["soma", "axon"]),
             "path": np.array([0.0, 20e-6]), "compartment": np.array([0, 4])}  # fmt: skip
    data = TraceData("along", "cells", np.arange(3) * 1e-3, np.array([0, 9]),
                     {"v": np.ones((3, 2))}, {"v": "mV"}, "site", where)  # fmt: skip
    path = Result([], [data], dt=1e-3, stop=3e-3, seed=0).to_nwb(tmp_path / "run.nwb")
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        series = io.read().acquisition["along.v"]
        assert series.description == (
            "v of cell 0, soma, 0 um from the soma, compartment 0; "
            "cell 1, axon, 20 um from the soma, compartment 4 of cells"
        )
        assert series.comments == "columns are sites"
