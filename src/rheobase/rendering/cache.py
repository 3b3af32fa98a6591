"""Generated modules on disk, where numba's own cache of compiled code can live beside them.

numba caches functions of real files only. So the source of every kernel is written into a cache
folder, under a name made of everything its machine code depends on, and imported from there;
with `cache=True` inside, the next process finds the machine code and compiles nothing.

The folder is `$RHEOBASE_CACHE` if set, else `rheobase` in the user's cache directory
(`~/.cache`, `~/Library/Caches` or `%LOCALAPPDATA%`), else, where that cannot be written, a
temporary one that goes with the process.

numba looks only at the file of a cached function, not at functions it calls elsewhere. That is
why the name holds a hash of the sources of this package's functions too, and why a file that is
there is never written again (numba compares its time).
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from rheobase.errors import InternalError
from rheobase.units.quantities import cache_directory

_INLINED_SOURCES = (
    "machine.py",
    "machine_values.py",
    "kinds.py",
    "objects.py",
    "intrinsics.py",
    "atomics.py",
    "primitives.py",
    "exponential.py",
    "trigonometric.py",
    "crossings.py",
    "functions.py",
    "philox.py",
    "fills.py",
    "counts.py",
    "random.py",
)

_IMPORTED = re.compile(r"^from rheobase\.([\w.]+) import", re.MULTILINE)

_modules: dict[str, ModuleType] = {}
_watched: list[Any] = []
_compiled_at_import = 0


@cache
def cache_folder() -> Path:
    """The folder that generated modules and their machine code are kept in (it exists)."""
    folder = Path(cache_directory())
    if _writable(folder):
        return folder.resolve()
    temporary = Path(tempfile.mkdtemp(prefix="rheobase-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return temporary.resolve()


def _writable(folder: Path) -> bool:
    """Make the folder if need be, and try to write into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".try-", dir=folder)
        os.close(handle)
        os.unlink(name)
    except OSError:
        return False
    return True


@cache
def _surroundings() -> bytes:
    """Everything besides its source that the machine code of a module depends on."""
    from llvmlite import binding

    from rheobase.rendering.objects import features

    try:
        own = metadata.version("rheobase")
    except metadata.PackageNotFoundError:
        own = "not installed"
    parts = [
        own,
        metadata.version("numba"),
        metadata.version("llvmlite"),
        sys.version,
        binding.get_process_triple(),
        binding.get_host_cpu_name(),
        features(),
    ]
    here = Path(__file__).parent
    parts += [(here / name).read_text(encoding="utf-8") for name in _INLINED_SOURCES]
    return "\0".join(parts).encode()


def module_from_source(source: str, name: str) -> ModuleType:
    """Import a generated module from the cache folder, writing it there first if it is new.

    Parameters
    ----------
    source : str
        The text of the module. Functions in it that numba should cache say ``cache=True``.
    name : str
        What it is, for the people who look into the folder: letters, digits and underscores.

    Returns
    -------
    module
        The same object for the same source within a process.
    """
    full_name = _full_name(source, name)
    if full_name not in _modules:
        path = cache_folder() / f"{full_name}.py"
        _write_once(path, source)
        with _timed():
            _modules[full_name] = _load(path, full_name)
    return _modules[full_name]


def functions_from_source(source: str, name: str) -> Any:
    """Return the C functions of a generated module: those with ``@cfunc``, which take int64 only.

    Their machine code is made by `machine.py`, many times as fast as by numba, and found again on
    disk by processes that then need not import numba. What is written in a way that only numba
    understands comes from `module_from_source`.

    Parameters
    ----------
    source, name : str
        As for `module_from_source`.

    Returns
    -------
    object
        Each function is an attribute, and has an `address`.
    """
    global _compiled_at_import
    from rheobase.rendering.objects import module_of

    full_name = _full_name(source, name)
    path = cache_folder() / f"{full_name}.py"
    with _timed():
        _write_once(path, source)
        found = module_of(source, path, full_name)
    if found is None:
        return module_from_source(source, name)
    _compiled_at_import += found[1]
    return found[0]


@cache
def part_source(folder: Path, part: str) -> str:
    """Return the source that a part of a package is compiled from, for `module_from_source`.

    The modules in `folder` import from each other, and constants from modules elsewhere, so each
    ends in a hash of all of them: a change in any of them is compiled anew.
    """
    source = (folder / f"{part}.py").read_text(encoding="utf-8")
    return f"{source}\n# of {folder.parent.name} parts {_digest_of(folder)}\n"


@cache
def _digest_of(folder: Path) -> str:
    digest, root = hashlib.blake2b(digest_size=8), Path(__file__).parents[1]
    elsewhere: set[Path] = set()
    for path in sorted(folder.glob("*.py")):
        text = path.read_bytes()
        digest.update(text)
        for name in _IMPORTED.findall(text.decode()):
            elsewhere.add(root.joinpath(*name.split(".")).with_suffix(".py"))
    for path in sorted(elsewhere):
        if path.parent != folder and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_kept(source: str, name: str) -> bool:
    """Return whether a module was generated before, so that it loads without compiling."""
    full_name = _full_name(source, name)
    return full_name in _modules or (cache_folder() / f"{full_name}.py").exists()


def _full_name(source: str, name: str) -> str:
    """Return the name of a module, which says all that its machine code depends on."""
    if not re.fullmatch(r"\w+", name, re.ASCII):
        raise InternalError(f"{name!r} is no name for a generated module")
    digest = hashlib.blake2b(digest_size=12)
    digest.update(_surroundings())
    digest.update(b"\0" + source.encode())
    return f"rheobase_{name}_{digest.hexdigest()}"


def seconds_loading() -> float:
    """Return what this process has spent on compiling generated modules, or reading them."""
    return _loading.seconds


class _Loading:
    """Wall time of loading modules; one that loads another counts once."""

    seconds, depth = 0.0, 0


_loading = _Loading()


@contextmanager
def _timed() -> Iterator[None]:
    begin = time.perf_counter()
    _loading.depth += 1
    try:
        yield
    finally:
        _loading.depth -= 1
        if not _loading.depth:
            _loading.seconds += time.perf_counter() - begin


def _write_once(path: Path, source: str) -> None:
    """Put a file in place in one go; leave one that is there and whole as it is."""
    content = source.encode()
    try:
        if path.read_bytes() == content:
            return
    except FileNotFoundError:
        pass
    handle, temporary = tempfile.mkstemp(prefix=".new-", suffix=".py", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    try:
        os.link(temporary, path)  # unlike a rename, does not replace another process's file
        os.unlink(temporary)
    except OSError:
        if path.exists() and path.read_bytes() == content:
            os.unlink(temporary)
        else:
            os.replace(temporary, path)


def _load(path: Path, full_name: str) -> ModuleType:
    """Import one file and count what was compiled on the way."""
    global _compiled_at_import
    spec = importlib.util.spec_from_file_location(full_name, path)
    if spec is None or spec.loader is None:
        raise InternalError(f"cannot import the generated module {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module  # numba looks for it there while it loads machine code
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full_name]
        raise
    from numba.core.ccallback import CFunc

    for value in vars(module).values():
        if isinstance(value, CFunc):  # compiled or found as soon as it is defined
            _compiled_at_import += value.cache_hits == 0
        elif getattr(value, "__module__", None) == full_name:
            watch(value)
    return module


def watch(function: Any) -> None:
    """Let a numba function with ``cache=True`` take part in `compilations`; ignore others."""
    if hasattr(function, "stats") and function.stats.cache_path is not None:
        _watched.append(function)


def compilations() -> int:
    """How many kernels this process compiled because the cache did not have them."""
    missed = sum(sum(function.stats.cache_misses.values()) for function in _watched)
    return _compiled_at_import + missed


def clear() -> int:
    """Delete what the cache folder holds (of ours) and return how many files that were.

    Modules already imported go on working.
    """
    folder = cache_folder()
    removed = 0
    for path in [*folder.glob("rheobase_*"), *(folder / "__pycache__").glob("rheobase_*")]:
        if path.is_file():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
