"""What a model does under its own stimulus, and how that is drawn."""

import numpy as np
import pytest
from matplotlib import pyplot

import rheobase as rb
from rheobase.errors import UnknownNameError, UserError
from rheobase.units import ms, pA


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


def test_a_variant_is_shown_under_the_current_it_was_published_for():
    shown = rb.analysis.behavior(rb.models.AdEx.variants["transient"])
    assert shown.spikes.size == 1
    assert shown.spikes[0] * 1e3 == pytest.approx(30.29, abs=0.1)
    assert shown.caption == "One spike, then silence, at 180 pA."
    assert set(shown.traces.data_vars) == {"v", "w", "I"}


def test_panels_share_the_time_and_name_what_they_show():
    first = rb.analysis.behavior("HodgkinHuxley").plot()
    panels = first.figure.axes
    assert [axes.get_ylabel() for axes in panels] == ["v (mV)", "m, h, n", "I (µA/cm²)"]
    assert panels[-1].get_xlabel() == "time (s)"
    assert [text.get_text() for text in panels[1].get_legend().get_texts()] == ["m", "h", "n"]
    assert panels[0].get_legend() is None
    # No spikes are drawn where the trace has them.
    assert not [each for each in panels[0].collections if each.get_gid() == "spikes"]


def test_spikes_are_drawn_where_a_reset_hides_them():
    axes = rb.analysis.behavior("AdEx").plot().figure.axes
    assert [each for each in axes[0].collections if each.get_gid() == "spikes"]
    assert not [each for each in axes[1].collections if each.get_gid() == "spikes"]


def test_arrivals_are_drawn():
    panels = rb.analysis.behavior("ConductanceLIF").plot().figure.axes
    legend = [text.get_text() for text in panels[-1].get_legend().get_texts()]
    assert legend == ["9 nS, excitatory", "20 nS, inhibitory"]
    assert panels[-1].get_ylabel() == "spikes in"


def test_into_given_axes_goes_the_first_panel():
    figure, axes = pyplot.subplots()
    assert rb.analysis.behavior("RateUnit").plot(ax=axes) is axes
    assert figure.axes == [axes]
    assert axes.get_ylabel() == "r"


def test_another_stimulus_duration_and_variables():
    model = rb.models.LIF
    shown = rb.analysis.behavior(
        model, rb.stimuli.step(500 * pA), duration=50 * ms, dt=0.1 * ms, draw="v"
    )
    assert shown.caption == ""
    assert shown.result.stop == pytest.approx(0.05)
    assert list(shown.traces.data_vars) == ["v", "I"]
    quiet = rb.analysis.behavior(model, {}, duration=50 * ms)
    assert quiet.spikes.size == 0
    assert len(quiet.plot().figure.axes) == 2  # v and i_syn, and no stimulus
    both = rb.analysis.behavior(
        rb.models.WilsonCowan, {"I_E": rb.stimuli.step(1), "I_I": rb.stimuli.step(0.5)},
        duration=20 * ms, backend="interpreter",
    )  # fmt: skip
    assert {"I_E", "I_I"} <= set(both.traces.data_vars)


def test_models_of_ones_own():
    model = rb.Model("dv/dt = (I - v)/(10*ms) : 1\nI : 1 (input)", name="Mine")
    shown = rb.analysis.behavior(model, rb.stimuli.step(1), duration=100 * ms, dt=1 * ms)
    assert shown.traces.v.values[-1, 0] == pytest.approx(1 - np.exp(-9.9), abs=1e-6)
    assert shown.spikes.size == 0
    with pytest.raises(UserError) as refused:
        rb.analysis.behavior(model)
    assert str(refused.value) == (
        "nothing is known of how Mine is best shown\n"
        "expected: a model of the library, or a stimulus and a duration\n"
        "write behavior(model, rb.stimuli.step(500*pA), duration=200*ms)"
    )
    with pytest.raises(UnknownNameError, match=r"did you mean Izhikevich\?"):
        rb.analysis.behavior("Izikevich")


def test_noise_follows_the_seed():
    one, same, other = (
        rb.analysis.behavior("WongWang", seed=seed, duration=100 * ms).traces.S_1.values[-1, 0]
        for seed in (1, 1, 2)
    )
    assert one == same != other


def test_it_prints_as_a_sentence():
    shown = rb.analysis.behavior(rb.models.AdEx.variants["transient"])
    assert str(shown) == "AdEx: 1 spike in 500 ms. One spike, then silence, at 180 pA."
    assert repr(shown) == str(shown)
    rates = rb.analysis.behavior(rb.models.WilsonCowan, duration=20 * ms)
    assert str(rates).startswith("WilsonCowan: 20 ms, a model without spikes. ")
