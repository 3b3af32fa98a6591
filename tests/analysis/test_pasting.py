"""Models and numbers are written as one would write them again."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.analysis.pasting import model_text, numbers_text, unit_of_values, values_text
from rheobase.units import cm, mS, ms, nA, pA, parse_unit, um


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (rb.models.LIF, "rb.models.LIF"),
        (rb.models.LIF(), "rb.models.LIF"),
        (rb.models.LIF(tau_m=20 * ms), "rb.models.LIF(tau_m=20*ms)"),
        (rb.models.HodgkinHuxley(g_Na=100 * mS / cm**2),
         "rb.models.HodgkinHuxley(g_Na=100*mS/cm**2)"),
        (rb.models.LIF(method="euler"), "model"),
        (rb.models.AdEx.variants["initial burst"], "model"),
        (rb.Model("dv/dt = -v/tau : 1", parameters=dict(tau=10 * ms)), "model"),
    ],
)  # fmt: skip
def test_a_model_is_written_as_it_can_be_made(model, text):
    assert model_text(model) == text
    if text != "model":
        again = eval(text, {"rb": rb, **vars(rb.units)})
        assert dict(again.defaults) == pytest.approx(dict(model.defaults))


def test_numbers_are_listed_or_a_range():
    pico = parse_unit("pA")
    assert numbers_text(5, pico) == "5*pA"
    assert numbers_text([1, 2.5], pico) == "[1, 2.5]*pA"
    assert numbers_text(np.arange(0, 31, 2), pico) == "np.linspace(0, 30, 16)*pA"
    assert numbers_text([1, 2], parse_unit("1")) == "[1, 2]"


def test_what_has_a_wrong_unit_keeps_its_numbers():
    pico = parse_unit("pA")
    assert values_text([1, 2], pico, "usual") == "[1, 2]*pA"
    assert values_text(3 * ms, pico, "usual") == "3*pA"
    for nothing in (None, [], [np.nan], "some", [[1, 2]], ["1 pA", "2 ms"]):
        assert values_text(nothing, pico, "usual") == "usual"


def test_a_list_is_in_the_unit_of_its_first_entry():
    pico = parse_unit("pA")
    assert unit_of_values([1 * nA, 2 * pA], pico).text == "nA"
    assert unit_of_values(["1 uA", "2 pA"], pico).text == "uA"
    assert unit_of_values([1, 2] * nA, pico).text == "nA"
    assert unit_of_values([1, 2], pico).text == "pA"


def test_what_is_no_model_is_told_what_to_write():
    calls = rb.analysis
    membrane = rb.Membrane([rb.channels.Leak])
    shape = rb.Morphology.cylinder(length=10 * um, diameter=1 * um)
    cell = rb.Cell(shape, membrane)
    cells = rb.Network().add(rb.models.LIF, name="cells")
    more = {calls.phase_plane: ["v", "w"], rb.levels.reduce: ["LIF", [1, 2] * nA]}
    for call, given, words in [
        (calls.rheobase, membrane, "no model and no cell\ngiven: Membrane: L\nwrite rb.analysis."
         "rheobase(membrane.point(area=20000*um**2), ...), or rb.analysis.rheobase(rb.Cell("),
        (calls.input_resistance, shape, "write rb.analysis.input_resistance(rb.Cell(morphology, "),
        (calls.fixed_points, membrane, "no model\ngiven: Membrane: L\nwrite fixed_points(membrane."
         "point(area=20000*um**2), ...)"),
        (calls.phase_plane, cell, "it takes one point: phase_plane(membrane.point("),
        (calls.behavior, cell, "rb.analysis.behavior: this is no model\ngiven: <Cell cylinder"),
        (calls.chronaxie, cells, "give what its cells are, which is what net.add was given: "),
        (rb.levels.reduce, cell, "rb.levels.reduce: this is no model\ngiven: <Cell cylinder"),
        (calls.behavior, 3, "this is no model\ngiven: 3\nwrite rb.analysis.behavior(rb.models."),
    ]:  # fmt: skip
        with pytest.raises(rb.errors.WiringError) as refused:
            call(given, *more.get(call, []))
        assert words in str(refused.value)
