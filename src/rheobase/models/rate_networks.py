"""Populations described by their activity: two equations, and what they do together."""

from __future__ import annotations

from dataclasses import replace

from rheobase.models.library import describe
from rheobase.models.protocols import Protocol, Step, Variant

_PULSE = Protocol(
    "A pulse of input to E calls up activity, then inhibition, and both die away.",
    duration="250 ms",
    stimulus=(Step(2, "50 ms", "70 ms", to="I_E"),),
    draw=("E I",),
)
_CYCLE = replace(
    _PULSE,
    caption="E rises, calls up I, and is brought down by it, again and again.",
    stimulus=(),
)
_CHOICE = Protocol(
    "While the stimulus is on, both populations race; the winner keeps its activity when it ends.",
    duration="2500 ms",
    dt="0.5 ms",
    stimulus=(
        Step("0.0166 nA", "500 ms", "1500 ms", to="I_1"),
        Step("0.0146 nA", "500 ms", "1500 ms", to="I_2"),
    ),
    draw=("H_1 H_2", "S_1 S_2"),
    parameters={"mu_0": "0 Hz"},
)

WilsonCowan = describe(
    "WilsonCowan",
    title="Wilson and Cowan's excitatory and inhibitory populations, coupled.",
    equations="""
        dE/dt = (-E + (k_E - r_E*E)*S_E)/tau_E : 1
        dI/dt = (-I + (k_I - r_I*I)*S_I)/tau_I : 1
        S_E = 1/(1 + exp(a_E*(theta_E - x_E))) - 1/(1 + exp(a_E*theta_E)) : 1
        S_I = 1/(1 + exp(a_I*(theta_I - x_I))) - 1/(1 + exp(a_I*theta_I)) : 1
        x_E = c_1*E - c_2*I + P + I_E : 1
        x_I = c_3*E - c_4*I + Q + I_I : 1
        k_E = 1 - exact_k/(1 + exp(a_E*theta_E)) : 1
        k_I = 1 - exact_k/(1 + exp(a_I*theta_I)) : 1
        I_E : 1 (input)
        I_I : 1 (input)
        """,
    initial={"E": 0, "I": 0},
    symbols={
        "E": "share of the excitatory cells that fire in a unit of time, above the share at rest",
        "I": "the same of the inhibitory cells",
        "S_E": "share of the excitatory cells that the input brings to threshold, 0 without input",
        "S_I": "the same of the inhibitory cells",
        "x_E": "total input of the excitatory cells",
        "x_I": "total input of the inhibitory cells",
        "k_E": "largest value of S_E",
        "k_I": "largest value of S_I",
        "I_E": "input to the excitatory cells beside P",
        "I_I": "input to the inhibitory cells beside Q",
    },
    parameters={
        "tau_E": ("8 ms", "time constant of the excitatory population"),
        "tau_I": ("8 ms", "time constant of the inhibitory population"),
        "c_1": (16, "coupling from E to E"),
        "c_2": (12, "coupling from I to E, which inhibits"),
        "c_3": (15, "coupling from E to I"),
        "c_4": (3, "coupling from I to I, which inhibits"),
        "a_E": (1.3, "slope of S_E"),
        "theta_E": (4, "input at which S_E is steepest"),
        "a_I": (2, "slope of S_I"),
        "theta_I": (3.7, "input at which S_I is steepest"),
        "r_E": (1, "refractoriness of the excitatory cells"),
        "r_I": (1, "refractoriness of the inhibitory cells"),
        "P": (0, "constant input to the excitatory cells"),
        "Q": (0, "constant input to the inhibitory cells"),
        "exact_k": (
            1,
            "1: k is the largest value of S, as published; 0: k is 1, a common simplification",
        ),
    },
    variants={
        "limit cycle": Variant(
            "the oscillation of the paper",
            {"P": 1.25},
            _CYCLE,
        ),
        "simplified": Variant("the oscillation with k = 1", {"P": 1.25, "exact_k": 0}, _CYCLE),
        "hysteresis": Variant(
            "two stable states over a range of P",
            {
                "c_1": 12,
                "c_2": 4,
                "c_3": 13,
                "c_4": 11,
                "a_E": 1.2,
                "theta_E": 2.8,
                "a_I": 1,
                "theta_I": 4,
            },
            replace(
                _PULSE,
                caption="A pulse of input switches to the upper state, which stays; a negative"
                " pulse switches back.",
                stimulus=(
                    Step(1, "20 ms", "60 ms", to="I_E"),
                    Step(-1, "150 ms", "190 ms", to="I_E"),
                ),
            ),
        ),
    },
    protocol=_PULSE,
    notes="""
        With P = 1.25 the two populations oscillate, the limit cycle of the paper; up to P = 1
        they come to rest. Without input E = I = 0 is a fixed point, and there it begins.
        """,
    source="H. R. Wilson and J. D. Cowan, Biophysical Journal 12 (1972).",
    checked="range and period of the limit cycle for P = 1.25, periods for P = 1.1 and 1.5, and"
    " the fixed point for P = 1, with either k, integrated independently.",
)

WongWang = describe(
    "WongWang",
    title="Wong and Wang's decision between two alternatives: two gates of NMDA receptors.",
    equations="""
        dS_1/dt = -S_1/tau_S + (1 - S_1)*gamma*H_1 : 1
        dS_2/dt = -S_2/tau_S + (1 - S_2)*gamma*H_2 : 1
        H_1 = 1/(d*exprel(-d*(a*x_1 - b))) : Hz
        H_2 = 1/(d*exprel(-d*(a*x_2 - b))) : Hz
        x_1 = J_N11*S_1 - J_N12*S_2 + I_0 + J_ext*mu_0*(1 + coherence) + I_n1 + I_1 : nA
        x_2 = J_N11*S_2 - J_N12*S_1 + I_0 + J_ext*mu_0*(1 - coherence) + I_n2 + I_2 : nA
        dI_n1/dt = -I_n1/tau_AMPA + sigma*sqrt(1/tau_AMPA)*xi_1 : nA
        dI_n2/dt = -I_n2/tau_AMPA + sigma*sqrt(1/tau_AMPA)*xi_2 : nA
        I_1 : nA (input)
        I_2 : nA (input)
        """,
    initial={"S_1": 0.10265124956, "S_2": 0.10265124956},
    symbols={
        "S_1": "share of open NMDA gates that population 1 drives",
        "S_2": "share of open NMDA gates that population 2 drives",
        "H_1": "firing rate of population 1",
        "H_2": "firing rate of population 2",
        "x_1": "total input current of population 1",
        "x_2": "total input current of population 2",
        "I_n1": "noisy background current of population 1",
        "I_n2": "noisy background current of population 2",
        "I_1": "input current to population 1 beside the stimulus",
        "I_2": "input current to population 2 beside the stimulus",
    },
    parameters={
        "tau_S": ("100 ms", "decay of the gates"),
        "gamma": (0.641, "how much a spike opens them"),
        "a": ("270 Hz/nA", "slope of rate against current"),
        "b": ("108 Hz", "the rate a*x must exceed for the straight part of the curve"),
        "d": ("0.154 second", "how sharply the curve bends there"),
        "J_N11": ("0.2609 nA", "excitation of a population by itself"),
        "J_N12": ("0.0497 nA", "inhibition of a population by the other"),
        "I_0": ("0.3255 nA", "background current"),
        "J_ext": ("0.00052 nA/Hz", "current per rate of the stimulus"),
        "mu_0": ("30 Hz", "strength of the stimulus; 0 Hz: none"),
        "coherence": (0, "from -1 to 1: how much the stimulus favors population 1"),
        "tau_AMPA": ("2 ms", "correlation time of the noise"),
        "sigma": ("0.02 nA", "strength of the noise; its standard deviation is sigma/sqrt(2)"),
    },
    protocol=_CHOICE,
    notes="""
        H is (a x - b)/(1 - exp(-d (a x - b))), written so that it has no 0/0. A decision is made
        when a rate passes 15 Hz.

        It begins in the state of low activity that it has without a stimulus (mu_0 = 0 Hz). To
        begin with one, run for a while with mu_0 = 0 Hz and then set mu_0, or leave it at 0 Hz
        and inject J_ext mu_0 (1 +- coherence) into I_1 and I_2.
        """,
    source="K.-F. Wong and X.-J. Wang, Journal of Neuroscience 26 (2006), the reduced model of two"
    " variables.",
    checked="the fixed points, stable ones and saddles, without a stimulus and for coherences of"
    " 0, 0.064, 0.512 and 1; the deviation of the noise.",
)
