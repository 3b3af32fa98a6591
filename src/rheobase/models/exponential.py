"""Integrate-and-fire neurons with adaptation: few equations, many firing patterns."""

from rheobase.models.library import describe

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
        exponential, which lifts it by 0.08 uV with the defaults; with a = -g_L there is no rest.
        """,
    source="R. Brette and W. Gerstner, Journal of Neurophysiology 94 (2005); patterns: R. Naud,"
    " N. Marcille, C. Clopath and W. Gerstner, Biological Cybernetics 99 (2008).",
    checked="spike counts and first spike times of the eight patterns of Naud et al., integrated"
    " independently with a step of 0.5 us.",
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
    notes="""
        Types (a, b, c, d): regular spiking 0.02, 0.2, -65, 8 (the defaults); intrinsically
        bursting 0.02, 0.2, -55, 4; chattering 0.02, 0.2, -50, 2; fast spiking 0.1, 0.2, -65, 2;
        low-threshold spiking 0.02, 0.25, -65, 2; thalamo-cortical 0.02, 0.25, -65, 0.05;
        resonator 0.1, 0.26, -65, 2.

        It begins at its stable fixed point (v -70 and u -14 with b = 0.2). The published network
        begins at v = -65 instead, and takes two half steps of 0.5 ms for v; its step can be
        written as a map in this language (see the tests).
        """,
    source="E. M. Izhikevich, IEEE Transactions on Neural Networks 14 (2003).",
    checked="the fixed points in closed form, the firing types, and the published network's rates.",
)
