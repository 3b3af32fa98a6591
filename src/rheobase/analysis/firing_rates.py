"""Firing rates against a constant current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.analysis.constant_input import Trial, finite, trial
from rheobase.analysis.pasting import model_text, numbers_text, unit_of_values, values_text
from rheobase.cables.cell import Cell
from rheobase.errors import ShapeError, UserError
from rheobase.results import SpikeTrains
from rheobase.simulation import NotFiniteError
from rheobase.simulation.clock import one_time
from rheobase.units import Unit, to_si

if TYPE_CHECKING:
    import xarray as xr

_CALL = "rb.analysis.fi_curve"
_PASTE = f"{_CALL}(rb.models.LIF, numpy.linspace(0, 1000, 21)*pA)"
_MEASURES = ("count", "intervals")


def fi_curve(
    model: Any,
    currents: Any,
    duration: Any = "1 second",
    discard: Any = "0 ms",
    *,
    dt: Any = "0.01 ms",
    method: str | None = None,
    input: str | None = None,
    at: Any = None,
    cells: int = 1,
    measure: str = "count",
    seed: int = 0,
    backend: str | None = None,
) -> xr.DataArray:
    """Return the firing rate of a model under constant currents, its f-I curve.

    Every current has cells of its own, all of them in one network: nothing is compiled twice.
    The cells begin as the model says (those of the library at rest, and those with a morphology
    too), with the current on from the first step.

    Parameters
    ----------
    model : Model or Cell
        With a threshold and an input variable; or a cell with a morphology.
    currents : quantity or array of quantities, shape (n,)
        In the dimension of the input.
    duration : quantity
        Of the run.
    discard : quantity
        How much of its beginning is not counted.
    dt : quantity
        Step.
    method : str, optional
        Another integrator than the model's.
    input : str, optional
        Which input variable, if there are several; or a parameter that is varied in its place.
    at : str or dict, optional
        Of cells with a morphology: where the current is injected, "soma" or what `cells.at` takes,
        dict(region="dendrite", fraction=0.5). The middle of the soma if not given, or the
        beginning of the first section.
    cells : int
        Cells for each current; their rates are averaged. For models with noise.
    measure : "count" or "intervals"
        What a rate is: spikes over the time counted, or one over the mean interspike interval,
        which has no error of counting but says nothing of a pause (0 with less than two spikes).
    seed : int
        Of the noise, if there is any.
    backend : "numba" or "interpreter"
        As for `Network.run`.

    Returns
    -------
    xarray.DataArray, shape (n,)
        Rates in Hz over the coordinate "current", which is in the unit the currents were given
        in (``attrs["units"]``; of a list of several units, the first). `rb.plots.rate_curve`
        draws it.

    Raises
    ------
    UnitError
        The currents are not of the dimension of the input, or a time is no time.
    WiringError, UnknownNameError
        The model does not spike, or it is open which input is meant.
    UserError
        There is no time left to count in, or a state became nan (a smaller dt may help).

    Examples
    --------
    >>> curve = rb.analysis.fi_curve(rb.models.LIF, np.linspace(0, 1000, 21)*pA)
    >>> rb.plots.rate_curve(curve)
    """
    setup = trial(
        model, call=_CALL, input=input, duration=duration, dt=dt, method=method, seed=seed,
        backend=backend, at=at, initial="rest" if isinstance(model, Cell) else None,
    )  # fmt: skip
    values = _values(currents, setup)
    if measure not in _MEASURES:
        raise UserError(f"{_CALL}: there is no measure {measure!r}", mend='write measure="count"')
    if isinstance(cells, bool) or not isinstance(cells, (int, np.integer)) or cells < 1:
        raise UserError(f"{_CALL}: cells is a whole number, 1 or more", given=repr(cells))
    window = _window(duration, discard)
    try:
        trains = setup.run(np.repeat(values, cells)).between(*window)
    except NotFiniteError as error:
        at = setup.written(values[error.cell // cells])
        raise UserError(
            f"{_CALL}: under {at} {str(error).splitlines()[0]}",
            mend=f"take a smaller step, {_CALL}(..., dt=0.002*ms), another method, or weaker "
            "currents",
        ) from error
    rates = trains.rates() if measure == "count" else _inverse_intervals(trains)
    return _curve(
        rates.reshape(values.size, cells).mean(axis=1), unit_of_values(currents, setup.unit), values
    )


def _values(currents: Any, setup: Trial) -> np.ndarray:
    """Return the currents in SI units, shape (n,)."""
    usual = numbers_text(np.linspace(0, 10, 21), setup.unit)
    paste = f"{_CALL}({model_text(setup.model)}, {values_text(currents, setup.unit, usual)})"
    found = to_si(currents, setup.unit.dimension, what=f"{_CALL}: the currents", paste=paste)
    values = finite(np.atleast_1d(np.asarray(found, np.float64)), _CALL, "currents")
    if values.ndim != 1 or not values.size:
        raise ShapeError(
            f"{_CALL}: the currents are a list of at least one",
            given=f"an array of shape {values.shape}",
            mend=f"write {_CALL}({model_text(setup.model)}, {usual})",
        )
    return values


def _window(duration: Any, discard: Any) -> tuple[float, float]:
    """Return from when to when spikes are counted [s]."""
    begin, end = one_time(discard, "discard", _PASTE), one_time(duration, "duration", _PASTE)
    if not 0 <= begin < end:
        raise UserError(
            f"{_CALL}: nothing is left to count in: discard is {begin * 1e3:g} ms of "
            f"{end * 1e3:g} ms",
            mend=f"write duration={1e3 * (end + begin):g}*ms, or discard={200 * end:g}*ms",
        )
    return begin, end


def _inverse_intervals(trains: SpikeTrains) -> np.ndarray:
    """Return one over the mean interval of each cell [Hz], 0 where there is none."""
    return np.array([
        (times.size - 1) / (times[-1] - times[0]) if times.size > 1 else 0.0 for times in trains
    ])  # fmt: skip


def _curve(rates: np.ndarray, written: Unit, values: np.ndarray) -> xr.DataArray:
    import xarray as xr

    axis = xr.Variable("current", written.from_si(values), {"units": written.text})
    return xr.DataArray(rates, {"current": axis}, ("current",), name="rate", attrs={"units": "Hz"})
