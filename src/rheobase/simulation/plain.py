"""Descriptions as plain data: what a file can hold without running anything when it is read.

Plain data are None, booleans, numbers, texts, NumPy arrays of numbers, lists of plain data, and
mappings of texts to plain data whose entry "is" names a kind of the registry below. Reading
makes objects of those kinds only: nothing is looked up by the name of a module, unpickled or
evaluated. A new kind of rule, stimulus or distribution is one entry of `_kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeAlias

import numpy as np

from rheobase import models, synapses
from rheobase.cables.cell import Cell
from rheobase.channels.channel import Channel
from rheobase.channels.mechanism import MechanismArguments
from rheobase.channels.membrane import Membrane
from rheobase.channels.membrane import _rebuilt as rebuilt_membrane
from rheobase.channels.pool import Pool
from rheobase.errors import FileFormatError, UserError
from rheobase.language.building import Arguments
from rheobase.language.model import Model
from rheobase.language.synapse import Synapse
from rheobase.language.synapse_building import SynapseArguments
from rheobase.morphology import Morphology, Section
from rheobase.morphology.discretization import Count, DLambda, MaxLength
from rheobase.network import currents, distributions, rules, texts, trains, waveforms
from rheobase.simulation.projection import Target, Term
from rheobase.synapses.extending import Piece
from rheobase.synapses.gap_junctions import Coupling, GapJunction
from rheobase.synapses.graded import Graded
from rheobase.synapses.receptors import Receptor
from rheobase.units import (
    DIMENSIONLESS,
    Dimension,
    Unit,
    parse_unit,
    quantity,
    split_quantity,
)

Plain: TypeAlias = Any
"""None, bool, int, float, str, ndarray, list of Plain, or dict of str to Plain."""


@dataclass(frozen=True)
class Kind:
    """One kind of thing that plain data can describe.

    Attributes
    ----------
    name : str
        What files call it; part of the format.
    made : type
        The class of the things.
    parts : callable
        From a thing to what it is made of: a dict, or anything else `to_plain` takes.
    make : callable
        From these parts to the thing.
    """

    name: str
    made: type
    parts: Callable[[Any], Any]
    make: Callable[[Any], Any]


def record(name: str, made: type) -> Kind:
    """Return the kind of a dataclass or named tuple: its parts are its fields, by name."""
    known = record_fields(made)

    def parts(thing: Any) -> dict[str, Any]:
        return {field: getattr(thing, field) for field in known}

    def make(given: Mapping[str, Any]) -> Any:
        unknown = set(given) - set(known)
        if unknown:
            raise FileFormatError(f"{name} has no part {sorted(unknown)[0]!r}")
        return made(**given)

    return Kind(name, made, parts, make)


def record_fields(made: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass or named tuple."""
    if is_dataclass(made):
        return tuple(entry.name for entry in fields(made) if entry.init)
    return tuple(getattr(made, "_fields", ()))


@cache
def _kinds() -> tuple[Kind, ...]:
    """Return every kind of description, in no particular order."""
    described: list[Kind] = [
        Kind("unit", Unit, _unit_parts, lambda p: Unit(p["text"], p["scale"], p["dimension"])),
        Kind("dimension", Dimension, lambda d: list(d.exponents), lambda p: Dimension(*p)),
        _argued("synapse", Synapse, SynapseArguments),
        Kind(
            "coupling", Coupling, lambda c: {"f": c.text, "name": c.name}, lambda p: Coupling(**p)
        ),
        Kind(
            "gap junction",
            GapJunction,
            lambda c: {"name": c.name, "rectifying": not c.both_ways, "area": c._area},
            lambda p: GapJunction(**p),
        ),
        Kind(
            "graded synapse",
            Graded,
            lambda c: {"release": c.text, "name": c.name, **c._given},
            lambda p: Graded(**p),
        ),
        record("piece", Piece),
        record("target", Target),
        record("sum", Term),
        Kind("pair text", texts.PairText, _pair_text_parts, _make_pair_text),
        record("distribution", distributions.Distribution),
        record("current", currents.Current),
    ]
    rule_kinds = (
        rules.AllToAll, rules.OneToOne, rules.FixedProbability, rules.FixedTotal,
        rules.FixedIndegree, rules.FixedOutdegree, rules.Ring, rules.Pairs, rules.FromMatrix,
        rules.Where, rules.Within, rules.Gaussian,
    )  # fmt: skip
    shapes = (waveforms.Step, waveforms.Ramp, waveforms.Sine, waveforms.PulseTrain,
              waveforms.Samples, waveforms.Noise)  # fmt: skip
    described += [record(f"rule {made.name}", made) for made in rule_kinds]
    described += [record(f"shape {made.name}", made) for made in shapes]
    train_kinds = (trains.SpikeTimes, trains.RegularSpikes, trains.Poisson)
    described += [record(f"train {made.__name__}", made) for made in train_kinds]
    described += [_argued(_named("model", Model, m), m, Arguments) for m in _of_ours(Model)]
    described += [_receptor(made) for made in _of_ours(Receptor)]
    described += [
        _argued("channel", Channel, MechanismArguments), _argued("pool", Pool, MechanismArguments),
        Kind("membrane", Membrane, lambda m: list(m._made), _make_membrane),
        record("section", Section), record("morphology", Morphology),
        record("fraction of length constant", DLambda), record("longest", MaxLength),
        record("pieces", Count),
        Kind("cell", Cell, lambda c: c._arguments, lambda p: Cell(**p)),
    ]  # fmt: skip
    return tuple(described)


# -- kinds that are not their fields --------------------------------------------------------


def _unit_parts(unit: Unit) -> dict[str, Any]:
    return {"text": unit.text, "scale": unit.scale, "dimension": unit.dimension}


def _argued(name: str, made: Any, arguments: Any) -> Kind:
    """Return the kind of what is made of text: its parts are the arguments it was made from."""
    held = record(name, arguments)

    def parts(thing: Any) -> Any:
        return held.parts(thing._arguments)

    def make(given: Mapping[str, Any]) -> Any:
        return made._from_arguments(held.make(given))

    return Kind(name, made, parts, make)


def _receptor(made: type[Receptor]) -> Kind:
    def parts(receptor: Receptor) -> dict[str, Any]:
        return receptor._arguments

    def make(given: Mapping[str, Any]) -> Receptor:
        made_of: Any = made
        found: Receptor = made_of(**given)
        return found

    return Kind(f"receptor {made.__name__}", made, parts, make)


def _make_membrane(given: list[Any]) -> Membrane:
    made: Membrane = rebuilt_membrane(*given)
    return made


def _of_ours(kind: type[Any]) -> list[type[Any]]:
    """Return a class and those of this library that are made from it."""
    for package in (models, synapses):  # they define them
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    below = [sub for sub in kind.__subclasses__() if sub.__module__.startswith("rheobase.")]
    return [kind, *(deeper for sub in below for deeper in _of_ours(sub))]


def _named(name: str, kind: type[Any], made: type[Any]) -> str:
    return name if made is kind else f"{name} {made.__name__}"


def _pair_text_parts(text: texts.PairText) -> dict[str, Any]:
    return {"text": text.text, "condition": not _is_plain_number(text.text)}


def _is_plain_number(text: str) -> bool:
    """Return whether a text over pairs gives a plain number, and not a condition."""
    try:
        texts.pair_text(text, DIMENSIONLESS, "the text")
    except UserError:
        return False
    return True


def _make_pair_text(given: Mapping[str, Any]) -> texts.PairText:
    dimension = None if given["condition"] else DIMENSIONLESS
    return texts.pair_text(given["text"], dimension, "a text over pairs")


# -- to plain data --------------------------------------------------------------------------


class Registry:
    """Turns things of known kinds into plain data and back.

    Parameters
    ----------
    kinds
        The kinds it knows, beside numbers, texts, arrays, quantities, lists, tuples and mappings.
    """

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self._of = {kind.made: kind for kind in kinds}
        self._named = {kind.name: kind for kind in kinds}

    def to_plain(self, thing: Any, what: str) -> Plain:
        """Return a thing as plain data.

        Parameters
        ----------
        thing
            What is to be kept.
        what
            What it is, for the error: "the weight of 'a_b'".

        Raises
        ------
        UserError
            It is of a kind that files cannot hold: a function, or a class of the user's own.
        """
        kind = self._of.get(type(thing))
        if kind is not None:
            parts = kind.parts(thing)
            if isinstance(parts, dict):
                held = {name: self.to_plain(part, what) for name, part in parts.items()}
                return {"is": kind.name, "parts": held}
            return {"is": kind.name, "parts": self.to_plain(parts, what)}
        if thing is None or isinstance(thing, (bool, str)):
            return thing
        if isinstance(thing, type) and thing in self._of:
            return {"is": "kind", "parts": self._of[thing].name}
        if isinstance(thing, np.ndarray) and thing.dtype.kind in "biuf":
            return np.asarray(thing)
        if isinstance(thing, (np.generic, int, float)):
            return _plain_number(thing, what)
        if isinstance(thing, (tuple, list, set, frozenset, Mapping)):
            return self._container(thing, what)
        return self._quantity(thing, what)

    def _container(self, thing: Any, what: str) -> Plain:
        if isinstance(thing, list):
            return [self.to_plain(entry, what) for entry in thing]
        if isinstance(thing, tuple):
            return {"is": "tuple", "parts": [self.to_plain(entry, what) for entry in thing]}
        if isinstance(thing, Mapping):
            entries = [[self.to_plain(k, what), self.to_plain(v, what)] for k, v in thing.items()]
            return {"is": "mapping", "parts": entries}
        return {"is": "set", "parts": [self.to_plain(entry, what) for entry in sorted(thing)]}

    def _quantity(self, thing: Any, what: str) -> Plain:
        if callable(thing) and not hasattr(thing, "magnitude"):
            name = getattr(thing, "__name__", type(thing).__name__)
            raise UserError(
                f"net.save: {what} is a Python function, {name}, which no file can hold",
                mend="write it as a text or an array, or take it out before saving",
            )
        try:
            magnitude, unit = split_quantity(thing, what)
        except UserError:
            raise UserError(
                f"net.save: {what} is of a kind that files cannot hold, "
                f"{type(thing).__module__}.{type(thing).__qualname__}",
                mend="use what rb.rules, rb.stimuli, rb.random and rb.synapses offer, or arrays",
            ) from None
        held = self.to_plain(magnitude, what)
        return {"is": "quantity", "parts": {"magnitude": held, "unit": unit.text}}

    # -- from plain data --------------------------------------------------------------------

    def from_plain(self, plain: Plain) -> Any:
        """Return what plain data describe.

        Raises
        ------
        FileFormatError
            They name a kind that there is not, or lack a part.
        """
        if isinstance(plain, list):
            return [self.from_plain(entry) for entry in plain]
        if not isinstance(plain, dict):
            return plain
        name, parts = plain.get("is"), plain.get("parts")
        if name == "tuple":
            return tuple(self.from_plain(entry) for entry in _listed(parts))
        if name == "set":
            return frozenset(self.from_plain(entry) for entry in _listed(parts))
        if name == "mapping":
            return {self.from_plain(k): self.from_plain(v) for k, v in _listed(parts)}
        if name == "quantity":
            return _make_quantity(parts, self)
        if name == "kind" and parts in self._named:
            return self._named[parts].made
        kind = self._named.get(str(name))
        if kind is None:
            raise FileFormatError(f"it holds something of an unknown kind, {name!r}")
        if isinstance(parts, dict):
            return kind.make({str(key): self.from_plain(part) for key, part in parts.items()})
        return kind.make(self.from_plain(parts))


def _plain_number(thing: Any, what: str) -> Plain:
    if isinstance(thing, np.generic):
        if thing.dtype.kind not in "biuf":
            raise UserError(f"net.save: {what} is no number that files can hold: {thing!r}")
        return thing.item()
    return int(thing) if isinstance(thing, int) else float(thing)


def _listed(parts: Plain) -> list[Any]:
    if not isinstance(parts, list):
        raise FileFormatError("a list is missing in it")
    return parts


def _make_quantity(parts: Plain, registry: Registry) -> Any:
    magnitude, unit = registry.from_plain(parts["magnitude"]), parse_unit(str(parts["unit"]))
    return quantity(magnitude, Unit(unit.text, 1.0, unit.dimension))  # as it is: not converted


@cache
def descriptions() -> Registry:
    """Return the registry of everything a network can be told."""
    return Registry(_kinds())
