"""Pages of the reference that are written from the library itself while the docs build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rheobase.models import catalog

if TYPE_CHECKING:
    from pathlib import Path


def write_models_page(path: Path) -> None:
    """One section a model of ``rheobase.models``, with its documentation as it stands."""
    lines = ["# Models: `rb.models`", ""]
    for name, model in catalog().items():
        lines += [f"## {name}", "", "```text", model.doc.strip(), "```", ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
