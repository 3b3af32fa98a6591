"""`net.explain_step`: the numbers it tells are those of the step, and the network is untouched."""

import re

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, UserError, WiringError
from rheobase.lowering.integrators import METHODS
from rheobase.models import catalog
from rheobase.simulation.step_explaining import StepTold
from rheobase.simulation.step_watching import copy_of
from rheobase.units import Hz, cm, ms, mV, nA, nS, pA, uA, um

MODELS = sorted(catalog())


def told_of(net, cell):
    return StepTold(copy_of(net), cell.name, int(cell.indices[0]))


def held_by(population):
    """Return every array of a population, copied."""
    values = population._cell_values
    return {name: np.array(array) for name, array in values.arrays.items()}


def step_and_compare(net, cell):
    """Explain a step, take it, and hold the explanation against what the network became."""
    before = {name: net.populations[cell.name]._cell_values.read(name)
              for name in net.populations[cell.name]._cell_values.states}  # fmt: skip
    told = told_of(net, cell)
    text = "\n".join([*told.lines(), ""])
    population, index = net.populations[cell.name], int(cell.indices[0])
    values = population._cell_values
    for name, old in before.items():
        np.testing.assert_array_equal(values.read(name), old)
    step = net._clock.step
    result = net.run(net.dt, backend="interpreter", progress=False)
    for name in values.states:
        now = float(np.asarray(values.read(name))[index])
        assert told.seen.after[name] == now, name
        unit = population.model.unit_of(name)
        shown = re.findall(rf"^  {name} = (\S+)", text[text.index("State after the step") :], re.M)
        assert float(shown[0]) == pytest.approx(float(unit.from_si(now)), rel=1e-5, abs=1e-300)
    assert told.left_after == float(np.asarray(values._refractory_left())[index])
    own = result.spikes[cell.name]
    spiked = [float(t) for t in own.times[own.ids == index]]
    assert told.seen.spikes == pytest.approx([t - net._clock.start for t in spiked])
    if told.traced is not None:
        assert bool(int(told.known[told.traced.spiked]) & 1) == bool(spiked)
        resets = {s.target for s in population.model.reset} if spiked else set()
        reached = {s.target for a in told.seen.arrivals for s in population.model.receives[a.port]}
        for name, key in told.traced.new.items():
            if name not in resets | reached | told.seen.clamped:
                now = float(np.asarray(values.read(name))[index])
                assert told.known[key] == pytest.approx(now, rel=1e-9, abs=1e-300), name
    assert net._clock.step == step + 1
    return text


def network_of(model, dt):
    net = rb.Network(dt=dt, seed=3)
    cells = net.add(model, 3, name="cells")
    for equation in model.inputs:
        unit = equation.unit
        amplitude = float({"uA/cm**2": 12, "pA": 700, "nA": 0.5}.get(unit.text, 3.0))
        value = amplitude if unit.text == "1" else f"{amplitude} {unit.text}"
        net.inject(cells[1], rb.stimuli.step(value), to=equation.name)
    return net, cells


def step_of(model):
    return 1 * ms if model.name == "NormalizedLIF" else 0.1 * ms


@pytest.mark.parametrize("name", MODELS)
def test_the_state_told_is_the_state_that_follows(name):
    model = catalog()[name]
    net, cells = network_of(model, step_of(model))
    if model.receives:
        port = next(iter(model.receives))
        text = model.receives_unit(port).text
        weight = 20 if text == "1" else f"20 {text}"
        source = net.add(rb.stimuli.spike_times([[0 * ms, 0.3 * ms, 2 * ms]] * 3), 3, name="in")
        net.connect(source, cells, rb.rules.one_to_one(), weight=weight, to=port)
    step_and_compare(net, cells[1])
    net.run(2 * net.dt, backend="interpreter")
    step_and_compare(net, cells[1])  # in which a second spike arrives
    net.run(3 * ms, backend="interpreter")
    step_and_compare(net, cells[1])


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("name", ["LIF", "AdEx", "HodgkinHuxley", "ConductanceLIF"])
def test_every_method_that_fits_is_explained(name, method):
    model = catalog()[name](method=method)
    net, cells = network_of(model, 0.02 * ms)
    try:
        text = step_and_compare(net, cells[1])
    except EquationError:
        with pytest.raises(EquationError, match="method"):
            net.explain_step(cells[1])
        return
    assert f"Update by {method}" in text
    stages = {"rk2": 2, "heun": 2, "rk4": 4, "stochastic_heun": 2}.get(method)
    if stages:
        assert f"Slopes k{stages} " in text and f"Slopes k{stages + 1}" not in text
    net.run(1 * ms, backend="interpreter")
    step_and_compare(net, cells[1])


def test_the_step_of_the_course_number_by_number():
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.NormalizedLIF(), name="cell")
    cell.v, cell.s = 0.996, 1.274
    explained = net.explain_step(cell[0])
    text = step_and_compare(net, cell[0])
    assert text == explained
    for line in (
        "Step 0 of cell[0], a NormalizedLIF: from 0 ms to 1 ms",
        "  dv/dt = (s - v)/tau_m\n        = (1.274 - 0.996)/(20 ms)\n        = 13.9 /s",
        "  v = 0.996 + 1 ms*(13.9 /s) = 1.0099",
        "  the distance goes from -0.004 to 0.0099 within 1 ms",
        "= 0.2877698 ms from the start of the step",
        "  spike at 0.2877698 ms",
        "0.7122302 ms of it within this step, 1.2877698 ms left after it",
    ):
        assert line in text
    held = step_and_compare(net, cell[0])
    assert "Refractory for the whole step: v is held" in held
    assert "  v = 0: held" in held
    assert "= 62.426 /s   (held: not used)" in held
    ends = step_and_compare(net, cell[0])
    assert (
        "Refractory for the first 0.2877698 ms of the step: v is held as long, and 0.7122302 ms"
        " are left" in ends
    )
    assert "v = 0 + 0.7122302 ms*(61.1775 /s) = 0.0435724" in ends


def test_arrivals_are_listed_with_their_weights():
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.spike_times([[2 * ms], [1 * ms]]), 2, name="input")
    cell = net.add(rb.models.NormalizedLIF(), name="cell")
    net.connect(source, cell, weight=[0.05, -0.02], delay=[1, 2] * ms)
    net.run(3 * ms, backend="interpreter")
    text = step_and_compare(net, cell[0])
    assert (
        "  spike of input[1], 2 ms ago, weight -0.02: s += weight*second/tau_s, that is s += -0.4\n"
        "  spike of input[0], 1 ms ago, weight 0.05: s += weight*second/tau_s, that is s += 1\n"
        "  all together: s from 0 to 0.6, by 0.6\n" in text
    )


def test_inputs_are_told_by_where_they_come_from():
    net = rb.Network(dt=0.1 * ms)
    units = net.add(rb.models.RateUnit(tau=10 * ms), 2, name="units")
    net.connect(units[:1], units[1:], weight=2, of="r", to="I")
    net.inject(units[1], rb.stimuli.step(4))
    units.r = 0.5
    assert "  I = 5  (injected 4, from other cells 1)" in step_and_compare(net, units[1])
    net.clamp(units[1], 0.25)
    text = step_and_compare(net, units[1])
    assert "  r = 0.25\n  (clamped: r; what the update makes of it is set back)" in text


def test_noise_currents_over_time_and_random_numbers():
    model = rb.Model(
        """
        dv/dt = (drive(t) - v)/tau + sigma*xi/sqrt(tau) : mV
        jitter = rand() : 1
        dx/dt = (jitter - x)/tau : 1
        """,
        threshold="v > 3*mV", reset="v -= 3*mV",
        parameters=dict(tau=10 * ms, sigma=1 * mV,
                        drive=rb.stimuli.from_array([10, 20] * mV, 0.1 * ms)),
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=5)
    cells = net.add(model, 3, name="cells")
    text = step_and_compare(net, cells[2])
    assert "  drive(t) = 10 mV" in text and "White noise over the step" in text
    assert "dv/dt = (drive(t) - v)/tau\n        = (10 mV - 0 mV)/(10 ms)" in text
    assert "Random numbers of the step\n  rand_jitter_1: 0." in text
    cells.v = 4 * mV
    assert re.search(r"v -= 3\*mV: \S+ mV - 3\*mV = ", step_and_compare(net, cells[1]))


def test_drives_synapses_that_change_and_several_ports():
    net = rb.Network(dt=0.1 * ms, seed=2)
    source = net.add(rb.stimuli.spike_times([0 * ms, 0.2 * ms]), name="input")
    cells = net.add(rb.models.ConductanceLIF(), 2, name="cells")
    stdp = rb.synapses.STDP(
        tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.01, a_minus=0.012, w_max=10 * nS
    )
    net.connect(source, cells, weight=5 * nS, synapse=stdp, to="excitatory")
    net.drive(cells, rb.stimuli.poisson(30000 * Hz), weight=2 * nS, to="inhibitory")
    step_and_compare(net, cells[0])
    text = step_and_compare(net, cells[0])
    assert "spike of input[0], 0.1 ms ago: g_e += weight, with the weight that the synapse" in text
    assert re.search(r"events? of a drive, weight 2 nS: g_i \+= weight", text)
    step_and_compare(net, cells[1])


def test_exact_crossings_are_told_as_events():
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.spike_times([0.25 * ms]), name="input")
    cell = net.add(rb.models.DeltaLIF(crossing="exact"), name="cell")
    net.connect(source, cell, weight=30 * mV, delay=1.5 * ms)
    first = step_and_compare(net, cell[0])
    assert "Events within the step\n  none\n  without another event, it " in first
    second = step_and_compare(net, cell[0])
    assert "1.75 ms, 0.75 ms from the start of the step: spike of input[0], 1.5 ms ago" in second
    assert "1.75 ms, 0.75 ms from the start of the step: spike, and the reset" in second
    third = step_and_compare(net, cell[0])
    assert "  v is held for another 4.75 ms" in third


def test_exact_crossings_are_told_by_their_formulas():
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.DeltaLIF(crossing="exact"), name="cell")
    net.inject(cell, rb.stimuli.step(200 * pA))
    text = step_and_compare(net, cell[0])
    wait = 20 * np.log(31 / 21)  # from -60 to -50 mV, towards -29 mV
    for line in (
        "  dv/dt = (E_L - v)/tau_m + I/C_m\n"
        "        = (-49 mV - (-60 mV))/(20 ms) + (200 pA)/(200 pF)\n        = 1.55 mV/ms\n",
        "  after a time s: v = -29 mV + (-31 mV)*exp((-0.05 /ms)*s)",
        "Threshold: v >= V_T, that is v at -50 mV\n"
        f"  reached log(1 + a*(c - x)/(a*x + b))/a = {wait:.7f} ms after the start of the step",
        f"  without another event, it spikes at {wait:.7f} ms",
    ):
        assert line in text
    net.inject(cell, rb.stimuli.step(-500 * pA, start=1 * ms))
    text = step_and_compare(net, cell[0])
    assert "  v does not get there by itself" in text
    assert "  without another event, it does not spike" in text
    driven = net.add(rb.models.LIF(crossing="exact"), name="driven")
    driven.i_syn = 100 * pA
    text = step_and_compare(net, driven[0])
    assert "  decays at -0.1 /ms towards -65 mV, driven by i_syn" in text
    assert "  after a time s: i_syn = (100 pA)*exp((-2 /ms)*s)" in text
    assert "the time has no formula; it is found to rounding by iteration" in text


def test_receptors_values_of_each_cell_and_synapses_that_are_not_stored():
    net = rb.Network(dt=0.1 * ms, seed=1)
    source = net.add(rb.stimuli.poisson(4000 * Hz), 5, name="in")
    cells = net.add(rb.models.LIF(), 4, name="cells")
    cells.tau_m = [8, 9, 10, 11] * ms
    ampa = rb.synapses.Exponential(tau=2 * ms, E=0 * mV)
    net.connect(source, cells, weight=1 * nS, synapse=ampa)
    net.connect(source, cells, weight=1 * nS, synapse=rb.synapses.Alpha(tau=2 * ms, E=-80 * mV))
    tired = rb.synapses.ShortTermPlasticity(U=0.5)
    net.connect(cells, cells, weight=100 * pA, delay=0.3 * ms, synapse=tired)
    net.run(2 * ms, backend="interpreter")
    text = step_and_compare(net, cells[1])
    assert "h_alpha: solved exactly" in text and "(9 ms)" in text
    assert "  i_exponential = g_exponential*(E_exponential - v)\n" in text
    assert "g_exponential: in closed form over 0.05 ms, all else held" in text

    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.DeltaLIF, 30, name="cells")
    some = rb.rules.fixed_probability(0.3)
    net.connect(cells, cells, some, weight=2 * mV, delay=1 * ms, storage="procedural")
    net.drive(cells, rb.stimuli.poisson(9000 * Hz), weight=2 * mV)
    net.inject(cells, rb.stimuli.noise(100 * pA, 5 * ms))
    texts = []
    for _ in range(25):
        net.run(0.5 * ms, backend="interpreter")
        texts.append(step_and_compare(net, cells[7]))
    assert any("spike of cells[" in text for text in texts)
    assert any("Refractory for the whole step: v is held" in text for text in texts)


def test_conditions_and_models_without_equations():
    model = rb.Model(
        "dv/dt = (2 - v)/tau : 1", threshold="v > 1", refractory="v > 0.5", reset="v = 0.8",
        parameters=dict(tau=10 * ms),
    )  # fmt: skip
    net = rb.Network(dt=1 * ms)
    cell = net.add(model, name="cell")
    texts = [step_and_compare(net, cell[0]) for _ in range(9)]
    assert any("  refractory as long as v > 0.5" in text for text in texts)
    assert "Refractory for the whole step: it cannot spike" in texts[-1]
    coin = rb.Model("p = 0.5 : 1", threshold="rand() < p", refractory=2 * ms)
    cells = net.add(coin, 3, name="coins")
    texts = [step_and_compare(net, cells[1]) for _ in range(8)]
    assert any("spike, stamped with the beginning of the step, " in text for text in texts)
    assert all("dt = 1 ms, method none, crossing grid" in text for text in texts)


def test_what_was_compiled_is_explained_as_well():
    pytest.importorskip("numba")
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF(), 3, name="cells")
    net.inject(cells, rb.stimuli.step(700 * pA))
    net.run(5 * ms, backend="numba")
    told = told_of(net, cells[1])
    net.run(net.dt, backend="numba")
    assert told.seen.after["v"] == cells[1].v.to("volt").magnitude[0]


def test_a_network_before_its_first_run_stays_unbuilt():
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF(), name="cell")
    net.explain_step(cell[0])
    cell.E_L = -70 * mV
    assert cell.v.to("mV").magnitude == pytest.approx(-70)
    assert net._assembly.engine is None


def test_a_loaded_network_and_one_with_functions(tmp_path):
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF(), 2, name="cells")
    net.connect(cells, cells, weight=100 * pA, delay=0.5 * ms)
    net.inject(cells, rb.stimuli.step(3 * nA))
    net.every(1 * ms, lambda: None)
    net.run(5 * ms, backend="interpreter")
    step_and_compare(net, cells[1])
    with pytest.warns(rb.errors.RheobaseWarning):
        net.save(tmp_path / "net.h5")
    with pytest.warns(rb.errors.RheobaseWarning):
        loaded = rb.Network.load(tmp_path / "net.h5")
    assert loaded.explain_step(loaded.populations["cells"][1]) == net.explain_step(cells[1])
    step_and_compare(loaded, loaded.populations["cells"][1])


def test_what_ceases_to_be_finite_is_said():
    model = rb.Model("dv/dt = 1/x/ms : 1\ndx/dt = 0/ms : 1")
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(model, name="cell")
    assert "v of 'cell' is not finite: a run would stop here" in net.explain_step(cell[0])


def test_refusals():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF(), 3, name="cells")
    source = net.add(rb.stimuli.poisson(5 * Hz), name="noise")
    other = rb.Network().add(rb.models.LIF(), name="cells")
    with pytest.raises(WiringError, match=r"one cell is explained at a time\ngiven: 3 cells\nwrite "
                                          r"net.explain_step\(cells\[0\]\)"):  # fmt: skip
        net.explain_step(cells)
    with pytest.raises(WiringError, match="'noise' replays spikes: there is nothing to integrate"):
        net.explain_step(source[0])
    with pytest.raises(WiringError, match=r"'cells' is of another network\ngive a cell of this"):
        net.explain_step(other[0])
    with pytest.raises(WiringError, match=r"net.explain_step: cell is a name, 'cells'"):
        net.explain_step("cells")
    unset = net.add(rb.Model("dv/dt = -v/tau : 1\ntau : ms"), name="unset")
    with pytest.raises(UserError, match=r"unset.tau has no value"):
        net.explain_step(unset[0])


def test_gates_are_explained_with_their_rates():
    net = rb.Network(dt=0.01 * ms)
    axon = net.add(rb.models.HodgkinHuxley(), name="axon")
    net.inject(axon, rb.stimuli.step(10 * uA / cm**2))
    net.run(1 * ms, backend="interpreter")
    text = step_and_compare(net, axon[0])
    assert "(h, m, n: as they were half a step ago)" in text
    assert re.search(r"alpha_m = .*\n +=.*\n +=\s\S+ /ms\n", text)
    assert re.search(r"= a\*m \+ b with a = -\S+ /ms, b = \S+ /ms", text)
    assert "  relaxes towards -b/a = " in text
    assert "\n  the distance from it becomes exp(a*(0.01 ms)) = " in text


def test_states_of_a_scheme_are_solved_for_together():
    channel = rb.Channel(
        """
        I = g*O*(v - E) : uA/cm**2
        a = 5*exp(v/(20*mV))/ms : 1/ms
        dC/dt = 2*O/ms - a*C : 1
        dO/dt = a*C - 2*O/ms : 1
        """,
        parameters=dict(g="10 mS/cm**2", E="50 mV"), name="N",
    )  # fmt: skip
    net = rb.Network(dt=0.025 * ms)
    membrane = rb.Membrane([channel, rb.channels.Leak])
    cell = net.add(membrane.point(20000 * um**2), name="cell")
    cell.v, cell.C_N, cell.O_N = -60 * mV, 0.9, 0.1
    net.run(1 * ms, backend="interpreter")
    text = step_and_compare(net, cell[0])
    assert (
        "\nC_N, O_N: solved for together over 0.025 ms by two implicit stages, all else held; "
        "slopes where they begin\n  a_N = 5*exp(v/(20*mV))/ms\n"
    ) in text
    assert re.search(r"dO_N/dt = a_N\*C_N - 2\*O_N/ms\n +=.*\n +=\s\S+ /ms\n", text)
    assert "solved for together, two implicit stages: C_N, O_N\n" in net.explain()
