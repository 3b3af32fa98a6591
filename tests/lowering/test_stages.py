"""Loops of a map: by costly functions behind each value, old values kept as long as needed."""

from __future__ import annotations

import numpy as np
import pytest
from tests.stepping import Cells

from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.lowering.stages import SCRATCH, loops, scratch_of

GATES = """
dv/dt = (m*(1 - v) - v)/ms : 1
dm/dt = alpha*(1 - m) - beta*m : 1
alpha = exp(v)/ms : 1/ms
beta = exp(-v)/ms : 1/ms
"""
NESTED = """
dx/dt = -(x + y)*exp(-exp(y))/ms : 1
dy/dt = -exp(x)*y/ms : 1
dz/dt = (tanh(sin(x + exp(z))) - z)/ms : 1
"""


def test_rates_come_before_the_steps_that_use_them():
    program = lower(Model(GATES, method="staggered"))
    rates, gate, voltage = loops(program.update)
    assert {w.target for w in rates.writes} == {SCRATCH + "a_m", SCRATCH + "b_m"}
    assert [w.target for w in gate.writes] == ["m"]
    assert [w.target for w in voltage.writes] == ["v", "spiked"]
    assert set(scratch_of(program.update)) == {SCRATCH + "a_m", SCRATCH + "b_m"}
    assert {SCRATCH + "a_m", SCRATCH + "b_m"} <= gate.reads()


def test_short_chains_stay_in_one_loop():
    program = lower(Model("dx/dt = exp(-x)/ms : 1\ndy/dt = exp(x)/ms : 1", method="euler"))
    assert loops(program.update) == (program.update,)
    assert scratch_of(program.update) == []


def test_old_values_last_until_the_last_loop_that_reads_them():
    program = lower(Model(NESTED, method="euler"))
    parts = loops(program.update)
    assert len(parts) == 3
    for place, part in enumerate(parts):
        written = {w.target for w in part.writes}
        for later in parts[place + 1 :]:
            assert not {n for n in written & later.reads() if not n.startswith(SCRATCH)}
    assert {w.target for w in parts[-1].writes} == {"y", "z", "spiked"}


@pytest.mark.parametrize("text", [GATES, NESTED])
@pytest.mark.parametrize("size", [5, 700])
@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "auto"])
def test_loops_give_the_bits_of_the_whole(text, size, method):
    pytest.importorskip("numba")
    runs = []
    for backend in ("interpreter", "numba"):
        cells = Cells(Model(text, method=method), 1e-4, size, backend=backend)
        for k, name in enumerate(n for n in "vmxyz" if n in cells.arrays):
            cells.arrays[name][:] = np.random.default_rng(k).uniform(-1, 1, size)
        cells.run(50)
        runs.append(cells.arrays)
    for name in runs[0]:
        assert runs[0][name].tobytes() == runs[1][name].tobytes(), name
