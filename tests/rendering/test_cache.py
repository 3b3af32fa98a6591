"""Generated modules on disk: written once, found by the next process, compiled once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rheobase.errors import InternalError
from rheobase.rendering import cache
from rheobase.units import cache_directory

pytest.importorskip("numba")

SOURCE = '''\
"""A kernel of each kind."""

from numba import cfunc, njit, vectorize

from rheobase.rendering.functions import namespace_numba

exp = namespace_numba()["exp"]


@njit(cache=True, error_model="numpy")
def lazy(x):
    return exp(x) + {number}


@cfunc("float64(float64)", cache=True)
def eager(x):
    return exp(2.0 * x)
'''

PROGRAM = """\
import sys
from rheobase.rendering import cache
module = cache.module_from_source(sys.argv[1], "trial")
before = cache.compilations()
value = module.lazy(0.0)
print(before, cache.compilations(), value, module.__file__)
"""


def _run(folder: Path | str, source: str, code: str = PROGRAM, **more: str) -> list[str]:
    """Run code in a new process with its cache in a folder; return the words it printed."""
    environment = {**os.environ, "RHEOBASE_CACHE": str(folder), **more}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", code, source],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test alone, for this process."""
    monkeypatch.setenv("RHEOBASE_CACHE", str(tmp_path / "cache"))
    cache.cache_folder.cache_clear()
    yield tmp_path / "cache"
    cache.cache_folder.cache_clear()


def test_the_next_process_compiles_nothing(tmp_path: Path) -> None:
    source = SOURCE.format(number=1)
    first = _run(tmp_path, source)
    assert first[:3] == ["1", "2", "2.0"]  # the C function at import, the other when called
    path = Path(first[3])
    written = path.stat().st_mtime_ns
    second = _run(tmp_path, source)
    assert second[:3] == ["0", "0", "2.0"]
    assert second[3] == first[3]
    assert path.stat().st_mtime_ns == written
    other = _run(tmp_path, SOURCE.format(number=2))
    assert other[:3] == ["1", "2", "3.0"]
    assert other[3] != first[3]


def test_one_module_for_one_source(folder: Path) -> None:
    one = cache.module_from_source("value = 1", "values")
    assert one is cache.module_from_source("value = 1", "values")
    other = cache.module_from_source("value = 2", "values")
    assert (one.value, other.value) == (1, 2)
    assert sys.modules[one.__name__] is one
    path = Path(str(one.__file__))
    assert path.parent == folder.resolve()
    assert path.name.startswith("rheobase_values_")
    assert path.read_text() == "value = 1"
    assert not list(folder.glob(".new-*"))


def test_a_file_that_is_whole_is_left_alone_and_a_broken_one_mended(folder: Path) -> None:
    path = Path(str(cache.module_from_source("value = 3", "mended").__file__))
    os.utime(path, (1, 1))
    cache._modules.clear()
    cache.module_from_source("value = 3", "mended")
    assert path.stat().st_mtime == 1
    path.write_text("val")
    cache._modules.clear()
    assert cache.module_from_source("value = 3", "mended").value == 3
    assert path.read_text() == "value = 3"


def test_a_module_that_fails_is_forgotten(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.module_from_source("1/0", "failing")
    assert not [name for name in sys.modules if name.startswith("rheobase_failing")]


def test_the_name_depends_on_the_sources_of_what_is_inlined(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = cache.module_from_source("value = 4", "same")
    monkeypatch.setattr(cache, "_surroundings", lambda: b"another version of numba")
    assert cache.module_from_source("value = 4", "same").__name__ != one.__name__
    for name in cache._INLINED_SOURCES:
        assert (Path(cache.__file__).parent / name).is_file()


def test_names_are_checked(folder: Path) -> None:
    with pytest.raises(InternalError, match=r"'\.\./escape' is no name for a generated module"):
        cache.module_from_source("value = 1", "../escape")


def test_clear(folder: Path) -> None:
    _run(folder, SOURCE.format(number=5))
    (folder / "mine.txt").write_text("not ours")
    assert cache.clear() >= 5  # the source, its bytecode, and index and code of both kernels
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["mine.txt"]
    assert cache.clear() == 0


WHERE = "from rheobase.rendering.cache import cache_folder; print(cache_folder())"


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(tmp_path / "a" / "b", "", WHERE) == [str((tmp_path / "a" / "b").resolve())]
    monkeypatch.delenv("RHEOBASE_CACHE", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Path(cache_directory()) == tmp_path / "xdg" / "rheobase"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Path(cache_directory()) == Path.home() / ".cache" / "rheobase"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Path(cache_directory()) == Path.home() / "Library" / "Caches" / "rheobase"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert Path(cache_directory()) == tmp_path / "local" / "rheobase"
    monkeypatch.delenv("LOCALAPPDATA")
    assert Path(cache_directory()) == Path.home() / "AppData" / "Local" / "rheobase"
    monkeypatch.setenv("RHEOBASE_CACHE", str(Path("~") / "kernels"))
    assert Path(cache_directory()) == Path.home() / "kernels"


def test_without_a_writable_folder_a_temporary_one_serves(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    [found] = _run(blocked / "cache", "", WHERE)
    assert Path(found).name.startswith("rheobase-")
    assert not Path(found).exists()  # gone with its process
    before, after, value, _ = _run(blocked / "cache", SOURCE.format(number=1))
    assert (before, after, value) == ("1", "2", "2.0")


def test_only_cached_functions_are_counted() -> None:
    from numba import njit

    before = cache.compilations()
    cache.watch(lambda x: x)  # nothing to count

    @njit
    def never_cached(x):
        return x

    cache.watch(never_cached)
    never_cached(1)
    assert cache.compilations() == before


def test_a_part_changes_with_any_module_beside_it(tmp_path: Path) -> None:
    def package(name: str, beside: str) -> Path:
        folder = tmp_path / name / "drawing" / "parts"
        folder.mkdir(parents=True)
        (folder / "one.py").write_text("a = 1\n")
        (folder / "two.py").write_text(beside)
        return folder

    first, same, other = (package(str(n), text) for n, text in enumerate(("b\n", "b\n", "c\n")))
    source = cache.part_source(first, "one")
    assert source.startswith("a = 1\n\n# of drawing parts ")
    assert cache.part_source(same, "one") == source
    assert cache.part_source(other, "one") != source


def test_a_part_is_compiled_anew_when_a_constant_elsewhere_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, facts = tmp_path / "engine" / "parts", tmp_path / "engine" / "facts.py"
    parts.mkdir(parents=True)
    (parts / "one.py").write_text("from rheobase.engine.facts import ENDLESS\n")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "rendering" / "cache.py"))
    found = []
    for text in ("ENDLESS = 4\n", "ENDLESS = 8\n", "ENDLESS = 4\n"):
        facts.write_text(text)
        cache._digest_of.cache_clear()
        cache.part_source.cache_clear()
        found.append(cache.part_source(parts, "one"))
    assert found[0] == found[2] != found[1]
