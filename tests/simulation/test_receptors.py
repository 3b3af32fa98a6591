"""Placing receptors and couplings: names, sharing, what is refused and what stays."""

import numpy as np
import pytest

import rheobase as rb
from rheobase import synapses
from rheobase.errors import UnknownNameError, WiringError
from rheobase.units import Hz, mM, ms, mV, nS, pA, um, volt

AMPA = synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")


@pytest.fixture
def cells(net):
    return net.add(rb.models.LIF, 4, name="cells")


@pytest.fixture
def noise(net):
    return net.add(rb.stimuli.spike_times([[1 * ms], [2 * ms]]), name="noise")


def refused(act, error, *words):
    with pytest.raises(error) as caught:
        act()
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in:\n{caught.value}"


def test_what_a_receptor_adds_to_a_model(net, cells, noise):
    made = net.connect(noise, cells, weight=10 * nS, synapse=AMPA)
    assert made.to == "ampa" and made.name == "noise_to_cells_ampa"
    assert made.weights[0] == 10 * nS
    model = cells.model
    assert {"g_ampa", "i_ampa", "tau_ampa", "E_ampa"} <= {*model.names}
    assert "ampa" in model.receives and "i_syn" in model.receives
    assert "(I + i_ampa)" in model.equation("v").text
    assert model.equation("I").flags == {"input"}
    assert cells.tau_ampa == 2 * ms
    assert cells[2].E_ampa == 0 * mV


def test_connections_with_the_same_receptor_share_it(net, cells, noise):
    net.connect(noise, cells, weight=10 * nS, synapse=AMPA)
    before = cells.model
    again = synapses.Exponential(tau="0.002 second", E=0 * volt, name="ampa")
    net.connect(noise, cells[:2], weight=1 * nS, synapse=again)
    net.drive(cells, rb.stimuli.poisson(10 * Hz), weight=1 * nS, synapse=AMPA)
    net.drive(cells, rb.stimuli.poisson(10 * Hz), weight=1 * nS, to="ampa")
    assert cells.model is before


def test_receptors_without_a_name_are_numbered(net, cells, noise):
    for tau in (2, 5, 2):
        net.connect(noise, cells, weight=1 * nS, synapse=synapses.Exponential(tau * ms, 0 * mV))
    assert cells.tau_exponential == 2 * ms
    assert cells.tau_exponential_2 == 5 * ms
    assert "exponential_3" not in cells.model.receives


def test_what_was_set_before_stays(net, cells, noise):
    cells.v = [-70, -69, -68, -67] * mV
    cells.tau_m = [10, 11, 12, 13] * ms
    cells[1].refractory_left = 3 * ms
    net.connect(noise, cells, weight=10 * nS, synapse=AMPA)
    np.testing.assert_allclose(cells.v.magnitude, [-70, -69, -68, -67])
    np.testing.assert_allclose(cells.tau_m.magnitude, [10, 11, 12, 13])
    assert cells[1].refractory_left == 3 * ms
    assert np.all(cells.g_ampa.magnitude == 0)


def test_what_is_meant_without_to_stays_the_models_own(net, cells, noise):
    net.connect(noise, cells, weight=10 * nS, synapse=AMPA)
    net.connect(cells[0], cells[1], weight=1 * nS, synapse=synapses.GapJunction())
    assert net.connect(noise, cells, weight=1 * pA).to == "i_syn"
    net.inject(cells, rb.stimuli.step(10 * pA))
    plain = rb.Model("dv/dt = I/C_m : mV\nI : pA (input)", parameters={"C_m": "1 pF"})
    bare = net.add(plain, name="bare")
    net.connect(noise, bare, weight=10 * nS, synapse=AMPA)
    assert net.connect(noise, bare, weight=1 * nS).to == "ampa"


def test_names_of_projections_do_not_depend_on_receptors(net, cells, noise):
    net.connect(noise, cells, weight=10 * nS, synapse=AMPA)
    assert net.connect(noise, cells, weight=1 * pA).name == "noise_to_cells"


def test_a_model_plus_a_receptor(net, noise):
    cells = net.add(rb.models.LIF + AMPA, 2, name="cells")
    assert net.connect(noise, cells, weight=10 * nS, to="ampa").to == "ampa"
    refused(lambda: net.connect(noise, cells, weight=1 * nS, synapse=AMPA), WiringError,
            "net.connect(noise, cells, ...): the model of 'cells' has E_ampa, ampa, g_ampa, "
            "i_ampa, tau_ampa already, and a receptor called 'ampa' would define them too",
            'to use what the model has, write to="ampa" and no synapse',
            'rb.synapses.Exponential(tau=2*ms, E=0*mV, name="ampa_2")')  # fmt: skip


def test_the_model_of_cells_that_have_run_does_not_change(net, cells, noise):
    net.connect(noise, cells, weight=10 * nS, synapse=AMPA)
    net.run(1 * ms, backend="interpreter")
    net.connect(noise, cells[:1], weight=1 * nS, synapse=AMPA)
    refused(lambda: net.connect(noise, cells, weight=1 * nS,
                                synapse=synapses.Alpha(tau=2 * ms, E=0 * mV)), WiringError,
            "net.connect(noise, cells, ...): 'cells' has run, and its model cannot be extended by "
            "rb.synapses.Alpha(tau=2*ms, E=0*mV) any more",
            "connect it before the first run, with weight 0 if it is to act later")  # fmt: skip
    net.run(1 * ms, backend="interpreter")


def test_currents_per_area_need_an_area(net, noise):
    cell = net.add(rb.models.HodgkinHuxley, name="hh")
    refused(lambda: net.connect(noise, cell, weight=10 * nS, synapse=AMPA), WiringError,
            "net.connect(noise, hh, ...): the currents of 'hh' are per area of membrane, "
            "`I : uA/cm**2 (input)`, and the synapse has none",
            'say how large the cell is: rb.synapses.Exponential(tau=2*ms, E=0*mV, name="ampa", '
            "area=20000*um**2)")  # fmt: skip
    refused(
        lambda: net.connect(cell, cell, weight=1 * nS, synapse=synapses.GapJunction()),
        WiringError,
        "say how large the cell is: rb.synapses.GapJunction(area=20000*um**2)",
    )
    large = synapses.Exponential(2 * ms, 0 * mV, area=20000 * um**2)
    net.connect(noise, cell, weight=10 * nS, synapse=large)
    net.connect(noise, cell, weight=1 * nS, to="exponential")
    assert "(I + i_exponential/area_exponential)" in cell.model.equation("v").text
    assert cell.area_exponential == 20000 * um**2


def test_an_area_of_the_models_own_is_taken(net, noise):
    model = rb.Model("dv/dt = I/C_m : mV\nI : uA/cm**2 (input)\narea : um**2",
                     parameters={"C_m": "1 uF/cm**2", "area": 100 * um**2})  # fmt: skip
    cell = net.add(model, name="cell")
    net.connect(noise, cell, weight=10 * nS, synapse=AMPA)
    assert "(I + i_ampa/area)" in cell.model.equation("v").text


REFUSALS = {
    "without an input": (
        rb.Model("dv/dt = -v/tau : mV", parameters={"tau": "1 ms"}), {},
        "'cell' has no input of current that a synapse could be added to",
        "`I : pA (input)`, and add it to the currents of dv/dt",
    ),
    "without units": (
        rb.models.Izhikevich, {}, "has no input of current",
        "Izhikevich has no voltage and no current in the units of these; write the synapse into "
        "the model",
    ),
    "without a voltage": (
        rb.Model("du/dt = I/q : 1\nI : pA (input)", parameters={"q": "1 pA*ms"}), {},
        "'cell' has no voltage: Model has no state in mV", "rb.synapses.ExponentialCurrent",
    ),
    "with several voltages": (
        rb.Model("da/dt = I/C_m : mV\ndb/dt = I/C_m : mV\nI : pA (input)",
                 parameters={"C_m": "1 pF"}), {},
        "'cell' has several voltages, a, b, and none is called v", "call that of the membrane v",
    ),
    "with several inputs": (
        rb.Model("dv/dt = (J + K)/C_m : mV\nJ : pA (input)\nK : pA (input)",
                 parameters={"C_m": "1 pF"}), {},
        "'cell' has several inputs of current; say which", 'write to="J"',
    ),
    "with another input": (
        rb.models.LIF, {"to": "J"}, "'cell' has no input of current 'J'", "it has: I",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_cells_that_cannot_have_a_receptor(case, net, noise):
    model, arguments, *words = REFUSALS[case]
    cell = net.add(model, name="cell")
    refused(
        lambda: net.connect(noise, cell, weight=1 * nS, synapse=AMPA, **arguments),
        (WiringError, UnknownNameError),
        "net.connect(noise, cell, ...): ",
        *words,
    )


def test_the_input_that_is_asked_for(net, noise):
    model = rb.Model("dv/dt = (J + K)/C_m : mV\nJ : pA (input)\nK : pA (input)",
                     parameters={"C_m": "1 pF"})  # fmt: skip
    cell = net.add(model, name="cell")
    net.connect(noise, cell, weight=1 * nS, synapse=AMPA, to="K")
    assert "(J + (K + i_ampa))" in cell.model.equation("v").text


def test_an_input_that_no_equation_reads(net, noise):
    model = rb.Model("dv/dt = -v/tau : mV\nI : pA (input)", parameters={"tau": "1 ms"})
    cell = net.add(model, name="cell")
    refused(lambda: net.connect(noise, cell, weight=1 * nS, synapse=AMPA), WiringError,
            "no equation of Model reads its input I, so i_ampa would be lost",
            "such as dv/dt = (... + I)/C_m : mV")  # fmt: skip
    assert "g_ampa" not in cell.model.names


def test_models_that_say_how_they_are_integrated(net, noise):
    cell = net.add(rb.models.LIF(method="exact"), name="cell")
    net.connect(noise, cell, weight=1 * nS, synapse=AMPA)
    refused(lambda: net.run(1 * ms, backend="interpreter"), rb.errors.EquationError,
            "method='exact' cannot be used for LIF: dv/dt is not linear",
            "method='auto' would take 'staggered'")  # fmt: skip


def test_what_is_no_receptor_here(net, cells, noise):
    refused(
        lambda: net.connect(cells, noise, weight=1 * nS, synapse=AMPA),
        WiringError,
        "'noise' replays spikes; it has no receptors",
    )
    refused(
        lambda: net.connect(noise, cells, weight=1 * nS, synapse=synapses.Exponential),
        WiringError,
        "the synapse was not called",
        "write synapse=rb.synapses.Exponential(...)",
    )
    refused(
        lambda: net.connect(noise, cells, weight=1 * nS, synapse="AMPA"),
        WiringError,
        "this is no synapse",
        "given: 'AMPA'",
    )
    refused(
        lambda: net.connect(cells, cells, weight=1 * nS, synapse=AMPA, of="v"),
        WiringError,
        "of='v' reads a variable continuously, and rb.synapses.Exponential(tau=2*ms, "
        'E=0*mV, name="ampa") is opened by spikes',
    )
    refused(
        lambda: net.drive(
            cells, rb.stimuli.poisson(1 * Hz), weight=1 * nS, synapse=synapses.NMDA()
        ),
        WiringError,
        "the gates of NMDA are in the source's cells, and a drive has none",
        "write synapse=rb.synapses.LinearNMDA()",
    )
    refused(lambda: net.drive(cells, rb.stimuli.poisson(1 * Hz), weight=1 * nS,
                              synapse=synapses.GapJunction()), WiringError,
            "a drive ends at a receptor, not at rb.synapses.GapJunction()")  # fmt: skip


def test_gates_need_cells(net, cells, noise):
    refused(lambda: net.connect(noise, cells, weight=1 * nS, synapse=synapses.NMDA()), WiringError,
            "'noise' replays spikes, and rb.synapses.NMDA(tau_rise=2*ms, tau_decay=100*ms, "
            "alpha=0.5*1/ms, E=0*mV, Mg=1*mM) needs gates in the source's cells",
            "write synapse=rb.synapses.LinearNMDA(), which has none")  # fmt: skip


def test_gates_are_shared_by_targets_and_receptors_of_other_blocks(net, cells):
    other = net.add(rb.models.LIF, 2, name="other")
    made = net.connect(cells, other, weight=1 * nS, synapse=synapses.NMDA())
    assert made.name == "cells_to_other_nmda"
    net.connect(cells, cells, weight=1 * nS, synapse=synapses.NMDA(Mg=2 * mM))
    assert [n for n in cells.model.names if n.startswith("s_")] == ["s_nmda"]
    assert cells.Mg_nmda == 2 * mM and other.Mg_nmda == 1 * mM
    net.connect(cells, cells, weight=1 * nS, synapse=synapses.NMDA(tau_decay=50 * ms))
    assert [n for n in cells.model.names if n.startswith("s_")] == ["s_nmda", "s_nmda_2"]
    assert cells.model.reset[-1].text == "x_nmda_2 += 1"


def test_pairs_with_two_junctions_are_told(net, cells):
    with pytest.warns(rb.errors.RheobaseWarning, match="6 pairs are named twice, i-j and j-i"):
        net.connect(cells, cells, rb.rules.all_to_all(autapses=False), weight=1 * nS,
                    synapse=synapses.GapJunction())  # fmt: skip
    net.connect(cells, cells, rb.rules.where("i < j"), weight=1 * nS,
                synapse=synapses.GapJunction())  # fmt: skip


def test_both_sides_of_a_junction_are_extended(net, cells):
    other = net.add(rb.models.AdEx, 1, name="other")
    made = net.connect(cells, other, weight=1 * nS, synapse=synapses.GapJunction())
    assert made.name == "cells_to_other_gap"
    assert "i_gap" in cells.model.names and "i_gap" in other.model.names
    assert made.weights[0] == 1 * nS
    net.record(cells, "i_gap")
    net.record(other, "i_gap")
    net.inject(other, rb.stimuli.step(100 * pA))
    traces = net.run(20 * ms, backend="interpreter").traces
    into, out = traces["cells"].i_gap.values.sum(axis=1), traces["other"].i_gap.values[:, 0]
    assert abs(out[-1]) > 1
    np.testing.assert_allclose(into[1:], -out[1:], atol=2e-2 * abs(out).max())


def test_variables_a_coupling_does_not_find(net, cells):
    refused(lambda: net.connect(cells, cells, weight=1 * pA,
                                synapse=synapses.Coupling("v_pre*w_post")), UnknownNameError,
            "net.connect(cells, cells, ...): 'cells' has no variable 'w'", "v_pre*w_post",
            "it has: v, i_syn")  # fmt: skip
    refused(lambda: net.connect(cells, cells, weight=1 * pA, to="v",
                                synapse=synapses.Coupling("v_pre - v_post")), UnknownNameError,
            "'cells' has no input 'v'")  # fmt: skip


def busy(seed=1):
    """Return a network with every kind of receptor and junction."""
    net = rb.Network(dt=0.1 * ms, seed=seed)
    a, b = net.add(rb.models.LIF, 150, name="a"), net.add(rb.models.AdEx, 90, name="b")
    net.drive(a, rb.stimuli.poisson(3000 * Hz), weight=4 * nS, synapse=AMPA)
    rule = rb.rules.fixed_probability(0.1)
    net.connect(a, b, rule, weight=3 * nS, synapse=synapses.Alpha(2 * ms, 0 * mV))
    net.connect(a, b, rule, weight=3 * nS, synapse=synapses.LinearNMDA(name="linear"))
    net.connect(a, b, weight=0.05 * nS, delay=0.5 * ms, synapse=synapses.NMDA())
    net.connect(
        a,
        a,
        rb.rules.where("i < j", probability=0.05),
        weight=rb.random.uniform(0.1 * nS, 1 * nS),
        synapse=synapses.GapJunction(),
    )
    net.connect(a, b, rule, weight=0.5 * nS, synapse=synapses.GapJunction())
    net.record(b[::9], "v", "i_gap", "i_nmda")
    return net


def ends(result):
    traces = result.traces["b"]
    return [result.spikes["a"].times, result.spikes["b"].times, traces.v.values,
            traces.i_gap.values, traces.i_nmda.values]  # fmt: skip


def test_the_same_bits_for_any_number_of_threads_interpreted_and_saved(tmp_path):
    whole = ends(busy().run(20 * ms))
    assert whole[1].size > 50
    for other in (busy().run(20 * ms, threads=3), busy().run(20 * ms, backend="interpreter")):
        for one, two in zip(whole, ends(other), strict=True):
            np.testing.assert_array_equal(one, two)
    net = busy()
    net.run(10 * ms)
    net.save(tmp_path / "busy.net")
    for one, two in zip(
        ends(net.run(10 * ms)),
        ends(rb.Network.load(tmp_path / "busy.net").run(10 * ms)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
