"""Examine an installation: what is there, what works, what is missing and how to get it."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

import rheobase as rb
from rheobase.connectivity.threads import usable_cores

if TYPE_CHECKING:
    from pathlib import Path

#: Distribution -> what it is for.
REQUIRED: Final = {
    "numpy": "arrays",
    "scipy": "matrix exponentials, equilibria",
    "numba": "compiled kernels",
    "pint": "units",
    "xarray": "traces",
    "h5py": "files",
    "matplotlib": "plots",
}

#: Distribution -> what it is for, and the extra that brings it.
OPTIONAL: Final = {
    "efel": ("rb.analysis.spike_features", "efel"),
    "libneuroml": ("rb.Morphology.from_neuroml", "neuroml"),
    "morphio": ("rb.Morphology.from_asc", "morphology"),
    "neo": ("Result.to_neo", "neo"),
    "pynwb": ("Result.to_nwb", "nwb"),
}


@dataclass(frozen=True)
class Finding:
    """One line of an examination.

    Attributes
    ----------
    name, text : str
        What was looked at and what was found.
    state : {"ok", "missing", "broken"}
        ``missing`` is something one can do without; ``broken`` is not.
    """

    name: str
    text: str
    state: str = "ok"

    def __str__(self) -> str:
        mark = {"ok": " ", "missing": "-", "broken": "!"}[self.state]
        return f"{mark} {self.name:<12} {self.text}"


@dataclass(frozen=True)
class Examination:
    """All findings; printing it gives the page that ``rheobase doctor`` shows."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing that is needed is broken."""
        return all(finding.state != "broken" for finding in self.findings)

    def __str__(self) -> str:
        lines = [str(finding) for finding in self.findings]
        verdict = "Everything needed is there." if self.healthy else "Mend the lines marked ! ."
        return "\n".join([*lines, verdict])


def examine() -> Examination:
    """Look at versions, cores and the cache, then compile and run a small model."""
    findings = [
        Finding("rheobase", rb.__version__),
        Finding("Python", f"{platform.python_version()} at {sys.executable}"),
        Finding("machine", f"{platform.system()} {platform.machine()}, {usable_cores()} cores"),
        *(_required(name, use) for name, use in REQUIRED.items()),
        *(_optional(name, use, extra) for name, (use, extra) in OPTIONAL.items()),
        _cache(),
        *_trial_runs(),
    ]
    return Examination(tuple(findings))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _required(name: str, use: str) -> Finding:
    version = _version(name)
    if version is not None:
        return Finding(name, version)
    advice = f"not installed ({use}); get it with: python -m pip install {name}"
    if name == "numba":
        # The interpreter runs every model without it, only slower.
        return Finding(name, f'{advice}; until then use run(..., backend="interpreter")', "missing")
    return Finding(name, advice, "broken")


def _optional(name: str, use: str, extra: str) -> Finding:
    version = _version(name)
    if version is not None:
        return Finding(name, version)
    advice = f'not installed (for {use}); get it with: python -m pip install "rheobase[{extra}]"'
    return Finding(name, advice, "missing")


def _cache() -> Finding:
    from rheobase.rendering.cache import cache_folder

    folder = cache_folder()
    size, count = folder_size(folder)
    chosen = "RHEOBASE_CACHE" if os.environ.get("RHEOBASE_CACHE") else "set RHEOBASE_CACHE to move"
    return Finding("cache", f"{folder}, {count} files, {size / 1e6:.1f} MB ({chosen})")


def folder_size(folder: Path) -> tuple[int, int]:
    """Bytes and number of the files under a folder."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


def _trial_runs() -> list[Finding]:
    """Run one small network on both backends and compare what they find."""
    findings, spikes = [], {}
    backends = ["interpreter", "numba"] if _version("numba") else ["interpreter"]
    for backend in backends:
        started = time.perf_counter()
        try:
            spikes[backend] = _trial_spikes(backend)
        except Exception as error:
            findings.append(Finding(backend, f"{type(error).__name__}: {error}", "broken"))
            continue
        seconds = time.perf_counter() - started
        findings.append(Finding(backend, f"ran a small network in {seconds:.2f} s"))
    if len(spikes) == 2:
        same = spikes["interpreter"] == spikes["numba"]
        text = "the same spikes, to the last bit" if same else "their spikes differ; please report"
        findings.append(Finding("backends", text, "ok" if same else "broken"))
    return findings


def _trial_spikes(backend: str) -> tuple[bytes, bytes]:
    """Spike times and neurons of ten connected cells, as bytes."""
    net = rb.Network(dt="0.1 ms", seed=1)
    cells = net.add(rb.models.LIF, 10, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    net.connect(cells, cells, rb.rules.ring(1), weight="50 pA")
    net.inject(cells, rb.stimuli.step("500 pA"))
    trains = net.run("100 ms", backend=backend).spikes["cells"]
    return trains.times.tobytes(), trains.ids.tobytes()
