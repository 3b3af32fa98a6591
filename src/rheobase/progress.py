"""How far a run has come: one line on a terminal, a bar in a notebook, nothing elsewhere.

Only runs longer than a second or so show anything, so a short run costs one look at the clock a
slice.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

SHOWN_AFTER = 1.0  # seconds of wall time before anything is shown
REDRAWN_EVERY = 0.1  # seconds of wall time between two drawings
_BAR_WIDTH = 24


class _Display(Protocol):
    def draw(self, share: float, text: str) -> None: ...
    def end(self, text: str) -> None: ...


class Progress:
    """Progress of a run.

    Parameters
    ----------
    total : float
        Seconds of biology to run; with a `unit`, how many of it.
    label : str
        What is run, at the start of the line.
    enabled : bool, optional
        True: show it, also where standard error is no terminal. False: show nothing. Without one
        it is shown on terminals and in notebooks.
    clock : callable
        The wall clock [s].
    unit : str
        What is counted, "epochs", where it is not seconds of biology.

    Examples
    --------
    >>> with Progress(2.0, "cells") as progress:
    ...     for done in (0.5, 1.0, 1.5, 2.0):
    ...         progress.update(done)
    """

    def __init__(
        self,
        total: float,
        label: str = "",
        enabled: bool | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        unit: str = "",
    ) -> None:
        self.total, self.label, self.enabled, self.unit = total, label, enabled, unit
        self._clock = clock
        self._began = self._drawn_at = clock()
        self._done = 0.0
        self._display: _Display | None = None
        self._closed = enabled is False

    def update(self, done: float) -> None:
        """Say that so many seconds of biology, or of its unit, are done."""
        self._done = done
        if self._closed:
            return
        now = self._clock()
        if now - self._began < SHOWN_AFTER or now - self._drawn_at < REDRAWN_EVERY:
            return
        if self._display is None:
            self._display = _find_display(self.enabled)
            if self._display is None:
                self._closed = True
                return
        self._drawn_at = now
        share = min(done / self.total, 1.0) if self.total > 0 else 1.0
        self._display.draw(share, self._text(now - self._began))

    def close(self) -> None:
        """End the display; it stays with how far the run came and how long that took."""
        if not self._closed and self._display is not None:
            self._display.end(self._summary(self._clock() - self._began))
        self._closed = True

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _head(self) -> str:
        return f"{self.label}: " if self.label else ""

    def _text(self, wall: float) -> str:
        done = f"{self._head()}{self._so_far()}"
        if self._done <= 0:
            return done
        left = max(self.total - self._done, 0.0) * wall / self._done
        speed = "" if self.unit else f", {_speed(wall, self._done)}"
        return f"{done}, {_duration(left)} left{speed}"

    def _summary(self, wall: float) -> str:
        done = f"{self._head()}{self._so_far()} in {_duration(wall)}"
        timed = self._done > 0 and not self.unit
        return f"{done}, {_speed(wall, self._done)}" if timed else done

    def _so_far(self) -> str:
        if self.unit:
            return f"{self._done:g} of {self.total:g} {self.unit}"
        return _biological(self._done, self.total)


class _Line:
    """One line of a terminal, drawn over itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._full, self._empty = _bar_characters(stream)

    def draw(self, share: float, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        filled = round(share * _BAR_WIDTH)
        bar = self._full * filled + self._empty * (_BAR_WIDTH - filled)
        line = f"{bar} {share:4.0%}  {text}"
        self._write((line if len(line) <= room else f"{share:4.0%} {text}")[:room])

    def end(self, text: str) -> None:
        self._write(f"{text}\n")

    def _write(self, line: str) -> None:
        self._stream.write(f"\r{line}\x1b[K" if not line.endswith("\n") else f"\r\x1b[K{line}")
        self._stream.flush()


class _Cell:
    """A bar in the output of a notebook's cell."""

    def __init__(self, show: Callable[..., Any], html: Callable[[str], Any]) -> None:
        self._show, self._html = show, html
        self._handle: Any = None

    def draw(self, share: float, text: str) -> None:
        bar = f'<progress value="{share:.4f}" max="1" style="width: 16em"></progress>'
        self._put(f"{bar} {_escaped(text)}")

    def end(self, text: str) -> None:
        self._put(_escaped(text))

    def _put(self, content: str) -> None:
        shown = self._html(content)
        if self._handle is None:
            self._handle = self._show(shown, display_id=True)
        else:
            self._handle.update(shown)


def _find_display(enabled: bool | None) -> _Display | None:
    """Return the display of the place this process runs in; None where there is none."""
    if _in_notebook():
        from IPython.display import HTML, display

        return _Cell(display, HTML)
    if enabled or sys.stderr.isatty():
        return _Line(sys.stderr)
    return None


def _in_notebook() -> bool:
    # A kernel has IPython loaded; nobody else should pay for importing it.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and shell.has_trait("kernel")


def _bar_characters(stream: TextIO) -> tuple[str, str]:
    try:
        "█░".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#", "."
    return "█", "░"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _biological(done: float, total: float) -> str:
    if total < 1:
        return f"{done * 1e3:.0f} of {total * 1e3:.4g} ms"
    return f"{done:.2f} of {total:.6g} s"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 10:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def _speed(wall: float, done: float) -> str:
    if wall <= done:
        return f"{done / max(wall, 1e-9):.3g} times faster than real time"
    return f"{wall / done:.3g} times slower than real time"
