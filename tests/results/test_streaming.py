"""The file of a stream: rows that are whole, files that are not, going on."""

import os
import shutil

import h5py
import numpy as np
import pytest

import rheobase as rb
from rheobase.results import streaming
from rheobase.results.streaming import SpikeColumn, StreamHeader, TraceColumn, continued_stream
from rheobase.results.streaming import new_stream as new

HEADER = StreamHeader(
    1e-4, 0.5, 3, {"cells": 4}, (SpikeColumn("cells", 4, True),),
    (TraceColumn("near", "cells", (2, 0), 1, {"v": "mV", "w": "pA"}),), "what", {"a": "b"},
)  # fmt: skip


def write(writer, first, stop):
    steps = np.arange(first, stop)
    writer.add_spikes(0, steps, (steps % 4).astype(np.int32), steps * 1e-7)
    values = steps[:, None] + np.array([0.0, 0.5])
    writer.add_samples(0, steps, {"v": values, "w": -values})
    writer.flush(stop)


def check(result, stop):
    steps = np.arange(stop)
    np.testing.assert_array_equal(result.spikes["cells"].times, 0.5 + steps * 1e-4 + steps * 1e-7)
    np.testing.assert_array_equal(result.spikes["cells"].ids, steps % 4)
    data = result.traces["near"]
    np.testing.assert_array_equal(data.w.values, -(steps[:, None] + np.array([0.0, 0.5])))
    np.testing.assert_array_equal(data.time, 0.5 + steps * 1e-4)
    assert data.cell.values.tolist() == [2, 0]
    assert (data.v.attrs, data.w.attrs) == ({"units": "mV"}, {"units": "pA"})
    assert data.attrs == {"population": "cells"}
    assert (result.start, result.stop) == (0.5, 0.5 + stop * 1e-4)
    assert (result.seed, result.dt, result.description) == (3, 1e-4, "what")


@pytest.fixture
def unfinished(tmp_path):
    """A copy of a stream that is still written, as a killed process leaves it."""
    writer = new(tmp_path / "open.h5", HEADER, 0, False)
    write(writer, 0, 30)
    write(writer, 30, 50)
    shutil.copy(tmp_path / "open.h5", tmp_path / "run.h5")
    writer.close()
    return tmp_path / "run.h5", writer.id


def test_an_unfinished_stream_is_read_up_to_its_last_flush(unfinished):
    path, _ = unfinished
    result = rb.Result.load(path)
    check(result, 50)
    assert result.note == (
        "unfinished: it holds everything until 505 ms; what wrote it was stopped, or still runs"
    )
    assert "ended early: unfinished" in repr(result)


def test_a_torn_row_of_progress_does_not_count(unfinished):
    path, identity = unfinished
    writer = continued_stream(path, HEADER, 50, identity, False)
    writer.flush(60)
    writer._progress[-1, 0] = 99
    writer._progress.flush()
    writer.close()
    check(rb.Result.load(path), 50)
    with h5py.File(path, "r+") as file:
        file["progress"][:] = -1
    with pytest.raises(rb.errors.FileFormatError, match="nothing was flushed to it"):
        rb.Result.load(path)


@pytest.mark.parametrize("step", [30, 50])
def test_going_on_with_a_stream_that_was_not_closed(unfinished, step):
    path, identity = unfinished
    writer = continued_stream(path, HEADER, step, identity, True)
    assert writer.id == identity
    write(writer, step, 70)
    writer.finish(70, "the end", {"run": 1.5, "peak_memory_bytes": 7})
    result = rb.Result.load(path)
    check(result, 70)
    assert (result.note, result.timing.run) == ("the end", 1.5)
    assert os.listdir(path.parent) == ["open.h5", "run.h5"] or len(os.listdir(path.parent)) == 2


def test_going_on_with_a_stream_that_was_closed(unfinished):
    path, identity = unfinished
    for first, stop in ((50, 60), (60, 70)):
        writer = continued_stream(path, HEADER, first, identity, False)
        write(writer, first, stop)
        writer.finish(stop, "", {"run": 1.0, "peak_memory_bytes": 9 - first / 10})
    result = rb.Result.load(path)
    check(result, 70)
    assert (result.timing.run, result.timing.peak_memory_bytes) == (2.0, 4.0)
    writer = continued_stream(path, HEADER, 60, identity, True)  # cut back
    writer.close()
    check(rb.Result.load(path), 60)


def test_where_a_stream_cannot_go_on(unfinished):
    path, identity = unfinished
    with pytest.raises(rb.errors.FileFormatError, match="is the stream of another run"):
        continued_stream(path, HEADER, 50, "other", False)
    with pytest.raises(rb.errors.FileFormatError, match="goes until 505 ms, and the network stands "
                       "at 503 ms"):  # fmt: skip
        continued_stream(path, HEADER, 30, identity, False)
    with pytest.raises(rb.errors.FileFormatError, match="at 504 ms"):
        continued_stream(path, HEADER, 40, identity, True)  # nothing was flushed there
    for name, text in (("seed", "seed"), ("dt", "dt"), ("spikes", "the spikes kept"),
                       ("traces", "the recordings")):  # fmt: skip
        changed = StreamHeader(**{**vars(HEADER), name: 9 if name in ("seed", "dt") else ()})
        with pytest.raises(rb.errors.FileFormatError, match=f"with: {text} changed since"):
            continued_stream(path, changed, 50, identity, False)


def test_a_full_disk_is_noticed_before_the_file_is_damaged(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    writer = new(path, HEADER, 0, False)
    write(writer, 0, 30)
    full = shutil.disk_usage(tmp_path)._replace(free=streaming.SPARED_BYTES)
    monkeypatch.setattr(streaming.shutil, "disk_usage", lambda _: full)
    with pytest.raises(rb.errors.FileFormatError) as told:
        write(writer, 30, 50)
    assert str(told.value) == (
        f"cannot go on writing {path}: the disk is full\n"
        f"it holds everything up to its last flush, at 503 ms: rb.Result.load({str(path)!r})"
    )
    check(rb.Result.load(path), 30)


def test_other_versions_and_cut_files_are_refused(unfinished):
    path, _ = unfinished
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(rb.errors.FileFormatError, match=r"run\.h5 "):
        rb.Result.load(path).traces["near"].v.to_numpy()
    path.write_bytes(whole)
    writer = continued_stream(path, HEADER, 50, unfinished[1], False)
    writer.finish(50, "", {})
    with h5py.File(path, "r+") as file:
        file.attrs["version"] = 7
    with pytest.raises(rb.errors.FileFormatError) as told:
        rb.Result.load(path)
    assert str(told.value) == (
        f"{path} is a stream of file version 7; this Rheobase reads version 1\n"
        "load it with the release of Rheobase that wrote it"
    )


def test_a_loaded_stream_can_be_saved_and_exported(unfinished, tmp_path):
    result = rb.Result.load(unfinished[0])
    result.save(tmp_path / "copy.h5")
    check(rb.Result.load(tmp_path / "copy.h5"), 50)
    assert len(result.to_neo().segments[0].spiketrains) == 4
    assert "near" in repr(result)
