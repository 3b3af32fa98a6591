"""The examples of the documentation, against what is known of them."""

from pathlib import Path

import numpy as np
import pytest

from rheobase import modelfiles

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def run(name, *settings):
    return modelfiles.read(EXAMPLES / f"{name}.toml", settings).run(progress=False)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_an_example_can_be_checked(path):
    experiment = modelfiles.read(path)
    experiment.prepare()
    assert experiment.title and experiment.description
    assert str(path) in experiment.describe()


def test_the_ring_goes_round_as_in_the_tutorial():
    trains = run("ring").spikes["ring"]
    starts = np.array([burst.start for burst in trains.bursts(gap=0.15)[0]])
    assert len(trains[0]) == 25  # docs/tutorials/ring-oscillator.md, by hand-written code
    assert np.diff(starts)[-5:].mean() == pytest.approx(0.393, abs=5e-4)


def test_hodgkin_huxley_cells_fire_from_the_thresholds_on():
    counts = [len(train) for train in run("hodgkin-huxley").spikes["cells"]]
    assert counts[0] == 0 and counts[1] == 1 and counts[2] == 1  # 2.23, 2.25, 4 uA/cm2
    assert counts[5] > counts[4] > 5


def test_cuba_has_the_rate_of_the_benchmark():
    spikes = run("cuba", "run.duration=0.7 second").spikes["cells"]
    late = spikes.between(0.2, 0.7)
    assert 4.56 <= late.count / 4000 / 0.5 <= 6.09  # two independent programs, 10 % around


def test_one_unit_remembers_and_the_other_does_not():
    r = run("memory").traces["units"].r.values
    assert r[390, 0] > 0.9 and r[390, 1] < 0.05
    assert r[590].max() < 0.05


def test_synapses_further_away_arrive_smaller_and_later():
    result = run("ball-and-stick")
    seen = result.traces["synaptic potentials"].v
    assert seen.cell.values.tolist() == [0, 1, 2] and set(seen.region.values) == {"soma"}
    heights, peaks = seen.max("time").values, seen.argmax("time").values
    assert heights[0] > heights[1] > heights[2] > -65
    assert peaks[0] < peaks[1] < peaks[2]
    spikes = result.spikes["cells"]
    assert set(spikes.ids) == {3} and spikes.count > 2
    back = result.traces["action potentials"].v
    assert np.all(np.diff(back.path) > 0)
    assert np.all(np.diff(back.max("time")) < 0)  # a passive dendrite: smaller all the way


def test_a_pyramidal_cell_fires_and_its_action_potentials_go_back():
    result = run("pyramidal")
    soma, apical = result.traces["soma"].v, result.traces["apical dendrite"].v
    assert 4 <= result.spikes["cell"].count <= 12
    assert np.allclose(apical.path, 300e-6, atol=20e-6) and apical.sizes["site"] == 3
    assert float(soma.max()) > 15 > float(apical.max()) > -40
    w = result.traces["soma"].w_slow.values[:, 0]
    assert w[-1] > w[0]  # the slow current adds up over spikes
