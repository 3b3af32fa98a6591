"""Conditions that stop a run, and the texts of their errors."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms

RAMP = rb.Model("dv/dt = slope : 1\nslope : Hz", parameters=dict(slope=1000 * Hz), name="Ramp")


@pytest.fixture
def ramp():
    net = rb.Network(dt=0.1 * ms, seed=1)
    return net, net.add(RAMP, 3, name="ramp")


@pytest.mark.parametrize("stop_when, end", [
    ("any(ramp.v >= 2.95)", 3), ("all(ramp.v > 3.5) and mean(ramp.v) < 100", 4),
    ("max(ramp.v) - min(ramp.v) > 5*ramp_2.v", 0), (lambda net: net.time > 6.5 * ms, 7),
    ("ramp_2.v > 2.5", 0), ("sum(abs(ramp.v)) > 12.1 or not any(ramp.v < 100)", 5),
    ("mean(ramp.v > 2.5) > 0.5", 3), ("any(ramp.slope < 0*Hz)", 0),
])  # fmt: skip
def test_a_run_stops_when_a_condition_holds(ramp, backend, stop_when, end):
    net, _ = ramp
    net.add(RAMP(slope=1 * Hz), name="ramp_2")
    result = net.run(10 * ms, backend=backend, stop_when=stop_when)
    assert result.stop == pytest.approx((end or 10) * 1e-3)
    if end:
        assert result.note.startswith(f"stop_when held at {end} ms: ")
    else:
        assert result.note == ""
    assert net.time.to(ms).magnitude == pytest.approx(end or 10)


def test_conditions_are_looked_at_every_millisecond_of_a_run(ramp):
    net, _ = ramp
    net.run(0.5 * ms, backend="interpreter")
    seen = []
    net.run(3 * ms, backend="interpreter",
            stop_when=lambda network: seen.append(network.time.to(ms).magnitude))  # fmt: skip
    np.testing.assert_allclose(seen, [1.5, 2.5, 3.5])
    coarse = rb.Network(dt=3 * ms)
    coarse.run(9 * ms, backend="interpreter",
               stop_when=lambda network: seen.append(network.time.to(ms).magnitude))  # fmt: skip
    np.testing.assert_allclose(seen[3:], [3, 6, 9])


@pytest.mark.parametrize("text, error, words", [
    ("any(ramp.V > 1)", rb.errors.UnknownNameError, ["no variable 'V'; did you mean v?"]),
    ("any(rmp.v > 1)", rb.errors.UnknownNameError,
     ["stop_when: there is no population 'rmp'; did you mean ramp?", "there are: ramp"]),
    ("any(ramp > 1)", rb.errors.UnknownNameError, ["ramp is a population", "ramp.v", "^^^^"]),
    ("any(ramp.v > 1*mV)", rb.errors.UnitError, ["stop_when", "^"]),
    ("any(ramp.v)", rb.errors.EquationError, ["any takes a condition", "any(cells.v > -20*mV)"]),
    ("mean(ramp.v)", rb.errors.EquationError, ["stop_when: expected a condition"]),
    ("any(ramp.v > 1, 2)", rb.errors.EquationError, ["any takes 1 argument, here it has 2"]),
    ("some(ramp.v > 1)", rb.errors.UnknownNameError, ["unknown function some"]),
    ("ramp.v > 1", rb.errors.EquationError, ["one value for each cell", "any(...) or all(...)"]),
    ("any(ramp.v > )", rb.errors.EquationError, ["stop_when"]),
])  # fmt: skip
def test_refused_conditions(ramp, text, error, words):
    with pytest.raises(error) as refused:
        ramp[0].run(5 * ms, backend="interpreter", stop_when=text)
    for word in words:
        assert word in str(refused.value)


def test_a_condition_shows_its_text_as_it_was_written(ramp):
    with pytest.raises(rb.errors.UserError) as refused:
        ramp[0].run(1 * ms, stop_when="any(ramp.v > xyz)")
    assert "any(ramp.v > xyz)\n" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("any(v > 0*mV)", r"v is no variable of a population(.|\n)*any\(c\.v > \.\.\.\)"),
        ("t > 5*ms", r"stop_when=lambda net: net\.time > 5\*ms"),
        ("c.v > -20*mV", r"one value for each cell(.|\n)*write any\(\.\.\.\) or all\(\.\.\.\)"),
    ],
)
def test_a_wrong_stop_condition_is_refused_before_the_run(text, message):
    net = rb.Network(dt=0.1 * ms, seed=1)
    net.add(rb.models.LIF, 3, name="c")
    with pytest.raises(rb.errors.UserError, match=message):
        net.run(5 * ms, backend="interpreter", stop_when=text)
    assert net.time.magnitude == 0


def test_a_stop_function_may_take_nothing():
    net = rb.Network(dt=0.1 * ms, seed=1)
    net.add(rb.models.LIF, 3, name="c")
    result = net.run(5 * ms, backend="interpreter", stop_when=lambda: True)
    assert result.stop == pytest.approx(0.001)
