"""Synapses that change at places of cells with a morphology."""

import numpy as np
import pytest

import rheobase as rb
from rheobase import errors
from rheobase.units import Hz, cm, mS, ms, mV, nA, nS, ohm, um

AMPA = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
TAU_PLUS, TAU_MINUS, A_PLUS, A_MINUS, W_MAX = 17.0, 29.0, 0.02, 0.025, 4.0  # ms, ms, 1, 1, nS
STDP = rb.synapses.STDP(
    TAU_PLUS * ms, TAU_MINUS * ms, a_plus=A_PLUS, a_minus=A_MINUS, w_max=W_MAX * nS
)


def membranes():
    hh = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak], name="HH")
    leak = rb.channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV)
    return hh, rb.Membrane([leak], name="passive")


def ball_and_stick(max_length=25 * um, **more):
    hh, passive = membranes()
    shape = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=300 * um, dendrite_diameter=2 * um
    )
    return rb.Cell(shape, {"soma": hh, "dendrite": passive}, axial_resistivity=100 * ohm * cm,
                   max_length=max_length, **more)  # fmt: skip


def paired(arrivals, spikes, weight):
    """Return the weight after all pairs, each with each; an arrival comes first in a step."""
    events = sorted([(round(t, 6), 0) for t in arrivals] + [(round(t, 6), 1) for t in spikes])
    before: list[float] = []
    after: list[float] = []
    for time, is_spike in events:
        if is_spike:
            change = A_PLUS * sum(np.exp((t - time) / TAU_PLUS) for t in before)
            after.append(time)
        else:
            change = -A_MINUS * sum(np.exp((t - time) / TAU_MINUS) for t in after)
            before.append(time)
        weight = float(np.clip(weight + W_MAX * change, 0.0, W_MAX))
    return weight


def test_pairs_of_arrivals_at_a_dendrite_and_spikes_of_its_cell():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    times = [[3.0, 11.0, 40.0, 55.0], [20.0, 35.0, 36.0]]
    trains = net.add(rb.stimuli.spike_times([t * ms for t in times]), name="trains")
    sites = cells.at("dendrite", fraction=(0.3, 0.8))
    delays = [1.0, 2.5, 0.025, 4.0]
    synapses = net.connect(
        trains, sites, rb.rules.pairs([0, 0, 1, 1], [0, 1, 2, 3]), weight=1 * nS,
        delay=delays * ms, to=AMPA, synapse=STDP,
    )  # fmt: skip
    net.inject(cells.at("soma"), rb.stimuli.step([0.2, 0.3] * nA, start=5 * ms, stop=60 * ms))
    spikes = net.run(80 * ms).spikes["cells"]
    assert spikes.count > 6
    assert list(synapses.pre) == [0, 0, 1, 1]
    # read after the end of the run: what is kept is exact, so the time does not matter
    for k, (pre, cell) in enumerate([(0, 0), (0, 0), (1, 1), (1, 1)]):
        arrivals = np.array(times[pre]) + delays[k]
        wanted = paired(arrivals, spikes[cell] * 1e3, 1.0)
        assert synapses.weights[k].magnitude == pytest.approx(wanted, rel=1e-9)
    assert np.unique(synapses.weights.magnitude).size == 4


def test_depression_and_facilitation_are_of_closed_form():
    use, tau_d, tau_f = 0.3, 300.0, 150.0
    times = np.array([2.0, 12.0, 22.0, 47.0, 50.0])
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    train = net.add(rb.stimuli.spike_times([times * ms]), name="train")
    place = cells.at("dendrite", fraction=0.7)
    short = rb.synapses.ShortTermPlasticity(U=use, tau_d=tau_d * ms, tau_f=tau_f * ms)
    net.connect(train, place, weight=2 * nS, delay=1 * ms, to=AMPA, synapse=short)
    net.record(place, "g_ampa")
    g = net.run(60 * ms).traces["cells"].g_ampa.values[:, 0]
    # Tsodyks, Pawelzik and Markram 1998: u grows by U*(1 - u), then u*R is used
    u, left, last, amplitudes = 0.0, 1.0, times[0], []
    for time in times:
        u *= np.exp(-(time - last) / tau_f)
        left = 1 + (left - 1) * np.exp(-(time - last) / tau_d)
        u += use * (1 - u)
        amplitudes.append(2 * u * left)
        left -= u * left
        last = time
    steps = np.round((times + 1) / 0.025).astype(int)
    jumps = g[steps + 1] - g[steps] * np.exp(-0.025 / 2)
    assert jumps == pytest.approx(amplitudes, rel=1e-9)
    assert amplitudes[1] > amplitudes[0] > amplitudes[4]


@pytest.mark.parametrize("synapse", [
    STDP, rb.synapses.ShortTermPlasticity(U=0.4, tau_d=200 * ms, tau_f=50 * ms),
])  # fmt: skip
def test_one_compartment_is_the_point_model(synapse):
    hh, _ = membranes()
    shape = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)

    def run(dt, on_cable):
        net = rb.Network(dt=dt)
        times = [[5.0, 14.0, 22.0, 31.0, 45.0]] * ms
        train = net.add(rb.stimuli.spike_times(times), name="train")
        if on_cable:
            cell = rb.Cell(shape, hh, axial_resistivity=100 * ohm * cm, max_length=100 * um,
                           spikes="v > -20*mV")  # fmt: skip
            cells = net.add(cell, name="cells")
            sink = cells.everywhere
        else:
            model = hh.point(area=np.pi * 400 * um**2)
            cells = net.add(model, name="cells")
            cells.v = -65 * mV
            sink = cells
        made = net.connect(train, sink, weight=2 * nS, to=AMPA, synapse=synapse)
        net.inject(sink, rb.stimuli.step(0.12 * nA, start=10 * ms))
        net.record(sink, "v", name="v")
        result = net.run(50 * ms)
        return result.traces["v"].v.values[:, 0], float(made.weights[0].magnitude)

    apart = []
    for dt in (0.02 * ms, 0.01 * ms):
        (v, weight), (other, of_point) = run(dt, True), run(dt, False)
        apart.append(np.abs(v - other).mean())
        assert weight == pytest.approx(of_point, abs=4e-4)
    assert apart[1] < 0.2
    assert apart[1] < 0.7 * apart[0]


def crowd(**more):
    net = rb.Network(dt=0.05 * ms, seed=3)
    cells = net.add(ball_and_stick(), 9, name="cells")
    noise = net.add(rb.stimuli.poisson(80 * Hz), 40, name="noise")
    made = net.connect(noise, cells.at("dendrite"), rb.rules.fixed_probability(0.2),
                       weight=1 * nS, delay=rb.random.uniform(0.5 * ms, 3 * ms), to=AMPA,
                       synapse=STDP, name="made")  # fmt: skip
    short = rb.synapses.ShortTermPlasticity(U=0.5, tau_d=100 * ms, tau_f=10 * ms)
    net.connect(noise, cells.at("soma"), rb.rules.fixed_probability(0.3), weight=3 * nS, to=AMPA,
                synapse=short)  # fmt: skip
    net.record(cells.at("soma"), "v", name="v")
    net.record(made, "weight", "x", every=5 * ms)
    return net


def test_the_same_bits_compiled_interpreted_and_for_any_number_of_threads():
    found = []
    for options in ({"backend": "interpreter"}, {"threads": 1}, {"threads": 2}, {"threads": 3}):
        net = crowd()
        result = net.run(30 * ms, **options)
        found.append((result.traces["v"].v.values, result.traces["made"].weight.values,
                      result.traces["made"].x.values, result.spikes["cells"].times))  # fmt: skip
    assert found[0][3].size > 5
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


def test_saving_storing_and_going_on(tmp_path):
    net = crowd()
    net.run(10 * ms, backend="interpreter")
    net.save(tmp_path / "net.h5")
    net.store()
    whole = net.run(10 * ms, backend="interpreter")
    weights = net.projections["made"].weights.magnitude.copy()
    net.restore()
    again = net.run(10 * ms, backend="interpreter")
    loaded = rb.Network.load(tmp_path / "net.h5")
    from_file = loaded.run(10 * ms, threads=2)
    for result in (again, from_file):
        np.testing.assert_array_equal(result.traces["v"].v, whole.traces["v"].v)
        np.testing.assert_array_equal(result.spikes["cells"].times, whole.spikes["cells"].times)
    np.testing.assert_array_equal(loaded.projections["made"].weights.magnitude, weights)


def test_weights_may_be_set_between_runs():
    net = crowd()
    net.run(1 * ms, backend="interpreter")
    made = net.projections["made"]
    made.weights = 0.5 * nS
    assert set(made.weights.magnitude) == {0.5}
    net.run(0.05 * ms, backend="interpreter")
    assert made.weights.magnitude.max() <= 0.5 + 0.5


def test_it_is_explained_and_estimated():
    net = crowd()
    text = net.explain()
    assert "Synapses of 'made'" in text
    assert "additive pair STDP" in text
    estimate = net.estimate(100 * ms)
    assert estimate.synapses == pytest.approx(len(net.projections["made"]), rel=0.4)


def test_a_receptor_is_a_port_of_point_cells_and_drives_too():
    net = rb.Network(dt=0.1 * ms, seed=1)
    point = net.add(rb.models.LIF, 2, name="point")
    noise = net.add(rb.stimuli.poisson(50 * Hz), 3, name="noise")
    made = net.connect(noise, point, weight=1 * nS, synapse=STDP, to=AMPA)
    net.drive(point, rb.stimuli.poisson(50 * Hz), weight=1 * nS, to=AMPA)
    assert made.to == "ampa"
    assert list(point.model.receives) == ["i_syn", "ampa"]
    both = net.connect(noise, point, weight=1 * nS, to=AMPA, name="plain")  # as synapse=AMPA
    assert both.to == "ampa"
    net.run(5 * ms, backend="interpreter")


def refused(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_what_does_not_go_is_refused():
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    point = net.add(rb.models.LIF, name="point")
    soma = cells.at("soma")
    refused(errors.WiringError, lambda: net.connect(point, soma, weight=1 * nS, synapse=STDP),
            "a spike acts on a membrane through a receptor, and none is given",
            "write to=rb.synapses.Exponential(tau=2*ms, E=0*mV) beside synapse=")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(point, soma, weight=1 * nS, synapse=AMPA, to=AMPA),
            "to= and synapse= are a receptor each", "for both, connect twice")  # fmt: skip
    nmda = rb.synapses.NMDA()
    refused(errors.WiringError,
            lambda: net.connect(point, soma, weight=1 * nS, synapse=STDP, to=nmda),
            "no weight of STDP arrives there", "write to=rb.synapses.LinearNMDA()")  # fmt: skip
    refused(errors.UnknownNameError,
            lambda: net.connect(point, soma, weight=1 * nS, synapse=STDP, to="ampa"),
            "'cells' has no receptor 'ampa'", "write to=rb.synapses.Exponential(")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(point, soma, weight=1 * nS, synapse=[AMPA, STDP]),
            "a connection has one synapse, here are 2",
            "synapse=rb.synapses.STDP(...), to=rb.synapses.Exponential(")  # fmt: skip
    calcium = rb.Synapse("dx/dt = -x/(20*ms) : 1", on_pre="x += Ca_post/mM")
    refused(errors.EquationError,
            lambda: net.connect(point, soma, weight=1 * nS, synapse=calcium, to=AMPA),
            "ampa has no variable Ca")  # fmt: skip
    made = net.connect(point, soma, weight=1 * nS, synapse=STDP, to=AMPA)
    refused(errors.UserError,
            lambda: rb.gradient(net, lambda r: 0.0, (made, "weights"), duration=5 * ms),
            "have no derivative here")  # fmt: skip
