"""Calls in texts: what they make, and where what is wrong with them stands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import EquationError, UnitError, UnknownNameError, WiringError
from rheobase.modelfiles.calls import CallError, head_of, read_call
from rheobase.modelfiles.values import CURRENTS, DISTRIBUTIONS, RULES, TRAINS, synapse_kinds

ALL = {**CURRENTS, **DISTRIBUTIONS, **RULES, **TRAINS}


@pytest.mark.parametrize(
    "text, written",
    [
        ("fixed_probability(0.02)", "fixed_probability(p=0.02)"),
        ("rb.rules.fixed_indegree(n=3, autapses=false)", "fixed_indegree(n=3, autapses=False)"),
        ("all_to_all", "all_to_all()"),
        ("ring(-1)", "ring(offset=-1)"),
        ("normal(20 pA, 2*pA, low=0 pA)", "normal(mean=20*pA, std=2*pA, low=0*pA)"),
        ("-lognormal(20 pA, 2 pA)", "-lognormal(mean=20*pA, std=2*pA)"),
        ("where('abs(i - j) < 5', 0.1)", "where(condition='abs(i - j) < 5', probability=0.1)"),
        ("pairs([0, 1], [2, 3])", "pairs(i=[0, 1], j=[2, 3])"),
        ("from_matrix([[0, 1], [2, 0]] nS)", "from_matrix(<2 x 2>)"),
        ("poisson(8000 Hz)", "poisson(8000*Hz)"),
        ("poisson(8 1/ms)", None),
        (
            "step(500 pA, start=10 ms) + 2*noise(10 pA, tau=5 ms)",
            "step(amplitude=500*pA, start=10*ms) + noise(std=20*pA, tau=5*ms)",
        ),
        ("step(10 uA/cm**2)", "step(amplitude=10*uA/cm**2, start=0*ms)"),
        ("step(+(2 + 3)*pA)", "step(amplitude=5*pA, start=0*ms)"),
    ],
)
def test_what_a_call_makes(text, written):
    if written is None:
        with pytest.raises(CallError):
            read_call(text, ALL, "this")
        return
    assert str(read_call(text, ALL, "this")) == written.replace(", start=0*ms", "")


def test_lists_have_units_and_numbers_keep_their_kind():
    values = read_call("[1, 2.5, -3] ms", {}, "this")
    assert values.to("ms").magnitude.tolist() == [1, 2.5, -3]
    assert read_call("[[1, 2], [3, 4]] nS", {}, "this").to("nS").magnitude.shape == (2, 2)
    assert read_call("[0, 3]", {}, "this") == [0, 3]
    assert read_call("2**3 - 4/2", {}, "this") == 6
    assert read_call("[]", {}, "this") == []


@given(st.floats(-1e6, 1e6), st.sampled_from(["ms", "pA", "uA/cm**2", "1/mV", "ms**2"]))
def test_quantities_are_those_of_the_library(number, unit):
    from rheobase.units import to_si
    from rheobase.units.reading import parse_unit

    dimension = parse_unit(unit).dimension
    text = f"{number!r}*{unit}" if unit.startswith("1") else f"{number!r} {unit}"
    ours = to_si(read_call(text, {}, "this"), dimension, what="it")
    assert ours == pytest.approx(to_si(f"{number!r} {unit}", dimension, what="it"), rel=1e-12)


@pytest.mark.parametrize(
    "text, kind, marked, message",
    [
        ("fixd_probability(0.1)", UnknownNameError, "fixd_probability",
         "a rule: there is no 'fixd_probability'; did you mean fixed_probability?"),
        ("fixed_probability(0.1, autapse=false)", UnknownNameError, "autapse",
         "fixed_probability has no argument 'autapse'; did you mean autapses?"),
        ("fixed_probability()", EquationError, "fixed_probability()",
         "fixed_probability: missing a required argument: 'p'"),
        ("fixed_probability(2)", WiringError, "fixed_probability(2)", "p is not a probability"),
        ("step(5 pA, start=10 mV)", UnitError, "10 mV", "start: expected a time, got 10 mV"),
        ("step(5 px)", UnknownNameError, "px", "a rule: there is no 'px'"),
        ("step(5 pA", EquationError, "", '")" is missing at the end'),
        ("step(5 pA) 3", EquationError, "3", "'3' is one too many here"),
        ("step(5 pA, stop=1 ms, stop=2 ms)", EquationError, "stop", "stop is given twice"),
        ("step(5 pA + 3 mV)", EquationError, "5 pA + 3 mV", "cannot be worked out"),
        ("step(, 3)", EquationError, ",", "',' cannot stand here"),
        ("step(5 @ 3)", EquationError, "@", "cannot read '@' here"),
        ("", EquationError, "", "the text is empty"),
        ("__import__('os').system('x')", EquationError, ".", "cannot read '.' here"),
        ("__import__('os')", UnknownNameError, "__import__", "there is no '__import__'"),
        ("step.__class__", UnknownNameError, "step.__class__", "there is no 'step.__class__'"),
        ("step(9**9**9)", EquationError, "9**9**9", "cannot be worked out"),
        ("(" * 5000, EquationError, None, "the brackets are too many"),
        ("(lambda: 1)()", EquationError, ":", "cannot read ':' here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_marked(text, kind, marked, message):
    with pytest.raises(CallError) as caught:
        read_call(text, ALL, "a rule")
    assert type(caught.value.error) is kind
    assert message in str(caught.value)
    if marked:
        assert text[caught.value.start : caught.value.end] == marked


def test_the_head_of_a_text():
    assert head_of("normal(1, 2)") == "normal"
    assert head_of("-2*rb.random.normal(1, 2)") == "normal"
    assert head_of("E_L + rand()*mV") == "" == head_of("20 ms")


def test_every_kind_of_synapse_can_be_named():
    kinds = synapse_kinds()
    assert {"Exponential", "STDP", "GapJunction"} <= set(kinds)
    assert "with_clopath_traces" not in kinds
    made = read_call("Exponential(tau=2 ms, E=0 mV, name='ampa')", kinds, "a synapse")
    assert str(made) == 'rb.synapses.Exponential(tau=2*ms, E=0*mV, name="ampa")'


def test_numbers_in_lists_are_arrays_for_the_library():
    train = read_call("spike_times([[1 ms, 2 ms], []])", TRAINS, "a train")
    np.testing.assert_allclose(train.spikes, [0.001, 0.002])
    assert train.size == 2
