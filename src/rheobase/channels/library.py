"""How a channel of the library is written: text, and the meaning of what is in it.

A channel is one call of `channel` at the top of a module of this package, a pool one of `pool`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from rheobase.channels.channel import Channel
from rheobase.channels.mechanism import Mechanism
from rheobase.channels.pool import Pool
from rheobase.errors import InternalError
from rheobase.language.definitions import PARAMETER

__all__ = ["Description", "channel", "describe", "pool"]


@dataclass(frozen=True)
class Description:
    """What is said of a channel or pool of the library.

    Attributes
    ----------
    title : str
        What it is, in one line.
    meanings : mapping of str to str
        Of its gates, states and parameters.
    notes : tuple of str
        Paragraphs.
    source : str
        Where it was published.
    checked : str
        The figures the tests hold it to.
    """

    title: str
    meanings: Mapping[str, str]
    notes: tuple[str, ...]
    source: str
    checked: str


M = TypeVar("M", bound=Mechanism)

_DESCRIPTIONS: dict[str, Description] = {}


def describe(kind: str) -> Description | None:
    """Return what is said of a channel or pool of the library; None of any other."""
    return _DESCRIPTIONS.get(kind)


def channel(
    kind: str,
    *,
    name: str,
    title: str,
    equations: str,
    gates: Mapping[str, str],
    parameters: Mapping[str, tuple[str | float, str]],
    source: str,
    checked: str,
    notes: str = "",
    carries: str | Mapping[str, str] | None = None,
) -> Channel:
    """Make a channel of the library; its documentation is put together from the parts.

    Parameters
    ----------
    kind : str
        The name it goes by in the library, in CapWords.
    name : str
        What its variables end with in a membrane.
    title : str
        What it is, in one line.
    equations : str
        In the language of `Channel`.
    gates : mapping
        The meaning of every gate.
    parameters : mapping
        Parameter to (default value, meaning).
    source : str
        Where it was published.
    checked : str
        The figures that the tests hold it to.
    notes : str
        What else its reader should know, in paragraphs.
    carries
        As of `Channel`.

    Raises
    ------
    InternalError
        A gate or parameter has no meaning, or a meaning stands for nothing.
    """
    values = {key: value for key, (value, _) in parameters.items()}
    made = Channel(equations, parameters=values, carries=carries, name=name)
    states = {form.name for form in made.forms} | {e.name for e in made.differential}
    return _described(made, kind, title, gates, states, parameters, notes, source, checked)


def pool(
    kind: str,
    *,
    ion: str,
    title: str,
    equations: str,
    states: Mapping[str, str],
    parameters: Mapping[str, tuple[str | float, str]],
    source: str,
    checked: str,
    notes: str = "",
) -> Pool:
    """Make a pool of the library, as `channel` does a channel; `states` names its states.

    Raises
    ------
    InternalError
    """
    values = {key: value for key, (value, _) in parameters.items()}
    made = Pool(equations, ion=ion, parameters=values)
    found = {e.name for e in made.differential}
    return _described(made, kind, title, states, found, parameters, notes, source, checked)


def _described(
    made: M, kind: str, title: str, states: Mapping[str, str], found: set[str],
    parameters: Mapping[str, tuple[Any, str]], notes: str, source: str, checked: str,
) -> M:  # fmt: skip
    meanings = {**states, **{key: meaning for key, (_, meaning) in parameters.items()}}
    potentials = {key for key, (value, _) in parameters.items() if value == "nernst"}
    unmatched = (found | set(made.parameters) | potentials) ^ meanings.keys()
    if unmatched:
        raise InternalError(f"{kind}: without a meaning, or without a place: {sorted(unmatched)}")
    paragraphs = textwrap.dedent(notes).strip().split("\n\n")
    told = Description(
        title, meanings, tuple(_one_line(p) for p in paragraphs if p), _one_line(source),
        _one_line(checked),
    )  # fmt: skip
    _DESCRIPTIONS[kind] = told
    arguments = replace(made._arguments, kind=kind, doc=_document(told, made))
    return type(made)._from_arguments(arguments)


def _document(told: Description, made: Mechanism) -> str:
    """Write the documentation: equations, the meaning of symbols, notes, source."""
    lines = [e.text for e in made.equations if e.kind != PARAMETER]
    symbols = [f"{name} : {_value(made, name)}{meaning}" for name, meaning in told.meanings.items()]
    parts = [
        told.title,
        "Equations::\n\n" + textwrap.indent("\n".join(lines), "    "),
        "\n".join(f"- {symbol}" for symbol in symbols),
        *told.notes,
        f"Source: {told.source}",
        f"Checked against: {told.checked}",
    ]
    return "\n\n".join(
        part if "\n" in part else textwrap.fill(part, 92, break_on_hyphens=False) for part in parts
    )


def _value(made: Mechanism, name: str) -> str:
    if name not in made.defaults:
        return ""
    unit = made.equation(name).unit
    text = "" if unit.text == "1" else f" {unit.text}"
    return f"{unit.from_si(made.defaults[name]):.10g}{text}; "


def _one_line(text: str) -> str:
    return " ".join(text.split())
