"""Make `plasticity_neuron.json` here: synapses that change on the dendrite of a cell in NEURON.

    PYTHON_WITH_NEURON tests/oracles/data/plasticity_in_neuron.py

A ball and a stick with squid membrane; two `ExpSyn` on the stick are driven by hand: at every
arrival Python adds to their conductance what the rule says, with the rule written here in closed
form. One depresses and facilitates (Tsodyks, Pawelzik and Markram 1998), the other follows pair
STDP, all to all, with NEURON's own spikes: of the soma above -20 mV, or of the place above -30 mV.
Crank-Nicolson in steps of 2.5 us, sampled every 0.1 ms.

Voltages in mV, times in ms, conductances in nS. Made with NEURON 9.0.2.
"""

from __future__ import annotations

import json
from math import exp
from pathlib import Path

import neuron
import numpy as np
from neuron import h

h.load_file("stdrun.hoc")
ARRIVALS = [[4, 11, 19, 26, 33, 41, 55, 62, 70, 88], [7, 16, 21, 37, 48, 52, 66, 75, 81, 93]]
DELAYS = (1.0, 2.0)
USE, TAU_D, TAU_F, BASE = 0.35, 150.0, 60.0, 12.0
TAU_PLUS, TAU_MINUS, A_PLUS, A_MINUS, W_MAX, W_BEGIN = 17.0, 29.0, 0.06, 0.05, 20.0, 8.0
DT = 0.0025


class Depressing:
    """Weight*u*R, at arrivals."""

    def __init__(self):
        self.u, self.left, self.last = 0.0, 1.0, 0.0

    def arrive(self, time):
        lag = time - self.last
        self.u *= exp(-lag / TAU_F)
        self.left = 1 + (self.left - 1) * exp(-lag / TAU_D)
        self.u += USE * (1 - self.u)
        used = self.u * self.left
        self.left -= used
        self.last = time
        return BASE * used


class Pairs:
    """The weight, changed by every pair of an arrival and a spike."""

    def __init__(self):
        self.weight, self.arrivals, self.spikes = W_BEGIN, [], []

    def clip(self, change):
        self.weight = min(max(self.weight + W_MAX * change, 0.0), W_MAX)

    def arrive(self, time):
        given = self.weight
        self.clip(-A_MINUS * sum(exp((t - time) / TAU_MINUS) for t in self.spikes))
        self.arrivals.append(time)
        return given

    def spike(self, time):
        self.clip(A_PLUS * sum(exp((t - time) / TAU_PLUS) for t in self.arrivals))
        self.spikes.append(time)


def simulate(of_place):
    """Return samples, spikes and the weight at the end; `of_place`: STDP by spikes of the place."""
    soma, stick = h.Section(name="soma"), h.Section(name="stick")
    soma.L = soma.diam = 20
    stick.L, stick.diam, stick.nseg = 500, 2, 25
    stick.connect(soma(1))
    for section in (soma, stick):
        section.Ra, section.cm = 100, 1
        section.insert("hh")
        section.el_hh = -54.3
    clamp = h.IClamp(soma(0.5))
    clamp.delay, clamp.dur, clamp.amp = 5, 90, 0.12
    places = [stick(0.3), stick(0.7)]
    synapses, rules = [h.ExpSyn(at) for at in places], [Depressing(), Pairs()]
    for synapse in synapses:
        synapse.tau, synapse.e = 2, 0
    h.celsius, h.secondorder, h.usetable_hh, h.dt, h.steps_per_ms = 6.3, 2, 0, DT, 1 / DT
    watched = [(soma(0.5), -20.0), (places[1], -30.0)]
    spikes, was = [[], []], [-65.0, -65.0]
    due = {round((t + delay) / DT): [] for times, delay in zip(ARRIVALS, DELAYS, strict=True)
           for t in times}  # fmt: skip
    for k, (times, delay) in enumerate(zip(ARRIVALS, DELAYS, strict=True)):
        for t in times:
            due[round((t + delay) / DT)].append(k)
    traces = [[], [], []]
    h.finitialize(-65)
    for step in range(round(100 / DT)):
        if step % round(0.1 / DT) == 0:
            for trace, value in zip(traces, (soma(0.5).v, places[1].v, synapses[1].g * 1e3),
                                    strict=True):  # fmt: skip
                trace.append(round(float(value), 4))
        for k in due.get(step, []):
            synapses[k].g += rules[k].arrive(step * DT) * 1e-3
        h.fadvance()
        for n, (at, threshold) in enumerate(watched):
            if was[n] <= threshold < at.v:
                spikes[n].append(round(step * DT, 4))
                if n == int(of_place):
                    rules[1].spike(step * DT)
            was[n] = at.v
    return {"soma": traces[0], "place": traces[1], "g": traces[2], "spikes": spikes[0],
            "spikes of the place": spikes[1], "weight": round(rules[1].weight, 6)}  # fmt: skip


def main():
    found = {"NEURON": neuron.__version__, "every": 0.1, "of the cell": simulate(False),
             "of the place": simulate(True)}  # fmt: skip
    for name in ("of the cell", "of the place"):
        one = found[name]
        print(name, one["spikes"], one["spikes of the place"], one["weight"], np.max(one["g"]))
    text = json.dumps(found, separators=(",", ":"))
    (Path(__file__).parent / "plasticity_neuron.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
