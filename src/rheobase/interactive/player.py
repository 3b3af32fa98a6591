"""`Player`: sliders over runs computed beforehand, as a page that needs nothing beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, did_you_mean
from rheobase.interactive import assets
from rheobase.interactive.packing import Floats
from rheobase.interactive.parts import Curve, Lines, Panel, Plane, Raster, Reading, Slider, Timed
from rheobase.plots.style import pretty_unit
from rheobase.results import SpikeTrains
from rheobase.simulation.warning import warn
from rheobase.units import parse_unit, quantity, to_si

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SLIDERS = 3
_LARGE = 30_000_000  # characters


@dataclass(frozen=True, eq=False)
class Shown:
    """What a player shows at one position of its sliders.

    Attributes
    ----------
    settings : dict
        The value of each slider there: a quantity, a plain number, or the word chosen.
    readings : dict of str to float
        The numbers beside the sliders and those of the curves.
    time : ndarray
        Of the traces [s]; empty without any.
    traces : dict of str to ndarray, shape (samples,)
        By the name of their line, in the unit of their panel.
    spikes : dict of str to SpikeTrains
        By population.
    """

    settings: dict[str, Any]
    readings: dict[str, float]
    time: Floats
    traces: dict[str, Floats]
    spikes: dict[str, SpikeTrains]

    def __repr__(self) -> str:
        settings = ", ".join(f"{name} = {value}" for name, value in self.settings.items())
        readings = ", ".join(f"{name} {value:.4g}" for name, value in self.readings.items())
        return f"<Shown: {settings}{'; ' if readings else ''}{readings}>"


class Player:
    """Sliders, and panels that show what was computed at each of their positions.

    In a notebook it shows itself. `save` writes a page that works without a server, a network or
    a file beside it.

    Parameters
    ----------
    sliders : sequence of Slider
        One to three.
    panels : sequence of Lines, Raster, Curve or Plane
        From top to bottom, curves and planes beside the others. Their arrays have one entry for
        each position, in the order of the sliders, the last going fastest.
    readings : sequence of Reading, optional
        Numbers written beside the sliders.
    title, caption : str, optional
        Above and below.

    Raises
    ------
    ShapeError, UserError
        If sliders and panels do not fit together.

    Examples
    --------
    >>> player = rb.interact(rb.models.LIF, I=(0, 1000)*pA)
    >>> player.save("lif.html")
    """

    def __init__(
        self,
        sliders: Sequence[Slider],
        panels: Sequence[Panel],
        *,
        readings: Sequence[Reading] = (),
        title: str = "",
        caption: str = "",
    ) -> None:
        self.sliders, self.panels = tuple(sliders), tuple(panels)
        self.readings = tuple(readings)
        self.title, self.caption = title, caption
        self._check()
        self._packed = ""

    def _check(self) -> None:
        if not 1 <= len(self.sliders) <= MOST_SLIDERS:
            raise ShapeError(
                f"a player has {len(self.sliders)} sliders",
                expected=f"1 to {MOST_SLIDERS}: what is computed grows with each",
            )
        names = [slider.name for slider in self.sliders]
        if len(set(names)) < len(names):
            raise UserError(f"two sliders have one name: {', '.join(names)}")
        if not self.panels:
            raise UserError("a player without panels shows nothing", mend="give it Lines(...)")
        parts: list[Panel | Reading] = [*self.panels, *self.readings]
        for part in parts:
            part.check(self.positions)
        for panel in self.panels:
            if isinstance(panel, Curve) and panel.along and panel.along not in names:
                raise self._unknown(panel.along, f"the curve {panel.name} is drawn along")
            if isinstance(panel, Plane):
                self.lines_of(panel)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values of each slider."""
        return tuple(slider.size for slider in self.sliders)

    @property
    def positions(self) -> int:
        """How many positions the sliders have together."""
        return math.prod(self.shape)

    @property
    def timed(self) -> list[Timed]:
        """The panels over time, which stand under each other."""
        return [panel for panel in self.panels if isinstance(panel, (Lines, Raster))]

    @property
    def beside(self) -> list[Curve | Plane]:
        """The panels that stand beside those."""
        return [panel for panel in self.panels if isinstance(panel, (Curve, Plane))]

    def lines_of(self, plane: Plane) -> tuple[tuple[Lines, Floats], tuple[Lines, Floats]]:
        """Return the lines of a plane, each with its panel: across, and up.

        Raises
        ------
        UnknownNameError, ShapeError
            There is no such line, or the two have other times.
        """
        panels = [panel for panel in self.panels if isinstance(panel, Lines)]
        found: dict[str, tuple[Lines, Floats]] = {}
        for panel in panels:
            for name, values in panel.lines.items():
                found.setdefault(name, (panel, np.asarray(values)))
        for name in (plane.x, plane.y):
            if name not in found:
                guess = did_you_mean(name, found)
                raise UnknownNameError(
                    f"a plane is drawn of {name!r}, which is no line of the player"
                    + (f"; did you mean {guess}?" if guess else ""),
                    expected=", ".join(found) or "lines to draw it of: Lines(...)",
                )
        across, up = found[plane.x], found[plane.y]
        if not np.array_equal(across[0].times, up[0].times):
            raise ShapeError(
                f"the plane of {plane.x} and {plane.y} does not fit: they have other times"
            )
        return across, up

    def _unknown(self, name: str, what: str) -> UnknownNameError:
        names = [slider.name for slider in self.sliders]
        guess = did_you_mean(name, names)
        return UnknownNameError(
            f"{what} {name!r}, which is no slider{f'; did you mean {guess}?' if guess else ''}",
            expected=", ".join(names),
        )

    # -- one position -----------------------------------------------------------------------

    def _place(self, settings: Mapping[str, Any]) -> int:
        """Return the position nearest to what is given; the rest stands where it stands first."""
        places = {slider.name: slider.at for slider in self.sliders}
        by_name = {slider.name: slider for slider in self.sliders}
        for name, given in settings.items():
            if name not in by_name:
                raise self._unknown(name, "a value is given of")
            places[name] = nearest(by_name[name], given)
        return int(np.ravel_multi_index(tuple(places[s.name] for s in self.sliders), self.shape))

    def value(self, **settings: Any) -> Shown:
        """Return what is shown at the position nearest to these values.

        Parameters
        ----------
        **settings
            Values of sliders by name; those not given stand where they stand at first.

        Raises
        ------
        UnknownNameError, UnitError
            There is no such slider, or the value has another dimension.
        """
        position = self._place(settings)
        places = np.unravel_index(position, self.shape)
        shown = {slider.name: setting(slider, int(place))
                 for slider, place in zip(self.sliders, places, strict=True)}  # fmt: skip
        curves = [panel for panel in self.panels if isinstance(panel, Curve)]
        numbers: list[Reading | Curve] = [*self.readings, *curves]
        readings = {part.name: float(part.values[position]) for part in numbers}
        lines = [panel for panel in self.panels if isinstance(panel, Lines)]
        traces = {name: np.asarray(values[position]) for panel in lines
                  for name, values in panel.lines.items()}  # fmt: skip
        rasters = [panel for panel in self.panels if isinstance(panel, Raster)]
        spikes = {name: trains[position] for panel in rasters
                  for name, trains in panel.groups.items()}  # fmt: skip
        for panel in lines:
            if panel.spikes is not None:
                times = np.asarray(panel.spikes[position])
                start, stop = panel.span
                name = next(iter(panel.lines))
                spikes.setdefault(name, SpikeTrains(
                    times, np.zeros(times.size, np.int64), 1, name=name, start=start, stop=stop,
                ))  # fmt: skip
        time = lines[0].times if lines else np.zeros(0)
        return Shown(shown, readings, time, traces, spikes)

    def plot(self, **settings: Any) -> Figure:
        """Draw one position with Matplotlib, for print.

        Parameters
        ----------
        **settings
            As of `value`.

        Returns
        -------
        matplotlib Figure
        """
        from rheobase.interactive.drawing import draw

        return draw(self, self._place(settings))

    # -- the page ---------------------------------------------------------------------------

    def fragment(self) -> str:
        """Return the player as a piece of HTML; its page has `STYLE` and `SCRIPT` of `assets`.

        The data are computed once and kept.
        """
        if not self._packed:
            spans = [panel.span for panel in self.timed]
            told = {
                "title": self.title or "Interactive figure",
                "sliders": [slider.describe() for slider in self.sliders],
                "panels": [panel.describe() for panel in self.panels],
                "readings": [reading.describe() for reading in self.readings],
                "span": [min(s[0] for s in spans), max(s[1] for s in spans)] if spans else None,
            }
            text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            # "<" can only stand within texts there; written so, none can end the element.
            self._packed = text.replace("<", "\\u003c")
            if len(self._packed) > _LARGE:
                warn(
                    f"this page has {len(self._packed) / 1e6:.0f} MB: browsers take long to open"
                    f" it. Fewer positions make it smaller, steps=dict({self.sliders[0].name}=9),"
                    " or fewer traces"
                )
        return (
            '<div class="rb-player"><script type="application/json">'
            f"{self._packed}</script>"
            "<noscript><p>These sliders need JavaScript.</p></noscript></div>"
        )

    def page(self) -> str:
        """Return a whole page of HTML that needs nothing beside it and asks for nothing."""
        title = f"<h1>{escape(self.title)}</h1>\n" if self.title else ""
        caption = f'<p class="rb-caption">{escape(self.caption)}</p>\n' if self.caption else ""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"{assets.policy([assets.STYLE], [assets.SCRIPT])}\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title or 'Rheobase')}</title>\n"
            f"<style>{assets.STYLE}</style>\n</head>\n"
            f'<body class="rb-page"><main>\n{title}{self.fragment()}\n{caption}</main>\n'
            f"<script>{assets.SCRIPT}</script>\n</body>\n</html>\n"
        )

    def save(self, path: str | Path) -> Path:
        """Write the page to a file; return its path.

        Raises
        ------
        UserError
            If the folder is not there.
        """
        target = Path(path)
        if not target.parent.is_dir():
            raise UserError(
                f"the folder {str(target.parent)!r} is not there",
                mend=f'make it first: Path("{target.parent}").mkdir(parents=True)',
            )
        target.write_text(self.page(), encoding="utf-8")
        return target

    def _height(self) -> int:
        """Return about how many pixels high the page is; it corrects this itself where it may."""
        timed = sum(p.pixels if isinstance(p, Raster) else p.height for p in self.timed)
        curves = sum(panel.height + 35 for panel in self.beside)
        return 150 + 46 * len(self.sliders) + max(timed + 30, curves) + 50 * bool(self.title)

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own, which notebooks show and keep when exported."""
        title = escape(self.title or "Interactive figure", quote=True)
        return (
            f'<iframe title="{title}" srcdoc="{escape(self.page(), quote=True)}" width="100%"'
            f' height="{self._height()}" frameborder="0" loading="lazy"'
            ' style="border:0;display:block"></iframe>'
        )

    def __repr__(self) -> str:
        sliders = ", ".join(
            f"{s.name} {s.labels[0]} to {s.labels[-1]} {pretty_unit(s.unit)}".rstrip()
            for s in self.sliders
        )
        return f"<Player: {sliders}; {self.positions:,} positions>"


def setting(slider: Slider, place: int) -> Any:
    """Return a value of a slider as one would write it: a quantity, a number, or a word."""
    if slider.numbers is None:
        return list(slider.values)[place]
    unit = parse_unit(slider.unit or "1")
    if unit.text == "1":
        return float(slider.numbers[place])
    return quantity(unit.to_si(float(slider.numbers[place])), unit)


def nearest(slider: Slider, given: Any) -> int:
    """Return the place of the value of a slider that is nearest to what is given.

    Raises
    ------
    UserError, UnitError
        If it is not among the words, or has another dimension than the numbers.
    """
    if slider.numbers is None:
        if str(given) not in slider.labels:
            raise UserError(f"{slider.name} cannot be {given!r}", expected=", ".join(slider.labels))
        return slider.labels.index(str(given))
    unit = parse_unit(slider.unit or "1")
    paste = f"{slider.name}={slider.labels[-1].replace('−', '-')}"
    paste += "" if unit.text == "1" else f"*{unit.text}"
    si = to_si(given, unit.dimension, what=slider.name, paste=paste)
    if np.ndim(si) or not np.isfinite(si):
        raise ShapeError(f"{slider.name} is one finite value", given=str(given))
    return int(np.argmin(np.abs(slider.numbers - unit.from_si(si))))
