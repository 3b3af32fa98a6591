"""What lowering makes of a model, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.stepping import Cells

from rheobase.errors import EquationError, InternalError
from rheobase.language.model import Model
from rheobase.lowering import Node, Write, lower
from rheobase.lowering.program import check, print_block
from rheobase.units import Hz, ms, mV

EQUATIONS = "dv/dt = (E_L - v)/tau_m : mV (unless refractory)"


def lif(**options):
    settings = dict(
        threshold="v > V_T", reset="v = V_r", refractory=2 * ms,
        parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms),
    )  # fmt: skip
    return Model(EQUATIONS, **{**settings, **options})


def test_the_program_holds_no_numbers_of_the_model():
    assert lower(lif()) == lower(lif()(tau_m=7 * ms, V_T=0 * mV))


def test_parameters_of_each_cell_are_part_of_the_structure():
    shared, each = lower(lif()), lower(lif(), per_cell=frozenset({"tau_m"}))
    assert "P_v" in shared.numbers
    assert each.array("P_v").role == "prepared"
    assert each.array("drive_v").role == "prepared"
    raw = lower(lif(), per_cell=frozenset({"V_T"}))
    assert raw.array("V_T").role == "parameter"


def test_parameters_that_a_reset_changes_become_states():
    text = f"{EQUATIONS}\nV_T : mV"
    parameters = dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms)
    model = Model(text, threshold="v > V_T", reset="v = V_r; V_T += 1*mV", refractory=2 * ms,
                  parameters=parameters)  # fmt: skip
    assert model.written_parameters == {"V_T"}
    assert lower(model).array("V_T").role == "state"


def test_the_arrays_follow_from_crossing_and_refractoriness():
    assert lower(lif()).array("release").dtype == "int64"
    linear = lower(lif(crossing="linear", method="euler"))
    assert {"left", "offset"} <= {a.name for a in linear.arrays}
    condition = lower(lif(refractory="v > V_T"))
    assert condition.array("refractory").dtype == "uint8"
    with pytest.raises(InternalError, match="no array 'release'"):
        condition.array("release")


def test_a_program_prints_every_block():
    text = str(lower(lif(receives="v += weight"), observed=frozenset()))
    for word in ("method exact", "array v: state", "prepare:", "update:", "on spike:", "select",
                 "arrivals at 'v' add to v"):  # fmt: skip
        assert word in text


@pytest.mark.parametrize("options, must_say", [
    (dict(reset="v = V_r + rand()*mV"),
     r"reset: 'v = V_r \+ rand\(\)\*mV' draws a random number; draw it in the equations"),
    (dict(receives="v += rand()*weight"), "receives 'v'.* draws a random number"),
])  # fmt: skip
def test_what_cannot_be_lowered_is_refused(options, must_say):
    with pytest.raises(EquationError, match=must_say):
        lower(lif(**options))


def test_noise_that_is_not_linear_is_refused():
    model = Model("dx/dt = -x/ms + xi*xi : 1")
    with pytest.raises(EquationError, match="not linear in its noise"):
        lower(model)


def test_each_call_of_rand_is_its_own_draw():
    program = lower(Model("dx/dt = (rand() - rand() + y)/ms : 1\ny = randn() : 1"))
    assert [d.law for d in program.draws] == ["uniform", "uniform", "normal"]
    assert len({d.site for d in program.draws}) == 3


def test_the_gates_get_a_loop_of_their_own():
    text = "dv/dt = (m*(1 - v) - v)/ms : 1\ndm/dt = (v*(1 - m) - m)/ms : 1"
    program = lower(Model(text, threshold="v > 1", reset="v = 0", method="staggered"))
    assert program.staggered == {"m"}
    first, second = program.update.loops()
    assert [w.target for w in first.writes] == ["m"]
    assert {w.target for w in second.writes} == {"v", "spiked"}


def test_the_checker_finds_what_a_pass_broke():
    program = lower(lif())
    block = program.update

    def broken(**changes):
        return replace(program, update=replace(block, **changes))

    with pytest.raises(InternalError, match="before it is computed"):
        check(broken(nodes=(Node("neg", (1,)), *block.nodes[1:])))
    with pytest.raises(InternalError, match="two owners"):
        check(broken(writes=(*block.writes, block.writes[0])))
    with pytest.raises(InternalError, match="writes to unknown"):
        check(broken(writes=(*block.writes, Write("nowhere", 0))))
    with pytest.raises(InternalError, match="takes 2 operands, has 1"):
        check(broken(nodes=(*block.nodes, Node("add", (0,)))))
    with pytest.raises(InternalError, match="needs conditions"):
        check(broken(nodes=(*block.nodes, Node("and", (0, 0), kind="bool"))))
    with pytest.raises(InternalError, match="which nothing provides"):
        check(broken(nodes=(Node("element", (), "ghost"), *block.nodes[1:])))
    with pytest.raises(InternalError, match="has no value"):
        check(broken(writes=(Write("v", 999),)))


def test_blocks_print_a_line_a_node():
    block = lower(lif()).update
    assert len(print_block(block)) == len(block.nodes) + len(block.writes)


def test_dt_and_the_number_of_cells_can_be_read():
    model = Model(
        "dv/dt = -v/(10*ms) : 1\nrate : Hz (constant)", threshold="rand() < rate*dt*N",
        reset="v = 0", parameters=dict(rate=10 * Hz), receives="v += weight*dt/ms",
    )  # fmt: skip
    program = lower(model)
    assert "dt" in program.prepare.reads()
    assert not program.ports["v"].event


@pytest.mark.parametrize("method", ["exact", "exponential_euler", "staggered"])
def test_what_dies_away_becomes_zero_before_it_is_subnormal(method):
    text = "dv/dt = (1 + g*(2 - v) - v)/(20*ms) : 1\ndg/dt = -g/(0.1*ms) : 1"
    if method == "exact":
        text = text.replace("g*(2 - v)", "g")
    cells = Cells(Model(text, method=method), 1e-4, 2, backend="interpreter")
    cells.arrays["g"][:] = 1.0, -1e-6
    seen = []
    for _ in range(720):
        cells.run(1)
        seen.append(cells.arrays["g"].copy())
    sizes = np.abs(np.array(seen))
    assert np.all((sizes == 0) | (sizes > 1e-307))
    assert not sizes[-1].any()
    np.testing.assert_allclose(sizes[:600, 0], np.exp(-np.arange(1.0, 601.0)), rtol=1e-12)
