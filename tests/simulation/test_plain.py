"""Every description, round through plain data and a file, is the same to the bit."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.language.synapse import Synapse
from rheobase.models import catalog
from rheobase.network.trains import _Normals
from rheobase.simulation import checkpoint_files
from rheobase.simulation.plain import descriptions
from rheobase.units import UNITS, Hz, Unit, ms, mV, nS, pA, quantity, um

FAST = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

times = st.floats(0.1, 100).map(lambda x: x * ms)
numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
currents_ = numbers.map(lambda x: x * pA)
per_cell = st.lists(numbers, min_size=3, max_size=3).map(lambda x: np.array(x) * pA)


def round_trip(thing, folder=None):
    registry = descriptions()
    plain = registry.to_plain(thing, "it")
    arrays = []
    held = checkpoint_files._with_numbers(plain, arrays)
    text = checkpoint_files.json.dumps(held)
    again = checkpoint_files._with_arrays(checkpoint_files.json.loads(text), arrays)
    return registry.from_plain(again)


def assert_equal(one, other):
    """Compare frozen descriptions field by field, arrays by their bits."""
    assert type(one) is type(other)
    if hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            if name != "expression":
                assert_equal(getattr(one, name), getattr(other, name))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, (tuple, list)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    elif isinstance(one, dict):
        assert_equal(list(one.items()), list(other.items()))
    elif hasattr(one, "magnitude"):
        assert one.units == other.units
        np.testing.assert_array_equal(one.magnitude, other.magnitude)
    else:
        assert one == other or (one != one and other != other)


# -- models and synapses --------------------------------------------------------------------


def assert_same_model(one, other):
    assert repr(one) == repr(other)
    assert dict(one.defaults) == dict(other.defaults)
    assert {e.name: e.unit for e in one.equations} == {e.name: e.unit for e in other.equations}
    assert str(one.initial) == str(other.initial)
    assert (one.method, one.crossing, one.doc) == (other.method, other.crossing, other.doc)
    assert list(one.receives) == list(other.receives)


@pytest.mark.parametrize("name", list(catalog()))
def test_models_of_the_library(name):
    assert_same_model(catalog()[name], round_trip(catalog()[name]))


@FAST
@given(
    tau=st.floats(0.1, 200), voltage=st.floats(-100, 0), method=st.sampled_from(["euler", "rk4"])
)
def test_copies_of_models(tau, voltage, method):
    model = rb.models.LIF(tau_m=tau * ms, E_L=f"{voltage} mV", method=method)
    assert_same_model(model, round_trip(model))
    extended = model + "dca/dt = -ca/tau_ca : 1\ntau_ca : ms"
    extended = extended(tau_ca=tau * ms)
    assert_same_model(extended, round_trip(extended))


def test_models_with_functions_and_currents():
    model = rb.Model(
        "dv/dt = (f(v) + drive(t))/tau : mV", functions=["f(x) = x/(1 + x/mV)"],
        parameters=dict(tau=3 * ms, drive=rb.stimuli.sine(2 * mV, 5 * Hz)), initial=dict(v=1 * mV),
    )  # fmt: skip
    again = round_trip(model)
    assert_same_model(model, again)
    assert str(again.currents["drive"]) == str(model.currents["drive"])
    assert round_trip(rb.models.HodgkinHuxley).initial == rb.models.HodgkinHuxley.initial


@pytest.mark.parametrize("name", rb.synapses.__all__)
def test_synapses_of_the_library(name):
    made = getattr(rb.synapses, name)
    if name == "Coupling":
        synapse = made("sin(theta_pre - theta_post)", name="phase")
    elif name == "with_clopath_traces":
        synapse = made(rb.models.AdEx)
        assert_same_model(synapse, round_trip(synapse))
        return
    elif name == "GapJunction":
        synapse = made(rectifying=True)
    else:
        required = [p for p in inspect.signature(made).parameters.values() if p.default is p.empty]
        synapse = made(**{p.name: GIVEN[p.name] for p in required})
    again = round_trip(synapse)
    assert type(again) is type(synapse)
    assert repr(again) == repr(synapse)
    if isinstance(synapse, Synapse):
        assert dict(again.defaults) == dict(synapse.defaults)
    else:
        assert again == synapse and hash(again) == hash(synapse)


GIVEN = dict(tau=2 * ms, E=0 * mV, w_max=1 * nS, tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.01,
             a_minus=0.012, tau_rise=1 * ms, tau_decay=5 * ms, eta=1 * nS,
             equations="dI/dt = -I/(2*ms) : pA", receives="I += weight",
             release="1/(1 + exp(-v/mV))")  # fmt: skip


def test_synapses_as_text():
    synapse = rb.Synapse(
        "dx/dt = -x/tau : 1", on_pre="deliver(weight); x += 1",
        on_post="weight = clip(weight + a*w_max*x, 0*w_max, w_max)",
        parameters=dict(tau=rb.random.normal(20 * ms, 2 * ms), a=0.01, w_max="1 nS"),
    )  # fmt: skip
    again = round_trip(synapse)
    assert repr(again) == repr(synapse)
    assert dict(again.defaults) == dict(synapse.defaults)
    assert_equal(dict(synapse.per_synapse), dict(again.per_synapse))


@FAST
@given(tau=st.floats(0.5, 50), voltage=st.floats(-90, 10), name=st.sampled_from([None, "ampa"]))
def test_receptors(tau, voltage, name):
    receptor = rb.synapses.Exponential(tau=tau * ms, E=voltage * mV, name=name)
    again = round_trip(receptor)
    assert again == receptor and hash(again) == hash(receptor) and repr(again) == repr(receptor)


# -- rules and distributions ----------------------------------------------------------------

probability = st.floats(0, 1)
rules = st.one_of(
    st.builds(rb.rules.all_to_all, st.booleans()),
    st.builds(rb.rules.one_to_one, st.booleans()),
    st.builds(rb.rules.fixed_probability, probability, st.booleans()),
    st.builds(rb.rules.fixed_total, st.integers(0, 99), st.booleans(), st.booleans()),
    st.builds(rb.rules.fixed_indegree, st.integers(0, 99), st.booleans(), st.booleans()),
    st.builds(rb.rules.fixed_outdegree, st.integers(0, 99), st.booleans(), st.booleans()),
    st.builds(rb.rules.ring, st.integers(-5, 5)),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1).map(
        lambda p: rb.rules.pairs([i for i, _ in p], [j for _, j in p])
    ),
    st.lists(numbers, min_size=6, max_size=6).map(
        lambda x: rb.rules.from_matrix(np.array(x).reshape(2, 3) * nS)
    ),
    st.builds(
        rb.rules.where,
        st.sampled_from(["abs(i - j) < 5", "i != j and distance < 100*um"]),
        st.one_of(probability, st.just("0.5*exp(-distance/(50*um))")),
        autapses=st.booleans(),
        period=st.sampled_from([None, 100 * um, [100, 50] * um]),
    ),
    st.builds(rb.rules.within, st.floats(1, 99).map(lambda x: x * um), probability),
    st.builds(rb.rules.gaussian, st.floats(1, 99).map(lambda x: x * um), probability),
)


@FAST
@given(rules)
def test_rules(rule):
    again = round_trip(rule)
    assert str(again) == str(rule)
    assert_equal(rule, again)


def test_every_rule_is_known():
    from rheobase.network.rules import Rule
    from rheobase.network.trains import Train
    from rheobase.network.waveforms import Shape

    known = set(descriptions()._of)
    for kind in (Rule, Train, Shape):
        ours = {made for made in kind.__subclasses__() if made.__module__.startswith("rheobase.")}
        assert ours <= known


distributions = st.one_of(
    st.tuples(numbers, st.floats(0, 9)).map(lambda p: rb.random.normal(p[0] * mV, p[1] * mV)),
    st.floats(0.1, 9).map(lambda x: -2.5 * rb.random.lognormal(x * nS, x * nS, low=0.01 * nS)),
    st.floats(0.1, 9).map(lambda x: rb.random.exponential(x, high=1e9)),
    st.floats(0.1, 9).map(lambda x: rb.random.uniform(-x * ms, x * ms)),
)


@FAST
@given(distributions)
def test_distributions(distribution):
    again = round_trip(distribution)
    assert str(again) == str(distribution)
    assert_equal(distribution, again)
    random, places = _Normals(3), np.arange(20)
    np.testing.assert_array_equal(
        distribution.sample(places, 0, random), again.sample(places, 0, random)
    )


# -- stimuli --------------------------------------------------------------------------------

shapes = st.one_of(
    st.builds(rb.stimuli.step, currents_, times),
    st.builds(rb.stimuli.step, per_cell),
    st.builds(lambda a, b: rb.stimuli.ramp(a, b, 1 * ms, 9 * ms), currents_, currents_),
    st.builds(lambda a, f: rb.stimuli.sine(a, f * Hz, phase=0.3), currents_, st.floats(1, 99)),
    st.builds(lambda a: rb.stimuli.pulse_train(a, 20 * ms, 5 * ms), per_cell),
    st.builds(lambda s, tau: rb.stimuli.noise(abs(s), tau), currents_, times),
    st.builds(lambda a: rb.stimuli.from_array(a, 0.7 * ms), per_cell),
)


@FAST
@given(shapes, shapes, st.floats(-3, 3))
def test_currents(one, other, factor):
    current = one + factor * other if None in (one.size, other.size) else one
    again = round_trip(current)
    assert str(again) == str(current)
    assert_equal(current, again)
    steps = np.arange(300)
    np.testing.assert_array_equal(current.values(steps, 1e-4), again.values(steps, 1e-4))


trains = st.one_of(
    st.lists(st.floats(0, 99), max_size=9).map(lambda x: rb.stimuli.spike_times(np.array(x) * ms)),
    st.just(rb.stimuli.spike_times([[10, 20] * ms, [15 * ms]])),
    st.floats(1, 99).map(lambda r: rb.stimuli.regular_spikes(r * Hz, 500 * ms, jitter=0.1)),
    st.floats(0, 999).map(lambda r: rb.stimuli.poisson(r * Hz)),
    st.lists(st.floats(0, 99), min_size=2).map(lambda r: rb.stimuli.poisson(r * Hz, dt=5 * ms)),
)


@FAST
@given(trains)
def test_trains(train):
    again = round_trip(train)
    assert str(again) == str(train)
    assert_equal(train, again)


# -- values ---------------------------------------------------------------------------------


@FAST
@given(st.floats(allow_nan=False), st.sampled_from(sorted(UNITS)))
def test_quantities_keep_their_bits_and_their_unit(number, name):
    unit = UNITS[name]
    value = quantity(number, Unit(unit.text, 1.0, unit.dimension))
    again = round_trip(value)
    assert again.units == value.units
    assert math.copysign(1, again.magnitude) == math.copysign(1, number)
    assert again.magnitude == number


@pytest.mark.parametrize("value", [
    None, True, 3, 2.5, "20 ms", [1 * ms, 2 * ms], [[1.5], [2.0]], (1, "a"), {"a": 1, ("b", 2): 3},
    np.arange(4), np.float32(1.5), np.array([True, False]), 5 * mV / ms, [1, 2] * nS, ms,
    pytest.param(frozenset({"a", "b"}), id="frozenset"), math.inf,
], ids=repr)  # fmt: skip
def test_values(value):
    again = round_trip(value)
    if value is ms:
        assert again == 1 * ms
    elif isinstance(value, np.generic):
        assert again == value.item()
    else:
        assert_equal(value, again)


def test_what_no_file_can_hold_is_refused():
    registry = descriptions()
    with pytest.raises(rb.errors.UserError) as told:
        registry.to_plain(lambda i, j: 1, "the weight of 'a_b'")
    assert str(told.value) == (
        "net.save: the weight of 'a_b' is a Python function, <lambda>, which no file can hold\n"
        "write it as a text or an array, or take it out before saving"
    )

    class Own(rb.stimuli.Train):
        pass

    with pytest.raises(rb.errors.UserError) as told:
        registry.to_plain(Own(), "the train that drives 'cells'")
    assert "the train that drives 'cells' is of a kind that files cannot hold, " in str(told.value)
    assert "Own" in str(told.value)


@pytest.mark.parametrize("plain", [
    {"is": "os.system", "parts": "true"},
    {"is": "rule ring", "parts": {"offset": 1, "__class__": 2}},
    {"is": "tuple", "parts": 3}, {"parts": []},
])  # fmt: skip
def test_unknown_kinds_and_parts_are_refused(plain):
    with pytest.raises(rb.errors.FileFormatError):
        descriptions().from_plain(plain)
