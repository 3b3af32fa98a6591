"""Walking trees."""

from rheobase.language.expressions import Name, Number, children, walk
from rheobase.language.parsing import parse_expression


def test_walk_goes_parents_first_left_to_right():
    nodes = list(walk(parse_expression("a + f(b, not c < 2)")))
    leaves = [node for node in nodes if not children(node)]
    assert leaves == [Name("a"), Name("b"), Name("c"), Number(2.0)]
    assert len(nodes) == 8


def test_places_take_no_part_in_comparisons():
    assert parse_expression("a+b") == parse_expression("  a  +  b")
    assert hash(parse_expression("a+b")) == hash(parse_expression("(a) + (b)"))
