"""Object files: made once, found by the next process, mended when they are broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rheobase.rendering import objects

pytest.importorskip("numba")

SOURCE = '''\
"""A function that is compiled here, or, told so, by numba only."""

from numba import cfunc

from rheobase.rendering.intrinsics import int64_view


@cfunc("{result}(int64, int64)", cache=True)
def fill(address, count):
    out = int64_view(address, 0, count)
    for i in range(count):
        out[i] = 3*i
{end}'''

PROGRAM = """\
import ctypes, sys
import numpy as np
from rheobase.rendering import cache, objects
{before}
module = cache.functions_from_source(sys.argv[1], "trial")
out = np.zeros(4, np.int64)
ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(module.fill.address)(out.ctypes.data, 4)
print(cache.compilations(), "numba" in sys.modules, *out)
"""


def run(folder: Path, source: str, before: str = "") -> list[str]:
    """Compile and call the function in a new process; return the words it printed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), source],
        capture_output=True, text=True, check=False,
        env={**os.environ, "RHEOBASE_CACHE": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_next_process_needs_no_numba(tmp_path: Path) -> None:
    source = SOURCE.format(result="void", end="")
    assert run(tmp_path, source) == ["1", "True", "0", "3", "6", "9"]
    [path] = tmp_path.glob("*.o")
    assert path.with_suffix(".py").read_text() == source
    assert run(tmp_path, source) == ["0", "False", "0", "3", "6", "9"]


def test_a_broken_object_file_is_made_anew(tmp_path: Path) -> None:
    source = SOURCE.format(result="void", end="")
    run(tmp_path, source)
    [path] = tmp_path.glob("*.o")
    whole = path.read_bytes()
    for broken in (b"", whole[:100], whole[:-1] + b"?"):
        path.write_bytes(broken)
        assert run(tmp_path, source) == ["1", "True", "0", "3", "6", "9"]
        assert path.read_bytes() == whole


def test_numba_compiles_the_rest(tmp_path: Path) -> None:
    source = SOURCE.format(result="int64", end="    return count\n")
    assert run(tmp_path, source) == ["1", "True", "0", "3", "6", "9"]
    assert not list(tmp_path.glob("*.o"))
    assert run(tmp_path, source) == ["0", "True", "0", "3", "6", "9"]


REFUSED = """
def refuse(*arguments):
    raise RuntimeError("LLVM refuses")
objects.{what} = refuse
"""


@pytest.mark.parametrize("before", [
    REFUSED.format(what="_machine_code"), REFUSED.format(what="_link"),
    "objects._has_pass_builder = lambda: False",
])  # fmt: skip
def test_numba_compiles_where_llvm_refuses(tmp_path: Path, before: str) -> None:
    source = SOURCE.format(result="void", end="")
    assert run(tmp_path, source, before) == ["1", "True", "0", "3", "6", "9"]


def test_options_may_stand_on_several_lines(tmp_path: Path) -> None:
    source = SOURCE.format(result="void", end="").replace(", cache", ",\n       cache")
    assert run(tmp_path, source) == ["1", "True", "0", "3", "6", "9"]
    assert run(tmp_path, source) == ["0", "False", "0", "3", "6", "9"]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*places: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    objects._write(tmp_path / "one.o", b"code")
    assert not list(tmp_path.iterdir())
    objects._write(tmp_path / "nowhere" / "one.o", b"code")
