"""A gallery of reconstructed cells, each with its source, its licence and its reference.

Those whose licence allows it come with the library. The others are read where their package is
installed, or from a folder; nothing is downloaded.
"""

from __future__ import annotations

import os

from rheobase.morphology.example_files import index_of, missing, read
from rheobase.morphology.example_gallery import Gallery
from rheobase.morphology.example_table import EXAMPLES, Example
from rheobase.morphology.trees import Morphology

_Folder = str | os.PathLike[str] | None


def gallery(folder: _Folder = None) -> Gallery:
    """Return all cells that are found; it prints as a table of all there are, and draws itself.

    Parameters
    ----------
    folder : path, optional
        Where files of packages are, such as an unpacked source archive, at any depth.

    Returns
    -------
    Gallery
        Morphologies by name; ``.examples`` tells of each, ``.plot()`` draws them.
    """
    index = index_of(folder)
    cells = {name: read(example, index) for name, example in EXAMPLES.items()}
    return Gallery({name: cell for name, cell in cells.items() if cell is not None}, EXAMPLES)


def _cell(name: str, folder: _Folder = None) -> Morphology:
    cell = read(EXAMPLES[name], index_of(folder))
    if cell is None:
        raise missing(EXAMPLES[name], folder)
    return cell


# -- with the library -----------------------------------------------------------------------------


def pyramidal() -> Morphology:
    """Return a pyramidal cell of a rat's hippocampus, with basal and apical dendrites and axon.

    NeuroMorpho.Org NMO_49821, from C. Hönigsperger, M. Marosi, R. Murphy, J. F. Storm (2015),
    "Dorsoventral differences in Kv7/M-current and its impact on resonance, temporal summation and
    excitability in rat hippocampal pyramidal cells", J. Physiol. 593:1551. The file is that of
    Arbor's tests (BSD-3-Clause; its licence lies beside it).
    """
    return _cell("pyramidal")


def golgi_stained() -> Morphology:
    """Return a pyramidal cell drawn from a Golgi stain: soma and dendrites, no axon.

    The demonstration of NEURON 9.0.2, ``pyramid.nrn`` (BSD-3-Clause; its licence lies beside the
    file), whose text says "Pat McAllister, Ch140-17". Which dendrites are apical it does not say.
    """
    return _cell("golgi_stained")


def thalamocortical_1() -> Morphology:
    """Return a thalamocortical cell of a rat: soma, bushy dendrites, the start of the axon.

    ``jy160728_A_idA.asc`` of BluePyOpt 1.14.26, from J. Yi and Y. Shi, Laboratory of Neural
    Microcircuitry, EPFL. Of its morphologies that package says (its text lies beside the file):
    "They will be available on NeuroMorpho.org under the ODC Public Domain Dedication and Licence
    (PDDL)". E. Iavarone and others (2019), "Experimentally-constrained
    biophysical models of tonic and burst firing modes in thalamocortical neurons", PLoS Comput.
    Biol. 15:e1006753. Here as SWC; the soma, a contour there, in 20 slices.
    """
    return _cell("thalamocortical_1")


def thalamocortical_2() -> Morphology:
    """Return a second, smaller thalamocortical cell: ``jy170517_A_idA.asc``.

    Source, licence and reference are those of `thalamocortical_1`.
    """
    return _cell("thalamocortical_2")


# -- read where they are --------------------------------------------------------------------------


def ca3_pyramidal(folder: _Folder = None) -> Morphology:
    """Return a pyramidal cell of field CA3c of a rat's hippocampus (pyNeuroML, LGPL-3.0).

    Parameters
    ----------
    folder : path, optional
        Where its source archive was unpacked.
    """
    return _cell("ca3_pyramidal", folder)


def granule(folder: _Folder = None) -> Morphology:
    """Return a granule cell: soma and dendrites (Brian 2, CeCILL-2.1).

    Parameters
    ----------
    folder : path, optional
        Where the file is, if Brian 2 is not installed.
    """
    return _cell("granule", folder)


def purkinje(folder: _Folder = None) -> Morphology:
    """Return a Purkinje cell of the cerebellum (dbbs-models, GPL-3.0-or-later).

    Parameters
    ----------
    folder : path, optional
        Where the file is, if dbbs-models is not installed.
    """
    return _cell("purkinje", folder)


def golgi(folder: _Folder = None) -> Morphology:
    """Return a Golgi cell of the cerebellum (dbbs-models, GPL-3.0-or-later).

    Parameters
    ----------
    folder : path, optional
        Where the file is, if dbbs-models is not installed.
    """
    return _cell("golgi", folder)


def basket(folder: _Folder = None) -> Morphology:
    """Return a basket cell of the cerebellum (dbbs-models, GPL-3.0-or-later).

    Parameters
    ----------
    folder : path, optional
        Where the file is, if dbbs-models is not installed.
    """
    return _cell("basket", folder)


def stellate(folder: _Folder = None) -> Morphology:
    """Return a stellate cell of the cerebellum (dbbs-models, GPL-3.0-or-later).

    Parameters
    ----------
    folder : path, optional
        Where the file is, if dbbs-models is not installed.
    """
    return _cell("stellate", folder)


def cerebellar_granule(folder: _Folder = None) -> Morphology:
    """Return a scheme of a cerebellar granule cell (dbbs-models, GPL-3.0-or-later).

    Cylinders of typical sizes, with an ascending axon and a parallel fiber: no reconstruction.

    Parameters
    ----------
    folder : path, optional
        Where the file is, if dbbs-models is not installed.
    """
    return _cell("cerebellar_granule", folder)


def tangential(folder: _Folder = None) -> Morphology:
    """Return a tangential cell of a blowfly's lobula plate, dCH (pyNeuroML, LGPL-3.0).

    Parameters
    ----------
    folder : path, optional
        Where its source archive was unpacked.
    """
    return _cell("tangential", folder)


def projection(folder: _Folder = None) -> Morphology:
    """Return an olfactory projection neuron of a fruit fly, from electron microscopy (navis, GPL).

    Parameters
    ----------
    folder : path, optional
        Where the file is, if navis is not installed.
    """
    return _cell("projection", folder)


__all__ = [
    "Example",
    "Gallery",
    "basket",
    "ca3_pyramidal",
    "cerebellar_granule",
    "gallery",
    "golgi",
    "golgi_stained",
    "granule",
    "projection",
    "purkinje",
    "pyramidal",
    "stellate",
    "tangential",
    "thalamocortical_1",
    "thalamocortical_2",
]
