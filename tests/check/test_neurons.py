"""rb.check.neuron: right neurons pass, and every known fault is called by its name."""

import re

import pytest
from tests.check.neurons_of_students import Neuron, Shows, function

import rheobase as rb
from rheobase.errors import UnitError, UserError, WiringError
from rheobase.units import ms, mV, pA

MODEL = rb.models.NormalizedLIF


def check(make, **more):
    return rb.check.neuron(make, like=MODEL, dt=1 * ms, **more)


@pytest.mark.parametrize("make", [Neuron, Shows, function, lambda: Neuron()])
def test_right_neurons_pass(make):
    report = check(make)
    assert report.passed and report and report.causes == ()
    assert re.fullmatch(
        r"Passed: your neuron does what NormalizedLIF does in 1800 steps of 1 ms with \d+ spikes, "
        r"in 3 trials \(v, s, spikes compared after every step\)\.",
        str(report),
    )


FAULTS = {
    "exchanged": "your neuron takes tau_m for tau_s and tau_s for tau_m",
    "tau_m": "your neuron has the value of tau_s in tau_m",
    "before": "your neuron adds what arrives before it takes the step",
    "last": "your neuron keeps only the last of several arrivals",
    "positive": "your neuron ignores negative weights",
    "size": "your neuron takes the size of a weight without its sign",
    "late": "what arrives at your neuron comes one step late",
    "lost": "your neuron loses what arrives while it is refractory; only v stops, s goes on",
    "kept": "your neuron does not forget what arrived",
    "raw": "your neuron adds the weight as it is; an arrival does `s += weight*second/tau_s`",
    "times dt": "your neuron multiplies the weight by dt",
    "over tau_m": "your neuron uses tau_m where an arrival needs tau_s",
    "over s": "an arrival does 2 times what it should in your neuron: `s += weight*second/tau_s`",
    "milliseconds": "your neuron takes dt for milliseconds; step(dt) gets seconds",
    "backwards": "your neuron updates v, s one after the other",
    "arrived first": "your neuron takes the slope of v with the new s, in which what arrives in "
                     "the step is added already",
    "exact": "your neuron takes s exponentially, as in exp(-dt/tau), and the rest by euler; the "
             "method is euler for all of it",
    "exponential": "your neuron is right in everything but its method: its numbers are those of "
                   "exponential_euler",
    "heun": "your neuron is right in everything but its method: its numbers are those of heun",
    "midpoint": "your neuron is right in everything but its method: its numbers are those of rk2",
    "fast": "your neuron goes as if tau_m were 10 ms; it has to be 20 ms",
    "slow": "your neuron goes as if tau_s were 61.3 ms; it has to be 50 ms",
    "patient": "your neuron goes as if tau_ref were 3 ms; it has to be 2 ms",
    "threshold": "your neuron spikes as if the threshold were 1.1; it has to be 1",
    "never": "your neuron never spikes: nothing happens when v reaches the threshold",
    "silent": "your neuron resets v, but does not write the time of the spike into `spikes`",
    "resets": "your neuron resets v to 0.1; it has to be 0",
    "start, from the end": "your neuron does not interpolate: its spike is at the start of the "
                           "step, and the refractory period begins at its end",
    "s held": "your neuron holds s too while it is refractory; only v stops",
    "leaky": "your neuron integrates v during the refractory period; 1.54 ms of it were left",
    "throughout": "your neuron integrates v during the refractory period, and in the step in which "
                  "it ends as if there were none",
    "none": "your neuron has no refractory period: after a spike v has to be held for 2.00 ms",
    "whole": "your neuron integrates v over the whole of the step in which the refractory period "
             "ends (as if it were rounded down to whole steps); 0.54 ms of it were left, so only "
             "0.46 ms of the step remain",
    "nothing": "your neuron holds v to the end of the step in which the refractory period ends "
               "(as if it were rounded up to whole steps); 0.54 ms of it were left, so it has to "
               "integrate over the 0.46 ms that remain",
    "from the end": "your refractory period runs from the end of the step of the spike",
    "rounded": "your refractory period is rounded to whole steps",
    "longer": "your refractory period is one step too long; it lasts 2.00 ms",
    "start": "your neuron does not interpolate: its spike, and with it the refractory period, is "
             "at the start of the step",
    "end": "your neuron does not interpolate: its spike, and with it the refractory period, is at "
           "the end of the step",
    "stamp start": "the times your neuron writes down are those of the start of the step",
    "stamp end": "the times your neuron writes down are those of the end of the step",
    "stamp late": "the times your neuron writes down are one step late",
    "s reset": "your neuron resets s too at a spike; only v is reset",
    "s clipped": "your neuron keeps what arrivals add to from falling below 0",
    "v clipped": "your neuron keeps v from falling below 0",
    "not reset": "your neuron does not reset v after a spike; it goes to 0",
    "subtracts before": "your neuron subtracts the threshold from v at a spike; v has to be set",
    "subtracts": "your neuron subtracts the threshold from v at a spike; v has to be set to 0",
    "strict": "your neuron spikes only if v is above 1; reaching it is enough (>= in place of >)",
    "starts": "your neuron starts with other values of v",
    "nan": "`v` of your neuron is no finite number any more",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_known_fault_is_found(fault):
    report = check(lambda: Neuron(fault), trials=2, duration=300 * ms)
    assert not report.passed and not report and report.certain
    both = fault in ("heun", "midpoint")  # the same for equations that are linear
    assert len(report.causes) == 1 + both, report.causes
    assert report.causes[fault == "midpoint"].startswith(FAULTS[fault]), report.causes
    assert FAULTS[fault] in str(report)
    assert "First difference: " in str(report)


def test_a_report_names_the_first_difference_and_tells_the_step():
    report = check(lambda: Neuron("leaky"))
    lines = str(report).splitlines()
    assert lines[0] == "Your neuron does not do what NormalizedLIF does."
    assert lines[2] == (
        "First difference: in the step from 13 ms to 14 ms (one strong input, step 13)"
    )
    assert lines[3:5] == ["     yours      ours", "  v  0.0980896  0"]
    assert "(With it built in, our neuron does what yours does in all " in str(report)
    assert report.variable == "v" and report.ours == 0
    assert report.yours == pytest.approx(0.0980896, rel=1e-5)
    assert report.time == pytest.approx(0.013) and report.trial == "one strong input"
    assert "  refractory time left: 1.649376 ms" in report.explanation
    assert "  dv/dt = (s - v)/tau_m" in str(report)


def test_spikes_that_differ_are_told_as_times():
    report = check(lambda: Neuron("stamp start"))
    assert report.variable == "spikes"
    assert report.yours == [pytest.approx(0.012)]
    assert report.ours == [pytest.approx(0.0126494, abs=1e-7)]
    assert re.search(r"  spikes  0.012 s  0.01264938 s", str(report))


def test_two_faults_together_are_found_as_two():
    class Both(Neuron):
        def receive(self, weight):
            super().receive(max(weight, 0))

    report = check(lambda: Both("s held"))
    assert report.certain and len(report.causes) == 2
    assert "Two causes together:\n  - your neuron " in str(report)
    assert {cause.split()[2] for cause in report.causes} == {"holds", "ignores"}


def test_what_no_known_fault_explains_is_said_honestly():
    class Odd(Neuron):
        def step(self, dt):
            super().step(dt)
            self.s *= 0.999

    report = check(Odd)
    assert report.causes == () and not report.certain
    assert "None of the faults that are known here explains it: with each of them" in str(report)


def test_a_fault_that_explains_a_part_is_called_a_part():
    class Part(Neuron):
        def step(self, dt):
            super().step(dt)
            if self.t > 0.03:
                self.s *= 0.999

    report = check(lambda: Part("leaky"))
    assert not report.certain and len(report.causes) == 1
    text = str(report)
    assert "Perhaps a part of it: your neuron integrates v during the refractory period; " in text
    assert "but not to the end: there is another one." in text


def test_an_exception_is_told_with_its_line():
    report = check(lambda: Neuron("raises"))
    text = str(report)
    assert not report.passed and report.certain
    assert text.startswith("Your neuron stopped: step(0.001) raised ValueError: this is too long")
    assert 'raise ValueError("this is too long")' in text
    assert "Until then it did what ours does." in text
    assert report.time == pytest.approx(0.05, abs=0.0011)


def test_neurons_with_units_ports_and_inputs():
    class Lif:
        """The exact step of the library's LIF, in mV and pA."""

        def __init__(self):
            self.v, self.i_syn, self.I, self.spikes, self.held, self.k = -65.0, 0.0, 0.0, [], 0, 0
            self.arrived = 0.0

        def receive(self, weight):
            self.arrived += weight

        def step(self, dt):
            import math

            ms_, tau, ts = dt * 1e3, 10.0, 0.5
            p, q = math.exp(-ms_ / tau), math.exp(-ms_ / ts)
            gain = tau * ts / (tau - ts) * (p - q) / 250
            if self.held:
                self.held -= 1
            else:
                rest = -65.0 + self.I * tau / 250
                self.v = rest + (self.v - rest) * p + gain * self.i_syn
            self.i_syn = self.i_syn * q
            if not self.held and self.v > -50.0:
                self.spikes.append(self.k * dt)
                self.v, self.held = -65.0, round(2 / ms_)
            self.i_syn += self.arrived
            self.arrived, self.k = 0.0, self.k + 1

    assert rb.check.neuron(Lif, like=rb.models.LIF, dt=0.1 * ms).passed
    assert rb.check.neuron(Lif, like=rb.models.LIF, dt=0.1 * ms, weight=500 * pA).passed

    class Wrong(Lif):
        def receive(self, weight):
            self.v += weight

    report = rb.check.neuron(Wrong, like=rb.models.LIF, dt=0.1 * ms)
    assert not report.passed and " mV" in str(report)

    class Rate:
        r = 0.5

        def step(self, dt, I):  # noqa: E741
            import math

            self.r += (1 - math.exp(-dt / 0.01)) * (1 / (1 + math.exp(-I)) - self.r)

    assert rb.check.neuron(Rate, like=rb.models.RateUnit(f="sigmoid"), dt=0.1 * ms).passed


def test_two_ports_are_received_by_name():
    class Conductances:
        """The library's ConductanceLIF, by its own kernels but for the ports, which are mixed."""

        def __init__(self, mixed):
            from rheobase.check.cells import Cell, Kinds

            model = rb.models.ConductanceLIF
            self._model, self._cell = model, Cell(Kinds(model, 1e-4).of(), 1e-4)
            self._mixed, self._arrived, self.I = mixed, [], 0.0

        def receive(self, weight, port):
            if self._mixed:
                port = {"excitatory": "inhibitory", "inhibitory": "excitatory"}[port]
            self._arrived.append((port, weight * 1e-9))

        def step(self, dt):
            self._cell.step(self._arrived, {"I": self.I * self._model.unit_of("I").scale})
            self._arrived = []

        @property
        def v(self):
            return self._cell.state()["v"] * 1e3

        @property
        def spikes(self):
            return self._cell.spikes

    model = rb.models.ConductanceLIF
    assert rb.check.neuron(lambda: Conductances(False), like=model, dt=0.1 * ms).passed
    assert not rb.check.neuron(lambda: Conductances(True), like=model, dt=0.1 * ms).passed


def test_duration_trials_and_seed():
    report = check(Neuron, duration=200 * ms, trials=2, seed=7)
    assert "in 400 steps of 1 ms" in str(report) and "in 2 trials" in str(report)
    quiet = check(Neuron, duration=5 * ms, trials=1, weight=0.001)
    assert str(quiet).endswith(
        "There was no spike: give a longer duration=... or the size of weight=..."
    )


def test_the_picture_shows_yours_and_ours():
    ax = check(lambda: Neuron("leaky")).plot()
    assert ax.get_xlabel() == "time (ms)" and ax.get_ylabel() == "v"
    assert [line.get_label() for line in ax.lines] == ["ours", "yours"]
    with pytest.raises(UserError, match="there is nothing to draw, the check found no difference"):
        check(Neuron).plot()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (dict(like="LIF"), UserError, r"rb.check.neuron: like is no model\ngiven: 'LIF'\nwrite "),
        (dict(like=rb.models.DeltaLIF(crossing="exact")), WiringError,
         r'DeltaLIF has crossing="exact": it goes from event to event'),
        (dict(like=rb.Model("dv/dt = -v/ms + xi/ms**0.5 : 1")), WiringError,
         r"Model draws random numbers, which yours cannot draw alike\ncompare without the noise"),
        (dict(trials=0), UserError, r"trials is a number of trials\nexpected: 1, 2, 3, ..."),
        (dict(tolerance=2), UserError, r"tolerance is a fraction\nexpected: a number between"),
        (dict(dt=0 * ms), UserError, r"rb.check.neuron: dt is the length of a step"),
        (dict(dt=1 * mV), UnitError, r"rb.check.neuron: dt"),
        (dict(duration=0 * ms), UserError, r"a trial takes at least one step"),
        (dict(weight=5 * mV), UnitError, r"rb.check.neuron: weight"),
        (dict(weight=-1), UserError, r"weight is the mean size of the weights"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        rb.check.neuron(Neuron, **{"like": MODEL, "dt": 1 * ms, **arguments})


@pytest.mark.parametrize(("start", "told"), [(-0.065, True), (-70.0, False), (0.0, False)])
def test_a_neuron_in_volts_is_told_the_unit(start, told):
    class Still:
        def __init__(self):
            self.v, self.spikes = start, []

        def receive(self, weight):
            pass

        def step(self, dt):
            pass

    text = str(rb.check.neuron(Still, like=rb.models.LIF, dt=0.1 * ms))
    unit = "`v` of your neuron seems to be in a unit that is 10**3 times as large; the check " \
           "compares it in that of the model, mV"  # fmt: skip
    assert (unit in text) is told
    assert ("your neuron starts with other values of v" in text) is not told
