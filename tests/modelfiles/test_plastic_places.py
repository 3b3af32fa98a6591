"""Synapses that change at places, in model files."""

import numpy as np

TEXT = """
[network]
dt = "0.05 ms"
seed = 2
[morphologies.stick]
shape = "ball_and_stick(soma_diameter=20 um, dendrite_length=300 um, dendrite_diameter=2 um)"
[membranes.active]
channels = ["HHSodium", "HHPotassium", "Leak"]
[cells.one]
morphology = "stick"
membrane = "active"
max_length = "20 um"
[synapses.ampa]
kind = "Exponential"
tau = "2 ms"
E = "0 mV"
[synapses.learn]
kind = "STDP"
tau_plus = "20 ms"
tau_minus = "20 ms"
a_plus = 0.1
a_minus = 0.1
w_max = "9 nS"
[populations.inputs]
train = "poisson(100 Hz)"
size = 5
[populations.cells]
model = "one"
[[connections]]
pre = "inputs"
post = 'cells.at("dendrite", fraction=0.5)'
synapse = "learn"
to = "ampa"
post_spikes = "v > -40*mV"
weight = "5 nS"
name = "plastic"
[[connections]]
pre = "inputs"
post = 'cells.at("dendrite", fraction=0.9)'
synapse = "learn"
to = "ampa"
weight = "5 nS"
name = "again"
[run]
duration = "30 ms"
"""


def test_to_is_a_receptor_that_is_placed(experiment):
    made = experiment(text=TEXT)
    made.network.run("30 ms", backend="interpreter")
    plastic = made.network.projections["plastic"]
    assert plastic.to == "ampa"
    assert made.network.projections["again"].to == "ampa"
    assert "cells_detector" in made.network.populations
    assert np.ptp(plastic.weights.magnitude) > 0
