"""The net input in three ways, and the angle between vectors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase import nn
from rheobase.errors import ShapeError, UnknownNameError

VECTORS = st.integers(1, 12).flatmap(
    lambda n: st.tuples(*[st.lists(st.floats(-1e3, 1e3), min_size=n, max_size=n)] * 2)
)


@given(VECTORS)
def test_three_ways_are_one(vectors):
    a, w = vectors
    want = math.fsum(x * y for x, y in zip(a, w, strict=True))
    size = math.fsum(abs(x * y) for x, y in zip(a, w, strict=True))
    for how in ("loop", "sum", "dot"):
        assert abs(nn.net_input(a, w, how=how) - want) <= 1e-13 * size + 1e-300
    assert nn.net_input(a, w) == nn.net_input(a, w, "dot")


def test_angles():
    assert nn.angle([1.0, 0.0], [0.0, 3.0]) == pytest.approx(math.pi / 2)
    assert nn.angle([1.0, 2.0], [-2.0, -4.0]) == pytest.approx(math.pi)
    assert nn.angle([1.0, 2.0], [3.0, 6.0]) == pytest.approx(0.0, abs=1e-15)
    assert nn.angle([1.0, 0.0], [1.0, 1e-9]) == pytest.approx(1e-9)  # arccos would give 0
    assert nn.angle([1e200, 0.0], [1e200, 1e200]) == pytest.approx(math.pi / 4)
    assert nn.angle([1e-300, 0.0], [0.0, 1e-300]) == pytest.approx(math.pi / 2)


@given(st.floats(0.01, 3.1))
def test_an_angle_is_found_again(theta):
    assert nn.angle([1.0, 0.0], [np.cos(theta), np.sin(theta)]) == pytest.approx(theta, rel=1e-12)


def test_errors():
    with pytest.raises(
        UnknownNameError, match=r"no way 'summ'; did you mean 'sum'\?\nexpected: 'loop"
    ):
        nn.net_input([1.0], [1.0], how="summ")
    with pytest.raises(
        ShapeError, match=r"net_input takes two vectors of one length\nexpected: shap"
    ):
        nn.net_input([1.0, 2.0], [1.0])
    with pytest.raises(ShapeError, match=r"given: \(1, 2\) and \(2,\)"):
        nn.angle([[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ShapeError, match="the second vector is 0: it has no direction"):
        nn.angle([1.0, 2.0], [0.0, 0.0])
