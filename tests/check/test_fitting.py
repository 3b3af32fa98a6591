"""Numbers that a student has otherwise are named, in neurons of several models."""

import math

import pytest
from tests.check.models_of_students import AdEx, HodgkinHuxley, Izhikevich, Lif

import rheobase as rb
from rheobase.check.cells import Kinds
from rheobase.check.fitting import knobs_of
from rheobase.units import ms

MADE = {"LIF": (Lif, 0.1), "AdEx": (AdEx, 0.1), "Izhikevich": (Izhikevich, 0.1),
        "HodgkinHuxley": (HodgkinHuxley, 0.01)}  # fmt: skip
MODELS = {name: getattr(rb.models, name)(method="euler") for name in MADE}
GO = "your neuron goes as if "
FAULTS = {
    ("LIF", "C_m"): GO + "C_m were 200 pF; it has to be 250 pF",
    ("LIF", "V_T"): GO + "V_T were -55 mV; it has to be -50 mV",
    ("LIF", "tau_ref"): GO + "tau_ref were 5 ms; it has to be 2 ms",
    ("LIF", "reset"): "your neuron resets v to -70 mV; it has to be -65 mV",
    ("LIF", "nA"): "an arrival does 0.001 times what it should in your neuron: `i_syn += weight`",
    ("AdEx", "Delta_T"): GO + "Delta_T were 1 mV; it has to be 2 mV",
    ("AdEx", "b"): GO + "b were 60 pA; it has to be 0 pA",
    ("AdEx", "in order"): "your neuron updates v, w one after the other",
    ("Izhikevich", "a"): GO + "a were 0.1; it has to be 0.02",
    ("Izhikevich", "u kept"): "your neuron resets v but leaves out the rest of the reset",
    ("Izhikevich", "stamp"): "the times your neuron writes down are those of the end of the step",
    ("HodgkinHuxley", "g_K"): GO + "g_K were 30 mS/cm**2; it has to be 36 mS/cm**2",
    ("HodgkinHuxley", "sign"): "your neuron takes its input I with the other sign",
}


def report_of(name, fault=""):
    make, step = MADE[name]
    steps = 2000 if name == "HodgkinHuxley" else 600
    return rb.check.neuron(lambda: make(fault), like=MODELS[name], dt=step * ms,
                           duration=steps * step * ms, trials=2)  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_right_neurons_of_other_models_pass(name):
    assert report_of(name).passed


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_what_is_otherwise_is_named(name, fault):
    report = report_of(name, fault)
    assert report.certain and len(report.causes) == 1
    assert report.causes[0].startswith(FAULTS[name, fault])


def test_a_knob_is_turned_in_the_unit_of_the_model():
    knobs = {knob.text: knob for knob in knobs_of(Kinds(rb.models.LIF, 1e-4).of())}
    knob = knobs["your neuron goes as if V_T were {seen}; it has to be -50 mV"]
    assert knob.right == -0.05 and knob.rounded(-0.0512345, 2) == pytest.approx(-0.051)
    assert knob.fault(-0.051).text == "your neuron goes as if V_T were -51 mV; it has to be -50 mV"
    assert knob.fault(-0.051).changes == {"parameter": ("V_T", -0.051)}
    literal = [k.text for k in knobs_of(Kinds(rb.models.NormalizedLIF, 1e-3).of())]
    assert literal[-1] == "your neuron spikes as if the threshold were {seen}; it has to be 1"


def test_models_without_spikes_have_parameters_too():
    class Rate:
        r = 0.5

        def step(self, dt, I):  # noqa: E741
            self.r += (1 - math.exp(-dt / 0.02)) * (1 / (1 + math.exp(-I)) - self.r)

    report = rb.check.neuron(Rate, like=rb.models.RateUnit(f="sigmoid"), dt=0.1 * ms)
    assert report.causes == (GO + "tau were 20 ms; it has to be 10 ms",)
