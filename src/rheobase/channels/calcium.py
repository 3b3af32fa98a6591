"""Calcium channels of low and high threshold: T, L and N."""

from rheobase.channels.library import channel

TType = channel(
    "TType",
    name="CaT",
    title="T-type calcium channel of thalamic relay cells (Huguenard and McCormick 1992).",
    equations="""
        I = P*m**2*h*ghk(v, 2, Ca_i, Ca_o, temperature) : uA/cm**2
        m_inf = 1/(1 + exp(-(v + 57*mV)/(6.2*mV))) : 1
        tau_m = (0.612 + 1/(exp(-(v + 132*mV)/(16.7*mV)) + exp((v + 16.8*mV)/(18.2*mV))))*ms : ms
        h_inf = 1/(1 + exp((v + 81*mV)/(4*mV))) : 1
        tau_h = where(v < -80*mV, exp((v + 467*mV)/(66.6*mV)),
                      28 + exp(-(v + 22*mV)/(10.5*mV)))*ms : ms
        P : cm/second
        """,
    carries="Ca",
    gates={"m": "activation", "h": "inactivation"},
    parameters={
        "P": ("0.00005 cm/second", "permeability, all channels open"),
        "Q10": (3, "factor of the rates for 10 degrees"),
        "T_ref": (24, "temperature of the measurement, degrees Celsius"),
    },
    notes="""
        Needs a pool of calcium. The current is that of Goldman, Hodgkin and Katz: no potential
        reverses it in the range of a cell, and it is not linear in v.

        Closed at rest by inactivation, it is released by hyperpolarization: a burst rides on the
        low-threshold spike that follows. tau_h jumps at -80 mV in the source, and here.
        """,
    source="J. R. Huguenard and D. A. McCormick, Journal of Neurophysiology 68, 1373 (1992), with"
    " the Q10 of the paper that follows it, 1384.",
    checked="half activation at -57 mV and half inactivation at -81 mV, as measured; the current"
    " against the equation of Goldman, Hodgkin and Katz.",
)

LType = channel(
    "LType",
    name="CaL",
    title="L-type calcium channel, high threshold (Reuveni et al. 1993).",
    equations="""
        I = g*q**2*r*(v - E) : uA/cm**2
        alpha_q = 0.209/exprel(-(v + 27*mV)/(3.8*mV))/ms : 1/ms
        beta_q = 0.94*exp(-(v + 75*mV)/(17*mV))/ms : 1/ms
        alpha_r = 0.000457*exp(-(v + 13*mV)/(50*mV))/ms : 1/ms
        beta_r = 0.0065/(1 + exp(-(v + 15*mV)/(28*mV)))/ms : 1/ms
        g : mS/cm**2
        E : mV
        """,
    carries="Ca",
    gates={"q": "activation", "r": "inactivation"},
    parameters={
        "g": ("0.1 mS/cm**2", "conductance, all channels open"),
        "E": ("120 mV", 'reversal potential; "nernst": that of the calcium pool'),
    },
    notes="At body temperature; the source gives no Q10.",
    source="I. Reuveni, A. Friedman, Y. Amitai and M. J. Gutnick, Journal of Neuroscience 13, 4609"
    " (1993); values of M. Pospischil et al., Biological Cybernetics 99, 427 (2008).",
    checked="rates by the closed form; 0.209/ms at -27 mV, where the other form is 0/0; a calcium"
    " plateau as Arbor computes it, within 0.01 mV.",
)

NType = channel(
    "NType",
    name="CaN",
    title="N-type calcium channel of hippocampal pyramidal cells (Jaffe et al. 1994).",
    equations="""
        I = g*m**2*h*block*drive : uA/cm**2
        drive = ghk(v, 2, Ca_i, Ca_o, temperature)/(2*F*Ca_o)*thermal : mV
        thermal = R*(temperature + 273.15)*kelvin/(2*F) : mV
        block = K/(K + Ca_i) : 1
        alpha_m = 1.967/exprel((19.88*mV - v)/(10*mV))/ms : 1/ms
        beta_m = 0.046*exp(-v/(20.73*mV))/ms : 1/ms
        alpha_h = 0.00016*exp(-v/(48.4*mV))/ms : 1/ms
        beta_h = 1/(1 + exp((39*mV - v)/(10*mV)))/ms : 1/ms
        g : mS/cm**2
        K : uM
        """,
    carries="Ca",
    gates={"m": "activation", "h": "inactivation"},
    parameters={
        "g": ("1 mS/cm**2", "conductance, all channels open, far below the reversal"),
        "K": ("1 uM", "calcium that halves the current"),
    },
    notes="""
        Needs a pool of calcium, and the membrane's temperature for the equation of Goldman,
        Hodgkin and Katz; the rates have no Q10 in the source. g drive is a permeability written
        as a conductance: drive is v well below the reversal, and 0 far above it.
        """,
    source="D. B. Jaffe, W. N. Ross, J. E. Lisman, N. Lasser-Ross, H. Miyakawa and D. Johnston,"
    " Journal of Neurophysiology 71, 1065 (1994).",
    checked="rates by the closed form; the drive against that of the source,"
    " f (Ca_i/Ca_o exp(v/f) - 1) (v/f)/(exp(v/f) - 1) with f = RT/(2F).",
)
