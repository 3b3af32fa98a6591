"""Point neurons with voltage-gated conductances, per area of membrane."""

from rheobase.models.library import describe
from rheobase.models.protocols import Protocol, Step, Variant

_GATES = {
    "m": "activation of sodium",
    "h": "inactivation of sodium",
    "n": "activation of potassium",
    **{
        f"{rate}_{gate}": f"rate at which {gate} {verb}"
        for gate in "mhn"
        for rate, verb in (("alpha", "opens"), ("beta", "closes"))
    },
}

HodgkinHuxley = describe(
    "HodgkinHuxley",
    title="Hodgkin and Huxley's squid axon, one patch of membrane.",
    equations="""
        dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I)/C_m : mV
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        phi = 3**((temperature - 6.3)/10) : 1
        alpha_m = phi/exprel(-(v + 40*mV)/(10*mV))/ms : 1/ms
        beta_m = phi*4*exp(-(v + 65*mV)/(18*mV))/ms : 1/ms
        alpha_h = phi*0.07*exp(-(v + 65*mV)/(20*mV))/ms : 1/ms
        beta_h = phi/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1/ms
        alpha_n = phi*0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms
        beta_n = phi*0.125*exp(-(v + 65*mV)/(80*mV))/ms : 1/ms
        I : uA/cm**2 (input)
        """,
    threshold="v > V_spike",
    refractory="v > V_spike",
    initial="rest",
    symbols={
        "v": "membrane potential",
        **_GATES,
        "phi": "factor of all rates at a temperature: 3 for 10 degrees",
        "I": "injected current per area",
    },
    parameters={
        "C_m": ("1 uF/cm**2", "capacitance per area"),
        "g_Na": ("120 mS/cm**2", "sodium conductance, all channels open"),
        "E_Na": ("50 mV", "sodium reversal potential"),
        "g_K": ("36 mS/cm**2", "potassium conductance, all channels open"),
        "E_K": ("-77 mV", "potassium reversal potential"),
        "g_L": ("0.3 mS/cm**2", "leak conductance"),
        "E_L": ("-54.387 mV", "leak reversal potential; some write -54.3 or -54.4 mV"),
        "temperature": (6.3, "in degrees Celsius, a plain number"),
        "V_spike": ("-20 mV", "a spike is an upward crossing of this potential"),
    },
    variants={
        "NEURON": Variant("leak as in NEURON and Arbor", {"E_L": "-54.3 mV"}),
        "rounded": Variant("leak as some textbooks round it", {"E_L": "-54.4 mV"}),
    },
    protocol=Protocol(
        "A weak step is answered by one spike, a stronger one by a train; the gates below.",
        duration="160 ms",
        dt="0.01 ms",
        stimulus=(Step("4 uA/cm**2", "10 ms", "60 ms"), Step("10 uA/cm**2", "90 ms", "150 ms")),
        draw=("v", "m h n"),
    ),
    notes="""
        In the modern convention: v is the inside minus the outside and rests near -65 mV. The
        rates are those of 1952; 0.1 x/(1 - exp(-x/10)) is written 1/exprel(-x/10) with
        exprel(y) = (exp(y) - 1)/y, which is 1 at y = 0, where the other form is 0/0.

        There is no reset and no tau_ref: refractoriness is the channels' own. A spike is counted
        when v rises above V_spike, and again only after v has been below it. V_spike is -20 mV,
        not 0: above some 60 uA/cm**2 later spikes stay below 0 mV.
        """,
    source="A. L. Hodgkin and A. F. Huxley, Journal of Physiology 117 (1952).",
    checked="rest -64.99638 mV; rates and first spike times from 6.3 to 50 uA/cm**2; the currents"
    " that evoke one spike (2.2404) and a train (6.259 uA/cm**2).",
)

TraubMiles = describe(
    "TraubMiles",
    title="Hippocampal pyramidal cell of Traub and Miles, as in the 2007 review's benchmark 3.",
    equations="""
        dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I)/C_m : mV
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        u = (v - V_T)/mV : 1
        alpha_m = 1.28/exprel((13 - u)/4)/ms : 1/ms
        beta_m = 1.4/exprel((u - 40)/5)/ms : 1/ms
        alpha_h = 0.128*exp((17 - u)/18)/ms : 1/ms
        beta_h = 4/(1 + exp((40 - u)/5))/ms : 1/ms
        alpha_n = 0.16/exprel((15 - u)/5)/ms : 1/ms
        beta_n = 0.5*exp((10 - u)/40)/ms : 1/ms
        I : uA/cm**2 (input)
        """,
    threshold="v > V_spike",
    refractory="v > V_spike",
    initial="rest",
    symbols={
        "v": "membrane potential",
        **_GATES,
        "u": "v above V_T, in mV",
        "I": "injected current per area",
    },
    parameters={
        "C_m": ("1 uF/cm**2", "capacitance per area"),
        "g_Na": ("100 mS/cm**2", "sodium conductance, all channels open"),
        "E_Na": ("50 mV", "sodium reversal potential"),
        "g_K": ("30 mS/cm**2", "potassium conductance, all channels open"),
        "E_K": ("-90 mV", "potassium reversal potential"),
        "g_L": ("0.05 mS/cm**2", "leak conductance"),
        "E_L": ("-65 mV", "leak reversal potential"),
        "V_T": ("-63 mV", "shifts all rates along the voltage"),
        "V_spike": ("-20 mV", "a spike is an upward crossing of this potential"),
    },
    variants={"printed": Variant("leak as the review prints it: no rest", {"E_L": "-60 mV"})},
    protocol=Protocol(
        "The rate grows with the current from 0 on; the gates below.",
        duration="260 ms",
        dt="0.01 ms",
        stimulus=(
            Step("0.3 uA/cm**2", "10 ms", "130 ms"),
            Step("2 uA/cm**2", "150 ms", "250 ms"),
        ),
        draw=("v", "m h n"),
    ),
    notes="""
        A trap: the review prints E_L = -60 mV, and most implementations follow it. Such a cell
        is not at rest: left alone it fires at 13.86 Hz (it then starts at v = E_L, with a
        warning). The original codes of the review used -65 mV, the default here, with which it
        rests at -64.76 mV.

        The review's cell has 20,000 um**2 of membrane: 0.2 nA there are 1 uA/cm**2 here. There
        is no reset and no tau_ref: refractoriness is the channels' own, and a spike is counted
        when v rises above V_spike.
        """,
    source="R. D. Traub and R. Miles, Neuronal Networks of the Hippocampus (1991), as given by"
    " R. Brette et al., Journal of Computational Neuroscience 23 (2007), appendix B.",
    checked="rates for currents of 0 to 0.7 nA (0 to 3.5 uA/cm**2) with either E_L, integrated"
    " independently; rest at -64.7646 mV.",
)
