"""Plasticity against closed forms, published figures and a simulation in plain Python."""

import math

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, nS, pA, pF, second

RELAY = rb.Model(
    "dv/dt = -v/(1*ms) : 1",
    threshold="v > 0.5",
    reset="v = 0",
    parameters={},
    receives=dict(kick="v += weight", probe="v += 0*weight/pA"),
)
"""A cell that spikes in the step a kick of 1 arrives in: its spikes are those of a train."""


def times(*values):
    return rb.stimuli.spike_times([list(values)] * ms)


def pair(synapse, pre, post, weight=50 * pA, duration=600, **options):
    """Return a projection of one synapse after spikes at given times (ms) on both sides.

    The spikes of the train at t arrive at t + 0.1 ms; those of the cell are at t exactly.
    """
    net = rb.Network(dt=0.1 * ms, seed=0)
    source = net.add(times(*[t - 0.1 for t in pre]), 1, name="source")
    kicks = net.add(times(*[t - 0.1 for t in post]), 1, name="kicks")
    cell = net.add(RELAY, 1, name="cell")
    net.connect(kicks, cell, weight=1, delay=0.1 * ms, to="kick")
    made = net.connect(source, cell, weight=weight, delay=0.1 * ms, to="probe", synapse=synapse,
                       **options)  # fmt: skip
    result = net.run(duration * ms, backend="interpreter")
    return made, result


def stdp(**changes):
    values = dict(tau_plus=20 * ms, tau_minus=30 * ms, a_plus=0.01, a_minus=0.012, w_max=100 * pA)
    return rb.synapses.STDP(**{**values, **changes})


@pytest.mark.parametrize("lag", [-80.0, -21.3, -1.0, -0.1, 0.0, 0.1, 1.0, 33.3, 100.0])
def test_the_window_of_pair_stdp(lag):
    """dw = a_plus*w_max*exp(-lag/tau_plus) after, -a_minus*w_max*exp(lag/tau_minus) before.

    A spike of the cell is stamped with its step, in which it comes after all arrivals: so the
    same step counts as after.
    """
    made, result = pair(stdp(), [200.0], [200.0 + lag])
    spike = result.spikes["cell"].times
    assert spike.size == 1
    measured = spike[0] * 1e3 - 200.0
    change = float(made.weights.magnitude[0]) - 50.0
    if measured > -1e-9:
        assert change == pytest.approx(1.0 * math.exp(-measured / 20), rel=1e-9)
    else:
        assert change == pytest.approx(-1.2 * math.exp(measured / 30), rel=1e-9)


def test_all_pairs_count_and_nearest_ones():
    pre, kicks = [100.0, 110.0, 130.0], [115.0, 120.0, 160.0]
    everything, result = pair(stdp(), pre, kicks)
    post = result.spikes["cell"].times * 1e3
    expected = 50.0
    for t in sorted([*pre, *post]):
        if t in pre:
            expected -= sum(1.2 * math.exp(-(t - s) / 30) for s in post if s < t)
        else:
            expected += sum(1.0 * math.exp(-(t - s) / 20) for s in pre if s <= t)
    assert float(everything.weights.magnitude[0]) == pytest.approx(expected, rel=1e-12)
    nearest, _ = pair(stdp(pairing="nearest"), pre, kicks)
    expected = 50.0
    for t in sorted([*pre, *post]):
        if t in pre:
            expected -= 1.2 * max((math.exp(-(t - s) / 30) for s in post if s < t), default=0)
        else:
            expected += 1.0 * max((math.exp(-(t - s) / 20) for s in pre if s <= t), default=0)
    assert float(nearest.weights.magnitude[0]) == pytest.approx(expected, rel=1e-12)


def test_the_weight_is_delivered_as_it_is_before_depression():
    cell = rb.Model("dv/dt = 0*pA/ms : pA", receives="v += weight")
    net = rb.Network(dt=0.1 * ms)
    target = net.add(cell, 1, name="target")
    net.connect(net.add(times(1.0, 2.0), 1), target, weight=30 * pA, delay=1 * ms,
                synapse=rb.Synapse(on_pre="deliver(weight); weight *= 0.5"))  # fmt: skip
    net.run(5 * ms)
    assert target.v.magnitude[0] == 45.0


def test_power_law_and_soft_bounds_by_hand():
    law, result = pair(rb.synapses.PowerLawSTDP(), [100.0], [90.0, 110.0])
    post = result.spikes["cell"].times * 1e3
    down = 50 * (1 - 0.1 * 0.0513 * math.exp(-(100.0 - post[0]) / 30))
    up = down + 0.1 * down**0.4 * math.exp(-(post[1] - 100.0) / 15)
    assert float(law.weights.magnitude[0]) == pytest.approx(up, rel=1e-12)
    soft, _ = pair(
        rb.synapses.MultiplicativeSTDP(20 * ms, 30 * ms, 0.1, 0.12, 100 * pA, 10 * pA),
        [100.0], [90.0, 110.0],
    )  # fmt: skip
    down = 50 - 0.12 * 40 * math.exp(-(100.0 - post[0]) / 30)
    up = down + 0.1 * (100 - down) * math.exp(-(post[1] - 100.0) / 20)
    assert float(soft.weights.magnitude[0]) == pytest.approx(up, rel=1e-12)


def test_triplets_of_the_frequency_protocol():
    """60 pairings, post 10 ms after pre: potentiation grows with the rate (Pfister 2006)."""
    changes = []
    for rate in (10, 50):
        interval = 1000 / rate
        pre = [100 + round(interval * k, 1) for k in range(60)]
        made, result = pair(
            rb.synapses.TripletSTDP(w_max=100 * pA), pre, [t + 10 for t in pre],
            duration=200 + 60 * interval,
        )  # fmt: skip
        post = result.spikes["cell"].times * 1e3
        assert post.size == 60
        w, marks = 50.0, dict.fromkeys(("r1", "r2", "o1", "o2"), 0.0)
        taus, last = dict(r1=16.8, r2=101.0, o1=33.7, o2=125.0), 0.0
        for t, who in sorted([*((t, 0) for t in pre), *((t, 1) for t in post)]):
            marks = {k: v * math.exp(-(t - last) / taus[k]) for k, v in marks.items()}
            last = t
            if who == 0:
                w -= 100 * marks["o1"] * (7e-3 + 2.3e-4 * marks["r2"])
                marks["r1"] += 1
                marks["r2"] += 1
            else:
                w += 100 * marks["r1"] * (5e-10 + 6.2e-3 * marks["o2"])
                marks["o1"] += 1
                marks["o2"] += 1
            w = min(max(w, 0), 100)
        assert float(made.weights.magnitude[0]) == pytest.approx(w, rel=1e-9)
        changes.append(w - 50)
    assert changes[1] > 0 and changes[1] > changes[0]


@pytest.mark.parametrize(("U", "tau_d", "tau_f"), [(0.5, 800.0, 1.0), (0.15, 130.0, 530.0)])
def test_short_term_plasticity_reaches_its_steady_state(U, tau_d, tau_f):
    """u* = U/(1 - (1 - U) e_f), R* = (1 - e_d)/(1 - (1 - u*) e_d) at a steady rate."""
    interval = 50.0
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.Model("dv/dt = 0*pA/ms : pA", receives="v += weight"), 1, name="cell")
    spikes = [100 + interval * k for k in range(200)]
    made = net.connect(
        net.add(times(*spikes), 1), cell, weight=100 * pA, delay=1 * ms,
        synapse=rb.synapses.ShortTermPlasticity(U=U, tau_d=tau_d * ms, tau_f=tau_f * ms),
    )  # fmt: skip
    net.record(cell, "v", every=50 * ms)
    v = net.run(10.1 * second).traces["cell"].v.values[:, 0]
    jumps = np.diff(v)[2:]
    assert jumps[0] == pytest.approx(100 * U, rel=1e-12)
    e_f, e_d = math.exp(-interval / tau_f), math.exp(-interval / tau_d)
    u = U / (1 - (1 - U) * e_f)
    resources = (1 - e_d) / (1 - (1 - u) * e_d)
    assert jumps[-1] == pytest.approx(100 * u * resources, rel=1e-6)
    assert (jumps[3] < jumps[0]) == (tau_d > tau_f)
    assert made.u.magnitude[0] > 0


def by_hand(pre, post, w, steps, tau=(20.0, 30.0), a=(1.0, 1.2), w_max=100.0, delay=15):
    """Pair STDP, all to all, in plain Python: arrivals first, then spikes of the cells."""
    x, y = np.zeros(len(w)), np.zeros(w.shape[1])
    down = [math.exp(-0.1 / t) for t in tau]
    for k in range(steps):
        x, y = x * down[0], y * down[1]
        for i in pre.get(k - delay, ()):
            w[i] = np.clip(w[i] - a[1] * y, 0, w_max)
            x[i] += 1
        for j in post.get(k, ()):
            w[:, j] = np.clip(w[:, j] + a[0] * x, 0, w_max)
            y[j] += 1
    return w


def test_a_network_with_stdp_does_what_twenty_lines_of_python_do():
    net = rb.Network(dt=0.1 * ms, seed=4)
    source = net.add(rb.stimuli.poisson(40 * Hz), 30, name="source")
    cells = net.add(rb.models.LIF(V_T=-60 * mV), 10, name="cells")
    w = np.random.default_rng(1).uniform(20, 90, (30, 10))
    made = net.connect(source, cells, weight=w * pA, delay=1.5 * ms, synapse=stdp())
    net.drive(cells, rb.stimuli.poisson(3000 * Hz), weight=80 * pA)
    result = net.run(400 * ms, threads=2)

    def listed(name):
        found = {}
        for t, i in zip(result.spikes[name].times, result.spikes[name].ids, strict=True):
            found.setdefault(round(t * 1e4), []).append(i)
        return found

    assert result.spikes["cells"].count > 50
    expected = by_hand(listed("source"), listed("cells"), w.copy(), 4000)
    np.testing.assert_allclose(made.weights.magnitude.reshape(30, 10), expected, rtol=1e-9)


def test_reward_turns_eligibility_into_weight():
    """w grows by w_max*r*c(t), c = a_plus exp(-dt/tau_plus) exp(-(t - t_post)/tau_c)."""
    synapse = rb.synapses.RewardSTDP(20 * ms, 20 * ms, 0.1, 0.1, 100 * pA, tau_c=200 * ms)
    net = rb.Network(dt=0.1 * ms)
    source, kicks = net.add(times(100.0), 1), net.add(times(109.9), 1)
    dopamine = net.add(times(300.0), 1, name="dopamine")
    cell = net.add(RELAY, 1, name="cell")
    net.connect(kicks, cell, weight=1, delay=0.1 * ms, to="kick")
    made = net.connect(source, cell, weight=50 * pA, delay=1 * ms, to="probe", synapse=synapse)
    made.reward_by(dopamine, 0.5, delay=10 * ms)
    spike = net.run(400 * ms).spikes["cell"].times[0] * 1e3
    eligible = 0.1 * math.exp(-(spike - 101.0) / 20)
    first = 50 + 100 * 0.5 * eligible * math.exp(-(310.0 - spike) / 200)
    assert float(made.weights.magnitude[0]) == pytest.approx(first, rel=1e-9)
    made.reward(-1.0)  # at 400 ms, from the user
    second_ = first - 100 * eligible * math.exp(-(400.0 - spike) / 200)
    assert float(made.weights.magnitude[0]) == pytest.approx(second_, rel=1e-9)


def test_clopath_needs_depolarization():
    """Depression in proportion to u_minus over theta; none where the cell rests below it."""
    cells = rb.synapses.with_clopath_traces(rb.models.LIF())
    changes = []
    for rest in (-75.0, -60.0):
        net = rb.Network(dt=0.1 * ms)
        cell = net.add(cells(E_L=rest * mV, V_r=rest * mV), 1, name="cell")
        cell.v = cell.u_minus = cell.u_plus = rest * mV
        made = net.connect(net.add(times(50.0), 1), cell, weight=0 * pA,
                           synapse=rb.synapses.Clopath(w_max=100 * pA))  # fmt: skip
        made.weights = 50 * pA
        net.run(100 * ms)
        changes.append(float(made.weights.magnitude[0]) - 50)
    # 50 pA moves v a little before u_minus is read: the arrival itself is not in it
    assert changes[0] == 0
    assert changes[1] == pytest.approx(-100 * 1.4e-4 * 10.6, rel=1e-6)


def test_weights_become_bimodal():
    """Song, Miller and Abbott 2000, as the example of Brian 2: 1000 Poisson inputs, 100 s."""
    model = rb.Model(
        "dv/dt = (E_L - v + g*(E_e - v))/tau_m : mV\ndg/dt = -g/tau_e : 1",
        threshold="v > V_T", reset="v = V_r",
        parameters=dict(E_L=-74 * mV, V_T=-54 * mV, V_r=-60 * mV, E_e=0 * mV, tau_m=10 * ms,
                        tau_e=5 * ms),
        initial=dict(v="E_L"), receives="g += weight",
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=3)
    source = net.add(rb.stimuli.poisson(15 * Hz), 1000, record_spikes=False)
    cell = net.add(model, 1, name="cell")
    made = net.connect(
        source, cell, weight=rb.random.uniform(0, 0.01),
        synapse=rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.0105, w_max=0.01),
    )  # fmt: skip
    result = net.run(100 * second)
    counts = np.histogram(made.weights.magnitude, 10, (0, 0.01))[0]
    assert counts.sum() == 1000
    assert min(counts[0], counts[-1]) > 2 * counts[2:-2].max()
    assert 10 < result.spikes["cell"].between(80, 100).count / 20 < 40


def test_inhibition_brings_excitatory_cells_to_their_target_rate():
    """Vogels et al. 2011: a quarter of the cells with four times the probability.

    The learning rate is raised in between, for the weights approach their end slowly.
    """
    model = rb.models.ConductanceLIF(C_m=200 * pF)
    net = rb.Network(dt=0.1 * ms, seed=1)
    e, i = net.add(model, 2000, name="E"), net.add(model, 500, name="I")
    rule = rb.rules.fixed_probability(0.08)
    for cells in (e, i):
        cells.v = "V_r + rand()*(V_T - V_r)"
        net.inject(cells, rb.stimuli.step(200 * pA))
        net.connect(e, cells, rule, weight=0.3 * nS, to="excitatory")
    net.connect(i, i, rule, weight=3 * nS, to="inhibitory")
    made = net.connect(
        i, e, rule, weight=1e-10 * nS, to="inhibitory",
        synapse=rb.synapses.Vogels2011(eta=0 * nS, w_max=100 * nS),
    )  # fmt: skip
    before = net.run(200 * ms).spikes["E"].mean_rate()
    for eta in (0.05, 0.3, 0.3, 0.1):
        made.eta = eta * nS
        net.run(4 * second)
    after = net.run(2 * second).spikes["E"].mean_rate()
    assert before > 50
    assert after == pytest.approx(3.0, rel=0.2)
