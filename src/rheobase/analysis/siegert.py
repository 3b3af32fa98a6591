"""The firing rate of a leaky integrate-and-fire neuron in noise: Siegert's formula."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.units import UNITS, Unit, describe, split_quantity, to_si

Floats: TypeAlias = NDArray[np.float64]

#: sqrt(2)*|zeta(1/2)|: how far colored noise moves the boundaries. Source: N. Fourcaud and
#: N. Brunel, Neural Computation 14 (2002).
ALPHA = 2.0652531522312172

_CALL = "rb.analysis.siegert_rate"
_PASTE = (
    "rb.analysis.siegert_rate(mean=15*mV, std=1*mV, tau_m=10*ms, tau_ref=2*ms, threshold=15*mV, "
    "reset=0*mV)"
)
_NEAR = 10.0  # up to here the integral of erfcx is a quadrature, beyond an asymptotic series
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_SERIES = (1 / 4, -3 / 16, 15 / 48, -105 / 128, 945 / 320, -10395 / 768, 135135 / 1792,
           -2027025 / 4096)  # fmt: skip


def siegert_rate(
    *,
    mean: Any,
    std: Any,
    tau_m: Any,
    tau_ref: Any,
    threshold: Any,
    reset: Any,
    tau_syn: Any = None,
) -> Any:
    """Return the stationary firing rate of a leaky integrate-and-fire neuron in white noise.

    Of ``dv/dt = (mean - v)/tau_m + std*sqrt(1/tau_m)*xi``, which spikes at the threshold and is
    held at the reset for tau_ref::

        1/rate = tau_ref + tau_m*sqrt(pi)*integral of exp(u**2)*(1 + erf(u)) du
                 from (reset - mean)/std to (threshold - mean)/std

    Without a threshold v has the stationary standard deviation std/sqrt(2). N Poisson trains of
    rate r, each spike a jump of v by J, have ``mean = E_L + tau_m*N*J*r`` and
    ``std = sqrt(tau_m*N*J**2*r)`` (the diffusion approximation).

    Parameters
    ----------
    mean, std, threshold, reset : quantity or array
        Of one dimension: voltages, or plain numbers. A std of 0 gives the rate without noise.
    tau_m, tau_ref : quantity or array
        Membrane time constant and refractory period.
    tau_syn : quantity or array, optional
        Time constant of synaptic currents that filter the noise: both boundaries are moved by
        ``ALPHA/2*std*sqrt(tau_syn/tau_m)``, the first order of the square root of
        tau_syn/tau_m. Without one the noise is white.

    Returns
    -------
    float or ndarray
        The rate in Hz, of the shape the arguments broadcast to.

    Raises
    ------
    UnitError
        A dimension is wrong.
    UserError
        A value is not finite, a deviation or time is negative, or the reset is not below the
        threshold.
    ShapeError
        The arguments do not broadcast.

    Notes
    -----
    Below the mean the integrand is erfcx(-u), which neither overflows nor vanishes; above it
    2*exp(u**2) - erfcx(u), whose first part has a closed form in Dawson's function and from which
    exp of the upper boundary is taken out. So the rate is right to about 1e-13 from 1e-300 Hz to
    1/tau_ref.

    Sources: A. J. F. Siegert, Physical Review 81 (1951); N. Brunel, Journal of Computational
    Neuroscience 8 (2000).

    Examples
    --------
    >>> rb.analysis.siegert_rate(mean=15*mV, std=1.5*mV, tau_m=10*ms, tau_ref=2*ms,
    ...                          threshold=15*mV, reset=0*mV)
    """
    values = _read(mean, std, tau_m, tau_ref, threshold, reset, tau_syn)
    mu, sigma, tau, dead, theta, low, syn = values
    shift = 0.5 * ALPHA * np.sqrt(syn / tau)
    quiet = sigma == 0
    scale = np.where(quiet, 1.0, sigma)
    with np.errstate(all="ignore"):
        upper, lower = (theta - mu) / scale + shift, (low - mu) / scale + shift
        noisy = _rate(lower, upper, tau, dead)
        regular = np.where(
            mu > theta, 1.0 / (dead + tau * np.log1p((theta - low) / (mu - theta))), 0.0
        )
    rate = np.where(quiet, regular, noisy)
    return float(rate) if rate.ndim == 0 else rate


def _read(mean: Any, std: Any, tau_m: Any, tau_ref: Any, threshold: Any, reset: Any,
          tau_syn: Any) -> list[Floats]:  # fmt: skip
    """Return the arguments in SI units, broadcast against each other."""
    unit = split_quantity(threshold, f"{_CALL}: threshold")[1]
    levels = {"mean": mean, "std": std, "threshold": threshold, "reset": reset}
    times = {"tau_m": tau_m, "tau_ref": tau_ref, "tau_syn": 0.0 if tau_syn is None else tau_syn}
    found: dict[str, Floats] = {}
    for name, value in levels.items():
        given = split_quantity(value, f"{_CALL}: {name}")[1]
        if given.dimension != unit.dimension:
            raise UnitError(
                f"{_CALL}: mean, std, threshold and reset are of one dimension; {name} is "
                f"{describe(given.dimension)}, the threshold {describe(unit.dimension)}",
                mend=f"write {_PASTE}",
            )
        found[name] = np.asarray(to_si(value, unit.dimension, what=name), np.float64)
    second = UNITS["second"].dimension
    for name, value in times.items():
        if name == "tau_syn" and tau_syn is None:
            found[name] = np.zeros(())
            continue
        what = f"{_CALL}: {name}"
        found[name] = np.asarray(to_si(value, second, what=what, paste=_PASTE), np.float64)
    _check(found, UNITS["mV"] if unit.dimension == UNITS["mV"].dimension else unit)
    order = ("mean", "std", "tau_m", "tau_ref", "threshold", "reset", "tau_syn")
    try:
        return list(np.broadcast_arrays(*(found[name] for name in order)))
    except ValueError:
        shapes = ", ".join(f"{name} {found[name].shape}" for name in order if found[name].ndim)
        raise ShapeError(f"{_CALL}: these shapes do not broadcast: {shapes}") from None


def _check(found: dict[str, Floats], unit: Unit) -> None:
    """Refuse what no neuron has, with the number that is wrong in the unit of the threshold."""
    for name, values in found.items():
        own = UNITS["ms"] if name.startswith("tau") else unit
        if not np.all(np.isfinite(values)):
            raise UserError(f"{_CALL}: {name} is finite", given=_shown(values, ~np.isfinite(values),
                            own), mend=f"write {_PASTE}")  # fmt: skip
        if name not in ("std", "tau_m", "tau_ref", "tau_syn"):
            continue
        wrong = values <= 0 if name == "tau_m" else values < 0
        if np.any(wrong):
            raise UserError(
                f"{_CALL}: {name} is {'above 0' if name == 'tau_m' else '0 or more'}",
                given=_shown(values, wrong, own), mend=f"write {_PASTE}",
            )  # fmt: skip
    try:
        low, high = np.broadcast_arrays(found["reset"], found["threshold"])
    except ValueError:  # the shapes are refused later, all of them together
        return
    if np.any(low >= high):
        raise UserError(
            f"{_CALL}: the reset is below the threshold",
            given=f"a reset of {_shown(low, low >= high, unit)}, a threshold of "
            f"{_shown(high, low >= high, unit)}",
            mend=f"write {_PASTE}",
        )


def _shown(values: Floats, wrong: NDArray[np.bool_], unit: Unit) -> str:
    """Return the first number that is wrong, in its unit."""
    first = float(unit.from_si(values[wrong][0]))
    return f"{first:g}" + ("" if unit.text == "1" else f" {unit.text}")


def _rate(lower: Floats, upper: Floats, tau: Floats, dead: Floats) -> Floats:
    """Return the rate for boundaries in units of std.

    Numerator and denominator have the factor exp(-b**2), b the upper boundary where it is above
    the mean, so that neither overflows.
    """
    from scipy.special import dawsn

    above, below = np.maximum(upper, 0.0), np.maximum(lower, 0.0)
    small = np.exp(-(above**2))
    # 2*exp(u**2) over what lies above the mean, closed
    steep = 2.0 * (dawsn(above) - np.exp(below**2 - above**2) * dawsn(below))
    # erfcx over what lies below it, less erfcx over what lies above
    flat = _erfcx_between(np.maximum(-upper, 0.0), np.maximum(-lower, 0.0))
    flat = flat - _erfcx_between(below, above)
    whole = steep + small * flat
    return np.asarray(small / (dead * small + tau * np.sqrt(np.pi) * whole))


def _erfcx_between(low: Floats, high: Floats) -> Floats:
    """Return the integral of erfcx from low to high, 0 <= low <= high."""
    from scipy.special import erfcx

    near_low, near_high = np.minimum(low, _NEAR), np.minimum(high, _NEAR)
    begin, end = np.arcsinh(near_low), np.arcsinh(near_high)
    half = (end - begin) / 2
    places = (begin + half)[..., None] + half[..., None] * _NODES
    near = half * np.sum(_WEIGHTS * erfcx(np.sinh(places)) * np.cosh(places), axis=-1)
    far_low, far_high = np.maximum(low, _NEAR), np.maximum(high, _NEAR)
    far = np.log1p((far_high - far_low) / far_low) + _tail(far_high) - _tail(far_low)
    return np.asarray(near + far / np.sqrt(np.pi))


def _tail(x: Floats) -> Floats:
    """Return sqrt(pi) times the antiderivative of erfcx beyond its logarithm, for large x."""
    square = 1.0 / (x * x)
    total = np.zeros_like(x)
    for coefficient in reversed(_SERIES):
        total = (total + coefficient) * square
    return total
