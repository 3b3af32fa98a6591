"""Models made for layers: neurons in units of their threshold, and readouts without one."""

from __future__ import annotations

from typing import Any

from rheobase.language.model import Model

_MEMBRANE = """
    dv/dt = (R*i_syn - v)/tau_m : 1{flags}
    di_syn/dt = -i_syn/tau_syn : 1
    """


def leaky_readout(tau_m: Any = "10 ms", tau_syn: Any = "5 ms", gain: float = 1.0) -> Model:
    """Return a unit that sums what arrives and forgets it, and never spikes.

    ::

        dv/dt = (R i_syn - v)/tau_m        di_syn/dt = -i_syn/tau_syn        i_syn += weight

    Exponential Euler: v <- beta v + (1 - beta) R i_syn, i_syn <- alpha i_syn, with
    alpha = exp(-dt/tau_syn), beta = exp(-dt/tau_m).

    Parameters
    ----------
    tau_m, tau_syn
        Time constants of v and of the current.
    gain
        R: v for a current of 1 that stays.

    Examples
    --------
    >>> from rheobase import nn
    >>> nn.Spiking(nn.leaky_readout(tau_m="20 ms"), 10, 2, readout="max")
    Spiking(leaky_readout, 10, 2, readout='max')
    """
    return Model(
        _MEMBRANE.format(flags=""),
        parameters={"tau_m": tau_m, "tau_syn": tau_syn, "R": gain},
        receives="i_syn += weight",
        method="exponential_euler",
        name="leaky_readout",
    )


def normalized_lif(tau_m: Any = "10 ms", tau_syn: Any = "5 ms", gain: float = 1.0,
                   tau_ref: Any = "0 ms") -> Model:  # fmt: skip
    """Return a leaky integrate-and-fire neuron with threshold 1 and reset 0.

    The equations of `leaky_readout`, with a spike where v > 1. With ``tau_ref`` of one step and
    ``gain = 1/(1 - exp(-dt/tau_m))`` it is the neuron of SpyTorch, U <- (beta U + I)(1 - R).

    Parameters
    ----------
    tau_m, tau_syn
        Time constants of v and of the current.
    gain
        R: v for a current of 1 that stays.
    tau_ref
        Refractory period, v held at 0.

    Examples
    --------
    >>> from rheobase import nn
    >>> nn.Spiking(nn.normalized_lif(), 100, 4)
    Spiking(normalized_lif, 100, 4, readout='spikes')
    """
    return Model(
        _MEMBRANE.format(flags=" (unless refractory)"),
        threshold="v > 1",
        reset="v = 0",
        refractory="tau_ref",
        parameters={"tau_m": tau_m, "tau_syn": tau_syn, "R": gain, "tau_ref": tau_ref},
        receives="i_syn += weight",
        method="exponential_euler",
        name="normalized_lif",
    )
