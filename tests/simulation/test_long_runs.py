"""Runs that leave their results and checkpoints on disk, and are killed on the way."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.simulation.long_network import noisy_network

import rheobase as rb
from rheobase.results import streaming
from rheobase.simulation import long_runs
from rheobase.units import ms, mV, second

SCRIPT = Path(__file__).with_name("long_network.py")


def run(net, duration, **more):
    return net.run(duration, backend="interpreter", progress=False, **more)


def assert_same(one, other):
    assert list(one.spikes) == list(other.spikes)
    for name in one.spikes:
        np.testing.assert_array_equal(one.spikes[name].times, other.spikes[name].times)
        np.testing.assert_array_equal(one.spikes[name].ids, other.spikes[name].ids)
        np.testing.assert_array_equal(one.spikes[name].steps, other.spikes[name].steps)
    assert list(one.traces) == list(other.traces)
    for name in one.traces:
        for variable in one.traces[name].data_vars:
            here, there = one.traces[name][variable], other.traces[name][variable]
            np.testing.assert_array_equal(here.values, there.values)
            np.testing.assert_array_equal(here.time.values, there.time.values)
            assert here.attrs == there.attrs
    assert (one.start, one.stop) == (other.start, other.stop)


@pytest.fixture(scope="module")
def reference():
    return run(noisy_network(), 60 * ms)


# -- streams --------------------------------------------------------------------------------


def test_a_stream_holds_what_memory_would(reference, tmp_path):
    result = run(noisy_network(), 60 * ms, stream_to=tmp_path / "run.h5")
    assert reference.spikes["cells"].count > 20
    assert_same(result, reference)
    loaded = rb.Result.load(tmp_path / "run.h5")
    assert_same(loaded, reference)
    assert loaded.note == ""
    assert loaded.populations == reference.populations
    assert loaded.timing["run"] > 0
    assert loaded.metadata["rheobase"] == rb.__version__


def test_parts_of_traces_are_read_by_themselves(reference, tmp_path, monkeypatch):
    result = run(noisy_network(), 60 * ms, stream_to=tmp_path / "run.h5")
    from rheobase.results import stream_reading

    read = []
    plain = stream_reading.reading
    monkeypatch.setattr(
        stream_reading, "reading", lambda p, f: read.append(plain(p, f)) or read[-1]
    )
    trace, whole = result.traces["cells"].v, reference.traces["cells"].v
    read.clear()
    np.testing.assert_array_equal(trace[10:20, 1], whole[10:20, 1])
    assert [np.size(part) for part in read] == [10]
    np.testing.assert_array_equal(trace[-1], whole[-1])
    np.testing.assert_array_equal(trace[::7, [0, 3]], whole[::7, [0, 3]])
    np.testing.assert_array_equal(trace.sel(cell=2), whole.sel(cell=2))
    np.testing.assert_array_equal(trace.isel(time=[5, 3]), whole.isel(time=[5, 3]))


def test_a_second_run_goes_on_with_the_stream(reference, tmp_path):
    net, path = noisy_network(), tmp_path / "run.h5"
    first = run(net, 40 * ms, stream_to=path)
    second_ = run(net, 20 * ms, stream_to=path)
    assert (second_.start, second_.stop) == pytest.approx((0.04, 0.06))
    assert_same(rb.Result.load(path), reference)
    assert_same(rb.join(first, second_), reference)


def test_hooks_and_stop_when_work_while_streaming(tmp_path):
    net, seen = noisy_network(), []
    net.every(5 * ms, lambda: seen.append(net.time.magnitude))
    result = run(net, 30 * ms, stream_to=tmp_path / "run.h5",
                 stop_when=lambda n: n.time.magnitude > 20)  # fmt: skip
    assert result.note.startswith("stop_when held at 21 ms")
    assert np.round(seen, 9).tolist() == [0, 5, 10, 15, 20]
    assert rb.Result.load(tmp_path / "run.h5").note == result.note


def test_an_existing_file_is_refused(tmp_path):
    path = tmp_path / "run.h5"
    path.write_text("notes")
    with pytest.raises(rb.errors.FileFormatError) as told:
        run(noisy_network(), 1 * ms, stream_to=path)
    assert str(told.value) == (
        f"net.run: there is a file {path} already\n"
        "write net.run(..., stream_to=..., overwrite=True) to replace it, or give another name"
    )
    assert path.read_text() == "notes"
    run(noisy_network(), 1 * ms, stream_to=path, overwrite=True)
    assert rb.Result.load(path).stop == pytest.approx(1e-3)


def test_the_stream_of_another_run_is_refused(tmp_path):
    path = tmp_path / "run.h5"
    net, other = noisy_network(), noisy_network()
    run(net, 2 * ms, stream_to=path)
    run(other, 2 * ms, stream_to=tmp_path / "other.h5")
    with pytest.raises(rb.errors.FileFormatError) as told:
        run(other, 2 * ms, stream_to=path)
    assert str(told.value) == (
        f"net.run: {path} is the stream of another run, not the one this network wrote\n"
        "give another name, or write net.run(..., overwrite=True) to replace it"
    )
    net.record(net.populations["cells"][7], "v", name="more")
    with pytest.raises(rb.errors.FileFormatError, match="the recordings changed since it was beg"):
        run(net, 2 * ms, stream_to=path)


def test_a_network_that_went_back_does_not_cut_a_stream(tmp_path):
    net, path = noisy_network(), tmp_path / "run.h5"
    run(net, 2 * ms, stream_to=path)
    net.store()
    run(net, 3 * ms, stream_to=path)
    net.restore()
    with pytest.raises(rb.errors.FileFormatError) as told:
        run(net, 3 * ms, stream_to=path)
    assert str(told.value).splitlines()[0] == (
        f"net.run: {path} goes until 5 ms, and the network stands at 2 ms"
    )


def test_places_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(rb.errors.FileFormatError) as told:
        run(noisy_network(), 1 * ms, stream_to=tmp_path / "no" / "run.h5")
    assert str(told.value) == (
        f"cannot write the stream to {tmp_path / 'no' / 'run.h5'}: there is no directory "
        f"{tmp_path / 'no'}\nmake it first: os.makedirs({str(tmp_path / 'no')!r})"
    )
    with pytest.raises(rb.errors.FileFormatError, match="it is a directory"):
        run(noisy_network(), 1 * ms, stream_to=tmp_path)
    with pytest.raises(rb.errors.WiringError) as wired:
        run(noisy_network(), 1 * ms, stream_to=7)
    assert str(wired.value) == (
        'net.run: stream_to is the path of a file\ngiven: 7\nwrite stream_to="run.h5"'
    )
    with pytest.raises(rb.errors.WiringError, match="overwrite is for the file of stream_to"):
        run(noisy_network(), 1 * ms, overwrite=True)


FULL = """
import resource, sys
import rheobase as rb
sys.path.insert(0, sys.argv[2])
from tests.simulation.long_network import noisy_network
from rheobase.results import streaming
from rheobase.units import ms
streaming.FLUSH_SECONDS = 0.0
net = noisy_network()
net.record(net.populations["cells"], "v", name="all")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
try:
    net.run(1000*ms, backend="interpreter", stream_to=sys.argv[1], progress=False)
except rb.errors.FileFormatError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_full_disk_is_told_and_leaves_what_was_written(tmp_path):
    path = tmp_path / "run.h5"
    done = subprocess.run([sys.executable, "-c", FULL, path, SCRIPT.parent], capture_output=True,
                          text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        f"cannot go on writing {path}: the file would be larger than may be written here\n"
        "it holds everything up to its last flush, at "
    )
    result = rb.Result.load(path)
    assert result.stop > 0.02
    assert result.traces["all"].v.shape[0] == round(result.stop / 1e-4)


# -- killed ---------------------------------------------------------------------------------


def start(path, until):
    return subprocess.Popen([sys.executable, SCRIPT, path, str(until)])


def wait_for(path, process, seconds=60.0):
    end = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_a_killed_run_is_readable_and_resumes_to_the_bit(reference, tmp_path):
    chance = random.Random(3)
    path, checkpoint = tmp_path / "run.h5", tmp_path / "run.checkpoint.h5"
    seen = []
    for _ in range(4):
        process = start(path, 60)
        if not seen:
            wait_for(checkpoint, process)
        else:
            time.sleep(0.9)  # to start Python
        time.sleep(0.6 * chance.random())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        part = rb.Result.load(path)
        seen.append(part.stop)
        spikes, whole = part.spikes["cells"], reference.spikes["cells"].between(0, part.stop)
        if part.note:
            assert part.note.startswith(
                f"unfinished: it holds everything until {part.stop * 1e3:.9g}"
            )
        np.testing.assert_array_equal(spikes.times, whole.times)
        np.testing.assert_array_equal(spikes.ids, whole.ids)
        rows = part.traces["cells"].v.shape[0]
        np.testing.assert_array_equal(part.traces["cells"].v, reference.traces["cells"].v[:rows])
    assert start(path, 60).wait(60) == 0
    assert_same(rb.Result.load(path), reference)
    assert rb.Result.load(path).note == ""


# -- checkpoints ----------------------------------------------------------------------------


def test_checkpoints_are_written_on_the_way(reference, tmp_path, monkeypatch):
    written = []
    plain = long_runs.saving.save
    monkeypatch.setattr(long_runs.saving, "save", lambda net, path, more: written.append(
        (net._clock.step, plain(net, path, more))))  # fmt: skip
    path = tmp_path / "here.h5"
    net = noisy_network()
    run(net, 40 * ms, checkpoint_every=15 * ms, checkpoint_to=path)
    assert [step for step, _ in written] == [150, 300, 400]
    again = rb.Network.load(path)
    assert again.time.magnitude == pytest.approx(40)
    np.testing.assert_array_equal(run(again, 20 * ms).spikes["cells"].times,
                                  reference.spikes["cells"].between(0.04, 0.06).times)  # fmt: skip


def test_a_checkpoint_comes_before_the_functions_of_its_step(tmp_path):
    def kick(net):
        net.populations["cells"].v = net.populations["cells"].v + 0.5 * mV

    whole = noisy_network()
    whole.every(10 * ms, kick)
    expected = run(whole, 40 * ms)
    net, path = noisy_network(), tmp_path / "half.h5"
    net.every(10 * ms, kick)
    run(net, 20 * ms, checkpoint_every=20 * ms, checkpoint_to=path)
    with pytest.warns(rb.errors.RheobaseWarning) as told:
        again = rb.Network.load(path)
    assert str(told[0].message) == (
        f"{path}: the network had 1 function of net.every, which no file can hold; call net.every "
        "again before it goes on"
    )
    again.every(10 * ms, kick)
    rest = run(again, 20 * ms)
    np.testing.assert_array_equal(rest.spikes["cells"].times,
                                  expected.spikes["cells"].between(0.02, 0.04).times)  # fmt: skip
    np.testing.assert_array_equal(rest.traces["cells"].v, expected.traces["cells"].v[20:])


def test_where_checkpoints_go(tmp_path, monkeypatch):
    clock = noisy_network()._clock
    kept = long_runs.read_kept(clock, tmp_path / "run.h5", False, 1 * second, None)
    assert kept.checkpoint == tmp_path / "run.checkpoint.h5"
    assert kept.every == 10_000
    script = str(tmp_path / "script.py")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", script, raising=False)
    assert long_runs.read_kept(clock, None, False, 1 * second, None).checkpoint == (
        tmp_path / "script.checkpoint.h5"
    )
    monkeypatch.delattr(sys.modules["__main__"], "__file__")
    assert long_runs.read_kept(clock, None, False, 1 * second, None).checkpoint == Path(
        "rheobase.checkpoint.h5"
    )
    assert long_runs.read_kept(clock, None, False, None, None) is None


def test_arguments_that_do_not_go_together_are_refused(tmp_path):
    net = noisy_network()
    with pytest.raises(rb.errors.WiringError) as told:
        run(net, 1 * ms, checkpoint_to=tmp_path / "c.h5")
    assert str(told.value) == (
        "net.run: checkpoint_to says where checkpoints go, and checkpoint_every is missing\n"
        f"write net.run(..., checkpoint_every=10*second, checkpoint_to={str(tmp_path / 'c.h5')!r})"
    )
    path = tmp_path / "one.h5"
    with pytest.raises(rb.errors.WiringError, match="would be one file"):
        run(net, 1 * ms, stream_to=path, checkpoint_every=1 * ms, checkpoint_to=path)
    with pytest.raises(rb.errors.WiringError, match="is not a multiple of the step"):
        run(net, 1 * ms, checkpoint_every=0.25 * ms)
    with pytest.raises(rb.errors.UnitError, match="the interval of checkpoints: expected a time"):
        run(net, 1 * ms, checkpoint_every=1 * mV)
    path.write_text("my thesis")
    with pytest.raises(rb.errors.FileFormatError) as file:
        run(net, 1 * ms, checkpoint_every=1 * ms, checkpoint_to=path)
    assert str(file.value) == (
        f"cannot write the checkpoint to {path}: a file is there that is no checkpoint\n"
        "choose another name, or remove the file"
    )
    assert path.read_text() == "my thesis"


def test_memory_does_not_grow(tmp_path, monkeypatch):
    """What waits to be written is bounded, however long a run is."""
    monkeypatch.setattr(streaming, "FLUSH_BYTES", 4000)
    monkeypatch.setattr(long_runs, "FLUSH_BYTES", 4000)
    waited = []
    plain = long_runs.Keeper.append

    def append(self, engine):
        waited.append(sum(len(block) for log in engine.logs.samples for block in log.values))
        plain(self, engine)

    monkeypatch.setattr(long_runs.Keeper, "append", append)
    net = noisy_network()
    net.record(net.populations["cells"][:10], "v", name="dense")
    run(net, 50 * ms, stream_to=tmp_path / "run.h5")
    assert len(waited) > 5
    assert max(waited) < 100
    assert rb.Result.load(tmp_path / "run.h5").traces["dense"].v.shape == (500, 10)
