"""Channels of hippocampal cells: Traub and Miles, Wang and Buzsaki, an A-type current."""

from rheobase.channels.library import channel

TraubMilesSodium = channel(
    "TraubMilesSodium",
    name="Na",
    title="Sodium channel of Traub and Miles (1991), hippocampal pyramidal cells.",
    equations="""
        I = g*m**3*h*(v - E) : uA/cm**2
        u = (v - V_T)/mV : 1
        alpha_m = 1.28/exprel((13 - u)/4)/ms : 1/ms
        beta_m = 1.4/exprel((u - 40)/5)/ms : 1/ms
        alpha_h = 0.128*exp((17 - u)/18)/ms : 1/ms
        beta_h = 4/(1 + exp((40 - u)/5))/ms : 1/ms
        g : mS/cm**2
        E : mV
        V_T : mV
        """,
    carries="Na",
    gates={"m": "activation", "h": "inactivation"},
    parameters={
        "g": ("100 mS/cm**2", "conductance, all channels open"),
        "E": ("50 mV", 'reversal potential; "nernst": that of the sodium pool'),
        "V_T": ("-63 mV", "shifts all rates along the voltage"),
    },
    notes="At body temperature; the source gives no Q10.",
    source="R. D. Traub and R. Miles, Neuronal Networks of the Hippocampus (1991), as given by"
    " R. Brette et al., Journal of Computational Neuroscience 23, 349 (2007), appendix B.",
    checked="with TraubMilesPotassium and Leak the rest (-64.7646 mV) and the rates of"
    " rb.models.TraubMiles.",
)

TraubMilesPotassium = channel(
    "TraubMilesPotassium",
    name="K",
    title="Delayed rectifier of Traub and Miles (1991), hippocampal pyramidal cells.",
    equations="""
        I = g*n**4*(v - E) : uA/cm**2
        u = (v - V_T)/mV : 1
        alpha_n = 0.16/exprel((15 - u)/5)/ms : 1/ms
        beta_n = 0.5*exp((10 - u)/40)/ms : 1/ms
        g : mS/cm**2
        E : mV
        V_T : mV
        """,
    carries="K",
    gates={"n": "activation"},
    parameters={
        "g": ("30 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "V_T": ("-63 mV", "shifts all rates along the voltage"),
    },
    notes="At body temperature; the source gives no Q10.",
    source="R. D. Traub and R. Miles, Neuronal Networks of the Hippocampus (1991), as given by"
    " R. Brette et al., Journal of Computational Neuroscience 23, 349 (2007), appendix B.",
    checked="with TraubMilesSodium and Leak the rest and the rates of rb.models.TraubMiles.",
)

WangBuzsakiSodium = channel(
    "WangBuzsakiSodium",
    name="Na",
    title="Sodium channel of Wang and Buzsaki (1996), fast-spiking interneurons.",
    equations="""
        I = g*m**3*h*(v - E) : uA/cm**2
        m_inf = open_m/(open_m + close_m) : 1
        open_m = 1/exprel(-(v + 35*mV)/(10*mV)) : 1
        close_m = 4*exp(-(v + 60*mV)/(18*mV)) : 1
        alpha_h = factor*0.07*exp(-(v + 58*mV)/(20*mV))/ms : 1/ms
        beta_h = factor/(1 + exp(-(v + 28*mV)/(10*mV)))/ms : 1/ms
        g : mS/cm**2
        E : mV
        factor : 1
        """,
    carries="Na",
    gates={"m": "activation, at once", "h": "inactivation"},
    parameters={
        "g": ("35 mS/cm**2", "conductance, all channels open"),
        "E": ("55 mV", 'reversal potential; "nernst": that of the sodium pool'),
        "factor": (5, "of the rates, for body temperature"),
    },
    source="X.-J. Wang and G. Buzsaki, Journal of Neuroscience 16, 6402 (1996).",
    checked="with WangBuzsakiPotassium and Leak the rest (-64.0176 mV) and the rates of"
    " rb.models.WangBuzsaki.",
)

WangBuzsakiPotassium = channel(
    "WangBuzsakiPotassium",
    name="K",
    title="Delayed rectifier of Wang and Buzsaki (1996), fast-spiking interneurons.",
    equations="""
        I = g*n**4*(v - E) : uA/cm**2
        alpha_n = factor*0.1/exprel(-(v + 34*mV)/(10*mV))/ms : 1/ms
        beta_n = factor*0.125*exp(-(v + 44*mV)/(80*mV))/ms : 1/ms
        g : mS/cm**2
        E : mV
        factor : 1
        """,
    carries="K",
    gates={"n": "activation"},
    parameters={
        "g": ("9 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "factor": (5, "of the rates, for body temperature"),
    },
    source="X.-J. Wang and G. Buzsaki, Journal of Neuroscience 16, 6402 (1996).",
    checked="with WangBuzsakiSodium and Leak the rest and the rates of rb.models.WangBuzsaki.",
)

AType = channel(
    "AType",
    name="A",
    title="A-type potassium channel of CA1 pyramidal cells, proximal (Hoffman et al. 1997).",
    equations="""
        I = g*n*l*(v - E) : uA/cm**2
        FRT = F/(R*(temperature + 273.15)*kelvin) : 1/volt
        zeta = zeta_n - 1/(1 + exp((v + 40*mV)/(5*mV))) : 1
        n_inf = 1/(1 + exp(zeta*FRT*(v - V_n))) : 1
        tau_n = maximum(exp(asymmetry*zeta*FRT*(v - V_n))*n_inf/rate, fastest*phi_n) : ms
        l_inf = 1/(1 + exp(3*FRT*(v - V_l))) : 1
        tau_l = maximum(0.26*(v + 50*mV)/mV, 2)*ms : ms
        g : mS/cm**2
        E : mV
        V_n : mV
        V_l : mV
        rate : 1/ms
        fastest : ms
        """,
    carries="K",
    gates={"n": "activation", "l": "inactivation"},
    parameters={
        "g": ("8 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "V_n": ("11 mV", "half activation"),
        "V_l": ("-56 mV", "half inactivation"),
        "zeta_n": (-1.5, "steepness of activation at depolarized voltages"),
        "asymmetry": (0.55, "of the two rates of activation"),
        "rate": ("0.05 1/ms", "of activation at V_n"),
        "fastest": ("0.1 ms", "least time constant of activation"),
        "Q10_n": (5, "factor of the rate of activation for 10 degrees"),
        "T_ref": (24, "temperature of that rate, degrees Celsius"),
    },
    notes="""
        In dendrites more than 100 um from the soma the channels activate earlier: `ATypeDistal`.
        The conductance grows about sixfold along the first 350 um of the apical dendrite.
        """,
    source="D. A. Hoffman, J. C. Magee, C. M. Colbert and D. Johnston, Nature 387, 869 (1997), in"
    " the form of M. Migliore, D. A. Hoffman, J. C. Magee and D. Johnston, Journal of"
    " Computational Neuroscience 7, 5 (1999).",
    checked="half activation at 11 mV and half inactivation at -56 mV, as measured; time constants"
    " by the closed form.",
)

ATypeDistal = channel(
    "ATypeDistal",
    name="A",
    title="A-type potassium channel of CA1 pyramidal cells, distal dendrites (Hoffman et al."
    " 1997).",
    equations=AType.text,
    carries="K",
    gates={"n": "activation", "l": "inactivation"},
    parameters={
        "g": ("8 mS/cm**2", "conductance, all channels open"),
        "E": ("-90 mV", 'reversal potential; "nernst": that of the potassium pool'),
        "V_n": ("-1 mV", "half activation"),
        "V_l": ("-56 mV", "half inactivation"),
        "zeta_n": (-1.8, "steepness of activation at depolarized voltages"),
        "asymmetry": (0.39, "of the two rates of activation"),
        "rate": ("0.1 1/ms", "of activation at V_n"),
        "fastest": ("0.2 ms", "least time constant of activation"),
        "Q10_n": (5, "factor of the rate of activation for 10 degrees"),
        "T_ref": (24, "temperature of that rate, degrees Celsius"),
    },
    source="D. A. Hoffman, J. C. Magee, C. M. Colbert and D. Johnston, Nature 387, 869 (1997), in"
    " the form of M. Migliore, D. A. Hoffman, J. C. Magee and D. Johnston, Journal of"
    " Computational Neuroscience 7, 5 (1999).",
    checked="half activation at -1 mV and half inactivation at -56 mV, as measured.",
)
