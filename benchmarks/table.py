"""Write the stored figures of results/ into the tables of benchmarks/README.md.

rheobase bench all --json benchmarks/results/bench.json
python benchmarks/compare_brian2.py
python benchmarks/table.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s"


def own_figures(stored: dict) -> list[str]:
    lines = ["| figure | found | at most | |", "|---|---|---|---|"]
    for figure in stored["figures"]:
        name, value, limit = figure["name"], figure["value"], figure["limit"]
        if name.endswith("memory"):
            text, most = f"{value / 1e6:.0f} MB", limit and f"{limit / 1e6:.0f} MB"
        elif name.endswith("spikes"):
            text, most = f"{value:,.0f}", None
        else:
            text, most = seconds(value), limit and seconds(limit)
        verdict = "" if limit is None else "kept" if value <= limit else "missed"
        lines.append(f"| `{name}` | {text} | {most or ''} | {verdict} |")
    return lines


def beside_brian2(stored: dict) -> list[str]:
    lines = [
        "| network | | cold | warm | run phase | memory | spikes |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, table in stored["networks"].items():
        for simulator, row in table["figures"].items():
            lines.append(
                f"| {name} | {simulator} | {row['cold']:.2f} s | {row['warm']:.2f} s "
                f"| {seconds(row['run'])} | {row['memory'] / 1e6:.0f} MB | {row['spikes']:,.0f} |"
            )
        ratios = table["ratios"]
        verdict = "kept" if table["kept"] else "missed"
        lines.append(
            f"| {name} | ratio | {ratios['cold']:.2f} | {ratios['warm']:.2f} "
            f"| **{ratios['run']:.2f}** (at most {table['limit']}: {verdict}) "
            f"| {ratios['memory']:.2f} | |"
        )
    return lines


def machine(stored: dict) -> str:
    facts = stored["machine"]
    return "Found on: " + ", ".join(f"{key} {value}" for key, value in facts.items()) + "."


def main() -> int:
    parts: list[str] = []
    for name, title, table in [
        ("bench.json", "### `rheobase bench all`", own_figures),
        ("brian2.json", "### Beside Brian 2", beside_brian2),
    ]:
        stored = json.loads((HERE / "results" / name).read_text(encoding="utf-8"))
        parts += [title, "", *table(stored), "", machine(stored), ""]
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(before + BEGIN + "\n" + "\n".join(parts) + "\n" + END + after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
