"""Continuation along curves that are known."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.analysis.continuation import Curve
from rheobase.analysis.flows import flow_of


def curve_of(text, low=-1.0, high=1.0, **parameters):
    model = rb.Model(text + "\np : 1", parameters=dict(p=0, **parameters))
    return Curve(flow_of("bifurcations", model, {}), "p", low, high)


def test_a_curve_is_followed_round_folds_to_the_ends_of_the_range():
    curve = curve_of("dx/dt = (p - (x**3 - x))/ms : 1")
    scale = curve.flow.scale[0]
    points = curve.trace(np.array([0.0]), 0.5)
    y = np.array([p.y for p in points])
    x, p = y[:, 0] * scale, curve.value(y[:, 1])
    np.testing.assert_allclose(p, x**3 - x, atol=1e-10)
    assert sorted([p[0], p[-1]]) == pytest.approx([-1, 1])
    steps = np.linalg.norm(np.diff(y, axis=0), axis=1)
    assert steps.max() < 0.0105
    tangents = np.array([point.tangent for point in points])
    np.testing.assert_allclose(np.linalg.norm(tangents, axis=1), 1)
    assert np.min(np.sum(tangents[1:] * tangents[:-1], axis=1)) > 0.98
    folds = np.flatnonzero(np.diff(np.sign([point.fold for point in points])))
    assert len(folds) == 2
    for k in folds:
        found = curve.locate(points[k], points[k + 1], lambda point: point.fold)
        assert abs(found.y[0] * scale) == pytest.approx(1 / np.sqrt(3), abs=1e-9)


def test_unstable_directions_are_counted():
    curve = curve_of("dx/dt = x/ms : 1\ndy/dt = (p - y)/ms : 1")
    [point, *_] = curve.trace(np.array([0.0, 0.0]), 0.5)
    assert point.unstable == 1
    np.testing.assert_allclose(point.eigenvalues.real, [1e3, -1e3])
    assert point.hopf == pytest.approx(0, abs=1e-9)  # a neutral saddle


def test_a_point_is_on_a_branch_or_beside_it():
    curve = curve_of("dx/dt = (p - x)/ms : 1")
    points = curve.trace(np.array([0.0]), 0.5)
    scale = curve.flow.scale[0]
    assert curve.on(points, np.array([0.123 / scale]), (1 + 0.123) / 2)
    assert not curve.on(points, np.array([0.123 / scale + 0.01]), (1 + 0.123) / 2)


def test_a_branch_that_runs_away_ends_far_from_where_states_are():
    curve = curve_of("dx/dt = (p*x - 1)/ms : 1")
    points = curve.trace(np.array([1.0 / curve.flow.scale[0]]), 1.0)
    x = points[0].y[0] * curve.flow.scale[0], points[-1].y[0] * curve.flow.scale[0]
    assert max(np.abs(x)) > 30
    assert len(points) < 3000
