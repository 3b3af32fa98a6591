"""Trials make neurons fire, and are the same for the same seed."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.check.cells import Cell, Kinds
from rheobase.check.trials import Trials, count_spikes

DT = {"NormalizedLIF": 1e-3}


def trials_of(name, steps=1000, seed=1, weight=None):
    model = getattr(rb.models, name)
    dt = DT.get(name, 1e-4)
    inputs = [e.name for e in model.inputs]
    kind = Kinds(model, dt).of()
    return Trials(kind, dt, steps, np.random.default_rng(seed), inputs, weight), kind, dt


@pytest.mark.parametrize(
    "name", ["NormalizedLIF", "LIF", "DeltaLIF", "ConductanceLIF", "AdEx", "Izhikevich",
             "HodgkinHuxley"]
)  # fmt: skip
def test_random_trials_make_it_fire_but_not_all_the_time(name):
    maker, kind, dt = trials_of(name)
    made = maker.made(2)
    counts = [count_spikes(Cell(kind, dt), trial) for trial in made]
    assert counts[0] >= 1 and 2 <= counts[1] <= 0.2 * 1000


def test_weights_of_one_port_have_both_signs_of_several_none_is_negative():
    maker, *_ = trials_of("NormalizedLIF")
    weights = [w for arrivals in maker.random("").arrivals for _, w in arrivals]
    assert min(weights) < 0 < max(weights)
    assert max(map(len, maker.random("").arrivals)) == 2
    maker, *_ = trials_of("ConductanceLIF")
    arrivals = [one for some in maker.random("").arrivals for one in some]
    assert {port for port, _ in arrivals} == {"excitatory", "inhibitory"}
    assert all(w > 0 for _, w in arrivals)


def test_the_same_seed_gives_the_same_trials_and_a_weight_is_kept():
    first, second, other = (trials_of("NormalizedLIF", seed=s)[0].random("") for s in (4, 4, 5))
    assert first == second and first.arrivals != other.arrivals
    maker, *_ = trials_of("NormalizedLIF", weight=0.02)
    sizes = [abs(w) for arrivals in maker.random("").arrivals for _, w in arrivals]
    assert min(sizes) >= 0.01 and max(sizes) <= 0.03


def test_the_trial_at_threshold_meets_it_exactly():
    maker = trials_of("NormalizedLIF")[0]
    trial = maker.at_threshold()
    assert trial.arrivals == [[("s", 1.0)], [], []]
    assert 0.001 * ((1.0 / 0.05 - 0) / 0.02) == 1.0
    assert trials_of("HodgkinHuxley")[0].at_threshold() is None
    assert trials_of("LIF")[0].at_threshold() is None  # on the grid the state tells nothing
