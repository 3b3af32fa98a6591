"""The progress display, with a clock and terminals made for the test."""

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rheobase import progress
from rheobase.progress import Progress


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def put_in_place_of_standard_error(stream, monkeypatch):
    # pytest swaps sys.stderr itself, between the fixtures and the test.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, modules=sys.modules))


@pytest.fixture
def terminal(monkeypatch):
    stream = Terminal()
    put_in_place_of_standard_error(stream, monkeypatch)
    monkeypatch.setenv("COLUMNS", "120")
    return stream


def run(clock, bar, steps, seconds_a_step):
    for step in steps:
        clock.now += seconds_a_step
        bar.update(step)


def drawn(stream):
    return [part.replace("\x1b[K", "") for part in stream.getvalue().split("\r")[1:]]


def test_a_short_run_shows_nothing(terminal):
    clock = Clock()
    with Progress(1.0, "cells", clock=clock) as bar:
        run(clock, bar, [0.25, 0.5, 0.75, 1.0], 0.2)
    assert terminal.getvalue() == ""


def test_a_long_run_shows_how_far_how_long_how_fast(terminal):
    clock = Clock()
    with Progress(2.0, "cells", clock=clock) as bar:
        run(clock, bar, [0.5, 1.0, 1.5, 2.0], 2.0)
    speed = "4 times slower than real time"
    assert drawn(terminal) == [
        f"██████░░░░░░░░░░░░░░░░░░  25%  cells: 0.50 of 2 s, 6.0 s left, {speed}",
        f"████████████░░░░░░░░░░░░  50%  cells: 1.00 of 2 s, 4.0 s left, {speed}",
        f"██████████████████░░░░░░  75%  cells: 1.50 of 2 s, 2.0 s left, {speed}",
        f"████████████████████████ 100%  cells: 2.00 of 2 s, 0.0 s left, {speed}",
        f"cells: 2.00 of 2 s in 8.0 s, {speed}\n",
    ]


def test_it_is_redrawn_ten_times_a_second_at_most(terminal):
    clock = Clock()
    bar = Progress(10.0, clock=clock)
    run(clock, bar, [0.01 * k for k in range(300)], 0.01)
    assert 15 <= len(drawn(terminal)) <= 21


def test_a_run_that_stops_early_says_how_far_it_came(terminal):
    clock = Clock()
    with pytest.raises(KeyboardInterrupt), Progress(0.5, clock=clock) as bar:
        run(clock, bar, [0.1, 0.2], 2.0)
        raise KeyboardInterrupt
    assert drawn(terminal)[-1] == "200 of 500 ms in 4.0 s, 20 times slower than real time\n"


def test_a_narrow_terminal_has_no_bar(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    clock = Clock()
    bar = Progress(2.0, clock=clock)
    run(clock, bar, [1.0], 2.0)
    assert drawn(terminal) == [" 50% 1.00 of 2 s, 2.0 s left, 2 times s"]


def test_a_terminal_without_blocks_gets_plain_characters(terminal):
    terminal.encoding = "ascii"
    clock = Clock()
    bar = Progress(2.0, clock=clock)
    run(clock, bar, [1.0], 2.0)
    assert drawn(terminal)[0].startswith("############............  50%")


def test_where_nobody_looks_it_is_silent(monkeypatch):
    stream = io.StringIO()
    put_in_place_of_standard_error(stream, monkeypatch)
    clock = Clock()
    with Progress(2.0, clock=clock) as bar:
        run(clock, bar, [1.0, 2.0], 2.0)
    assert stream.getvalue() == ""


def test_it_can_be_switched_on_and_off(terminal, monkeypatch):
    clock = Clock()
    with Progress(2.0, enabled=False, clock=clock) as bar:
        run(clock, bar, [1.0, 2.0], 2.0)
    assert terminal.getvalue() == ""
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    with Progress(2.0, enabled=True, clock=clock) as bar:
        run(clock, bar, [1.0, 2.0], 2.0)
    assert len(drawn(terminal)) == 3


def test_before_the_first_step_there_is_no_speed(terminal):
    clock = Clock()
    with Progress(2.0, "cells", clock=clock) as bar:
        run(clock, bar, [0.0], 2.0)
    assert drawn(terminal) == [
        "░░░░░░░░░░░░░░░░░░░░░░░░   0%  cells: 0.00 of 2 s",
        "cells: 0.00 of 2 s in 2.0 s\n",
    ]


def test_a_notebook_gets_a_bar_that_is_updated(monkeypatch):
    shown = []

    def display(content, display_id):
        assert display_id
        shown.append(content)
        return SimpleNamespace(update=shown.append)

    shell = SimpleNamespace(has_trait=lambda name: name == "kernel")
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(
        sys.modules, "IPython.display", SimpleNamespace(HTML=lambda text: text, display=display)
    )
    clock = Clock()
    with Progress(2.0, "a < b", clock=clock) as bar:
        run(clock, bar, [1.0, 2.0], 0.9)
        run(clock, bar, [2.0], 0.9)
    assert shown[0].startswith('<progress value="1.0000" max="1"')
    assert "a &lt; b: 2.00 of 2 s" in shown[0]
    assert shown[-1] == "a &lt; b: 2.00 of 2 s in 2.7 s, 1.35 times slower than real time"


@pytest.mark.parametrize("seconds, text", [
    (0.04, "0.0 s"), (9.4, "9.4 s"), (9.96, "10 s"), (59.4, "59 s"), (59.7, "1 min 00 s"),
    (125, "2 min 05 s"), (3599.6, "1 h 00 min"), (7325, "2 h 02 min"),
])  # fmt: skip
def test_durations_read_as_one_says_them(seconds, text):
    assert progress._duration(seconds) == text


def test_faster_and_slower_than_real_time():
    assert progress._speed(2.0, 1.0) == "2 times slower than real time"
    assert progress._speed(0.5, 2.0) == "4 times faster than real time"


def test_it_imports_nothing_heavy():
    script = (
        "import sys, rheobase.progress; heavy = {'IPython', 'numpy', 'matplotlib'};"
        "assert not heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
