"""Write the stored figures of results/ into the tables of benchmarks/README.md.

rheobase bench NAME --json benchmarks/results/NAME.json
python benchmarks/compare.py
python benchmarks/table.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rheobase.bench.measure import Figure

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"

#: File of results/ -> title of its table.
OWN = {
    "startup": "### Starting",
    "cuba": "### CUBA",
    "coba": "### COBA",
    "cobahh": "### COBAHH",
    "brunel": "### Brunel's four regimes",
    "brunel_delta": "### Brunel's network as in NEST's example",
    "hpc": "### Balanced network with plastic synapses",
    "microcircuit": "### Microcircuit, a tenth of the neurons, all inputs of each",
    "microcircuit_10s": "### Microcircuit, full scale, two threads, 10 s (CV needs 60 s)",
    "microcircuit_full": "### Microcircuit, full scale, two threads, 60 s",
    "fashion_mnist": "### Fashion-MNIST: five architectures, from seed 0",
    "fitting": "### Models fitted to recordings, the worst of three seeds",
    "machine": "### Limits of the machine, and costs beside them",
}


def seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s"


def own_figures(stored: dict) -> list[str]:
    lines = ["| figure | found | expected | |", "|---|---|---|---|"]
    for row in stored["figures"]:
        figure = Figure(**row)
        asked = verdict = ""
        if figure.limit is not None:
            verdict = "kept" if figure.fine else "**missed**"
            asked = f"at most {figure.text(figure.limit)}"
        if figure.limit is not None and figure.low is not None:
            asked = f"{figure.text(figure.low)} to {figure.text(figure.limit)}"
        lines.append(f"| `{figure.name}` | {figure.text(figure.value)} | {asked} | {verdict} |")
    return lines


def beside_peers(stored: dict) -> list[str]:
    lines = [
        "| network | simulator | threads | cold | warm | set-up | run phase | memory | spikes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, table in stored["networks"].items():
        for row in table["figures"]:
            lines.append(
                f"| {name} | {row['simulator']} | {row['threads']} | {row['cold']:.2f} s "
                f"| {row['warm']:.2f} s | {row['setup']:.2f} s | {seconds(row['run'])} "
                f"| {row['memory'] / 1e6:,.0f} MB | {row['spikes']:,.0f} |"
            )
    lines += [
        "",
        "How many times faster than the fastest peer (cold and warm: than the fastest that",
        "compiles), and how much more memory the smallest peer needs:",
        "",
        "| network | run phase | set-up | cold | warm | memory | activity |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, table in stored["networks"].items():
        cells = [beside_target(table, key) for key in ("run", "setup", "cold", "warm", "memory")]
        activity = "; ".join(table["disagreements"]) or "rates agree"
        lines.append(f"| {name} | {' | '.join(cells)} | {activity} |")
    return lines


def cables(stored: dict) -> list[str]:
    lines = [
        "| case | simulator | ns a compartment and step | least | of all cores | compartments "
        "| spikes off by |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, case in stored["cases"].items():
        for who, row in case["packages"].items():
            off = row["largest error ms"]
            lines.append(
                f"| {name} | {who} ({row['version']}) | {row['nanoseconds']:.1f} "
                f"| {row['least']:.1f} | {row['of_all_cores']:.1f} | {row['compartments']:,} "
                f"| {'' if off is None else f'{off:.3f} ms'} |"
            )
    lines += [
        "",
        "The fastest of the others over ours (at their accuracy: ours with longer steps):",
        "",
        "| case | asked for | medians | least | of all cores | at their accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for name, case in stored["cases"].items():
        ratios = [case[f"ratio, {key}"] for key in ("nanoseconds", "least", "of_all_cores")]
        there = case.get("ratio at their accuracy, nanoseconds")
        lines.append(
            f"| {name} | {case['target']:g} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} "
            f"| {'' if there is None else f'{there:.1f}'} |"
        )
    return lines


def beside_target(table: dict, quantity: str) -> str:
    ratio, target = table["ratios"].get(quantity), table["targets"].get(quantity)
    if ratio is None:
        return ""
    if target is None:
        return f"{ratio:.2f}"
    verdict = "kept" if ratio >= target else "missed"
    return f"**{ratio:.2f}** (at least {target:g}: {verdict})"


def machine(stored: dict) -> str:
    facts = stored["machine"]
    return "Found on: " + ", ".join(f"{key} {value}" for key, value in facts.items()) + "."


def main() -> int:
    parts: list[str] = []
    tables = [("peers", "### Beside other simulators", beside_peers)]
    tables += [("cables", "### Cables and cells with a morphology", cables)]
    tables += [(name, title, own_figures) for name, title in OWN.items()]
    for name, title, table in tables:
        file = HERE / "results" / f"{name}.json"
        if not file.exists():
            continue
        stored = json.loads(file.read_text(encoding="utf-8"))
        parts += [title, "", *table(stored), "", machine(stored), ""]
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(before + BEGIN + "\n" + "\n".join(parts) + "\n" + END + after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
