"""Faults of neurons in units, on the grid of steps, and of other models than the course's."""

import math

import pytest

import rheobase as rb
from rheobase.check.cells import Kinds
from rheobase.check.faults import Fault, Verdict, diagnose, known_faults
from rheobase.check.habits import RIGHT
from rheobase.units import ms, pA


class Lif:
    """The library's LIF by its exact solution: mV, pA, ms."""

    def __init__(self, fault=""):
        self.v, self.i_syn, self.I = -65.0, 0.0, 0.0
        self.spikes, self.held, self.k, self.arrived, self.fault = [], 0, 0, 0.0, fault

    def receive(self, weight):
        self.arrived += weight

    def step(self, dt):
        f = self.fault
        h, tau, ts = dt * 1e3, 10.0, 0.5
        p, q = math.exp(-h / tau), math.exp(-h / ts)
        target = -65.0 + self.I * tau / 250
        before = self.held > 0
        self.held -= before
        if not before or f == "leaky":
            if f == "euler":
                self.v += h * ((-65.0 - self.v) / tau + (self.I + self.i_syn) / 250)
            else:
                gain = tau * ts / (tau - ts) * (p - q) / 250
                self.v = target + (self.v - target) * p + gain * self.i_syn
        self.i_syn *= 1 - h / ts if f == "euler" else q
        if not before and self.v > -50.0:
            self.spikes.append((self.k + (f == "stamp")) * dt)
            self.v = {"zero": 0.0, "not": self.v}.get(f, -65.0)
            self.held = round(2 / h) - (f == "short") + (f == "long")
            if f == "reset i":
                self.i_syn = 0.0
        self.i_syn += self.arrived
        self.arrived, self.k = 0.0, self.k + 1


FAULTS = {
    "leaky": "your neuron integrates v during the refractory period; ",
    "short": "your refractory period is one step too short; it lasts 2.00 ms",
    "long": "your refractory period is one step too long; it lasts 2.00 ms",
    "zero": "your neuron resets v to 0 and not to V_r",
    "not": "your neuron does not reset v after a spike; it goes to V_r",
    "stamp": "the times your neuron writes down are those of the end of the step",
    "reset i": "your neuron resets i_syn too at a spike; only v is reset",
    "euler": "your neuron is right in everything but its method: its numbers are those of euler",
}


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_faults_on_the_grid(fault):
    report = rb.check.neuron(lambda: Lif(fault), like=rb.models.LIF, dt=0.1 * ms, trials=2,
                             weight=2000 * pA)  # fmt: skip
    if not fault:
        assert report.passed
        return
    assert report.certain
    assert any(cause.startswith(FAULTS[fault]) for cause in report.causes), report.causes


def test_faults_are_those_that_a_model_can_have():
    texts = [fault.text for fault in known_faults(Kinds(rb.models.HodgkinHuxley, 1e-5).of())]
    assert not any("refractory" in text or "arrival" in text for text in texts)
    assert any("method" in text for text in texts)
    adex = [fault.text for fault in known_faults(Kinds(rb.models.AdEx, 1e-4).of())]
    assert any(text.startswith("your neuron resets {v} but leaves out the rest") for text in adex)
    assert not any("interpolate" in text for text in adex)


def test_the_first_of_what_fits_is_named_and_what_fits_in_part_last():
    faults = [Fault({"rest": "whole"}, "a"), Fault({"lost": "either"}, "b")]

    class Some:
        whole = 10

        def __init__(self, scores):
            self.scores = scores

        def agreement(self, habits):
            return self.scores[habits.rest == "whole", habits.lost == "either"]

    right, first, second, both = (False, False), (True, False), (False, True), (True, True)
    alone = diagnose(Some({right: 1, first: 10, second: 3, both: 10}), faults)
    assert alone == Verdict((faults[0],), False, 10)
    pair = diagnose(Some({right: 1, first: 2, second: 3, both: 10}), faults)
    assert pair == Verdict((faults[1], faults[0]), True, 10)
    part = diagnose(Some({right: 1, first: 2, second: 3.5, both: 4}), faults)
    assert part == Verdict((faults[1],), False, 3)
    none = diagnose(Some({right: 1, first: 1, second: 0, both: 10}), faults)
    assert none == Verdict((), False, 1)
    assert faults[0].habits().rest == "whole" and RIGHT.rest == "rest"
