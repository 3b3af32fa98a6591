import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray

import rheobase as rb
from rheobase.units import ms, mV, um

CELL = rb.Morphology.ball_and_stick(
    soma_diameter=20 * um, dendrite_length=100 * um, dendrite_diameter=2 * um
)


def data(page):
    return json.loads(re.search(r'id="cell">(.*?)</script>', page.html, re.DOTALL)[1])


def unpacked(text, kind):
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def test_a_page_holds_the_cell_and_loads_nothing(tmp_path):
    page = CELL.page(title="A <cell>")
    found = data(page)
    lines = unpacked(found["lines"], "<f4").reshape(-1, 8)
    np.testing.assert_allclose(lines, [[10, 0, 0, 110, 0, 0, 1, 1]])
    assert found["balls"] == [[0, 0, 0, 10, 0, 0]]
    assert found["regions"] == ["soma", "dendrite"]
    assert found["sections"][1] == [1, 100.0, 1, 10.0]
    assert "A &lt;cell&gt;" in page.html
    assert "default-src 'none'" in page.html
    assert not re.search(r"(src|href)\s*=|https?://|@import", page.html)
    page.save(tmp_path / "cell.html")
    assert Path(tmp_path / "cell.html").read_text(encoding="utf-8") == page.html
    assert "<iframe srcdoc=" in page._repr_html_() and "sandbox" in page._repr_html_()
    assert repr(page).startswith("<Page: A <cell>, 0.0 MB")


def test_values_over_time():
    found = CELL.discretize([1, 2])
    values = np.array([[-70.0, -70, -70], [30, -20, np.nan]])
    shown = data(CELL.page(values, compartments=found, label="v", unit="mV", times=[0, 2] * ms))
    steps = unpacked(shown["values"]["steps"], "u1").reshape(2, 3)
    assert steps.tolist() == [[0, 0, 0], [254, 127, 255]]
    assert shown["values"]["times"] == [0.0, 2.0]
    assert (shown["values"]["low"], shown["values"]["high"]) == (-70.0, 30.0)
    assert shown["values"]["label"] == "v (mV)"
    assert len(shown["values"]["scale"]) == 255


def test_a_page_begins_where_there_is_something_to_see():
    found = CELL.discretize([3, 2])
    rest, rises, peak = np.full(5, -70.0), [-50, -60, -70, -70, -70], [-70, -70, 20, -40, -70]
    values = np.array([rest, rest, rises, peak, rest])
    shown = data(CELL.page(values, compartments=found, label="v", unit="mV"))
    assert shown["values"]["start"] == 3
    assert (shown["home"], shown["home_name"], shown["origin"]) == (1, "soma", "the soma")
    only = data(CELL.page(np.array([rest, np.full(5, np.nan), peak]), compartments=found))
    assert only["values"]["start"] == 2
    assert data(CELL.page(np.array([rest, rest]), compartments=found))["values"]["start"] == 0
    assert "start" not in data(CELL.page(peak, compartments=found))["values"]
    cable = rb.Morphology.cylinder(length=9 * um, diameter=1 * um)
    assert data(cable.page())["origin"] == "the start"


def test_colors_of_a_page():
    scale = data(CELL.page([1, 2], colormap="magma"))["values"]["scale"]
    assert (scale[0], scale[-1]) == ("#000004", "#fcfdbf")
    with pytest.raises(rb.errors.UnknownNameError, match='did you mean "magma"'):
        CELL.page([1, 2], colormap="magna")


def test_recorded_traces_know_their_times():
    traces = xarray.DataArray(
        np.zeros((3, 2)), dims=("time", "cell"), coords={"time": [0.0, 1e-4, 2e-4]}, name="v",
        attrs={"units": "mV"},
    )  # fmt: skip
    assert data(CELL.page(traces))["values"]["times"] == [0.0, 0.1, 0.2]


def test_one_row_has_no_times():
    assert "times" not in data(CELL.page([1, 2] * mV))["values"]


def test_refused():
    with pytest.raises(rb.errors.ShapeError, match=r"one time for every row[\s\S]*2 times"):
        CELL.page(np.ones((2, 2)), times=[1] * ms)
