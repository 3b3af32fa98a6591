"""Integrate-and-fire neurons whose own slope begins the spike."""

from rheobase.models.library import describe
from rheobase.models.protocols import Protocol, Step

ExponentialLIF = describe(
    "ExponentialLIF",
    title="Exponential integrate-and-fire neuron: the sodium current as an exponential.",
    equations="""
        u = minimum(v, V_cut) : mV
        dv/dt = (g_L*(E_L - u) + g_L*Delta_T*exp((u - V_T)/Delta_T) + I)/C_m
            : mV (unless refractory)
        I : pA (input)
        """,
    threshold="v > V_cut",
    reset="v = V_r",
    refractory="tau_ref",
    receives="v += weight",
    initial="rest",
    ports={"v": "weight in mV, a jump; its sign excites or inhibits"},
    symbols={
        "v": "membrane potential",
        "u": "v, cut at V_cut",
        "I": "injected current",
    },
    parameters={
        "C_m": ("200 pF", "membrane capacitance"),
        "g_L": ("20 nS", "leak conductance"),
        "E_L": ("-65 mV", "leak reversal potential"),
        "V_T": ("-59.9 mV", "potential at which the exponential takes over"),
        "Delta_T": ("3.48 mV", "sharpness of that"),
        "V_cut": ("0 mV", "potential at which the spike is cut"),
        "V_r": ("-68 mV", "reset"),
        "tau_ref": ("1.7 ms", "refractory period, v held at V_r"),
    },
    notes="""
        The defaults were fitted to the neuron of Wang and Buzsaki, whose spikes this model
        stands for: 1 uA/cm**2 there are 200 pA here, on 20,000 um**2 of membrane. The rheobase is
        g_L (V_T - E_L - Delta_T), 32.4 pA.

        The slope reads v cut at V_cut, so that a Runge-Kutta step across the spike is finite.
        """,
    source="N. Fourcaud-Trocme, D. Hansel, C. van Vreeswijk and N. Brunel, Journal of Neuroscience"
    " 23 (2003).",
    checked="its rheobase in closed form; its rate, the integral of dv over the slope, for several"
    " currents; rates near those of the neuron it was fitted to.",
    protocol=Protocol(
        "A step just below the rheobase, one above: the upstroke begins slowly and then runs away.",
        duration="500 ms",
        dt="0.01 ms",
        stimulus=(Step("30 pA", "20 ms", "220 ms"), Step("60 pA", "270 ms", "470 ms")),
    ),
)

QuadraticIF = describe(
    "QuadraticIF",
    title="Quadratic integrate-and-fire neuron: what every class I neuron is near its threshold.",
    equations="""
        dv/dt = (g_L*(v - E_L)*(v - V_T)/(V_T - E_L) + I)/C_m : mV (unless refractory)
        I : pA (input)
        """,
    threshold="v > V_cut",
    reset="v = V_r",
    refractory="tau_ref",
    receives="v += weight",
    initial={"v": "E_L"},
    ports={"v": "weight in mV, a jump; its sign excites or inhibits"},
    symbols={"v": "membrane potential", "I": "injected current"},
    parameters={
        "C_m": ("200 pF", "membrane capacitance"),
        "g_L": ("20 nS", "leak conductance at rest"),
        "E_L": ("-65 mV", "resting potential"),
        "V_T": ("-50 mV", "potential above which v runs away, without input"),
        "V_cut": ("20 mV", "potential at which the spike is cut"),
        "V_r": ("-80 mV", "reset"),
        "tau_ref": ("0 ms", "refractory period, v held at V_r"),
    },
    notes="""
        The rheobase is g_L (V_T - E_L)/4, 75 pA; rest and threshold meet there, halfway between
        the two (a saddle-node). V_T is the point of no return for v without input, not the
        potential at which spikes are cut.
        """,
    source="P. E. Latham, B. J. Richmond, P. G. Nelson and S. Nirenberg, Journal of"
    " Neurophysiology 83 (2000).",
    checked="its rate in closed form, which has arctangents above the rheobase; rest and rheobase.",
    protocol=Protocol(
        "Below the rheobase v settles; above it passes the bottleneck between rest and threshold,"
        " and then runs away.",
        duration="500 ms",
        dt="0.01 ms",
        stimulus=(Step("70 pA", "20 ms", "220 ms"), Step("100 pA", "270 ms", "470 ms")),
    ),
)
