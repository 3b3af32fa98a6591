import numpy as np
import pytest

from rheobase.errors import UserError
from rheobase.results import join


def test_consecutive_runs_become_one(make_result):
    first, second, third = make_result(0.0, 0.1), make_result(0.1, 0.2), make_result(0.2, 0.5)
    joined = join(first, second, third)
    assert (joined.start, joined.stop, joined.seed) == (0.0, 0.5, 7)
    parts = [result.spikes["cells"] for result in (first, second, third)]
    spikes = joined.spikes["cells"]
    for attribute in ("times", "ids", "steps"):
        expected = np.concatenate([getattr(part, attribute) for part in parts])
        np.testing.assert_array_equal(getattr(spikes, attribute), expected)
    assert (spikes.start, spikes.stop, spikes.size) == (0.0, 0.5, 5)
    for part in parts:
        assert spikes.between(part.start, part.stop) == part
    traces = joined.traces["near"]
    np.testing.assert_allclose(traces.time, np.arange(500) * 1e-3)
    np.testing.assert_array_equal(traces.v[100:200], second.traces["near"].v)
    assert traces.v.attrs["units"] == "mV"
    assert joined.timing.run == pytest.approx(1.2)
    assert joined.timing.peak_memory_bytes == 2**28
    assert joined.description == first.description
    assert list(joined.populations) == list(first.populations)


def test_the_note_of_the_last_run_is_kept(make_result):
    joined = join(make_result(0.0, 0.1), make_result(0.1, 0.2, note="interrupted"))
    assert joined.note == "interrupted"


@pytest.mark.parametrize("first, second, reason", [
    (dict(), dict(start=0.3, stop=0.4),
     "there is a gap between them: the first ends at 0.1 s, the second begins at 0.3 s"),
    (dict(), dict(), "they overlap: the first ends at 0.1 s, the second begins at 0 s"),
    (dict(start=0.1, stop=0.2), dict(),
     "they overlap: the first ends at 0.2 s, the second begins at 0 s"),
    (dict(), dict(start=0.1, stop=0.2, dt=2e-4), "the steps differ: 0.1 ms and 0.2 ms"),
    (dict(), dict(start=0.1, stop=0.2, seed=8),
     "they are of networks with other seeds: 7 and 8"),
    (dict(populations={"cells": 5}), dict(start=0.1, stop=0.2, populations={}),
     "they are of other populations: 'cells' of 5 and none"),
    (dict(), dict(start=0.1, stop=0.2, cells=(0, 3)),
     "the recording 'near' holds other variables or cells in the second"),
])  # fmt: skip
def test_other_runs_are_refused_with_the_reason(make_result, first, second, reason):
    with pytest.raises(UserError) as refused:
        join(make_result(**first), make_result(**second))
    assert str(refused.value) == (
        f"these results cannot be joined: {reason}\n"
        "join(first, second) takes consecutive runs of one network, in their order"
    )


def test_recordings_that_differ_are_named(make_result):
    first, second = make_result(), make_result(0.1, 0.2)
    bare = type(second)(
        list(second.spikes.values()), dt=second.dt, start=second.start, stop=second.stop,
        seed=second.seed, populations=second.populations,
    )  # fmt: skip
    with pytest.raises(UserError, match="joined: the recordings differ: 'near' and none\n"):
        join(first, bare)
    mute = type(second)(
        dt=second.dt, start=second.start, stop=second.stop, seed=second.seed,
        populations=second.populations,
    )  # fmt: skip
    with pytest.raises(UserError, match="the spikes kept differ: 'cells', 'quiet/%one' and none\n"):
        join(first, mute)


def test_only_results_are_joined():
    with pytest.raises(UserError, match=r"join takes results(.|\n)*given: int"):
        join(1, 2)
