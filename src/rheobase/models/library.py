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
    model = make(
        equations,
        parameters={key: default for key, (default, _) in parameters.items()},
        name=name,
        doc=_document(title, equations, symbols, parameters, source, checked, notes, ports, options),
        **options,
    )
    explained = {*symbols, *parameters}
    written = {equation.name for equation in model.equations}
    if explained != written or set(ports or {}) != set(model.receives):
        raise InternalError(
            f"{name}: symbols without a meaning or a place: {sorted(explained ^ written)};"
            f" ports: {sorted(set(ports or {}) ^ set(model.receives))}"
        )
    return model


def _document(
    title: str,
    equations: str,
    symbols: Mapping[str, str],
    parameters: Mapping[str, tuple[str | float, str]],
    source: str,
    checked: str,
    notes: str,
    ports: Mapping[str, str] | None,
    options: Mapping[str, Any],
) -> str:
    """Write what `model.doc` says."""
    parts = [title, textwrap.indent(textwrap.dedent(equations).strip(), "    ")]
    events = _events(options)
    if events:
        parts.append(events)
    if ports:
        lines = [f"    {port}: {_arrival(port, options)} ({what})" for port, what in ports.items()]
        parts.append("Synapses, what an arriving spike does:\n" + "\n".join(lines))
    parts.append(
        "Symbols\n" + _columns([(f"    {name}", meaning) for name, meaning in symbols.items()])
    )
    parts.append(
        "Parameters\n"
        + _columns([(f"    {k}", str(v), meaning) for k, (v, meaning) in parameters.items()])
    )
    parts += [part for part in (textwrap.dedent(notes).strip(),) if part]
    parts.append(f"Source: {_flow(source)}")
    parts.append(f"Checked against: {_flow(checked)}")
    return "\n\n".join(parts) + "\n"


def _events(options: Mapping[str, Any]) -> str:
    """Say when the model spikes and what follows."""
    if not options.get("threshold"):
        return ""
    lines = [f"Spike when {options['threshold']}"]
    if options.get("reset"):
        lines.append(f"then {options['reset']}")
    if options.get("refractory"):
        lines.append(f"refractory: {options['refractory']}")
    return "; ".join(lines) + "."


def _arrival(port: str, options: Mapping[str, Any]) -> str:
    """Return the statements of a port as they were written."""
    receives = options["receives"]
    return str(receives[port] if isinstance(receives, Mapping) else receives)


def _columns(rows: list[tuple[str, ...]]) -> str:
    """Set rows of words under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _flow(text: str) -> str:
    """Return a text written over several lines as one paragraph."""
    return " ".join(text.split())
