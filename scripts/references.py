"""Tables of the reference that come from the library: write them into the pages again.

Between the marks ``<!-- table: KIND OF WHAT -->`` and ``<!-- end of table -->`` of a page stands
what the library says: the public names of a module, the members of a class, the keys of a table
of model files, the units. A test holds that it does. Run this when one of them has changed.
"""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import rheobase
from rheobase.modelfiles import tables
from rheobase.units import UNITS, describe
from rheobase.units.table import spelled_out

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
_MARKED = re.compile(
    r"(<!-- table: (?P<kind>keys|names|members|units) of (?P<what>[\w.:]+) -->\n\n)"
    r".*?(\n<!-- end of table -->)",
    re.DOTALL,
)


def public_modules() -> dict[str, str]:
    """What `rheobase` offers that is a module: how a user writes it, and its import path."""
    homes = rheobase._HOMES.items()
    return {f"rb.{name}": home for name, home in homes if ":" not in home}


def public_names(module: str) -> list[str]:
    """The public names of a module, as its users see them."""
    found = import_module(module)
    if module == "rheobase.models":
        return list(found.catalog())
    if module == "rheobase.errors":  # what can be caught; the rest serves the other rooms
        classes = inspect.getmembers(found, inspect.isclass)
        return [name for name, each in classes if issubclass(each, Exception | Warning)]
    return list(found.__all__)


def summary(thing: Any) -> str:
    """The first paragraph of a documentation, without what would break a table."""
    text = thing.doc if isinstance(thing, rheobase.Model) else inspect.getdoc(thing) or ""
    return " ".join(text.strip().partition("\n\n")[0].split()).replace("|", "\\|")


def names_of(module: str) -> str:
    """Every public name of a module, with the first line of its documentation."""
    shown = {home: written for written, home in public_modules().items()}.get(module, module)
    found = import_module(module)
    lines = ["| name | what it is |", "|---|---|"]
    for name in public_names(module):
        lines.append(f"| `{shown}.{name}` | {summary(getattr(found, name))} |")
    return "\n".join(lines) + "\n"


def members_of(what: str) -> str:
    """What an object of a class has: methods and properties, inherited ones among them."""
    module, _, name = what.partition(":")
    found = getattr(import_module(module), name)
    rows: dict[str, str] = {}
    for member in dir(found):
        value = inspect.getattr_static(found, member)
        if member.startswith("_") or not inspect.getdoc(value):
            continue
        if isinstance(value, (property, cached_property)):
            rows[f"`.{member}`"] = summary(value)
        elif inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod)):
            rows[f"`.{member}()`"] = summary(value)
    lines = [f"| `{name}` | what it is or does |", "|---|---|"]
    return "\n".join([*lines, *(f"| {key} | {text} |" for key, text in rows.items())]) + "\n"


def commands() -> list[tuple[str, list[str]]]:
    """The commands of `rheobase`, each with its options; those of all commands left out."""
    import argparse

    from rheobase.cli import build_parser

    (chosen,) = [a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return [
        (name, [o for action in parser._actions for o in action.option_strings
                if o.startswith("--") and o not in ("--help", "--debug")])
        for name, parser in chosen.choices.items()
    ]  # fmt: skip


def keys_of(name: str) -> str:
    """The keys of a table of model files."""
    table = tables.TABLES[name]
    meaning = table.meaning[0].upper() + table.meaning[1:]
    lines = [f"{meaning}.", "", "| key | what it is | such as |", "|---|---|---|"]
    for key, told in table.keys.items():
        needed = " (needed)" if told.needed else ""
        lines.append(f"| `{key}`{needed} | {told.meaning} | `{key} = {told.example}` |")
    return "\n".join(lines) + "\n"


def units_of(_: str) -> str:
    """Every unit `rheobase.units` exports."""
    lines = ["| unit | its name | what it measures | in SI units |", "|---|---|---|---|"]
    for name, unit in UNITS.items():
        si = "" if str(unit.dimension) == "1" else f" {unit.dimension}"
        words = describe(unit.dimension)
        lines.append(f"| `{name}` | {spelled_out(name)} | {words} | {unit.scale:g}{si} |")
    return "\n".join(lines) + "\n"


_TABLES = {"keys": keys_of, "names": names_of, "members": members_of, "units": units_of}


def written(page: str) -> str:
    """A page with its tables as they should be."""

    def table(match: re.Match[str]) -> str:
        return match[1] + _TABLES[match["kind"]](match["what"]) + match[4]

    return _MARKED.sub(table, page)


def main() -> None:
    for path in sorted(ROOT.glob("docs/**/*.md")):
        text = path.read_text(encoding="utf-8")
        new = written(text)
        if new != text:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
