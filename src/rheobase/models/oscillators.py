"""Models of two and three variables that stand for the dynamics of a spiking neuron."""

from __future__ import annotations

from dataclasses import replace

from rheobase.models.library import describe
from rheobase.models.protocols import Protocol, Step, Variant

_FIBER = Protocol(
    "Below the Hopf bifurcation a pulse is followed by a ringing return to rest; above it the"
    " fiber fires regularly.",
    duration="800 ms",
    stimulus=(
        Step("80 uA/cm**2", "50 ms", "350 ms"),
        Step("100 uA/cm**2", "400 ms", "750 ms"),
    ),
    draw=("v", "w"),
)
_EXCITABLE = Protocol(
    "A short pulse is answered by one spike, a constant input by a train of them.",
    duration="300 ms",
    stimulus=(Step(0.8, "20 ms", "24 ms"), Step(0.5, "100 ms", "280 ms")),
    draw=("v", "w"),
)
_SNIC = {"g_Ca": "4 mS/cm**2", "V_3": "12 mV", "V_4": "17.4 mV"}
_FIRST = {"C_m": "20 uF/cm**2", "g_L": "2 mS/cm**2", "E_L": "-60 mV", "E_Ca": "120 mV",
          "g_K": "8 mS/cm**2", "E_K": "-84 mV", "V_1": "-1.2 mV", "V_2": "18 mV"}  # fmt: skip

MorrisLecar = describe(
    "MorrisLecar",
    title="Morris and Lecar's muscle fiber: a calcium current at once, a slower potassium current.",
    equations="""
        dv/dt = (g_L*(E_L - v) + g_Ca*m_inf*(E_Ca - v) + g_K*w*(E_K - v) + I)/C_m : mV
        dw/dt = phi*cosh((v - V_3)/(2*V_4))*(w_inf - w) : 1
        m_inf = (1 + tanh((v - V_1)/V_2))/2 : 1
        w_inf = (1 + tanh((v - V_3)/V_4))/2 : 1
        I : uA/cm**2 (input)
        """,
    threshold="v > V_spike",
    refractory="v > V_spike",
    initial="rest",
    symbols={
        "v": "membrane potential",
        "w": "activation of potassium",
        "m_inf": "activation of calcium, which follows v at once",
        "w_inf": "what w goes to",
        "I": "injected current per area",
    },
    parameters={
        "C_m": ("20 uF/cm**2", "capacitance per area"),
        "g_L": ("2 mS/cm**2", "leak conductance"),
        "E_L": ("-60 mV", "leak reversal potential"),
        "g_Ca": ("4.4 mS/cm**2", "calcium conductance, all channels open"),
        "E_Ca": ("120 mV", "calcium reversal potential"),
        "g_K": ("8 mS/cm**2", "potassium conductance, all channels open"),
        "E_K": ("-84 mV", "potassium reversal potential"),
        "V_1": ("-1.2 mV", "potential at which half of the calcium channels are open"),
        "V_2": ("18 mV", "width of that"),
        "V_3": ("2 mV", "potential at which half of the potassium channels open"),
        "V_4": ("30 mV", "width of that"),
        "phi": ("0.04 1/ms", "rate at which w follows, where it is slowest"),
        "V_spike": ("0 mV", "a spike is an upward crossing of this potential"),
    },
    variants={
        "Hopf": Variant(
            "firing begins at a nonzero rate, at a Hopf bifurcation",
            {**_FIRST, "g_Ca": "4.4 mS/cm**2", "V_3": "2 mV", "V_4": "30 mV", "phi": "0.04 1/ms"},
        ),
        "SNIC": Variant(
            "firing begins at rate 0, at a saddle-node on an invariant circle",
            {**_FIRST, **_SNIC, "phi": "0.06666666666666667 1/ms"},
            replace(
                _FIBER,
                caption="Just above the saddle-node the fiber fires slowly, further above faster.",
                duration="1200 ms",
                stimulus=(
                    Step("40.5 uA/cm**2", "50 ms", "600 ms"),
                    Step("60 uA/cm**2", "700 ms", "1150 ms"),
                ),
            ),
        ),
        "homoclinic": Variant(
            "the cycle ends in a saddle: rest and firing are both stable below the saddle-node",
            {**_FIRST, **_SNIC, "phi": "0.23 1/ms"},
            replace(
                _FIBER,
                caption="Rest and firing under one current: a pulse starts a train that lasts.",
                duration="800 ms",
                stimulus=(
                    Step("36 uA/cm**2", "20 ms"),
                    Step("40 uA/cm**2", "300 ms", "340 ms"),
                ),
            ),
        ),
        "Morris-Lecar 1981": Variant(
            "the fiber of the paper's figure 9",
            {
                **_FIRST,
                "g_Ca": "4 mS/cm**2",
                "E_L": "-50 mV",
                "E_Ca": "100 mV",
                "E_K": "-70 mV",
                "V_1": "10 mV",
                "V_2": "15 mV",
                "V_3": "-1 mV",
                "V_4": "14.5 mV",
                "phi": "0.06666666666666667 1/ms",
            },
            replace(
                _FIBER,
                caption="At 300 uA/cm**2 the fiber oscillates, at 500 it settles.",
                duration="600 ms",
                stimulus=(
                    Step("300 uA/cm**2", "20 ms", "280 ms"),
                    Step("500 uA/cm**2", "320 ms", "580 ms"),
                ),
            ),
        ),
    },
    protocol=_FIBER,
    notes="""
        The defaults are the set "Hopf" of Rinzel and Ermentrout: firing begins at a nonzero
        rate (class II). There is no reset and no tau_ref.
        """,
    source="C. Morris and H. Lecar, Biophysical Journal 35 (1981); the other sets: J. Rinzel and"
    " G. B. Ermentrout, in Methods in Neuronal Modeling, C. Koch and I. Segev, eds. (1989).",
    checked="rest, fixed points, and the currents of the Hopf and saddle-node bifurcations of every"
    " set, found independently.",
)

FitzHughNagumo = describe(
    "FitzHughNagumo",
    title="FitzHugh and Nagumo's model: excitability in two variables without units; time in ms.",
    equations="""
        dv/dt = (v - v**3/3 - w + I)/ms : 1
        dw/dt = epsilon*(v + a - b*w)/ms : 1
        I : 1 (input)
        """,
    threshold="v > v_spike",
    refractory="v > v_spike",
    initial="rest",
    symbols={
        "v": "stands for the membrane potential",
        "w": "recovery",
        "I": "stands for the injected current",
    },
    parameters={
        "a": (0.7, "shifts the line on which w does not change"),
        "b": (0.8, "slope of that line, inverted"),
        "epsilon": (0.08, "how slow w is beside v"),
        "v_spike": (1, "a spike is an upward crossing of this value"),
    },
    protocol=_EXCITABLE,
    notes="""
        The unit of time of the paper is 1 ms here. Rest is v = -1.19941, w = -0.62426; it
        fires on its own for I between 0.33128 and 1.41872, Hopf bifurcations both. There is no
        reset and no tau_ref.
        """,
    source="R. FitzHugh, Biophysical Journal 1 (1961); J. Nagumo, S. Arimoto and S. Yoshizawa,"
    " Proceedings of the IRE 50 (1962).",
    checked="rest; period 39.474 and range -1.97041 to 1.85212 of the limit cycle for I = 0.5; both"
    " Hopf bifurcations in closed form.",
)

HindmarshRose = describe(
    "HindmarshRose",
    title="Hindmarsh and Rose's model of bursting: three variables without units; time in ms.",
    equations="""
        dx/dt = (y - a*x**3 + b*x**2 - z + I)/ms : 1
        dy/dt = (c - d*x**2 - y)/ms : 1
        dz/dt = r*(s*(x - x_r) - z)/ms : 1
        I : 1 (input)
        """,
    threshold="x > x_spike",
    refractory="x > x_spike",
    initial="rest",
    symbols={
        "x": "stands for the membrane potential",
        "y": "recovery, fast",
        "z": "adaptation, slow",
        "I": "stands for the injected current",
    },
    parameters={
        "a": (1, "weight of the cubic term"),
        "b": (3, "weight of the quadratic term"),
        "c": (1, "constant of the recovery"),
        "d": (5, "how strongly the recovery follows x"),
        "r": (0.006, "how slow z is"),
        "s": (4, "how strongly z follows x"),
        "x_r": (-1.6, "x at which z goes to 0"),
        "x_spike": (1, "a spike is an upward crossing of this value"),
    },
    variants={
        "bursting": Variant(
            "regular bursts at I = 2",
            {"r": 0.001},
            Protocol(
                "Bursts of spikes, ended by z and begun again when it has fallen.",
                duration="2500 ms",
                stimulus=(Step(2, "100 ms"),),
                draw=("x", "z"),
            ),
        ),
    },
    protocol=Protocol(
        "At I = 3.25 the number of spikes in a burst is not the same twice: chaos.",
        duration="1500 ms",
        stimulus=(Step(3.25, "100 ms"),),
        draw=("x", "z"),
    ),
    notes="""
        The unit of time of the paper is 1 ms here. While z moves slowly, x and y spike or rest;
        spikes raise z until they end, and rest lets it fall until they begin again. There is no
        reset and no tau_ref.
        """,
    source="J. L. Hindmarsh and R. M. Rose, Proceedings of the Royal Society B 221 (1984).",
    checked="rest, the root of a cubic; spike times for I = 2 and 3.25 and an integration of its"
    " own by an adaptive method of high order.",
)
