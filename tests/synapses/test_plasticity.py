"""The library of synapses that change: what they say, and what they refuse."""

import pytest

import rheobase as rb
from rheobase.errors import UnitError, WiringError
from rheobase.units import Hz, ms, mV, nS, pA

ALL = [
    rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.012, 1 * nS),
    rb.synapses.MultiplicativeSTDP(20 * ms, 20 * ms, 0.01, 0.012, 1 * nS),
    rb.synapses.PowerLawSTDP(),
    rb.synapses.TripletSTDP(1 * nS),
    rb.synapses.Vogels2011(eta=0.01 * nS, w_max=100 * nS),
    rb.synapses.Clopath(1 * nS),
    rb.synapses.RewardSTDP(20 * ms, 20 * ms, 0.01, 0.012, 1 * nS),
    rb.synapses.ShortTermPlasticity(),
]


@pytest.mark.parametrize("synapse", ALL, ids=lambda s: s.name)
def test_every_synapse_says_what_it_is_and_where_it_comes_from(synapse):
    assert synapse.kind == "plastic"
    assert getattr(rb.synapses, synapse.name).__doc__.count("\n") > 10
    assert "ource" in getattr(rb.synapses, synapse.name).__doc__
    assert "20" in synapse.doc or "1998" in synapse.doc
    assert "deliver(" in synapse.describe()


def test_a_lower_bound_of_0_has_the_unit_of_the_upper_one():
    made = rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.012, 3 * pA)
    assert made.defaults["w_min"] == 0 and made.equation("w_min").unit.text == "pA"
    with pytest.raises(UnitError, match="the values of clip have one dimension"):
        rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.012, 3 * pA, w_min=1 * mV)


def test_pairing_is_all_or_nearest():
    nearest = rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.012, 3 * pA, pairing="nearest")
    assert "x = 1" in nearest.describe() and "y = 1" in nearest.describe()
    with pytest.raises(WiringError, match="pairing: 'some' is not one of them\nexpected: \"all\""):
        rb.synapses.STDP(20 * ms, 20 * ms, 0.01, 0.012, 3 * pA, pairing="some")


def test_clopath_finds_its_voltages_in_the_model():
    net = rb.Network(dt=0.1 * ms)
    plain, ready = (
        net.add(rb.models.LIF, 1),
        net.add(rb.synapses.with_clopath_traces(rb.models.LIF), 1),
    )
    with pytest.raises(rb.errors.EquationError, match="LIF has no variable u_minus"):
        net.connect(plain, plain, weight=1 * pA, synapse=rb.synapses.Clopath(10 * pA))
    net.connect(ready, ready, weight=1 * pA, synapse=rb.synapses.Clopath(10 * pA))
    assert "u_minus += u_jump; u_plus += u_jump" in ready.model.describe()


def test_the_target_rate_is_a_rate():
    with pytest.raises(UnitError):
        rb.synapses.Vogels2011(eta=0.01 * nS, w_max=100 * nS, rate=3 * ms)
    assert rb.synapses.Vogels2011(0.01 * nS, 100 * nS, rate=5 * Hz).defaults["rate"] == 5


def test_other_names_of_the_library_are_suggested():
    with pytest.raises(AttributeError, match=r"did you mean rb\.synapses\.TripletSTDP"):
        _ = rb.synapses.TripletSTPD


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: rb.synapses.STDP(20, 20 * ms, 0.01, 0.01, 1 * nS), "tau_plus: expected a time"),
        (lambda: rb.synapses.RewardSTDP(20 * ms, 20 * ms, 0.01, 0.01, 1 * nS, tau_c=1),
         "tau_c: expected a time, got the plain number 1\nwrite tau_c=1*ms"),
        (lambda: rb.synapses.TripletSTDP(1 * nS, tau_x=1 * mV), "tau_x: expected a time"),
        (lambda: rb.synapses.ShortTermPlasticity(U=0.5, tau_d=800),
         "tau_d: expected a time, got the plain number 800"),
    ],
)  # fmt: skip
def test_a_time_constant_that_is_none_is_named(make, words):
    with pytest.raises(UnitError, match=words.replace("*", "[*]")):
        make()


@pytest.mark.parametrize("U", [0, 1.5])
def test_a_utilization_is_a_part(U):
    with pytest.raises(WiringError, match=f"a number above 0, at most 1\ngiven: {U}\nwrite U=0.5"):
        rb.synapses.ShortTermPlasticity(U=U)
