"""Morphologies that come with the library."""

from __future__ import annotations

from importlib.resources import as_file, files

from rheobase.morphology.trees import Morphology


def pyramidal() -> Morphology:
    """Return a reconstructed pyramidal cell of a rat's hippocampus, basal, apical and axon.

    NeuroMorpho.Org NMO_49821, from C. Hönigsperger, M. Marosi, R. Murphy, J. F. Storm (2015),
    "Dorsoventral differences in Kv7/M-current and its impact on resonance, temporal summation and
    excitability in rat hippocampal pyramidal cells", J. Physiol. 593:1551. The file is that of
    Arbor's tests (BSD-3-Clause; its licence lies beside it).
    """
    found = files("rheobase.morphology") / "files" / "pyramidal.swc.gz"
    with as_file(found) as path:
        return Morphology.from_swc(path)


__all__ = ["pyramidal"]
