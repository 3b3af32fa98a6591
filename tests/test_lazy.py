"""Names that are loaded when first taken."""

import sys
from types import ModuleType

import pytest

from rheobase.lazy import load

HOMES = {"tan": "math:tan", "decode": ".decoder:JSONDecoder", "text": "textwrap"}


@pytest.fixture
def package(monkeypatch):
    made = ModuleType("json")
    made.__path__ = __import__("json").__path__
    made.__all__ = sorted(HOMES)
    monkeypatch.setitem(sys.modules, "json", made)
    return made


def test_a_name_is_loaded_once_and_kept(package):
    import math
    import textwrap

    assert load("json", "tan", HOMES, "rb.json") is math.tan
    assert load("json", "text", HOMES, "rb.json") is textwrap
    assert load("json", "decode", HOMES, "rb.json").__name__ == "JSONDecoder"
    assert vars(package)["tan"] is math.tan and vars(package)["text"] is textwrap


@pytest.mark.parametrize("name, more, message", [
    ("tann", {}, "; did you mean rb.json.tan?"),
    ("cosine", {}, ""),
    ("Tangent", {"elsewhere": {"Tangent": "tan"}}, "; did you mean rb.json.tan?"),
    ("tann", {"listed": True}, "; did you mean rb.json.tan?\nthere are decode, tan, text"),
    ("cosine", {"listed": True}, "\nthere are decode, tan, text"),
    ("__wrapped__", {"listed": True}, ""),
])  # fmt: skip
def test_an_unknown_name_is_answered(package, name, more, message):
    with pytest.raises(AttributeError) as refused:
        load("json", name, HOMES, "rb.json", **more)
    assert str(refused.value) == f"module 'json' has no attribute '{name}'{message}"
