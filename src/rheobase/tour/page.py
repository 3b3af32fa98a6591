"""What an experiment of the tour writes on: text, code, figures, cells, tables, verdicts."""

from __future__ import annotations

import base64
import io
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from rheobase.errors import RheobaseWarning
from rheobase.tour.listing import Listing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rheobase.interactive import Player
    from rheobase.morphology.page import Page as CellPage

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Text:
    """Paragraphs, separated by empty lines; `code` and **bold** within them."""

    text: str


@dataclass(frozen=True)
class Code:
    """Code that ran; `folded` code, of a figure or sliders, is shown on request."""

    text: str
    folded: bool = False
    of: str = "the figure"


@dataclass(frozen=True)
class Output:
    """What code printed, line by line."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A figure as SVG (base64), what it shows in words, and its caption."""

    data: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Sliders:
    """Sliders over runs computed beforehand, as HTML, and their caption."""

    html: str
    caption: str


@dataclass(frozen=True)
class Frame:
    """A cell to be turned, as a page of its own (HTML) in a frame, and its caption."""

    html: str
    title: str
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows of words under a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Check:
    """A number found beside the one published.

    Attributes
    ----------
    what : str
    published, found, tolerance : str
        As they are printed.
    agrees : bool
    """

    what: str
    published: str
    found: str
    tolerance: str
    agrees: bool


@dataclass(frozen=True)
class Checks:
    """Checks that stand together in one table."""

    checks: tuple[Check, ...]


Block: TypeAlias = Text | Code | Output | Picture | Sliders | Frame | Table | Checks


@dataclass
class Page:
    """One experiment's part of the report, filled from top to bottom.

    Attributes
    ----------
    quick : bool
        Whether shorter runs are wanted; an experiment that has none runs as it is.
    blocks : list of Block
    seconds : float
        Wall time, set when the experiment has ended.
    failure : str
        What stopped the experiment; "" if nothing did.
    warnings : list of str
        What the library warned of, each once.
    """

    quick: bool = False
    blocks: list[Block] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""
    warnings: list[str] = field(default_factory=list)
    _listing: Listing = field(default_factory=Listing)

    @property
    def checks(self) -> list[Check]:
        """All checks, from top to bottom."""
        return [
            check for block in self.blocks if isinstance(block, Checks) for check in block.checks
        ]

    @property
    def agrees(self) -> bool:
        """Whether every number agrees and nothing stopped the experiment."""
        return not self.failure and all(check.agrees for check in self.checks)

    @property
    def verdict(self) -> str:
        """The verdict in a word."""
        return "failed" if self.failure else "agrees" if self.agrees else "differs"

    def text(self, text: str) -> None:
        """Add paragraphs."""
        self.blocks.append(Text(text))

    def printed(self, text: str) -> None:
        """Add what code printed, as it is."""
        self.blocks.append(Output(text))

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function and show its code, with everything of its module that it uses.

        What was shown on this page before is not repeated.
        """
        shown = self._listing.show(function)
        if shown:
            self.blocks.append(Code(shown))
        return function(*args, **kwargs)

    def draw(
        self,
        caption: str,
        alt: str,
        function: Callable[P, Figure],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Call a function that draws a figure; add the figure, and its code folded.

        Parameters
        ----------
        caption : str
            Stands under the figure.
        alt : str
            What is to be seen, in words, for those who do not see it.
        function : callable
            Returns a Matplotlib figure.
        *args, **kwargs
            Passed to it.
        """
        from matplotlib import pyplot, rc_context

        from rheobase.tour.style import FIGURES

        with rc_context(FIGURES):
            figure = function(*args, **kwargs)
            self.blocks.append(Picture(_svg(figure), alt, caption))
            pyplot.close(figure)
        shown = self._listing.show(function)
        if shown:
            self.blocks.append(Code(shown, folded=True))

    def play(
        self, caption: str, function: Callable[P, Player], *args: P.args, **kwargs: P.kwargs
    ) -> Player:
        """Call a function that returns sliders; add these, and its code folded.

        Parameters
        ----------
        caption : str
            Stands under the sliders.
        function : callable
            Returns what `rb.interact` returns.
        *args, **kwargs
            Passed to it.

        Returns
        -------
        Player
            What the function returned.
        """
        player = function(*args, **kwargs)
        self.blocks.append(Sliders(player.fragment(), caption))
        shown = self._listing.show(function)
        if shown:
            self.blocks.append(Code(shown, folded=True, of="the sliders"))
        return player

    def turn(
        self, caption: str, function: Callable[P, CellPage], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Call a function that returns the page of a cell; add it in a frame, its code folded.

        Parameters
        ----------
        caption : str
            Stands under the frame.
        function : callable
            Returns what `Morphology.page` returns.
        *args, **kwargs
            Passed to it.
        """
        cell = function(*args, **kwargs)
        self.blocks.append(Frame(cell.html, cell.title, caption))
        shown = self._listing.show(function)
        if shown:
            self.blocks.append(Code(shown, folded=True, of="the animation"))

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[object]], caption: str = ""
    ) -> None:
        """Add a table; its entries are printed with str()."""
        printed = tuple(tuple(str(entry) for entry in row) for row in rows)
        self.blocks.append(Table(tuple(header), printed, caption))

    # -- verdicts -------------------------------------------------------------------------

    def near(
        self, what: str, found: float, published: float, within: float, unit: str = "",
        digits: int = 3,
    ) -> None:  # fmt: skip
        """Check that a number is within a distance of the published one."""
        agrees = bool(abs(found - published) <= within)
        self._check(
            what,
            _number(published, digits, unit),
            _number(found, digits, unit),
            f"± {within:g}{_unit(unit)}" if within else "exactly",
            agrees,
        )

    def between(
        self, what: str, found: float, low: float, high: float, unit: str = "", digits: int = 2,
        published: str = "",
    ) -> None:  # fmt: skip
        """Check that a number is in the published range, or in one allowed around `published`."""
        allowed = f"{low:.{digits}f} to {high:.{digits}f}{_unit(unit)}"
        self._check(
            what,
            published or allowed,
            _number(found, digits, unit),
            allowed if published else "in the range",
            bool(low <= found <= high),
        )

    def holds(self, what: str, published: str, found: str, agrees: bool) -> None:
        """Add a verdict that is no number."""
        self._check(what, published, found, "", bool(agrees))

    def _check(self, what: str, published: str, found: str, tolerance: str, agrees: bool) -> None:
        check = Check(what, published, found, tolerance, agrees)
        if self.blocks and isinstance(self.blocks[-1], Checks):
            self.blocks[-1] = Checks((*self.blocks[-1].checks, check))
        else:
            self.blocks.append(Checks((check,)))


@dataclass(frozen=True)
class Experiment:
    """One experiment: a title and the function that does it on a page."""

    title: str
    perform: Callable[[Page], None]

    @property
    def anchor(self) -> str:
        """Where it stands in the report."""
        return self.perform.__name__.replace("_", "-")

    def __call__(self, quick: bool) -> Page:
        """Perform it; what goes wrong is written on its page."""
        page = Page(quick=quick)
        started = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.perform(page)
            except Exception as error:
                # One broken experiment must not hide the others; the report says what happened.
                page.failure = f"{type(error).__name__}: {error}"
        said = (str(one.message) for one in caught if issubclass(one.category, RheobaseWarning))
        page.warnings.extend(dict.fromkeys(said))
        page.seconds = time.perf_counter() - started
        return page


@dataclass
class Chapter:
    """A group of experiments; a module of `rheobase.tour.pages` makes one.

    Attributes
    ----------
    title, introduction : str
    order : int
        Its place in the tour.
    experiments : list of Experiment
    """

    title: str
    introduction: str
    order: int
    experiments: list[Experiment] = field(default_factory=list)

    def experiment(self, title: str) -> Callable[[Callable[[Page], None]], Callable[[Page], None]]:
        """Add the decorated function to the chapter."""

        def add(perform: Callable[[Page], None]) -> Callable[[Page], None]:
            self.experiments.append(Experiment(title, perform))
            return perform

        return add


# Matplotlib writes six decimals; two are a hundredth of a point, and half the file.
_PLACES = re.compile(r' (?:d|x|y)="[^"]*"')
_TOO_FINE = re.compile(r"(?<=\.\d\d)\d+")


def _svg(figure: Any) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    text = _PLACES.sub(lambda place: _TOO_FINE.sub("", place[0]), stream.getvalue())
    return base64.b64encode(text.encode()).decode("ascii")


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def _number(value: float, digits: int, unit: str) -> str:
    return f"{value:.{digits}f}{_unit(unit)}"
