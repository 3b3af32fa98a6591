"""Models of two and three variables that stand for the dynamics of a spiking neuron."""

from rheobase.models.library import describe

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
