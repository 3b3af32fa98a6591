"""Projections whose synapses change: read, set, recorded, explained, refused."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError, WiringError
from rheobase.units import Hz, ms, mV, nS, pA

PAIR = dict(tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.01, a_minus=0.012, w_max=100 * pA)


def small(synapse=None, seed=3, weight=50 * pA, **options):
    net = rb.Network(dt=0.1 * ms, seed=seed)
    source = net.add(rb.stimuli.poisson(200 * Hz), 20, name="source")
    cells = net.add(rb.models.LIF(V_T=-60 * mV), 150, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    net.inject(cells, rb.stimuli.step(200 * pA))
    made = net.connect(
        source, cells, rb.rules.fixed_probability(0.5), weight=weight,
        delay=options.pop("delay", rb.random.uniform(0.1 * ms, 2 * ms)),
        synapse=rb.synapses.STDP(**PAIR) if synapse is None else synapse, **options,
    )  # fmt: skip
    return net, made


def values(made):
    return [made.weights.magnitude, *(getattr(made, n).magnitude for n in made.synapse.variables)]


DEPRESSING = rb.synapses.ShortTermPlasticity(
    U=rb.random.uniform(0.1, 0.9), tau_d=rb.random.normal(800 * ms, 100 * ms, low=100 * ms)
)
KINDS = [
    None,
    DEPRESSING,
    rb.synapses.TripletSTDP(w_max=100 * pA),
    rb.synapses.PowerLawSTDP(pairing="nearest"),
    rb.synapses.RewardSTDP(**PAIR),
    rb.Synapse(
        "da/dt = (b - a)/(20*ms) : 1\ndb/dt = -b/(5*ms) : 1\ncount : 1",
        on_pre="deliver(weight*(1 + a)); b += 1; i_syn_post += 0.1*pA*b; count += 1",
        on_post="weight *= 1 + 0.01*a*int(v_post < E_L_post + 1*mV)",
    ),
]


@pytest.mark.parametrize("synapse", KINDS)
def test_threads_and_backends_give_the_same_bits(synapse):
    def run(**options):
        net, made = small(synapse)
        if made.synapse.on_reward:
            made.reward_by(net.add(rb.stimuli.poisson(50 * Hz), 70, name="reward"), 0.1)
        result = net.run(30 * ms, **options)
        return [result.spikes["cells"].times, *values(made)]

    alone = run()
    assert alone[0].size > 10
    for options in (dict(threads=2), dict(threads=3), dict(backend="interpreter")):
        for one, other in zip(alone, run(**options), strict=True):
            np.testing.assert_array_equal(one, other)


def test_events_at_a_port_that_runs_event_by_event():
    """A port such as v *= 1 + weight takes what is delivered in order, synapse by synapse."""
    model = rb.Model(
        "dv/dt = -v/(10*ms) : 1", threshold="v > 5", reset="v = 1", initial=dict(v="1"),
        receives="v *= 1 + weight",
    )  # fmt: skip

    def run(**options):
        net = rb.Network(dt=0.1 * ms, seed=1)
        source = net.add(rb.stimuli.poisson(100 * Hz), 30)
        cells = net.add(model, 200, name="cells")
        made = net.connect(
            source, cells, weight=0.1, synapse=rb.synapses.STDP(10 * ms, 10 * ms, 0.1, 0.1, 0.2)
        )
        result = net.run(30 * ms, **options)
        return result.spikes["cells"].times, made.weights.magnitude, cells.v.magnitude

    alone = run()
    assert alone[0].size > 10
    for options in (dict(threads=3), dict(backend="interpreter")):
        for one, other in zip(alone, run(**options), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_run_in_pieces_stored_and_restored_is_the_run():
    net, made = small()
    net.run(40 * ms)
    whole = values(made)
    net, made = small()
    net.run(15 * ms, threads=2)
    net.store("half")
    net.run(25 * ms, threads=3)
    pieces = values(made)
    net.restore("half")
    net.run(25 * ms, backend="interpreter")
    for one, two, three in zip(whole, pieces, values(made), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_variables_are_read_and_set_before_and_between_runs():
    net, made = small(delay=1 * ms)
    assert np.all(made.x.magnitude == 0) and made.tau_plus.magnitude == 20
    made.x = 0.5
    made.a_plus = 0.02
    assert np.all(made.x.magnitude == 0.5)
    net2, other = small(delay=1 * ms)
    net.run(0.1 * ms)
    net2.run(0.1 * ms)
    np.testing.assert_allclose(made.x.magnitude - other.x.magnitude,
                               0.5 * np.exp(-0.1 / 20), rtol=1e-12)  # fmt: skip
    made.y = 2.0
    made.weights = 30 * pA
    made.tau_minus = 10 * ms
    assert np.all(made.y.magnitude == 2)
    assert np.all(made.weights.magnitude == 30)
    each = np.linspace(10, 90, len(made)) * pA
    made.weight = each
    np.testing.assert_allclose(made.weights.magnitude, each.magnitude, rtol=1e-15)
    assert len(made) == made.x.magnitude.size


def test_values_that_are_shared_cannot_differ():
    net, made = small()
    net.run(1 * ms)
    with pytest.raises(UserError, match="x is the same for all synapses of one source and delay"):
        made.x = np.arange(len(made))
    with pytest.raises(UserError, match="y is the same for all synapses onto one cell"):
        made.y = np.arange(len(made))


def test_what_is_fixed_after_the_first_run_is_refused():
    net, made = small()
    net.run(1 * ms)
    with pytest.raises(WiringError, match=r"delays: those of synapses that change are fixed"):
        made.delays = 2 * ms
    with pytest.raises(WiringError, match=r"which parameters differ between synapses is fixed"):
        made.a_plus = np.full(len(made), 0.01)


def test_unknown_attributes_are_refused_with_what_there_is():
    _, made = small()
    with pytest.raises(UnknownNameError, match="has no variable 'tau_pluss'; did you mean tau_plu"):
        made.tau_pluss = 3 * ms
    with pytest.raises(UnknownNameError, match="its synapses have: weights, delays, x, y"):
        _ = made.foo
    assert not hasattr(made, "foo")


def test_recorded_weights_are_those_of_the_times():
    net, made = small()
    net.record(made, "weight", "x", every=5 * ms)
    first = net.run(20 * ms).traces[made.name]
    assert first.weight.dims == ("time", "synapse")
    assert first.weight.attrs["units"] == "pA"
    np.testing.assert_allclose(first.time, [0, 5e-3, 10e-3, 15e-3])
    at_end = made.weights.magnitude
    second = net.run(10 * ms, threads=2).traces[made.name]
    np.testing.assert_allclose(second.time, [20e-3, 25e-3])
    np.testing.assert_allclose(second.weight[0], at_end, rtol=1e-15)


def test_weights_that_were_set_are_recorded_from_then_on(backend):
    net, made = small()
    net.record(made, "weight", every=1 * ms)
    net.run(2 * ms, backend=backend)
    made.weights = 20 * pA
    assert (net.run(1 * ms, backend=backend).traces[made.name].weight.values == 20).all()


def test_recordings_of_synapses_are_refused_with_the_way_out():
    net, made = small()
    with pytest.raises(WiringError, match="how often"):
        net.record(made, "weight")
    with pytest.raises(WiringError, match="which variable"):
        net.record(made)
    with pytest.raises(UnknownNameError, match="no variable 'wieght'; did you mean 'weight'"):
        net.record(made, "wieght", every=1 * ms)
    static = net.connect(net._told.populations["cells"], net._told.populations["cells"],
                         rb.rules.one_to_one(), weight=1 * pA, name="static")  # fmt: skip
    with pytest.raises(WiringError, match="the synapses of 'static' do not change"):
        net.record(static, "weight", every=1 * ms)


def test_rewards_need_something_to_do():
    net, made = small()
    with pytest.raises(WiringError, match="STDP does not say what a reward does"):
        made.reward(1.0)
    net, made = small(rb.synapses.RewardSTDP(**PAIR))
    with pytest.raises(UserError, match="the network has not run yet"):
        made.reward(1.0)
    with pytest.raises(WiringError, match="rewards come from a whole population"):
        made.reward_by(net._told.populations["source"][:3])


def test_explain_and_source_show_the_synapse():
    net, made = small()
    told = net.explain()
    assert f"Synapses of {made.name!r}" in told
    assert "on_post: weight = clip(weight + a_plus*w_max*x, w_min, w_max)" in told
    assert "array x: variable, one a row" in told
    assert "def on_pre(" in net.source() and "def after_post(" in net.source()


@pytest.mark.parametrize(
    ("synapse", "options", "error", "text"),
    [
        (rb.synapses.STDP(20 * ms, 20 * ms, 0.1, 0.1, 1 * nS), {}, UnitError,
         "the weight: expected a current|takes pA|the input 'i_syn' of LIF takes pA"),
        (rb.Synapse(on_pre="deliver(weight*u_post)"), {}, EquationError,
         "LIF has no variable u"),
        (rb.Synapse(on_pre="deliver(weight); i_sin_post += 1*pA"), {}, EquationError,
         "did you mean i_syn_post"),
        (rb.Synapse(on_pre="deliver(weight); E_L_post += 1*mV"), {}, EquationError,
         "E_L is no state of LIF"),
        (None, dict(storage="procedural"), WiringError, "synapses with variables of their own are"),
        (None, dict(weight_dtype="float32"), WiringError, 'are kept in "float64"'),
    ],
)  # fmt: skip
def test_synapses_that_do_not_fit_are_refused(synapse, options, error, text):
    with pytest.raises(error, match=text):
        small(synapse, **options)


def test_a_parameter_without_a_value_is_named():
    synapse = rb.Synapse("dx/dt = -x/tau : 1\ntau : ms", on_pre="x += 1; deliver(weight*x)")
    net, made = small(synapse)
    with pytest.raises(UserError, match="the parameter tau of Synapse has no value"):
        net.run(1 * ms)
    made.tau = 3 * ms
    net.run(1 * ms)


def test_a_variable_named_like_an_attribute_is_refused():
    with pytest.raises(WiringError, match="'source', which every projection has already"):
        small(rb.Synapse("source : 1", on_pre="source += 1"))


def test_cells_with_parameters_of_their_own_are_read_one_by_one():
    synapse = rb.Synapse("level : mV", on_pre="level = E_L_post")
    net, made = small(synapse)
    net.run(5 * ms)
    assert set(np.unique(made.level.magnitude.round(6))) == {-65.0, 0.0}
    cells = net._told.populations["cells"]
    cells.E_L = np.linspace(-70, -65, 150) * mV
    net.run(30 * ms, threads=2)
    np.testing.assert_allclose(made.level.magnitude, np.linspace(-70, -65, 150)[made.post])


@pytest.mark.parametrize("which", ["source", "target"])
def test_cells_with_exact_crossings_are_refused(which):
    exact = rb.models.DeltaLIF(crossing="exact")
    net = rb.Network(dt=0.1 * ms)
    one, other = net.add(exact, 1), net.add(rb.models.DeltaLIF, 1)
    pre, post = (one, other) if which == "source" else (other, one)
    with pytest.raises(
        WiringError, match="synapses with variables of their own are updated step by step"
    ):
        net.connect(pre, post, weight=0.1 * mV, delay=1 * ms,
                    synapse=rb.synapses.STDP(20 * ms, 20 * ms, 0.1, 0.1, 1 * mV))  # fmt: skip


def random_network(seed):
    """Cells that excite and inhibit each other through synapses of several kinds at once."""
    random = np.random.default_rng(seed)
    net = rb.Network(dt=0.1 * ms, seed=seed)
    size = int(random.integers(60, 300))
    cells = net.add(rb.models.LIF(V_T=-60 * mV), size, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    noise = net.add(rb.stimuli.poisson(2000 * Hz), 7, name="noise")
    net.inject(cells, rb.stimuli.noise(50 * pA, 5 * ms, mean=120 * pA))
    made = []
    for k in range(int(random.integers(2, 5))):
        source = [noise, cells, cells[:33], cells[50:]][random.integers(4)]
        sink = [cells, cells[20:], cells[::-1]][random.integers(3)]
        delay = [0 * ms, 0.1 * ms, 3 * ms, rb.random.uniform(0 * ms, 2 * ms)][random.integers(4)]
        synapse = [*KINDS[1:], rb.synapses.STDP(**PAIR)][random.integers(6)]
        static = random.random() < 0.3
        made.append(net.connect(
            source, sink, rb.rules.fixed_probability(0.2), delay=delay, name=f"projection {k}",
            weight=rb.random.uniform(0 * pA, 60 * pA), synapse=None if static else synapse,
        ))  # fmt: skip
        if not static and made[-1].synapse.on_reward:
            made[-1].reward_by(noise, 0.01, delay=1 * ms)
    return net, cells, made


@pytest.mark.parametrize("seed", range(6))
def test_generated_networks_have_the_same_bits_however_they_are_run(seed):
    def run(pieces):
        net, cells, made = random_network(seed)
        times = []
        for duration, options in pieces:
            times.append(net.run(duration * ms, **options).spikes["cells"].times)
        late = net.connect(cells, cells, rb.rules.fixed_indegree(5), weight=20 * pA, delay=1 * ms,
                           synapse=rb.synapses.STDP(**PAIR), name="late")  # fmt: skip
        times.append(net.run(5 * ms, **pieces[-1][1]).spikes["cells"].times)
        found = [np.concatenate(times), cells.v.magnitude]
        for projection in [*made, late]:
            found.append(projection.weights.magnitude)
            for name in getattr(getattr(projection, "synapse", None), "variables", ()):
                found.append(getattr(projection, name).magnitude)
        return found

    alone = run([(20, dict(threads=1))])
    assert alone[0].size > 20
    for pieces in (
        [(20, dict(threads=2))],
        [(7, dict(threads=3)), (13, dict(threads=1))],
        [(12, dict(threads=2)), (8, dict(backend="interpreter"))],
    ):
        for one, other in zip(alone, run(pieces), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_synapse_that_was_not_called_is_told_apart():
    with pytest.raises(WiringError, match="the synapse was not called") as caught:
        small(rb.synapses.STDP)
    assert "write synapse=rb.synapses.STDP(...)" in str(caught.value)
