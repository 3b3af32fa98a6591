"""Generalized leaky integrate-and-fire neurons of the Allen Institute: five levels of detail.

Each level is put together from what it has: reset rules, after-spike currents, and thresholds
that move. A symbol is explained once, here, and means the same in every level.
"""

from __future__ import annotations

from rheobase.models.library import LibraryModel, describe
from rheobase.models.protocols import Protocol, Step

_SPIKE_THRESHOLD = "reset rules and a threshold that spikes raise"
_CURRENTS = "after-spike currents"
_VOLTAGE_THRESHOLD = "a threshold that follows the voltage"

_LEVELS: dict[int, tuple[str, ...]] = {
    1: (),
    2: (_SPIKE_THRESHOLD,),
    3: (_CURRENTS,),
    4: (_SPIKE_THRESHOLD, _CURRENTS),
    5: (_SPIKE_THRESHOLD, _CURRENTS, _VOLTAGE_THRESHOLD),
}

_TITLES = {
    1: "leaky",
    2: "reset rules, rising threshold",
    3: "after-spike currents",
    4: "both those of 2 and of 3",
    5: "as 4, threshold follows voltage",
}

_EQUATIONS = {
    "": """
        di_syn/dt = (x_syn - i_syn)/tau_syn : pA
        dx_syn/dt = -x_syn/tau_syn : pA
        I : pA (input)
        """,
    _SPIKE_THRESHOLD: "dtheta_s/dt = -b_s*theta_s : mV (unless refractory)\n",
    _CURRENTS: """
        dI_1/dt = -k_1*I_1 : pA (unless refractory)
        dI_2/dt = -k_2*I_2 : pA (unless refractory)
        """,
    _VOLTAGE_THRESHOLD: "dtheta_v/dt = a_v*(v - E_L) - b_v*theta_v : mV (unless refractory)\n",
}

_SYMBOLS = {
    "": {
        "v": "membrane potential",
        "i_syn": "synaptic current",
        "x_syn": "what it follows",
        "I": "injected current",
    },
    _SPIKE_THRESHOLD: {"theta_s": "part of the threshold that spikes raise"},
    _CURRENTS: {"I_1": "after-spike current, slow", "I_2": "after-spike current, fast"},
    _VOLTAGE_THRESHOLD: {"theta_v": "part of the threshold that follows the voltage"},
}

_PARAMETERS: dict[str, dict[str, tuple[str | float, str]]] = {
    "": {
        "C_m": ("58.72 pF", "membrane capacitance"),
        "g_L": ("9.43 nS", "leak conductance"),
        "E_L": ("-78.85 mV", "resting potential"),
        "V_T": ("-51.68 mV", "threshold of a cell that has been at rest for long"),
        "tau_syn": ("2 ms", "a synaptic current peaks so long after its spike"),
        "tau_ref": ("3.75 ms", "refractory period; all but the synaptic current is held"),
    },
    _SPIKE_THRESHOLD: {
        "f_v": (0.2, "share of v - E_L that is left by a spike"),
        "V_add": ("18.51 mV", "what is added to it"),
        "b_s": ("0.009 1/ms", "rate at which theta_s decays"),
        "theta_add": ("0.37 mV", "what a spike adds to theta_s"),
    },
    _CURRENTS: {
        "k_1": ("0.003 1/ms", "rate at which I_1 decays"),
        "k_2": ("0.1 1/ms", "rate at which I_2 decays"),
        "A_1": ("-9.18 pA", "what a spike adds to I_1"),
        "A_2": ("-198.94 pA", "what a spike adds to I_2"),
        "r_1": (1, "share of I_1 that is left by a spike"),
        "r_2": (1, "share of I_2 that is left by a spike"),
    },
    _VOLTAGE_THRESHOLD: {
        "a_v": ("0.005 1/ms", "how strongly theta_v follows the voltage"),
        "b_v": ("0.09 1/ms", "rate at which theta_v decays"),
    },
}
_FIXED_RESET: dict[str, tuple[str | float, str]] = {
    "V_r": ("-78.85 mV", "reset"),
}

_RESETS = {
    _SPIKE_THRESHOLD: "theta_s = theta_s*exp(-b_s*tau_ref) + theta_add",
    _CURRENTS: "I_1 = r_1*I_1*exp(-k_1*tau_ref) + A_1; I_2 = r_2*I_2*exp(-k_2*tau_ref) + A_2",
}

_SEEN = {
    1: "Every cycle is like the first: the cell fires regularly.",
    2: "The reset goes less deep after a spike from higher up, and every spike raises the"
    " threshold.",
    3: "Currents that outlast a spike hold the next ones back.",
    4: "The threshold rises and currents hold the cell back.",
    5: "The threshold follows the voltage too: a current that rises slowly meets a higher one.",
}


def _level(number: int) -> LibraryModel:
    """Make the model of a level."""
    has = _LEVELS[number]
    currents = " + I_1 + I_2" if _CURRENTS in has else ""
    threshold = "V_T"
    if _SPIKE_THRESHOLD in has:
        threshold += " + theta_s"
    if _VOLTAGE_THRESHOLD in has:
        threshold += " + theta_v"
    voltage = (
        f"dv/dt = (g_L*(E_L - v) + I + i_syn{currents})/C_m : mV (unless refractory)\n"
        f"theta = {threshold} : mV\n"
    )
    reset = "v = E_L + f_v*(v - E_L) + V_add" if _SPIKE_THRESHOLD in has else "v = V_r"
    symbols = {key: text for part in ("", *has) for key, text in _SYMBOLS[part].items()}
    parameters = {key: value for part in ("", *has) for key, value in _PARAMETERS[part].items()}
    return describe(
        f"GLIF{number}",
        title=f"Generalized leaky integrate-and-fire (GLIF) neuron {number}: {_TITLES[number]}.",
        equations=voltage + "".join(_EQUATIONS[part] for part in ("", *has)),
        threshold="v > theta",
        reset="; ".join([reset, *(_RESETS[part] for part in has if part in _RESETS)]),
        refractory="tau_ref",
        # A weight is the peak of the current it causes.
        receives={"x_syn": "x_syn += weight*exp(1)"},
        initial={"v": "E_L"},
        ports={"x_syn": "weight in pA, the peak of the current; its sign excites or inhibits"},
        symbols={**symbols, "theta": "threshold"},
        parameters=parameters if _SPIKE_THRESHOLD in has else {**parameters, **_FIXED_RESET},
        notes="""
            The five levels are GLIF1 to GLIF5: 1 the leaky neuron, 2 with reset rules and a
            threshold that spikes raise, 3 with after-spike currents, 4 with both, 5 with a
            threshold that follows the voltage as well. Potential, currents and thresholds are
            held in the refractory period; what they would have decayed in it is taken off at
            the reset. The defaults are NEST's, cell 490626718 of the Allen Cell Types Database.
            """,
        source="C. Teeter et al., Nature Communications 9 (2018); in the form and with the"
        " parameters of NEST's glif_psc.",
        checked="the spike times of NEST's glif_psc under a step of 400 pA, and an integration"
        " of its own in plain Python.",
        protocol=Protocol(
            _SEEN[number],
            duration="600 ms",
            stimulus=(Step("400 pA", "100 ms", "400 ms"),),
            draw=("v theta",) if number != 3 else ("v", "I_1"),
        ),
    )


GLIF1 = _level(1)
GLIF2 = _level(2)
GLIF3 = _level(3)
GLIF4 = _level(4)
GLIF5 = _level(5)
