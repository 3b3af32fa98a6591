"""Documents: what is no TOML, settings, and errors with their place."""

from pathlib import Path

import pytest

from rheobase.errors import FileFormatError, UnknownNameError
from rheobase.modelfiles.document import Document


def document(text, *settings):
    return Document(text, "model.toml", Path("."), settings)


@pytest.mark.parametrize(
    "text, message",
    [
        ('a = 1\ndt = 0.1 ms\n',
         'model.toml, line 2, column 10: this is not TOML: the line goes on '
         'behind its value\n  line 2: dt = 0.1 ms\n                   ^\n'
         'a quantity is a text: write dt = "0.1 ms"'),
        ("weight = 20*pA\n", 'write weight = "20 pA"'),
        ("weight = -2.5*uA/cm**2  # x\n", 'write weight = "-2.5 uA/cm**2"'),
        ("model = LIF\n", 'line 1, column 9: this is not TOML: this is no value\n'
         '  line 1: model = LIF\n                  ^\ntexts have quotes: write model = "LIF"'),
        ("record_spikes = False\n", "write record_spikes = false"),
        ("stop = None\n", "leave the line out"),
        ('title = "open\n', "a text is not closed: its quotes are missing"),
        ("list = [1, 2\n", 'line 1, column 13: this is not TOML: an array is not closed: "]" is'),
        ("a = 1\n a = 2\n", "line 2, column 2: this is not TOML: this key has a value already"),
        ("[connections]\n[connections]\n", "[connections] stands here a second time\n"
         "  line 2: [connections]\n          ^\ngive it another name, or put both together; "
         "entries of a list are written [[connections]]"),
        ("[a]\n[a]\n", "give it another name, or put both together"),
        ("dt\n", 'after a key comes "="'),
        ("= 3\n", "this is no line `key = value` and no [table]"),
    ],
)  # fmt: skip
def test_what_is_no_toml_is_told_by_line(text, message):
    with pytest.raises(FileFormatError) as caught:
        document(text)
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "ring.toml").write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(FileFormatError, match="line 2: this is not text in UTF-8"):
        Document.read(tmp_path / "ring.toml")
    with pytest.raises(FileFormatError) as caught:
        Document.read(tmp_path / "rings.toml")
    message = f"there is no file {tmp_path / 'rings.toml'}\ndid you mean {tmp_path / 'ring.toml'}?"
    assert str(caught.value) == message
    with pytest.raises(FileFormatError, match="cannot be read: Is a directory"):
        Document.read(tmp_path)


def test_brackets_without_end():
    with pytest.raises(FileFormatError, match=r"model\.toml: the brackets are too many"):
        document(f"a = {'[' * 100_000}\n")


def test_files_of_windows_are_files(tmp_path):
    path = tmp_path / "model.toml"
    path.write_bytes('\ufeffa = 1\r\nb = """\r\nx\r\n"""\r\n'.encode())
    read = Document.read(path)
    assert read.data == {"a": 1, "b": "x\n"}
    assert read.spot(("b",)).line == 2
    assert read.folder == tmp_path


def test_a_part_of_a_text_is_where_it_stands():
    told = document('a = "x + y"\nb = """\nfirst\nsecond line\n"""\nc = "tab\\t y"\n')
    spot = told.part(("a",), 4, 5)
    assert (spot.line, spot.column, spot.drawn()) == (
        1,
        10,
        '  line 1: a = "x + y"\n' + " " * 19 + "^",
    )
    assert (told.part(("b",), 6, 12).line, told.part(("b",), 6, 12).column) == (4, 1)
    assert told.part(("c",), 4, 5) == told.spot(("c",))  # escapes: the whole value
    assert told.spot(("nowhere", "at all")).line == 1


def test_settings_replace_and_add():
    told = document(
        '[run]\nduration = "1 second"\n[[connections]]\nname = "a"\n'
        '[[connections]]\nname = "b c"\n',
        "run.duration=2 second", "run.threads = 2", 'connections."b c".weight="3 nS"',
        "connections.1.weight=[1, 2]", 'populations."L2/3".size=3',
    )  # fmt: skip
    assert told.data == {
        "run": {"duration": "2 second", "threads": 2},
        "connections": [{"name": "a", "weight": [1, 2]}, {"name": "b c", "weight": "3 nS"}],
        "populations": {"L2/3": {"size": 3}},
    }
    assert str(told.spot(("run", "duration"))) == "--set"
    assert told.spot(("run", "duration")).drawn() == (
        "  --set run.duration=2 second\n                     ^^^^^^^^"
    )
    assert told.spot(("connections", 0, "name")).line == 4


@pytest.mark.parametrize(
    "setting, kind, message",
    [
        ("run", FileFormatError,
         '--set run: expected path=value\nwrite --set run.duration="2 second"'),
        ("run.duration.x=1", FileFormatError, "run.duration is a value, not a table"),
        ("connections.7.weight=1", UnknownNameError, "connections has no entry '7'\n"
         "expected: a number from 1 to 1, or a name: excitation"),
        ("connections.exitation.weight=1", UnknownNameError, "did you mean excitation?"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_carried_out(setting, kind, message):
    with pytest.raises(kind) as caught:
        document('[run]\nduration = "1 s"\n[[connections]]\nname = "excitation"\n', setting)
    assert message in str(caught.value)


def test_the_checksum_is_that_of_the_text():
    import hashlib

    assert document("a = 1\n").sha256 == hashlib.sha256(b"a = 1\n").hexdigest()
