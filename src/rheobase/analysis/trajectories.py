"""Paths of a model through the plane of two of its states, recorded or run for the purpose."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from rheobase.analysis.fixed_points import start_at
from rheobase.analysis.flows import Flow, read_states
from rheobase.errors import RheobaseWarning, UserError
from rheobase.network import stimuli
from rheobase.results import Result
from rheobase.simulation import Network
from rheobase.units import parse_unit, quantity

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Path:
    """The values of two states over time, and where they were reset.

    Attributes
    ----------
    values : ndarray, shape (time, 2)
        In the units of the model.
    resets : ndarray of int
        The samples before which a reset took place.
    """

    values: Floats
    resets: NDArray[np.int64]

    def drawn(self) -> Floats:
        """Return the values with a gap at every reset."""
        import numpy as np

        return np.insert(self.values, self.resets, np.nan, axis=0)

    def jumps(self) -> Iterator[Floats]:
        """Yield the two ends of every reset."""
        for k in self.resets:
            yield self.values[k - 1 : k + 1]


def paths_of(
    call: str,
    flow: Flow,
    names: tuple[str, str],
    given: Any,
    duration: Any,
    dt: Any,
    backend: str | None,
) -> list[Path]:
    """Return the paths of what the user gave: a result, a dataset, or states to start from.

    Raises
    ------
    UserError
        x and y were not recorded together, or there is no duration to run for.
    """
    if given is None:
        return []
    if isinstance(given, Result):
        return _recorded(call, flow, names, given)
    if hasattr(given, "data_vars"):
        return _in_dataset(flow, names, given, None)
    starts = [given] if isinstance(given, Mapping) else given
    if not isinstance(starts, Sequence) or not all(isinstance(one, Mapping) for one in starts):
        raise UserError(
            f"{call}: trajectories are a result, a dataset, or states to start from",
            given=type(given).__name__,
            mend=f"write trajectories=dict({names[0]}=...), duration=100*ms",
        )
    if duration is None:
        raise UserError(
            f"{call}: how long are the trajectories to run?",
            mend="write duration=100*ms",
        )
    with warnings.catch_warnings():
        # whoever starts above threshold here means it
        warnings.simplefilter("ignore", RheobaseWarning)
        result = _run(call, flow, names, starts, duration, dt, backend)
    return _recorded(call, flow, names, result)


def _run(
    call: str,
    flow: Flow,
    names: tuple[str, str],
    starts: Sequence[Mapping[str, Any]],
    duration: Any,
    dt: Any,
    backend: str | None,
) -> Result:
    """Run a cell from every start, with the inputs and held states of the flow."""
    import numpy as np

    slopes, model = flow.slopes, flow.slopes.model
    net = Network(dt=dt, seed=0)
    cells = net.add(model, len(starts), name="cells")
    inputs = {e.name for e in model.inputs}
    for name in model.defaults:
        if name not in inputs and slopes.fixed[name] != model.defaults[name]:
            setattr(cells, name, quantity(slopes.fixed[name], model.unit_of(name)))
    for name in inputs:
        if slopes.fixed[name] != 0.0:
            net.inject(cells, stimuli.step(quantity(slopes.fixed[name], model.unit_of(name))),
                       to=name)  # fmt: skip
    z = np.array([start_at(call, flow, one) for one in starts]) * flow.scale
    for k, name in enumerate(flow.names):
        given = [read_states(call, model, one, "trajectories").get(name) for one in starts]
        values = [z[row, k] if value is None else value for row, value in enumerate(given)]
        unit = model.unit_of(name)
        setattr(cells, name, quantity(unit.to_si(np.array(values)), unit))
    for name, value in slopes.held.items():
        net.clamp(cells, quantity(value, model.unit_of(name)), variable=name)
    net.record(cells, *names)
    return net.run(duration, backend=backend, progress=False)


def _recorded(call: str, flow: Flow, names: tuple[str, str], result: Result) -> list[Path]:
    for name in result.traces:
        data = result.traces[name]
        if all(wanted in data.data_vars for wanted in names):
            trains = result.spikes.get(name)
            return _in_dataset(flow, names, data, trains)
    x, y = names
    raise UserError(
        f"{call}: {x} and {y} were not recorded together in this result",
        mend=f'write net.record(cells, "{x}", "{y}") before the run',
    )


def _in_dataset(flow: Flow, names: tuple[str, str], data: xr.Dataset, trains: Any) -> list[Path]:
    """Return a path for every recorded cell; it breaks where the model was reset by a spike."""
    import numpy as np

    columns = []
    for name in names:
        unit = flow.unit(name)
        written = parse_unit(data[name].attrs.get("units", unit.text))
        values = np.asarray(data[name].values, dtype=np.float64).reshape(data.sizes["time"], -1)
        columns.append(values * (written.scale / unit.scale))
    times = np.asarray(data["time"].values)
    cells = np.atleast_1d(data["cell"].values) if "cell" in data.coords else np.arange(1)
    resets = flow.slopes.model.reset and trains is not None
    grain = 1e-6 * float(times[1] - times[0]) if len(times) > 1 else 0.0
    paths = []
    for place, cell in enumerate(cells):
        # a spike on the grid is stamped with the step that saw the crossing: reset comes after it
        spikes = trains[int(cell)] + grain if resets else np.array([])
        at = np.searchsorted(times, spikes, side="right")
        inside = at[(at > 0) & (at < len(times))].astype(np.int64)
        paths.append(Path(np.stack([c[:, place] for c in columns], axis=1), np.unique(inside)))
    return paths
