"""Noise at half a step adds up to that of the whole step, and is as good a sample."""

import numpy as np
import pytest
from scipy import stats

from rheobase.rendering import random
from rheobase.rendering.refining import Draws

SEED, STREAM, SIZE = 7, random.stream_of("a", "xi"), 4000
STEPS = range(6)


def white(level, step):
    return Draws(level).of_site("normal", "xi", SEED, STREAM, 0, SIZE, step)


def test_at_level_0_nothing_is_changed():
    for step in STEPS:
        plain = random.normal(SEED, STREAM, 0, SIZE, step, 0)
        np.testing.assert_array_equal(white(0, step), plain)
        np.testing.assert_array_equal(Draws().correlated(SEED, STREAM, SIZE, step, 0.9), plain)
        np.testing.assert_array_equal(
            Draws().of_site("normal", "randn_1", SEED, STREAM, 0, SIZE, step), plain
        )
        np.testing.assert_array_equal(
            Draws().poisson(SEED, STREAM, SIZE, step, 3.0),
            random.poisson(SEED, STREAM, 0, SIZE, step, 0, 3.0),
        )
    uniform = Draws().of_site("uniform", "rand_1", SEED, STREAM, 0, 9, 3)
    np.testing.assert_array_equal(uniform, random.uniform(SEED, STREAM, 0, 9, 3))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_two_halves_of_white_noise_add_up(level):
    for step in STEPS:
        halves = white(level, 2 * step) + white(level, 2 * step + 1)
        np.testing.assert_allclose(halves / np.sqrt(2), white(level - 1, step), atol=1e-14)


@pytest.mark.parametrize("level", [1, 2])
def test_halves_of_white_noise_are_independent_and_normal(level):
    drawn = np.concatenate([white(level, step) for step in range(8)])
    assert stats.kstest(drawn, "norm").pvalue > 0.01
    for apart in (1, 2, 3):
        correlation = np.corrcoef(white(level, 0), white(level, apart))[0, 1]
        assert abs(correlation) < 4 / np.sqrt(SIZE)


@pytest.mark.parametrize("level", [1, 2])
def test_two_half_steps_of_a_correlated_process_are_the_whole_step(level):
    tau, dt = 3.0, 0.5
    state = np.linspace(-2, 2, SIZE)

    def after(level, step, state):
        decay = np.exp(-dt / 2**level / tau)
        kick = np.sqrt(-np.expm1(-2 * dt / 2**level / tau))
        return decay * state + kick * Draws(level).correlated(SEED, STREAM, SIZE, step, decay)

    whole = after(level - 1, 3, state)
    halves = after(level, 7, after(level, 6, state))
    np.testing.assert_allclose(halves, whole, atol=1e-13)
    first = Draws(level).correlated(SEED, STREAM, SIZE, 6, 0.9)
    second = Draws(level).correlated(SEED, STREAM, SIZE, 7, 0.9)
    assert stats.kstest(first, "norm").pvalue > 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(SIZE)


@pytest.mark.parametrize("expected", [0.05, 3.0, 80.0])
@pytest.mark.parametrize("level", [1, 2])
def test_half_counts_add_up_and_are_poisson(expected, level):
    fine, coarse = expected / 2**level, expected / 2 ** (level - 1)
    found = [Draws(level).poisson(SEED, STREAM, SIZE, step, fine) for step in range(4)]
    whole = [Draws(level - 1).poisson(SEED, STREAM, SIZE, step, coarse) for step in range(2)]
    for step in range(2):
        np.testing.assert_array_equal(found[2 * step] + found[2 * step + 1], whole[step])
    together = np.concatenate(found).astype(float)
    error = np.sqrt(fine / together.size)
    assert abs(together.mean() - fine) < 4 * error
    assert together.var() == pytest.approx(fine, rel=0.1)
    assert abs(np.corrcoef(found[0], found[1])[0, 1]) < 4 / np.sqrt(SIZE)


def test_random_numbers_of_equations_are_held():
    for site, law in (("randn_1", "normal"), ("rand_1", "uniform")):
        numbers = [Draws(2).of_site(law, site, SEED, STREAM, 0, 9, step) for step in range(8)]
        whole = [Draws(0).of_site(law, site, SEED, STREAM, 0, 9, step) for step in range(2)]
        for step in range(8):
            np.testing.assert_array_equal(numbers[step], whole[step // 4])


@pytest.mark.parametrize("size", [1, 3, 5, 400, 600])
def test_numbers_drawn_ahead_are_those_of_their_step(size):
    draws = Draws()
    rng = np.random.default_rng(1)
    for step in [*range(5), *rng.integers(0, 5000, 20), 2**40, 3]:
        found = draws.of_site("normal", "xi", SEED, STREAM, 4, 4 + size, int(step))
        np.testing.assert_array_equal(found, random.normal(SEED, STREAM, 4, 4 + size, int(step), 0))
        found[:] = 0  # whoever has them may change them
