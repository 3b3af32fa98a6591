"""Leaky integrate-and-fire neurons."""

from rheobase.models.library import describe
from rheobase.models.protocols import Arrivals, Protocol, Step

_HOLD = "spikes arriving meanwhile act on the synapses, not on v"

LIF = describe(
    "LIF",
    title="Leaky integrate-and-fire neuron with one exponentially decaying synaptic current.",
    equations="""
        dv/dt = (E_L - v)/tau_m + (I + i_syn)/C_m : mV (unless refractory)
        di_syn/dt = -i_syn/tau_syn : pA
        I : pA (input)
        """,
    threshold="v >= V_T",
    reset="v = V_r",
    refractory="tau_ref",
    receives="i_syn += weight",
    initial={"v": "E_L"},
    ports={"i_syn": "weight in pA; its sign excites or inhibits"},
    symbols={
        "v": "membrane potential",
        "i_syn": "synaptic current",
        "I": "injected current",
    },
    parameters={
        "C_m": ("250 pF", "membrane capacitance"),
        "tau_m": ("10 ms", "membrane time constant; the resistance is tau_m/C_m"),
        "tau_syn": ("0.5 ms", "decay of the synaptic current"),
        "E_L": ("-65 mV", "resting potential"),
        "V_T": ("-50 mV", "threshold"),
        "V_r": ("-65 mV", "reset"),
        "tau_ref": ("2 ms", f"refractory period, v held at V_r; {_HOLD}"),
    },
    protocol=Protocol(
        "Spikes arriving at 20, 40 and 44 ms sum to postsynaptic potentials; a step of current"
        " above the rheobase of 375 pA makes the neuron fire.",
        duration="200 ms",
        stimulus=(Step("450 pA", "80 ms", "180 ms"),),
        arrivals=(Arrivals((20, 40, 44), "1500 pA", to="i_syn"),),
        draw=("v", "i_syn"),
    ),
    source="T. C. Potjans and M. Diesmann, Cerebral Cortex 24 (2014): the neuron of their cortical"
    " microcircuit, whose parameters are the defaults.",
    checked="the closed-form rate 1/(tau_ref + tau_m ln((R I + E_L - V_r)/(R I + E_L - V_T))), and"
    " the postsynaptic potential of a weight of 1 pA: peak 1.70826 µV after 1.5767 ms.",
)

ConductanceLIF = describe(
    "ConductanceLIF",
    title="Leaky integrate-and-fire neuron with excitatory and inhibitory conductances.",
    equations="""
        dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I)/C_m : mV (unless refractory)
        dg_e/dt = -g_e/tau_e : nS
        dg_i/dt = -g_i/tau_i : nS
        I : pA (input)
        """,
    threshold="v >= V_T",
    reset="v = V_r",
    refractory="tau_ref",
    receives={"excitatory": "g_e += weight", "inhibitory": "g_i += weight"},
    initial={"v": "E_L"},
    ports={"excitatory": "weight in nS", "inhibitory": "weight in nS, positive"},
    symbols={
        "v": "membrane potential",
        "g_e": "excitatory conductance",
        "g_i": "inhibitory conductance",
        "I": "injected current",
    },
    parameters={
        "C_m": ("200 pF", "membrane capacitance"),
        "g_L": ("10 nS", "leak conductance"),
        "E_L": ("-60 mV", "resting potential"),
        "E_e": ("0 mV", "reversal potential of excitation"),
        "E_i": ("-80 mV", "reversal potential of inhibition"),
        "tau_e": ("5 ms", "decay of the excitatory conductance"),
        "tau_i": ("10 ms", "decay of the inhibitory conductance"),
        "V_T": ("-50 mV", "threshold"),
        "V_r": ("-60 mV", "reset"),
        "tau_ref": ("5 ms", f"refractory period, v held at V_r; {_HOLD}"),
    },
    protocol=Protocol(
        "One excitatory spike, then four in a row that bring the neuron to fire; then inhibition,"
        " which pulls v below rest.",
        duration="200 ms",
        arrivals=(
            Arrivals((20, 80, 82, 84, 86), "9 nS", to="excitatory"),
            Arrivals((140,), "20 nS", to="inhibitory"),
        ),
        draw=("v", "g_e g_i"),
    ),
    source="R. Brette et al., Journal of Computational Neuroscience 23 (2007), appendix B:"
    " benchmark 1 (COBA), whose weights are 6 nS and 67 nS.",
    checked="the postsynaptic potentials of an independent integration, and the rates of the"
    " benchmark's network.",
)

DeltaLIF = describe(
    "DeltaLIF",
    title="Leaky integrate-and-fire neuron whose potential jumps at every arriving spike.",
    equations="""
        dv/dt = (E_L - v)/tau_m + I/C_m : mV (unless refractory)
        I : pA (input)
        """,
    threshold="v >= V_T",
    reset="v = V_r",
    refractory="tau_ref",
    receives="v += weight",
    # Where E_L is below threshold this is rest. Where it is not, as in the benchmark, there is
    # no rest, and the neuron begins as after a spike.
    initial={"v": "where(E_L < V_T, E_L, V_r)"},
    ports={"v": "weight in mV, the jump; its sign excites or inhibits"},
    symbols={"v": "membrane potential", "I": "injected current"},
    parameters={
        "C_m": ("200 pF", "membrane capacitance; read by I only"),
        "tau_m": ("20 ms", "membrane time constant"),
        "E_L": ("-49 mV", "the potential v decays to"),
        "V_T": ("-50 mV", "threshold"),
        "V_r": ("-60 mV", "reset"),
        "tau_ref": ("5 ms", "refractory period; spikes arriving meanwhile are lost"),
    },
    protocol=Protocol(
        "Left alone it fires once in 53 ms; jumps that arrive bring the spikes forward, a negative"
        " one puts the next spike off.",
        duration="300 ms",
        arrivals=(
            Arrivals((120, 130, 140), "2 mV", to="v"),
            Arrivals((220,), "-9 mV", to="v"),
        ),
    ),
    notes="""
        With the benchmark's E_L, which is 1 mV above threshold, a neuron left alone fires at
        18.88 Hz and has no rest: it begins at V_r, as after a spike. With E_L below V_T it
        begins at rest.
        """,
    source="R. Brette et al., Journal of Computational Neuroscience 23 (2007), appendix B:"
    " benchmark 4 (CUBA with voltage jumps), whose weights are 0.25 mV and -2.25 mV.",
    checked="the closed form: first spike after 20 ms ln 11 = 47.957905 ms, then one every"
    " 52.957905 ms.",
)

NormalizedLIF = describe(
    "NormalizedLIF",
    title="Leaky integrate-and-fire neuron without units, as it is taught: threshold 1, reset 0.",
    equations="""
        dv/dt = (s - v)/tau_m : 1 (unless refractory)
        ds/dt = -s/tau_s : 1
        """,
    threshold="v >= 1",
    reset="v = 0",
    refractory="tau_ref",
    receives="s += weight*second/tau_s",
    method="euler",
    crossing="linear",
    ports={"s": "weight without unit: its time integral, in seconds; its sign excites or inhibits"},
    symbols={"v": "membrane potential", "s": "postsynaptic current"},
    parameters={
        "tau_m": ("20 ms", "membrane time constant"),
        "tau_s": ("50 ms", "decay of the postsynaptic current"),
        "tau_ref": ("2 ms", f"refractory period, v held at 0; {_HOLD}"),
    },
    protocol=Protocol(
        "Every spike that arrives raises the current s; v follows, and fires where it reaches 1.",
        duration="500 ms",
        dt="1 ms",
        arrivals=(Arrivals((50, 150, 160, 170, 180, 190, 200), 0.03, to="s"),),
        draw=("v", "s"),
    ),
    notes="""
        Forward Euler, with the slopes of the start of the step. A spike falls where the straight
        line between two steps crosses 1; the refractory period runs from there, and a step in
        which it ends integrates v over what is left of the step. The step must not be longer
        than tau_ref.
        """,
    source="the course's assignment on the leaky integrate-and-fire neuron.",
    checked="the assignment's printed steps, and the 25 spike times of its ring oscillator.",
)
