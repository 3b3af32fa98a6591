"""Tasks: the published sets, point for point where they are points."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import nn
from rheobase.errors import ShapeError, UserError


def test_random_patterns_are_bernoulli_spikes_with_random_labels() -> None:
    x, y = nn.tasks.random_patterns(seed=2)
    assert x.shape == (256, 200, 100)
    assert x.dtype == bool
    assert x.mean() == pytest.approx(0.005, rel=0.05)
    assert set(y) == {0, 1}
    assert abs(y.mean() - 0.5) < 0.1
    again, _ = nn.tasks.random_patterns(seed=2)
    np.testing.assert_array_equal(x, again)
    other, _ = nn.tasks.random_patterns(seed=3)
    assert np.any(other != x)


def yin_yang_by_hand(x: float, y: float) -> int:
    """The rule as the data set's paper words it."""
    right, left = np.hypot(x - 0.75, y - 0.5), np.hypot(x - 0.25, y - 0.5)
    if right < 0.1 or left < 0.1:
        return 2
    return int(0.1 < left <= 0.25 or (y > 0.5 and right > 0.25))


def test_yin_yang_follows_its_rule() -> None:
    x, y = nn.tasks.yin_yang(2000, seed=7)
    np.testing.assert_allclose(x[:, 2:], 1 - x[:, :2])
    assert np.all(np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5) <= 0.5)
    assert [yin_yang_by_hand(*point[:2]) for point in x] == list(y)
    assert np.bincount(y).min() > 600


def test_yin_yang_is_the_published_set() -> None:
    """The first points of the training set are NumPy's RandomState(42), drawn as published."""
    rng = np.random.RandomState(42)
    want: list[tuple[float, float, int]] = []
    for _ in range(50):
        goal = rng.randint(3)
        while True:
            x, y = rng.rand(2)
            inside = np.sqrt((x - 0.5) ** 2 + (y - 0.5) ** 2) <= 0.5
            if inside and yin_yang_by_hand(x, y) == goal:
                break
        want.append((x, y, goal))
    points, labels = nn.tasks.yin_yang(50)
    np.testing.assert_allclose(np.column_stack([points[:, :2], labels]), want)


def test_randman_spikes_once_a_unit_and_lies_on_smooth_manifolds() -> None:
    x, y = nn.tasks.randman(3, 20, 50, samples=200, dimensions=1, seed=1)
    assert x.shape == (600, 50, 20)
    assert np.all(x.sum(axis=1) == 1)
    assert np.bincount(y).tolist() == [200, 200, 200]
    times = x.argmax(axis=1)
    for k in range(3):
        # every unit uses all of the time, and few directions hold most of what differs
        own = times[y == k]
        assert np.all(own.min(axis=0) == 0)
        assert np.all(own.max(axis=0) == 49)
        spread = np.linalg.svd(own - own.mean(axis=0), compute_uv=False) ** 2
        assert spread[:6].sum() > 0.9 * spread.sum()


def test_sizes_must_be_positive() -> None:
    with pytest.raises(ShapeError, match="steps = 0: a whole number is needed, at least 1"):
        nn.tasks.random_patterns(steps=0)
    with pytest.raises(ShapeError, match="samples = 0: a whole number"):
        nn.tasks.yin_yang(0)
    with pytest.raises(ShapeError, match=r"samples = 2\.5: a whole number"):
        nn.tasks.yin_yang(2.5)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="probability = 5 is none: give 0 to 1"):
        nn.tasks.random_patterns(probability=5)
