"""What cannot be done with cells with a morphology, and what the errors say."""

import numpy as np
import pytest
from tests.simulation.cable_nets import ball_and_stick

import rheobase as rb
from rheobase import errors
from rheobase.units import Mohm, cm, kelvin, mS, ms, mV, nA, nS, pA, um

AMPA = rb.synapses.Exponential(tau=2 * ms, E=0 * mV)


@pytest.fixture
def net():
    return rb.Network(dt=0.025 * ms, seed=1)


@pytest.fixture
def cells(net):
    return net.add(ball_and_stick(), 3, name="cells")


def refused(error, call, *words):
    with pytest.raises(error) as found:
        call()
    for word in words:
        assert word in str(found.value), f"{word!r} is not in:\n{found.value}"
    return str(found.value)


def test_words_of_other_programs_for_a_place(cells):
    refused(errors.UserError, lambda: cells.at("dendrite", 0.5),
            "cells.at: only the region is given without a name", "given: 0.5",
            'write cells.at("dendrite", fraction=0.5)')  # fmt: skip
    refused(errors.UnknownNameError, lambda: cells[1].at("dendrite", distance=100 * um),
            "cells[1].at: there is no argument 'distance'; did you mean path?",
            "there are: region, fraction, path, branch_order")  # fmt: skip
    refused(errors.UnknownNameError, lambda: cells.at(sectoin=3), "did you mean section?")


def test_where_is_not_said(net, cells):
    train, current = rb.stimuli.poisson("10 Hz"), rb.stimuli.step(1 * nA)
    refused(errors.WiringError, lambda: net.inject(cells, current),
            "net.inject: a current goes into a place, and 'cells' has 48 compartments: say where",
            'write cells.at("soma")')  # fmt: skip
    refused(errors.WiringError, lambda: net.inject(cells[2], current), 'cells[2].at("soma")')
    refused(errors.WiringError, lambda: net.connect(net.add(train, 1, name="noise"), cells,
            weight=1 * nS, synapse=AMPA), "synapses are at places", "say where")  # fmt: skip
    refused(errors.WiringError, lambda: net.drive(cells, train, weight=1 * nS, synapse=AMPA),
            "net.drive: a receptor is at a place")  # fmt: skip
    refused(errors.WiringError, lambda: net.clamp(cells, -65 * mV), "a place is clamped")
    refused(errors.WiringError,
            lambda: net.connect(cells, cells.at("soma"), weight=1 * nS,
                                synapse=rb.synapses.GapJunction()),
            "what is read continuously is read at places")  # fmt: skip


def test_a_cell_of_one_compartment_needs_no_place(net):
    shape = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)
    cells = net.add(
        rb.Cell(shape, rb.Membrane([rb.channels.Leak]), max_length=rb.morphology.per_section(1)),
        2,
        name="one",
    )
    net.inject(cells, rb.stimuli.step([0, 0.1] * nA))
    net.run(1 * ms)
    assert cells.v.magnitude[1] > cells.v.magnitude[0]


def test_a_place_that_does_not_exist(cells):
    refused(errors.UserError, lambda: cells.at("axon"), "axon", "soma", "dendrite")
    refused(errors.UserError, lambda: cells.at("dendrit", fraction=0.5), "dendrite")
    refused(errors.UserError, lambda: cells.at("dendrite", fraction=1.5),
            "a fraction lies between 0 and 1")  # fmt: skip
    refused(errors.UserError, lambda: cells.at(path=900 * um), "no place at a path")
    refused(errors.WiringError, lambda: cells["soma"], 'cells.at("soma")')
    refused(errors.ShapeError, lambda: cells[5], "cells[5]: there is no such cell", "0 to 2")
    refused(errors.ShapeError, lambda: cells.at("soma")[3], "there is no such cell")


def test_injecting_in_the_wrong_unit(net, cells):
    refused(errors.UnitError, lambda: net.inject(cells.at("soma"), rb.stimuli.step(1 * mV)),
            "expected a current (nA), got mV (a voltage)", "what the line `I : nA (input)` says",
            'write net.inject(cells.at("soma"), rb.stimuli.step(1*nA))')  # fmt: skip
    refused(errors.WiringError, lambda: net.inject(cells.at("soma"), 1 * nA),
            "this is no current", "rb.stimuli.step(1*nA)")  # fmt: skip
    refused(errors.ShapeError,
            lambda: net.inject(cells.at("soma"), rb.stimuli.step([1, 2] * nA)),
            "the current is for 2 places", "one value, or 3: one for each place",
            'choose as many places: cells.at("soma")[:2]')  # fmt: skip


def test_a_clamp_without_an_electrode(net, cells):
    soma = cells.at("soma")
    refused(errors.WiringError, lambda: net.voltage_clamp(soma, -65 * mV),
            "net.voltage_clamp(...): the resistance of the electrode is missing",
            "expected: series_resistance=, in Mohm",
            'write series_resistance=5*Mohm; net.clamp(cells.at("soma"), ...) holds a voltage '
            "without an electrode")  # fmt: skip
    refused(errors.WiringError, lambda: net.current_clamp(soma, rb.stimuli.step(1 * nA)),
            'net.inject(cells.at("soma"), ...) injects a current without an electrode')  # fmt: skip


def test_several_fractions(cells):
    two = cells.at("dendrite", fraction=[0.7, 0.4])
    assert two.size == 6 and repr(two).startswith('<Sites cells.at("dendrite", fraction=(0.7, 0.4)')
    one = [cells.at("dendrite", fraction=f).compartment[0] for f in (0.7, 0.4)]
    assert list(two.compartment) == one * 3 and list(two.cell) == [0, 0, 1, 1, 2, 2]
    assert list(cells.at(section=1, fraction=np.array([0.7, 0.4])).compartment) == one * 3
    refused(errors.UserError, lambda: cells.at("dendrite", fraction=[0.4, 1.4]),
            "a fraction lies between 0 and 1", "given: [0.4, 1.4]",
            "write fraction=0.5, or fraction=[0.2, 0.8] for several places")  # fmt: skip
    refused(errors.UserError, lambda: cells.at("dendrite", fraction=[0.4, 0.401]),
            "two of the fractions lie in one compartment", "given: 0.4, 0.401",
            "leave one out")  # fmt: skip


def test_temperatures(cells):
    cells.temperature = 300 * kelvin
    np.testing.assert_allclose(cells.at("soma").temperature.magnitude, 26.85)
    cells.at("soma").temperature = [280, 290, 300] * kelvin
    np.testing.assert_allclose(cells.at("soma").temperature.magnitude, [6.85, 16.85, 26.85])
    cells.temperature = 6.3
    refused(
        errors.UserError,
        lambda: setattr(cells, "temperature", -1 * kelvin),
        "cells.temperature: a temperature is above absolute zero, in degrees Celsius",
        "given: -274.15",
        "write cells.temperature = 37, or cells.temperature = 310.15*kelvin",
    )


@pytest.mark.parametrize("name, value, given, mend", [
    ("g_L", -1 * mS / cm**2, "cells.g_L = -1*mS/cm**2", "write cells.g_L = 1*mS/cm**2"),
    ("g_Na", "-2*mS/cm**2", "cells.g_Na = -2*mS/cm**2", "write cells.g_Na = 1*mS/cm**2"),
    ("g_L", "0.1*mS/cm**2*(1 - distance/(10*um))", "cells.g_L = ", "1*mS/cm**2"),
])  # fmt: skip
def test_a_conductance_is_not_negative(net, cells, name, value, given, mend):
    before = getattr(cells, name).magnitude.copy()
    refused(errors.UserError, lambda: setattr(cells, name, value),
            f"cells.{name} is 0 or more", given, mend)  # fmt: skip
    np.testing.assert_array_equal(getattr(cells, name).magnitude, before)
    setattr(cells, name, 0 * mS / cm**2)


def test_a_time_of_a_receptor_is_above_0(net, cells):
    noise = net.add(rb.stimuli.poisson("10 Hz"), 1, name="noise")
    net.connect(noise, cells.at("soma"), weight=1 * nS, synapse=AMPA)
    refused(errors.UserError, lambda: setattr(cells, "tau_exponential", 0 * ms),
            "cells.tau_exponential is above 0", "write cells.tau_exponential = 1*ms")  # fmt: skip


def test_a_gap_junction_is_not_negative(net, cells):
    soma, gap = cells.at("soma"), rb.synapses.GapJunction()
    words = ["the weight of a gap junction is a conductance, 0 or more", "weight=-1*nS",
             "write weight=1*nS; a distribution is bounded by low=0*nS"]  # fmt: skip
    refused(errors.UserError, lambda: net.connect(soma, soma, rb.rules.ring(1), weight=-1 * nS,
                                                  synapse=gap), *words)  # fmt: skip
    refused(errors.UserError,
            lambda: net.connect(soma, soma, weight=rb.random.normal(0 * nS, 1 * nS), synapse=gap),
            words[0])  # fmt: skip
    made = net.connect(soma, soma, rb.rules.ring(1), weight=0 * nS, synapse=gap, name="ring")
    refused(errors.UserError, lambda: setattr(made, "weights", -1 * nS), "ring: " + words[0])
    point = net.add(rb.models.LIF, 2, name="point")
    refused(errors.UserError, lambda: net.connect(point, point, rb.rules.ring(1), weight=-1 * nS,
                                                  synapse=gap), *words)  # fmt: skip


def test_connecting_without_a_receptor(net, cells):
    noise = net.add(rb.stimuli.poisson("10 Hz"), 1, name="noise")
    soma = cells.at("soma")
    refused(errors.WiringError, lambda: net.connect(noise, soma, weight=1 * nS),
            "net.connect(noise, cells, ...): a spike acts on a membrane through a receptor, and "
            "none is given", "synapse=rb.synapses.Exponential(tau=2*ms, E=0*mV)")  # fmt: skip
    refused(errors.WiringError, lambda: net.drive(soma, rb.stimuli.poisson("1 Hz"), weight=1 * nS),
            "none is given")  # fmt: skip
    net.connect(noise, soma, weight=1 * nS, synapse=AMPA)
    refused(errors.UnknownNameError, lambda: net.connect(noise, soma, weight=1 * nS, to="exponent"),
            "'cells' has no receptor 'exponent'; did you mean to='exponential'?",
            "it has: exponential")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(noise, cells.at("dendrite", fraction=0.5), weight=1 * nS,
                                to="exponential"),
            "3 of 3 places have no receptor 'exponential'")  # fmt: skip
    refused(errors.UnitError, lambda: net.connect(noise, soma, weight=1 * pA, synapse=AMPA),
            "g_exponential += weight")  # fmt: skip


def test_what_sends_spikes(net, cells):
    point = net.add(rb.models.LIF, 1, name="point")
    silent = net.add(ball_and_stick(spikes=None), name="silent")
    refused(errors.WiringError, lambda: net.connect(silent, point, weight=1 * nS, synapse=AMPA),
            "'silent' never spikes", 'spikes=("soma", "v > -20*mV")')  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(cells, point, weight=1 * nS, synapse=rb.synapses.NMDA()),
            "the gates of rb.synapses.NMDA(", "rb.synapses.LinearNMDA()")  # fmt: skip


def test_synapses_for_point_cells_only(net, cells):
    soma = cells.at("soma")
    noise = net.add(rb.stimuli.poisson("10 Hz"), 1, name="noise")
    refused(errors.WiringError,
            lambda: net.connect(noise, soma, weight=1 * nS, synapse=AMPA, storage="procedural"),
            'storage="procedural" is for point cells')  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(noise, soma, weight=1 * nS, synapse=rb.synapses.GapJunction()),
            "a gap junction joins places with a voltage, and 'noise' is none")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(noise, soma, weight=1 * nS, synapse=AMPA, to="J"),
            "a receptor on a compartment adds to its current")  # fmt: skip


def test_recording_what_some_places_lack(net, cells):
    text = refused(errors.WiringError, lambda: net.record(cells.at("dendrite"), "m_Na"),
                   "45 of 45 places have no m_Na, the first of them in dendrite",
                   'cells.at("soma")')  # fmt: skip
    assert "places of HH" in text
    refused(errors.UnknownNameError, lambda: net.record(cells.at("soma"), "m_N"),
            "'cells' has no variable 'm_N'; did you mean m_Na?", "g_Na [mS/cm**2]")  # fmt: skip
    refused(
        errors.UnknownNameError, lambda: net.record(cells.at("soma"), "m"), "did you mean m_Na?"
    )
    refused(AttributeError, lambda: cells.g, "did you mean g_Na or g_K or g_L?")
    refused(AttributeError, lambda: cells[1].dendrite,
            "'cells' has no variable 'dendrite', which is a region",
            'write cells[1].at("dendrite")')  # fmt: skip
    refused(errors.WiringError, lambda: net.record(cells.at("soma"), "g_Na"),
            "g_Na is a parameter and does not change during a run")  # fmt: skip


def test_values_that_cannot_be_set(net, cells):
    def setting(name, value, place=cells):
        return lambda: setattr(place, name, value)

    refused(errors.UserError, setting("C_m", "1 uF/cm**2"),
            "cells.C_m cannot be set: it is fixed when the cell is made",
            "parameters=")  # fmt: skip
    refused(errors.UserError, setting("distance", 1 * um), "cells.distance cannot be set")
    refused(errors.UserError, setting("I_Na", 1), "it is computed by the line `I_Na = ")
    refused(errors.UserError, setting("I", 1 * nA), "it is an input")
    refused(errors.UserError, setting("cells", 1), "it is fixed when the population is added")
    refused(errors.UnitError, setting("v", -65), "cells.v", "cells.v = -65*mV")
    refused(errors.ShapeError, setting("v", [1, 2] * mV), "one value, or 48")
    refused(errors.UserError, setting("g_Na", 1 * mS / cm**2, cells.at("dendrite")),
            "there is no g_Na at these places", 'cells.at("soma")')  # fmt: skip
    refused(errors.UnknownNameError, setting("gNa", 1 * mS / cm**2), "did you mean g_Na?")
    refused(errors.UserError, setting("v", np.array([1.0] * 47 + [np.nan]) * mV),
            "the value of compartment 47 is nan")  # fmt: skip


def test_clamps(net, cells):
    soma = cells.at("soma")
    refused(errors.UnitError, lambda: net.clamp(soma, 1 * nA), "the values")
    refused(errors.WiringError,
            lambda: net.clamp(cells.at("dendrite"), 0.5, variable="m_Na"),
            "have no m_Na")  # fmt: skip
    refused(errors.UnknownNameError, lambda: net.clamp(soma, 0.5, variable="q"), "variable 'q'")


def test_electrodes(net, cells):
    soma = cells.at("soma")
    train = net.add(rb.stimuli.poisson("10 Hz"), 1, name="train")
    refused(errors.WiringError,
            lambda: net.voltage_clamp(train, -65 * mV, series_resistance=1 * Mohm),
            "an electrode is at cells with a voltage, and 'train' has none",
            "or a place on cells with a morphology")  # fmt: skip
    refused(errors.UserError, lambda: net.voltage_clamp(soma, -65 * mV, series_resistance=0 * Mohm),
            "the series resistance is one value above 0")  # fmt: skip
    refused(errors.UnitError, lambda: net.voltage_clamp(soma, 1 * nA, series_resistance=1 * Mohm),
            "the command")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.voltage_clamp(soma, rb.stimuli.step(1 * nA), series_resistance=1 * Mohm),
            "the command is a voltage")  # fmt: skip
    net.current_clamp(soma, rb.stimuli.step(1 * nA), series_resistance=1 * Mohm, name="e")
    refused(errors.WiringError,
            lambda: net.current_clamp(soma, rb.stimuli.step(1 * nA), series_resistance=1 * Mohm,
                                      name="e"),
            "'cells' has I_e", 'name="e_2"')  # fmt: skip


def test_after_the_first_run(net, cells):
    soma = cells.at("soma")
    noise = net.add(rb.stimuli.poisson("10 Hz"), 1, name="noise")
    net.connect(noise, soma, weight=1 * nS, synapse=AMPA)
    net.run(1 * ms)
    net.connect(noise, soma[:1], weight=2 * nS, synapse=AMPA)  # it is there
    refused(errors.WiringError,
            lambda: net.connect(noise, cells.at("dendrite", fraction=0.5), weight=1 * nS,
                                synapse=AMPA),
            "'cells' has run", "connect it before the first run, with weight 0")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.voltage_clamp(soma, -65 * mV, series_resistance=1 * Mohm),
            "no electrode can be added any more")  # fmt: skip
    net.run(1 * ms)


def test_adding(net):
    cell, other = ball_and_stick(), ball_and_stick(method="backward_euler")
    refused(errors.WiringError, lambda: net.add([cell, other]),
            "the cells of a population have one method",
            "crank_nicolson and backward_euler")  # fmt: skip
    refused(errors.WiringError, lambda: net.add([cell, rb.models.LIF]),
            "entry 1 of the list is no rb.Cell")  # fmt: skip
    refused(errors.ShapeError, lambda: net.add([cell, cell], 3), "the list has 2 cells")
    for part, words in (
        (rb.Membrane([rb.channels.Leak]), "net.add(membrane.point(area=20000*um**2), 10), or "),
        (rb.Morphology.cylinder(length=9 * um, diameter=1 * um), "which is a part of a cell"),
        (rb.Cell, "an rb.Cell that was not made"),
    ):
        refused(errors.WiringError, lambda part=part: net.add(part), words,
                "net.add(rb.Cell(morphology, membrane), 10)")  # fmt: skip
    refused(errors.ShapeError, lambda: net.add(cell, 0), "size is the number of cells")
    channel = rb.Channel("I = g*(v - E) : uA/cm**2\ng : mS/cm**2\nE : mV", name="at",
                         parameters=dict(g="1 mS/cm**2", E="0 mV"))  # fmt: skip
    membrane = rb.Membrane([channel])
    assert "I_at" in membrane.patch().names


def test_another_network(net, cells):
    other = rb.Network(dt=0.025 * ms)
    refused(errors.WiringError, lambda: other.inject(cells.at("soma"), rb.stimuli.step(1 * nA)),
            "'cells' is a population of another network")  # fmt: skip
    refused(errors.WiringError, lambda: other.explain_step(cells[0]), "is of another network")
    refused(errors.WiringError, lambda: net.explain_step(cells), "one compartment is explained")


def test_a_voltage_that_ceases_to_be_finite_is_named(net, cells):
    cells.at("soma")[1:2].v = np.inf * mV
    refused(errors.UserError, lambda: net.run(1 * ms), "'cells'", "in cell 1")


@pytest.mark.parametrize("by", ["cells.g_L", "g_L"])
def test_no_gradient(net, cells, by):
    net.record(cells.at("soma"), "v")
    refused(errors.UserError,
            lambda: rb.gradient(net, lambda r: r.traces["cells"].v.mean(), [by],
                                duration=1 * ms),
            "'cells' are cells with a morphology, which have no derivative here")  # fmt: skip


def test_point_cells_have_no_places(net):
    point = net.add(rb.models.LIF, 2, name="point")
    for call in (lambda: point.at("soma"), lambda: point[0].at("soma"), lambda: point.everywhere):
        refused(errors.UnknownNameError, call,
                "'point' has no places, which are on cells with a morphology",
                "give the cells themselves")  # fmt: skip
    assert not hasattr(point, "at")
