"""The examples in docstrings of what takes part in a network or measures its spikes: they run."""

import doctest
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase import units

UNITS = ("Hz", "kHz", "mV", "mm", "ms", "nA", "pA", "second", "uA", "um")
ROOMS = ("rules", "stimuli", "random")
MEASURES = ("isi", "cv", "cv2", "local_variation", "fano_factor", "synchrony", "chi",
            "count_correlation", "autocorrelogram", "cross_correlogram",
            "population_spectrum")  # fmt: skip


def functions():
    for room in ROOMS:
        home = getattr(rb, room)
        for name in home.__all__:
            if not inspect.isclass(getattr(home, name)):
                yield pytest.param(getattr(home, name), id=f"{room}.{name}")
    for name in MEASURES:
        yield pytest.param(getattr(rb.analysis, name), id=f"analysis.{name}")


def kind_of_cell(function):
    """Fields act on cells with a morphology, the rest is shown with point cells."""
    if function.__name__ not in ("uniform_field", "point_electrode", "line_electrode"):
        return rb.models.LIF
    shape = rb.Morphology.cylinder(length="100 um", diameter="2 um")
    return rb.Cell(shape, rb.Membrane([rb.channels.Leak]), max_length="50 um")


@pytest.fixture(scope="module")
def result():
    net = rb.Network(dt="0.1 ms", seed=1)
    cells = net.add(rb.models.LIF, 10, name="cells")
    net.inject(cells, rb.stimuli.noise("300 pA", tau="5 ms", mean="400 pA"))
    net.record(cells, "v")
    return net.run("300 ms", backend="interpreter")


@pytest.mark.parametrize("function", list(functions()))
def test_an_example_runs(function, result):
    net = rb.Network(dt="0.1 ms", seed=1)
    known = {"rb": rb, "np": np, "plt": plt, "net": net, "result": result}
    known |= {name: getattr(units, name) for name in UNITS}
    known["inputs"] = net.add(rb.stimuli.poisson("10 Hz"), 40, name="inputs")
    known["cells"] = net.add(kind_of_cell(function), 40, name="cells")
    places = np.arange(20.0)[:, None] * 40 * units.um
    known["sheet"] = net.add(rb.models.LIF, 20, name="sheet", positions=places)
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(function))
    assert examples
    for example in examples:
        exec(example.source, known)
    net.run("0.2 ms", backend="interpreter")
