"""Sources of notebooks: cut into cells, and written as the course needs them."""

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
            assert max(map(len, cell.text.splitlines())) <= 110, (lesson.file, cell.text)


def test_every_lesson_has_text_a_figure_and_exercises_with_likely_mistakes():
    for lesson in lessons():
        kinds = [cell.kind for cell in lesson.cells]
        code = "\n".join(cell.text for cell in lesson.cells if not cell.is_text)
        assert kinds.count("exercise") >= 2, lesson.file
        assert kinds.count("mistake") >= 1, lesson.file
        assert "plt.show()" in code, lesson.file
        assert lesson.question.endswith("?"), lesson.file
        assert lesson.cells[-1].text == "course.summary()", lesson.file
