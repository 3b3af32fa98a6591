"""How Sphinx builds these pages: `make docs`. Nothing is fetched while building."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from docutils import nodes  # noqa: E402
from interactive_page import write_player  # noqa: E402
from reference_pages import write_channels_page, write_models_page  # noqa: E402
from sphinx import addnodes  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

import rheobase  # noqa: E402

project = "Rheobase"
author = "The Rheobase authors"
copyright = "2026, the Rheobase authors"
version = release = rheobase.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

default_role = "literal"  # `x` in a docstring is code

html_theme = "furo"
html_title = f"Rheobase {release}"
html_copy_source = False
html_static_path = ["reference/generated/static"]  # written by setup()

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say types and units in words
autodoc_default_options = {"members": True}
add_module_names = False  # the headings say where a name is reached: rb.rules
napoleon_google_docstring = False
napoleon_use_ivar = True


def unlink_words(_: object, page: nodes.document) -> None:
    """Leave the words of a type as words: "shape (cells,)" is no link to some class's `shape`."""
    for link in list(page.findall(addnodes.pending_xref)):
        if link.get("refspecific") and link["reftarget"].islower():
            link.replace_self(link.children)


def part_attributes(*told: Any) -> None:
    """Give each of "low, high : float" its own entry among the attributes of a class.

    Napoleon does so for parameters only; of attributes it takes the names for a name and a type.
    """
    what, lines = told[1], told[5]
    if what != "class" or "Attributes" not in lines:
        return
    at = lines.index("Attributes") + 2
    while at < len(lines) and not lines[at : at + 2][-1].startswith("---"):
        names = re.fullmatch(r"(\w+(?:, \w+)+)( :.*|)", lines[at])
        end = at + 1
        while names and end < len(lines) and lines[end].startswith(" "):
            end += 1
        entries = [lines[at:end]] if names is None else [
            [name + names[2], *lines[at + 1 : end]] for name in names[1].split(", ")
        ]  # fmt: skip
        lines[at:end] = [line for entry in entries for line in entry]
        at += sum(map(len, entries))


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", unlink_words)
    app.connect("autodoc-process-docstring", part_attributes, priority=400)
    generated = HERE / "reference" / "generated"
    write_models_page(generated / "models.md")
    write_channels_page(generated / "channels.md")
    write_player(HERE / "tutorials" / "interactive.md", generated / "static" / "interactive.html")
