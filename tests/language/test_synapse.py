"""Synapses as text: what they are, and what is refused with which words."""

import copy
import pickle

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, RheobaseError, UnitError, UnknownNameError, UserError
from rheobase.units import ms, mV, nS, pA

TRACE = "dx/dt = -x/tau : 1"


def stdp(**changes):
    given = dict(
        on_pre="deliver(weight); x += 1",
        on_post="weight = clip(weight + a*w_max*x, 0*w_max, w_max)",
        parameters=dict(tau="20 ms", a=0.01, w_max="1 nS"),
    )
    return rb.Synapse(TRACE, **{**given, **changes})


def test_a_synapse_knows_its_variables_and_the_unit_of_its_weight():
    made = stdp()
    assert made.kind == "plastic"
    assert made.variables == ("x",)
    assert made.weight_unit.text == "nS"
    assert made.defaults["tau"] == 0.02
    assert [s.target for s in made.on_pre] == ["deliver", "x"]


def test_where_nothing_is_delivered_the_weight_is_first():
    made = rb.Synapse(on_pre="weight *= 0.5")
    assert [s.text for s in made.on_pre] == ["deliver(weight)", "weight *= 0.5"]
    assert made.weight_unit is None


def test_parameters_that_statements_write_are_variables():
    made = rb.Synapse("n : 1", on_pre="n += 1")
    assert made.variables == ("n",)
    assert rb.Synapse("n : 1", on_pre="n += 1", parameters=dict(n=3)).initial["n"].value == 3


def test_values_of_each_synapse_are_arrays_or_distributions():
    made = rb.Synapse(TRACE, on_pre="x += U; deliver(weight*x)",
                      parameters=dict(tau=[1, 2, 3] * ms, U=rb.random.uniform(0, 1)))  # fmt: skip
    assert set(made.per_synapse) == {"tau", "U"} and not made.defaults


def test_copies_have_other_values_and_the_original_stays():
    made = stdp()
    other = made(tau=5 * ms)
    assert (made.defaults["tau"], other.defaults["tau"]) == (0.02, 0.005)
    with pytest.raises(UnknownNameError, match="Synapse does not read tua\ndid you mean tau"):
        made(tua=5 * ms)
    with pytest.raises(UserError, match=r"a Synapse does not change: tau cannot be set"):
        made.tau = 5 * ms
    assert copy.deepcopy(made) is made
    assert pickle.loads(pickle.dumps(made)).describe() == made.describe()


@pytest.mark.parametrize(
    ("on_post", "unit"),
    [
        ("weight += eta*(goal - x)*weight", None),  # of any unit
        ("weight = (1 - eta)*weight", None),
        ("weight *= 1 + eta", None),
        ("weight += eta*(weight - 1*nS)", "nS"),
        ("weight += eta*x", "1"),
    ],
)
def test_a_weight_that_scales_itself_may_have_any_unit(on_post, unit):
    made = rb.Synapse(TRACE, on_post=on_post + "; x += 1", parameters=dict(tau=1 * ms, eta=0.1,
                      **({"goal": 5} if "goal" in on_post else {})))  # fmt: skip
    assert (made.weight_unit and made.weight_unit.text) == unit


def test_describe_shows_text_and_values():
    text = stdp(initial=dict(x="a")).describe()
    for line in (TRACE, "on_pre:  deliver(weight)", "on_pre:  x += 1", "initially: x = a",
                 "w_max = 1 nS"):  # fmt: skip
        assert line in text


@pytest.mark.parametrize(
    ("equations", "given", "error", "words"),
    [
        ("", dict(on_pre="wieght += 1"), UnknownNameError,
         ["on_pre: unknown name wieght", "^^^^^^", "did you mean weight?"]),
        ("", dict(on_pre="deliver(weight)", on_post="deliver(weight)"), EquationError,
         ["on_post: only an arriving spike delivers", "^^^^^^^"]),
        ("", dict(on_pre="deliver(weight); deliver(weight)"), EquationError,
         ["an arrival delivers once", "deliver(a + b)"]),
        ("", dict(on_pre="deliver(weight, 1)"), EquationError, ["with one argument"]),
        ("", dict(on_pre="v_post = 1"), EquationError,
         ["v_post belongs to the cell", "add to it in on_pre: v_post += ..."]),
        ("", dict(on_post="v_post += 1*mV"), EquationError,
         ["its own spike is its reset's affair", 'reset="...; v += ..."']),
        ("dx/dt = -x/tau : 1 (unless refractory)", dict(parameters=dict(tau=1 * ms)),
         EquationError, ["(unless refractory) is for cells"]),
        ("v_post : mV", {}, EquationError, ["names that end in _post are those of the cell"]),
        ("weight : nS", {}, EquationError, ["weight is reserved"]),
        ("reward : 1", dict(on_pre="reward += 1"), EquationError, ["reward is reserved"]),
        (TRACE, dict(on_pre="x += 1", parameters=dict(tau=1 * mV)), UnitError,
         ["dx/dt: expected 1/second (a rate)", "-x/tau"]),
        (TRACE, dict(on_pre="x += 1*mV", parameters=dict(tau=1 * ms)), UnitError,
         ["on_pre, `x += 1*mV`", "since x is a plain number"]),
        ("", dict(on_pre="weight += 1*nS; weight += 1*mV"), UnitError,
         ["weight is in nS", "^^^^"]),
        ("", dict(on_pre="weight += rand()"), EquationError,
         ["synapses draw no random numbers while they run", "rb.random.normal"]),
        ("", dict(on_pre="weight *= i"), EquationError,
         ["i is the index of a cell, which a synapse does not know"]),
        ("p : 1", dict(on_pre="weight *= p", parameters=dict(q=1)), UnknownNameError,
         ["the synapse does not read q", "its parameters are: p"]),
        ("", dict(on_pre="p += 1; deliver(weight*p)", parameters=dict(p=1)), EquationError,
         ["p is not declared as something that changes", "declare it on a line: p : 1"]),
        ("s = 2 : 1", dict(on_pre="s += 1"), EquationError, ["s is a subexpression"]),
        ("dx/dt = -x*weight/tau : 1", dict(parameters=dict(tau="1 ms")), EquationError,
         ["weight changes at spikes only"]),
        (TRACE, dict(on_pre="x += 1", initial=dict(y=1), parameters=dict(tau="1 ms")),
         UnknownNameError, ["initial: the synapse has no variable y"]),
        ("", dict(on_pre="weight += reward"), UnknownNameError, ["unknown name reward"]),
        ("dweight/dt = -weight/(1*second) : nS", {}, EquationError,
         ["weight changes at spikes only", "^^^^^^^^^^", "net.every(1*second, f)"]),
        ("", dict(on_pre="v_post += 1*mV"), EquationError,
         ["`v_post += 1*mV` adds to the cell, and so does the delivery", "^^^^^^",
          'for both write on_pre="deliver(weight); v_post += 1*mV"', "net.connect(..., to=)"]),
        ("", dict(on_pre="weight *= c_post", parameters=dict(c_post=1)), EquationError,
         ["c_post: names that end in _post are those of the cell", "such as c"]),
        (3, {}, EquationError, ["equations: expected a text, got int"]),
        ("", dict(on_pre=None), EquationError, ["on_pre: expected a text, got NoneType"]),
        ("", dict(parameters=[1]), EquationError, ["parameters: expected a dict, got list"]),
    ],
)  # fmt: skip
def test_what_is_refused_is_shown_with_its_place(equations, given, error, words):
    with pytest.raises(error) as caught:
        rb.Synapse(equations, **given)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("equations", "why"),
    [
        ("dx/dt = -x**2/tau : 1", "it is not linear"),
        ("dx/dt = -x/tau + v_post/mV/tau : 1", "it reads v_post"),
        ("dx/dt = -x*n/tau : 1\nn : 1", "it reads n"),
    ],
)
def test_equations_that_cannot_be_solved_exactly_are_refused_by_name(equations, why):
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF, 1)
    synapse = rb.Synapse(equations, on_pre="x += 1; n += 1" if "n : 1" in equations else "x += 1",
                         parameters=dict(tau=1 * ms))  # fmt: skip
    with pytest.raises(RheobaseError, match="dx/dt: synapses are integrated exactly") as caught:
        net.connect(cell, cell, weight=1 * pA, synapse=synapse)
    assert why in str(caught.value) and "^^^" in str(caught.value)


def test_a_weight_that_fits_no_statement_is_told_where_it_is_placed():
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF, 1)
    with pytest.raises(UnitError, match="the input 'i_syn' of LIF takes pA"):
        net.connect(cell, cell, weight=1 * pA, synapse=stdp())
    depressing = rb.Synapse("R : 1", on_pre="deliver(weight*R/second); R *= 0.5",
                            parameters=dict(R=1))  # fmt: skip
    made = net.connect(cell, cell, weight=2 * pA * ms, synapse=depressing)
    np.testing.assert_allclose(made.weights.to("pA*ms").magnitude, [2.0])
    assert stdp(parameters=dict(tau="20 ms", a=0.01, w_max=1 * nS)).weight_unit.text == "nS"
