"""Tables of a tape: written again only where what they are made of is another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import cm, ms, uA

pytest.importorskip("numba")


def objective_of(loss: Any) -> Any:
    net = rb.Network(dt=0.05 * ms, seed=3)
    cells = net.add(rb.models.HodgkinHuxley(), 3, name="cells")
    net.inject(cells, rb.stimuli.step(10 * uA / cm**2, start=1 * ms))
    return rb.gradients.Objective(net, loss, ["g_Na", "g_K", (cells, "v")], duration=10 * ms)


def mean_voltage(run: Any) -> Any:
    return np.mean((run["cells"].v + 60.0) ** 2)


def tables(objective: Any) -> tuple[Any, Any]:
    driver = objective.made.tape._driver
    return driver._forward, driver._back


def test_tables_stand_while_only_values_change() -> None:
    objective = objective_of(mean_voltage)
    x = objective.start
    for _ in range(2):  # the first way back makes what it needs
        objective.vector(x)
    before = tables(objective)
    for factor in (1.1, 0.9, 1.0):
        value, gradient = objective.vector(factor * x)
        assert tables(objective)[0] is before[0]
        assert tables(objective)[1] is before[1]
        fresh = objective_of(mean_voltage).vector(factor * x)
        assert (value, gradient.tobytes()) == (fresh[0], fresh[1].tobytes())


def test_another_loss_writes_the_way_back_again() -> None:
    reads = ["v"]
    loss = lambda run: sum(np.mean(getattr(run["cells"], n) ** 2) for n in reads)  # noqa: E731
    objective = objective_of(loss)
    x = objective.start
    for _ in range(2):  # the first way back makes what it needs
        objective.vector(x)
    before = tables(objective)
    reads.append("m")
    value, gradient = objective.vector(x)
    assert tables(objective)[0] is before[0]
    assert tables(objective)[1] is not before[1]
    fresh = objective_of(loss).vector(x)
    assert (value, gradient.tobytes()) == (fresh[0], fresh[1].tobytes())


def test_another_length_writes_all_again() -> None:
    objective = objective_of(mean_voltage)
    x = objective.start
    for _ in range(2):  # the first way back makes what it needs
        objective.vector(x)
    before = tables(objective)
    objective.made.steps = 150
    value, _ = objective.vector(x)
    assert tables(objective)[0] is not before[0]
    objective.made.steps = 200
    again = objective.vector(x)
    fresh = objective_of(mean_voltage).vector(x)
    assert value != again[0]
    assert (again[0], again[1].tobytes()) == (fresh[0], fresh[1].tobytes())
