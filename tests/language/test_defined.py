"""What models and synapses have in common."""

from __future__ import annotations

import copy

import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError, UserError

MODEL = rb.Model("dv/dt = -v/tau : mV\nu = 2*v : mV", parameters={"tau": "20 ms"}, name="Leak")
SYNAPSE = rb.Synapse("dx/dt = -x/tau : 1\ny = 2*x : 1", parameters={"tau": "20 ms"}, name="Trace")


@pytest.mark.parametrize(
    ("made", "names", "state", "other"),
    [(MODEL, ("v", "u", "tau"), "v", "u"), (SYNAPSE, ("x", "y", "tau"), "x", "y")],
)
def test_definitions_are_looked_up_by_name(
    made: rb.Model | rb.Synapse, names: tuple[str, ...], state: str, other: str
) -> None:
    assert made.names == names
    assert [e.name for e in made.differential] == [state]
    assert [e.name for e in made.subexpressions] == [other]
    assert made.equation(other).name == other


@pytest.mark.parametrize(("made", "word"), [(MODEL, "Model"), (SYNAPSE, "Synapse")])
def test_nothing_can_be_set_or_deleted(made: rb.Model | rb.Synapse, word: str) -> None:
    text = (
        f"a {word} does not change: name cannot be set\n"
        f"make a copy with another value: {word.lower()}(name=...)"
    )
    with pytest.raises(UserError) as error:
        made.name = "other"
    assert str(error.value) == text
    with pytest.raises(UserError) as error:
        del made.name
    assert str(error.value) == text


@pytest.mark.parametrize("made", [MODEL, SYNAPSE])
def test_a_copy_is_the_same_object(made: rb.Model | rb.Synapse) -> None:
    assert copy.copy(made) is made
    assert copy.deepcopy(made) is made


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match=r"Leak has no variable 'taux'; did you mean tau\?"):
        MODEL.equation("taux")
    with pytest.raises(UnknownNameError, match="its names are: weight, x, y, tau"):
        SYNAPSE.equation("q")
