"""Text becomes trees, and nothing else than the language does."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import EquationError
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Logical,
    Name,
    Number,
    Unary,
    calls_in,
    names_in,
    substitute,
    to_text,
)
from rheobase.language.parsing import parse_expression, parse_statements

x, y = Name("x"), Name("y")


@pytest.mark.parametrize("text, tree", [
    ("x", x),
    ("1e-3", Number(0.001)),
    ("True", Number(1.0)),
    ("-x**2", Unary("-", Binary("**", x, Number(2.0)))),
    ("+x", x),
    ("x - y - 1", Binary("-", Binary("-", x, y), Number(1.0))),
    ("x % 2 // y", Binary("//", Binary("%", x, Number(2.0)), y)),
    ("x >= y", Compare(">=", x, y)),
    ("0 < x <= y", Logical("and", Compare("<", Number(0.0), x), Compare("<=", x, y))),
    ("not x < y or x == 1 and y != 2", Logical("or", Unary("not", Compare("<", x, y)), Logical(
        "and", Compare("==", x, Number(1.0)), Compare("!=", y, Number(2.0))))),
    ("a and b and c", Logical("and", Logical("and", Name("a"), Name("b")), Name("c"))),
    ("clip(x, 0, exp(y))", Call("clip", (x, Number(0.0), Call("exp", (y,))))),
    ("rand()", Call("rand", ())),
    ("\n  (x +\n   y) # a comment (", Binary("+", x, y)),
    ("x \\\n + y", Binary("+", x, y)),
])  # fmt: skip
def test_trees(text, tree):
    assert parse_expression(text) == tree


def test_every_node_knows_its_place():
    text = "(a + bb)*exp(c) > d"
    tree = parse_expression(text)
    for node in (tree.left.left.right, tree.left.right, tree.right, tree.left):
        start, end = node.span
        assert text[start:end] in ("bb", "exp(c)", "d", "(a + bb)*exp(c)")


numbers = st.floats(0, 1e9, allow_nan=False).map(Number)
leaves = st.one_of(numbers, st.sampled_from([x, y, Name("tau_m")]))


def grow(inner):
    operators = st.sampled_from(["+", "-", "*", "/", "**", "%", "//"])
    compares = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        st.builds(Binary, operators, inner, inner),
        st.builds(Compare, compares, inner, inner),
        st.builds(Logical, st.sampled_from(["and", "or"]), inner, inner),
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(Call, st.just("f"), st.lists(inner, max_size=3).map(tuple)),
    )


@given(st.recursive(leaves, grow, max_leaves=20))
def test_what_is_written_reads_back(tree):
    assert parse_expression(to_text(tree)) == tree


def test_a_negative_number_keeps_its_parentheses():
    assert to_text(Binary("**", Number(-0.5), Number(2.0))) == "(-0.5)**2"


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        parse_expression(text)
    except EquationError as error:
        assert str(error).startswith("the expression: ")


@given(st.text(st.sampled_from("xy1.+-*/()<>=,_ and[]{}:;'\"lambda!^~@"), max_size=30))
def test_near_texts_are_read_or_refused(text):
    try:
        tree = parse_expression(text)
    except EquationError:
        return
    assert ast.parse(to_text(tree), mode="eval")


def test_helpers():
    tree = parse_expression("f(x) + y*x")
    assert names_in(tree) == {"x", "y"}
    assert calls_in(tree) == {"f"}
    assert to_text(substitute(tree, {"x": Binary("+", x, y)})) == "f(x + y) + y*(x + y)"


@pytest.mark.parametrize("text, says", [
    ("v^2", ["^ is not a power here", "\n  v^2\n   ^\n", "write v**2"]),
    ("a + g_Na*m^3*h", ["write m**3"]),
    ("(a + b)^2", ["write (a + b)**2"]),
    ("x.__class__", ["`x.__class__` is not allowed: an attribute", "they never run code"]),
    ("x.real", ["`x.real` is not allowed: an attribute"]),
    ("__import__('os').system('x')", ["`__import__('os').system` is not allowed"]),
    ("__import__('os')", ["`__import__` is not allowed"]),
    ("exec('x')", ["`'x'` is not allowed: a string"]),
    ("x[0]", ["`x[0]` is not allowed: a subscript"]),
    ("[x, y]", ["is not allowed: a list"]),
    ("[x for x in y]", ["is not allowed: a comprehension"]),
    ("{x: y}", ["is not allowed: a dictionary"]),
    ("(x, y)", ["is not allowed: a list of values (a comma)"]),
    ("lambda: 1", ["is not allowed: a lambda"]),
    ("(x := 1)", ["is not allowed: an assignment"]),
    ("f'{x}'", ["is not allowed: a string"]),
    ("'x'", ["`'x'` is not allowed: a string"]),
    ("1j", ["`1j` is not allowed: no number of the language"]),
    ("None", ["is not allowed: no number of the language"]),
    ("...", ["is not allowed"]),
    ("f(*x)", ["is not allowed: a starred argument"]),
    ("f(a=1)", ["arguments of f have no names", "f(x, y)"]),
    ("f(x)(y)", ["`f(x)` is not allowed: only named functions can be called"]),
    ("x if y > 1 else 2", ["`if ... else` is not allowed", "write where(y > 1, x, 2)"]),
    ("x in y", ["only < <= > >= == != compare"]),
    ("x is y", ["only < <= > >= == != compare"]),
    ("x & y", ["& is not part of the language", "write `and`"]),
    ("x || y", ["| is not part of the language", "write `or`"]),
    ("!x", ["! is not part of the language", "write `not`"]),
    ("~x", ["`~` is not allowed", "write `not`"]),
    ("x @ y", ["@ is not part of the language"]),
    ("x = 1", ["a single = does not compare", "write x == 1, or >, <, >=, <="]),
    ("x; y", ["; is not part of the language"]),
    ("_x", ["_x is not allowed: names begin with a letter"]),
    ("10 mV", ["cannot read this expression", "a sign is missing: write 10*mV"]),
    ("10mV", ["a sign is missing: write 10*mV"]),
    ("(a)(b)*2 +", ["cannot read this expression"]),
    ("x +", ["cannot read this expression", "something is missing or too much here"]),
    ("(x + (y)", ["unbalanced parentheses, this one is never closed", "\n  (x + (y)\n  ^\n"]),
    ("x + y)", ["unbalanced parentheses, this one was never opened", "\n       ^\n"]),
    ("", ["the expression is missing"]),
    ("  # nothing", ["the expression is missing"]),
    ("τ", ["the character τ is not part of the language", "write tau"]),
    ("x²", ["write **2"]),
    ("x − y", ["write -"]),
    ("x·y", ["write *"]),
    ("ü", ["write plain letters"]),
    ("1e999", ["this number is too large for a double"]),
    ("1" + "0" * 400, ["this number is too large for a double"]),
    ("0 < rand() < 1", ["a random number in the middle of a chain would be drawn twice"]),
    ("-" * 400 + "x", ["nested"]),
    ("(" * 300 + "x" + ")" * 300, ["the expression: "]),
    ("+".join(["x"] * 400), ["nested more than 200 deep", "name the parts"]),
])  # fmt: skip
def test_what_is_not_of_the_language_is_refused_with_its_place(text, says):
    with pytest.raises(EquationError) as caught:
        parse_expression(text)
    message = str(caught.value)
    assert message.startswith("the expression: ")
    assert "^" in message
    for words in says:
        assert words in message


def test_nothing_is_ever_run(monkeypatch):
    def forbidden(*_):
        raise AssertionError("text was run")

    monkeypatch.setattr("builtins.eval", forbidden)
    monkeypatch.setattr("builtins.exec", forbidden)
    with pytest.raises(EquationError):
        parse_expression("__import__('os').system('true')")
    assert parse_expression("exp(x)") == Call("exp", (x,))


# --- statements ---


def test_statements():
    first, second, third = parse_statements("v = V_r; w += b  # more\n\nx *= (1 +\n  y)")
    assert (first.target, first.operator, first.expression) == ("v", "=", Name("V_r"))
    assert (second.target, second.operator, second.text) == ("w", "+=", "w += b")
    assert third.text == "x *= (1 + y)"
    assert third.expression == Binary("+", Number(1.0), y)


@pytest.mark.parametrize("text", ["x = 1 +\n y", "x = 1\n + y", "x = (1\n + y)"])
def test_a_statement_goes_on_over_a_line_end(text):
    (statement,) = parse_statements(text)
    assert statement.expression == Binary("+", Number(1.0), y)


def test_no_statements():
    assert parse_statements("") == parse_statements(" ;\n # nothing\n") == ()


@pytest.mark.parametrize("text, says", [
    ("v == V_r", ["reset: `v == V_r` is not a statement", "write v = V_r"]),
    ("v <- V_r", ["write v = V_r"]),
    ("v", ["`v` is not a statement", "v = V_r or w += b"]),
    ("v **= 2", ["is not a statement"]),
    ("self.v = 1", ["is not a statement"]),
    ("import os", ["`import os` is not a statement", "  ^^^^^^^^^"]),
    ("v = 1; w = ", ["reset, `w =`: the expression is missing"]),
    ("v = 1\nw = (1", ["reset, `w = (1`: unbalanced", "line 2"]),
    ("v = w^2", ["write w**2"]),
])  # fmt: skip
def test_bad_statements_are_refused(text, says):
    with pytest.raises(EquationError) as caught:
        parse_statements(text, what="reset")
    for words in says:
        assert words in str(caught.value)
