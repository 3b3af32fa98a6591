import sys

import numpy as np
import pytest

from rheobase.errors import UserError


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
