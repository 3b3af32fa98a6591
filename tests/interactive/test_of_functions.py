"""A function under sliders: it is called at every position, with quantities."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnknownNameError, UserError
from rheobase.interactive import Curve, Lines, Raster
from rheobase.units import Hz, ms, pA, second


def pair(weight, onset=5 * ms, start=0):
    net = rb.Network(dt=0.5 * ms)
    first, other = (net.add(rb.models.LIF, name=name) for name in ("first", "other"))
    net.inject(first, rb.stimuli.step(800 * pA, start=onset))
    net.connect(first, other, weight=weight)
    net.record(other, "v", every=1 * ms)
    return net


def test_a_network_is_built_and_run_at_every_position():
    player = rb.interact(pair, weight=(0, 4000) * pA, steps=3, duration=50 * ms)
    assert [type(panel) for panel in player.panels] == [Lines, Raster, Curve]
    alone = pair(4000 * pA).run(50 * ms)
    shown = player.value(weight=4000 * pA)
    np.testing.assert_array_equal(shown.traces["other"], alone.traces["other"].v[:, 0])
    assert {name: trains.count for name, trains in shown.spikes.items()} == {
        name: trains.count for name, trains in alone.spikes.items()}  # fmt: skip
    count = sum(trains.count for trains in alone.spikes.values())
    assert shown.readings["mean rate"] == pytest.approx(count / 2 / 0.05)
    assert player.value(weight=0 * pA).spikes["other"].count == 0


def test_only_the_cells_and_variables_that_are_wanted():
    player = rb.interact(pair, weight=(0, 100) * pA, steps=2, duration=10 * ms, cells="first")
    assert [type(panel) for panel in player.panels] == [Raster, Curve]
    assert list(player.panels[0].groups) == ["first"]
    player = rb.interact(pair, weight=(0, 100) * pA, steps=2, duration=10 * ms, record="v",
                         cells=["other"])  # fmt: skip
    assert player.panels[0].title == "v (mV)"


def test_words_and_plain_numbers_are_given_as_they_are():
    seen = []

    def build(kind, gain):
        seen.append((kind, gain))
        return pair(100 * pA)

    rb.interact(build, kind=["a", "b"], gain=(1, 2), steps={"gain": 2}, duration=5 * ms)
    assert seen == [("a", 1.0), ("a", 2.0), ("b", 1.0), ("b", 2.0)]


def test_results_and_spike_trains_are_taken_too():
    def trains(rate):
        return rb.stimuli.regular_spikes([rate], [1 * second])

    def result(rate):
        net = rb.Network(dt=1 * ms)
        net.add(trains(rate), name="source")
        return net.run(1 * second)

    player = rb.interact(result, rate=[10, 20] * Hz)
    assert player.value(rate=20 * Hz).spikes["source"].count == 20
    same = rb.interact(lambda rate: result(rate).spikes["source"], rate=[10, 20] * Hz)
    assert same.value(rate=20 * Hz).readings == {"mean rate": 20.0}


def test_long_ones_show_how_far_they_are(monkeypatch):
    seen = []

    class Display:
        def draw(self, share, text):
            seen.append((round(share, 6), text))

        def end(self, text):
            seen.append("end")

    monkeypatch.setattr("rheobase.progress.SHOWN_AFTER", 0)
    monkeypatch.setattr("rheobase.progress.REDRAWN_EVERY", 0)
    monkeypatch.setattr("rheobase.progress._find_display", lambda enabled: Display())
    rb.interact(pair, weight=[0, 1, 2] * pA, duration=10 * ms)
    *drawn, last = seen
    assert [share for share, _ in drawn] == [0.333333, 0.666667, 1.0] and last == "end"
    assert drawn[1][1].startswith("rb.interact: 20 of 30 ms")


def test_measures_have_labels_with_units():
    measure = {
        "peak (mV)": lambda result: result.traces["other"].v.max(),
        "spikes": lambda result: result.spikes["first"].count,
    }
    player = rb.interact(pair, weight=(0, 9) * pA, steps=2, duration=10 * ms, measure=measure)
    peak, spikes = player.panels[2:]
    assert (peak.name, peak.unit, spikes.name, spikes.unit) == ("peak", "mV", "spikes", "")
    assert player.value().readings["peak"] == pytest.approx(-65)


def nothing(weight):
    return None


def silent(weight):
    net = rb.Network()
    net.add(rb.models.RateUnit, name="unit")
    return net


@pytest.mark.parametrize("function, options, error, text", [
    (pair, dict(wieght=(0, 1) * pA), UnknownNameError, "'wieght'; did you mean weight?"),
    (pair, dict(onset=(0, 1) * ms), UserError, "pair needs weight, which no slider gives"),
    (pair, dict(start=(0, 1) * ms), UserError, 'rb.interact(build, {"start": (0, 1)})'),
    (pair, dict(weight=(0, 1) * pA), UserError, "how long is the network to be run?"),
    (nothing, dict(weight=(0, 1)), UserError, "returns no network, result or spike trains\n"
                                              "given: NoneType"),
    (silent, dict(weight=(0, 1), duration=1 * ms), UserError, "there is nothing to show"),
    (pair, dict(weight=(0, 1) * pA, duration=1 * ms, cells="thrid"), UnknownNameError,
     "there is no population 'thrid'"),
    (pair, dict(weight=(0, 1) * pA, duration=1 * ms, record="u"), UnknownNameError,
     "no variable 'u' was recorded"),
    (pair, dict(weight=(0, 1) * pA, dt=1 * ms), UserError, "dt is for a model, and this is a "
                                                           "function\nsay it in the function"),
    (pair, dict(weight=(0, 1) * pA, duration=1 * ms, measure={"x": lambda result: "much"}),
     UserError, "what is measured as 'x' is no number"),
])  # fmt: skip
def test_what_is_refused(function, options, error, text):
    with pytest.raises(error) as caught:
        rb.interact(function, **options)
    assert text in str(caught.value)


def test_runs_that_recorded_something_else_are_refused():
    def grows(size):
        net = rb.Network()
        net.add(rb.models.LIF, int(size), name="cells")
        return net

    with pytest.raises(ShapeError, match=r"the run at size = 2\.0 recorded something else"):
        rb.interact(grows, size=[1, 2], duration=1 * ms)


def test_places_on_cells_with_a_morphology_are_drawn():
    active = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])
    passive = rb.Membrane([rb.channels.Leak])
    shape = rb.Morphology.ball_and_stick("20 um", "300 um", "2 um")
    cell = rb.Cell(shape, {"soma": active, "dendrite": passive}, max_length="30 um")

    def build(current, size=1):
        net = rb.Network(dt=0.05 * ms, seed=1)
        cells = net.add(cell, int(size), name="cells")
        net.inject(cells.at("soma"), rb.stimuli.step(current))
        net.record(cells.at("dendrite", fraction=[0.05, 0.95]), "v", every=1 * ms, name="along")
        net.record(cells, "m_Na", every=1 * ms, name="gates")
        return net

    player = rb.interact(build, current=(0, 300) * pA, steps=2, duration=20 * ms)
    voltage, gate, *_ = player.panels
    assert list(voltage.lines) == ["dendrite 25 \u00b5m", "dendrite 295 \u00b5m"]
    assert list(gate.lines) == ["soma 0 \u00b5m"]  # the dendrite has none
    alone = build(300 * pA).run(20 * ms).traces["along"].v
    np.testing.assert_array_equal(voltage.lines["dendrite 295 \u00b5m"][1], alone[:, 1])
    player = rb.interact(lambda current: build(current, 2), current=(0, 300) * pA, steps=2,
                         duration=5 * ms)  # fmt: skip
    assert list(player.panels[0].lines)[2] == "[1] dendrite 25 \u00b5m"
