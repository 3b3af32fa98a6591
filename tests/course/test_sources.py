"""Sources of notebooks: cut into cells, and written as the course needs them."""

import ast

import pytest

from rheobase.course.sources import Cell, lessons, parse
from rheobase.errors import InternalError

SOURCE = """\
# title: A title
# question: What is asked,
#   and goes on?

# %% [markdown]
# # Words
#
#     indented

# %%
x = 1

# %% exercise
y = ...

# %% mistake: too small
y = 1

# %% [markdown] solution
# Twice one.

# %% solution
y = 2

# %% check
assert y == 2
"""


def test_a_source_is_cut_into_cells():
    lesson = parse("07_a_name.py", SOURCE)
    assert (lesson.number, lesson.name, lesson.title) == ("07", "a-name", "A title")
    assert lesson.question == "What is asked, and goes on?"
    assert lesson.file == "07-a-name.ipynb"
    assert lesson.cells == (
        Cell("text", "# Words\n\n    indented"),
        Cell("code", "x = 1"),
        Cell("exercise", "y = ..."),
        Cell("mistake", "y = 1", "too small"),
        Cell("remark", "Twice one."),
        Cell("solution", "y = 2"),
        Cell("check", "assert y == 2"),
    )


def test_students_get_exercises_and_teachers_solutions():
    lesson = parse("07_a_name.py", SOURCE)
    kinds = [cell.kind for cell in lesson.chosen(solutions=False)]
    assert kinds == ["text", "code", "exercise", "check"]
    kinds = [cell.kind for cell in lesson.chosen(solutions=True)]
    assert kinds == ["text", "code", "remark", "solution", "check"]


@pytest.mark.parametrize(
    "name, change, says",
    [
        ("a_name.py", ("", ""), "named NN_words.py and has a title and a question"),
        ("07_a.py", ("# title", "# name"), "has a title and a question"),
        ("07_a.py", ("# %% check", "# %% chek"), "there is no cell '# %% chek'"),
        ("07_a.py", ("# %% solution\ny = 2\n", ""), "exercise, mistakes, solution, check"),
        ("07_a.py", ("# %% check", "# %%"), "exercise, mistakes, solution, check"),
    ],
)
def test_a_source_written_otherwise_is_refused(name, change, says):
    with pytest.raises(InternalError, match=says):
        parse(name, SOURCE.replace(*change) if change[0] else SOURCE)


def test_lessons_have_numbers_in_order_and_lines_that_can_be_read():
    course = lessons()
    numbers = [int(lesson.number) for lesson in course]
    assert numbers == list(range(1, len(course) + 1))
    for lesson in course:
        for cell in lesson.cells:
            wide = 110 if cell.kind in ("check", "mistake") else 100
            assert max(map(len, cell.text.splitlines())) <= wide, (lesson.file, cell.text)


def test_every_lesson_has_text_a_figure_and_exercises_with_likely_mistakes():
    for lesson in lessons():
        kinds = [cell.kind for cell in lesson.cells]
        code = "\n".join(cell.text for cell in lesson.cells if not cell.is_text)
        assert kinds.count("exercise") >= 2, lesson.file
        # Of every exercise a likely mistake is known, and what the check says to it.
        assert "exercise solution" not in " ".join(kinds), lesson.file
        assert "plt.show()" in code, lesson.file
        assert lesson.question.endswith("?"), lesson.file
        assert lesson.cells[-1].text == "course.summary()", lesson.file


def _names(cell, kind):
    """Return the names a cell binds at its top level (Store) or reads anywhere (Load)."""
    tree = ast.parse(cell.text)
    if kind is ast.Load:
        nodes = ast.walk(tree)
        return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    bound = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            bound.add(statement.name)
            continue
        bound |= {
            n.id
            for n in ast.walk(statement)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
    return bound


def test_given_cells_read_nothing_that_a_student_has_to_write():
    for lesson in lessons():
        students = set()
        for cell in lesson.cells:
            if cell.kind in ("exercise", "solution"):
                students |= _names(cell, ast.Store)
            elif cell.kind == "code":
                # What a given cell binds itself, it does not read from the student.
                students -= _names(cell, ast.Store)
                assert students & _names(cell, ast.Load) == set(), (lesson.file, cell.text)


def test_checks_read_only_what_is_given_or_asked_for():
    """A solution may define helpers; the check must not need them."""
    for lesson in lessons():
        asked, extra = set(), set()
        for cell in lesson.cells:
            if cell.kind == "exercise":
                asked = _names(cell, ast.Store)
            elif cell.kind == "solution":
                extra |= _names(cell, ast.Store) - asked
            elif cell.kind in ("code", "check"):
                extra -= _names(cell, ast.Store)
                assert extra & _names(cell, ast.Load) == set(), (lesson.file, cell.text)
