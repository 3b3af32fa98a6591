"""How a model of the library is written: text, and the meaning of every symbol in it.

A model is one call of `describe` at the top of any module of this package. Nothing else has
to be told of it: the package finds every `Model` of its modules by its name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rheobase.errors import InternalError, UnknownNameError, UserError, did_you_mean
from rheobase.language.model import Model
from rheobase.models.protocols import Protocol, Variant

__all__ = ["Description", "LibraryModel", "Variants", "describe"]


@dataclass(frozen=True)
class Description:
    """What is said of a model of the library, and what goes with it.

    Attributes
    ----------
    title : str
        What it is, in one line.
    symbols : mapping of str to str
        The meaning of every name of its equations, parameters last.
    ports : mapping of str to str
        By port, what the weight of an arriving spike is.
    notes : tuple of str
        Paragraphs.
    source : str
        Where it was published.
    checked : str
        The figures the tests hold it to.
    variants : mapping of str to Variant
    protocol : Protocol or None
    """

    title: str
    symbols: Mapping[str, str]
    ports: Mapping[str, str]
    notes: tuple[str, ...]
    source: str
    checked: str
    variants: Mapping[str, Variant]
    protocol: Protocol | None


_DESCRIPTIONS: dict[str, Description] = {}
"""By the name of the model, so that copies and models read from files have them too."""

_USUAL: dict[str, Mapping[str, float]] = {}
"""The defaults of each model, in SI units."""


class LibraryModel(Model):
    """A model of the library: published sets of its parameters go by name."""

    @property
    def description(self) -> Description:
        """What is said of it, in parts; `doc` is the same as one text."""
        if self.name not in _DESCRIPTIONS:
            # Read from a file or a pickle before the library was.
            from rheobase.models import catalog

            catalog()
        return _DESCRIPTIONS[self.name]

    @property
    def variants(self) -> Variants:
        """Its published sets of parameters, by name: copies of this model with their values.

        A mapping: `AdEx.variants["tonic"]` is a model, `list(AdEx.variants)` the names. What a
        set does not name stays as it is in this model.
        """
        return Variants(self, self.description.variants)

    @property
    def variant(self) -> str:
        """The name of the set whose values are this model's; "" if it has those of none."""
        fitting = [name for name in self.variants if self._has_values_of(name)]
        sets = self.variants.sets
        return max(fitting, key=lambda name: len(sets[name].parameters), default="")

    @property
    def protocol(self) -> Protocol | None:
        """What to do to this model to see how it behaves; None if nothing is known.

        `rheobase.analysis.behavior` does it.
        """
        chosen = self.variant
        own = self.variants.sets[chosen].protocol if chosen else None
        return own or self.description.protocol

    def _has_values_of(self, name: str) -> bool:
        other = self.variants[name]
        values = self.variants.sets[name].parameters
        return all(self.defaults.get(key) == other.defaults.get(key) for key in values)

    def __call__(self, **parameters: Any) -> LibraryModel:
        """Return a copy with other values of parameters; see `Model`.

        Raises
        ------
        UserError
            A time constant or a capacitance is not above 0, or a value is nan.
        UnknownNameError, UnitError
            The model has no such parameter, or its dimension is another.
        """
        copy = super().__call__(**parameters)
        assert isinstance(copy, LibraryModel)
        for name in parameters.keys() & copy.defaults.keys():
            copy._check_sign(name)
        return copy

    def _check_sign(self, name: str) -> None:
        """Refuse a time constant or capacitance that is 0 or negative: nothing would decay."""
        value, unit = self.defaults[name], self.unit_of(name)
        period = name == "tau_ref"
        if not (name.startswith("tau_") or name == "C_m"):
            return
        if value > 0 or (period and value == 0):
            return
        usual = _USUAL.get(self.name, {}).get(name, unit.scale)
        raise UserError(
            f"{self.name}: {name} is {'0 or more' if period else 'above 0'}",
            given=f"{name}={unit.from_si(value):g}*{unit.text}",
            mend=f"write rb.models.{self.name}({name}={unit.from_si(usual):g}*{unit.text})",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._from_arguments, (self._arguments,)


class Variants(Mapping[str, LibraryModel]):
    """The published sets of parameters of a model, as models, by name.

    Attributes
    ----------
    sets : mapping of str to Variant
        The values of each, and what it is.
    """

    def __init__(self, model: LibraryModel, sets: Mapping[str, Variant]) -> None:
        self.sets = sets
        self._model = model

    def __getitem__(self, name: str) -> LibraryModel:
        if name in self.sets:
            return self._model(**self.sets[name].parameters)
        if not self.sets:
            raise UnknownNameError(
                f"{self._model.name} has no variants, so none called {name!r}",
                mend=f"give its parameters: rb.models.{self._model.name}(...)",
            )
        close = did_you_mean(str(name), self.sets)
        raise UnknownNameError(
            f"{self._model.name} has no variant {name!r}"
            + (f"; did you mean {close!r}?" if close else ""),
            mend=f"there are {', '.join(map(repr, self.sets))}",
        )

    def __contains__(self, name: object) -> bool:
        return name in self.sets

    def __iter__(self) -> Iterator[str]:
        return iter(self.sets)

    def __len__(self) -> int:
        return len(self.sets)

    def __repr__(self) -> str:
        if not self.sets:
            return f"{self._model.name} has no variants"
        meanings = {f'"{name}"': variant.meaning for name, variant in self.sets.items()}
        return f"variants of {self._model.name}\n" + _columns(meanings)


def describe(
    name: str,
    *,
    title: str,
    equations: str,
    symbols: Mapping[str, str],
    parameters: Mapping[str, tuple[str | float, str]],
    source: str,
    checked: str,
    notes: str = "",
    ports: Mapping[str, str] | None = None,
    variants: Mapping[str, Variant] | None = None,
    protocol: Protocol | None = None,
    make: Callable[..., LibraryModel] = LibraryModel,
    **options: Any,
) -> LibraryModel:
    """Make a model of the library; its documentation is put together from the parts.

    Parameters
    ----------
    name : str
        The name it goes by, in CapWords.
    title : str
        What it is, in one line.
    equations : str
        In the language.
    symbols : mapping
        Meaning of every variable, input and subexpression of the equations.
    parameters : mapping
        Parameter to (default value, meaning). A value with a unit is a text ("250 pF").
    source : str
        Where the model was published.
    checked : str
        The figures that the tests hold it to.
    notes : str
        What else its reader should know, in paragraphs.
    ports : mapping
        Synapse port to the meaning of `weight` there.
    variants : mapping of str to Variant
        Published sets of parameters by name; `model.variants[name]` is a model.
    protocol : Protocol, optional
        What to do to the model to see how it behaves.
    make : callable
        The class; `LibraryModel` unless a model needs arguments of its own.
    **options
        `threshold`, `reset`, `refractory`, `receives`, `initial`, `method`, `crossing`, ...
        of `Model`.

    Returns
    -------
    LibraryModel

    Raises
    ------
    InternalError
        If a symbol has no meaning, or a meaning has no symbol.
    """
    described = Description(
        title,
        {**symbols, **{key: meaning for key, (_, meaning) in parameters.items()}},
        dict(ports or {}),
        tuple(_one_line(part) for part in textwrap.dedent(notes).strip().split("\n\n") if part),
        _one_line(source),
        _one_line(checked),
        dict(variants or {}),
        protocol,
    )
    model = make(
        equations,
        parameters={key: default for key, (default, _) in parameters.items()},
        name=name,
        doc=_document(described),
        **options,
    )
    unmatched = {*described.symbols} ^ {*model.names} | {*described.ports} ^ {*model.receives}
    if unmatched:
        raise InternalError(f"{name}: without a meaning, or without a place: {sorted(unmatched)}")
    _DESCRIPTIONS[name] = described
    _USUAL[name] = dict(model.defaults)
    return model


def _document(described: Description) -> str:
    """Write what `model.doc` says; equations and values stand beside it in `describe()`."""
    parts = [described.title, "Symbols\n" + _columns(described.symbols)]
    if described.ports:
        parts.append("Synapses: what the weight of an arriving spike is\n"
                     + _columns(described.ports))  # fmt: skip
    if described.variants:
        variants = _columns(_variant_lines(described.variants))
        parts.append("Variants, by .variants[name]\n" + variants)
    last = (f"Source: {described.source}", f"Checked against: {described.checked}")
    return "\n\n".join([*parts, *(textwrap.fill(part, 88) for part in (*described.notes, *last))])


def _variant_lines(variants: Mapping[str, Variant]) -> dict[str, str]:
    """Return what each set is, and its values, by name."""
    return {
        f'"{name}"': f"{variant.meaning}: {variant.values}" for name, variant in variants.items()
    }


def _columns(meanings: Mapping[str, str]) -> str:
    """Set names and what they mean under each other."""
    width = max(map(len, meanings))
    lines: list[str] = []
    for name, meaning in meanings.items():
        wrapped = textwrap.wrap(meaning, max(40, 94 - width), break_on_hyphens=False)
        first, *more = wrapped or [""]
        lines += [f"  {name:<{width}}  {first}", *(f"  {'':<{width}}  {line}" for line in more)]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    """Return a text written over several lines as one."""
    return " ".join(text.split())
