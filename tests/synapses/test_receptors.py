"""Receptors and couplings as objects: values, names, comparisons, and what is refused."""

import pickle

import pytest

import rheobase as rb
from rheobase import synapses
from rheobase.errors import EquationError, UnitError, WiringError
from rheobase.units import mM, ms, mV, nS, um

CASES = {
    "a time is missing its unit": (
        lambda: synapses.Exponential(tau=2, E=0 * mV), UnitError,
        "Exponential: tau: expected a time, got the plain number 2", "write tau=2*ms"),
    "a potential of another dimension": (
        lambda: synapses.Alpha(tau=2 * ms, E=3 * nS), UnitError, "Alpha: E: expected a voltage"),
    "a time of zero": (
        lambda: synapses.Exponential(tau=0 * ms, E=0 * mV), UnitError,
        "Exponential: tau is above 0, got 0 ms (a time)", "write tau=2*ms"),
    "a negative area": (
        lambda: synapses.Exponential(2 * ms, 0 * mV, area=-1 * um**2), UnitError,
        "Exponential: area is above 0", "write area=20000*um**2"),
    "a rise as long as the decay": (
        lambda: synapses.DualExponential(2 * ms, 2 * ms, 0 * mV), UnitError,
        "DualExponential: tau_rise is below tau_decay",
        "with one time constant, write rb.synapses.Alpha(tau=...)"),
    "a rise as long as the decay of a current": (
        lambda: synapses.DualExponentialCurrent(2 * ms, 2 * ms), UnitError,
        "with one time constant, write rb.synapses.AlphaCurrent(tau=...)"),
    "a rise above the decay": (
        lambda: synapses.LinearNMDA(tau_rise=200 * ms), UnitError,
        "given: tau_rise = 200 ms (a time), tau_decay = 100 ms (a time)", "exchange them"),
    "magnesium without its unit": (
        lambda: synapses.NMDA(Mg=1), UnitError, "NMDA: Mg: expected", "write Mg=1*mM"),
    "a name that is none": (
        lambda: synapses.Exponential(2 * ms, 0 * mV, name="a b"), EquationError,
        "Exponential: 'a b' cannot be the name of a receptor", 'write name="fast"'),
    "a coupling that is no text": (
        lambda: synapses.Coupling(3), EquationError, "Coupling: expected a text, got int",
        'write rb.synapses.Coupling("sin(theta_pre - theta_post)")'),
    "a coupling that reads no target": (
        lambda: synapses.Coupling("x_pre**2"), EquationError,
        "the text reads nothing of the target: no name ends in _post",
        'net.connect(..., of="x", to="I")'),
    "a coupling that reads no source": (
        lambda: synapses.Coupling("x_post"), EquationError,
        "the text reads nothing of the source: no name ends in _pre"),
    "a coupling that is no sum of products": (
        lambda: synapses.Coupling("1 + tanh(x_pre - x_post)"), EquationError,
        "tanh(x_pre - x_post) is no sum of products of a function of the source and one of the "
        "target", "      ^^^^", "tanh(x_pre) - tanh(x_post)"),
    "a coupling with another name": (
        lambda: synapses.Coupling("K*x_pre*x_post"), rb.errors.UnknownNameError, "K"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refusals(case):
    act, error, *words = CASES[case]
    with pytest.raises(error) as caught:
        act()
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in:\n{caught.value}"


def test_receptors_are_equal_by_their_values():
    one = synapses.Exponential(tau=2 * ms, E=0 * mV)
    assert one == synapses.Exponential("0.002 second", "0 volt")
    assert hash(one) == hash(synapses.Exponential("0.002 second", "0 volt"))
    assert one != synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    assert one != synapses.Alpha(tau=2 * ms, E=0 * mV)
    assert synapses.GapJunction() != synapses.GapJunction(rectifying=True)
    assert synapses.Coupling("x_pre - x_post") == synapses.Coupling("(x_pre-x_post)")


@pytest.mark.parametrize("made", [
    synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa"),
    synapses.DualExponential(1 * ms, 2 * ms, 0 * mV, area=100 * um**2),
    synapses.NMDA(Mg=2 * mM),
    synapses.GapJunction(rectifying=True),
    synapses.Coupling("sin(a_pre - a_post)", name="phase"),
])  # fmt: skip
def test_they_print_as_they_are_written_and_are_copied(made):
    names = {"rb": rb, "ms": ms, "mV": mV, "um": um, "mM": mM}
    assert eval(repr(made), names) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_what_a_model_plus_a_receptor_refuses():
    ampa = synapses.Exponential(tau=2 * ms, E=0 * mV)
    twice = rb.models.LIF + ampa
    with pytest.raises(WiringError, match="the model of 'LIF' has E_exponential, exponential"):
        twice + ampa
    with pytest.raises(TypeError):
        3 + ampa


def test_names_that_are_not_there():
    with pytest.raises(AttributeError, match=r"did you mean rb\.synapses\.Exponential"):
        synapses.Exponentiall  # noqa: B018
    assert {"Exponential", "GapJunction", "NMDA"} <= {*dir(synapses)}
