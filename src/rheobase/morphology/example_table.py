"""What is known of each morphology of the gallery: the cell, its file, its licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NOT_STATED = "not stated"


@dataclass(frozen=True)
class Example:
    """A reconstructed cell: what it is, where its file is from, and under which terms.

    Attributes
    ----------
    name : str
        That of the function that reads it.
    cell_type, species : str
        As the file, its package or its publication says.
    licence : str
        Of the file; that of its package, if the file has none of its own.
    source : str
        Package, version and file.
    reference : str
        Where the cell was published.
    file : str
        Path inside the package or its archive.
    package : str
        What is installed with pip; empty if the file comes with this library.
    version : str
        Of the package, in which the file was looked at.
    module : str
        The package's name in Python; empty if only its source archive has the file.
    regions : mapping of str to str
        Names for the numbers of the file.
    plane : str
        Two of x, y, z: where the cell is seen best.
    unit : str, optional
        Of the file's numbers, if they are not micrometres.
    """

    name: str
    cell_type: str
    species: str
    licence: str
    source: str
    reference: str
    file: str
    package: str = ""
    version: str = ""
    module: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)
    plane: str = "xy"
    unit: str | None = None

    @property
    def is_shipped(self) -> bool:
        """Whether the file comes with this library."""
        return not self.package

    @property
    def how_to_get(self) -> str:
        """What to run to have the file; nothing here downloads it."""
        if self.is_shipped:
            return "comes with the library"
        wanted = f"{self.package}=={self.version}"
        if self.module:
            return f"python -m pip install --no-deps {wanted}"
        return (
            f"python -m pip download --no-deps --no-binary :all: {wanted} && "
            f"tar xzf {self.package}-{self.version}.tar.gz"
        )

    def __str__(self) -> str:
        rows = {
            "cell type": self.cell_type,
            "species": self.species,
            "licence": self.licence,
            "source": self.source,
            "reference": self.reference,
            "how to get": self.how_to_get,
        }
        return "\n".join([self.name, *(f"  {key:<10}  {text}" for key, text in rows.items())])


def _thalamocortical(number: int, file: str) -> Example:
    return Example(
        f"thalamocortical_{number}",
        "thalamocortical cell",
        "rat",
        "PDDL (public domain)",
        f"BluePyOpt 1.14.26, examples/thalamocortical-cell/morphologies/{file}",
        "Iavarone and others (2019), PLoS Comput. Biol. 15:e1006753; J. Yi, Y. Shi, EPFL",
        f"thalamocortical_{number}.swc.xz",
    )


def _cerebellar(
    name: str, cell_type: str, file: str, reference: str, regions: dict[str, str], plane: str
) -> Example:
    return Example(
        name, cell_type, _NOT_STATED, "GPL-3.0-or-later",
        f"dbbs-models 6.0.0, dbbs_models/morphologies/{file}", reference,
        f"morphologies/{file}", "dbbs-models", "6.0.0", "dbbs_models", regions, plane,
    )  # fmt: skip


_ALL = (
    Example(
        "pyramidal",
        "pyramidal cell, hippocampus",
        "rat",
        "BSD-3-Clause",
        "Arbor 0.12.1, test/swc/pyramidal.swc; NeuroMorpho.Org NMO_49821",
        "Hönigsperger and others (2015), J. Physiol. 593:1551",
        "pyramidal.swc.gz",
    ),
    Example(
        "golgi_stained",
        "pyramidal cell, Golgi stain",
        _NOT_STATED,
        "BSD-3-Clause",
        "NEURON 9.0.2, share/nrn/demo/pyramid.nrn",
        "unpublished as far as the file says: Pat McAllister, Ch140-17",
        "golgi_stained.swc.xz",
    ),
    _thalamocortical(1, "jy160728_A_idA.asc"),
    _thalamocortical(2, "jy170517_A_idA.asc"),
    Example(
        "ca3_pyramidal",
        "pyramidal cell, hippocampus CA3c",
        "rat (F344)",
        "LGPL-3.0",
        "pyNeuroML 1.3.22 (source archive), tests/swc/l22.swc",
        "J. Comp. Neurol. 356:580 (1995); archive of G. Buzsáki and D. A. Turner",
        "tests/swc/l22.swc",
        "pyneuroml",
        "1.3.22",
    ),
    Example(
        "granule",
        "granule cell, by its file's name",
        _NOT_STATED,
        "CeCILL-2.1",
        "Brian 2.9.0, brian2/spatialneuron/mp_ma_40984_gc2.CNG.swc; NeuroMorpho.Org",
        "archive of D. G. Amaral",
        "spatialneuron/mp_ma_40984_gc2.CNG.swc",
        "brian2",
        "2.9.0",
        "brian2",
    ),
    _cerebellar(
        "purkinje", "Purkinje cell, cerebellum", "PurkinjeCell.swc",
        "Masoli and others (2015), Front. Cell. Neurosci. 9:47",
        {f"custom_{n}": "axon" for n in (6, 7, 8, 9)}
        | {f"custom_{n}": "dendrite" for n in (10, 11, 12, 13)}, "xz",
    ),
    _cerebellar(
        "golgi", "Golgi cell, cerebellum", "GolgiCell.swc",
        "Masoli and others (2020), PLoS Comput. Biol. 16:e1007937",
        {"custom_6": "dendrite", "custom_7": "apical_dendrite", "custom_8": "axon"}, "xz",
    ),
    _cerebellar(
        "basket", "basket cell, cerebellum", "BasketCell.swc",
        "none in the package", {"custom_6": "axon"}, "xz",
    ),
    _cerebellar(
        "stellate", "stellate cell, cerebellum", "StellateCell.swc",
        "Rizza and others (2021), Sci. Rep. 11:3873",
        {"custom_6": "dendrite", "custom_7": "dendrite", "custom_8": "axon"}, "xz",
    ),
    _cerebellar(
        "cerebellar_granule", "granule cell, cerebellum; a scheme", "GranuleCell.swc",
        "Masoli and others (2020), Commun. Biol. 3:222",
        {f"custom_{n}": "axon" for n in (6, 7, 8, 9)}, "yz",
    ),
    Example(
        "tangential",
        "tangential cell dCH, lobula plate",
        "blowfly (Calliphora vicina)",
        "LGPL-3.0",
        "pyNeuroML 1.3.22 (source archive), tests/swc/dCH-cobalt.CNG.swc",
        "Borst and Haag (1996), J. Comput. Neurosci. 3:313; PMID 9001975",
        "tests/swc/dCH-cobalt.CNG.swc",
        "pyneuroml",
        "1.3.22",
    ),
    Example(
        "projection",
        "olfactory projection neuron, DA1",
        "fruit fly (Drosophila melanogaster)",
        "GPL-3.0",
        "navis 1.12.0, navis/data/swc/754534424.swc; hemibrain",
        "Scheffer and others (2020), eLife 9:e57443",
        "data/swc/754534424.swc",
        "navis",
        "1.12.0",
        "navis",
        {"custom_0": "neurite"},
        unit="8 nm",
    ),
)  # fmt: skip

#: Every cell of the gallery, by its name.
EXAMPLES: Mapping[str, Example] = MappingProxyType({each.name: each for each in _ALL})
