"""Detectors in the engine: the definition by hand, and plans that are wrong."""

from dataclasses import replace

import numpy as np
import pytest
from tests.simulation.cable_nets import ball_and_stick

import rheobase as rb
from rheobase.engine import detectors
from rheobase.engine.cables import UNKNOWN
from rheobase.engine.checks import check
from rheobase.engine.partition import shares
from rheobase.errors import InternalError
from rheobase.units import ms


def plan_of(crossing="grid"):
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(ball_and_stick(crossing=crossing), 9, name="cells")
    net.detect(cells.at("dendrite", fraction=(0.2, 0.8)), "v > -20*mV", name="far")
    net._assembly.prepare("interpreter")
    return net._assembly.engine.plan


def set_voltages(plan, values):
    """Let the places of detectors have voltages [V]."""
    ((_, found),) = detectors.detectors(plan)
    places, elements = detectors.looked_at(plan, found)
    for place, element, value in zip(places, elements, values, strict=True):
        plan.populations[place].arrays["v"][element] = value
    return found


@pytest.mark.parametrize("crossing", ["grid", "linear"])
def test_a_spike_is_a_rise_above_the_threshold(crossing):
    plan = plan_of(crossing)
    found = set_voltages(plan, np.full(18, -0.065))
    detectors.begin_slice(plan)
    np.testing.assert_array_equal(found.arrays["above"], 0)
    rises = np.full(18, -0.065)
    rises[[1, 4]] = [0.025, -0.0199]
    set_voltages(plan, rises)
    detectors.update(plan, found)
    assert list(np.flatnonzero(found.arrays["spiked"])) == [1, 4]
    if crossing == "linear":
        shares_of_step = [45 / 90, 45 / 45.1]
        np.testing.assert_allclose(found.arrays["offset"][[1, 4]],
                                   5e-5 * np.array(shares_of_step))  # fmt: skip
    detectors.update(plan, found)  # still above
    assert not found.arrays["spiked"].any()
    set_voltages(plan, np.full(18, -0.02))  # not above: it is the threshold
    detectors.update(plan, found)
    assert not found.arrays["above"].any()


def test_what_is_above_at_first_is_seen_at_first_only():
    plan = plan_of()
    found = set_voltages(plan, np.linspace(-0.03, -0.01, 18))
    found.arrays["above"][:] = UNKNOWN
    detectors.begin_slice(plan)
    assert list(found.arrays["above"]) == [0] * 9 + [1] * 9
    set_voltages(plan, np.full(18, 0.0))
    detectors.begin_slice(plan)
    assert list(found.arrays["above"]) == [0] * 9 + [1] * 9
    np.testing.assert_array_equal(found.arrays["before"], 0.0)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_thread_has_the_detectors_of_its_cells(threads):
    plan = plan_of()
    ((place, found),) = detectors.detectors(plan)
    covered = []
    for share in shares(plan, threads):
        lo, hi = share.own(place)
        first, last = share.own(found.cable)
        assert np.all((found.cells[lo:hi] >= first) & (found.cells[lo:hi] < last))
        covered += range(lo, hi)
    assert covered == list(range(18))


def test_wrong_plans_are_refused():
    plan = plan_of()
    ((place, found),) = detectors.detectors(plan)
    for wrong, words in (
        (dict(cells=found.cells[::-1].copy()), "detectors are not ascending"),
        (dict(cells=found.cells + np.int32(9)), "cells lie in 9"),
        (dict(threshold=found.threshold[:3]), "one of each is needed"),
        (dict(cable=place), "its cells come later"),
    ):
        populations = [*plan.populations]
        populations[place] = replace(found, **wrong)
        with pytest.raises(InternalError) as caught:
            check(replace(plan, populations=populations))
        assert words in str(caught.value)
    with pytest.raises(InternalError) as caught:
        detectors.looked_at(plan, replace(found, cable=place))
    assert "which has no compartments" in str(caught.value)
