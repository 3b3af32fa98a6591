"""Compiled parts: found again, and made anew when their text changes."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from rheobase.engine import parts
from rheobase.engine.parts import columns
from rheobase.rendering import cache


def test_a_part_is_compiled_once() -> None:
    first = parts.address_of("driver", "run")
    before = cache.compilations()
    parts.address_of.cache_clear()
    assert parts.address_of("driver", "run") == first != 0
    assert cache.compilations() == before


def test_parts_live_in_the_cache_folder_under_the_hash_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts.address_of("times", "emit")
    sources = {path.name: path.read_text() for path in cache.cache_folder().glob("*.py")}
    mine = [text for name, text in sources.items() if name.startswith("rheobase_engine_times_")]
    assert cache.part_source(parts.FOLDER, "times") in mine
    names = {path.stem for path in Path(inspect.getfile(parts)).parent.glob("*.py")}
    assert names >= {"driver", "delivery", "drives", "inputs", "coupling", "sampling", "columns"}


def test_every_table_has_as_many_columns_as_names() -> None:
    """Within a table the columns count up from 0, and its width is their number."""
    tables: dict[str, list[int]] = {}
    for name, value in vars(columns).items():
        if len(name) > 1 and name[1] == "_" and isinstance(value, int):
            tables.setdefault(name[0], []).append(value)
    assert set(tables) == set("NKFPDRHGICELVASTOJQYXZBU")
    for letter, values in tables.items():
        assert values == list(range(len(values))), letter
        assert values[-1] == getattr(columns, f"{letter}_WIDTH")
