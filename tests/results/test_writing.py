"""Where files are written until they are whole."""

import os
import subprocess
import sys

from rheobase.results.writing import place_beside


def test_what_killed_processes_left_is_removed(tmp_path):
    path = tmp_path / "run[1].h5"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f".run[1].h5.{ended.pid}.unfinished", f".run[1].h5.{os.getppid()}.unfinished",
             f".other.h5.{ended.pid}.unfinished", ".run[1].h5.mine.unfinished"]  # fmt: skip
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert place_beside(path) == tmp_path / f".run[1].h5.{os.getpid()}.unfinished"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names[1:])
