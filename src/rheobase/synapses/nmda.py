"""NMDA receptors: slow conductances that magnesium blocks at rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rheobase.synapses.extending import Piece
from rheobase.synapses.receptors import Receptor, _TwoTimes

_NMDA_UNITS = {"tau_rise": "ms", "tau_decay": "ms", "E": "mV", "Mg": "mM"}


def _block(name: str, v: str) -> str:
    """Return the lines of the block and of the current through what it leaves open."""
    return f"""
            B_{name} = 1/(1 + Mg_{name}*exp(-0.062*{v}/mV)/(3.57*mM)) : 1
            i_{name} = g_{name}*B_{name}*(E_{name} - {v}) : pA"""


class LinearNMDA(_TwoTimes):
    """An NMDA receptor without saturation: a dual exponential behind the block of magnesium.

    i = g B(v) (E - v), B(v) = 1/(1 + Mg exp(-0.062 v/mV)/(3.57 mM)), with g(t) as for
    `DualExponential`: the weight is the peak of g, without block. Recordable are `g_nmda`,
    `B_nmda` and `i_nmda`.

    Parameters
    ----------
    tau_rise, tau_decay : quantity
        Time constants, the rise the shorter one.
    E : quantity
        Reversal potential.
    Mg : quantity
        Concentration of magnesium outside.
    name, area
        As for `Exponential`; `nmda` without a name.

    Raises
    ------
    UnitError
        A parameter has another dimension, a time is not above 0, or the rise is not the shorter.

    Notes
    -----
    The block is that of C. E. Jahr and C. F. Stevens, Journal of Neuroscience 10 (1990).
    """

    label = "nmda"
    units: ClassVar[Mapping[str, str]] = _NMDA_UNITS

    def __init__(self, tau_rise: Any = "2 ms", tau_decay: Any = "100 ms", E: Any = "0 mV",
                 Mg: Any = "1 mM", *, name: str | None = None,
                 area: Any = None) -> None:  # fmt: skip
        given = {"tau_rise": tau_rise, "tau_decay": tau_decay, "E": E, "Mg": Mg}
        super().__init__(name, area, given)

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the conductance and its block."""
        return self._difference(name, "g", "nS") + _block(name, v)


class NMDA(Receptor):
    """An NMDA receptor that saturates, by the gating of Wang (2002).

    Each source cell has a gate s between 0 and 1, opened by its own spikes:
    ds/dt = -s/tau_decay + alpha x (1 - s), dx/dt = -x/tau_rise, at a spike x += 1. The target's
    conductance is the sum over its sources, g = sum of weight*s(t - delay), and
    i = g B(v) (E - v), B(v) = 1/(1 + Mg exp(-0.062 v/mV)/(3.57 mM)).

    So both models are extended: the source's by `x_nmda` and `s_nmda`, the target's by
    `g_nmda`, `B_nmda` and `i_nmda`. The source must be cells of a model; for spikes that are
    replayed, `LinearNMDA` has no gates.

    Parameters
    ----------
    tau_rise, tau_decay : quantity
        Time constants of x and of s.
    alpha : quantity
        Rate at which x opens s.
    E, Mg, name, area
        As for `LinearNMDA`.

    Raises
    ------
    UnitError
        A parameter has another dimension, or a time is not above 0.

    Notes
    -----
    X.-J. Wang, Neuron 36 (2002), where AMPA and GABA are `Exponential`.
    """

    label = "nmda"
    units: ClassVar[Mapping[str, str]] = {**_NMDA_UNITS, "alpha": "1/ms"}
    times: ClassVar[tuple[str, ...]] = ("tau_rise", "tau_decay", "alpha")
    of_source: ClassVar[tuple[str, ...]] = ("tau_rise", "tau_decay", "alpha")

    def __init__(self, tau_rise: Any = "2 ms", tau_decay: Any = "100 ms", alpha: Any = "0.5/ms",
                 E: Any = "0 mV", Mg: Any = "1 mM", *, name: str | None = None,
                 area: Any = None) -> None:  # fmt: skip
        given = {"tau_rise": tau_rise, "tau_decay": tau_decay, "alpha": alpha, "E": E, "Mg": Mg}
        super().__init__(name, area, given)

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the target's conductance, a sum over its sources."""
        return f"g_{name} : nS (input){_block(name, v)}"

    def receives(self, name: str) -> dict[str, str]:
        """Return nothing: spikes open the gates of the source's cells."""
        return {}

    @property
    def source_key(self) -> tuple[Any, ...]:
        """What the gates of two receptors must have in common to be shared."""
        values = (self._values[key] for key in self.of_source)
        return (NMDA, self.name, *(v.unit.to_si(v.magnitude) for v in values))

    def source_piece(self, name: str) -> Piece:
        """Return what the source's cells are extended by: a gate each."""
        equations = f"""
            dx_{name}/dt = -x_{name}/tau_rise_{name} : 1
            ds_{name}/dt = -s_{name}/tau_decay_{name} + alpha_{name}*x_{name}*(1 - s_{name}) : 1"""
        parameters = {f"{key}_{name}": self._given[key] for key in self.of_source}
        return Piece(equations, parameters, reset=f"x_{name} += 1")
