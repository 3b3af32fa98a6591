"""Tables of the reference that come from the library: write them into the pages again.

Between the marks ``<!-- table: NAME -->`` and ``<!-- end of table -->`` of a page stands what
`TABLES[NAME]` gives; a test holds that it does. Run this when a key or a unit was added.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rheobase.modelfiles import tables
from rheobase.units import UNITS, describe
from rheobase.units.table import spelled_out

ROOT = Path(__file__).resolve().parent.parent
_MARKED = re.compile(
    r"(<!-- table: (?P<name>[\w ]+) -->\n\n).*?(\n<!-- end of table -->)", re.DOTALL
)


def keys_of(name: str) -> str:
    """The keys of a table of model files."""
    table = tables.TABLES[name]
    lines = [table.meaning[0].upper() + table.meaning[1:] + ".", "", "| key | what it is | such as |",
             "|---|---|---|"]  # fmt: skip
    for key, told in table.keys.items():
        needed = " (needed)" if told.needed else ""
        lines.append(f"| `{key}`{needed} | {told.meaning} | `{key} = {told.example}` |")
    return "\n".join(lines) + "\n"


def units() -> str:
    """Every unit `rheobase.units` exports."""
    lines = ["| unit | its name | what it measures | in SI units |", "|---|---|---|---|"]
    for name, unit in UNITS.items():
        words = describe(unit.dimension)
        lines.append(f"| `{name}` | {spelled_out(name)} | {words} | {unit.scale:g} "
                     f"{'' if str(unit.dimension) == '1' else unit.dimension} |")  # fmt: skip
    return "\n".join(lines) + "\n"


TABLES: dict[str, Callable[[], str]] = {
    **{f"keys of {name}": partial(keys_of, name) for name in tables.TABLES},
    "units": units,
}


def written(page: str) -> str:
    """A page with its tables as they should be."""

    def table(match: re.Match[str]) -> str:
        return match[1] + TABLES[match["name"]]() + match[3]

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
