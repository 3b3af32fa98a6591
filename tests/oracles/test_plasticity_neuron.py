"""Synapses that change on a dendrite, here and in NEURON driven by hand.

`data/plasticity_neuron.json` holds what NEURON finds, `data/plasticity_in_neuron.py` how.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import cm, mS, ms, mV, nA, nS, ohm, um

WANTED = json.loads(
    (Path(__file__).parent / "data" / "plasticity_neuron.json").read_text(encoding="utf-8")
)
ARRIVALS = [[4, 11, 19, 26, 33, 41, 55, 62, 70, 88], [7, 16, 21, 37, 48, 52, 66, 75, 81, 93]]
SQUID_AT_REST = {"m_Na": 0.052932485257249577, "h_Na": 0.59612075350846028,
                 "n_K": 0.31767691406069742}  # fmt: skip


@pytest.mark.parametrize("whose", ["of the cell", "of the place"])
def test_depression_and_pairs_on_a_dendrite(whose):
    """Spikes within 0.02 ms over 100 ms, the weight within 0.5 %, |dv| below 0.1 mV on average."""
    leak = rb.channels.Leak(g=0.3 * mS / cm**2, E=-54.3 * mV)
    squid = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, leak])
    cell = rb.Cell(rb.Morphology.ball_and_stick(20 * um, 500 * um, 2 * um), squid,
                   axial_resistivity=100 * ohm * cm,
                   max_length=rb.morphology.per_section([1, 25]))  # fmt: skip
    net = rb.Network(dt=0.0025 * ms)
    cells = net.add(cell, name="cells")
    cells.v = -65 * mV
    for gate, value in SQUID_AT_REST.items():
        setattr(cells, gate, value)
    places = cells.at("dendrite", fraction=(0.3, 0.7))
    trains = net.add(rb.stimuli.spike_times([t * ms for t in ARRIVALS]), name="trains")
    short = rb.synapses.ShortTermPlasticity(U=0.35, tau_d=150 * ms, tau_f=60 * ms)
    stdp = rb.synapses.STDP(17 * ms, 29 * ms, a_plus=0.06, a_minus=0.05, w_max=20 * nS)
    ampa = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    net.connect(trains[0], places[0], weight=12 * nS, delay=1 * ms, to=ampa, synapse=short)
    more = {} if whose == "of the cell" else {"post_spikes": "v > -30*mV"}
    pairs = net.connect(trains[1], places[1], weight=8 * nS, delay=2 * ms, to=ampa, synapse=stdp,
                        **more)  # fmt: skip
    net.inject(cells.at("soma"), rb.stimuli.step(0.12 * nA, start=5 * ms, stop=95 * ms))
    net.detect(places[1], "v > -30*mV", name="near")
    net.record(places[1], "v", "g_ampa", every=0.1 * ms, name="place")
    net.record(cells.at("soma"), "v", every=0.1 * ms, name="soma")
    result, want = net.run(100 * ms), WANTED[whose]
    for name, key in (("cells", "spikes"), ("near", "spikes of the place")):
        np.testing.assert_allclose(1e3 * result.spikes[name].times, want[key], rtol=0, atol=0.02)
    assert pairs.weights[0].magnitude == pytest.approx(want["weight"], rel=5e-3)
    place = result.traces["place"]
    assert np.abs(result.traces["soma"].v.values[:, 0] - want["soma"]).mean() < 0.1
    assert np.abs(place.v.values[:, 0] - want["place"]).mean() < 0.1
    apart = np.abs(place.g_ampa.values[:, 0] - want["g"])
    assert np.quantile(apart, 0.98) < 0.03  # at an arrival one of the two may be a step behind
