"""Plasticity that depends on spike times: pairs, triplets, voltages, inhibition, reward."""

from __future__ import annotations

from typing import Any, Literal

from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.language.synapse import Synapse
from rheobase.language.synapse_building import is_per_synapse
from rheobase.language.values import read_value
from rheobase.units import parse_unit, split_quantity
from rheobase.units.quantities import quantity

Pairing = Literal["all", "nearest"]
_TRACES = """
dx/dt = -x/tau_plus : 1
dy/dt = -y/tau_minus : 1
"""


def STDP(
    tau_plus: Any,
    tau_minus: Any,
    a_plus: Any,
    a_minus: Any,
    w_max: Any,
    w_min: Any = 0,
    pairing: Pairing = "all",
) -> Synapse:
    """Additive pair STDP: every pair of spikes moves the weight by a step of its own size.

    At an arrival: deliver(weight); weight -= a_minus*w_max*y; x += 1.
    At a spike of the cell: weight += a_plus*w_max*x; y += 1.
    In between: dx/dt = -x/tau_plus, dy/dt = -y/tau_minus. The weight is clipped to [w_min, w_max].

    Parameters
    ----------
    tau_plus, tau_minus : quantity
        Time constants of potentiation and depression.
    a_plus, a_minus : float
        What a pair at the same time changes, as a fraction of w_max; both positive.
    w_max, w_min : quantity
        Bounds of the weight, in its unit; a w_min of 0 needs no unit.
    pairing : {"all", "nearest"}
        Pair every spike with all before it, or with the last one: then the traces are set to 1.

    Returns
    -------
    Synapse
        With the variables x (of arrivals) and y (of spikes of the cell).

    Notes
    -----
    Source: S. Song, K. D. Miller and L. F. Abbott, Nature Neuroscience 3 (2000) 919-926.
    """
    return Synapse(
        _TRACES,
        on_pre="deliver(weight); weight = clip(weight - a_minus*w_max*y, w_min, w_max); "
        f"{_mark('x', pairing)}",
        on_post=f"weight = clip(weight + a_plus*w_max*x, w_min, w_max); {_mark('y', pairing)}",
        parameters=_pair(tau_plus, tau_minus, a_plus, a_minus, w_max, w_min),
        name="STDP",
        doc="additive pair STDP (Song, Miller and Abbott 2000)",
    )


def MultiplicativeSTDP(
    tau_plus: Any,
    tau_minus: Any,
    a_plus: Any,
    a_minus: Any,
    w_max: Any,
    w_min: Any = 0,
    pairing: Pairing = "all",
) -> Synapse:
    """Pair STDP with soft bounds: steps in proportion to what is left up to the bound.

    At an arrival: deliver(weight); weight -= a_minus*(weight - w_min)*y; x += 1.
    At a spike of the cell: weight += a_plus*(w_max - weight)*x; y += 1.

    Parameters
    ----------
    tau_plus, tau_minus, w_max, w_min, pairing
        As in `STDP`.
    a_plus, a_minus : float
        What a pair at the same time changes, as a fraction of the distance to the bound.

    Notes
    -----
    The weight stays within its bounds as long as a_plus*x and a_minus*y are below 1; beyond, it
    is clipped. Source: J. Rubin, D. D. Lee and H. Sompolinsky, Physical Review Letters 86 (2001)
    364-367.
    """
    return Synapse(
        _TRACES,
        on_pre="deliver(weight); weight = clip(weight - a_minus*(weight - w_min)*y, w_min, w_max); "
        f"{_mark('x', pairing)}",
        on_post="weight = clip(weight + a_plus*(w_max - weight)*x, w_min, w_max); "
        f"{_mark('y', pairing)}",
        parameters=_pair(tau_plus, tau_minus, a_plus, a_minus, w_max, w_min),
        name="MultiplicativeSTDP",
        doc="pair STDP with soft bounds (Rubin, Lee and Sompolinsky 2001)",
    )


def PowerLawSTDP(
    tau_plus: Any = "15 ms",
    tau_minus: Any = "30 ms",
    lam: float = 0.1,
    alpha: float = 0.0513,
    mu: float = 0.4,
    w_0: Any = "1 pA",
    pairing: Pairing = "all",
) -> Synapse:
    """Pair STDP with power-law potentiation and multiplicative depression.

    At an arrival: deliver(weight); weight -= lam*alpha*weight*y, at least 0; x += 1.
    At a spike of the cell: weight += lam*w_0*(weight/w_0)**mu*x; y += 1.

    Parameters
    ----------
    tau_plus, tau_minus : quantity
        Time constants of potentiation and depression.
    lam, alpha, mu : float
        Size of steps, depression relative to potentiation, exponent of potentiation.
    w_0 : quantity
        The reference weight.
    pairing : {"all", "nearest"}
        As in `STDP`.

    Notes
    -----
    Source: A. Morrison, A. Aertsen and M. Diesmann, Neural Computation 19 (2007) 1437-1467; the
    defaults are those of the HPC benchmark of NEST.
    """
    return Synapse(
        _TRACES,
        on_pre="deliver(weight); weight = maximum(weight - lam*alpha*weight*y, 0*w_0); "
        f"{_mark('x', pairing)}",
        on_post=f"weight += lam*w_0*(weight/w_0)**mu*x; {_mark('y', pairing)}",
        parameters=_checked(tau_plus=tau_plus, tau_minus=tau_minus, lam=lam, alpha=alpha, mu=mu,
                            w_0=w_0),
        name="PowerLawSTDP",
        doc="pair STDP with power-law potentiation (Morrison, Aertsen and Diesmann 2007)",
    )  # fmt: skip


def TripletSTDP(
    w_max: Any,
    w_min: Any = 0,
    tau_plus: Any = "16.8 ms",
    tau_minus: Any = "33.7 ms",
    tau_x: Any = "101 ms",
    tau_y: Any = "125 ms",
    a2_plus: float = 5e-10,
    a3_plus: float = 6.2e-3,
    a2_minus: float = 7e-3,
    a3_minus: float = 2.3e-4,
) -> Synapse:
    """Triplet STDP: potentiation and depression that depend on three spikes.

    At an arrival: deliver(weight); weight -= w_max*o_1*(a2_minus + a3_minus*r_2); r_1 += 1;
    r_2 += 1. At a spike of the cell: weight += w_max*r_1*(a2_plus + a3_plus*o_2); o_1 += 1;
    o_2 += 1. In between dr_1/dt = -r_1/tau_plus, dr_2/dt = -r_2/tau_x, do_1/dt = -o_1/tau_minus,
    do_2/dt = -o_2/tau_y. So r_2 and o_2 are read as they are just before the spike itself.

    Parameters
    ----------
    w_max, w_min : quantity
        Bounds of the weight; the amplitudes are fractions of w_max.
    tau_plus, tau_minus, tau_x, tau_y : quantity
        Time constants of r_1, o_1, r_2 and o_2.
    a2_plus, a3_plus, a2_minus, a3_minus : float
        Amplitudes of pairs and of triplets.

    Notes
    -----
    Source: J.-P. Pfister and W. Gerstner, Journal of Neuroscience 26 (2006) 9673-9682. The
    defaults are those of its full model, all to all, fitted to visual cortex.
    """
    return Synapse(
        """
        dr_1/dt = -r_1/tau_plus : 1
        dr_2/dt = -r_2/tau_x : 1
        do_1/dt = -o_1/tau_minus : 1
        do_2/dt = -o_2/tau_y : 1
        """,
        on_pre="deliver(weight); "
        "weight = clip(weight - w_max*o_1*(a2_minus + a3_minus*r_2), w_min, w_max); "
        "r_1 += 1; r_2 += 1",
        on_post="weight = clip(weight + w_max*r_1*(a2_plus + a3_plus*o_2), w_min, w_max); "
        "o_1 += 1; o_2 += 1",
        parameters=_checked(
            tau_plus=tau_plus, tau_minus=tau_minus, tau_x=tau_x, tau_y=tau_y, a2_plus=a2_plus,
            a3_plus=a3_plus, a2_minus=a2_minus, a3_minus=a3_minus, w_max=w_max,
            w_min=_bound(w_min, w_max),
        ),
        name="TripletSTDP",
        doc="triplet STDP (Pfister and Gerstner 2006)",
    )  # fmt: skip


def Vogels2011(
    eta: Any,
    w_max: Any,
    rate: Any = "3 Hz",
    tau: Any = "20 ms",
    w_min: Any = 0,
) -> Synapse:
    """Inhibitory plasticity that balances excitation: it brings the cell to a target rate.

    At an arrival: weight += eta*(y - alpha), then deliver(weight); x += 1. At a spike of the
    cell: weight += eta*x; y += 1. In between dx/dt = -x/tau, dy/dt = -y/tau. Here
    alpha = 2*rate*tau, and the weight is clipped to [w_min, w_max].

    Parameters
    ----------
    eta : quantity
        The learning rate, in the unit of the weight.
    w_max, w_min : quantity
        Bounds of the weight.
    rate : quantity
        The rate that cells are brought to.
    tau : quantity
        Time constant of the traces.

    Notes
    -----
    Source: T. P. Vogels, H. Sprekeler, F. Zenke, C. Clopath and W. Gerstner, Science 334 (2011)
    1569-1573.
    """
    return Synapse(
        "dx/dt = -x/tau : 1\ndy/dt = -y/tau : 1",
        on_pre="weight = clip(weight + eta*(y - 2*rate*tau), w_min, w_max); "
        "deliver(weight); x += 1",
        on_post="weight = clip(weight + eta*x, w_min, w_max); y += 1",
        parameters=_checked(eta=eta, rate=rate, tau=tau, w_max=w_max, w_min=_bound(w_min, w_max)),
        name="Vogels2011",
        doc="inhibitory plasticity (Vogels et al. 2011)",
    )


CLOPATH_TRACES = """
du_minus/dt = (v - u_minus)/tau_u_minus : mV
du_plus/dt = (v - u_plus)/tau_u_plus : mV
"""
"""Low-pass filtered voltages for `Clopath`, to be added to the text of a model with a `v`."""


def with_clopath_traces(
    model: Model, tau_u_minus: Any = "10 ms", tau_u_plus: Any = "7 ms", jump: Any = "10 mV"
) -> Model:
    """Return a model with the low-pass filtered voltages that `Clopath` reads.

    du_minus/dt = (v - u_minus)/tau_u_minus and du_plus/dt = (v - u_plus)/tau_u_plus. An
    integrate-and-fire neuron leaves out the spike itself, so at a spike both jump by `jump`.

    Parameters
    ----------
    model : Model
        With a voltage `v` in mV and a reset.
    tau_u_minus, tau_u_plus : quantity
        Time constants of the voltages that gate depression and potentiation.
    jump : quantity
        What a spike adds to both.
    """
    added = "u_minus += u_jump; u_plus += u_jump"
    arguments = model._arguments
    reset = f"{arguments.reset}; {added}" if arguments.reset else added
    values = dict(tau_u_minus=tau_u_minus, tau_u_plus=tau_u_plus, u_jump=jump)
    initial = arguments.initial
    if not isinstance(initial, str):
        begin = dict(initial or {})
        start = begin.get("v", "0*mV")
        initial = {**begin, "u_minus": start, "u_plus": start}
    return Model(
        "\n".join((*arguments.equations, CLOPATH_TRACES)),
        threshold=arguments.threshold, reset=reset, refractory=arguments.refractory,
        parameters={**arguments.parameters, **values}, initial=initial,
        receives=dict(arguments.receives), method=arguments.method, crossing=arguments.crossing,
        functions=arguments.functions, name=arguments.name, doc=arguments.doc,
    )  # fmt: skip


def Clopath(
    w_max: Any,
    w_min: Any = 0,
    a_ltd: Any = "1.4e-4 1/mV",
    a_ltp: Any = "8e-5 1/mV",
    theta: Any = "-70.6 mV",
    tau_x: Any = "15 ms",
) -> Synapse:
    """Voltage-based STDP: what the cell's voltage has been decides, not only its spikes.

    At an arrival: deliver(weight); weight -= a_ltd*w_max*max(u_minus - theta, 0); x += 1.
    At a spike of the cell: weight += a_ltp*w_max*x*max(u_plus - theta, 0). In between
    dx/dt = -x/tau_x. u_minus and u_plus are low-pass filtered voltages of the cell, equations of
    its model: `rb.synapses.with_clopath_traces(model)` adds them.

    Parameters
    ----------
    w_max, w_min : quantity
        Bounds of the weight; the amplitudes are fractions of w_max.
    a_ltd : quantity, 1/voltage
        Amplitude of depression.
    a_ltp : quantity, 1/voltage
        Amplitude of potentiation. The source integrates (u - theta_plus)+ over the time of a
        spike, which an integrate-and-fire neuron does not have; that integral is part of a_ltp.
    theta : quantity
        The voltage above which u_minus and u_plus count.
    tau_x : quantity
        Time constant of the trace of arrivals.

    Notes
    -----
    Source: C. Clopath, L. Buesing, E. Vasilaki and W. Gerstner, Nature Neuroscience 13 (2010)
    344-352, with their theta, tau_x and a_ltd (1.4e-4/mV, visual cortex).
    """
    return Synapse(
        "dx/dt = -x/tau_x : 1",
        on_pre="deliver(weight); weight = clip(weight - a_ltd*w_max*maximum(u_minus_post - theta, "
        "0*mV), w_min, w_max); x += 1",
        on_post="weight = clip(weight + a_ltp*w_max*x*maximum(u_plus_post - theta, 0*mV), "
        "w_min, w_max)",
        parameters=_checked(a_ltd=a_ltd, a_ltp=a_ltp, theta=theta, tau_x=tau_x,
                            w_max=w_max, w_min=_bound(w_min, w_max)),
        name="Clopath",
        doc="voltage-based STDP (Clopath et al. 2010)",
    )  # fmt: skip


def RewardSTDP(
    tau_plus: Any,
    tau_minus: Any,
    a_plus: Any,
    a_minus: Any,
    w_max: Any,
    w_min: Any = 0,
    tau_c: Any = "1 second",
) -> Synapse:
    """Reward-modulated STDP: pairs leave an eligibility, and reward turns it into weight.

    At an arrival: deliver(weight); c -= a_minus*y; x += 1. At a spike of the cell:
    c += a_plus*x; y += 1. In between dx/dt = -x/tau_plus, dy/dt = -y/tau_minus and
    dc/dt = -c/tau_c. A reward r adds w_max*r*c to the weight, clipped to [w_min, w_max]:
    `projection.reward(r)` between slices (`net.every`), or spikes of a population, of which each
    brings r: `projection.reward_by(dopamine, 0.1)`.

    Parameters
    ----------
    tau_plus, tau_minus, a_plus, a_minus, w_max, w_min
        As in `STDP`.
    tau_c : quantity
        How long pairs remain eligible.

    Notes
    -----
    Sources: E. M. Izhikevich, Cerebral Cortex 17 (2007) 2443-2452, for the eligibility; rewards
    are pulses here, as in R. V. Florian, Neural Computation 19 (2007) 1468-1502.
    """
    return Synapse(
        """
        dx/dt = -x/tau_plus : 1
        dy/dt = -y/tau_minus : 1
        dc/dt = -c/tau_c : 1
        """,
        on_pre="deliver(weight); c -= a_minus*y; x += 1",
        on_post="c += a_plus*x; y += 1",
        on_reward="weight = clip(weight + w_max*reward*c, w_min, w_max)",
        parameters=_checked(
            **_pair(tau_plus, tau_minus, a_plus, a_minus, w_max, w_min), tau_c=tau_c
        ),
        name="RewardSTDP",
        doc="STDP with eligibility traces and reward (Izhikevich 2007, Florian 2007)",
    )


def ShortTermPlasticity(U: Any = 0.5, tau_d: Any = "800 ms", tau_f: Any = "1 ms") -> Synapse:
    """Short-term depression and facilitation: resources that are used up and come back.

    At an arrival: u += U*(1 - u); deliver(weight*u*R); R -= u*R. In between
    du/dt = -u/tau_f and dR/dt = (1 - R)/tau_d, from u = 0 and R = 1. So the first spike of a rested
    synapse delivers weight*U.

    Parameters
    ----------
    U : float
        Utilization of a rested synapse.
    tau_d, tau_f : quantity
        Recovery from depression, and decay of facilitation. Depressing: tau_d > tau_f (U 0.5,
        800 ms, 1 ms); facilitating: tau_f > tau_d (U 0.15, 130 ms, 530 ms).

    Returns
    -------
    Synapse
        With the variables u and R. All three parameters may be arrays or distributions of
        `rb.random`, one value a synapse.

    Raises
    ------
    UnitError, WiringError
        If a time constant is no time, or U is not within (0, 1].

    Notes
    -----
    Source: M. Tsodyks, K. Pawelzik and H. Markram, Neural Computation 10 (1998) 821-835.
    """
    if isinstance(U, (int, float)) and not 0 < U <= 1:
        raise WiringError(
            "U is the part of what is left that the first spike uses",
            expected="a number above 0, at most 1",
            given=f"{U}",
            mend="write U=0.5",
        )
    return Synapse(
        "du/dt = -u/tau_f : 1\ndR/dt = (1 - R)/tau_d : 1",
        on_pre="u += U*(1 - u); deliver(weight*u*R); R -= u*R",
        parameters=_checked(U=U, tau_d=tau_d, tau_f=tau_f),
        initial=dict(R=1),
        name="ShortTermPlasticity",
        doc="short-term depression and facilitation (Tsodyks, Pawelzik and Markram 1998)",
    )


# --- parts -------------------------------------------------------------------------------------


def _mark(trace: str, pairing: Pairing) -> str:
    if pairing not in ("all", "nearest"):
        raise WiringError(
            f"pairing: {pairing!r} is not one of them",
            expected='"all" or "nearest"',
            mend='write pairing="all"',
        )
    return f"{trace} += 1" if pairing == "all" else f"{trace} = 1"


def _pair(tau_plus: Any, tau_minus: Any, a_plus: Any, a_minus: Any, w_max: Any,
          w_min: Any) -> dict[str, Any]:  # fmt: skip
    return _checked(tau_plus=tau_plus, tau_minus=tau_minus, a_plus=a_plus, a_minus=a_minus,
                    w_max=w_max, w_min=_bound(w_min, w_max))  # fmt: skip


def _checked(**values: Any) -> dict[str, Any]:
    """Return the values by name, where those called tau are times."""
    for name, value in values.items():
        if name.startswith("tau") and not is_per_synapse(value):
            read = read_value(value, name, example=f"{name}=20*ms")
            read.in_dimension(parse_unit("ms"), name, name)
    return values


def _bound(w_min: Any, w_max: Any) -> Any:
    """Return the lower bound: a plain 0 is 0 in the unit of the upper one."""
    if isinstance(w_min, (int, float)) and w_min == 0:
        return quantity(0.0, split_quantity(w_max, "w_max")[1])
    return w_min
