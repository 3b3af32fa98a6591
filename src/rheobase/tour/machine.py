"""What a report ran on."""

from __future__ import annotations

import platform
from datetime import datetime
from importlib import metadata
from pathlib import Path

from rheobase.connectivity.threads import usable_cores

_PACKAGES = ("numpy", "numba", "scipy", "pint", "xarray", "matplotlib")


def describe_machine() -> list[tuple[str, str]]:
    """Return names and values: date, processor, cores, system, versions."""
    import rheobase

    versions = ", ".join(f"{name} {version}" for name in _PACKAGES if (version := _version(name)))
    return [
        ("date", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")),
        ("processor", _processor()),
        ("cores", str(usable_cores())),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Rheobase", rheobase.__version__),
        ("Python", platform.python_version()),
        ("packages", versions),
    ]  # fmt: skip


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    """Return the processor's name; Linux tells it in a file, others through platform."""
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
