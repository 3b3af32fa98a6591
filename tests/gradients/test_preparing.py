"""Blocks worked out again: only what changed, with the bits of working out everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import rheobase as rb
from rheobase.gradients import preparing
from rheobase.gradients.preparing import Again
from rheobase.rendering.interpreter import evaluate
from rheobase.units import ms

NAMES = ["g_Na", "g_K", "g_L", "E_Na", "C_m", "temperature"]


def hodgkin_huxley() -> tuple[Any, dict[str, Any]]:
    """Return what prepares the numbers of a model, and what it reads."""
    net = rb.Network(dt=0.025 * ms)
    net.add(rb.models.HodgkinHuxley(), 1, name="cell")
    loss = lambda run: np.mean(run["cell"].v)  # noqa: E731
    objective = rb.gradients.Objective(net, loss, ["g_Na"], duration=1 * ms)
    cells = objective.made.populations["cell"]
    return cells.program.prepare, cells.known_values()


BLOCK, KNOWN = hodgkin_huxley()


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), st.floats(0.5, 2.0)), max_size=5))
def test_the_values_are_those_of_the_whole_block(changes: list[dict[str, float]]) -> None:
    again, names = Again(BLOCK), dict(KNOWN)
    for change in [{}, *changes]:
        names |= {name: KNOWN[name] * factor for name, factor in change.items()}
        assert bits(again(names)) == bits(whole(names))


def whole(names: dict[str, Any]) -> dict[str, Any]:
    """Work everything out."""
    values = evaluate(BLOCK, lambda node: np.float64(names[str(node.payload)]))
    return {w.target: values[w.node] for w in BLOCK.writes}


def bits(values: dict[str, Any]) -> dict[str, bytes]:
    return {name: np.float64(value).tobytes() for name, value in values.items()}


def test_only_what_depends_on_a_change_is_worked_out(monkeypatch: Any) -> None:
    sizes: list[int] = []

    def counting(block: Any, leaf: Any) -> list[Any]:
        sizes.append(len(block.nodes))
        return evaluate(block, leaf)

    monkeypatch.setattr(preparing, "evaluate", counting)
    again = Again(BLOCK)
    again(KNOWN)
    again(KNOWN)
    assert sizes == [len(BLOCK.nodes)]
    again(KNOWN | {"g_Na": 1.0})
    assert sizes[1] <= 2
    again(KNOWN | {"g_Na": 1.0, "temperature": 300.0})
    assert sizes[1] < sizes[2] < sizes[0]
