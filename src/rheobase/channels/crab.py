"""The channels of Connor and Stevens, from axons of crabs and somata of sea slugs."""

from rheobase.channels.library import channel

_SOURCE = """J. A. Connor, D. Walter and R. McKown, Biophysical Journal 18, 81 (1977), in the form
    of P. Dayan and L. F. Abbott, Theoretical Neuroscience (2001), chapter 6."""
_CHECKED = "together with the other two and Leak(g=0.3*mS/cm**2, E=-17*mV): "

ConnorStevensSodium = channel(
    "ConnorStevensSodium",
    name="Na",
    title="Sodium channel of Connor and Stevens (1977).",
    equations="""
        I = g*m**3*h*(v - E) : uA/cm**2
        alpha_m = 3.8/exprel(-(v + 29.7*mV)/(10*mV))/ms : 1/ms
        beta_m = 15.2*exp(-0.0556*(v + 54.7*mV)/mV)/ms : 1/ms
        alpha_h = 0.266*exp(-0.05*(v + 48*mV)/mV)/ms : 1/ms
        beta_h = 3.8/(1 + exp(-0.1*(v + 18*mV)/mV))/ms : 1/ms
        g : mS/cm**2
        E : mV
        """,
    carries="Na",
    gates={"m": "activation", "h": "inactivation"},
    parameters={
        "g": ("120 mS/cm**2", "conductance, all channels open"),
        "E": ("55 mV", 'reversal potential; "nernst": that of the sodium pool'),
    },
    source=_SOURCE,
    checked=_CHECKED + "m 0.01007 and h 0.96591 at rest, -67.978 mV.",
)

ConnorStevensPotassium = channel(
    "ConnorStevensPotassium",
    name="K",
    title="Delayed rectifier of Connor and Stevens (1977).",
    equations="""
        I = g*n**4*(v - E) : uA/cm**2
        alpha_n = 0.2/exprel(-(v + 45.7*mV)/(10*mV))/ms : 1/ms
        beta_n = 0.25*exp(-0.0125*(v + 55.7*mV)/mV)/ms : 1/ms
        g : mS/cm**2
        E : mV
        """,
    carries="K",
    gates={"n": "activation"},
    parameters={
        "g": ("20 mS/cm**2", "conductance, all channels open"),
        "E": ("-72 mV", 'reversal potential; "nernst": that of the potassium pool'),
    },
    source=_SOURCE,
    checked=_CHECKED + "n 0.15586 at rest, -67.978 mV.",
)

ConnorStevensA = channel(
    "ConnorStevensA",
    name="A",
    title="A-type potassium channel of Connor and Stevens (1971).",
    equations="""
        I = g*a**3*b*(v - E) : uA/cm**2
        a_inf = (0.0761*exp(0.0314*(v + 94.22*mV)/mV)/(1 + exp(0.0346*(v + 1.17*mV)/mV)))**(1/3) : 1
        tau_a = (0.3632 + 1.158/(1 + exp(0.0497*(v + 55.96*mV)/mV)))*ms : ms
        b_inf = 1/(1 + exp(0.0688*(v + 53.3*mV)/mV))**4 : 1
        tau_b = (1.24 + 2.678/(1 + exp(0.0624*(v + 50*mV)/mV)))*ms : ms
        g : mS/cm**2
        E : mV
        """,
    carries="K",
    gates={"a": "activation", "b": "inactivation"},
    parameters={
        "g": ("47.7 mS/cm**2", "conductance, all channels open"),
        "E": ("-75 mV", 'reversal potential; "nernst": that of the potassium pool'),
    },
    notes="It makes the cell fire at any low rate: the first spike waits until b has closed.",
    source=_SOURCE,
    checked=_CHECKED + "a 0.54042 and b 0.28867 at rest, -67.978 mV; the rheobase 8.119 uA/cm**2"
    " and rates of rb.models.ConnorStevens.",
)
