"""What is traced of a step computes what the program computes."""

import numpy as np
import pytest

from rheobase.lowering import lower
from rheobase.lowering.tracing import courses_of, trace
from rheobase.models import catalog
from rheobase.rendering.interpreter import evaluate, prepare_values, values_of_prepare

NAMES = ["LIF", "AdEx", "HodgkinHuxley", "NormalizedLIF", "Izhikevich"]


def values_by_name(block, prepared, arrays):
    def leaf(node):
        name = str(node.payload[0] if node.operation == "draw" else node.payload)
        if name in prepared:
            return prepared[name]
        scalars = {"step": 1.0, "step_number": 1.0, "zero": 0, "i": 0.0}
        return np.float64(arrays[name] if name in arrays else scalars[name])

    found = evaluate(block, leaf)
    return {w.target: float(found[w.node]) for w in block.writes}


@pytest.mark.parametrize("name", NAMES)
def test_the_new_states_are_those_of_the_program(name):
    model = catalog()[name]
    program, traced = lower(model), trace(model)
    parameters = {**model.defaults, "N": 1.0}
    dt = 1e-4
    arrays = {a.name: 0.0 for a in program.arrays}
    arrays |= {e.name: 0.3 * e.unit.scale for e in model.differential}
    prepared = prepare_values(program, parameters, dt, 0.0)
    expected = values_by_name(program.update, prepared, arrays)
    told = values_of_prepare(traced.prepare, parameters, dt, 0.0)
    found = values_by_name(traced.update, told, arrays)
    for state, key in traced.new.items():
        assert found[key] == pytest.approx(expected[state], rel=1e-12)
    assert traced.method == program.method
    assert found[traced.spiked] == expected["spiked"]


def test_notes_are_those_of_the_method():
    kinds = {name: [(n.kind, n.name, n.fraction) for n in trace(catalog()[name]).notes]
             for name in NAMES}  # fmt: skip
    assert kinds["NormalizedLIF"] == [("slopes", "", 0.0)]
    assert kinds["AdEx"] == [("slopes", "", 0.0), ("slopes", "", 1.0)]
    assert kinds["LIF"] == [("propagator", "v", 0.0), ("propagator", "i_syn", 0.0)]
    assert [name for kind, name, _ in kinds["HodgkinHuxley"] if kind == "linear"] == [
        "m", "h", "n", "v",
    ]  # fmt: skip


def test_what_was_traced_leaves_the_program_as_it_was():
    model = catalog()["AdEx"]
    before = str(lower(model))
    trace(model)
    assert str(lower(model)) == before


def test_closed_forms_of_exact_crossings():
    found = courses_of(catalog()["LIF"](crossing="exact"))
    assert found.variable == "v" and found.courses["v"].driver == "i_syn"
    assert found.courses["i_syn"].driver == ""
