import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import FileFormatError
from rheobase.results import Result, SpikeTrains
from rheobase.results.files import _encoded


def same(a: Result, b: Result) -> bool:
    """Return whether two results hold the same to the bit."""
    parts = ("dt", "start", "stop", "seed", "populations", "timing", "description", "metadata",
             "note")  # fmt: skip
    assert [getattr(a, part) for part in parts] == [getattr(b, part) for part in parts]
    assert list(a.populations) == list(b.populations)
    assert list(a.spikes) == list(b.spikes)
    assert list(a.traces) == list(b.traces)
    for name in a.spikes:
        one, other = a.spikes[name], b.spikes[name]
        assert one == other
        assert (one.name, one.dt, one.size) == (other.name, other.dt, other.size)
        np.testing.assert_array_equal(one.steps, other.steps)
    for name in a.traces:
        one, other = a.traces.data(name), b.traces.data(name)
        assert list(one.values) == list(other.values)
        assert a.traces[name].identical(b.traces[name])
        for variable, values in one.values.items():
            assert values.dtype == other.values[variable].dtype
    return True


def test_a_result_comes_back_to_the_bit(make_result, tmp_path):
    for k, result in enumerate([
        make_result(),
        make_result(start=0.1, stop=0.3, seed=2**80, note="interrupted"),
        Result(dt=1e-4, stop=1.0, seed=0),
        Result([make_result().spikes["cells"][[4, 1]]], dt=1e-4, stop=0.1, seed=0),
        Result([SpikeTrains([0.25], [0], 1, name="..", stop=1.0)], dt=1e-4, stop=0.1, seed=0),
    ]):  # fmt: skip
        path = result.save(tmp_path / f"run {k}.h5")
        assert same(result, Result.load(str(path)))
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"run {k}.h5" for k in range(5)]


def test_order_of_creation_is_kept(tmp_path):
    names = ["z", "a", "m", "10", "9"]
    spikes = [SpikeTrains([], [], 1, name=name, stop=1.0) for name in names]
    path = Result(spikes, dt=1e-4, stop=1.0, seed=0).save(tmp_path / "run.h5")
    assert list(Result.load(path).spikes) == names


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_name_can_be_kept(name):
    from urllib.parse import unquote

    encoded = _encoded(name)
    assert unquote(encoded) == name
    assert "/" not in encoded
    assert encoded.strip(".")


def test_the_file_can_be_read_without_this_library(make_result, tmp_path):
    result = make_result()
    with h5py.File(result.save(tmp_path / "run.h5")) as file:
        assert file.attrs["format"] == "rheobase result"
        np.testing.assert_array_equal(file["spikes/cells/times"], result.spikes["cells"].times)
        values = file["traces/near/values/v"]
        assert values.attrs["units"] == "mV"
        np.testing.assert_array_equal(values, result.traces["near"].v)


def test_saving_again_replaces_the_file_and_failing_leaves_the_old(make_result, tmp_path):
    path = tmp_path / "run.h5"
    make_result().save(path)
    make_result(seed=9).save(path)
    assert Result.load(path).seed == 9
    broken = make_result(seed=10)
    broken.metadata = {"not text": object()}
    with pytest.raises(TypeError):
        broken.save(path)
    assert Result.load(path).seed == 9
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]


def refusal(path):
    with pytest.raises(FileFormatError) as refused:
        Result.load(path)
    return str(refused.value)


def test_a_place_that_cannot_be_written_is_named(make_result, tmp_path):
    path = tmp_path / "nowhere" / "run.h5"
    with pytest.raises(FileFormatError) as refused:
        make_result().save(path)
    assert str(refused.value) == (
        f"cannot write the result to {path}: there is no directory {path.parent}"
    )


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "run.h5"
    assert refusal(path) == f"cannot load {path}: there is no such file"


def test_files_of_something_else_are_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a result")
    assert refusal(text) == (
        f"{text} is no result: it is not an HDF5 file, or its beginning is damaged\n"
        "results are written by result.save(path)"
    )
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = 1
    assert refusal(other) == (
        f"{other} is no result: it is an HDF5 file of something else\n"
        "results are written by result.save(path)"
    )


def test_another_version_is_refused(make_result, tmp_path):
    path = make_result().save(tmp_path / "run.h5")
    with h5py.File(path, "a") as file:
        file.attrs["version"] = 2
    assert refusal(path) == (
        f"{path} is a result of file version 2; this Rheobase reads version 1\n"
        "load it with the release of Rheobase that wrote it"
    )


def test_a_file_cut_short_is_refused(make_result, tmp_path):
    whole = make_result().save(tmp_path / "run.h5").read_bytes()
    for size in [*range(0, len(whole), len(whole) // 40), len(whole) - 1]:
        path = tmp_path / "cut.h5"
        path.write_bytes(whole[:size])
        text = refusal(path)
        assert text.startswith(str(path))
        assert "damaged" in text
    assert "it is cut short or damaged (OSError: " in text


def test_a_file_without_its_parts_is_refused(make_result, tmp_path):
    path = make_result().save(tmp_path / "run.h5")
    with h5py.File(path, "a") as file:
        del file["spikes/cells/ids"]
    assert refusal(path).startswith(f"{path} cannot be read: it is cut short or damaged (KeyError")


def test_flipped_bytes_are_noticed_or_do_no_harm(make_result, tmp_path):
    result = make_result()
    whole = result.save(tmp_path / "run.h5").read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "flipped.h5"
    for place in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            loaded = Result.load(path)
        except FileFormatError as error:
            assert str(path) in str(error)
        else:
            for name in result.spikes:
                assert loaded.spikes[name] == result.spikes[name]
            assert loaded.traces["near"].identical(result.traces["near"])
