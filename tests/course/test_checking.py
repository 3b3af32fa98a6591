"""What a check says: right, wrong and why, not yet, and errors of the student's."""

import numpy as np
import pytest

from rheobase import course


def said(capsys, action):
    with course.exercise("1") as check:
        action(check)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("x", 1.05, 1.0), "✗ x is 1.05 Hz, which is too large: look\nExercise 1: not yet.\n"),
        (("x", 0.95, 1.0), "✗ x is 0.95 Hz, which is too small: look\nExercise 1: not yet.\n"),
        (("x", 1.005, 1.0), "✓ x\nExercise 1: solved.\n"),
        (("x", np.nan, 1.0), "✗ x is not a number: look\nExercise 1: not yet.\n"),
        (("x", [1.0, 3.0], [1.0, 2.0]), "✗ x (entry 1) is 3 Hz, which is too large: look\n"),
        (("x", [1.0], 1.0), "✗ x has the shape (1,), but () is expected: look\n"),
        (("x", ..., 1.0), "✗ x is still to be written: replace the ...\n"),
        (("x", None, 1.0), "✗ x is None: does your function return it?\n"),
        (("x", "one", 1.0), "✗ x is to be a number or numbers, not str 'one'\n"),
    ],
)
def test_a_value(capsys, arguments, says):
    def action(check):
        check.value(*arguments, within=0.01, unit="Hz", hint="look")

    assert said(capsys, action).startswith(says)


def test_what_was_expected_is_told_on_request(capsys):
    text = said(capsys, lambda check: check.value("x", 3, 2, tell=True))
    assert text == "✗ x is 3, which is too large; expected 2\nExercise 1: not yet.\n"


def test_a_sentence_and_a_known_mistake(capsys):
    text = said(capsys, lambda check: check.that("it fires", True))
    assert text == "✓ it fires\nExercise 1: solved.\n"
    text = said(capsys, lambda check: check.that("it fires", False, "too weak"))
    assert text == "✗ not so: it fires: too weak\nExercise 1: not yet.\n"
    assert said(capsys, lambda check: check.unless(False, "no")) == "Exercise 1: solved.\n"
    assert said(capsys, lambda check: check.unless(True, "no")).startswith("✗ no\n")


class Report:
    """As `rheobase.check` gives it."""

    def __init__(self, passed):
        self.passed = passed

    def __str__(self):
        return "It passed." if self.passed else "Cause: the reset."


def test_a_report_of_a_neuron_counts(capsys):
    text = said(capsys, lambda check: check.report(Report(True)))
    assert text == "✓ It passed.\nExercise 1: solved.\n"
    text = said(capsys, lambda check: check.report(Report(False)))
    assert text == "✗ Cause: the reset.\nExercise 1: not yet.\n"


def test_a_placeholder_stops_a_check(capsys):
    def action(check):
        check.given("x", ...)
        check.that("never asked", False)

    assert said(capsys, action) == (
        "✗ x is still to be written: replace the ...\nExercise 1: not yet.\n"
    )


@pytest.mark.parametrize(
    "action, says",
    [
        (lambda check: 1 / 0, "✗ your code stopped with ZeroDivisionError: division by zero\n"),
        (lambda check: 1 + ..., "✗ something is still to be written: replace the ...\n"),
        (lambda check: missing, "is not defined. Run the cell of the exercise first\n"),  # noqa: F821
    ],
)
def test_an_error_of_the_students_is_told_and_does_not_stop_the_notebook(capsys, action, says):
    text = said(capsys, action)
    assert says in text
    assert text.endswith("Exercise 1: not yet.\n")


def test_an_interruption_goes_through():
    with pytest.raises(KeyboardInterrupt), course.exercise("1"):
        raise KeyboardInterrupt


def test_the_summary_names_what_is_left(capsys):
    course.start()
    for name, holds in [("1", True), ("2", False), ("3", True)]:
        with course.exercise(name) as check:
            check.that("so", holds)
    capsys.readouterr()
    course.summary()
    assert capsys.readouterr().out == "2 of 3 exercises are solved; left: 2\n"


def test_start_says_what_networks_run_on(capsys):
    compiled = course.start()
    said = "compiled by numba" if compiled else "interpreted, since numba is not installed"
    assert said in capsys.readouterr().out
