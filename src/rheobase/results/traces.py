"""Recorded variables: plain arrays while running, xarray Datasets when looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.results.entries import Entries

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class TraceData:
    """The arrays of one recording, as a run leaves them and files keep them.

    Parameters
    ----------
    name : str
        Name of the recording: the entry in ``result.traces``.
    population : str
        Name of the population recorded.
    times : ndarray, shape (n,)
        Times of the samples [s]: integer steps times dt.
    cells : ndarray of int, shape (k,)
        Indices of the cells in the population.
    values : mapping of str to ndarray, shape (n, k)
        The samples of each variable, in its unit.
    units : mapping of str to str
        The unit of each variable, as the model writes it ("mV"; "1" without dimension).
    over : str
        What was recorded, "cell", "synapse" or "site": the name of the second dimension. Of
        synapses, `population` is their projection and `cells` their places in it; of sites, the
        compartments of cells with a morphology, `cells` is their number among all of these.
    where : mapping of str to ndarray, shape (k,)
        Of sites, more coordinates: cell, region, path [m] and compartment.

    Raises
    ------
    ShapeError
        If the arrays do not fit together.
    """

    name: str
    population: str
    times: np.ndarray
    cells: np.ndarray
    values: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    over: str = "cell"
    where: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (np.size(self.times), np.size(self.cells))
        for variable, values in self.values.items():
            if values.shape != shape:
                raise ShapeError(
                    f"recording {self.name!r}: the values of {variable} do not fit",
                    expected=f"{shape[0]} times and {shape[1]} cells",
                    given=f"an array of shape {values.shape}",
                )
        if set(self.values) != set(self.units):
            raise ShapeError(
                f"recording {self.name!r}: every variable has values and a unit",
                given=f"values of {sorted(self.values)}, units of {sorted(self.units)}",
            )

    def dataset(self) -> xr.Dataset:
        """Return an xarray.Dataset over (time, cell, synapse or site); ``attrs["units"]``."""
        import xarray as xr

        variables = {
            variable: (("time", self.over), values, {"units": self.units[variable]})
            for variable, values in self.values.items()
        }
        return xr.Dataset(variables, *coordinates(self))

    def __str__(self) -> str:
        samples, cells = self.times.size, self.cells.size
        of = f"1 {self.over}" if cells == 1 else f"{cells:,} {self.over}s"
        return f"{', '.join(self.values)}: {samples:,} samples of {of} of {self.population!r}"


def coordinates(trace: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the coordinates and attributes of the Dataset of a recording."""
    found: dict[str, Any] = {"time": ("time", trace.times, {"units": "s"})}
    found[trace.over] = trace.cells
    for name, values in trace.where.items():
        found[name] = (trace.over, values, {"units": "m"} if name == "path" else {})
    of = "projection" if trace.over == "synapse" else "population"
    return found, {of: trace.population}


class Traces(Entries["xr.Dataset"]):
    """The recordings of a run by name: ``traces["cells"].v[:, 0]``.

    Each is an xarray.Dataset with dimensions (time, cell), made when it is first looked at; the
    coordinate ``time`` is in seconds, ``cell`` the index in the population. Places on cells with a
    morphology are recorded over (time, site), with the coordinates cell, region, path [m] from the
    soma's center and compartment.
    """

    _what = "traces"
    _remedy = 'traces are kept where asked for before the run: net.record(cells, "v")'

    def __init__(self, data: Mapping[str, TraceData]) -> None:
        super().__init__(data)
        self._data = data
        self._datasets: dict[str, xr.Dataset] = {}

    def _entry(self, name: str) -> xr.Dataset:
        if name not in self._datasets:
            self._datasets[name] = self._data[name].dataset()
        return self._datasets[name]

    def data(self, key: object) -> TraceData:
        """Return the plain arrays of a recording, without xarray."""
        return self._data[self._resolve(key)]

    def __repr__(self) -> str:
        lines = [f"  {name!r}: {data}" for name, data in self._data.items()]
        return "\n".join(["<Traces", *lines]) + ">" if lines else "<Traces: none recorded>"
