"""`Gallery`: the reconstructed cells that were found, and what is known of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.morphology.coloring import region_colors
from rheobase.morphology.example_table import Example
from rheobase.morphology.trees import Morphology

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4
# In inches: what one cell is drawn into, the space above it for its titles, that below all for
# the legend, and what is left free around each.
_WIDTH, _HEIGHT, _TITLES, _LEGEND, _MARGIN = 2.3, 2.5, 0.65, 0.4, 0.1


@dataclass(frozen=True, eq=False, repr=False)
class Gallery(Mapping[str, Morphology]):
    """The morphologies that were found, by name; prints as a table of all there are.

    Attributes
    ----------
    found : mapping of str to Morphology
        Those that were found.
    examples : mapping of str to Example
        What is known of every cell, of those not found too.
    """

    found: Mapping[str, Morphology]
    examples: Mapping[str, Example]

    def __getitem__(self, name: str) -> Morphology:
        if name in self.found:
            return self.found[name]
        if name in self.examples:
            raise UnknownNameError(
                f"gallery: {name!r} was not found",
                mend=f"{self.examples[name].how_to_get}\nthen rb.morphology.examples.gallery(...)",
            )
        meant = did_you_mean(name, self.examples)
        raise UnknownNameError(
            f"gallery: no cell {name!r}" + (f"; did you mean {meant!r}?" if meant else ""),
            expected=", ".join(self.examples),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __contains__(self, name: object) -> bool:
        return name in self.found

    def __str__(self) -> str:
        rows = [("name", "cell", "species", "licence", "found, or how to get it")]
        for name, each in self.examples.items():
            state = each.how_to_get
            if name in self.found and not each.is_shipped:
                state = f"found: {each.source.partition(',')[0]}"
            rows.append((name, each.cell_type, each.species, each.licence, state))
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    __repr__ = __str__

    def plot(self, *names: str, columns: int = _COLUMNS) -> Figure:
        """Draw the cells that were found, each at a scale of its own, in one new figure.

        Above each stand its name, species and licence, below it a scale bar.

        Parameters
        ----------
        *names : str
            Which; all, if none is given.
        columns : int
            How many stand side by side.
        """
        from matplotlib import pyplot
        from matplotlib.lines import Line2D

        if columns < 1:
            raise UserError("plot: columns is 1 or more", given=str(columns), mend="columns=4")
        chosen = {name: self[name] for name in names or self.found}
        across = min(columns, len(chosen))
        down = -(-len(chosen) // across)
        size = ((_WIDTH + _MARGIN) * across, (_TITLES + _HEIGHT + _MARGIN) * down + _LEGEND)
        figure, panels = pyplot.subplots(down, across, figsize=size, layout="none", squeeze=False)
        figure.subplots_adjust(
            left=_MARGIN / 2 / size[0],
            right=1 - _MARGIN / 2 / size[0],
            bottom=(_LEGEND + _MARGIN) / size[1],
            top=1 - _TITLES / size[1],
            wspace=_MARGIN / _WIDTH,
            hspace=(_TITLES + _MARGIN) / _HEIGHT,
        )
        inks: dict[str, str] = {}
        for axes, (name, cell) in zip(panels.flat, chosen.items(), strict=False):
            _draw(axes, cell, self.examples[name])
            inks |= region_colors(cell)
        for axes in panels.flat[len(chosen) :]:
            axes.axis("off")
        handles = [
            Line2D([], [], color=ink, linewidth=3, label=region.replace("_", " "))
            for region, ink in inks.items()
        ]
        figure.legend(handles=handles, loc="lower center", ncols=len(handles),
                      frameon=False, fontsize=9, handlelength=1.0)  # fmt: skip
        return figure


def _draw(axes: Axes, cell: Morphology, about: Example) -> None:
    """Draw one cell, with its name, species and licence."""
    cell.plot(ax=axes, plane=about.plane)
    legend = axes.get_legend()
    if legend is not None:
        legend.remove()
    for drawn in axes.collections:
        drawn.set_rasterized(True)  # thousands of pieces
    kind, _, where = about.cell_type.partition(", ")
    species = "" if about.species == "not stated" else about.species.partition(" (")[0]
    below = ", ".join(text for text in (where, species) if text)
    axes.text(0.5, 1.15, f"{kind[0].upper()}{kind[1:]}", transform=axes.transAxes, ha="center",
              va="bottom", fontsize=10, fontweight="bold")  # fmt: skip
    axes.text(0.5, 1.02, f"{below or about.species}\n{about.licence}", transform=axes.transAxes,
              ha="center", va="bottom", fontsize=8, color="#555555")  # fmt: skip
    _fit(axes)


def _fit(axes: Axes) -> None:
    """Widen the view to the panel's shape, so that all titles stand at one height."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    bottom -= 0.1 * (top - bottom)  # the scale bar's label
    width = max(1.06 * (right - left), (top - bottom) * _WIDTH / _HEIGHT)
    height = width * _HEIGHT / _WIDTH
    axes.set_xlim((left + right - width) / 2, (left + right + width) / 2)
    axes.set_ylim((bottom + top - height) / 2, (bottom + top + height) / 2)


__all__ = ["Gallery"]
