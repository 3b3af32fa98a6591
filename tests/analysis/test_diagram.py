"""Bifurcation diagrams: lines by stability, a mark for every bifurcation."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

import rheobase as rb
from rheobase.units import cm, uA

A = uA / cm**2


@pytest.fixture(scope="module")
def snic():
    return rb.analysis.bifurcations(rb.models.MorrisLecar.variants["SNIC"], "I", (-50, 150) * A)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_full_lines_are_stable_and_dashed_ones_are_not(snic):
    ax = snic.plot()
    [branch] = snic.branches
    full = [line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 1]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert len(full) == 2 and len(dashed) == 1  # rest below, and beyond the Hopf bifurcation
    drawn = np.concatenate([line.get_ydata() for line in full])
    assert set(branch.states["v"][branch.stable]) <= set(drawn)
    # neighbors share a point, so that no gap is seen
    assert dashed[0].get_xdata()[0] == full[0].get_xdata()[-1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("I (µA/cm²)", "v (mV)")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["stable", "unstable", "saddle-node", "Hopf bifurcation, subcritical"]


def test_marks_are_where_the_bifurcations_are(snic):
    ax = snic.plot("w")
    places = [tuple(np.ravel(line.get_xydata())) for line in ax.lines if line.get_marker() in "os"]
    assert places == [
        pytest.approx((b.value.magnitude, b.state["w"])) for b in snic
    ]  # fmt: skip
    assert ax.get_ylabel() == "w"


def test_it_is_drawn_into_given_axes_and_labels_stand_once(snic):
    _, ax = plt.subplots()
    assert snic.plot(ax=ax) is ax
    snic.plot(ax=ax)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(texts) == len(set(texts)) == 4


def test_a_state_that_is_none_is_refused(snic):
    with pytest.raises(rb.errors.UnknownNameError) as caught:
        snic.plot("V")
    assert "the branches have no state 'V'; did you mean v?" in str(caught.value)
    assert "their states are: v, w" in str(caught.value)
