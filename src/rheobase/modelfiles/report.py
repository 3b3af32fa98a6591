"""The report of a run: one HTML page with figures, tables, models and the file itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.language.model import Model
from rheobase.modelfiles.describing import (
    LISTS,
    cells_of,
    counted,
    entries,
    method_of,
    model_name,
)
from rheobase.modelfiles.locating import blaming
from rheobase.plots.style import FRAME, INK, PALETTE
from rheobase.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.cables.cell import Cell
    from rheobase.modelfiles.experiment import Experiment

FIGURES = ("cells", "raster", "rates", "traces")
WIDTH = 7.0
"""Of figures that fill the page, in inches."""
FEWEST_CELLS = 10
"""Of smaller populations the rate in bins is drawn only if it is asked for."""
MOST_SYNAPSES = 2_000_000
"""Of larger connections the weights are not summed up."""

Figure = tuple[str, Callable[[], "Axes"]]

_SHEET = f"""
:root {{ color-scheme: light dark; --paper: #fff; --ink: {INK}; --soft: {FRAME}; --line: #ddd;
  --box: #f5f5f3; --link: {PALETTE[0]}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #16181b; --ink: #e6e6e3; --soft: #a5a8ad;
  --line: #383b40; --box: #1f2226; --link: {PALETTE[5]}; }} }}
body {{ margin: 0 auto; max-width: 54rem; padding: 2rem 1.2rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", "Helvetica Neue", sans-serif; }}
h1 {{ font-size: 1.7rem; margin: 0 0 .4rem; }} h2 {{ font-size: 1.2rem; margin: 2.2rem 0 .5rem; }}
.soft, caption, th {{ color: var(--soft); }} a {{ color: var(--link); }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }}
td.number, th.number {{ text-align: right; }}
figure {{ margin: 1rem 0; }} figcaption {{ color: var(--soft); font-size: .92rem; }}
img {{ width: 100%; height: auto; background: #fff; border-radius: 4px; }}
pre {{ background: var(--box); padding: .8rem 1rem; overflow-x: auto; font-size: .84rem;
  line-height: 1.45; border-radius: 4px; }}
code, pre {{ font-family: ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; }}
.warning {{ border-left: 4px solid {PALETTE[1]}; padding-left: .8rem; }}
@media print {{ pre, figure, table {{ break-inside: avoid; }} }}
"""


def render(experiment: Experiment, result: Result, said: Sequence[str]) -> str:
    """Return the page.

    Parameters
    ----------
    experiment : Experiment
    result : Result
    said : sequence of str
        What the library warned of.

    Raises
    ------
    UserError
        `[output]` asks for a figure there is not, or a bin that is no time.
    """
    title = experiment.title or experiment.document.name
    body = [f"<h1>{escape(title)}</h1>", f'<p class="soft">{escape(_summary(experiment, result))}'
            "</p>", *_paragraphs(experiment.description)]  # fmt: skip
    if result.note:
        body.append(f'<p class="warning">Ended early: {escape(result.note)}</p>')
    body += [f'<p class="warning">{escape(text)}</p>' for text in said]
    drawn = [_figure(caption, draw) for caption, draw in _figures(experiment, result)]
    body += ["<h2>Figures</h2>", *drawn] if drawn else []
    body += [*_populations(experiment, result), *_connections(experiment), *_stimuli(experiment)]
    if result.error_check is not None:
        body += ["<h2>Errors of the step</h2>", _pre(str(result.error_check))]
    body += [*_models(experiment), *_run(experiment, result), *_file(experiment, result)]
    content = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_SHEET}</style>\n</head>\n<body>\n<main>\n"
        f"{content}\n</main>\n</body>\n</html>\n"
    )


def _summary(experiment: Experiment, result: Result) -> str:
    cells = sum(result.populations.values())
    spikes = sum(trains.count for trains in result.spikes.values())
    name, step = Path(experiment.document.name).name, f"{result.dt * 1e3:g} ms"
    groups = counted(len(result.populations), "population")
    return (
        f"{name}: {result.duration:g} s in steps of {step}, seed {result.seed}. "
        f"{counted(cells, 'cell')} in {groups}, {counted(spikes, 'spike')}."
    )


def _paragraphs(text: str) -> list[str]:
    return [f"<p>{escape(' '.join(p.split()))}</p>" for p in text.split("\n\n") if p.strip()]


def _pre(text: str) -> str:
    return f"<pre><code>{escape(text.strip())}</code></pre>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table; columns without an entry are left out, columns of numbers flush right."""
    used = [k for k in range(len(header)) if any(row[k] for row in rows)]
    flush = {k for k in used if all(_is_number(row[k]) for row in rows)}

    def line(tag: str, texts: Sequence[str]) -> str:
        marks = {k: ' class="number"' if k in flush else "" for k in used}
        return "".join(f"<{tag}{marks[k]}>{escape(texts[k])}</{tag}>" for k in used)

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return [f'<div class="scroll"><table><thead><tr>{line("th", header)}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"]  # fmt: skip


def _is_number(text: str) -> bool:
    return not text or text.replace(",", "").replace(".", "").replace("-", "").isdecimal()


# -- figures ----------------------------------------------------------------------------------


def _figures(experiment: Experiment, result: Result) -> Iterator[Figure]:
    """Yield captions and how to draw them: what `[output] figures` asks for and there is."""
    document = experiment.document
    asked = document.get(("output", "figures"))
    for number, name in enumerate(asked or ()):
        if name not in FIGURES:
            meant = did_you_mean(str(name), FIGURES)
            raise document.error(
                ("output", "figures", number),
                f"there is no figure {name!r}" + (f"; did you mean {meant}?" if meant else ""),
                kind=UnknownNameError, mend=f"there are {', '.join(FIGURES)}",
            )  # fmt: skip
    for name in FIGURES if asked is None else asked:
        yield from _DRAWN[name](experiment, result)


def _cells(experiment: Experiment, result: Result) -> Iterator[Figure]:
    for cell in _different_cells(experiment):
        count = counted(len(cell.compartments.membrane), "compartment")
        yield f"{cell.name}, by region; {count}.", cell.plot


def _different_cells(experiment: Experiment) -> list[Cell]:
    populations = experiment.network.populations.values()
    return list(dict.fromkeys(cell for p in populations for cell in cells_of(p)))


def _raster(experiment: Experiment, result: Result) -> Iterator[Figure]:
    if any(trains.count for trains in result.spikes.values()):
        yield "Spikes: a row a cell, from top to bottom.", result.plot.raster


def _rates(experiment: Experiment, result: Result) -> Iterator[Figure]:
    from rheobase import plots

    asked = experiment.document.get(("output", "figures")) is not None
    bin = experiment.document.get(("output", "bin"), "5 ms")
    least = 1 if asked else FEWEST_CELLS
    shown = {name: trains for name, trains in result.spikes.items() if trains.size >= least}
    if any(trains.count for trains in shown.values()):

        def draw() -> Axes:
            with blaming(experiment.document, ("output", "bin")):
                return plots.population_rate(shown, bin=bin)

        yield f"Rates of the populations in bins of {bin}.", draw


def _traces(experiment: Experiment, result: Result) -> Iterator[Figure]:
    from rheobase import plots

    for name in result.traces:
        data = result.traces.data(name)
        for variable in data.values if len(data.times) else ():

            def draw(variable: str = variable, name: str = name, over: str = data.over) -> Axes:
                if over != "synapse":
                    return plots.traces(result, variable, recording=name)
                mean = result.traces[name][variable].mean(over, keep_attrs=True)
                return plots.traces(mean)

            many = counted(len(data.cells), {"site": "place"}.get(data.over, data.over))
            yield f"{variable} of {name}, {many}.".replace("synapses", "synapses, their mean"), draw


_DRAWN: dict[str, Callable[[Any, Result], Iterator[Figure]]] = {
    "cells": _cells,
    "raster": _raster,
    "rates": _rates,
    "traces": _traces,
}


def _figure(caption: str, draw: Callable[[], Axes]) -> str:
    from matplotlib import pyplot

    figure: Any = draw().figure
    stream = io.BytesIO()
    share = min(1.0, figure.get_size_inches()[0] / WIDTH)  # a cell is no wider than it was drawn
    figure.savefig(stream, format="png", dpi=170, metadata={"Software": None})
    pyplot.close(figure)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    text = escape(caption)
    image = f'<img alt="{text}" style="width: {share:.0%}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>"


# -- tables -----------------------------------------------------------------------------------


def _populations(experiment: Experiment, result: Result) -> list[str]:
    rows = []
    for population in experiment.network.populations.values():
        row = [population.name, f"{population.size:,}", model_name(population), "", "", ""]
        if population.spiking and population.name in result.spikes:
            trains = result.spikes[population.name]
            row[3:5] = f"{trains.count:,}", f"{trains.mean_rate():.2f}"
            cv = trains.cv()
            if np.isfinite(cv).any():
                row[5] = f"{np.nanmean(cv):.2f}"
        rows.append(row)
    header = ("population", "cells", "model", "spikes", "mean rate (Hz)", "mean CV of intervals")
    return ["<h2>Populations</h2>", *_table(header, rows)]


def _connections(experiment: Experiment) -> list[str]:
    rows = []
    tables = experiment.document.get(("connections",), [])
    for table, projection in zip(tables, experiment.network.projections.values(), strict=False):
        row = [projection.name, table["pre"], table["post"], projection.to,
               str(projection.rule), "drawn at every spike", "", ""]  # fmt: skip
        drawn = projection._drawn  # of large connections nothing is drawn again for a table
        if projection.storage == "stored":
            about = drawn.expected
            row[5] = f"{len(projection):,}" if drawn.known else f"about {about:,.0f}"
            if about <= MOST_SYNAPSES:
                row[5] = f"{len(projection):,}"
                row[6:8] = _range(projection.weights), _range(projection.delays)
        rows.append(row)
    header = ("connection", "from", "to", "input", "rule", "synapses", "weights", "delays")
    return ["<h2>Connections</h2>", *_table(header, rows)] if rows else []


def _range(values: Any) -> str:
    """Return "20 pA", or "mean 20.1 (12.3 to 28.7) pA"."""
    if values is None or np.size(values.magnitude) == 0:
        return ""
    numbers = np.asarray(values.magnitude)
    unit = f"{values.units:~}".replace("dimensionless", "")
    low, high = float(numbers.min()), float(numbers.max())
    text = f"{low:.4g}" if low == high else f"mean {numbers.mean():.4g} ({low:.4g} to {high:.4g})"
    return f"{text} {unit}".strip()


def _stimuli(experiment: Experiment) -> list[str]:
    parts: list[str] = []
    for name, keys in LISTS.items():
        rows = entries(experiment, name, keys)
        if rows:
            title = name.replace("_", " ").capitalize()
            parts += [f"<h2>{title}</h2>", *_table(keys, rows)]
    return parts


def _models(experiment: Experiment) -> list[str]:
    parts = ["<h2>Models</h2>"]
    shown: set[str] = set()
    for population in experiment.network.populations.values():
        if isinstance(population.model, Model):
            text = population.model.describe()
            parts += [_pre(text)] if text not in shown else []
            shown.add(text)
            method = escape(method_of(experiment, population))
            parts.append(f"<p>{escape(population.name)}: integrated by {method}.</p>")
    cells = _different_cells(experiment)
    membranes = dict.fromkeys(m for cell in cells for m in cell.membranes.values())
    for text in (*(cell.describe() for cell in cells), *(m.describe() for m in membranes)):
        parts.append(_pre(text))
        shown.add(text)
    return parts if shown else []


def _run(experiment: Experiment, result: Result) -> list[str]:
    timing = result.timing
    rows = [(name, f"{timing[name]:.3g} s") for name in ("build", "compile", "connect", "run")]
    rows.append(("memory at most", f"{timing.peak_memory_bytes / 2**20:,.0f} MiB"))
    rows += [(key.replace("_", " "), str(value)) for key, value in result.metadata.items() if value]
    return ["<h2>Run</h2>", *_table(("", ""), rows)]


def _file(experiment: Experiment, result: Result) -> list[str]:
    document = experiment.document
    settings = [f"--set {_quoted(setting)}" for setting in document.settings]
    seeded = any(setting.startswith("network.seed") for setting in document.settings)
    if document.get(("network", "seed")) is None and not seeded:
        settings.append(f"--set network.seed={result.seed}")
    again = " ".join(["rheobase run", _quoted(document.name), *settings])
    return [
        "<h2>The file</h2>",
        f"<p>The same run again: <code>{escape(again)}</code></p>",
        _pre(document.text),
    ]


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
