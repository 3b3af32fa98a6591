"""Integrate-and-fire neurons with adaptation: few equations, many firing patterns."""

from __future__ import annotations

from dataclasses import replace

from rheobase.models.library import describe
from rheobase.models.protocols import Protocol, Step, Variant

_STEP = Protocol(
    "A step of current: spikes, and the adaptation current that each period leaves.",
    duration="500 ms",
    dt="0.01 ms",
    stimulus=(Step("500 pA", "50 ms", "450 ms"),),
    draw=("v", "w"),
)
_SIMPLE = Protocol(
    "A step of current: spikes, and the recovery u that each one leaves.",
    duration="300 ms",
    stimulus=(Step(10, "20 ms", "280 ms"),),
    draw=("v", "u"),
)


def _naud(
    meaning: str, current: str, c: str, g: str, e: str, a: str, tau: str, b: str, reset: str
) -> Variant:
    """Return a pattern of Naud et al., shown under the current it was published for."""
    return Variant(
        meaning,
        {"C_m": f"{c} pF", "g_L": f"{g} nS", "E_L": f"{e} mV", "V_T": "-50 mV", "Delta_T": "2 mV",
         "V_cut": "0 mV", "a": f"{a} nS", "tau_w": f"{tau} ms", "b": f"{b} pA",
         "V_r": f"{reset} mV"},
        replace(_STEP, caption=f"{meaning.capitalize()}, at {current} pA.",
                duration="500 ms", stimulus=(Step(f"{current} pA"),)),
    )  # fmt: skip


def _brette(meaning: str, a: str, tau: str, b: str, reset: str) -> Variant:
    """Return a set of Brette and Gerstner, shown at 1 nA."""
    return Variant(
        meaning,
        {"C_m": "281 pF", "g_L": "30 nS", "E_L": "-70.6 mV", "V_T": "-50.4 mV", "Delta_T": "2 mV",
         "V_cut": "-40.4 mV", "a": f"{a} nS", "tau_w": f"{tau} ms", "b": f"{b} pA",
         "V_r": f"{reset} mV"},
        replace(_STEP, caption=f"{meaning.capitalize()}, at 1 nA.", duration="400 ms",
                stimulus=(Step("1000 pA", "50 ms", "350 ms"),)),
    )  # fmt: skip


def _izhikevich(
    meaning: str, a: float, b: float, c: float, d: float, *steps: tuple[float, str, str]
) -> Variant:
    """Return a type of Izhikevich's, shown under steps of current."""
    stimulus = tuple(Step(*step) for step in steps) or _SIMPLE.stimulus
    sentence = meaning[0].upper() + meaning[1:] + "."
    return Variant(
        meaning,
        {"a": a, "b": b, "c": c, "d": d},
        replace(_SIMPLE, caption=sentence, stimulus=stimulus),
    )


AdEx = describe(
    "AdEx",
    title="Adaptive exponential integrate-and-fire neuron.",
    equations="""
        u = minimum(v, V_cut) : mV
        dv/dt = (g_L*(E_L - u) + g_L*Delta_T*exp((u - V_T)/Delta_T)
                 - w + I)/C_m : mV (unless refractory)
        dw/dt = (a*(u - E_L) - w)/tau_w : pA
        I : pA (input)
        """,
    threshold="v > V_cut",
    reset="v = V_r; w += b",
    refractory="tau_ref",
    receives="v += weight",
    initial={"v": "E_L"},
    ports={"v": "weight in mV, a jump; its sign excites or inhibits"},
    symbols={
        "v": "membrane potential",
        "u": "v, cut at V_cut",
        "w": "adaptation current",
        "I": "injected current",
    },
    parameters={
        "C_m": ("200 pF", "membrane capacitance"),
        "g_L": ("10 nS", "leak conductance"),
        "E_L": ("-70 mV", "leak reversal potential"),
        "V_T": ("-50 mV", "potential at which the exponential takes over"),
        "Delta_T": ("2 mV", "sharpness of that"),
        "V_cut": ("0 mV", "potential at which the spike is cut"),
        "a": ("2 nS", "adaptation below threshold"),
        "tau_w": ("30 ms", "time constant of adaptation"),
        "b": ("0 pA", "adaptation by a spike"),
        "V_r": ("-58 mV", "reset"),
        "tau_ref": ("0 ms", "refractory period, v held at V_r"),
    },
    notes="""
        Both right-hand sides read v cut at V_cut. Nothing follows from that before the spike,
        but the slope of the last step stays finite, so that a Runge-Kutta step across the spike
        leaves w right. The defaults are the pattern "tonic" of Naud et al.; where a spike is
        steep, take a step of 0.01 ms or less to have its time to 0.1 ms.

        It begins at v = E_L and w = 0, as published. That is rest up to the foot of the
        exponential, which lifts it by 0.08 µV with the defaults; with a = -g_L there is no rest.
        """,
    variants={
        "tonic": _naud("regular spikes", "500", "200", "10", "-70", "2", "30", "0", "-58"),
        "adaptation": _naud(
            "intervals that grow", "500", "200", "12", "-70", "2", "300", "60", "-58"
        ),
        "initial burst": _naud(
            "a burst, then regular spikes", "400", "130", "18", "-58", "4", "150", "120", "-50"
        ),
        "regular bursting": _naud(
            "a burst, again and again", "210", "200", "10", "-58", "2", "120", "100", "-46"
        ),
        "delayed accelerating": _naud(
            "a late first spike, then intervals that shrink",
            "300",
            "200",
            "12",
            "-70",
            "-10",
            "300",
            "0",
            "-58",
        ),
        "delayed regular bursting": _naud(
            "a late first burst, then more", "110", "100", "10", "-65", "-10", "90", "30", "-47"
        ),
        "transient": _naud(
            "one spike, then silence", "180", "100", "10", "-65", "10", "90", "100", "-47"
        ),
        "irregular": _naud(
            "chaotic intervals", "160", "100", "12", "-60", "-11", "130", "30", "-48"
        ),
        "Brette-Gerstner": _brette("adapting pyramidal cell", "4", "144", "80.5", "-70.6"),
        "Brette-Gerstner bursting": _brette("bursting cell", "4", "20", "500", "-45.4"),
        "Brette-Gerstner fast spiking": _brette(
            "fast-spiking cell, a = 2 C_m/tau_w", "3.9027777777777777", "144", "0", "-70.6"
        ),
    },
    protocol=_STEP,
    source="R. Brette and W. Gerstner, Journal of Neurophysiology 94 (2005), three sets; eight"
    " patterns: R. Naud, N. Marcille, C. Clopath and W. Gerstner, Biological Cybernetics 99"
    " (2008), as tabulated in Brian 2's example after that paper.",
    checked="spike counts and first spike times of the eight patterns of Naud et al., integrated"
    " independently with a step of 0.5 µs; those of Brette and Gerstner's sets at 1 nA likewise.",
)

Izhikevich = describe(
    "Izhikevich",
    title="Izhikevich's simple model: v in mV and time in ms, both written without units.",
    equations="""
        dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1 (unless refractory)
        du/dt = a*(b*v - u)/ms : 1
        I : 1 (input)
        """,
    threshold="v >= v_peak",
    reset="v = c; u += d",
    refractory="tau_ref",
    receives="v += weight",
    # The lower root of 0.04 v^2 + (5 - b) v + 140 = 0; where there is none, its turning point.
    initial={"v": "-(5 - b + sqrt(maximum((5 - b)**2 - 22.4, 0)))/0.08", "u": "b*v"},
    ports={"v": "weight without unit, a jump of v; its sign excites or inhibits"},
    symbols={
        "v": "membrane potential",
        "u": "recovery",
        "I": "injected current",
    },
    parameters={
        "a": (0.02, "rate of recovery, per ms"),
        "b": (0.2, "how much recovery follows v"),
        "c": (-65, "reset of v"),
        "d": (8, "jump of u at a spike"),
        "v_peak": (30, "where the spike is cut"),
        "tau_ref": ("0 ms", "refractory period, v held at c"),
    },
    variants={
        "regular spiking": _izhikevich(
            "regular spikes, further and further apart", 0.02, 0.2, -65, 8
        ),
        "intrinsically bursting": _izhikevich("a burst, then single spikes", 0.02, 0.2, -55, 4),
        "chattering": _izhikevich("bursts of closely spaced spikes", 0.02, 0.2, -50, 2),
        "fast spiking": _izhikevich("high rates that do not adapt", 0.1, 0.2, -65, 2),
        "low-threshold spiking": _izhikevich(
            "high rates that adapt, from small currents on", 0.02, 0.25, -65, 2
        ),
        "thalamo-cortical": _izhikevich(
            "regular spikes at small currents; a rebound burst after inhibition",
            0.02,
            0.25,
            -65,
            0.05,
            (1.5, "20 ms", "140 ms"),
            (-12, "160 ms", "230 ms"),
        ),
        "resonator": _izhikevich(
            "rings; two weak pulses 20 ms apart fail, 40 ms apart, one period, they make it fire",
            0.1,
            0.26,
            -65,
            2,
            *((1.1, f"{start} ms", f"{start + 2} ms") for start in (20, 40, 180, 220)),
        ),
    },
    protocol=_SIMPLE,
    notes="""
        It begins at its stable fixed point (v -70 and u -14 with b = 0.2). The published network
        begins at v = -65 instead, and takes two half steps of 0.5 ms for v; its step can be
        written as a map in this language (see the tests).
        """,
    source="E. M. Izhikevich, IEEE Transactions on Neural Networks 14 (2003).",
    checked="the fixed points in closed form, the firing types, and the rates and rhythm of the"
    " published network of 1000 neurons, five random ones.",
)
