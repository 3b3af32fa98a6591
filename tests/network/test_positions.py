import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from rheobase.errors import ShapeError, UnitError, WiringError
from rheobase.network import positions
from rheobase.units import mm, ms, um


def test_positions_are_metres_and_cannot_be_written():
    found = positions.positions_si(np.array([[1.0, 2.0], [3.0, 4.0]]) * um, 2)
    np.testing.assert_allclose(found, [[1e-6, 2e-6], [3e-6, 4e-6]])
    assert not found.flags.writeable
    assert positions.positions_si([1, 2, 3] * mm, 3).shape == (3, 1)


def test_positions_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError) as refused:
        positions.positions_si(np.zeros((3, 2)) * um, 4)
    assert str(refused.value) == (
        "positions: not one position for each cell\n"
        "expected: shape (4, D), with D from 1 to 3\n"
        "given: shape (3, 2)"
    )
    with pytest.raises(UnitError, match="positions: expected a length, got"):
        positions.positions_si(np.zeros((3, 2)) * ms, 3)
    with pytest.raises(WiringError, match="cell 1 has a coordinate that is not finite"):
        positions.positions_si(np.array([0, np.nan]) * um, 2)


def test_distances_are_euclidean():
    rng = np.random.default_rng(0)
    here, there = rng.random((5, 3)), rng.random((7, 3))
    found = positions.distances(here[:, None], there[None])
    np.testing.assert_allclose(found, cdist(here, there))


@given(
    st.lists(st.floats(0, 1, exclude_max=True), min_size=4, max_size=4),
    st.floats(0.2, 3),
)
def test_distances_on_a_torus_are_the_shortest_way_round(coordinates, side):
    here, there = np.array(coordinates[:2]) * side, np.array(coordinates[2:]) * side
    found = positions.distances(here, there, np.array([side]))
    shifts = np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1)]) * side
    assert found == pytest.approx(cdist(here[None], there + shifts).min(), abs=1e-9)


def test_a_period_that_does_not_fit_is_refused():
    with pytest.raises(ShapeError) as refused:
        positions.distances(np.zeros((2, 2)), np.zeros((2, 2)), np.ones(3))
    assert "expected: 2 lengths, or one for all\ngiven: 3 lengths" in str(refused.value)
    with pytest.raises(WiringError) as wrong:
        positions.period_lengths([1, 0] * mm, "within")
    assert "within: period is not a positive length" in str(wrong.value)
    assert "write period=1000*um" in str(wrong.value)
    assert positions.period_lengths(None, "within") is None


def test_a_length_that_is_none_is_refused():
    with pytest.raises(UnitError) as refused:
        positions.length(100, "distance", "within", "within(100*um)")
    assert "within: distance: expected a length, got the plain number 100" in str(refused.value)
    assert "write rb.rules.within(100*um)" in str(refused.value)
    with pytest.raises(WiringError, match="within: distance is not a positive length"):
        positions.length(-1 * um, "distance", "within", "within(100*um)")


@pytest.mark.parametrize("period", [None, np.array([1.0]), np.array([1.0, 1.5])])
@pytest.mark.parametrize("reach", [0.05, 0.3, 2.0])
def test_neighbors_by_tree_and_by_all_distances(monkeypatch, period, reach):
    rng = np.random.default_rng(1)
    here, there = rng.random((60, 2)) * 1.4 - 0.2, rng.random((80, 2))
    apart = positions.distances(here[:, None], there[None], period)
    expected = np.nonzero(apart <= reach)
    for few in (1 << 22, 0):
        monkeypatch.setattr(positions, "_FEW_PAIRS", few)
        pieces = list(positions.neighbors(here, there, reach, period))
        i, j, found = (np.concatenate(part) for part in zip(*pieces, strict=True))
        np.testing.assert_array_equal(i, expected[0])
        np.testing.assert_array_equal(j, expected[1])
        np.testing.assert_array_equal(found, apart[expected])


def test_neighbors_are_found_where_a_remainder_rounds_up():
    at = np.array([[-1e-20], [0.5], [1 - 1e-17]])
    pieces = list(positions.neighbors(np.tile(at, (3000, 1)), at, 1e-3, np.array([1.0])))
    assert sum(i.size for i, _, _ in pieces) == 5 * 3000


def test_spatial_rules_are_the_same_by_tree(monkeypatch, quick):
    from tests.network.drawn import realize

    from rheobase.network import rules

    at = np.random.default_rng(2).random((300, 2)) * 1e-3
    for rule in (
        rules.within(50 * um, 0.5, period=1 * mm),
        rules.gaussian(8 * um, autapses=False, period=[1, 1] * mm),
    ):
        pairs = []
        for few in (1 << 22, 0):
            monkeypatch.setattr(positions, "_FEW_PAIRS", few)
            ids = np.arange(300)
            made = realize(
                rule, ids, ids, same=True, random=quick, pre_positions=at, post_positions=at
            )
            pairs.append(np.stack([made.pre, made.post]))
        assert pairs[0].shape[1] > 30
        np.testing.assert_array_equal(pairs[0], pairs[1])
