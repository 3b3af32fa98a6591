"""How a model of the library is written: text, and the meaning of every symbol in it.

A model is one call of `describe` at the top of any module of this package. Nothing else has
to be told of it: the package finds every `Model` of its modules by its name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from rheobase.errors import InternalError
from rheobase.language.model import Model

__all__ = ["describe"]


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
    make: Callable[..., Model] = Model,
    **options: Any,
) -> Model:
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
    make : callable
        The class; `Model` unless a model needs arguments of its own.
    **options
        `threshold`, `reset`, `refractory`, `receives`, `initial`, `method`, `crossing`, ...
        of `Model`.

    Returns
    -------
    Model

    Raises
    ------
    InternalError
        If a symbol has no meaning, or a meaning has no symbol.
    """
    meanings = {**symbols, **{key: meaning for key, (_, meaning) in parameters.items()}}
    model = make(
        equations,
        parameters={key: default for key, (default, _) in parameters.items()},
        name=name,
        doc=_document(title, meanings, source, checked, notes, ports or {}),
        **options,
    )
    unmatched = {*meanings} ^ {*model.names} | {*(ports or {})} ^ {*model.receives}
    if unmatched:
        raise InternalError(f"{name}: without a meaning, or without a place: {sorted(unmatched)}")
    return model


def _document(
    title: str,
    symbols: Mapping[str, str],
    source: str,
    checked: str,
    notes: str,
    ports: Mapping[str, str],
) -> str:
    """Write what `model.doc` says; equations and values stand beside it in `describe()`."""
    parts = [title, "Symbols\n" + _columns(symbols)]
    if ports:
        parts.append("Synapses: what the weight of an arriving spike is\n" + _columns(ports))
    parts += [_flow(part) for part in textwrap.dedent(notes).strip().split("\n\n") if part]
    parts += [_flow(f"Source: {source}"), _flow(f"Checked against: {checked}")]
    return "\n\n".join(parts)


def _columns(meanings: Mapping[str, str]) -> str:
    """Set names and what they mean under each other."""
    width = max(map(len, meanings))
    return "\n".join(f"  {name:<{width}}  {meaning}" for name, meaning in meanings.items())


def _flow(text: str) -> str:
    """Return a text written over several lines as one paragraph of at most 88 columns."""
    return textwrap.fill(" ".join(text.split()), 88)
