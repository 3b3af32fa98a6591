"""The script and the sheet of styles that pages with players carry, and what they allow."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files


def _read(name: str) -> str:
    return (files("rheobase.interactive") / name).read_text(encoding="utf-8")


_PARTS = ("axes.js", "panels.js", "player.js")

# Within a function, so that no name of these parts meets one of the page.
SCRIPT = '(() => {\n"use strict";\n' + "\n".join(map(_read, _PARTS)) + "})();\n"
"""Makes every element of class `rb-player` in the page a player; nothing is loaded for it."""

STYLE = _read("player.css")


def policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Return the tag by which a page allows itself these styles and scripts, and nothing else.

    Nothing is loaded from anywhere; no script and no style runs but those given, which are
    recognized by their SHA-256.
    """
    allowed = [f"{what} {' '.join(map(_fingerprint, texts))}"
               for what, texts in (("style-src", styles), ("script-src", scripts))]  # fmt: skip
    rules = "; ".join(["default-src 'none'", "img-src data:", *allowed, "base-uri 'none'",
                       "form-action 'none'"])  # fmt: skip
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
