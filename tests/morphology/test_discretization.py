import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.morphology.dense_trees import any_tree, dense
from tests.morphology.random_trees import input_resistance, morphologies

import rheobase as rb
from rheobase.morphology import d_lambda
from rheobase.units import Hz, cm, ms, ohm, uF, um

SETTINGS = settings(max_examples=40, deadline=None)


@SETTINGS
@given(morphologies(), st.integers(1, 6))
def test_area_volume_and_paths_do_not_depend_on_how_many(morphology, count):
    one, many = morphology.discretize(1), morphology.discretize(count)
    for name in ("area", "volume", "length"):
        assert getattr(many, name).sum() == pytest.approx(getattr(one, name).sum(), rel=1e-12)
    for k, section in enumerate(morphology.sections):
        nodes = many.at(section=k)
        assert len(nodes) == count
        assert many.area[nodes].sum() == pytest.approx(section.area, rel=1e-12)
        np.testing.assert_allclose(
            many.path[nodes], morphology.path_at(k, (np.arange(count) + 0.5) / count)
        )
        assert (many.area[nodes] > 0).all()


@SETTINGS
@given(morphologies(most=10), st.integers(1, 5))
def test_nodes_come_after_their_parents_and_resistances_add_up(morphology, count):
    found = morphology.discretize(count, axial_resistivity=1 * ohm * cm)
    assert found.parent[0] == -1 and found.conductance_to_parent[0] == 0
    assert (found.parent[1:] < np.arange(1, found.nodes)).all() and (found.parent[1:] >= 0).all()
    assert (found.conductance_to_parent[1:] > 0).all()
    for k, section in enumerate(morphology.sections):
        if k and section.parent_fraction == 1.0 and section.parent:
            parent = morphology.sections[section.parent]
            middle, above = found.at(section=k, fraction=0.5)[0], found.first[section.parent]
            if count % 2:
                ohms, node = 0.0, middle
                while node != above + count // 2:
                    ohms += 1 / found.conductance_to_parent[node]
                    node = found.parent[node]
                want = (
                    parent.resistance
                    - float(parent.profile.resistance_to(np.array([parent.length / 2]))[0])
                    + float(section.profile.resistance_to(np.array([section.length / 2]))[0])
                )
                assert ohms == pytest.approx(0.01 * want, rel=1e-9)


@SETTINGS
@given(morphologies(), st.integers(1, 4))
def test_junctions_stand_where_branches_meet(morphology, count):
    found = morphology.discretize(count)
    junctions = np.flatnonzero(found.is_junction)
    meeting = sum(len(leaving) > 1 for leaving in morphology.leaving_end)
    at_start = [s for s in morphology.sections[1:] if s.parent == 0 and s.parent_fraction == 0]
    assert len(junctions) == meeting + (len(at_start) > 1)
    assert len(found.membrane) + len(junctions) == found.nodes
    assert len(found.membrane) == found.size == len(found)
    for node in junctions:
        assert (found.parent == node).sum() >= 2
        assert found.fraction[node] in (0.0, 1.0) and found.length[node] == 0


def test_a_cylinder_of_rallpack_1():
    cable = rb.Morphology.cylinder(length=1000 * um, diameter=1 * um)
    found = cable.discretize(1 * um, axial_resistivity=100 * ohm * cm)
    assert found.counts == (1000,)
    np.testing.assert_allclose(found.area, np.pi * 1e-12, rtol=1e-10)
    want = np.pi * 0.25e-12 / (1.0 * 1e-6)
    np.testing.assert_allclose(found.conductance_to_parent[1:], want, rtol=1e-10)
    np.testing.assert_allclose(found.path, (np.arange(1000) + 0.5) * 1e-6, rtol=1e-12)
    np.testing.assert_allclose(found.start[1:], found.end[:-1], atol=1e-18)


def test_a_binary_tree_of_rallpack_2():
    tree = rb.Morphology.tree(levels=10, length=32 * um, diameter=16 * um)
    found = tree.discretize(1, axial_resistivity=100 * ohm * cm)
    assert (found.nodes, len(found)) == (1023 + 511, 1023)
    last = tree.sections[-1]
    assert (last.length, 2 * last.radii[0]) == (pytest.approx(4e-6), pytest.approx(0.25e-6))
    # equal to a cylinder of 320 um x 16 um, steady state (mV for 0.1 nA, E -65)
    v = input_resistance(found, 0, 1 / 4.0) * 0.1e-9 * 1e3 - 65
    tips = found.at(branch_order=9)
    assert np.ptp(v[tips]) < 1e-9
    assert v[0] == pytest.approx(-40.079011, abs=0.05)
    assert v[tips[0]] == pytest.approx(-40.158546, abs=0.05)


def test_dendrites_of_a_cylinder_s_input_resistance():
    cable = rb.Morphology.cylinder(length=1000 * um, diameter=1 * um)
    found = cable.discretize(1 * um, axial_resistivity=100 * ohm * cm)
    v = input_resistance(found, 0, 1 / 4.0)  # lambda 1 mm: r_a lambda coth(1)
    assert v[0] == pytest.approx(4 / (np.pi * 1e-12) * 1e-3 / np.tanh(1.0), rel=1e-3)


def test_the_pyramidal_cell_is_that_of_neuron():
    """NEURON 9.0.2, Import3d_SWC_read, d_lambda 0.1 at 100 Hz, R_a 100, C_m 1, g 0.1 mS/cm**2."""
    cell = rb.morphology.examples.pyramidal()
    found = cell.discretize(d_lambda(0.1, frequency=100 * Hz), axial_resistivity=100 * ohm * cm,
                            capacitance=1 * uF / cm**2)  # fmt: skip
    assert len(cell.sections) == 220
    assert len(found.membrane) == sum(found.counts) == 654
    assert sorted(found.counts)[-8:] == [9, 9, 9, 9, 11, 11, 13, 13]
    want = {"soma": 250.74373, "axon": 504.08239, "dendrite": 7441.19853,
            "apical_dendrite": 11526.12665}  # fmt: skip
    for region, area in want.items():
        nodes = found.at(section=cell.sections_of(region))
        assert found.area[nodes].sum() * 1e12 == pytest.approx(area, rel=1e-6)
    assert cell.statistics()["longest_path"].magnitude == pytest.approx(611.272005, rel=1e-6)
    soma = found.at("soma")[0]
    far = int(np.argmax(found.path * ~found.is_junction))
    v = input_resistance(found, soma, 1.0)
    assert v[soma] * 1e-6 == pytest.approx(66.5109211, rel=1e-6)
    assert v[far] * 1e-6 == pytest.approx(19.5800330, rel=1e-6)
    assert input_resistance(found, far, 1.0)[far] * 1e-6 == pytest.approx(1100.406755, rel=1e-6)


def test_the_rule_of_d_lambda():
    constant = rb.morphology.length_constant(1 * um, 100 * ohm * cm, 1 * uF / cm**2, 100 * Hz)
    assert constant.to("um").magnitude == pytest.approx(1e5 * np.sqrt(1 / (4e4 * np.pi)))
    cable = rb.Morphology.cylinder(length=500 * um, diameter=1 * um)
    rule = d_lambda(0.1, frequency=100 * Hz)
    assert repr(rule) == "rb.morphology.d_lambda(0.1, frequency=100*Hz)"
    count = int((500 / (0.1 * constant.to("um").magnitude) + 0.9) / 2) * 2 + 1
    assert cable.discretize(rule).counts == cable.discretize().counts == (count,) == (19,)
    assert rule.length_constant(cable.sections[0], 1.0, 0.01) == pytest.approx(282.09479e-6)
    assert cable.discretize(rule, axial_resistivity="400 ohm*cm").counts == (37,)
    assert cable.discretize(rule, capacitance="0.25 uF/cm**2").counts == (9,)


def test_rules_by_region_by_section_and_odd_numbers_where_a_soma_is_left():
    cell = rb.Morphology.tree(
        dict(length=20 * um, diameter=20 * um, region="soma", children=[
            dict(length=100 * um, diameter=2 * um, region="dendrite", at=0.5),
            dict(length=200 * um, diameter=1 * um, region="axon", at=0.5),
        ])
    )  # fmt: skip
    assert cell.discretize(10 * um).counts == (3, 10, 20)
    assert cell.discretize({"axon": 50 * um, "soma": 1, "dendrite": 5}).counts == (1, 5, 4)
    assert cell.discretize([2, 3, 4]).counts == (2, 3, 4)
    by_region = {"soma": 100 * ohm * cm, "dendrite": 200 * ohm * cm, "axon": 100 * ohm * cm}
    one = cell.discretize(4, axial_resistivity=100 * ohm * cm)
    two = cell.discretize(4, axial_resistivity=by_region)
    ratio = one.conductance_to_parent[1:] / two.conductance_to_parent[1:]
    dendrite = np.arange(one.size)[1:] // 4 == 1
    np.testing.assert_allclose(ratio, np.where(dendrite, 2.0, 1.0))
    # both leave the compartment that holds the middle, the third of four
    assert list(one.parent[one.first[1:]]) == [2, 2]


def test_what_leaves_the_start_of_the_root():
    pieces = [rb.morphology.section(length=100 * um, diameter=2 * um, parent=p, at=0.0)
              for p in (-1, 0, 0)]  # fmt: skip
    three = rb.Morphology(tuple(pieces)).discretize(2)
    assert list(three.parent) == [-1, 0, 0, 2, 3, 2, 5]
    assert list(np.flatnonzero(three.is_junction)) == [2]
    two = rb.Morphology(tuple(pieces[:2])).discretize(2, axial_resistivity=1 * ohm * cm)
    assert list(two.parent) == [-1, 0, 0, 2]
    # from center to center through the start: as far as between neighbors
    np.testing.assert_allclose(two.conductance_to_parent[1:], np.pi * 1e-12 / (0.01 * 50e-6))


def test_arrays_are_frozen():
    found = rb.Morphology.cylinder(length=10 * um, diameter=1 * um).discretize(2)
    with pytest.raises(ValueError, match="read-only"):
        found.area[0] = 1
    assert repr(found) == "<Compartments of cylinder: 2 in 1 sections, 0 junctions>"
    assert found.regions == ("dendrite",)


CELL = rb.Morphology.ball_and_stick(
    soma_diameter=20 * um, dendrite_length=100 * um, dendrite_diameter=2 * um
)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: CELL.discretize(5 * ms), ["max_length", "expected a length", "a time"]),
        (lambda: CELL.discretize(0), ["at least one compartment"]),
        (lambda: CELL.discretize(-1 * um), ["max_length is not a positive length"]),
        (lambda: CELL.discretize([1]), ["one rule for every section", "2 numbers"]),
        (lambda: CELL.discretize({"dend": 1}), ["no region 'dend'", 'did you mean "dendrite"?']),
        (lambda: CELL.discretize(1e-7 * um), ["compartments are more than", "larger max_length"]),
        (lambda: CELL.discretize(axial_resistivity=100), ["axial_resistivity", "ohm*cm"]),
        (lambda: CELL.discretize(axial_resistivity={"soma": 100 * ohm * cm}),
         ["says nothing of the region dendrite", "={..., 'dendrite': 100*ohm*cm}"]),
        (lambda: CELL.discretize(axial_resistivity=0 * ohm * cm), ["not a positive value"]),
        (lambda: d_lambda(0), ["d_lambda", "d_lambda(0.1, frequency=100*Hz)"]),
        (lambda: d_lambda(0.1, frequency=3 * um), ["frequency", "a rate"]),
        (lambda: d_lambda(0.1, frequency=0 * Hz), ["frequency is above 0"]),
    ],
)  # fmt: skip
def test_refused(call, words):
    with pytest.raises(rb.errors.UserError) as refused:
        call()
    for word in words:
        assert word in str(refused.value)


def eliminated(compartments):
    """The conductances between compartments, junctions eliminated."""
    matrix = np.zeros((compartments.nodes, compartments.nodes))
    for k, p in enumerate(compartments.parent):
        for a, b in ((k, p), (p, k)) if p >= 0 else ():
            matrix[a, a] += compartments.conductance_to_parent[k]
            matrix[a, b] -= compartments.conductance_to_parent[k]
    inner, outer = compartments.membrane, np.flatnonzero(compartments.is_junction)
    to_outer = np.linalg.solve(matrix[np.ix_(outer, outer)], matrix[np.ix_(outer, inner)])
    return matrix[np.ix_(inner, inner)] - matrix[np.ix_(inner, outer)] @ to_outer


@pytest.mark.parametrize("seed", range(25))
def test_matrices_of_any_tree_are_those_of_quadrature(seed):
    numbers = np.random.default_rng(seed)
    morphology = any_tree(numbers)
    counts = [int(n) for n in numbers.integers(1, 6, len(morphology.sections))]
    resistivity = {region: numbers.uniform(0.5, 3) for region in morphology.regions}
    given = {region: f"{value!r} ohm*metre" for region, value in resistivity.items()}
    got = morphology.discretize(counts, axial_resistivity=given)
    want = dense(morphology, counts, resistivity)
    inside = got.membrane
    np.testing.assert_allclose(got.area[inside], want.area, rtol=1e-9)
    np.testing.assert_allclose(got.diameter[inside], want.diameter, rtol=1e-9)
    np.testing.assert_allclose(got.path[inside], want.path, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(got.section[inside], want.section)
    scale = np.abs(want.conductance).max()
    np.testing.assert_allclose(eliminated(got), want.conductance, rtol=1e-7, atol=1e-9 * scale)
