"""Faults that do the same in some trials are told apart by others."""

import pytest
from tests.check.neurons_of_students import Neuron

import rheobase as rb
from rheobase.check.cells import Kinds
from rheobase.check.faults import Fault
from rheobase.check.parting import further_trials, told_apart
from rheobase.check.records import record_of_student
from rheobase.check.students import Student

MODEL = rb.models.NormalizedLIF
END, NOTHING = Fault({"period": "end"}, "end"), Fault({"rest": "nothing"}, "nothing")


def left_of(fault, candidates):
    kinds = Kinds(MODEL, 1e-3)

    def recorded(dt, trial, until):
        return record_of_student(Student(lambda: Neuron(fault), MODEL, "call"), dt, trial, until)

    trials = further_trials(kinds, 300, (), None, 1)
    return told_apart(candidates, trials, ("v", "s"), 1e-6, recorded)


@pytest.mark.parametrize(("fault", "cause"), [("from the end", END), ("nothing", NOTHING)])
def test_rounding_to_steps_shows_at_another_step(fault, cause):
    assert left_of(fault, (END, NOTHING)) == (cause,)


def test_none_is_left_out_where_all_are_wrong_or_all_are_the_same():
    assert left_of("exchanged", (END, NOTHING)) == (END, NOTHING)
    again = Fault({"period": "end", "stamp": "crossing"}, "the same")
    assert left_of("from the end", (END, again)) == (END, again)


def test_further_trials_come_with_their_step():
    steps = [kinds.dt for kinds, _ in further_trials(Kinds(MODEL, 1e-3), 50, (), None, 1)]
    assert steps == [1e-3] * 4 + [7e-4] * 4
