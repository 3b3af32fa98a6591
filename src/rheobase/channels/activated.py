"""Potassium channels that ions inside open: calcium (BK, SK, AHP) and sodium."""

from rheobase.channels.library import channel

BK = channel(
    "BK",
    name="BK",
    title="BK: calcium and voltage open it (Moczydlowski and Latorre 1983).",
    equations="""
        I = g*o*(v - E) : uA/cm**2
        u = 2*F*v/(R*(temperature + 273.15)*kelvin) : 1
        alpha_o = opening*Ca_i/(Ca_i + K_1*exp(-d_1*u)) : 1/ms
        beta_o = closing/(1 + Ca_i/(K_2*exp(-d_2*u))) : 1/ms
        g : mS/cm**2
        E : mV
        K_1 : uM
        K_2 : nM
        opening : 1/ms
        closing : 1/ms
        """,
    carries="K",
    gates={"o": "activation"},
    parameters={
        "g": ("1 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "opening": ("0.28 1/ms", "largest rate of opening"),
        "closing": ("0.48 1/ms", "largest rate of closing"),
        "K_1": ("0.48 uM", "calcium at which opening is half of that, at 0 mV"),
        "K_2": ("0.13 nM", "calcium at which closing is half of that, at 0 mV"),
        "d_1": (0.84, "part of the field that the first calcium ion feels"),
        "d_2": (1.0, "part of the field that the second calcium ion feels"),
        "Q10": (1, "factor of the rates for 10 degrees; none was measured"),
        "T_ref": (23, "room temperature, that of the measurement"),
    },
    notes="""
        Needs a pool of calcium. It opens during the spike, near channels that let calcium in, and
        shortens it. u, and so the voltage dependence, follows the temperature of the membrane.
        """,
    source="E. Moczydlowski and R. Latorre, Journal of General Physiology 82, 511 (1983); one set"
    " of their constants, in wide use.",
    checked="opening and closing against the two-site scheme in closed form; more calcium opens it"
    " at lower voltages.",
)

SK = channel(
    "SK",
    name="SK",
    title="SK: calcium opens it, at any voltage (Kohler et al. 1996).",
    equations="""
        I = g*z*(v - E) : uA/cm**2
        z_inf = 1/(1 + (K/Ca_i)**4.8) : 1
        g : mS/cm**2
        E : mV
        K : uM
        tau_z : ms
        """,
    carries="K",
    gates={"z": "activation"},
    parameters={
        "g": ("0.1 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "K": ("0.43 uM", "calcium at which half of the channels are open"),
        "tau_z": ("1 ms", "time constant"),
    },
    notes="Needs a pool of calcium. The medium afterhyperpolarization; it lasts as long as the"
    " calcium does.",
    source="M. Kohler et al., Science 273, 1709 (1996); the time constant of E. Hay et al., PLoS"
    " Computational Biology 7, e1002107 (2011).",
    checked="half open at 0.43 uM; a calcium plateau as Arbor computes it, within 0.01 mV.",
)

AHP = channel(
    "AHP",
    name="AHP",
    title="AHP: the slow calcium-activated potassium channel (McCormick and Huguenard 1992).",
    equations="""
        I = g*m**2*(v - E) : uA/cm**2
        alpha_m = opening*(Ca_i/uM)**2 : 1/ms
        beta_m = closing : 1/ms
        g : mS/cm**2
        E : mV
        opening : 1/ms
        closing : 1/ms
        """,
    carries="K",
    gates={"m": "activation"},
    parameters={
        "g": ("0.1 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "opening": ("0.0012 1/ms", "rate of opening at 1 uM of calcium"),
        "closing": ("0.001 1/ms", "rate of closing"),
    },
    notes="Needs a pool of calcium. It builds up over many spikes and closes within a second.",
    source="D. A. McCormick and J. R. Huguenard, Journal of Neurophysiology 68, 1384 (1992), after"
    " W. M. Yamada, C. Koch and P. R. Adams (1989).",
    checked="half activation at sqrt(closing/opening) = 0.913 uM; the time constant there, 500 ms.",
)

SodiumActivatedPotassium = channel(
    "SodiumActivatedPotassium",
    name="KNa",
    title="Sodium-activated potassium channel (Bischoff et al. 1998).",
    equations="""
        I = g*w*(v - E) : uA/cm**2
        w_inf = 0.37/(1 + (K/Na_i)**3.5) : 1
        g : mS/cm**2
        E : mV
        K : mM
        """,
    carries="K",
    gates={"w": "activation, at once"},
    parameters={
        "g": ("1.33 mS/cm**2", "conductance"),
        "E": ("-100 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "K": ("38.7 mM", "sodium at which half of what can open is open"),
    },
    notes="""
        Needs a pool of sodium. At most 0.37 of the conductance opens. Sodium that spikes let in
        opens it for seconds: cortical cells adapt, and up states end.
        """,
    source="U. Bischoff, W. Vogel and B. V. Safronov, Journal of Physiology 510, 743 (1998), as"
    " used by A. Compte et al., Journal of Neurophysiology 89, 2707 (2003).",
    checked="0.185 open at 38.7 mM; the slope 3.5 of the logarithm.",
)
