"""What the notebooks call: the look of figures, checks of exercises, and their count."""

from __future__ import annotations

import linecache
import traceback
from types import TracebackType
from typing import Any, Final

import numpy as np

#: Settings of Matplotlib for the notebooks: a size and words that can be read in a lecture.
_FIGURES: Final[Any] = {
    "figure.figsize": (7.5, 3.4),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.5,
}

_solved: dict[str, bool] = {}


def start() -> bool:
    """Prepare a notebook: set the look of its figures, and say what its networks run on.

    Returns
    -------
    bool
        True if networks are compiled (numba is installed), False if they are interpreted;
        a notebook then takes larger steps or shorter runs where it would last too long.
    """
    import matplotlib as mpl
    from cycler import cycler

    import rheobase as rb
    from rheobase.plots.style import PALETTE
    from rheobase.rendering.primitives import why_no_numba

    _solved.clear()
    mpl.rcParams.update(_FIGURES)
    mpl.rcParams["axes.prop_cycle"] = cycler(color=PALETTE)
    missing = why_no_numba()
    how = f"interpreted, since {missing}" if missing else "compiled by numba"
    print(f"Rheobase {rb.__version__}; networks are {how}")
    return not missing


def exercise(name: str) -> Exercise:
    """Check an exercise: ``with course.exercise("1") as check: check.value(...)``.

    What is wrong is printed, and so are errors of the code that is checked; nothing is
    raised, so that the notebook goes on.

    Parameters
    ----------
    name : str
        The exercise's number in its notebook.
    """
    return Exercise(name)


def summary() -> None:
    """Print how many exercises of this notebook are solved, and which are not."""
    left = [name for name, solved in _solved.items() if not solved]
    print(f"{len(_solved) - len(left)} of {len(_solved)} exercises are solved", end="")
    print(f"; left: {', '.join(left)}" if left else ".")


class _NotYetError(Exception):
    """The exercise is as it was given."""


class Exercise:
    """The checks of one exercise; made by `exercise`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._wrong = 0

    def __enter__(self) -> Exercise:
        self._wrong = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:  # fmt: skip
        if error is not None and not isinstance(error, Exception):
            return False  # such as an interruption: it is not about the exercise
        if error is not None:
            self._refuse(_told(error))
        solved = not self._wrong
        _solved[self.name] = solved
        print(f"Exercise {self.name}: {'solved.' if solved else 'not yet.'}")
        return True

    def value(
        self, what: str, given: Any, expected: Any, *, within: float = 0.0, unit: str = "",
        hint: str = "", tell: bool = False,
    ) -> None:  # fmt: skip
        """Check a number, or an array of numbers, against the right one.

        Parameters
        ----------
        what : str
            What it is, as a noun: "the slope of v".
        given, expected : float or array_like
            The student's and the right value.
        within : float
            The largest difference that is right.
        unit : str
            Written behind the student's value.
        hint : str
            Printed where it is wrong.
        tell : bool
            Print what was expected, too; otherwise only whether it is too small or too large.
        """
        _refuse_placeholder(what, given)
        numbers, right = _array(what, given), np.asarray(expected, dtype=float)
        if numbers.shape != right.shape:
            shapes = f"has the shape {numbers.shape}, but {right.shape} is expected"
            self._refuse(f"{what} {shapes}", hint)
            return
        far = ~(np.abs(numbers - right) <= within)  # a nan is far from everything
        if not far.any():
            print(f"✓ {what}")
            return
        place = np.unravel_index(int(np.argmax(far)), far.shape)
        found, wanted = float(numbers[place]), float(right[place])
        if np.isnan(found):
            verdict = "is not a number"
        else:
            side = "too small" if found < wanted else "too large"
            verdict = f"is {found:.6g}{' ' + unit if unit else ''}, which is {side}"
        if tell:
            verdict += f"; expected {wanted:.6g}"
        where = f" (entry {', '.join(map(str, place))})" if place else ""
        self._refuse(f"{what}{where} {verdict}", hint)

    def that(self, what: str, holds: Any, hint: str = "") -> None:
        """Check that something holds.

        Parameters
        ----------
        what : str
            The sentence that is to be true.
        holds : bool
            Whether it is.
        hint : str
            Printed where it is not.
        """
        _refuse_placeholder(what, holds)
        if holds:
            print(f"✓ {what}")
        else:
            self._refuse(f"not so: {what}", hint)

    def unless(self, mistaken: Any, text: str) -> None:
        """Name a known mistake, if it was made.

        Parameters
        ----------
        mistaken : bool
            Whether the answer shows it.
        text : str
            What is wrong, and why.
        """
        if mistaken:
            self._refuse(text)

    def given(self, what: str, value: Any) -> None:
        """Stop here if a value is still the placeholder ``...`` (or nothing was returned)."""
        _refuse_placeholder(what, value)

    def report(self, report: Any) -> None:
        """Check a report of `rheobase.check`: it must have passed."""
        if report.passed:
            print(f"✓ {report}")
        else:
            self._refuse(str(report))

    def _refuse(self, text: str, hint: str = "") -> None:
        self._wrong += 1
        print(f"✗ {text}{': ' + hint if hint else ''}")


def _refuse_placeholder(what: str, value: Any) -> None:
    if value is ...:
        raise _NotYetError(f"{what} is still to be written: replace the ...")
    if value is None:
        raise _NotYetError(f"{what} is None: does your function return it?")


def _array(what: str, given: Any) -> np.ndarray:
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        text = f"{what} is to be a number or numbers, not {type(given).__name__} {given!r}"
        raise _NotYetError(text) from None


def _told(error: Exception) -> str:
    """One line for an error in a student's code, with the line it came from."""
    if isinstance(error, _NotYetError):
        return str(error)
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, TypeError) and "ellipsis" in text:
        return "something is still to be written: replace the ..."
    if isinstance(error, NameError):
        return f"{text}. Run the cell of the exercise first"
    # The frames of a notebook are those whose source is known but is no file of a package.
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipykernel" in frame.filename and "site-packages" not in frame.filename:
            line = linecache.getline(frame.filename, frame.lineno or 0).strip()
            return f"your code stopped with {text}\n  in line {frame.lineno} of its cell: {line}"
    return f"your code stopped with {text}"
