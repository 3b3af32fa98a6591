"""Where the time of a run went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

_PARTS = ("build", "compile", "connect", "run")


@dataclass(frozen=True)
class Timing(Mapping[str, float]):
    """Seconds spent in each part of a run, and the most memory the process used.

    A mapping whose entries are attributes too: ``timing["run"]`` is ``timing.run``.

    Attributes
    ----------
    build : float
        Describing and lowering the network, laying out its arrays [s].
    compile : float
        Compiling kernels, or finding them on disk [s].
    connect : float
        Drawing connections and sorting synapses [s].
    run : float
        Simulating [s].
    peak_memory_bytes : int
        The largest resident memory of the process so far.
    """

    build: float = 0.0
    compile: float = 0.0
    connect: float = 0.0
    run: float = 0.0
    peak_memory_bytes: int = 0

    def __getitem__(self, key: str) -> float:
        if key not in set(self):
            raise KeyError(key)
        value: float = getattr(self, key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (field.name for field in fields(self))

    def __len__(self) -> int:
        return len(fields(self))

    @property
    def total(self) -> float:
        """Seconds of all parts together."""
        return sum(self[part] for part in _PARTS)

    def __add__(self, other: Timing) -> Timing:
        """Return the timing of both runs together; memory is the larger of the two."""
        summed = {part: self[part] + other[part] for part in _PARTS}
        memory = max(self.peak_memory_bytes, other.peak_memory_bytes)
        return Timing(**summed, peak_memory_bytes=memory)

    def __str__(self) -> str:
        parts = ", ".join(f"{part} {self[part]:.3g} s" for part in _PARTS)
        return f"{parts}; at most {self.peak_memory_bytes / 2**20:,.0f} MiB"
