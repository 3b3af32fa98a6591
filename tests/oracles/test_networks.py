"""Networks of publications, shortened, against the figures known of them."""

import numpy as np
import pytest

from rheobase.bench import attractors, published


def rates_of(result, groups, edges):
    """Mean rates in Hz of groups of cells of E, of shape (group, bin)."""
    spikes = result.spikes["E"]
    rows = []
    for cells in groups:
        chosen = np.isin(spikes.ids, cells.indices)
        counts = np.histogram(spikes.times[chosen], edges)[0]
        rows.append(counts / np.diff(edges) / cells.size)
    return np.array(rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_izhikevich_2003(seed):
    """E 7.3 to 8.2 Hz, I 7.1 to 7.8 Hz over five seeds of the published program; rhythms."""
    spikes = published.izhikevich_2003(seed).run("1 second").spikes["cells"]
    excitatory = np.count_nonzero(spikes.ids < 800) / 800
    inhibitory = np.count_nonzero(spikes.ids >= 800) / 200
    assert 7.0 < excitatory < 8.6
    assert 6.7 < inhibitory < 8.2
    counts = np.histogram(spikes.times, np.arange(0, 1.0005, 1e-3))[0]
    power = np.abs(np.fft.rfft(counts - counts.mean()))[1:200] ** 2
    frequency = np.arange(1, 200)

    def share(low, high):
        return power[(frequency >= low) & (frequency < high)].mean() / power.mean()

    assert share(6, 14) > 4  # alpha
    assert share(30, 60) > 3 * share(60, 100)  # gamma


@pytest.mark.parametrize(("currents", "low", "high"), [(False, 15.5, 21.0), (True, 4.8, 5.9)])
def test_vogels_abbott_2005(currents, low, high):
    """Irregular activity of 17.8 to 19.1 Hz (conductances), 5.1 to 5.5 Hz (currents)."""
    result = published.vogels_abbott_2005(1, currents=currents).run("1.2 second")
    late = result.spikes["cells"].between("0.2 second", "1.2 second")
    assert low < late.count / 4000 < high
    if not currents:  # with currents, a second is too short for intervals
        assert 0.9 < np.nanmean(late.cv()) < 1.9


@pytest.mark.parametrize(("coherence", "seed"), [(51.2, 1), (51.2, 2), (-51.2, 3)])
def test_wang_2002_decides_by_the_evidence(coherence, seed):
    """About 2 Hz before; then the pool with more evidence wins, and silences the other."""
    net = attractors.wang_2002(coherence, seed)
    result = net.run("1.5 second")
    groups = [attractors.pool(net, attractors.WANG_2002, k) for k in (0, 1)]
    rates = rates_of(result, groups, np.array([0.1, 0.5, 1.2, 1.5]))
    winner, loser = (0, 1) if coherence > 0 else (1, 0)
    assert np.all((rates[:, 0] > 0.5) & (rates[:, 0] < 5))
    assert 20 < rates[winner, 2] < 60
    assert rates[loser, 2] < 6
    inhibitory = result.spikes["I"].between("0.1 second", "0.5 second").count / 0.4 / 400
    assert 4 < inhibitory < 12


def test_brunel_wang_2001_remembers():
    """The pool that was shown a stimulus fires at 20 to 40 Hz after its end, the others at 2."""
    net = attractors.brunel_wang_2001(cue=3, seed=2)
    result = net.run("1.6 second")
    groups = [attractors.pool(net, attractors.BRUNEL_WANG_2001, k) for k in range(5)]
    rates = rates_of(result, groups, np.array([0.1, 0.5, 1.1, 1.6]))
    assert np.all(rates[:, 0] < 5)
    assert 15 < rates[3, 2] < 50
    assert np.all(np.delete(rates[:, 2], 3) < 6)
