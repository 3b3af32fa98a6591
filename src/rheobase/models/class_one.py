"""Neurons with channels that begin to fire at any low rate: class I, per area of membrane."""

from rheobase.models.library import describe
from rheobase.models.protocols import Protocol, Step

WangBuzsaki = describe(
    "WangBuzsaki",
    title="Wang and Buzsaki's fast-spiking interneuron of the hippocampus, one patch of membrane.",
    equations="""
        dv/dt = (g_L*(E_L - v) + g_Na*m_inf**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I)/C_m : mV
        dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1
        dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1
        m_inf = alpha_m/(alpha_m + beta_m) : 1
        alpha_m = 1/exprel(-(v + 35*mV)/(10*mV))/ms : 1/ms
        beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : 1/ms
        alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : 1/ms
        beta_h = 1/(1 + exp(-(v + 28*mV)/(10*mV)))/ms : 1/ms
        alpha_n = 0.1/exprel(-(v + 34*mV)/(10*mV))/ms : 1/ms
        beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : 1/ms
        I : uA/cm**2 (input)
        """,
    threshold="v > V_spike",
    refractory="v > V_spike",
    initial="rest",
    symbols={
        "v": "membrane potential",
        "h": "inactivation of sodium",
        "n": "activation of potassium",
        "m_inf": "activation of sodium, which follows v at once",
        "alpha_m": "rate at which m opens",
        "beta_m": "rate at which m closes",
        "alpha_h": "rate at which h opens",
        "beta_h": "rate at which h closes",
        "alpha_n": "rate at which n opens",
        "beta_n": "rate at which n closes",
        "I": "injected current per area",
    },
    parameters={
        "C_m": ("1 uF/cm**2", "capacitance per area"),
        "g_Na": ("35 mS/cm**2", "sodium conductance, all channels open"),
        "E_Na": ("55 mV", "sodium reversal potential"),
        "g_K": ("9 mS/cm**2", "potassium conductance, all channels open"),
        "E_K": ("-90 mV", "potassium reversal potential"),
        "g_L": ("0.1 mS/cm**2", "leak conductance"),
        "E_L": ("-65 mV", "leak reversal potential"),
        "phi": (5, "how much faster h and n are than their rates say"),
        "V_spike": ("-20 mV", "a spike is an upward crossing of this potential"),
    },
    notes="""
        Its potassium channels are so fast that it fires briefly and at high rates, and its
        rate begins at 0 (class I). There is no reset and no tau_ref: refractoriness is the
        channels' own.
        """,
    source="X.-J. Wang and G. Buzsaki, Journal of Neuroscience 16 (1996).",
    checked="rest -64.0176 mV; rates 8.62, 32.22, 59.70, 101.79, 189.63 Hz for 0.2, 0.5, 1, 2 and"
    " 5 uA/cm**2; it fires from between 0.16 and 0.17 uA/cm**2 on, integrated independently.",
    protocol=Protocol(
        "The rate begins near 0 and grows with the current; spikes are brief.",
        duration="300 ms",
        dt="0.01 ms",
        stimulus=(
            Step("0.3 uA/cm**2", "20 ms", "120 ms"),
            Step("2 uA/cm**2", "170 ms", "270 ms"),
        ),
    ),
)

ConnorStevens = describe(
    "ConnorStevens",
    title="Connor and Stevens' neuron with an A current, which delays spikes.",
    equations="""
        dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v)
                 + g_A*a**3*b*(E_A - v) + I)/C_m : mV
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        da/dt = (a_inf - a)/tau_a : 1
        db/dt = (b_inf - b)/tau_b : 1
        alpha_m = 3.8/exprel(-(v + 29.7*mV)/(10*mV))/ms : 1/ms
        beta_m = 15.2*exp(-0.0556*(v + 54.7*mV)/mV)/ms : 1/ms
        alpha_h = 0.266*exp(-0.05*(v + 48*mV)/mV)/ms : 1/ms
        beta_h = 3.8/(1 + exp(-(v + 18*mV)/(10*mV)))/ms : 1/ms
        alpha_n = 0.2/exprel(-(v + 45.7*mV)/(10*mV))/ms : 1/ms
        beta_n = 0.25*exp(-0.0125*(v + 55.7*mV)/mV)/ms : 1/ms
        a_inf = (0.0761*exp(0.0314*(v + 94.22*mV)/mV)
                 /(1 + exp(0.0346*(v + 1.17*mV)/mV)))**(1/3) : 1
        b_inf = 1/(1 + exp(0.0688*(v + 53.3*mV)/mV))**4 : 1
        tau_a = (0.3632 + 1.158/(1 + exp(0.0497*(v + 55.96*mV)/mV)))*ms : ms
        tau_b = (1.24 + 2.678/(1 + exp(0.0624*(v + 50*mV)/mV)))*ms : ms
        I : uA/cm**2 (input)
        """,
    threshold="v > V_spike",
    refractory="v > V_spike",
    initial="rest",
    symbols={
        "v": "membrane potential",
        "m": "activation of sodium",
        "h": "inactivation of sodium",
        "n": "activation of potassium",
        "a": "activation of the A current",
        "b": "inactivation of the A current",
        "alpha_m": "rate at which m opens",
        "beta_m": "rate at which m closes",
        "alpha_h": "rate at which h opens",
        "beta_h": "rate at which h closes",
        "alpha_n": "rate at which n opens",
        "beta_n": "rate at which n closes",
        "a_inf": "what a goes to",
        "b_inf": "what b goes to",
        "tau_a": "how fast",
        "tau_b": "how fast",
        "I": "injected current per area",
    },
    parameters={
        "C_m": ("1 uF/cm**2", "capacitance per area"),
        "g_Na": ("120 mS/cm**2", "sodium conductance, all channels open"),
        "E_Na": ("55 mV", "sodium reversal potential"),
        "g_K": ("20 mS/cm**2", "potassium conductance, all channels open"),
        "E_K": ("-72 mV", "potassium reversal potential"),
        "g_A": ("47.7 mS/cm**2", "conductance of the A current, all channels open"),
        "E_A": ("-75 mV", "reversal potential of the A current"),
        "g_L": ("0.3 mS/cm**2", "leak conductance"),
        "E_L": ("-17 mV", "leak reversal potential"),
        "V_spike": ("-20 mV", "a spike is an upward crossing of this potential"),
    },
    notes="""
        The A current is a potassium current that opens below threshold and inactivates slowly:
        just above the rheobase the first spike comes late, and the rate begins at 0 (class I).
        There is no reset and no tau_ref: refractoriness is the channels' own.
        """,
    source="J. A. Connor, D. Walter and R. McKown, Biophysical Journal 18 (1977), in the form of"
    " P. Dayan and L. F. Abbott, Theoretical Neuroscience (2001), section 6.6.",
    checked="rest -67.978 mV and its gates; the rheobase, 8.119 uA/cm**2; rates from 8.2 to"
    " 30 uA/cm**2; the first spike after 38.1 ms at 10 uA/cm**2, integrated independently.",
    protocol=Protocol(
        "The A current opens at once and delays the first spike; it has to inactivate.",
        duration="200 ms",
        dt="0.01 ms",
        stimulus=(Step("10 uA/cm**2", "20 ms", "180 ms"),),
        draw=("v", "a b"),
    ),
)
