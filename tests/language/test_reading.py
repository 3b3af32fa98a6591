"""Steps that making a model and making a synapse have in common."""

from __future__ import annotations

import pytest

from rheobase.errors import EquationError
from rheobase.language.definitions import PARAMETER
from rheobase.language.expressions import Number, to_text
from rheobase.language.functions import collect
from rheobase.language.reading import (
    declare,
    is_quantity_text,
    read_mapping,
    read_start,
    read_statements,
    unknown_parameter,
)
from rheobase.units import parse_unit

MV = parse_unit("mV")


@pytest.mark.parametrize(
    ("text", "answer"),
    [("20 ms", True), ("-65 mV", True), ("1e-3 1/ms", False), ("2*v", False), ("E_L", False)],
)
def test_a_quantity_is_a_number_and_a_unit(text: str, answer: bool) -> None:
    assert is_quantity_text(text) is answer


def test_what_is_no_dict_is_refused() -> None:
    assert read_mapping({"x": 1}, "initial", "initial=dict(x=1)") == {"x": 1}
    with pytest.raises(EquationError) as error:
        read_mapping([1], "initial", "initial=dict(x=1)")
    assert str(error.value) == "initial: expected a dict, got list\nwrite initial=dict(x=1)"


def test_a_start_is_a_number_or_a_text_with_its_source() -> None:
    number, nowhere = read_start("v", "-65 mV", MV, {})
    assert isinstance(number, Number) and number.value == pytest.approx(-0.065, rel=1e-15)
    assert nowhere is None
    expression, source = read_start("v", "f(E_L)", MV, collect(["f(x) = 2*x"]))
    assert to_text(expression) == "2*E_L"
    assert source is not None and source.text == "f(E_L)"


def test_statements_say_what_functions_say() -> None:
    (statement,) = read_statements("v += f(w)", collect(["f(x) = 2*x"]), "reset")
    assert (statement.target, statement.operator) == ("v", "+=")
    assert to_text(statement.expression) == "2*w"


def test_a_value_declares_a_parameter() -> None:
    made = declare("E_L", MV)
    assert (made.kind, made.text, made.line) == (PARAMETER, "E_L : mV", 0)


def test_a_value_nothing_reads_is_told_what_is_read() -> None:
    known = [declare("E_L", MV), declare("V_T", MV)]
    assert str(unknown_parameter("E_l", known)) == (
        "parameters: the model does not read E_l\ndid you mean E_L?"
    )
    assert str(unknown_parameter("quite_other", known, ["g"], "the synapse")) == (
        "parameters: the synapse does not read quite_other\nits parameters are: E_L, V_T, g"
    )
