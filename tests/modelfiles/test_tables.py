"""Tables and keys: what there is, and what is said of what there is not."""

import pytest

from rheobase.errors import FileFormatError, UnknownNameError
from rheobase.modelfiles import tables


@pytest.mark.parametrize(
    "old, new, kind, message",
    [
        ("seed = 1", "sead = 1", UnknownNameError,
         "model.toml, line 5, column 1: [network] has no key 'sead'; did you mean seed?\n"
         "  line 5: sead = 1\n          ^^^^\nits keys are dt, seed, start"),
        ("size = 20", "n = 20", UnknownNameError,
         "[populations.NAME] has no key 'n'; did you mean size?"),
        ('pre = "cells[:16]"', 'source = "cells"', UnknownNameError,
         "[[connections]] has no key 'source'; did you mean pre?"),
        ("size = 20", "size = 20\nevery = 3", UnknownNameError,
         "has no key 'every'; every belongs to [[recordings]]"),
        ("seed = 1", 'seed = "1"', FileFormatError,
         "line 5, column 8: seed: expected a whole number\n  line 5: seed = \"1\"\n"
         "                 ^^^\ngiven: '1'\nwrite it without quotes: seed = 1"),
        ("seed = 1", "seed = true", FileFormatError, "given: true"),
        ('model = "cell"', "model = 3", FileFormatError, 'write model = "3"'),
        ("[network]", "[netwrk]", UnknownNameError,
         "line 3, column 1: there is no table 'netwrk'; did you mean [network]?"),
        ("[run]", "[simulation]", UnknownNameError, "did you mean [run]?"),
        ("[[recordings]]", "[[monitors]]", UnknownNameError, "did you mean [[recordings]]?"),
        ("[[recordings]]", "[recordings]", FileFormatError,
         "recordings is a list: expected tables [[recordings]]"),
        ("[run]", "[[run]]", FileFormatError, "run is no list"),
        ("[populations.cells]", "[populations]", FileFormatError,
         "every one of populations has a name of its own"),
        ('title = "Two populations"', "dt = 3", UnknownNameError, "dt belongs to [network]"),
        ('title = "Two populations"', "titel = 'x'", UnknownNameError,
         "there is no key 'titel'; did you mean title?"),
        ('title = "Two populations"', "format = 2", FileFormatError,
         "this is a file of format 2; this Rheobase reads format 1"),
        ('duration = "50 ms"\n', "", FileFormatError,
         "[run] needs the key 'duration'\n  line 50: [run]\n           ^^^^^\nwrite duration = "
         '"1 second"'),
        ('pre = "cells[:16]"\n', "", FileFormatError, "[[connections]] needs the key 'pre'"),
    ],
)  # fmt: skip
def test_errors_about_tables_and_keys(old, new, kind, message, experiment):
    with pytest.raises(kind) as caught:
        experiment((old, new))
    assert message in str(caught.value)


def test_a_file_without_cells_is_told_so(experiment):
    with pytest.raises(FileFormatError, match=r"there is no population\nwrite \[populations.cells"):
        experiment(text='title = "nothing"\n')


def test_every_key_has_words_and_an_example_of_its_kind():
    import tomllib

    for name, table in tables.TABLES.items():
        assert table.meaning, name
        for key, told in table.keys.items():
            value = tomllib.loads(f"x = {told.example}")["x"]
            assert told.fits(value) and told.meaning and told.words, f"{name}.{key}"
