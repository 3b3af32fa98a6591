"""One model under sliders: every position is a run of its own, as if run alone."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnitError, UnknownNameError, UserError
from rheobase.interactive import Curve, Lines
from rheobase.units import cm, ms, mV, nA, nS, pA, second, uA

DENSITY = uA / cm**2


def test_a_position_is_what_the_cell_does_alone():
    player = rb.interact(
        rb.models.LIF, I=(0, 600) * pA, tau_m=(10, 20) * ms, steps={"I": 4, "tau_m": 2},
        duration=60 * ms, start=5 * ms, dt=0.1 * ms,
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF(tau_m=20 * ms), name="cell")
    net.inject(cell, rb.stimuli.step(600 * pA, start=5 * ms))
    net.record(cell, "v", every=0.1 * ms)
    alone = net.run(60 * ms)
    shown = player.value(I=600 * pA, tau_m=20 * ms)
    np.testing.assert_array_equal(shown.traces["v"], alone.traces["cell"].v[:, 0])
    np.testing.assert_allclose(shown.spikes["v"].times, alone.spikes["cell"].times)
    assert shown.readings["spikes"] == alone.spikes["cell"].count > 0
    assert shown.readings["rate"] == pytest.approx(alone.spikes["cell"].count / 0.055)
    assert player.value(I=0 * pA).readings["rate"] == 0


def test_a_model_starts_at_the_rest_of_each_position():
    player = rb.interact(rb.models.LIF, E_L=(-75, -60) * mV, steps=2, duration=5 * ms)
    assert player.value(E_L=-75 * mV).traces["v"].tolist() == pytest.approx(
        [-75.0] * player.value().time.size
    )


def test_panels_of_a_spiking_model():
    player = rb.interact(rb.models.HodgkinHuxley, I=(0, 12) * DENSITY, steps=3, duration=40 * ms,
                         record=["v", ["m", "h", "n"]], dt=0.05 * ms)  # fmt: skip
    kinds = [(type(panel), panel.title) for panel in player.panels]
    assert kinds == [(Lines, "v (mV)"), (Lines, "m, h, n"), (Lines, "I (µA/cm²)"),
                     (Curve, "rate (Hz)")]  # fmt: skip
    assert list(player.panels[1].lines) == ["m", "h", "n"]
    assert player.title == "HodgkinHuxley"
    # Its voltage has spikes of its own: no strokes are drawn.
    assert not player.panels[0].strokes
    shown = player.value(I=12 * DENSITY)
    assert shown.readings["spikes"] == shown.spikes["v"].count >= 1
    # The current begins after a tenth of the run.
    current = player.value(I=12 * DENSITY)
    assert current.traces["I"][current.time < 4e-3 - 1e-9].tolist() == pytest.approx(
        [0.0] * np.count_nonzero(current.time < 4e-3 - 1e-9)
    )
    assert current.traces["I"][-1] == pytest.approx(12)


def test_strokes_where_the_voltage_is_reset():
    player = rb.interact(rb.models.LIF, I=(0, 1) * nA, steps=2, duration=30 * ms, dt=0.1 * ms)
    assert len(player.panels[0].spikes) == 2 and player.panels[0].strokes
    assert player.panels[1].spikes is None  # the current


def test_a_model_without_spikes_has_no_rate():
    player = rb.interact(rb.models.RateUnit, I=(0, 4), gain=(1, 3), steps=2, duration=30 * ms)
    assert [panel.title for panel in player.panels] == ["r", "I"]
    assert player.readings == ()


def test_what_is_shown_unless_it_is_said():
    wanted = dict(steps=2, duration=2 * ms, backend="interpreter")
    two = rb.interact(rb.models.WilsonCowan, P=(0, 1.25), **wanted)
    assert [panel.title for panel in two.panels] == ["E, I"]
    crossing = rb.interact(rb.models.HindmarshRose, I=(1, 3), **wanted)
    assert [panel.title for panel in crossing.panels] == ["x", "I", "rate (Hz)"]


def test_two_variables_against_each_other():
    player = rb.interact(rb.models.FitzHughNagumo, I=(0, 1), plane=("v", "w"), steps=2,
                         duration=2 * ms, backend="interpreter")  # fmt: skip
    assert [panel.title for panel in player.timed] == ["v", "w", "I"]
    plane = player.beside[0]
    (_, v), (_, w) = player.lines_of(plane)
    np.testing.assert_array_equal(v, player.panels[0].lines["v"])
    np.testing.assert_array_equal(w, player.panels[1].lines["w"])


def test_a_stimulus_with_sliders_of_its_own():
    def pulses(height, width=5 * ms):
        return rb.stimuli.pulse_train(height, period=10 * ms, width=width)

    player = rb.interact(rb.models.LIF, stimulus=pulses, height=(0, 200) * pA, steps=3,
                         duration=20 * ms, dt=0.1 * ms)  # fmt: skip
    shown = player.value(height=200 * pA)
    assert shown.traces["I"][[1, 49, 51]].tolist() == pytest.approx([200, 200, 0])
    assert [panel.title for panel in player.panels] == ["v (mV)", "I (pA)", "rate (Hz)"]


def test_a_stimulus_beside_a_slider():
    player = rb.interact(rb.models.LIF, stimulus=rb.stimuli.step(100 * pA), I=(0, 100) * pA,
                         steps=2, duration=10 * ms, start=0 * ms, dt=0.1 * ms)  # fmt: skip
    assert player.value(I=100 * pA).traces["I"][1] == pytest.approx(200)


def test_a_parameter_that_cells_share_is_a_network_for_each_value():
    model = rb.Model("dx/dt = -x/tau : 1\ntau : second (shared)", initial=dict(x=1),
                     parameters=dict(tau=10 * ms), name="Decay")  # fmt: skip
    player = rb.interact(model, tau=(5, 20) * ms, steps=2, duration=20 * ms, dt=0.1 * ms)
    for tau in (5, 20):
        shown = player.value(tau=tau * ms)
        np.testing.assert_allclose(shown.traces["x"], np.exp(-shown.time * 1e3 / tau), rtol=1e-6)


def test_names_this_function_has_itself_come_in_a_mapping():
    model = rb.Model("dx/dt = (start - x)/(10*ms) : 1\nstart : 1", name="Decay",
                     parameters=dict(start=1))  # fmt: skip
    player = rb.interact(model, {"start": (0, 2)}, steps=3, duration=5 * ms)
    assert player.sliders[0].name == "start"


def test_the_interpreter_runs_the_same():
    wanted = dict(I=(0, 600) * pA, steps=3, duration=20 * ms, dt=0.1 * ms)
    interpreted = rb.interact(rb.models.LIF, backend="interpreter", **wanted)
    compiled = rb.interact(rb.models.LIF, **wanted)
    for one, other in zip(interpreted.panels[:2], compiled.panels[:2], strict=True):
        np.testing.assert_array_equal(*one.lines.values(), *other.lines.values())


I = (0, 1) * nA  # noqa: E741


@pytest.mark.parametrize("options, error, text", [
    (dict(J=(0, 1)), UnknownNameError, "LIF has no parameter or input 'J'"),
    (dict(tau_membrane=(5, 10) * ms), UnknownNameError, "did you mean tau_m?"),
    (dict(I=(0, 1) * mV), UnitError, "the slider I"),
    (dict(I=I, record="w"), UnknownNameError, "LIF has no variable 'w' to record"),
    (dict(I=I, record=[["v", "i_syn"]]), UserError, "v, i_syn have no common axis"),
    (dict(I=I, start=1 * second), UserError, "expected: 0 ms to less than 200 ms\ngiven: 1000 ms"),
    (dict(I=I, duration=0 * ms), UserError, "duration is a time above 0"),
    (dict(I=I, duration=3), UnitError, "duration=200*ms"),
    (dict(I=I, plane="v"), UserError, 'given: \'v\'\nwrite plane=("v", "w")'),
    (dict(I=I, plane=("v", "u")), UnknownNameError, "LIF has no variable 'u' to record"),
    (dict(I=I, stimulus=3), UserError, "stimulus is neither a current nor a function"),
    (dict(I=I, cells="a"), UserError, "cells is for a function, and this is a model"),
    (dict(I=I, measure={}), UserError, "leave measure out: the rate is drawn"),
    (dict(I=I, stimulus=lambda a, b: None), UserError, "the stimulus needs a and b, which no"),
])  # fmt: skip
def test_what_is_refused(options, error, text):
    with pytest.raises(error) as caught:
        rb.interact(rb.models.LIF, **options)
    assert text in str(caught.value)


def test_a_stimulus_needs_one_place():
    with pytest.raises(UserError, match="a stimulus has no place in Decay") as error:
        rb.interact(rb.Model("dx/dt = -x/tau : 1\ntau : second", name="Decay"), tau=(5, 9) * ms,
                    stimulus=rb.stimuli.step(1 * nS))  # fmt: skip
    assert "given: no input" in str(error.value)


@pytest.mark.parametrize("what, words", [
    (rb.Membrane([rb.channels.Leak]), [
        "this is a membrane, not a model", "rb.interact(membrane.point(area=20000*um**2), I="]),
    (rb.channels.Leak, ["this is a channel, not a model",
                        "rb.interact(rb.Membrane([channel]).point(area=20000*um**2), I="]),
    (rb.Cell(rb.Morphology.cylinder("10 um", "1 um"), rb.Membrane([rb.channels.Leak])), [
        "a cell with a morphology, which does not say where its input is",
        "rb.interact(build, current=(0, 1)*nA)"]),
])  # fmt: skip
def test_parts_of_cells_say_what_to_write(what, words):
    with pytest.raises(UserError) as error:
        rb.interact(what, I=(0, 1) * nA)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("what", [3, "LIF", None])
def test_what_is_neither_model_nor_function(what):
    with pytest.raises(UserError, match="this is neither a model nor a function") as error:
        rb.interact(what, I=(0, 1))
    assert "rb.interact(rb.models.LIF, I=(0, 1000)*pA)" in str(error.value)
