import pytest

from rheobase.errors import EquationError, UnitError, UnknownNameError
from rheobase.network.texts import pair_text
from rheobase.units import DIMENSIONLESS, UNITS

CURRENT = UNITS["pA"].dimension


@pytest.mark.parametrize("text", [
    "20*pA",
    "20*pA*exp(-abs(i - j)/10)",
    "where(i < j, 1*nA, -1*nA)",
    "(rand() + 0.5)*pA*N_pre/N_post",
    "10*pA*distance/(100*um)",
    "pi*pA*i % pA",
])  # fmt: skip
def test_texts_that_give_a_current(text):
    read = pair_text(text, CURRENT, "the weight")
    assert read.text == text
    assert repr(read) == repr(text)


def test_the_names_read():
    assert pair_text("i*pA + j*nA", CURRENT, "w").names == {"i", "j", "pA", "nA"}


@pytest.mark.parametrize("text, error, words", [
    ("k < 3", UnknownNameError, ["the condition: unknown name k", "^", "known here: i, j, N_pre"]),
    ("i < N", UnknownNameError, ["unknown name N"]),
    ("t < 3*ms", UnknownNameError, ["unknown name t"]),
    ("i < xi", UnknownNameError, ["unknown name xi"]),
    ("i < n_pre", UnknownNameError, ["did you mean N_pre?"]),
    ("i < ln(j)", UnknownNameError, ["unknown function ln", "did you mean log?"]),
    ("i < log(j, 2)", EquationError, ["log takes 1 argument, here it has 2"]),
    ("abs(i - j)", EquationError, ["expected a condition", "abs(i - j) < 5"]),
    ("distance < 5", UnitError, ["cannot compare", "5*um"]),
    ("i <", EquationError, ["the condition"]),
])  # fmt: skip
def test_conditions_that_are_refused(text, error, words):
    with pytest.raises(error) as refused:
        pair_text(text, None, "the condition")
    for word in words:
        assert word in str(refused.value)


def test_a_text_of_another_dimension_is_refused():
    with pytest.raises(UnitError) as refused:
        pair_text("20*mV*i", CURRENT, "the weight")
    for word in ("the weight: expected", "a current", "20*mV*i"):
        assert word in str(refused.value)
    with pytest.raises(UnitError):
        pair_text("distance", DIMENSIONLESS, "where: the probability")
    with pytest.raises(EquationError, match=r"write int\(i < j\)"):
        pair_text("i < j", DIMENSIONLESS, "where: the probability")


def test_a_condition_is_a_text():
    with pytest.raises(EquationError, match=r"expected a text, got function(.|\n)*pairs\(i, j\)"):
        pair_text(lambda i, j: i > j, None, "where: the condition")
