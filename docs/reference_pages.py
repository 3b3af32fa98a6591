"""Pages of the reference that are written from the library itself while the docs build."""

from __future__ import annotations

import warnings
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import rheobase as rb
from rheobase.channels.library import describe
from rheobase.channels.mechanism import Mechanism
from rheobase.language.definitions import PARAMETER
from rheobase.language.describing import value_text
from rheobase.models.library import LibraryModel

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

_INTRODUCTION = """# Models: `rb.models`

`rb.models.LIF` is a model; `rb.models.LIF(tau_m=20*ms)` is a copy with another value. Published
sets of parameters go by name: `rb.models.AdEx.variants["transient"]`. Every picture here is drawn
by `rb.analysis.behavior(model).plot()`, which does to a model what is written beside it in the
library. How to go on from here: [Models of the library](../../how-to/library.md).
"""


def write_models_page(path: Path) -> None:
    """Write one section a model of ``rheobase.models``: picture, equations, symbols, source."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = path.parent / "models"
    pictures.mkdir(exist_ok=True)
    families = _families()
    lines = [_INTRODUCTION, "| model | what it is |", "|---|---|"]
    for models in families.values():
        lines += [
            f"| [`{m.name}`](#{m.name.lower()}) | {_plain(m.description.title)} |" for m in models
        ]
    for family, models in families.items():
        lines += ["", f"## {family}"]
        for model in models:
            lines += _section(model, pictures)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _families() -> dict[str, list[LibraryModel]]:
    """Return the models by what their module says of them; with resets first, then the simplest."""
    families: dict[str, list[LibraryModel]] = {}
    for module in iter_modules(rb.models.__path__):
        home = import_module(f"{rb.models.__name__}.{module.name}")
        models = [value for value in vars(home).values() if isinstance(value, LibraryModel)]
        if models:
            heading = (home.__doc__ or "").strip().splitlines()[0].rstrip(".")
            families[heading] = models

    def place(heading: str) -> tuple[bool, int]:
        models = families[heading]
        has_reset = any("tau_ref" in model.defaults for model in models)
        return not has_reset, min(len(model.description.symbols) for model in models)

    return {heading: families[heading] for heading in sorted(families, key=place)}


def _section(model: LibraryModel, pictures: Path) -> list[str]:
    about = model.description
    lines = ["", f"### {model.name}", "", _plain(about.title), ""]
    lines += _picture(model, pictures / f"{model.name}.svg")
    lines += ["```text", *_equations(model), "```", "", *_symbols(model), ""]
    if about.ports:
        lines += ["| spikes arrive at | |", "|---|---|"]
        lines += [f"| `{port}` | {_plain(meaning)} |" for port, meaning in about.ports.items()] + [
            ""
        ]
    lines += [_plain(paragraph) + "\n" for paragraph in about.notes]
    if about.variants:
        lines += _variants(model, pictures)
    lines += [f"**Source:** {_plain(about.source)}", ""]
    lines += [f"**Checked against:** {_plain(about.checked)}"]
    return lines


def _equations(model: LibraryModel) -> list[str]:
    """Return what stands before the table of parameters in `describe()`, without its title."""
    written = model.describe().partition("\n\n")[0].splitlines()[1:]
    return [line.removeprefix("  ") for line in written]


def _symbols(model: LibraryModel) -> list[str]:
    lines = ["| symbol | default | unit | meaning |", "|---|---|---|---|"]
    for name, meaning in model.description.symbols.items():
        unit = model.unit_of(name).text
        value = value_text(model, name) if name in model.defaults else ""
        lines.append(f"| `{name}` | {value} | {_unit(unit)} | {_plain(meaning)} |")
    return lines


def _variants(model: LibraryModel, pictures: Path) -> list[str]:
    lines = ["| variant | what it is | values |", "|---|---|---|"]
    for name, variant in model.description.variants.items():
        values = ", ".join(one.replace(" ", "\u00a0") for one in variant.values.split(", "))
        lines.append(f'| `"{name}"` | {_plain(variant.meaning)} | {_plain(values)} |')
    own = {name: model.variants[name] for name in model.variants
           if model.description.variants[name].protocol is not None}  # fmt: skip
    if len(own) < 2:
        return [*lines, ""]
    path = pictures / f"{model.name}-variants.svg"
    _save(_grid(own), path)
    shown = [f"![Variants of {model.name}](models/{path.name})", ""]
    return [*lines, "", *shown]


def _picture(model: LibraryModel, path: Path) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rb.errors.RheobaseWarning)
        shown = rb.analysis.behavior(model)
    _save(shown.plot().figure, path)
    caption = _plain(shown.caption)
    return [f"![{caption}](models/{path.name})", "", f"*{caption}*", ""]


def _plain(text: str) -> str:
    """Return a text in which Markdown sees no emphasis."""
    return text.replace("*", "\\*")


_CHANNELS = """# Channels of the library: `rb.channels`

`rb.channels.HHSodium` is a channel; `rb.channels.HHSodium(g=60*mS/cm**2)` is a copy with another
value. Steady states and time constants of the gates are drawn by `rb.channels.HHSodium.plot()`. How
to go on from here: [Channels and membranes](../../how-to/channels.md).
"""


def write_channels_page(path: Path) -> None:
    """Write one section a channel or pool of ``rheobase.channels``."""
    pictures = path.parent / "channels"
    pictures.mkdir(parents=True, exist_ok=True)
    found = [(name, getattr(rb.channels, name)) for name in rb.channels.__all__]
    members = {name: value for name, value in found if isinstance(value, Mechanism)}
    families: dict[str, list[str]] = {}
    for name in members:
        module = import_module(rb.channels._HOMES[name].partition(":")[0], rb.channels.__name__)
        heading = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        families.setdefault(heading, []).append(name)
    lines = [_CHANNELS, "| channel | what it is |", "|---|---|"]
    for names in families.values():
        for name in names:
            told = describe(name)
            assert told is not None
            lines.append(f"| [`{name}`](#{name.lower()}) | {_plain(told.title)} |")
    for heading, names in families.items():
        lines += ["", f"## {heading}"]
        for name in names:
            lines += _channel(name, members[name], pictures)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _channel(name: str, member: Mechanism, pictures: Path) -> list[str]:
    told = describe(name)
    assert told is not None
    lines = ["", f"### {name}", "", _plain(told.title), ""]
    assert isinstance(member, (rb.Channel, rb.channels.Pool))
    path = pictures / f"{name}.svg"
    _save(member.plot()[0].figure, path)
    shown = "Steady states and time constants" if member.forms else "Current"
    if isinstance(member, rb.channels.Pool):
        shown = "Concentrations at a steady current, and the decay"
    lines += [f"![{shown} of {name}](channels/{path.name})", ""]
    equations = [e.text for e in member.equations if e.kind != PARAMETER]
    lines += ["```text", *equations, "```", ""]
    lines += ["| symbol | default | unit | meaning |", "|---|---|---|---|"]
    for symbol, meaning in told.meanings.items():
        value, unit = "", ""
        if symbol in member.defaults:
            written = member.equation(symbol).unit
            value, unit = f"{written.from_si(member.defaults[symbol]):.10g}", written.text
        lines.append(f"| `{symbol}` | {value} | {_unit(unit)} | {_plain(meaning)} |")
    lines += ["", *(_plain(paragraph) + "\n" for paragraph in told.notes)]
    lines += [f"**Source:** {_plain(told.source)}", ""]
    return [*lines, f"**Checked against:** {_plain(told.checked)}"]


def _unit(unit: str) -> str:
    return "" if unit in ("", "1") else f"`{unit}`"


def _grid(models: dict[str, LibraryModel]) -> Figure:
    """Draw the first panel of each, two in a row."""
    from matplotlib import pyplot

    rows = (len(models) + 1) // 2
    figure, panels = pyplot.subplots(rows, 2, figsize=(7.6, 1.5 * rows), layout="constrained")
    for axes in panels.flat[len(models) :]:
        axes.set_visible(False)
    for axes, (name, model) in zip(panels.flat, models.items(), strict=False):
        rb.analysis.behavior(model).plot(ax=axes)
        axes.set_title(name, fontsize=9, loc="left")
        axes.tick_params(labelsize=7)
        for line in axes.lines:
            line.set_linewidth(0.8)
    return figure


def _save(figure: Figure, path: Path) -> None:
    from matplotlib import pyplot, rc_context

    with rc_context({"svg.hashsalt": "rheobase", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
