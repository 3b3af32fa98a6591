"""A membrane held at a voltage, with all else where it settles: gates, concentrations, currents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.channels.channel import Channel
from rheobase.channels.gates import Form
from rheobase.channels.gating import Held
from rheobase.channels.joining import Placed
from rheobase.channels.mechanism import Mechanism
from rheobase.channels.pool import Pool
from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.language.definitions import DIFFERENTIAL, Equation
from rheobase.units import parse_unit, quantity

if TYPE_CHECKING:
    from rheobase.channels.membrane import Membrane

Floats: TypeAlias = NDArray[np.float64]

_MOLAR = parse_unit("mM")
_PER_AREA = parse_unit("uA/cm**2")
_MV = parse_unit("mV")
_LOWEST, _HIGHEST = 1e-12, 1e3
"""Between which a concentration is looked for [mM]."""
_HALVINGS, _ROUNDS = 60, 8


class Settled:
    """A membrane at held voltages.

    Parameters
    ----------
    membrane : Membrane
    volts : ndarray
        The voltages, V.
    given : mapping
        Concentrations that are held too: `Ca_i`.

    Attributes
    ----------
    concentrations : dict of str to ndarray
        By name, `Ca_i` and `Ca_o`, in mM; nan where there is no concentration at rest.

    Raises
    ------
    UnknownNameError
        A concentration is given that the membrane does not keep.
    UserError
        A pool has several states, so that it is not known where it settles.
    """

    def __init__(self, membrane: Membrane, volts: Floats, given: Mapping[str, Any]) -> None:
        self._membrane, self._volts = membrane, volts
        pools = [p for p in membrane._parts if isinstance(p.mechanism, Pool)]
        self.concentrations = self._read(given, pools)
        held = set(self.concentrations)
        for part in pools:
            self._start(part)
        free = [(p, line) for p in pools if (line := state_of(p.mechanism)) is not None
                and line.name not in held]  # fmt: skip
        for _ in range(_ROUNDS if len(free) > 1 else 1):
            for part, line in free:
                self.concentrations[line.name] = self._root(part, line)

    def _read(self, given: Mapping[str, Any], pools: list[Placed]) -> dict[str, Floats]:
        known = [f"{ion}_{side}" for ion in self._membrane.pools for side in "io"]
        found = {}
        for name, value in given.items():
            if name not in known:
                meant = did_you_mean(name, known)
                raise UnknownNameError(
                    f"{self._membrane.name} keeps no {name}"
                    + (f"; did you mean {meant}?" if meant else ""),
                    mend=self._other(name, known),
                )  # fmt: skip
            part = next(p for p in pools if name in p.mechanism._exported(p.mechanism._arguments))
            si = Held(part.mechanism, {name: value}).value(name)
            found[name] = np.broadcast_to(si, self._volts.shape).astype(np.float64)
        return found

    def _other(self, name: str, known: list[str]) -> str:
        """Return what to do about a name that is no concentration."""
        if name in self._membrane.defaults:
            return f"another value of it: membrane({name}=...)"
        return f"it keeps: {', '.join(known)}" if known else "it has no pool of ions"

    def _start(self, part: Placed) -> None:
        """Note the concentrations that are constants, and begin with something for the others."""
        pool = part.mechanism
        line = state_of(pool)
        for name in sorted(pool._exported(pool._arguments)):
            if name in self.concentrations or not any(e.name == name for e in pool.equations):
                continue
            if line is not None and name == line.name:
                self.concentrations[name] = np.full(self._volts.shape, 1e-4)
            else:
                value = self._held(part).value(name)
                self.concentrations[name] = np.broadcast_to(value, self._volts.shape).copy()

    def _root(self, part: Placed, line: Equation) -> Floats:
        """Return where the concentration of a pool settles."""
        ion, expression = line.name[:-2], line.expression
        assert expression is not None

        def change(inside: Floats) -> Any:
            self.concentrations[line.name] = inside
            total = self._total(ion) if f"I_{ion}_total" in part.mechanism.reads else None
            return self._held(part, total).of(expression)

        return settled_where(change, self._volts.shape)

    def _total(self, ion: str) -> Floats:
        """Return the current of an ion, A/m**2."""
        found = np.zeros(self._volts.shape)
        for part in self._membrane._parts:
            channel = part.mechanism
            if isinstance(channel, Channel) and ion in channel.carries:
                found = found + self._held(part).value(channel.carries[ion])
        return found

    def _held(self, part: Placed, total: Floats | None = None) -> Held:
        """Return a part of the membrane at what is held, and at a current of its ion, A/m**2."""
        mechanism, membrane = part.mechanism, self._membrane
        given: dict[str, Any] = {}
        for name in mechanism.parameters:
            unit = mechanism.equation(name).unit
            value = membrane.defaults.get(part.names.get(name, name))
            if value is not None:
                given[name] = quantity(value, unit)
        if "v" in mechanism.reads:
            given["v"] = quantity(self._volts, _MV)
        if membrane.temperature is not None and "temperature" in mechanism.reads:
            given["temperature"] = membrane.temperature
        own = mechanism._exported(mechanism._arguments)
        for name, held in self.concentrations.items():
            if name in mechanism.reads | own or f"nernst_{name[:-2]}" in mechanism.reads:
                given[name] = quantity(held, _MOLAR)
        if total is not None and isinstance(mechanism, Pool):
            given[f"I_{mechanism.ion}_total"] = quantity(total, _PER_AREA)
        return Held(mechanism, given)

    # -- what is asked --------------------------------------------------------------------

    def currents(self) -> Iterator[tuple[str, Floats]]:
        """Yield the ending of every channel and its current, A/m**2, positive outwards."""
        for part in self._membrane._parts:
            channel = part.mechanism
            if isinstance(channel, Channel):
                value = self._held(part).value(channel.current_variable)
                yield part.ending, np.broadcast_to(value, self._volts.shape).astype(np.float64)

    def gates(self) -> Iterator[tuple[str, str, Form, Held]]:
        """Yield, of every gate, the ending of its channel, its name there, and how it goes."""
        for part in self._membrane._parts:
            if isinstance(part.mechanism, Channel) and part.mechanism.forms:
                held = self._held(part)
                for form in part.mechanism.forms:
                    yield part.ending, part.names[form.name], form, held


def settled_where(change: Callable[[Floats], Any], shape: tuple[int, ...]) -> Floats:
    """Return the concentrations at which nothing changes [mM]; nan where there is none.

    Parameters
    ----------
    change : callable
        The change at concentrations of that shape: positive at low ones, negative at high ones.
    shape : tuple of int
    """
    low, high = np.full(shape, np.log(_LOWEST)), np.full(shape, np.log(_HIGHEST))

    def rises(log: Floats) -> NDArray[np.bool_]:
        return np.broadcast_to(np.asarray(change(np.exp(log))) > 0, shape)

    known = rises(low) & ~rises(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        up = rises(middle)
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return np.where(known, np.exp((low + high) / 2), np.nan)


def state_of(pool: Mechanism) -> Equation | None:
    """Return the equation of the concentration that changes; None: all are constant.

    Raises
    ------
    UserError
        There are several states.
    """
    assert isinstance(pool, Pool)
    lines = [e for e in pool.equations if e.kind == DIFFERENTIAL]
    if not lines:
        return None
    if len(lines) > 1 or lines[0].name != f"{pool.ion}_i":
        raise UserError(
            f"the pool {pool.kind} has other states than {pool.ion}_i, so it is not known where "
            "it settles",
            given=", ".join(e.name for e in lines),
            mend=f"give a concentration, {pool.ion}_i=1*uM, or run it: rb.Membrane([...]).point("
            "20000*um**2)",
        )
    return lines[0]
