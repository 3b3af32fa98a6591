"""Channels, membranes, morphologies and cells of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from inspect import signature
from pathlib import Path as FilePath
from typing import Any

from rheobase import channels as library
from rheobase.cables.cell import Cell
from rheobase.channels.channel import Channel
from rheobase.channels.mechanism import Mechanism
from rheobase.channels.membrane import Membrane
from rheobase.channels.pool import Pool
from rheobase.errors import FileFormatError, UnknownNameError, UserError, did_you_mean
from rheobase.modelfiles.calls import head_of
from rheobase.modelfiles.document import Document
from rheobase.modelfiles.locating import blaming
from rheobase.modelfiles.pasting import in_toml
from rheobase.modelfiles.places import Path
from rheobase.modelfiles.values import Functions, Values
from rheobase.morphology import Morphology, d_lambda, examples, per_section
from rheobase.morphology.any_file import reader_of
from rheobase.morphology.example_table import EXAMPLES

SHAPES: Functions = {
    name: getattr(Morphology, name) for name in ("cylinder", "frustum", "ball_and_stick", "tree")
}
_SOURCES = ("file", "example", "shape", "tree")
_OF_SOURCE: Mapping[str, tuple[str, ...]] = {
    "unit": ("file",), "minimum_radius": ("file",), "pieces": ("file",), "cell": ("file",),
    "folder": ("example",),
}  # fmt: skip


@cache
def channel_kinds() -> Functions:
    """Return the channels and pools of `rb.channels`, and `Ion`, by name."""
    found = {name: getattr(library, name) for name in library.__all__ if name[0].isupper()}
    return {name: made for name, made in found.items() if made is not Pool}


class Biophysics:
    """What the tables `channels`, `membranes`, `morphologies` and `cells` of a file describe.

    Parameters
    ----------
    document : Document
    values : Values

    Attributes
    ----------
    channels, membranes, morphologies, cells : dict
        By name.

    Raises
    ------
    UserError
        With file, line and column.
    """

    def __init__(self, document: Document, values: Values) -> None:
        self.document, self._values = document, values
        self.channels: dict[str, Mechanism] = {}
        self.membranes: dict[str, Membrane] = {}
        self.morphologies: dict[str, Morphology] = {}
        self.cells: dict[str, Cell] = {}
        for name in document.get(("channels",), {}):
            self.channels[name] = self._channel(("channels", name))
        for name in document.get(("membranes",), {}):
            self.membranes[name] = self._membrane(("membranes", name))
        for name in document.get(("morphologies",), {}):
            self.morphologies[name] = self._morphology(("morphologies", name))
        for name in document.get(("cells",), {}):
            self.cells[name] = self._cell(("cells", name))

    def _named(self, path: Path, known: Mapping[str, Any], what: str, mend: str) -> Any:
        """Return what a value names; `{table}` in what mends it is a table of that name."""
        name = self.document.get(path)
        if isinstance(name, str) and name in known:
            return known[name]
        raise self._unknown(path, known, what, mend)

    def _unknown(self, path: Path, known: Mapping[str, Any], what: str, mend: str) -> UserError:
        name = self.document.get(path)
        meant = did_you_mean(str(name), known)
        return self.document.error(
            path,
            f"there is no {what} {name!r}" + (f"; did you mean {meant}?" if meant else ""),
            kind=UnknownNameError,
            mend=mend.replace("{table}", name if str(name).isidentifier() else "NAME"),
        )

    # -- channels and membranes -----------------------------------------------------------

    def _channel(self, path: Path) -> Mechanism:
        table = self.document.get(path)
        parameters = {name: self._values.read((*path, "parameters", name))
                      for name in table.get("parameters", {})}  # fmt: skip
        if "library" in table:
            return self._of_library(path, table, parameters)
        if "equations" not in table:
            raise self.document.error(
                path, f"{path[-1]}: a channel has equations, or is one of the library", key=True,
                mend='write equations = "I = g*(v - E) : uA/cm**2", or library = "HHSodium"',
            )  # fmt: skip
        options = {key: table[key] for key in ("carries", "ion", "valence", "functions")
                   if key in table}  # fmt: skip
        for key, needed in (("valence", "ion"), ("carries", "")):
            if key in table and ("ion" in table) != bool(needed):
                raise self.document.error(
                    (*path, key), f"{key}: a {'channel' if needed else 'pool'} has none", key=True,
                    mend='a pool has ion = "Ca", a channel carries = "Ca"',
                )  # fmt: skip
        with blaming(self.document, path):
            made: type[Mechanism] = Pool if "ion" in table else Channel
            return made(table["equations"], parameters=parameters, name=str(path[-1]), **options)  # type: ignore[call-arg]

    def _of_library(self, path: Path, table: Mapping[str, Any],
                    parameters: Mapping[str, Any]) -> Mechanism:  # fmt: skip
        for key in table:
            if key not in ("library", "parameters"):
                raise self.document.error(
                    (*path, key), f"{key}: a channel of the library has its own", key=True,
                    expected="beside library: parameters",
                    mend="write the whole channel with equations to change it",
                )  # fmt: skip
        kinds = channel_kinds()
        kind = self._named((*path, "library"), kinds, "channel of the library",
                           f"there are {', '.join(kinds)}")  # fmt: skip
        with blaming(self.document, path):
            if isinstance(kind, Mechanism):
                made: Mechanism = kind(name=str(path[-1]), **parameters)
                return made
        of_function: Mechanism = self._values.call(path, kind, table["library"], parameters)
        return of_function

    def _membrane(self, path: Path) -> Membrane:
        table = self.document.get(path)
        known: dict[str, Any] = {**channel_kinds(), **self.channels}
        made = []
        for number, written in enumerate(table["channels"]):
            place = (*path, "channels", number)
            if isinstance(written, str) and written in self.channels:
                made.append(self.channels[written])
            elif isinstance(written, (str, dict)):
                made.append(self._values.made(place, known, "a channel"))
            else:
                raise self.document.error(
                    place, "channels: expected names of channels, or calls", given=repr(written),
                    mend='write channels = ["HHSodium", "Leak(g=0.3 mS/cm**2)"]',
                )  # fmt: skip
        options = {key: table[key] for key in ("capacitance", "temperature") if key in table}
        with blaming(self.document, path):
            membrane = Membrane(made, name=str(path[-1]), **options)
            values = table.get("parameters", {})
            return membrane(**values) if values else membrane

    def membrane(self, path: Path) -> Membrane:
        """Return the membrane a value names.

        Raises
        ------
        UnknownNameError
        """
        mend = "a membrane has a table of its own, [membranes.{table}]"
        found: Membrane = self._named(path, self.membranes, "membrane", mend)
        return found

    # -- morphologies and cells -----------------------------------------------------------

    def _morphology(self, path: Path) -> Morphology:
        document, table = self.document, self.document.get(path)
        given = [key for key in _SOURCES if key in table]
        if len(given) != 1:
            raise document.error(
                (*path, given[1]) if given else path,
                f"{path[-1]}: a morphology is one of file, example, shape and tree", key=True,
                given=" and ".join(given),
                mend='write file = "cell.swc", example = "pyramidal", or shape = '
                '"cylinder(length=1 mm, diameter=1 um)"',
            )  # fmt: skip
        for key, sources in _OF_SOURCE.items():
            if key in table and given[0] not in sources:
                raise document.error(
                    (*path, key), f"{key} belongs to {sources[0]} = ..., and {path[-1]} has "
                    f"{given[0]} = ...", key=True, mend="leave the line out",
                )  # fmt: skip
        made: Morphology = {"file": self._of_file, "example": self._of_gallery,
                            "shape": self._shape, "tree": self._tree}[given[0]](path)  # fmt: skip
        with blaming(document, path):
            if "relabel" in table:
                made = made.relabeled(**table["relabel"])
            if "without" in table:
                left = table["without"]
                made = made.without(*([left] if isinstance(left, str) else left))
            return made

    def _of_file(self, path: Path) -> Morphology:
        document, table = self.document, self.document.get(path)
        file = document.folder / table["file"]
        if not file.is_file():
            near = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
            meant = did_you_mean(file.name, near)
            raise document.error(
                (*path, "file"),
                f"there is no file {file}" + (f"; did you mean {meant}?" if meant else ""),
                mend="files are named from the folder of the model file",
            )  # fmt: skip
        read, known = reader_of(file)
        options = {}
        for key in ("unit", "minimum_radius", "pieces", "cell"):
            if key in table and key not in known:
                raise document.error(
                    (*path, key), f"{key}: {file.name} is no "
                    f"{'NeuroML' if key == 'cell' else 'SWC'} file", key=True,
                    mend="leave the line out",
                )  # fmt: skip
            if key in table:
                options[key] = table[key]
        try:
            with blaming(document, path):
                made: Morphology = read(file, **options)
                return made
        except FileFormatError as error:
            raise self._in_file((*path, "file"), error.__cause__ or error) from error

    def _in_file(self, path: Path, error: BaseException) -> UserError:
        """Return an error about a line of another file, which it shows, with ours before it."""
        first, _, rest = in_toml(str(error)).partition("\n")
        return self.document.error(path, first, mend=rest)

    def _of_gallery(self, path: Path) -> Morphology:
        table = self.document.get(path)
        self._named((*path, "example"), EXAMPLES, "example", f"there are {', '.join(EXAMPLES)}")
        options = {}
        if "folder" in table:
            options["folder"] = self.document.folder / FilePath(table["folder"])
        reader = getattr(examples, table["example"])
        if options and not signature(reader).parameters:
            raise self.document.error(
                (*path, "folder"), f"folder: {table['example']} comes with the library", key=True,
                mend="leave the line out",
            )  # fmt: skip
        with blaming(self.document, path):
            made: Morphology = reader(**options)
            return made

    def _shape(self, path: Path) -> Morphology:
        made: Morphology = self._values.made((*path, "shape"), SHAPES, "a shape")
        return made

    def _tree(self, path: Path) -> Morphology:
        described = self._read_lists((*path, "tree"))
        with blaming(self.document, (*path, "tree")):
            return Morphology.tree(described)

    def _read_lists(self, path: Path) -> Any:
        """Return nested tables with their lists of quantities, "[4, 2] um", read."""
        value = self.document.get(path)
        if isinstance(value, dict):
            return {key: self._read_lists((*path, key)) for key in value}
        if isinstance(value, list):
            return [self._read_lists((*path, number)) for number in range(len(value))]
        return self._values.read(path, {})

    def _cell(self, path: Path) -> Cell:
        table = self.document.get(path)
        options = {key: table[key] for key in ("axial_resistivity", "parameters", "method",
                                               "crossing") if key in table}  # fmt: skip
        if "max_length" in table:
            options["max_length"] = self._rule((*path, "max_length"))
        if "spikes" in table:
            options["spikes"] = self._spikes((*path, "spikes"))
        shape = self._shape_of((*path, "morphology"))
        membrane = self._membrane_of((*path, "membrane"))
        with blaming(self.document, path):
            return Cell(shape, membrane, name=str(path[-1]), **options)

    def _shape_of(self, path: Path) -> Morphology:
        text = self.document.get(path)
        if text in self.morphologies:
            return self.morphologies[text]
        if head_of(text):
            made: Morphology = self._values.made(path, SHAPES, "a morphology")
            return made
        if text in EXAMPLES:
            with blaming(self.document, path):
                found: Morphology = getattr(examples, text)()
                return found
        raise self._unknown(path, {**EXAMPLES, **self.morphologies}, "morphology",
                            "a morphology has a table of its own, [morphologies.{table}], or is "
                            "one of the gallery, or a call such as "
                            '"cylinder(length=1 mm, diameter=1 um)"')  # fmt: skip

    def _membrane_of(self, path: Path) -> Any:
        value = self.document.get(path)
        if isinstance(value, dict):
            return {region: self.membrane((*path, region)) for region in value}
        return self.membrane(path)

    def _rule(self, path: Path) -> Any:
        value = self.document.get(path)
        if isinstance(value, dict):
            return {region: self._rule((*path, region)) for region in value}
        if isinstance(value, str) and (head_of(value) or value.strip() == "d_lambda"):
            return self._values.made(path, {"d_lambda": d_lambda, "per_section": per_section},
                                     "a rule for max_length")  # fmt: skip
        return value

    def _spikes(self, path: Path) -> Any:
        value = self.document.get(path)
        if value is True:
            raise self.document.error(
                path, "spikes: expected a condition, a list of a place and a condition, or false",
                given="true", mend='write spikes = "v > -20*mV"',
            )  # fmt: skip
        return None if value is False else tuple(value) if isinstance(value, list) else value

    # -- what populations name ------------------------------------------------------------

    def has_cells(self, path: Path) -> bool:
        """Return whether a value names cells with a morphology: one, or a list of them."""
        value = self.document.get(path)
        return isinstance(value, list) or value in self.cells

    def cells_at(self, path: Path) -> Cell | list[Cell]:
        """Return the cell, or the list of cells, that a value names.

        Raises
        ------
        UnknownNameError
        """
        value = self.document.get(path)
        if isinstance(value, list):
            mend = "a cell with a morphology has a table of its own, [cells.{table}]"
            return [self._named((*path, number), self.cells, "cell", mend)
                    for number in range(len(value))]  # fmt: skip
        return self.cells[value]
