"""Streams of random numbers: every place has its own, wherever it is asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rheobase.rendering import random
from rheobase.simulation.streams import RandomStream


@given(seed=st.integers(0, 2**63 - 1), first=st.integers(0, 10**6), draw=st.integers(0, 9))
def test_a_place_has_its_number_in_any_company(seed, first, draw):
    stream = RandomStream.of(seed, "cells", "v")
    elements = np.arange(first, first + 20)
    for law in (stream.words, stream.uniform, stream.normal):
        all_ = law(elements, 3, draw)
        np.testing.assert_array_equal(law(elements[7:9], 3, draw), all_[7:9])
        np.testing.assert_array_equal(law(elements[::-1], 3, draw), all_[::-1])
        table = law(elements[None, :], np.array([[3], [4]]), draw)
        assert table.shape == (2, 20)
        np.testing.assert_array_equal(table[0], all_)


def test_names_make_streams():
    assert RandomStream.of(1, "a", "b").stream == random.stream_of("a", "b")
    assert RandomStream.of(1, "a", "b").stream != RandomStream.of(1, "ab").stream


def test_numbers_are_those_of_the_engine():
    drawn = RandomStream(5, 77).uniform(np.arange(40), 9, 2)
    np.testing.assert_array_equal(drawn, random.uniform(5, 77, 0, 40, 9, 2))
    drawn = RandomStream(5, 77).normal(np.arange(40), 9, 2)
    np.testing.assert_array_equal(drawn, random.normal(5, 77, 0, 40, 9, 2))
