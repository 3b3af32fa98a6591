"""What stands behind an equals sign, as the library takes it.

Quantities and texts over cells stay the texts they are: the library reads them. Read here are
calls (distributions, rules, trains, currents, synapses), lists with a unit, and numbers kept in
other files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.modelfiles.calls import call, head_of, read_call
from rheobase.modelfiles.document import Document
from rheobase.modelfiles.locating import blaming
from rheobase.modelfiles.places import Path
from rheobase.network import currents, distributions, fields, rules, trains
from rheobase.units import parse_unit
from rheobase.units.quantities import pint_unit

Functions = Mapping[str, Callable[..., Any]]


def _functions(module: Any, *classes: str) -> Functions:
    return {name: getattr(module, name) for name in module.__all__ if name not in classes}


RULES = _functions(rules, "Rule")
DISTRIBUTIONS = _functions(distributions, "Distribution")
CURRENTS = _functions(currents, "Current")
FIELDS = {
    name: getattr(fields, name) for name in ("uniform_field", "point_electrode", "line_electrode")
}
TRAINS = {name: getattr(trains, name) for name in ("poisson", "regular_spikes", "spike_times")}


@cache
def synapse_kinds() -> Functions:
    """Return what `rb.synapses` makes, by name."""
    from rheobase import synapses

    return {name: getattr(synapses, name) for name in synapses.__all__ if name[0].isupper()}


class Values:
    """Reads the values of a document.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def read(self, path: Path, functions: Functions = DISTRIBUTIONS) -> Any:
        """Return a value: a quantity, a text over cells, an array, or what a call makes.

        Parameters
        ----------
        path : Path
        functions : mapping
            The calls there may be; a text that begins with no such call is left as it is.

        Raises
        ------
        UserError
            With the place in the file.
        """
        value = self.document.get(path)
        if isinstance(value, str):
            if head_of(value) in functions or value.lstrip().startswith("["):
                return self.made(path, functions)
            return value
        if isinstance(value, dict):
            if "kind" in value:
                return self.made(path, functions)
            return self._numbers(path, value)
        return value

    def of_call(self, path: Path, functions: Functions, what: str) -> Any:
        """Return a value that is a call or a quantity: an unknown call is refused as such.

        Raises
        ------
        UserError
            With the place in the file.
        """
        value = self.document.get(path)
        if isinstance(value, str) and head_of(value):
            return self.made(path, functions, what)
        return self.read(path, functions)

    def made(self, path: Path, functions: Functions, what: str = "this") -> Any:
        """Return what a call makes, written as a text or as a table with its kind.

        Raises
        ------
        UserError
            With the place in the file.
        """
        value = self.document.get(path)
        if isinstance(value, str):
            with blaming(self.document, path):
                return read_call(value, functions, what)
        kind = value.get("kind")
        if not isinstance(kind, str) or kind not in functions:
            meant = did_you_mean(str(kind), functions) if kind is not None else None
            raise self.document.error(
                (*path, "kind"),
                f"{what}: there is no kind {kind!r}" + (f"; did you mean {meant}?" if meant else "")
                if kind is not None
                else f"{what}: a table says with `kind` what it is",
                kind=UnknownNameError,
                mend=f"there are {', '.join(sorted(functions))}",
            )
        named = {key: self.read((*path, key), functions) for key in value if key != "kind"}
        return self.call(path, functions[kind], kind, named)

    def call(
        self, path: Path, function: Callable[..., Any], name: str, named: Mapping[str, Any]
    ) -> Any:
        """Call a function of the library with values of a table.

        Raises
        ------
        UserError
            With the place in the file.
        """
        with blaming(self.document, path):
            return call(function, name, [], named)

    # -- arrays ---------------------------------------------------------------------------

    def _numbers(self, path: Path, table: Mapping[str, Any]) -> Any:
        """Return {values = [...], unit = "ms"} or {file = "w.npy", unit = "nS"} as a quantity."""
        known = ("values", "file", "unit", "kind")
        for key in table:
            if key not in known:
                meant = did_you_mean(key, known)
                raise self.document.error(
                    (*path, key),
                    f"{path[-1]}: a table of numbers has no key {key!r}"
                    + (f"; did you mean {meant}?" if meant else ""),
                    kind=UnknownNameError,
                    key=True,
                    mend='write {values = [1, 2, 3], unit = "ms"}, '
                    '{file = "numbers.csv", unit = "ms"}, or a kind with its arguments',
                )
        if ("values" in table) == ("file" in table):
            raise self.document.error(
                path,
                f"{path[-1]}: a table of numbers has either values or a file",
                mend='write {values = [1, 2, 3], unit = "ms"}',
            )
        with blaming(self.document, (*path, "unit")):
            unit = pint_unit(parse_unit(str(table.get("unit", "1"))).text)
        if "file" in table:
            return self._of_file((*path, "file")) * unit
        return self._of_list((*path, "values"), table["values"], unit)

    def _of_list(self, path: Path, values: Any, unit: Any) -> Any:
        import numpy as np

        if not isinstance(values, list):
            raise self.document.error(path, "values: expected a list", mend="write [1, 2, 3]")
        lengths = {len(entry) if isinstance(entry, list) else -1 for entry in values}
        try:
            if len(lengths) > 1 and -1 not in lengths:  # lists of different lengths: one a cell
                return [np.asarray(entry, dtype=np.float64) * unit for entry in values]
            return np.asarray(values, dtype=np.float64) * unit
        except (TypeError, ValueError):
            raise self.document.error(
                path,
                "values: expected numbers, or lists of numbers of one length",
                mend='the unit stands beside them: {values = [1, 2, 3], unit = "ms"}',
            ) from None

    def _of_file(self, path: Path) -> Any:
        """Return the numbers of a file: .npy, or text with columns."""
        import numpy as np

        name = self.document.get(path)
        file = self.document.folder / str(name)
        try:
            if file.suffix == ".npy":
                return np.asarray(np.load(file, allow_pickle=False), dtype=np.float64)
            separator = "," if file.suffix == ".csv" else None
            return np.loadtxt(file, delimiter=separator, ndmin=1)
        except FileNotFoundError:
            near = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
            meant = did_you_mean(file.name, near)
            raise self.document.error(
                path,
                f"there is no file {file}" + (f"; did you mean {meant}?" if meant else ""),
                mend="files are named from the folder of the model file",
            ) from None
        except (OSError, ValueError, TypeError) as error:
            raise self.document.error(
                path,
                f"{file.name} cannot be read as numbers: {error}",
                expected="a .npy file, or text: .csv with commas, any other with white space",
            ) from None
