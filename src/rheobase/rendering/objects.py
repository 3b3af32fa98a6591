"""Machine code on disk: modules of C functions, compiled once and linked by every process after.

A module is compiled by `machine.py` and LLVM, or, where it is written in another way, by numba.
Its object file lies in the cache folder beside its text; a process that finds it needs neither
numba nor the text, only LLVM to link it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_logger = logging.getLogger(__name__)
_linked: dict[str, Any] = {}
_lock = threading.RLock()
_LEVEL = 3
_DIGEST = 16
_EXPORTED = re.compile(r"^@cfunc\((?:.*\n)+?def (\w+)\(", re.MULTILINE)
_EXTERNAL = re.compile(r'^\w+ = external\("(\w+)"\)$', re.MULTILINE)


class Function:
    """A C function.

    Attributes
    ----------
    address : int
        Where its machine code begins.
    """

    def __init__(self, address: int) -> None:
        self.address = address


@cache
def _target() -> Any:
    """Return LLVM's description of this processor, for code that is linked where it is made."""
    from llvmlite import binding

    with suppress(RuntimeError):  # of versions that need it no more
        binding.initialize()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_triple(binding.get_process_triple())
    fixed = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features(), opt=_LEVEL, reloc=fixed,
        codemodel="jitdefault", jit=True,
    )  # fmt: skip


@cache
def features() -> str:
    """Return the instructions that this processor has, as LLVM names them."""
    from llvmlite import binding

    try:
        return str(binding.get_host_cpu_features().flatten())
    except RuntimeError:  # LLVM cannot tell
        return ""


@cache
def _engine() -> Any:
    """Return what links object files into this process."""
    from llvmlite import binding

    target = _target()
    return binding.create_mcjit_compiler(binding.parse_assembly(""), target)


def _machine_code(text: str) -> bytes:
    """Return the object file of an LLVM module."""
    from llvmlite import binding

    target = _target()
    module = binding.parse_assembly(text)
    module.triple = target.triple
    module.data_layout = str(target.target_data)
    module.verify()
    tuning = binding.create_pipeline_tuning_options()
    tuning.speed_level, tuning.loop_vectorization, tuning.slp_vectorization = _LEVEL, True, False
    builder = binding.create_pass_builder(target, tuning)
    builder.getModulePassManager().run(module, builder)
    code: bytes = target.emit_object(module)
    return code


def _has_pass_builder() -> bool:
    """Return whether LLVM can be told what to optimize; numba goes with versions that cannot."""
    from llvmlite import binding

    return hasattr(binding, "create_pass_builder")


def module_of(source: str, path: Path, name: str) -> tuple[Any, int] | None:
    """Link the C functions of a generated module, and compile them first if they are new.

    Parameters
    ----------
    source : str
        The text, of which the functions with ``@cfunc`` are meant.
    path : Path
        Where the text stands; the object file lies beside it.
    name : str
        Of the module, unlike that of any other.

    Returns
    -------
    module, compiled
        An object with a `Function` for each, and how many were compiled; None where only numba
        compiles the text.
    """
    with _lock:
        if name in _linked:
            return _linked[name], 0
        beside = path.with_suffix(".o")
        code, titles, fresh = _read(beside), _EXPORTED.findall(source), 0
        if code is None:
            code, fresh = _compiled(source, path, name), len(titles)
            if code is None:
                return None
            _write(beside, code)
        else:
            _make_known(source)
        try:
            _linked[name] = _link(code, name, titles)
        except RuntimeError:  # LLVM links no object files here
            _logger.debug("%s is compiled by numba", path, exc_info=True)
            return None
        return _linked[name], fresh


def _compiled(source: str, path: Path, name: str) -> bytes | None:
    """Return the object file of a text; None where only numba compiles it.

    Whatever goes wrong here, the text is still numba's to compile, or to say what is wrong.
    """
    if not _has_pass_builder():
        return None
    from rheobase.rendering.machine import compiled

    try:
        text, titles = compiled(source, str(path), name)
        return _machine_code(text) if titles == _EXPORTED.findall(source) else None
    except Exception:
        _logger.debug("%s is compiled by numba", path, exc_info=True)
        return None


def _make_known(source: str) -> None:
    """Tell the linker where functions of other modules are that a module calls by name."""
    laws = _EXTERNAL.findall(source)
    if laws:
        from rheobase.rendering.random import symbol_of

        for law in laws:
            symbol_of(law)


def _link(code: bytes, name: str, titles: list[str]) -> Any:
    from llvmlite import binding

    engine = _engine()
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return SimpleNamespace(
        **{title: Function(engine.get_function_address(f"{name}__{title}")) for title in titles}
    )


def _read(path: Path) -> bytes | None:
    """Return an object file; None if there is none, or none that is whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[_DIGEST:]
    return code if code and content[:_DIGEST] == _digest(code) else None


def _digest(code: bytes) -> bytes:
    return hashlib.blake2b(code, digest_size=_DIGEST).digest()


def _write(path: Path, code: bytes) -> None:
    """Put a file in place in one go; where the folder is full or closed, do without."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".new-", suffix=".o", dir=path.parent)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_digest(code) + code)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
