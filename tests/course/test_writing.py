"""Files of the course: valid notebooks, never written over."""

import json

import nbformat
import pytest

from rheobase import cli, course
from rheobase.errors import UserError


def test_every_file_is_a_valid_notebook(course_folder):
    files = sorted(course_folder.rglob("*.ipynb"))
    assert len(files) == 2 * (len(course.lessons()) + 1)
    for file in files:
        book = nbformat.read(file, as_version=4)
        nbformat.validate(book)
        assert (book.nbformat, book.nbformat_minor) == (4, 5)


def test_students_notebooks_hold_no_solution(course_folder):
    for lesson in course.lessons():
        given = (course_folder / lesson.file).read_text(encoding="utf-8")
        solved = (course_folder / "solutions" / lesson.file).read_text(encoding="utf-8")
        for cell in lesson.cells:
            text = json.dumps(cell.text.splitlines(keepends=True), ensure_ascii=False, indent=1)
            first = text.splitlines()[1].strip(" ,")  # its first line, as it stands in the file
            if cell.kind in ("solution", "remark") and cell.text not in _given(lesson):
                assert text.replace("\n", "\n   ") not in given, first
                assert first in solved


def _given(lesson):
    return [cell.text for cell in lesson.cells if cell.kind == "exercise"]


def test_checks_are_folded_and_cannot_be_changed_by_accident(course_folder):
    for lesson in course.lessons():
        book = nbformat.read(course_folder / lesson.file, as_version=4)
        tags = [cell.metadata.get("tags", []) for cell in book.cells]
        assert ["exercise"] in tags
        for cell in book.cells:
            if "check" in cell.metadata.get("tags", []):
                assert (cell.metadata.editable, cell.metadata.deletable) == (False, False)
                assert cell.metadata.jupyter.source_hidden


def test_contents_link_to_every_notebook(course_folder):
    for folder in (course_folder, course_folder / "solutions"):
        book = nbformat.read(folder / "00-contents.ipynb", as_version=4)
        text = "\n".join(cell.source for cell in book.cells)
        for lesson in course.lessons():
            assert f"[{lesson.title}]({lesson.file})" in text
            assert (folder / lesson.file).is_file()


def test_work_is_kept_what_is_missing_is_written_and_force_replaces(tmp_path):
    number = len(course.lessons()) + 1
    first = course.write(tmp_path)
    assert (len(first.written), first.kept) == (number, ())
    again = course.write(tmp_path)
    assert (again.written, again.kept) == ((), ())
    assert str(again) == "all notebooks are there already, unchanged"

    mine, gone = first.written[1], first.written[2]
    original = mine.read_text(encoding="utf-8")
    mine.write_text("my work", encoding="utf-8")
    gone.unlink()
    third = course.write(tmp_path)
    assert (third.written, third.kept) == ((gone,), (mine,))
    assert mine.read_text(encoding="utf-8") == "my work"
    assert f"1 notebook there already and kept as found: {mine.name}" in str(third)
    assert "--force replaces them" in str(third)

    forced = course.write(tmp_path, force=True)
    assert (forced.written, forced.kept) == ((mine,), ())
    assert mine.read_text(encoding="utf-8") == original
    assert not list(tmp_path.glob(".*")), "no temporary file is left"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(UserError, match=r"go into a folder, and .*file.* is a file"):
            course.write(out)


def test_the_command_writes_the_course(tmp_path, capsys):
    out = tmp_path / "course"
    assert cli.main(["course", str(out)]) == 0
    number = len(course.lessons()) + 1
    assert capsys.readouterr().out == f"{number} notebooks written to {out}\n"
    assert not (out / "solutions").exists()
    assert cli.main(["course", str(out), "--solutions"]) == 0
    assert capsys.readouterr().out == f"{number} notebooks written to {out / 'solutions'}\n"
    assert len(list((out / "solutions").iterdir())) == number
    (tmp_path / "file").write_text("in the way")
    capsys.readouterr()
    assert cli.main(["course", str(tmp_path / "file")]) == 1
    assert "is a file" in capsys.readouterr().err
