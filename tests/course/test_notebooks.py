"""Every notebook executed: in a kernel as written, and cell by cell without numba.

Without numba every exercise is tried as it is given, with its likely mistakes and with its
solution, and the check must tell them apart. That a notebook as given goes on after that is
tested in one of them, and for the others by what their cells read (test_sources.py).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rheobase import course

LESSONS = course.lessons()
ROOT = Path(__file__).resolve().parents[2]

# Run in a process of its own in which numba cannot be imported.
INTERPRETED = """
import sys
sys.modules["numba"] = sys.modules["llvmlite"] = None
import matplotlib
matplotlib.use("Agg")
from rheobase import course
from tests.course.conftest import attempts

for lesson in course.lessons():
    for cell, said in attempts(lesson):
        solved = "solved." in said
        assert ("not yet." in said) != solved, (lesson.file, said)
        assert solved == (cell.kind == "solution"), (lesson.file, cell, said)
        assert cell.says in said, (lesson.file, cell.says, said)
    print("done", lesson.number, flush=True)
"""


@pytest.fixture(scope="module")
def kernel():
    """Return one kernel for all notebooks; starting one takes longer than running most."""
    from jupyter_client import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, cwd=str(ROOT))
    yield manager
    manager.shutdown_kernel(now=True)


def performed(kernel, path):
    """Execute a notebook in a namespace of its own; return what its checks and last cell said."""
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    NotebookClient(book, km=kernel, timeout=120).execute()
    return [
        "".join(output.text for output in cell.outputs if output.output_type == "stream")
        for cell in book.cells
        if "check" in cell.metadata.get("tags", []) or cell is book.cells[-1]
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_notebook_with_solutions_passes_all_its_checks(lesson, kernel, course_folder):
    *checks, last = performed(kernel, course_folder / "solutions" / lesson.file)
    for said in checks:
        assert re.fullmatch(r"(.*\n)*Exercise \S+: solved\.\n", said), said
        assert "✗" not in said
    assert last == f"{len(checks)} of {len(checks)} exercises are solved.\n"


def test_a_notebook_as_given_runs_to_its_end_with_nothing_solved(kernel, course_folder):
    *checks, last = performed(kernel, course_folder / LESSONS[0].file)
    assert all(said.endswith("not yet.\n") for said in checks)
    assert last.startswith(f"0 of {len(checks)} exercises are solved; left: 1, 2")


def test_the_contents_run(kernel, course_folder):
    [said] = performed(kernel, course_folder / "00-contents.ipynb")
    assert said.startswith("Rheobase ")


STUDENTS = """
def crossing(v, s):
    slope = s - v
    return (1 - v)/slope
"""
CHECK = """
with course.exercise("1") as check:
    check.value("the time", crossing(0.5, 0.5), 1)
"""


def test_an_error_is_told_with_the_students_line(kernel, tmp_path):
    cells = ["from rheobase import course", STUDENTS.strip(), CHECK.strip()]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbformat.write(book, tmp_path / "book.ipynb")
    [said] = performed(kernel, tmp_path / "book.ipynb")
    assert said == (
        "✗ your code stopped with ZeroDivisionError: float division by zero\n"
        "  in line 3 of its cell: return (1 - v)/slope\n"
        "Exercise 1: not yet.\n"
    )


def test_without_numba_solutions_pass_and_mistakes_are_named():
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1::2] == [lesson.number for lesson in LESSONS]
