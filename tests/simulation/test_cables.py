"""Cells with a morphology in networks: places, values, what is sent in, kept and gone on with."""

import numpy as np
import pytest
from tests.simulation.cable_nets import HH, PASSIVE, ball_and_stick, network, same

import rheobase as rb
from rheobase.units import Mohm, cm, mS, ms, mV, nA, nS, ohm, pA, um

MIXED = (300, 200, 200, 400, 200)


@pytest.fixture(scope="module")
def reference():
    net, _ = network(MIXED)
    return net.run(20 * ms)


# -- the same bits ----------------------------------------------------------------------------


def test_same_bits_on_any_number_of_threads(reference):
    net, _ = network(MIXED)
    assert same(reference, net.run(20 * ms, threads=2))
    assert reference.spikes["cells"].times.size > 3
    assert reference.spikes["point"].times.size > 0


def test_same_bits_interpreted(reference):
    net, _ = network(MIXED)
    result = net.run(8 * ms, backend="interpreter")
    for name in result.traces:
        for variable, values in result.traces[name].data_vars.items():
            whole = reference.traces[name][variable].values
            assert np.array_equal(values.values, whole[: len(values)])
    times = reference.spikes["cells"].times
    assert np.array_equal(result.spikes["cells"].times, times[times < 8e-3])
    assert result.spikes["cells"].times.size


def test_a_cell_does_not_depend_on_those_beside_it():
    alone, together = rb.Network(dt=0.025 * ms), rb.Network(dt=0.025 * ms)
    one = alone.add(ball_and_stick(), name="cells")
    others = [ball_and_stick(200 * um), ball_and_stick(), ball_and_stick(250 * um)]
    many = together.add(others, name="cells")
    for net, cells in ((alone, one), (together, many[1])):
        net.inject(cells.at("soma"), rb.stimuli.step(0.3 * nA))
        net.record(cells, "v", every=0.5 * ms)
    here, there = alone.run(20 * ms), together.run(20 * ms)
    assert np.array_equal(here.traces["cells"].v.values, there.traces["cells"].v.values)


def test_store_and_restore(reference):
    net, _ = network(MIXED)
    net.run(5 * ms)
    net.store()
    first = net.run(15 * ms)
    net.restore()
    assert same(first, net.run(15 * ms))
    assert np.array_equal(first.traces["cells"].v.values, reference.traces["cells"].v.values[50:])


@pytest.mark.parametrize("begun", [0, 5])
def test_save_and_load(reference, begun, tmp_path):
    net, _ = network(MIXED)
    if begun:
        net.run(begun * ms)
    again = rb.Network.load(net.save(tmp_path / "net.h5"))
    result = again.run((20 - begun) * ms, threads=2)
    whole = reference.traces["cells"].v.values[10 * begun :]
    assert np.array_equal(result.traces["cells"].v.values, whole)
    assert repr(again.populations["cells"]) == repr(net.populations["cells"])


def test_stream_and_checkpoint(reference, tmp_path):
    net, _ = network(MIXED)
    result = net.run(20 * ms, stream_to=tmp_path / "run.h5", checkpoint_every=10 * ms)
    assert same(reference, result)
    trace = rb.Result.load(tmp_path / "run.h5").traces["cells"]
    assert list(trace.region.values[:2]) == ["soma", "dendrite"]
    assert np.array_equal(trace.cell.values, reference.traces["cells"].cell.values)


def test_a_saved_result_keeps_where_its_sites_are(reference, tmp_path):
    reference.save(tmp_path / "result.h5")
    trace = rb.Result.load(tmp_path / "result.h5").traces["cells"]
    assert trace.v.dims == ("time", "site")
    for name in ("cell", "region", "path", "compartment"):
        assert np.array_equal(trace[name].values, reference.traces["cells"][name].values)


def test_error_check_and_batch_and_estimate():
    net, _ = network()
    checked = net.run(2 * ms, error_check=1 * ms).error_check
    assert "v of 'cells' differs by" in str(checked)
    sets = [{"cells.g_L": g * mS / cm**2, "seed": 1} for g in (0.1, 1.0)]
    one, other = net.run_batch(2 * ms, sets, threads=2)
    assert not np.array_equal(one.traces["cells"].v.values, other.traces["cells"].v.values)
    assert net.estimate(1000 * ms).seconds > 0.01
    assert net.run(1 * ms, stop_when="any(cells.v > -100*mV)").note.startswith("stop_when held")


# -- places -----------------------------------------------------------------------------------


def test_places_on_cells_of_one_shape():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 3, name="cells")
    assert repr(cells) == "<Population 'cells': 3 cells of ball and stick, 48 compartments>"
    assert len(cells) == 3 and cells.everywhere.size == 48
    middle = cells.at("dendrite", fraction=0.5)
    assert list(middle.cell) == [0, 1, 2] and set(middle.region) == {"dendrite"}
    np.testing.assert_allclose(middle.path.to("um").magnitude, 160)
    assert list(cells[1:].at("soma").cell) == [1, 2]
    assert cells[2].at("dendrite").size == 15
    assert repr(cells[2].at("soma")) == '<Sites cells[2].at("soma"): 1 compartment>'
    assert [place.cell[0] for place in middle] == [0, 1, 2]
    assert list(middle[1:].compartment) == [8, 8]
    assert cells[0].cells[0].name == "ball and stick"
    assert {"g_L", "v", "m_Na", "at"} <= set(dir(cells))


def test_places_on_cells_of_different_shapes():
    net = rb.Network(dt=0.025 * ms)
    short, long = ball_and_stick(100 * um), ball_and_stick(400 * um)
    cells = net.add([short, long, short], name="cells")
    assert [cells[k].everywhere.size for k in range(3)] == [6, 21, 6]
    ends = cells.at("dendrite", fraction=1.0)
    np.testing.assert_allclose(ends.path.to("um").magnitude, [100, 400, 100])
    assert cells.at("dendrite").size == 5 + 20 + 5


def test_traces_say_where(reference):
    trace = reference.traces["cells"]
    assert trace.v.dims == ("time", "site")
    assert list(np.unique(trace.cell.values)) == [0, 1, 2, 3, 4]
    assert trace.path.attrs == {"units": "m"} and trace.path.values.max() == pytest.approx(4e-4)
    soma = trace.v.values[:, (trace.region == "soma").values]
    assert soma.shape == (200, 5)
    receptor = reference.traces["receptor"]
    v = trace.v.values[:, 8]
    np.testing.assert_allclose(
        receptor.i_ampa.values[::4, 0], receptor.g_ampa.values[::4, 0] * -v, rtol=1e-9
    )


# -- values -----------------------------------------------------------------------------------


def test_cells_start_at_minus_65_with_gates_at_rest():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    assert np.all(cells.v.to("mV").magnitude == -65)
    soma = cells.at("soma")
    np.testing.assert_allclose(soma.m_Na.magnitude, 0.05293248525724958, rtol=1e-12)
    assert np.isnan(cells.m_Na.magnitude).sum() == 30
    soma[1].v = -50 * mV
    alpha, beta = 1 / np.expm1(1), 4 * np.exp(-15 / 18)
    assert soma.m_Na.magnitude[1] == pytest.approx(alpha / (alpha + beta), rel=1e-9)
    soma[0].h_Na = 0.25
    net.run(0.025 * ms)
    assert soma.h_Na.magnitude[0] == pytest.approx(0.25, abs=0.01)


def test_pools_settle_at_the_voltage_of_the_start():
    channels = [rb.channels.Leak, rb.channels.LType, rb.channels.CalciumPool]
    membrane = rb.Membrane(channels, temperature=36)
    cell = rb.Cell(rb.Morphology.cylinder(length=50 * um, diameter=2 * um), membrane)
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(cell, name="cells")
    before = cells.Ca_i.to("mM").magnitude
    assert np.all(before > 0)
    net.clamp(cells.everywhere, -65 * mV)
    net.run(5 * ms)
    np.testing.assert_allclose(cells.Ca_i.to("mM").magnitude, before, rtol=1e-6)


def test_values_are_set_by_place():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    cells.v = -70 * mV
    cells.at("soma").v = [-60, -50] * mV
    assert list(cells.at("soma").v.to("mV").magnitude) == pytest.approx([-60, -50])
    assert cells.at("dendrite").v.to("mV").magnitude.max() == pytest.approx(-70)
    cells.at("dendrite").g_L = "0.1*mS/cm**2*exp(-distance/(100*um))"
    dendrite = cells.at("dendrite")
    want = 0.1 * np.exp(-dendrite.path.to("um").magnitude / 100)
    np.testing.assert_allclose(dendrite.g_L.to("mS/cm**2").magnitude, want)
    cells.g_Na = 100 * mS / cm**2
    np.testing.assert_allclose(cells.at("soma").g_Na.to("mS/cm**2").magnitude, 100)
    cells[0].at("dendrite").v = "-65*mV + i*mV"
    assert cells.v.to("mV").magnitude[15] == pytest.approx(-51)
    net.run(0.1 * ms)
    cells.v = -80 * mV
    assert np.all(cells.v.to("mV").magnitude == pytest.approx(-80))
    cells.E_L = -80 * mV
    net.run(0.1 * ms)


def test_values_are_one_a_cell_or_one_a_compartment():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add([ball_and_stick(200 * um), ball_and_stick(300 * um)], name="cells")
    sizes = np.bincount(cells.everywhere.cell)
    assert sizes[0] != sizes[1]
    for values in ([-60, -70] * mV, [-60 * mV, -70 * mV]):
        cells.v = -65 * mV
        cells.v = values
        assert (cells.v.magnitude == np.repeat([-60, -70], sizes)).all()
    cells.at("dendrite").g_L = np.array([0.1, 0.2]) * mS / cm**2
    for k, g in enumerate([0.1, 0.2]):
        np.testing.assert_allclose(cells[k].at("dendrite").g_L.magnitude, g)
    cells.g_Na = [1, 2] * mS / cm**2  # in somata only
    assert cells.at("soma").g_Na.magnitude.tolist() == [1, 2]
    each = np.linspace(-70, -60, sizes.sum())
    cells.v = [x * mV for x in each]
    np.testing.assert_allclose(cells.v.magnitude, each, rtol=1e-14)
    with pytest.raises(rb.errors.ShapeError, match=f"for each compartment\n.*{sizes.sum()} comp"):
        cells.v = [1, 2, 3] * mV
    with pytest.raises(rb.errors.UserError, match="the value of compartment 1 is nan"):
        cells.v = np.where(np.arange(sizes.sum()) == 1, np.nan, -65) * mV


def test_a_parameter_by_distance_is_what_is_solved():
    def settled(**options):
        shape = rb.Morphology.cylinder(length=400 * um, diameter=1 * um)
        cell = rb.Cell(shape, PASSIVE, max_length=20 * um, **options)
        net = rb.Network(dt=0.1 * ms)
        cells = net.add(cell, name="cells")
        if not options:
            cells.g_L = "0.1*mS/cm**2*(1 + distance/(200*um))"
        net.inject(cells.at(fraction=1.0), rb.stimuli.step(0.02 * nA))
        net.run(50 * ms)
        return cells.v.to("mV").magnitude

    text = {"g_L": "0.1*mS/cm**2*(1 + distance/(200*um))"}
    function = {"g_L": lambda d: 0.1 * mS / cm**2 * (1 + (d / (200 * um)).to("").magnitude)}
    one = settled(parameters=text)
    np.testing.assert_allclose(settled(parameters={"dendrite": function}), one, rtol=1e-12)
    np.testing.assert_allclose(settled(), one, rtol=1e-12)
    assert one[-1] - one[0] > 1


def test_membranes_with_the_same_equations_are_one_patch():
    other = rb.Membrane([rb.channels.Leak(g=1 * mS / cm**2, E=-60 * mV)], capacitance="2 uF/cm**2")
    shape = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=200 * um, dendrite_diameter=2 * um
    )
    net = rb.Network(dt=0.1 * ms)
    cell = rb.Cell(shape, {"soma": PASSIVE, "dendrite": other}, axial_resistivity=1 * ohm * cm)
    cells = net.add(cell, name="cells")
    assert len(cells._cable.patches) == 1
    np.testing.assert_allclose(cells.C_m.to("uF/cm**2").magnitude[:2], [1, 2])
    net.run(50 * ms)
    area = cells.area.to("um**2").magnitude
    g = cells.g_L.to("mS/cm**2").magnitude * area
    want = np.sum(g * cells.E_L.to("mV").magnitude) / g.sum()
    np.testing.assert_allclose(cells.v.to("mV").magnitude, want, atol=0.02)


# -- synapses ---------------------------------------------------------------------------------


def test_receptors_of_one_kind_are_shared_and_add():
    def peak(times, weight):
        net = rb.Network(dt=0.025 * ms)
        cells = net.add(ball_and_stick(), 2, name="cells")
        place = cells[1].at("dendrite", fraction=0.7)
        for _ in range(times):
            net.drive(place, rb.stimuli.spike_times([1] * ms), weight=weight * nS,
                      synapse=rb.synapses.Exponential(tau=2 * ms, E=0 * mV))  # fmt: skip
        assert len(cells._cable.points) == 1 and cells._cable.points[0].values.size == 1
        net.record(place, "v", "g_exponential")
        trace = net.run(5 * ms).traces["cells"]
        assert trace.g_exponential.values.max() == pytest.approx(times * weight, rel=0.02)
        return trace.v.values

    np.testing.assert_allclose(peak(2, 1.0), peak(1, 2.0), rtol=1e-12)


def test_places_may_be_added_until_the_first_run():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 3, name="cells")
    receptor = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    noise = net.add(rb.stimuli.spike_times([1] * ms), 1, name="noise")
    first = net.connect(noise, cells[2].at("dendrite", fraction=0.5), weight=3 * nS,
                        synapse=receptor)  # fmt: skip
    cells.at("dendrite", fraction=0.5)[2:].tau_ampa = 7 * ms
    net.connect(noise, cells[:2].at("soma"), weight=[1, 2] * nS, synapse=receptor)
    net.connect(noise, cells[0].at("soma"), weight=5 * nS, to="ampa")
    assert list(first.post) == [40]
    assert list(np.unique(cells._cable.points[0].sites)) == [0, 16, 40]
    net.record(cells.at("soma")[:2], "g_ampa", name="soma")
    net.record(cells[2].at("dendrite", fraction=0.5), "g_ampa", name="dendrite")
    traces = net.run(4 * ms).traces
    np.testing.assert_allclose(traces["soma"].g_ampa.values.max(axis=0), [6, 2], rtol=0.02)
    g = traces["dendrite"].g_ampa.values[:, 0]
    assert g.max() == pytest.approx(3, rel=0.02)
    assert g[150] / g[60] == pytest.approx(np.exp(-90 * 0.025 / 7), rel=1e-6)
    first.weights = 30 * nS
    net.run(1 * ms)


def test_saturating_receptors_between_point_cells_and_places():
    net = rb.Network(dt=0.05 * ms)
    point = net.add(rb.models.LIF, 2, name="point")
    cells = net.add(ball_and_stick(), 2, name="cells")
    place = cells.at("dendrite", fraction=0.5)
    net.connect(point, place, rb.rules.one_to_one(), weight=1 * nS, synapse=rb.synapses.NMDA())
    net.inject(point[:1], rb.stimuli.step(600 * pA))
    net.record(place, "g_nmda", "v")
    trace = net.run(60 * ms).traces["cells"]
    assert trace.g_nmda.values[-1, 0] > 0.2
    assert np.all(trace.g_nmda.values[:, 1] == 0)
    assert trace.v.values[-1, 0] > trace.v.values[-1, 1] + 0.1


def test_the_conductance_is_part_of_the_equations():
    """A conductance that would be unstable if it were added explicitly."""
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    place = cells.at("dendrite", fraction=1.0)
    net.drive(place, rb.stimuli.spike_times([1] * ms), weight=10_000 * nS,
              synapse=rb.synapses.Exponential(tau=2 * ms, E=0 * mV))  # fmt: skip
    net.record(place, "v")
    v = net.run(10 * ms).traces["cells"].v.values
    assert v.max() < 0.5
    assert v[13:40].min() > -5


def test_cells_spike_where_it_is_said():
    def times(**options):
        net = rb.Network(dt=0.025 * ms)
        cells = net.add(ball_and_stick(**options), name="cells")
        net.inject(cells.at("soma"), rb.stimuli.step(0.5 * nA, stop=5 * ms))
        return net.run(15 * ms).spikes["cells"].times

    soma = times()
    assert soma.size == 1
    late = times(spikes=(dict(region="dendrite", fraction=0.5), "v > -40*mV"))
    assert late.size == 1 and late[0] > soma[0]
    assert times(spikes=None).size == 0
    inside = times(crossing="linear")
    assert soma[0] <= inside[0] <= soma[0] + 2.5e-5
    euler = times(method="backward_euler")
    assert euler[0] == pytest.approx(soma[0], abs=2e-4)


# -- electrodes -------------------------------------------------------------------------------


def test_electrodes_are_saved(tmp_path):
    def made():
        net = rb.Network(dt=0.025 * ms)
        cells = net.add(ball_and_stick(), 2, name="cells")
        current = net.voltage_clamp(cells[0].at("soma"), -40 * mV, series_resistance=5 * Mohm,
                                    start=1 * ms, stop=4 * ms)  # fmt: skip
        net.clamp(cells[1].at("soma"), -20 * mV, start=1 * ms)
        net.connect(cells[0].at("soma"), cells[1].at("dendrite", fraction=0.5), weight=1 * nS,
                    synapse=rb.synapses.GapJunction())  # fmt: skip
        net.record(cells[0].at("soma"), "v", current)
        net.record(cells.at("soma"), "m_Na", name="gates")
        return net

    whole = made().run(6 * ms)
    net = made()
    net.run(2 * ms)
    again = rb.Network.load(net.save(tmp_path / "net.h5")).run(4 * ms)
    for name in ("cells", "gates"):
        for variable in whole.traces[name].data_vars:
            assert np.array_equal(
                whole.traces[name][variable].values[80:], again.traces[name][variable].values
            )


# -- looking ----------------------------------------------------------------------------------


def test_explain():
    net, _ = network()
    text = net.explain()
    for words in (
        "<Population 'cells': 3 cells of ball and stick, 48 compartments>",
        "Membrane of 'cells', HH: 3 compartments",
        "Membrane of 'cells', passive: 45 compartments",
        "At places of 'cells', ampa:",
        "spikes where v of soma, 0 um from the soma's center, rises above -20 mV",
        "half a step behind, also where they are recorded: h_Na, m_Na, n_K",
    ):
        assert words in text
    assert "kernels of 'cells/HH'" in net.source()


def test_explain_step_is_the_step_that_is_taken():
    net, cells = network()
    net.run(6 * ms)
    soma, place = cells[1].at("soma"), cells[0].at("dendrite", fraction=0.5)
    told, other = net.explain_step(cells[1]), net.explain_step(place)
    assert told == net.explain_step(soma)
    before = soma.v.to("mV").magnitude[0]
    net.step()
    after = soma.v.to("mV").magnitude[0]
    assert f"v: {before:.6g} mV -> {after:.6g} mV" in told
    assert "cells[1], compartment 0 (soma, 0 um from the soma's center" in told
    assert "I_Na = g_Na*m_Na**3*h_Na*(v - E_Na) = " in told
    assert "it did" in told
    assert "i_ampa = g_ampa*(E_ampa - v) = " in other
    assert "compartment 7: 157.08 nS*(" in other and "g_ampa: " in other


def test_state_prints_as_a_table():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    columns = str(cells.state()).splitlines()[1].split()
    assert columns[:5] == ["cell", "region", "path", "(um)", "compartment"]
    assert "m_Na" in str(cells.state()) and "v (mV)" in str(cells.at("soma").state())
    assert isinstance(HH, rb.Membrane)


def test_traces_are_drawn_by_place(reference):
    import matplotlib

    matplotlib.use("Agg")
    ax = reference.plot.traces("m_Na", cells=[0, 2])
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["cell 0, soma 0 µm", "cell 2, soma 0 µm"]
    assert rb.plots.traces(reference.traces["receptor"]["g_ampa"]).lines


# -- while it runs ----------------------------------------------------------------------------


def test_functions_between_slices_set_values():
    def run(late):
        net = rb.Network(dt=0.05 * ms)
        cells = net.add(ball_and_stick(), 2, name="cells")

        def change():
            if net.time.to("ms").magnitude > 4.9:
                cells[0].at("soma").g_Na = 0 * mS / cm**2
                cells[1].v = -65 * mV

        net.inject(cells.at("soma"), rb.stimuli.step(0.5 * nA))
        net.record(cells.at("soma"), "v")
        if late:
            net.every(5 * ms, change)
        return net.run(20 * ms)

    plain, changed = run(False), run(True)
    v = changed.traces["cells"].v.values
    assert np.array_equal(v[:100], plain.traces["cells"].v.values[:100])
    assert plain.spikes["cells"].times[plain.spikes["cells"].ids == 0].size >= 2
    assert changed.spikes["cells"].times[changed.spikes["cells"].ids == 0].size == 1
    assert v[100, 1] == -65


def test_rules_over_space_join_compartments():
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    cells.positions = np.array([[0, 0, 0], [0, 500, 0]]) * um
    assert cells[1].at("soma").positions.to("um").magnitude[0] == pytest.approx([0, 500, 0])
    point = net.add(rb.models.LIF, 1, name="point", positions=[[0, 500, 0]] * um)
    made = net.connect(point, cells.at("dendrite"), rb.rules.within(100 * um), weight=1 * nS,
                       synapse=rb.synapses.Exponential(tau=2 * ms, E=0 * mV))  # fmt: skip
    assert set(cells._cable.cell[made.post]) == {1}
    assert 3 <= made.post.size <= 6


def test_a_variable_of_one_region_is_nan_elsewhere_in_a_recording(tmp_path):
    net = rb.Network(dt=0.025 * ms)
    cells = net.add([ball_and_stick(), ball_and_stick(200 * um)], name="cells")
    net.inject(cells.at("soma"), rb.stimuli.step(0.3 * nA))
    net.record(cells, "v", "m_Na")
    net.record(cells.at("soma"), "m_Na", name="soma")
    result = net.run(5 * ms)
    whole, soma = result.traces["cells"], result.traces["soma"]
    inside = whole.region.values == "soma"
    assert inside.sum() == 2 and np.isnan(whole.m_Na.values[:, ~inside]).all()
    np.testing.assert_array_equal(whole.m_Na.values[:, inside], soma.m_Na.values)
    np.testing.assert_array_equal(np.isnan(cells.m_Na.magnitude), ~inside)
    assert np.isfinite(whole.v.values).all()
    result.save(tmp_path / "whole.h5")
    again = rb.Result.load(tmp_path / "whole.h5").traces["cells"]
    np.testing.assert_array_equal(again.m_Na.values, whole.m_Na.values)


def test_what_is_added_or_set_to_the_same_between_runs_changes_nothing():
    def after(change):
        net = rb.Network(dt=0.025 * ms, seed=1)
        cells = net.add(ball_and_stick(), 2, name="cells")
        net.inject(cells.at("soma"), rb.stimuli.step(0.4 * nA, start=0.5 * ms))
        net.drive(cells.at("dendrite", fraction=0.5), rb.stimuli.spike_times([1, 3] * ms),
                  weight=2 * nS, synapse=rb.synapses.Exponential(2 * ms, E=0 * mV))  # fmt: skip
        net.connect(cells[0].at("soma"), cells[1].at("soma"), weight=1 * nS,
                    synapse=rb.synapses.GapJunction())  # fmt: skip
        net.record(cells, "v", every=0.1 * ms)
        net.run(2 * ms, backend="interpreter")
        change(net, cells)
        return net.run(3 * ms, backend="interpreter").traces["cells"].v.values

    def current(net, cells):
        net.record(cells.at("soma"), "I_Na", name="current")

    def conductances(net, cells):
        cells.g_L = cells.g_L

    def nothing(net, cells):
        net.inject(cells.at("dendrite", fraction=0.9), rb.stimuli.step(0 * nA))

    want = after(lambda net, cells: None)
    for change in (current, conductances, nothing):
        assert np.array_equal(after(change), want), change


@pytest.mark.parametrize("name, value", [("E_open", 0 * mV), ("g_open", 20 * nS), ("p_M", 1)])
def test_a_value_set_between_runs_leaves_no_swings(name, value):
    """A jump of a current into one of many short compartments, against small steps."""
    gated = rb.channels.MType(E=0 * mV, g=200 * mS / cm**2)
    membrane = rb.Membrane([rb.channels.Leak(g=0.1 * mS / cm**2, E=-65 * mV), gated])
    shape = rb.Morphology.cylinder(200 * um, 1 * um)

    def after(dt, method="crank_nicolson"):
        net = rb.Network(dt=dt * ms)
        cells = net.add(rb.Cell(shape, membrane, max_length=1 * um, method=method), name="cells")
        place = cells.at(fraction=0.5)
        net.drive(place, rb.stimuli.spike_times([500] * ms), weight=1 * nS,
                  synapse=rb.synapses.Exponential(1000 * ms, E=-40 * mV, name="open"))  # fmt: skip
        place.g_open = 10 * nS
        cells.p_M = 0
        net.record(place, "v", every=0.05 * ms)
        net.run(1 * ms, backend="interpreter")
        setattr(place, name, value)
        return net.run(0.5 * ms, backend="interpreter").traces["cells"].v.values[:, 0]

    found, want = after(0.05), after(0.005, "backward_euler")
    assert np.all(np.diff(found) > 0)
    np.testing.assert_allclose(found[3:], want[3:], rtol=0, atol=1.5)


@pytest.mark.parametrize("way", ["file", "snapshot"])
def test_what_was_set_before_it_was_kept_counts(tmp_path, way):
    def set_up():
        net, cells = network(MIXED)
        net.run(4 * ms, backend="interpreter")
        cells[1].at("dendrite", fraction=0.5).g_ampa = 30 * nS
        cells[2].at("soma").g_Na = 0 * mS / cm**2
        cells[3].at("soma").n_K = 0.9
        return net

    def rest(net):
        return net.run(3 * ms, backend="interpreter").traces["cells"].v.values

    want, net = rest(set_up()), set_up()
    if way == "file":
        found = rest(rb.Network.load(net.save(tmp_path / "net.h5")))
    else:
        net.store("here")
        rest(net)
        net.restore("here")
        found = rest(net)
    assert np.array_equal(found, want)
