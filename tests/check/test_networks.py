"""rb.check.network: right networks pass, and faults of networks are called by their names."""

import pytest
from tests.check.neurons_of_students import Columns, Network, Neuron

import rheobase as rb
from rheobase.errors import UserError, WiringError
from rheobase.units import ms

MODEL = rb.models.NormalizedLIF


def check(make, **more):
    return rb.check.network(make, like=MODEL, dt=1 * ms, **{"duration": 200 * ms, **more})


def test_right_networks_pass():
    report = check(Network)
    assert report.passed
    assert str(report).startswith(
        "Passed: your network does what 5 cells of NormalizedLIF do in 600 steps of 1 ms with "
    )
    assert "(v, s, spikes of every neuron compared after every step)" in str(report)
    assert check(Columns, size=3, trials=2).passed


FAULTS = {
    "transposed": "your network takes weights[i][j] for the weight from j to i; it is that from i",
    "deaf": "what comes from outside, by receive(cell, weight), does not reach the neurons",
    "all": "what comes from outside for one neuron reaches all neurons of your network",
    "no autapses": "your network loses the connections of neurons with themselves",
    "late": "your network delivers spikes one step too late",
    "last": "of several neurons that spike in one step, your network delivers only the last",
    "in order": "what your network does depends on the order of its neurons",
    "alone": "the neurons of your network do not reach each other: no spike is delivered",
    "forever": "your network delivers spikes again in every step after",
    "slow": "each of your neurons goes as if tau_m were 30 ms; it has to be 20 ms",
    "size": "your network takes the size of the weights between neurons without their sign",
    "positive": "your network ignores negative weights between neurons",
    "mean": "the weights between your neurons count 0.2 times what they should",
    "next": "what comes from outside for one neuron reaches the one after it",
    "short": "neuron 4 of your network is not reached by the spikes of the neurons",
    "mute": "spikes of neuron 0 of your network are not delivered; does a loop leave it out?",
    "overwrites": "each of your neurons keeps only the last of several arrivals in a step, weights",
    "refractory": "your network delivers a spike in every step in which its neuron is refractory",
    "never": "each of your neurons never spikes: nothing happens when v reaches the threshold",
    "resets": "each of your neurons resets v to 0.1; it has to be 0",
    "same step": "your network delivers spikes in the very step in which they are fired",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_known_fault_of_networks_is_found(fault):
    report = check(lambda weights: Network(weights, fault))
    assert not report.passed and report.certain
    assert any(cause.startswith(FAULTS[fault]) for cause in report.causes), report.causes


def test_a_fault_of_the_neurons_is_found_in_a_network():
    class Leaky(Network):
        def __init__(self, weights):
            super().__init__(weights)
            self.neurons = [Neuron("leaky") for _ in weights]

    report = check(Leaky)
    assert report.certain
    assert report.causes[0].startswith("each of your neurons integrates v during the refractory")


def test_a_neuron_that_alone_is_wrong_is_named():
    class Special(Network):
        def __init__(self, weights):
            super().__init__(weights)
            self.neurons[2].tau_m = 0.01

    assert (
        "With the spikes that reach it, neuron 2 does something else than ours; the other neurons "
        "do the same: look at what is special there." in str(check(Special))
    )


def test_two_faults_together_and_the_arrivals_of_the_step():
    report = check(lambda w: Network(w.T, "no autapses"))
    text = str(report)
    assert report.certain and len(report.causes) == 2
    assert "Two causes together:" in text
    assert "Neurons that spiked in the step before: 0\n  weights[0][0] = " in text
    assert "From outside to neuron 0: nothing" in text
    assert "How this step of neuron 0 goes, number by number:" in text
    ax = report.plot()
    assert ax.get_title().startswith("one strong input, neuron 0: the first step that differs")


def test_what_is_no_network_is_refused():
    with pytest.raises(UserError, match=r"your Neuron has no method `step`|has no attribute") as e:
        check(lambda weights: type("Neuron", (), {"receive": lambda self, c, w: None})())
    assert "class Network:" in str(e.value)

    class Few(Network):
        def __init__(self, weights):
            super().__init__(weights[:2])

    with pytest.raises(UserError, match="your network has 2 neurons\nexpected: one for each row"):
        check(Few)

    class Same(Network):
        def __init__(self, weights):
            super().__init__(weights)
            self.neurons = [Neuron()] * len(weights)

    with pytest.raises(UserError, match=r"one and the same object\ngiven: 5 neurons, 1 objects"):
        check(Same)
    with pytest.raises(UserError, match="size is the number of neurons\nexpected: 2, 3"):
        check(Network, size=1)
    with pytest.raises(WiringError, match="ConductanceLIF has several ports"):
        rb.check.network(Network, like=rb.models.ConductanceLIF, dt=0.1 * ms)
    with pytest.raises(WiringError, match="HodgkinHuxley has no port for spikes"):
        rb.check.network(Network, like=rb.models.HodgkinHuxley, dt=0.01 * ms)


def test_what_goes_wrong_on_the_way_is_reported():
    class Stops(Network):
        def step(self, dt):
            super().step(dt)
            if self.neurons[0].t > 0.1:
                raise RuntimeError("enough")

    text = str(check(Stops))
    assert text.startswith("Your network stopped: step(0.001) raised RuntimeError: enough")
    assert "Until then it did what ours does." in text

    class Lost(Network):
        def step(self, dt):
            super().step(dt)
            self.neurons[1].v = float("nan")

    assert check(Lost).causes == ("`v` of neuron 1 is no finite number any more",)
