"""How the tests run a notebook: in a kernel, or cell by cell in this process."""

import contextlib
import io

import pytest


def execute(cell, space):
    """Run one cell of code; return what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(cell.text, f"<{cell.kind}>", "exec"), space)
    return printed.getvalue()


def attempts(lesson):
    """Run a lesson once; yield every exercise as given, with mistakes, and solved.

    Yields
    ------
    tuple of Cell and str
        The cell that stands in the exercise's place, and what the check printed.
    """
    from matplotlib import pyplot

    space, waiting = {"__name__": "__main__"}, []
    for cell in lesson.cells:
        if cell.is_text:
            continue
        if cell.kind in ("exercise", "mistake", "solution"):
            waiting.append(cell)
        elif cell.kind == "check":
            for attempt in waiting:
                execute(attempt, space)
                yield attempt, execute(cell, space)
            waiting = []
        else:
            execute(cell, space)
        pyplot.close("all")


@pytest.fixture(scope="session")
def course_folder(tmp_path_factory):
    """Return a folder with the course and its solutions."""
    from rheobase import course

    folder = tmp_path_factory.mktemp("course")
    course.write(folder, solutions=True)
    return folder
