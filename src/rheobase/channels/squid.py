"""The channels of the squid axon, and a leak."""

from rheobase.channels.library import channel

HHSodium = channel(
    "HHSodium",
    name="Na",
    title="Sodium channel of the squid axon (Hodgkin and Huxley 1952).",
    equations="""
        I = g*m**3*h*(v - E) : uA/cm**2
        alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : 1/ms
        beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : 1/ms
        alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : 1/ms
        beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1/ms
        g : mS/cm**2
        E : mV
        """,
    carries="Na",
    gates={"m": "activation", "h": "inactivation"},
    parameters={
        "g": ("120 mS/cm**2", "conductance, all channels open"),
        "E": ("50 mV", 'reversal potential; "nernst": that of the sodium pool'),
        "Q10": (3, "factor of the rates for 10 degrees"),
        "T_ref": (6.3, "temperature of the measurement, degrees Celsius"),
    },
    notes="""
        In the modern convention: v is the inside minus the outside and rests near -65 mV.
        0.1 x/(1 - exp(-x/10)) is written 1/exprel(-x/10) with exprel(y) = (exp(y) - 1)/y, which
        is 1 at y = 0, where the other form is 0/0.
        """,
    source="A. L. Hodgkin and A. F. Huxley, Journal of Physiology 117, 500 (1952).",
    checked="gates at -65 mV, 0.0529325 and 0.5961208; with HHPotassium and Leak the rest,"
    " rheobase and rates of rb.models.HodgkinHuxley.",
)

HHPotassium = channel(
    "HHPotassium",
    name="K",
    title="Delayed rectifier of the squid axon (Hodgkin and Huxley 1952).",
    equations="""
        I = g*n**4*(v - E) : uA/cm**2
        alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms
        beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : 1/ms
        g : mS/cm**2
        E : mV
        """,
    carries="K",
    gates={"n": "activation"},
    parameters={
        "g": ("36 mS/cm**2", "conductance, all channels open"),
        "E": ("-77 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "Q10": (3, "factor of the rates for 10 degrees"),
        "T_ref": (6.3, "temperature of the measurement, degrees Celsius"),
    },
    source="A. L. Hodgkin and A. F. Huxley, Journal of Physiology 117, 500 (1952).",
    checked="the gate at -65 mV, 0.3176769.",
)

Leak = channel(
    "Leak",
    name="L",
    title="Leak: a constant conductance.",
    equations="""
        I = g*(v - E) : uA/cm**2
        g : mS/cm**2
        E : mV
        """,
    gates={},
    parameters={
        "g": ("0.3 mS/cm**2", "conductance; 1/g is the resistance of an area of membrane"),
        "E": ("-54.387 mV", "reversal potential"),
    },
    notes="The defaults are those of the squid axon; some write -54.3 or -54.4 mV.",
    source="A. L. Hodgkin and A. F. Huxley, Journal of Physiology 117, 500 (1952).",
    checked="the time constant and the resistance of a passive membrane.",
)
