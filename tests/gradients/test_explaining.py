"""The text of a reverse: what it says is what the reverse computes."""

from __future__ import annotations

import doctest
import inspect
import re

import numpy as np
import pytest
from tests.stepping import arrays_for

import rheobase as rb
from rheobase.errors import EquationError, UnknownNameError, UserError
from rheobase.gradients.explaining import explain_gradient
from rheobase.lowering import calculus, lower
from rheobase.lowering.adjoint import reverse
from rheobase.lowering.surrogates import Surrogate
from rheobase.rendering import InterpreterKernels, prepare
from rheobase.rendering.functions import namespace_numpy

PAIR = re.compile(r"^  (?:(\w+) = (.*?))??\s*(?:(bar_\w+) \+= (.*))?$")


def said(text):
    """The statements of the text: (name, expression, [(bar, expression), ...]) a line."""
    found = []
    body = text.split("Each step\n")[1].split("The reverse as a program")[0]
    for line in body.splitlines():
        if not line.startswith("  ") or line.lstrip().startswith("#"):
            continue
        left, _, right = line.partition("bar_") if "bar_" in line else (line, "", "")
        pair = None
        if right:
            bar, _, expression = right.partition(" += ")
            pair = (f"bar_{bar.strip()}", expression)
        name, equals, expression = left.strip().partition(" = ")
        if equals and name.isidentifier():
            found.append((name, expression.strip(), []))
        if pair:
            found[-1][2].append(pair)
    return found


@pytest.mark.parametrize("name, reset", [
    ("LIF", "through"), ("HodgkinHuxley", "detached"), ("AdEx", "detached"),
    ("RateUnit", "detached"),
])  # fmt: skip
def test_the_lines_said_compute_what_the_reverse_computes(name, reset):
    model = getattr(rb.models, name)
    program = lower(model)
    chosen = Surrogate("fast_sigmoid", 3.0, scale=0.01)
    text = explain_gradient(model, surrogate=chosen, reset=reset)
    wanted = frozenset(n for n in model.defaults if n != "tau_ref")
    inputs = frozenset(e.name for e in model.inputs)
    back = reverse(program, surrogate=chosen, reset=reset, with_respect_to=wanted, inputs=inputs)
    prepared = prepare(back.program, {**model.defaults, "N": 1.0}, 1e-4, 0.0)
    rng, size = np.random.default_rng(0), 3
    names = {
        n: np.full(size, v) for n, v in zip(back.program.numbers, prepared.numbers, strict=True)
    }
    arrays = arrays_for(back.program, size, prepared)
    for state in program.states:
        scale = model.unit_of(state).scale
        names[state] = rng.uniform(0.2, 0.8, size) * scale
        if state == "v":
            names["v"] = np.array([-0.06, -0.0495, 0.01])
    for given in inputs:
        names[given] = rng.uniform(1, 2, size) * model.unit_of(given).scale
    names |= {"step": np.float64(7), "zero": 0, "release": np.array([0, 0, 9]),
              "refractory": np.zeros(3)}  # fmt: skip
    bars = {b: rng.normal(size=size) for b in [*back.bar.values(), "bar_spike"]}
    computed = run_said(said(text), names, bars, program, chosen)
    for key, value in {**names, **bars}.items():
        if key in arrays:
            arrays[key][:] = value
    arrays.setdefault("spiked", np.zeros(size, "uint8"))[:] = computed.get("spike", 0)
    InterpreterKernels(back.program).update(arrays, prepared.numbers, 0, size, 7)
    for state, bar in back.bar.items():
        np.testing.assert_allclose(arrays[bar], computed[f"bar_{state}"], rtol=1e-9, err_msg=state)
    for read, array in {**back.bar_input, **back.total}.items():
        np.testing.assert_allclose(
            arrays[array], computed[f"bar_{read}"], rtol=1e-9, atol=1e-30, err_msg=read
        )


def run_said(lines, names, bars, program, chosen):
    """Run the lines downwards, then what is beside them upwards."""
    table = {**namespace_numpy(), **names}
    table["curve"] = chosen.curve
    table["scale"] = chosen.scale

    def value(text):
        text = text.replace(" and ", " & ").replace("not (", "~(")
        text = re.sub(r"\bnot (\w+)", r"~\1", text)
        text = re.sub(r"(\w+ [<>!]=? ?\w+) & (\w+ [<>]=? ?\w+)", r"(\1) & (\2)", text)
        return eval(text, {"__builtins__": {}}, table)

    after = {}
    for name, text, _ in lines:
        if name == "spike":
            held = table.get("held", np.False_)
            table["spike"] = (table["margin"] > 0) & ~held
        elif name in program.states:
            after[name] = value(text)
        else:
            table[name] = value(text)
    computed = {name: np.zeros(3) for _, _, pairs in lines for name, _ in pairs}
    computed |= {name: bar.copy() for name, bar in bars.items()}
    given = {f"bar_{state}": bars[f"bar_{state}"] for state in program.states}
    for state in program.states:
        computed[f"bar_{state}"] = np.zeros(3)
    for name, _, pairs in reversed(lines):
        for bar, text in pairs:
            table.update(computed)
            if name in program.states:
                table[f"bar_{name}"] = given[f"bar_{name}"]
            part = value(text)
            if name == "spike":
                part = np.where(table.get("held", np.False_), 0.0, part)
            computed[bar] = computed[bar] + part
    return {**table, **computed}


def test_what_the_text_holds():
    text = explain_gradient(rb.models.LIF, ["tau_m", "V_T"])
    assert text.startswith("Gradient of LIF: the reverse of a step\n  method exact")
    assert "parameters: tau_m, V_T\n" in text
    assert "P_v_v = exp(A_dt)[0, 0]" in text
    assert "margin = v_new - V_T" in text
    assert "the reset='detached'" not in text and "(reset='detached')" in text
    assert "The reverse as a program\n  program of LIF_reversed" in text
    assert "def update(" in text
    plain = explain_gradient(rb.models.HodgkinHuxley, "V_spike")
    assert "without influence: V_spike" in plain and "no derivative of spikes" in plain


@pytest.mark.parametrize("thing", [explain_gradient, calculus.derivative, calculus.tidy, Surrogate])
def test_the_example_of_the_documentation(thing):
    finder, names = doctest.DocTestFinder(recurse=False), vars(inspect.getmodule(thing))
    (example,) = finder.find(thing, globs=dict(names))
    assert example.examples
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(example).failed == 0


@pytest.mark.parametrize("name", [n for n in dir(rb.models) if n[0].isupper()])
def test_every_model_of_the_library_can_be_explained(name):
    model = getattr(rb.models, name)
    text = explain_gradient(model)
    for equation in model.differential:
        if "xi" not in equation.text:
            assert f"# {equation.text}" in text  # above the lines that come from it
        assert f"bar_{equation.name} +=" in text
    assert "The reverse as a program" in text and "Its source" in text


def test_the_true_derivative_of_spikes():
    text = explain_gradient(rb.models.LIF, surrogate="none")
    assert "no derivative of spikes: surrogate='none' takes the true one, which is 0" in text


def test_what_cannot_be_explained():
    events = rb.Model("dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0", crossing="exact")
    with pytest.raises(EquationError, match="no steps to go back through"):
        explain_gradient(events)
    with pytest.raises(UnknownNameError, match="LIF has no parameter 'tau_n'; did you mean"):
        explain_gradient(rb.models.LIF, "tau_n")
    with pytest.raises(UserError, match="explain_gradient takes a model, got 'LIF'"):
        explain_gradient("LIF")  # type: ignore[arg-type]


def test_of_several_conditions_it_says_which_decides():
    model = rb.Model(
        "dv/dt = -v/ms : 1\ndw/dt = -w/ms : 1", threshold="(v > 1 or v < -1) and w > 2",
        reset="v = 0; w = 0",
    )  # fmt: skip
    text = rb.explain_gradient(model)
    for line in (
        "margin_1 = v_new - 1                            bar_v_new += bar_margin_1",
        "margin_2 = -1 - v_new                           bar_v_new += -bar_margin_2",
        "m = minimum(maximum(m_1, m_2), m_3), with m_i = margin_i/scale_i",
        "spike = m > 0                                   of the one that decides, i:",
        "bar_margin_i += bar_spike*curve(m)/scale_i",
    ):
        assert line in text
