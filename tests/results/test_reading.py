"""What all files that are read have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from rheobase.errors import FileFormatError
from rheobase.results.reading import DAMAGE, check_hdf5, telling_damage


def test_what_is_no_file_or_not_hdf5_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "run.h5"
    with pytest.raises(FileFormatError) as error:
        check_hdf5(path, "result", "save one")
    assert str(error.value) == f"cannot load {path}: there is no such file"
    path.write_text("text")
    with pytest.raises(FileFormatError) as error:
        check_hdf5(path, "result", "save one")
    assert str(error.value) == (
        f"{path} is no result: it is not an HDF5 file, or its beginning is damaged\nsave one"
    )
    h5py.File(path, "w").close()
    check_hdf5(path, "result", "save one")


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_told_with_its_cause(kind: type[Exception]) -> None:
    path = Path("run.h5")
    with pytest.raises(FileFormatError) as error, telling_damage(path):
        raise kind("no value")
    start = f"run.h5 cannot be read: it is cut short or damaged ({kind.__name__}: "
    assert str(error.value).startswith(start)
    assert "no value" in str(error.value)


def test_of_the_cause_only_the_first_line_is_told() -> None:
    with pytest.raises(FileFormatError, match=r"\(OSError: no value\)$"), telling_damage(Path("a")):
        raise OSError("no value\nmore")


def test_other_errors_pass() -> None:
    with pytest.raises(FileFormatError, match=r"^of another version$"), telling_damage(Path("a")):
        raise FileFormatError("of another version")
