"""Slow currents: M-type potassium, and the mixed current that hyperpolarization opens."""

from rheobase.channels.library import channel

MType = channel(
    "MType",
    name="M",
    title="M-type potassium channel: slow, without inactivation (Yamada et al. 1989).",
    equations="""
        I = g*p*(v - E) : uA/cm**2
        p_inf = 1/(1 + exp(-(v + 35*mV)/(10*mV))) : 1
        tau_p = slowest/(3.3*exp((v + 35*mV)/(20*mV)) + exp(-(v + 35*mV)/(20*mV))) : ms
        g : mS/cm**2
        E : mV
        slowest : ms
        """,
    carries="K",
    gates={"p": "activation"},
    parameters={
        "g": ("0.07 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "slowest": ("1000 ms", "scale of the time constant, which is at most 0.275 of it"),
        "Q10": (2.3, "factor of the rate for 10 degrees"),
        "T_ref": (36, "temperature of the rate, degrees Celsius"),
    },
    notes="It makes regularly spiking cells adapt; g and slowest are those of such a cell.",
    source="W. M. Yamada, C. Koch and P. R. Adams, in Methods in Neuronal Modeling (1989); values"
    " of M. Pospischil et al., Biological Cybernetics 99, 427 (2008).",
    checked="half activation at -35 mV; the largest time constant in closed form, slowest/"
    "(2 sqrt(3.3)), at -35 mV - 10 mV ln 3.3.",
)

HType = channel(
    "HType",
    name="h",
    title="Hyperpolarization-activated cation channel (Kole et al. 2006).",
    equations="""
        I = g*m*(v - E) : uA/cm**2
        alpha_m = 0.076517/exprel((v + 154.9*mV)/(11.9*mV))/ms : 1/ms
        beta_m = 0.193*exp(v/(33.1*mV))/ms : 1/ms
        g : mS/cm**2
        E : mV
        """,
    gates={"m": "activation"},
    parameters={
        "g": ("0.2 mS/cm**2", "conductance, all channels open"),
        "E": ("-45 mV", "reversal potential; sodium and potassium pass"),
        "Q10": (4.5, "factor of the rates for 10 degrees (Magee 1998)"),
        "T_ref": (34, "temperature of the measurement, degrees Celsius"),
    },
    notes="""
        In layer 5 pyramidal cells the conductance grows along the apical dendrite: 0.2 mS/cm**2
        at the soma, and exponentially up to some 60 times that in the tuft.

        0.00643 x/(exp(x/11.9) - 1) is written 0.076517/exprel(x/11.9), 0.076517 = 0.00643 11.9.
        """,
    source="M. H. P. Kole, S. Hallermann and G. J. Stuart, Journal of Neuroscience 26, 1677"
    " (2006); Q10 of J. C. Magee, Journal of Neuroscience 18, 7613 (1998).",
    checked="rates by the closed form, at -154.9 mV also; a calcium plateau as Arbor computes it,"
    " within 0.01 mV.",
)
