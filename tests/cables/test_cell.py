"""`rb.Cell`: checks, values by region and distance, where it spikes, text and pictures."""

import copy
import pickle

import numpy as np
import pytest

import rheobase as rb
from rheobase import errors
from rheobase.units import cm, kelvin, mS, ms, mV, ohm, uF, um

HH = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])
PASSIVE = rb.Membrane(
    [rb.channels.Leak(g=0.1 * mS / cm**2, E=-65 * mV)], capacitance=2 * uF / cm**2
)
SHAPE = rb.Morphology.ball_and_stick(
    soma_diameter=20 * um, dendrite_length=300 * um, dendrite_diameter=2 * um
)
BOTH = {"soma": HH, "dendrite": PASSIVE}


def made(**options):
    options.setdefault("max_length", 20 * um)
    return rb.Cell(SHAPE, options.pop("membrane", BOTH), **options)


def refused(error, *words, shape=SHAPE, membrane=BOTH, **options):
    with pytest.raises(error) as found:
        rb.Cell(shape, membrane, **options)
    for word in words:
        assert word in str(found.value), f"{word!r} is not in:\n{found.value}"


def test_what_it_holds():
    cell = made()
    assert cell.compartments.membrane.size == 16
    assert cell.membranes["soma"] is HH and cell.membranes["dendrite"] is PASSIVE
    assert repr(cell) == "<Cell ball and stick: 16 compartments (soma, dendrite)>"
    assert made(name="mine").name == "mine"
    text = str(cell)
    assert "soma: 1 compartment of up to 20 um, 1256.64 um**2, Membrane: Na, K, L" in text
    assert "dendrite: 15 compartments" in text
    assert "spikes where v of soma, 0 um from the soma's center, rises above -20 mV" in text
    assert "solved by Crank-Nicolson, damped after jumps" in text
    assert "solved by backward Euler" in str(made(method="backward_euler"))
    assert "never spikes" in str(made(spikes=None)) and made(spikes=None).threshold is None


def test_it_does_not_change():
    cell = made()
    with pytest.raises(errors.UserError, match="a Cell does not change: name cannot be set"):
        cell.name = "other"
    assert copy.deepcopy(cell) is cell and copy.copy(cell) is cell
    again = pickle.loads(pickle.dumps(cell))
    assert str(again) == str(cell)


def test_the_rule_of_lengths_reads_the_capacitance_of_regions():
    options = dict(max_length=rb.morphology.d_lambda(0.02), axial_resistivity=100 * ohm * cm)
    one = rb.Cell(SHAPE, PASSIVE, **options).compartments
    other = rb.Cell(SHAPE, PASSIVE(C_m=1 * uF / cm**2), **options).compartments
    assert one.size > other.size


def test_values_of_nodes():
    cell = made()
    sodium = cell.values("g_Na")
    assert sodium[0] == 1200 and np.isnan(sodium[1:]).all()
    np.testing.assert_allclose(cell.values("C_m")[:2], [0.01, 0.02])
    np.testing.assert_allclose(cell.values("area"), cell.compartments.area)
    with pytest.raises(errors.UnknownNameError, match="did you mean g_Na"):
        cell.values("gNa")


@pytest.mark.parametrize("value", [
    "0.1*mS/cm**2*exp(-distance/(100*um))",
    lambda d: 0.1 * mS / cm**2 * np.exp(-(d / (100 * um)).to("").magnitude),
])  # fmt: skip
def test_values_over_distance(value):
    cell = made(parameters={"dendrite": {"g_L": value}})
    inside = cell.compartments.region == 1
    want = np.exp(-cell.compartments.path[inside] / 100e-6)  # 0.1 mS/cm**2 is 1 S/m**2
    np.testing.assert_allclose(cell.values("g_L")[inside], want)
    assert cell.values("g_L")[0] == 3.0
    assert "  g_L: 0.00497871 to 0.3 mS/cm**2\n" in str(cell)  # 0.3 in the soma


def test_values_for_all_regions_that_have_them():
    cell = made(parameters={"g_L": 1 * mS / cm**2, "g_Na": 50 * mS / cm**2, "C_m": "3 uF/cm**2"})
    assert set(cell.values("g_L")) == {10.0}
    assert cell.values("g_Na")[0] == 500 and set(cell.values("C_m")) == {0.03}
    thick = made(parameters={"g_L": "1*mS/cm**2*(diameter/um)"})
    np.testing.assert_allclose(thick.values("g_L")[[0, 3]], [200, 20])


def test_regions_and_membranes():
    refused(errors.WiringError, "region without a membrane: dendrite",
            "one for each of: soma, dendrite", "given: soma", '"dendrite": membrane',
            membrane={"soma": HH})  # fmt: skip
    refused(errors.WiringError, "regions without a membrane: soma, dendrite", membrane={})
    refused(errors.UnknownNameError, "has no region 'dendrit'; did you mean 'dendrite'?",
            "its regions are: soma, dendrite", membrane={**BOTH, "dendrit": HH})  # fmt: skip
    refused(errors.WiringError, "this is no membrane", membrane=rb.channels.Leak)
    refused(errors.WiringError, "it has no membrane", "one for each of: soma, dendrite",
            membrane=None)  # fmt: skip
    refused(errors.WiringError, "what is given for 'soma' is no membrane",
            membrane={**BOTH, "soma": 3})  # fmt: skip
    refused(errors.WiringError, "the first argument is no morphology", shape="cell.swc")
    channel = rb.Channel("I = g*(v - E) : uA/cm**2\ng : mS/cm**2\nE : mV\nT_ref_Na = 1*ms : ms",
                         name="odd", parameters=dict(g="1 mS/cm**2", E="0 mV"))  # fmt: skip
    odd = rb.Membrane([channel])
    assert odd.patch() is not None


def test_parameters():
    refused(errors.UnknownNameError, "no parameter 'g_Na' of 'dendrite'",
            parameters={"dendrite": {"g_Na": 1 * mS / cm**2}})  # fmt: skip
    refused(errors.UnknownNameError, "did you mean g_L?", parameters={"g_l": 1 * mS / cm**2})
    refused(errors.UnknownNameError, "has no region 'dend'; did you mean 'dendrite'?",
            parameters={"dend": {"g_L": 1 * mS / cm**2}})  # fmt: skip
    refused(errors.WiringError, "the parameters of 'soma' are no dict", parameters={"soma": 3})
    refused(errors.UnitError, "Cell: g_L", parameters={"g_L": 1 * mV})
    refused(errors.UnitError, "g_L", parameters={"g_L": "1*mV*distance/um"})
    refused(errors.UnknownNameError, "distanc", parameters={"g_L": "1*mS/cm**2*distanc/um"})
    refused(errors.UserError, "not one value for each compartment",
            parameters={"g_L": [1, 2, 3] * mS / cm**2})  # fmt: skip
    refused(errors.UserError, "g_L is not finite at a distance of 0 um",
            parameters={"g_L": "1*mS/cm**2*um/distance"})  # fmt: skip
    refused(errors.UserError, "the capacitance per area is above 0",
            parameters={"C_m": "0 uF/cm**2"})  # fmt: skip


def test_values_are_told():
    told = made(
        parameters={"C_m": "2 uF/cm**2", "g_L": "0.1*mS/cm**2*(1 + distance/um)"}
    ).describe()
    assert "\n  C_m: 2 uF/cm**2\n" in told
    assert "\n  g_L: 0." in told and " to " in told.split("g_L: ")[1].splitlines()[0]
    with pytest.raises(errors.UnknownNameError, match="known here: distance, diameter"):
        made(parameters={"g_L": "0.1*mS/cm**2*branch_order"})


def test_where_it_spikes():
    assert made().site.node == 0 and made().threshold == -0.02
    assert made(spikes="v >= 5*mV").threshold == 0.005
    assert made(spikes=("soma", "-10*mV < v")).threshold == -0.01
    place = made(spikes=(dict(region="dendrite", fraction=1.0), "v > 0*mV")).site
    assert place.node == 15
    cable = rb.Morphology.cylinder(length=100 * um, diameter=1 * um)
    assert rb.Cell(cable, HH, max_length=10 * um).site.node == 0
    refused(errors.WiringError, "'dendrite' is 15 compartments", "fraction=0.0",
            spikes=("dendrite", "v > 0*mV"), max_length=20 * um)  # fmt: skip
    refused(errors.UserError, "axon", spikes=("axon", "v > 0*mV"))
    refused(errors.EquationError, "the condition compares v with a voltage", spikes="m > 0.5")
    refused(errors.EquationError, "the condition compares v with a voltage", spikes="v")
    refused(errors.UnitError, "spikes", spikes="v > 3*ms")
    refused(errors.WiringError, "a condition, or a place and a condition", spikes=3)


def test_arguments():
    refused(errors.UnknownNameError, "no argument 'Ra'; did you mean axial_resistivity?",
            Ra=100 * ohm * cm)  # fmt: skip
    refused(errors.UnknownNameError, "no argument 'cm'; did you mean C_m?", "parameters={...}",
            cm="1 uF/cm**2")  # fmt: skip
    refused(errors.UnknownNameError, "no argument 'max_lenght'; did you mean max_length?",
            max_lenght=3 * um)  # fmt: skip


def test_methods():
    refused(errors.WiringError, "there is no method 'euler'", 'method="crank_nicolson"',
            method="euler")  # fmt: skip
    refused(errors.WiringError, "there is no crossing 'exact'", crossing="exact")
    refused(errors.UnitError, "axial_resistivity", axial_resistivity=3 * ms)


def test_printed_values_are_those_of_all_compartments():
    membrane = rb.Membrane([rb.channels.HHSodium, rb.channels.Leak])  # g_Na is 120 mS/cm**2
    cell = rb.Cell(SHAPE, membrane, parameters={"soma": {"g_Na": 60 * mS / cm**2}})
    assert "  g_Na: 60 to 120 mS/cm**2\n" in str(cell)
    assert "  g_Na: 7 mS/cm**2\n" in str(cell(g_Na=7 * mS / cm**2))


def test_called_it_is_a_changed_copy():
    cell = made(parameters={"g_L": 0.2 * mS / cm**2})
    finer = cell(max_length=5 * um)
    assert len(finer.compartments) == 64 and len(cell.compartments) == 16
    np.testing.assert_allclose(finer.values("g_L"), 2)
    assert finer.membranes == cell.membranes and finer.name == cell.name
    assert cell(spikes=None).threshold is None and cell().threshold == cell.threshold
    other = cell(g_L=0.3 * mS / cm**2, C_m="3 uF/cm**2")
    np.testing.assert_allclose(other.values("g_L"), 3)
    np.testing.assert_allclose(other.values("C_m"), 0.03)
    np.testing.assert_allclose(cell.values("g_L"), 2)
    stick = rb.Morphology.cylinder(length=100 * um, diameter=1 * um)
    moved = rb.Cell(SHAPE, PASSIVE)(morphology=stick)
    assert moved.name == stick.name and list(moved.membranes) == list(stick.regions)
    assert cell(morphology=SHAPE, name="mine").name == "mine"
    for call, error, words in [
        (lambda: cell(max_lenght=5 * um), errors.UnknownNameError, "did you mean max_length?"),
        (lambda: cell(morphology=stick), errors.UnknownNameError, "has no region 'soma'"),
        (lambda: cell(g_L=1 * mV), errors.UnitError, "Cell: g_L"),
    ]:
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)
    with pytest.raises(errors.UserError, match="make another: cell") as caught:
        cell.name = "other"
    assert "cell(max_length=5*um)" in str(caught.value)


def test_without_a_soma_paths_begin_at_the_first_section():
    stick = rb.Morphology.cylinder(length=100 * um, diameter=1 * um)
    cell = rb.Cell(stick, PASSIVE, max_length=10 * um)
    assert ", 5 um from the start of the first section, rises above" in str(cell)
    assert "5 um from the soma's center, rises above" in str(made(max_length=10 * um))
    with pytest.raises(errors.UserError) as caught:
        cell.compartments.at(path=1 * um * 1000)
    assert "from the start of the first section" in str(caught.value)


def test_temperatures_may_be_in_kelvin():
    for given in (300 * kelvin, "300 kelvin", 26.85, {"soma": {"temperature": 300 * kelvin}}):
        parameters = given if isinstance(given, dict) else {"temperature": given}
        assert made(parameters=parameters).values("temperature")[0] == pytest.approx(26.85)
    refused(errors.UserError, "Cell: temperature: a temperature is above absolute zero, in degrees",
            "given: -300", "write temperature=37, or temperature=310.15*kelvin",
            parameters={"temperature": -300})  # fmt: skip
    refused(errors.UserError, "Cell: temperature: 310 degrees Celsius are too many for a cell; are "
            "they kelvin?", "write temperature=310*kelvin",
            parameters={"soma": {"temperature": 310}})  # fmt: skip


def test_conductances_are_not_negative():
    for given in ({"g_L": -1 * mS / cm**2}, {"dendrite": {"g_L": "-1*mS/cm**2"}}):
        refused(errors.UserError, "Cell: g_L is 0 or more", "given: g_L=-1*mS/cm**2",
                "write g_L=1*mS/cm**2", parameters=given)  # fmt: skip
    with pytest.raises(errors.UserError, match="g_L is 0 or more") as caught:
        PASSIVE(g_L=-1 * mS / cm**2)
    assert "write g_L=1*mS/cm**2" in str(caught.value)


def test_pictures():
    import matplotlib

    matplotlib.use("Agg")
    cell = made(parameters={"dendrite": {"g_L": "0.1*mS/cm**2*exp(-distance/(100*um))"}})
    for values in (None, "g_L", "distance", np.arange(16.0)):
        assert cell.plot(values) is not None
    tree = rb.Cell(rb.Morphology.tree(levels=3, length=30 * um, diameter=2 * um), PASSIVE)
    inside = tree.compartments.membrane.size
    assert len(tree.compartments) == tree.compartments.size == inside < tree.compartments.nodes
    assert f": {inside} compartments" in repr(tree)
    assert tree.compartments.path.size == tree.node_values("C_m").size == tree.compartments.nodes
    assert tree.values("C_m").shape == (inside,) and np.isfinite(tree.values("C_m")).all()
    for values in ("distance", "C_m", np.arange(inside) * mV, tree.values("C_m")):
        assert tree.plot(values) is not None
    with pytest.raises(errors.ShapeError, match=f"expected: {inside} values"):
        tree.plot(np.arange(2 * inside) * mV)
    with pytest.raises(errors.ShapeError) as caught:
        tree.plot(tree.compartments.path)
    text = str(caught.value)
    assert f"not one for each compartment of {tree.name}: they are for all nodes" in text
    assert f"expected: {inside} values" in text and "values[cell.compartments.membrane]" in text


def test_cells_are_equal_by_what_they_are():
    cell = made(parameters={"dendrite": {"g_L": "0.1*mS/cm**2*exp(-distance/(100*um))"}})
    same = made(parameters={"dendrite": {"g_L": "0.1*mS/cm**2*exp( -distance/(100*um) )"}})
    assert cell == same == pickle.loads(pickle.dumps(cell)) and hash(cell) == hash(same)
    for other in (
        made(), made(max_length=10 * um), made(spikes="v > 0*mV"), made(method="backward_euler"),
        made(axial_resistivity=150 * ohm * cm), made(name="other"), "x",
        made(membrane={"soma": HH, "dendrite": PASSIVE(g_L=0.2 * mS / cm**2)}),
    ):  # fmt: skip
        assert cell != other
        assert other in ("x", made()) or made() != other


@pytest.mark.parametrize("given", [10, 10.0, {"soma": 1, "dendrite": 10 * um}, [1, 5]])
def test_a_number_is_no_length(given):
    with pytest.raises(errors.UnitError) as refused:
        rb.Cell(SHAPE, PASSIVE, max_length=given)
    number = given if isinstance(given, (int, float)) else 1
    assert "max_length is a length, and a number has no unit" in str(refused.value)
    assert f"write max_length={number}*um" in str(refused.value)
    assert f"max_length=rb.morphology.per_section({number})" in str(refused.value)


def test_numbers_of_compartments():
    per_section = rb.morphology.per_section
    assert rb.Cell(SHAPE, PASSIVE, max_length=per_section(3)).compartments.counts == (3, 3)
    assert rb.Cell(SHAPE, PASSIVE, max_length=per_section([1, 4])).compartments.counts == (1, 4)
    mixed = rb.Cell(SHAPE, PASSIVE, max_length={"soma": per_section(1), "dendrite": 50 * um})
    assert mixed.compartments.counts == (1, 6)
    assert repr(per_section(3)) == "rb.morphology.per_section(3)"
    for wrong, said in ((2.5, "not a whole number of compartments"), (0, "at least one")):
        with pytest.raises(errors.UserError) as refused:
            per_section(wrong)
        assert said in str(refused.value)
    again = pickle.loads(pickle.dumps(mixed))
    assert again == mixed and again.compartments.counts == (1, 6)
