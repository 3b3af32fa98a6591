from types import SimpleNamespace

import numpy as np
import pytest

from rheobase.errors import UnknownNameError
from rheobase.results import Result, SpikeTrains, Timing


def test_spikes_are_found_by_name_and_by_population(make_result):
    result = make_result()
    cells = SimpleNamespace(name="cells")
    assert result.spikes[cells] is result.spikes["cells"]
    assert result.traces[SimpleNamespace(name="near")] is result.traces["near"]
    assert list(result.spikes) == ["cells", "quiet/%one"]
    assert len(result.spikes) == 2
    assert "cells" in result.spikes and cells in result.spikes
    assert "unseen" not in result.spikes
    assert result.spikes.get("unseen") is None


def test_a_view_gives_the_spikes_of_its_cells(make_result):
    spikes = make_result().spikes
    view = SimpleNamespace(name="cells", indices=np.array([3, 4]))
    assert spikes[view] == spikes["cells"][3:]
    whole = SimpleNamespace(name="cells", indices=np.arange(5))
    assert spikes[whole] is spikes["cells"]


@pytest.mark.parametrize("ask, expected", [
    (lambda r: r.spikes["celsl"],
     "this result has no spikes of 'celsl'; did you mean 'cells'?\n"
     "expected: 'cells', 'quiet/%one'\n"
     "every population that can spike has them, unless add(..., record_spikes=False)"),
    (lambda r: r.traces["xyz"],
     "this result has no traces of 'xyz'\nexpected: 'near'\n"
     'traces are kept where asked for before the run: net.record(cells, "v")'),
    (lambda r: Result(dt=1, stop=1, seed=0).traces["v"],
     "this result has no traces of 'v'\n"
     'traces are kept where asked for before the run: net.record(cells, "v")'),
    (lambda r: r.spikes[3], "spikes are found by a name or by a population\ngiven: 3"),
])  # fmt: skip
def test_names_that_are_not_there_are_refused(make_result, ask, expected):
    with pytest.raises(UnknownNameError) as refused:
        ask(make_result())
    assert str(refused.value) == expected
    assert isinstance(refused.value, KeyError)


def test_what_a_result_knows_of_its_run(make_result):
    result = make_result(start=0.5, stop=0.6)
    assert (result.start, result.stop, result.seed, result.dt) == (0.5, 0.6, 7, 1e-4)
    assert result.duration == pytest.approx(0.1)
    assert result.populations == {"cells": 5, "quiet/%one": 3, "unseen": 9}
    assert {"build", "compile", "run"} <= set(result.timing)
    assert result.timing.peak_memory_bytes == 2**28
    spikes = [SpikeTrains([], [], 4, name="a", stop=1.0)]
    bare = Result(spikes, dt=1e-4, stop=1.0, seed=0)
    assert bare.populations == {"a": 4}
    assert bare.timing == Timing()


def test_it_prints_what_was_run(make_result):
    text = repr(make_result(note="interrupted at 0.1 s"))
    assert text.splitlines() == [
        "<Result: 0 s to 0.1 s, dt 0.1 ms, seed 7",
        "  ended early: interrupted at 0.1 s",
        "  spikes <SpikeTrains 'cells': 40 spikes of 5 cells, 0 s to 0.1 s, 80 Hz a cell>",
        "  spikes <SpikeTrains 'quiet/%one': 0 spikes of 3 cells, 0 s to 0.1 s, 0 Hz a cell>",
        "  traces 'near': v, m: 100 samples of 2 cells of 'cells'",
        "  timing build 0.1 s, compile 0.2 s, connect 0.3 s, run 0.4 s; at most 256 MiB>",
    ]
    assert repr(make_result().spikes).startswith("<Spikes\n  <SpikeTrains 'cells': 40 spikes")
    assert repr(Result(dt=1, stop=1, seed=0).spikes) == "<Spikes: none recorded>"
