"""Pools of ions: calcium under the membrane, sodium of a cell, constant concentrations."""

from __future__ import annotations

from typing import Any

from rheobase.channels.library import pool
from rheobase.channels.pool import Pool

CalciumPool = pool(
    "CalciumPool",
    ion="Ca",
    title="Calcium in a shell under the membrane, with a decay.",
    equations="""
        dCa_i/dt = -gamma*I_Ca_total/(2*F*depth) - (Ca_i - rest)/tau : uM
        Ca_o : mM
        gamma : 1
        depth : um
        tau : ms
        rest : nM
        """,
    states={"Ca_i": "calcium inside"},
    parameters={
        "gamma": (0.05, "part of the calcium that stays free"),
        "depth": ("0.1 um", "of the shell"),
        "tau": ("80 ms", "decay to rest: pumps and diffusion"),
        "rest": ("100 nM", "calcium without a current"),
        "Ca_o": ("2 mM", "calcium outside"),
    },
    source="A. Destexhe, D. Contreras, T. J. Sejnowski and M. Steriade, Journal of Neurophysiology"
    " 72, 803 (1994), with the buffering and values of E. Hay et al., PLoS Computational Biology"
    " 7, e1002107 (2011).",
    checked="the response to a constant current in closed form: rest + gamma |I| tau/(2 F depth);"
    " a calcium plateau as Arbor computes it, within 0.01 mV.",
)

PumpedCalciumPool = pool(
    "PumpedCalciumPool",
    ion="Ca",
    title="Calcium in a shell under the membrane, with a pump that saturates.",
    equations="""
        dCa_i/dt = -gamma*I_Ca_total/(2*F*depth) - fastest*(Ca_i/(Ca_i + K) - rest/(rest + K)) : uM
        Ca_o : mM
        gamma : 1
        depth : um
        fastest : uM/ms
        K : nM
        rest : nM
        """,
    states={"Ca_i": "calcium inside"},
    parameters={
        "gamma": (1.0, "part of the calcium that stays free"),
        "depth": ("1 um", "of the shell"),
        "fastest": ("0.1 uM/ms", "rate of the pump with much calcium"),
        "K": ("100 nM", "calcium at which the pump is half as fast"),
        "rest": ("50 nM", "calcium at which a leak balances the pump"),
        "Ca_o": ("2 mM", "calcium outside"),
    },
    notes="The pump is that of Michaelis and Menten.",
    source="A. Destexhe, A. Babloyantz and T. J. Sejnowski, Biophysical Journal 65, 1538 (1993).",
    checked="the steady state with a constant current in closed form; at much calcium the decay is"
    " linear in time, near rest exponential.",
)

SodiumPool = pool(
    "SodiumPool",
    ion="Na",
    title="Sodium inside, with a pump.",
    equations="""
        dNa_i/dt = -I_Na_total/(F*depth)
            - fastest*(Na_i**3/(Na_i**3 + K**3) - rest**3/(rest**3 + K**3)) : mM
        Na_o : mM
        depth : um
        fastest : mM/ms
        K : mM
        rest : mM
        """,
    states={"Na_i": "sodium inside"},
    parameters={
        "depth": ("0.0691 um", "volume of the cell below an area of membrane, over that area"),
        "fastest": ("0.018 mM/ms", "rate of the pump with much sodium"),
        "K": ("15 mM", "sodium at which the pump is half as fast"),
        "rest": ("9.5 mM", "sodium at which a leak balances the pump"),
        "Na_o": ("145 mM", "sodium outside"),
    },
    notes="The depth is the source's 0.01 mM/(nA ms) on 0.015 mm**2 of membrane.",
    source="X.-J. Wang, Y. Liu, M. V. Sanchez-Vives and D. A. McCormick, Journal of Neurophysiology"
    " 89, 3279 (2003); A. Compte et al., Journal of Neurophysiology 89, 2707 (2003).",
    checked="0.01 mM/(nA ms) on 0.015 mm**2; 9.5 mM without a current.",
)


def Ion(name: str, inside: Any, outside: Any, *, valence: int | None = None) -> Pool:
    """Return a pool whose concentrations are constants: what Nernst's equation needs.

    Parameters
    ----------
    name : str
        "Na", "K", "Ca", "Mg", "Cl", or another with its `valence`.
    inside, outside : quantity
        Concentrations; the parameters `K_i` and `K_o` of a pool of potassium.
    valence : int, optional
        Charge of the ion.

    Raises
    ------
    UnitError, UserError
        A concentration is none, or negative.

    Examples
    --------
    >>> from rheobase import channels
    >>> potassium = channels.Ion("K", inside="140 mM", outside="5 mM")
    >>> rectifier = channels.HHPotassium(E="nernst")
    """
    return Pool(
        f"{name}_i : mM\n{name}_o : mM",
        ion=name,
        valence=valence,
        parameters={f"{name}_i": inside, f"{name}_o": outside},
        doc=f"Constant concentrations of {name}.",
    )
