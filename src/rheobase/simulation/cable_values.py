"""The numbers of cells with a morphology: of one part of the plan, and of all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.cell import FIXED, GEOMETRY
from rheobase.channels.gating import BESIDE
from rheobase.channels.mechanism import refuse_sign
from rheobase.channels.reversal import in_celsius, refuse_below_zero
from rheobase.errors import UserError
from rheobase.language.model import Model
from rheobase.language.parsing import parse_expression
from rheobase.simulation.clock import Clock
from rheobase.simulation.slopes import Slopes
from rheobase.simulation.values import CellValues, Floats, Kind, Number
from rheobase.units import UNITS, Unit

if TYPE_CHECKING:
    from rheobase.simulation.cable_parts import Part

Ints = NDArray[np.int64]

START = -0.065
"""Volts at which cells start unless set."""
_TRACE = 1e-4
"""The concentration [mM, mole/metre**3] from which rest is looked for."""


class PatchValues(CellValues):
    """Parameters and states of the compartments of one membrane.

    v starts at -65 mV, everything else where it settles with v held.

    Parameters
    ----------
    steady
        By gate, where it settles, as text over the names of the model.
    """

    def __init__(self, model: Model, name: str, size: int, seed: int, clock: Clock,
                 steady: Mapping[str, str]) -> None:  # fmt: skip
        super().__init__(model, name, size, seed, clock)
        self._steady = {gate: parse_expression(text) for gate, text in steady.items()}
        self._settled: tuple[Any, dict[str, Floats]] | None = None

    def _initial(self, name: str, where: Ints | None) -> Floats:
        cells = np.arange(self.size) if where is None else where
        if name == "v":
            return np.full(cells.size, START)
        if self._says_initial(name) or name in self._mutable:
            return super()._initial(name, where)
        others = [state for state in self.states if state != "v" and state not in self._mutable]
        if all(state in self._steady for state in others):
            found = self._evaluate(self._steady[name], cells, cells, self.size, None)
            if np.all(np.isfinite(found)):
                return np.array(np.broadcast_to(found, cells.shape), np.float64)
        return self._settle(others)[name][cells]

    def _settle(self, names: Sequence[str]) -> dict[str, Floats]:
        """Return states where their slopes vanish at the voltages there are."""
        v = self._state("v", None)
        key = (v.tobytes(), *((n, id(p)) for n, p in self.parameters.items()))
        if self._settled is not None and self._settled[0] == key:
            return self._settled[1]
        alike = all(isinstance(p, float) or n == "area" for n, p in self.parameters.items())
        voltages, back = np.unique(v, return_inverse=True) if alike else (v, np.arange(v.size))
        fixed = dict(self.parameters)
        if alike:
            fixed["area"] = 1e-12  # nothing is injected, so that it does not matter
        slopes = Slopes(self.model, fixed, self.size)
        x = np.zeros((voltages.size, len(slopes.states)))
        mM = UNITS["mM"].dimension
        for place, state in enumerate(slopes.states):
            if self.model.unit_of(state).dimension == mM:
                x[:, place] = _TRACE / slopes.scales[place]
        of_v = slopes.states.index("v")
        x[:, of_v] = voltages / slopes.scales[of_v]
        with np.errstate(all="ignore"):  # rates such as x/(1 - exp(-x)) are 0/0 at one voltage
            x[~np.all(np.isfinite(slopes(x)), axis=-1), of_v] += BESIDE / slopes.scales[of_v]
        x = slopes.settle(x, [slopes.states.index(n) for n in names], rounds=30)
        settled = {n: held[back] for n, held in slopes.named(x).items()}
        self._settled = (key, settled)
        return settled


class PointValues(CellValues):
    """Parameters and states of receptors and the like, which read the voltage where they are."""

    sites: Ints
    """Of every element."""
    around: SiteValues
    """Where the voltage is read."""

    def read(self, name: str, where: Ints | None = None) -> Number:
        """Return a variable in SI units; v is that of the compartments as it is now."""
        if name == "v":
            return self.around.read("v", self.sites if where is None else self.sites[where])
        return super().read(name, where)


class SiteValues(CellValues):
    """What the compartments of cells have, whatever part of the plan it is in.

    Cells are counted here as sites: the compartments of all cells, cell by cell. A name may stand
    for something in some of them only: it is nan in the others.

    Parameters
    ----------
    name, size
        Of the population, and the number of its compartments.
    seed, clock
        Of the network.
    geometry
        Path and diameter of every site, in metres.
    cell
        Of every site.
    """

    _word = "compartment"

    def __init__(self, name: str, size: int, seed: int, clock: Clock,
                 geometry: Mapping[str, Floats], cell: Ints) -> None:  # fmt: skip
        self.name, self.size, self.seed, self.clock, self.cell = name, size, seed, clock, cell
        self.parameters, self.currents, self.arrays = {}, {}, None
        self.geometry = geometry
        self.parts: list[Part] = []
        self.kinds: dict[str, Kind] = {}
        self._assignments: Counter[str] = Counter()

    def take(self, parts: Sequence[Part]) -> None:
        """Look into these parts from now on."""
        self.parts, self.model = list(parts), parts[0].values.model
        self.kinds = {}
        for part in parts:
            for name, kind in part.values.kinds.items():
                if part.current is None or name != "v":
                    self.kinds.setdefault(name, kind)
        self.kinds |= dict.fromkeys(GEOMETRY, "parameter")

    def homes(self, name: str) -> list[Part]:
        """Return the parts that have a variable."""
        own = [p for p in self.parts if name in p.values.kinds]
        return [p for p in own if p.current is None] if name == "v" else own

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states of all parts."""
        return tuple(name for name, kind in self.kinds.items() if kind == "state")

    def unit(self, name: str) -> Unit:
        """Return the unit a variable is written in."""
        self.kind(name)
        if name in GEOMETRY:
            return UNITS[GEOMETRY[name]]
        return self.homes(name)[0].values.unit(name)

    def has(self, name: str, where: Ints | None) -> NDArray[np.bool_]:
        """Return at which sites there is a variable."""
        sites = np.arange(self.size) if where is None else where
        found = np.full(sites.size, name in GEOMETRY)
        for part in self.homes(name):
            found |= part.element[sites] >= 0
        return found

    def read(self, name: str, where: Ints | None = None) -> Number:
        """Return a variable in SI units, one value a site; nan where there is none."""
        self.kind(name)
        sites = np.arange(self.size) if where is None else where
        if name in GEOMETRY:
            return self.geometry[name][sites]
        found = np.full(sites.size, np.nan)
        for part in self.homes(name):
            elements = part.element[sites]
            inside = elements >= 0
            if inside.any():
                found[inside] = part.values.read(name, elements[inside])
        return found

    def assign(self, name: str, value: Any, where: Ints | None = None) -> None:
        """Set a parameter or state of the sites that have it: one value, one a site or a cell."""
        kind = self.kind(name)
        if name in FIXED or name in GEOMETRY:
            raise UserError(
                f"{self.name}.{name} cannot be set: it is fixed when the cell is made",
                mend="write rb.Cell(morphology, membrane, parameters={'C_m': 1*uF/cm**2})"
                if name == "C_m"
                else "make another: rb.Cell(morphology, ...)",
            )
        homes = self.homes(name)
        if kind not in ("parameter", "state") or getattr(type(value), "is_current", False):
            homes[0].values.assign(name, value, where)  # which says why it cannot be
            return
        if name == "temperature":
            value = in_celsius(value)
        has = self.has(name, where)
        if not has.any():
            raise self.missing(name, where)
        sites = np.arange(self.size) if where is None else where
        several = _several(value)
        if several or has.all():
            found = self._resolve(name, self._each(value, several, sites), where)
        else:
            found = self._resolve(name, value, sites[has])
            if isinstance(found, np.ndarray):
                whole = np.full(sites.size, np.nan)
                whole[has] = found
                found = whole
        full = f"{self.name}.{name}"
        if name == "temperature":
            refuse_below_zero(found, full, f"{full} = ")
        refuse_sign(name, homes[0].values.unit(name), found, full, f"{full} = ")
        for part in homes:
            self._hand_over(part, name, kind, found, sites)

    def _each(self, value: Any, several: int, sites: Ints) -> Any:
        """Return values that are one a cell as one a site; others as they are."""
        cells, index = np.unique(self.cell[sites], return_inverse=True)
        if not several == cells.size < sites.size:
            return value
        return [value[k] for k in index] if isinstance(value, (list, tuple)) else value[index]

    @staticmethod
    def _hand_over(part: Part, name: str, kind: str, found: Number, sites: Ints) -> None:
        elements = part.element[sites]
        inside = elements >= 0
        if not inside.any():
            return
        where = elements[inside]
        whole = where.size == part.values.size and np.unique(where).size == where.size
        own = found if isinstance(found, float) else found[inside]
        if kind == "parameter":
            alone = whole and isinstance(own, float)
            part.values._assign_parameter(name, own, None if alone else where)
        else:
            if name != "v" and part.values.arrays is not None:  # v the engine notices itself
                part.jumped.append(where[part.values.read(name, where) != own])
            part.values._assign_state(name, own, where)

    def missing(self, name: str, where: Ints | None) -> UserError:
        """Return the error for a variable that these sites do not have."""
        part = self.homes(name)[0]
        return UserError(
            f"{self.name}: there is no {name} at these places",
            expected=f"places of {part.label}",
            mend=f"choose among them: {self.name}.at({part.example})",
        )

    def check_complete(self) -> None:
        """Nothing is held here."""


def _several(value: Any) -> int:
    """Return how many values there are in a row of them; 0 if it is none."""
    row = getattr(value, "magnitude", value)
    if isinstance(row, (list, tuple)):
        return len(row)
    return int(np.shape(row)[0]) if np.ndim(row) else 0
