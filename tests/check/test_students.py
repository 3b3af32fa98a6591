"""What is no neuron is refused with what is missing; functions of state become neurons."""

import re

import pytest
from tests.check.neurons_of_students import Neuron, function

import rheobase as rb
from rheobase.check.students import Student, StudentError, is_function_of_state
from rheobase.errors import UserError
from rheobase.units import ms

MODEL = rb.models.NormalizedLIF


def check(make):
    return rb.check.neuron(make, like=MODEL, dt=1 * ms)


def without(name):
    """Return a class of neurons without an attribute or method."""
    body = {"step": lambda self, dt: None, "receive": lambda self, weight: None, "v": 0.0,
            "s": 0.0, "spikes": []}  # fmt: skip
    body.pop(name)
    return type("Cell", (), body)


@pytest.mark.parametrize("name", ["v", "spikes", "step", "receive"])
def test_what_is_missing_is_named(name):
    kind = "method" if name in ("step", "receive") else "attribute"
    with pytest.raises(UserError) as error:
        check(without(name))
    text = str(error.value)
    assert text.startswith(f"rb.check.neuron: your Cell has no {kind} `{name}`")
    assert "given: it has: " in text and "class Neuron:" in text


def test_another_spelling_is_recognized():
    class Cell:
        V, spikes = 0.0, []

        def step(self, dt): ...
        def receive(self, weight): ...

    with pytest.raises(UserError, match="has no attribute `v`; is it what you call `V`"):
        check(Cell)


def test_states_other_than_the_first_are_compared_only_where_they_are():
    class OnlyV:
        def __init__(self):
            self._own = Neuron()

        v = property(lambda self: self._own.v)
        spikes = property(lambda self: self._own.spikes)

        def receive(self, weight):
            self._own.receive(weight)

        def step(self, dt):
            self._own.step(dt)

    assert "(v, spikes compared after every step)" in str(check(OnlyV))


def test_what_cannot_be_made_is_refused():
    with pytest.raises(UserError, match=r"the first argument is called to make a new neuron"):
        check(Neuron())
    with pytest.raises(UserError, match=r"make\(\) gave None\nlet the function end with `return"):
        check(lambda: None)

    def broken():
        return 1 / 0

    with pytest.raises(UserError, match=r"make\(\) raised ZeroDivisionError.*\n  in line \d+: ret"):
        check(broken)

    class Needs(Neuron):
        def __init__(self, tau_m):
            super().__init__()

    with pytest.raises(UserError, match=r"missing 1 required .*'tau_m'(.|\n)*lambda: MyNeuron\("):
        check(Needs)

    class Attribute(Neuron):
        step = 3

    with pytest.raises(UserError, match=r"`step` of your neuron is no method\ngiven: 3"):
        check(Attribute)

    class Count(Neuron):
        def __init__(self):
            super().__init__()
            self.spikes = 0

    with pytest.raises(UserError, match="`spikes` of your neuron is no list of times\ngiven: 0"):
        check(Count)


def test_what_goes_wrong_on_the_way_is_reported():
    class Text(Neuron):
        def step(self, dt):
            super().step(dt)
            self.v = "high" if self.t > 0.01 else self.v

    assert "Your neuron stopped: `v` of your neuron is no number: 'high'" in str(check(Text))

    class Forgets(Neuron):
        def step(self, dt):
            super().step(dt)
            if self.t > 0.03:
                self.spikes = []

    assert "`spikes` of your neuron became shorter: 1 spikes, then 0" in str(check(Forgets))


def test_quantities_are_read_by_their_units():
    student = Student(Neuron, MODEL, "call")
    student.made.v = 0.25 * rb.units.second / rb.units.second
    student.made.spikes.append(3 * ms)
    assert student.values() == {"v": 0.25, "s": 0.0}
    assert student.new_spikes() == [pytest.approx(0.003)] and student.new_spikes() == []
    student.made.v = [1, 2]
    with pytest.raises(StudentError, match=r"`v` of your neuron is no number: \[1, 2\]"):
        student.values()


def test_functions_of_state_are_told_from_functions_that_make_neurons():
    assert is_function_of_state(function)
    assert not is_function_of_state(Neuron) and not is_function_of_state(lambda: Neuron())

    def forgets(state, dt, arrived):
        state["v"] += dt

    text = str(check(forgets))
    assert "step(0.001) raised TypeError: it returned None, and should return the state" in text

    def loses(state, dt, arrived):
        return {"v": 0.0}

    assert re.search(r"the state it returned has no 's'", str(check(loses)))
