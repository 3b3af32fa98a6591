"""Firing rates against a constant current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.analysis.constant_input import experiment, finite
from rheobase.errors import ShapeError, UserError
from rheobase.results import SpikeTrains
from rheobase.simulation.clock import one_time
from rheobase.units import split_quantity, to_si

if TYPE_CHECKING:
    import xarray as xr

_PASTE = "rb.analysis.fi_curve(rb.models.LIF, numpy.linspace(0, 1000, 21)*pA)"
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
    cells: int = 1,
    measure: str = "count",
    seed: int = 0,
    backend: str | None = None,
) -> xr.DataArray:
    """Return the firing rate of a model under constant currents, its f-I curve.

    Every current has cells of its own, all of them in one network: nothing is compiled twice.
    The cells begin as the model says (those of the library at rest), with the current on from
    the first step.

    Parameters
    ----------
    model : Model
        With a threshold and an input variable.
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
        in (``attrs["units"]``). `rb.plots.rate_curve` draws it.

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
    call = "rb.analysis.fi_curve"
    setup = experiment(
        model, call=call, input=input, duration=duration, dt=dt, method=method, seed=seed,
        backend=backend,
    )  # fmt: skip
    paste = f"{call}(model, numpy.linspace(0, 10, 21)*{setup.unit.text})"
    values = to_si(currents, setup.unit.dimension, what=f"{call}: the currents", paste=paste)
    values = finite(np.atleast_1d(np.asarray(values, np.float64)), call, "currents")
    if values.ndim != 1 or not values.size:
        raise ShapeError(
            f"{call}: the currents are a list of at least one",
            given=f"an array of shape {values.shape}",
            mend=f"write {paste}",
        )
    if measure not in _MEASURES:
        raise UserError(f"{call}: there is no measure {measure!r}", mend='write measure="count"')
    begin, end = one_time(discard, "discard", _PASTE), one_time(duration, "duration", _PASTE)
    if not 0 <= begin < end:
        raise UserError(
            f"{call}: nothing is left to count in: discard is {begin * 1e3:g} ms of "
            f"{end * 1e3:g} ms",
            mend="write duration=1*second, discard=200*ms",
        )
    trains = setup.run(np.repeat(values, cells)).between(begin, end)
    rates = trains.rates() if measure == "count" else _inverse_intervals(trains)
    return _curve(rates.reshape(values.size, cells).mean(axis=1), currents, values, setup.unit)


def _inverse_intervals(trains: SpikeTrains) -> np.ndarray:
    """Return one over the mean interval of each cell [Hz], 0 where there is none."""
    return np.array([
        (times.size - 1) / (times[-1] - times[0]) if times.size > 1 else 0.0 for times in trains
    ])  # fmt: skip


def _curve(rates: np.ndarray, given: Any, values: np.ndarray, unit: Any) -> xr.DataArray:
    import xarray as xr

    written = split_quantity(given, "the currents")[1]
    axis = xr.Variable("current", written.from_si(values), {"units": written.text})
    return xr.DataArray(rates, {"current": axis}, ("current",), name="rate", attrs={"units": "Hz"})
