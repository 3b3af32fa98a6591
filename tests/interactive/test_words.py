"""Numbers as they are printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.interactive.words import number_labels


@pytest.mark.parametrize("values, labels", [
    ([0, 0.5, 1], ("0.0", "0.5", "1.0")),
    ([-0.4, 0, 0.4], ("−0.4", "0.0", "0.4")),
    ([1, 2, 3], ("1", "2", "3")),
    ([0, 12.5, 25], ("0.0", "12.5", "25.0")),
    ([1e-7, 2e-7], ("1e−07", "2e−07")),
])  # fmt: skip
def test_numbers_have_the_decimals_that_tell_them_apart(values, labels):
    assert number_labels(values) == labels


@given(st.integers(2, 40), st.floats(-1e3, 1e3), st.floats(1e-2, 1e3))
def test_labels_of_equal_steps_differ(count, low, width):
    labels = number_labels([low + width * k / (count - 1) for k in range(count)])
    assert len(set(labels)) == count
    assert "-" not in "".join(labels)
