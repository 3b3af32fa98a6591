"""Places in TOML: the same keys and values as the standard library finds, each where it stands."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.modelfiles.places import content_of, places_of

TEXT = '''\
title = "a # b"   # a comment
a.b = 1
"quoted key" = 'literal \\ text'
[network]
dt = "0.1 ms"
list = [ 1, "two", [3, 4], {x = 5, y.z = "6"}, # seven
  8, ]
[populations."L2/3 E"]
size = 10
text = """
first
second \\"quoted\\"
"""
[populations."L2/3 E".initial]
v = "-60 mV"
[[connections]]
pre = "a"
[connections.more]
x = 1979-05-27 07:32:00
[[connections]]
pre = \'\'\'b\'\'\'
'''


def flat(value, path=()):
    yield path, value
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flat(inner, (*path, key))


def test_every_path_of_the_standard_library_has_a_place():
    found = places_of(TEXT)
    paths = [path for path, _ in flat(tomllib.loads(TEXT)) if path]
    assert [path for path in found if path not in paths] == []
    # No header and no pair writes this table: only headers of its parts make it.
    assert [path for path in paths if path not in found] == [("populations",)]


@pytest.mark.parametrize(
    "path, key, value",
    [
        (("title",), "title", '"a # b"'),
        (("a", "b"), "a.b", "1"),
        (("quoted key",), '"quoted key"', "'literal \\ text'"),
        (("network", "list", 1), '"two"', '"two"'),
        (("network", "list", 2, 1), "4", "4"),
        (("network", "list", 3, "y", "z"), "y.z", '"6"'),
        (("network", "list", 4), "8", "8"),
        (("populations", "L2/3 E", "initial", "v"), "v", '"-60 mV"'),
        (("connections", 0, "more", "x"), "x", "1979-05-27 07:32:00"),
        (("connections", 1, "pre"), "pre", "'''b'''"),
        (("connections", 1), "[[connections]]", "[[connections]]"),
    ],
)
def test_places_are_those_of_the_text(path, key, value):
    place = places_of(TEXT)[path]
    assert TEXT[place.key_start : place.key_end] == key
    assert TEXT[place.start : place.end] == value


KEYS = st.text("ab-_", min_size=1, max_size=3)
QUOTED = st.text("ab .#[]'\u00e9", min_size=1, max_size=4).map(lambda k: f'"{k}"')
SCALARS = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(["true", "1e-3", "inf", "2001-02-03", "0xff"]),
    st.text("ab#'=[]{},. \u00b5", max_size=6).map(lambda t: f'"{t}"'),
    st.text('ab#"=\\', max_size=6).map(lambda t: f"'{t}'"),
    st.text("ab#\n= '", max_size=8).map(lambda t: f'"""{t}"""'),
    st.sampled_from(['"\\"\\\\"', '"""a""b"""', '"""ends with a quote\\""""']),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda v: "[" + ",\n ".join(v) + "]"),
        st.dictionaries(KEYS, inner.filter(lambda v: "\n" not in v), max_size=2).map(
            lambda d: "{" + ", ".join(f"{k} = {v}" for k, v in d.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.one_of(KEYS, QUOTED), VALUES), max_size=5))
def test_what_stands_at_a_place_is_the_value(pairs):
    unique = {key.strip('"'): (key, value) for key, value in pairs}
    text = "".join(f"{key} = {value}  # end\n" for key, value in unique.values())
    data = tomllib.loads(text)
    found = places_of(text)
    for path, value in flat(data):
        if path:
            place = found[path]
            assert tomllib.loads(f"x = {text[place.start : place.end]}") == {"x": value} or (
                value != value or isinstance(value, float)
            )


@pytest.mark.parametrize(
    "raw, offset, content",
    [
        ('"20 ms"', 1, "20 ms"),
        ("'a\\b'", 1, "a\\b"),
        ('"""\ndv/dt = 1\n"""', 4, "dv/dt = 1\n"),
        ("'''x'''", 3, "x"),
        ('"a\\tb"', -1, "a\tb"),
        ('"\\u00b5"', -1, "\u00b5"),
        ('"""a\\\n   b"""', -1, "ab"),
    ],
)
def test_the_content_of_strings(raw, offset, content):
    assert content_of(raw) == (offset, content)
    assert tomllib.loads(f"x = {raw}")["x"] == content
