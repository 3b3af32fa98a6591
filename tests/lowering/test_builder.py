"""Values land where they belong: what is fixed in a run is prepared."""

from __future__ import annotations

import pytest

from rheobase.errors import InternalError
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.program import Level


def blocks():
    prepared = Graph()
    return prepared, Graph(prepared)


def test_an_operation_on_parameters_is_prepared():
    prepared, graph = blocks()
    tau = prepared.leaf("number", "tau", Level.SHARED)
    v = graph.leaf("element", "v", Level.ELEMENT)
    block = graph.finish("map", {"v": v / tau})
    assert [n.operation for n in block.nodes] == ["element", "number", "mul"]
    assert prepared.exports  # the reciprocal
    assert [n.operation for n in prepared.nodes][-1] == "div"


def test_a_product_in_a_sum_is_fused_and_a_shared_product_is_not():
    _, graph = blocks()
    a, b, c = (graph.leaf("element", n, Level.ELEMENT) for n in "abc")
    fused = graph.finish("map", {"c": a * b + c})
    assert [n.operation for n in fused.nodes][-1] == "fma"
    product = a * b
    kept = graph.finish("map", {"c": product + c, "a": product})
    assert "fma" not in [n.operation for n in kept.nodes]


def test_equal_values_are_computed_once():
    _, graph = blocks()
    a, b = (graph.leaf("element", n, Level.ELEMENT) for n in "ab")
    assert (a * b).index == (a * b).index


def test_literals_fold():
    _, graph = blocks()
    two = graph.constant(2.0)
    assert (two * 3.0 + 1.0).node.payload == 7.0
    a = graph.leaf("element", "a", Level.ELEMENT)
    assert (a * 1.0).index == a.index and (a + 0.0).index == a.index


def test_whole_powers_are_products():
    _, graph = blocks()
    a = graph.leaf("element", "a", Level.ELEMENT)
    block = graph.finish("map", {"a": graph.power(a, 4)})
    assert [n.operation for n in block.nodes] == ["element", "mul", "mul"]


def test_a_value_of_another_block_is_our_bug():
    _, graph = blocks()
    _, other = blocks()
    foreign = other.leaf("element", "b", Level.ELEMENT)
    with pytest.raises(InternalError, match="another block"):
        graph.finish("map", {"a": Value(foreign.graph, foreign.index)})
