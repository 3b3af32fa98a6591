"""Traces made small: never farther from the samples than is allowed, and read back."""

import base64
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rheobase.interactive.packing import FINEST, GAP, TOLERANCE, encode, kept_points, pack_lines


def between(values, keep):
    """The straight lines through what is kept, at every sample."""
    places = np.arange(values.shape[1])
    rows = [np.interp(places, places[row], trace[row])
            for trace, row in zip(values, keep, strict=True)]  # fmt: skip
    return np.array(rows)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(2, 50)),
               elements=st.floats(-100, 100)),
    st.floats(1e-3, 50),
)  # fmt: skip
def test_no_sample_is_farther_from_the_line_than_allowed(values, tolerance):
    keep = kept_points(values, tolerance)
    assert keep[:, 0].all() and keep[:, -1].all()
    assert np.abs(between(values, keep) - values).max() <= tolerance * (1 + 1e-9)


def test_a_straight_line_is_two_points_and_a_step_four():
    line = np.linspace(0, 7, 1000)[None]
    assert kept_points(line, 1e-6).sum() == 2
    step = np.repeat([0.0, 1.0], 500)[None]
    assert np.flatnonzero(kept_points(step, 1e-6)[0]).tolist() == [0, 499, 500, 999]


def test_traces_beside_each_other_do_not_touch():
    values = np.array([[0.0, 0.0, 0.0], [5.0, 5.0, 5.0]])
    assert kept_points(values, 1e-6).tolist() == [[True, False, True]] * 2


def test_gaps_and_their_edges_are_kept():
    values = np.zeros((1, 9))
    values[0, 4] = np.nan
    assert np.flatnonzero(kept_points(values, 1.0)[0]).tolist() == [0, 3, 4, 5, 8]


def unpack(packed):
    points = np.frombuffer(base64.b64decode(packed["points"]), "<u2").reshape(-1, 2)
    offsets = np.frombuffer(base64.b64decode(packed["offsets"]), "<u4")
    return [points[a:b] for a, b in pairwise(offsets)]


def test_what_is_packed_is_read_back_to_a_third_of_a_pixel():
    time = np.linspace(0, 20, 801)
    values = np.stack([a * np.sin(time) * np.exp(-time / 9) for a in (1.0, 3.0, 0.0)])
    low, high, height = float(values.min()), float(values.max()), 200
    packed = pack_lines(values, low, high, height)
    for points, trace in zip(unpack(packed), values, strict=True):
        read = low + points[:, 1] / FINEST * (high - low)
        found = np.interp(np.arange(801), points[:, 0], read)
        pixels = np.abs(found - trace).max() / (high - low) * height
        assert pixels <= TOLERANCE + 0.01
    sizes = [len(points) for points in unpack(packed)]
    assert sizes[2] == 2 and sizes[1] < 200


def test_a_gap_has_a_number_of_its_own():
    (points,) = unpack(pack_lines(np.array([[0.0, np.nan, 1.0]]), 0.0, 1.0, 100))
    assert points.tolist() == [[0, 0], [1, GAP], [2, FINEST]]


def test_bytes_are_little_endian():
    assert base64.b64decode(encode(np.array([1, 256], "<u2"))) == b"\x01\x00\x00\x01"
