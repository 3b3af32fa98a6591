"""Receptors in a user's own words: at point cells and at places, saved, refused."""

import pickle

import numpy as np
import pytest
from tests.simulation.cable_nets import ball_and_stick, same

import rheobase as rb
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError, WiringError
from rheobase.synapses import Exponential, TextReceptor
from rheobase.units import Hz, mM, ms, mV, nS, pA

TEXT = """
    dg/dt = -g/tau : nS   # decays
    I = g*(E - v) : pA
    tau : ms"""
OWN = TextReceptor(TEXT, "g += weight", dict(tau=2 * ms, E=0 * mV), name="fast")
KNOWN = Exponential(tau=2 * ms, E=0 * mV, name="fast")


def net_with(receptor, *, places, backend="interpreter"):
    net = rb.Network(dt=0.05 * ms, seed=3)
    cells = net.add(ball_and_stick() if places else rb.models.LIF, 2, name="cells")
    ends = cells.at("dendrite", fraction=0.5) if places else cells
    noise = net.add(rb.stimuli.poisson(300 * Hz), 3, name="noise")
    net.connect(noise, ends, weight=2 * nS, synapse=receptor)
    net.record(ends, "v", "g_fast", "i_fast", name="ends")
    return net


@pytest.mark.parametrize("places", [False, True])
def test_a_text_is_the_receptor_of_the_library(places):
    one, other = (net_with(r, places=places).run(10 * ms, backend="interpreter")
                  for r in (OWN, KNOWN))  # fmt: skip
    assert same(one, other) and np.ptp(one.traces["ends"].g_fast.values) > 1


@pytest.mark.parametrize("places", [False, True])
def test_a_block_by_magnesium_in_own_words(places):
    text = """
        drise/dt = -rise/tau_rise : nS
        ddecay/dt = -decay/tau_decay : nS
        g = decay - rise : nS
        B = 1/(1 + Mg*exp(-0.062*v/mV)/(3.57*mM)) : 1
        I = g*B*(E - v) : pA"""
    peak = (50 / 2) ** (2 / 48) / (1 - 2 / 50)
    own = TextReceptor(
        text, f"rise += {peak!r}*weight; decay += {peak!r}*weight",
        dict(tau_rise=2 * ms, tau_decay=50 * ms, E=0 * mV, Mg=1 * mM), name="fast",
    )  # fmt: skip
    known = rb.synapses.LinearNMDA(tau_decay=50 * ms, name="fast")
    one, other = (net_with(r, places=places).run(10 * ms, backend="interpreter").traces["ends"]
                  for r in (own, known))  # fmt: skip
    for name in ("v", "g_fast", "i_fast"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-12)


def test_a_current_that_does_not_read_the_voltage():
    own = TextReceptor("dI/dt = -I/tau : pA", "I += weight", dict(tau=5 * ms), name="fast")
    known = rb.synapses.ExponentialCurrent(5 * ms, name="fast")
    found = []
    for receptor in (own, known):
        net = rb.Network(dt=0.05 * ms)
        cells = net.add(ball_and_stick(), name="cells")
        net.drive(cells.at("soma"), rb.stimuli.spike_times([1] * ms), weight=200 * pA,
                  synapse=receptor)  # fmt: skip
        net.record(cells, "v")
        found.append(net.run(5 * ms, backend="interpreter"))
    assert same(*found)


@pytest.mark.parametrize("places", [False, True])
def test_networks_with_one_are_saved(places, tmp_path):
    pytest.importorskip("h5py")
    net = net_with(OWN, places=places)
    again = rb.Network.load(net.save(tmp_path / "net.h5"))
    options = dict(backend="interpreter")
    assert same(net.run(5 * ms, **options), again.run(5 * ms, **options))


def test_equal_ones_share_and_others_get_a_name_of_their_own():
    same_one = TextReceptor(TEXT, "g += weight", dict(tau="2 ms", E=0 * mV), name="fast")
    assert same_one == OWN == pickle.loads(pickle.dumps(OWN)) and hash(same_one) == hash(OWN)
    other = TextReceptor(TEXT, "g += 2*weight", dict(tau=2 * ms, E=0 * mV), name="fast")
    assert other != OWN != KNOWN
    names = {"ms": ms, "mV": mV, "rb": rb}
    assert eval(repr(OWN), names).arrival == OWN.arrival
    net = rb.Network(dt=0.1 * ms)
    soma = net.add(ball_and_stick(), name="cells").at("soma")
    train = rb.stimuli.poisson(5 * Hz)
    net.drive(soma, train, weight=1 * nS, synapse=OWN)
    net.drive(soma, train, weight=1 * nS, synapse=same_one)
    with pytest.raises(WiringError, match="a receptor called 'fast' would define them too"):
        net.drive(soma, train, weight=1 * nS, synapse=other)
    nameless = TextReceptor(TEXT, "g += weight", dict(tau=2 * ms, E=0 * mV))
    net.drive(soma, train, weight=1 * nS, synapse=nameless)
    assert soma.tau_receptor.to("ms").magnitude == [2]


GIVEN = dict(tau=2 * ms, E=0 * mV)


@pytest.mark.parametrize("error, arguments, words", [
    (EquationError, ("", "g += weight"), ["TextReceptor: equations is no text", "rb.synapses.Te"]),
    (EquationError, (TEXT, 3), ["TextReceptor: receives is no text", "given: 3"]),
    (EquationError, ("dg/dt = -g/tau : nS", "g += weight", GIVEN),
     ["no line is the current into the cell", "expected: I = ... : pA", "given: dg/dt"]),
    (EquationError, ("I = g : mV\n g : mV", "g += weight"), ["no line is the current"]),
    (EquationError, (TEXT, "g += weight", GIVEN | {"v": 1 * mV}),
     ["v is the voltage of the cell", "choose another name: v_0"]),
    (UnknownNameError, (TEXT, "g += weight", dict(E=0 * mV)),
     ["TextReceptor: tau has no value", "write parameters=dict(tau=...)"]),
    (UnknownNameError, (TEXT, "g += weight", dict(tau=2 * ms)), ["unknown name E"]),
    (UnitError, (TEXT, "g += weight", dict(tau=2 * mV, E=0 * mV)), ["TextReceptor: tau"]),
    (UnitError, (TEXT, "g += weight", dict(tau=0 * ms, E=0 * mV)), ["tau is above 0", "tau=2*ms"]),
    (UnitError, (TEXT.replace("E - v", "E - g"), "g += weight", GIVEN), ["TextReceptor: "]),
    (UserError, (TEXT, "h += weight", GIVEN), ["TextReceptor: ", "h"]),
])  # fmt: skip
def test_what_is_refused(error, arguments, words):
    with pytest.raises(error) as caught:
        TextReceptor(*arguments)
    for word in words:
        assert word in str(caught.value)
