"""Whether a network fits into the memory of the machine, asked before it is built."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rheobase.connectivity.ruletable import drawn_by_row
from rheobase.errors import UserError
from rheobase.simulation.descriptions import Recording
from rheobase.simulation.estimating import (
    BYTES_PER_SAMPLE,
    bytes_text,
    expected_bytes,
    passing_bytes,
)
from rheobase.simulation.projection import Projection
from rheobase.simulation.synapses import is_single


def available_bytes() -> int | None:
    """Return the memory that can be had now; None where the platform does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def refuse_what_does_not_fit(projections: Iterable[Projection]) -> None:
    """Refuse synapses that need more memory than there is, before the first is drawn.

    Raises
    ------
    UserError
        With what is needed, what there is, and the largest projection.
    """
    new = [p for p in projections if not p._built]
    needs = {p.name: expected_bytes(p) for p in new}
    needed, there = sum(needs.values()), available_bytes()
    needed += max(map(passing_bytes, new), default=0.0)
    if there is None or needed <= there:
        return
    largest = max(needs, key=lambda name: needs[name])
    raise UserError(
        f"the synapses of this network need about {bytes_text(needed)} of memory, and this "
        f"machine has {bytes_text(there)}",
        given=f"{largest!r} alone needs {bytes_text(needs[largest])}",
        mend=f"{_ways(next(p for p in new if p.name == largest))}; net.estimate(1*second) tells "
        "what a network needs",
    )


def refuse_recordings_that_do_not_fit(recordings: Iterable[Recording], steps: int) -> None:
    """Refuse a run whose recordings need more memory than there is, before its first step.

    Raises
    ------
    UserError
        With what is needed, what there is, and the largest recording.
    """
    needs = {
        held.name: BYTES_PER_SAMPLE
        * (steps / held.every_steps * held.cells.size * len(held.variables))
        for held in recordings
    }
    needed, there = sum(needs.values()), available_bytes()
    if there is None or needed <= there:
        return
    largest = max(needs, key=lambda name: needs[name])
    raise UserError(
        f"what is recorded in this run needs about {bytes_text(needed)} of memory, and this "
        f"machine has {bytes_text(there)}",
        given=f"{largest!r} alone needs {bytes_text(needs[largest])}",
        mend="record less often, net.record(..., every=1*ms), or fewer cells and places, or write "
        'the run to a file, net.run(..., stream_to="run.h5")',
    )


def _ways(projection: Projection) -> str:
    """Return what would make a projection smaller."""
    ways = ["connect fewer cells"]
    drawn = projection._drawn
    if not is_single(drawn.weight) and drawn.dtype == "float64":
        ways.append('write weight_dtype="float32"')
    if not is_single(drawn.weight):
        ways.append("give all synapses one weight")
    if getattr(projection, "synapse", None) is None and drawn_by_row(projection.rule):
        ways.append('have synapses drawn anew at every spike, storage="procedural"')
    return ", or ".join(ways)
