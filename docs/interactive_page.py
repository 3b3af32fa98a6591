"""The sliders of the tutorial, saved as the page that stands in it: from the code printed there."""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path


def write_player(page: Path, target: Path) -> None:
    """Run the first block of a page, and save its `player`."""
    block = re.search(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert block is not None, f"{page} has no code"
    namespace: dict[str, object] = {"__name__": "__page__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        exec(compile(block.group(1), str(page), "exec"), namespace)
    target.parent.mkdir(parents=True, exist_ok=True)
    player = namespace["player"]
    player.save(target)  # type: ignore[attr-defined]
