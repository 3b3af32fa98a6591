"""Pages of the documentation as something that can be executed.

A page is Markdown. Its ```python blocks run from top to bottom in one fresh
namespace, in a temporary folder. Marks, invisible to readers, say more:

``<!-- output -->``
    before a ```text block: the block before it prints exactly this.
``<!-- raises NAME -->``
    before a ```python block: it raises that error; a ```text block after it with
    ``<!-- message -->`` holds text that must stand in the error's message.
``<!-- not run -->``
    before a ```python block: it is not executed (another tool's code).
``<!-- file NAME -->`` and ``<!-- added to NAME -->``
    before a ```toml block: it is written to that file, or behind what the file has already.

A picture ``![...](.../images/NAME.png)`` shows the Matplotlib figure that is current
after the block before it; `scripts/pictures.py` draws these again.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PIECE = re.compile(
    r"^(?:<!--\ (?P<mark>output|message|not\ run|raises\ \w+|file\ \S+|added\ to\ \S+)\ -->\n+)?"
    r"```(?P<language>python|text|toml)\n(?P<text>.*?)^```$"
    r"|^!\[[^\]]*\]\((?P<picture>[^)]*images/[^)]+)\)",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Piece:
    """One block or picture of a page."""

    kind: str  # python, text, toml or picture
    text: str
    mark: str
    line: int


def pages() -> list[Path]:
    """README.md and every page under docs/."""
    built = ROOT / "docs" / "_build"
    found = [page for page in sorted(ROOT.glob("docs/**/*.md")) if built not in page.parents]
    return [ROOT / "README.md", *found]


def pieces(page: Path) -> Iterator[Piece]:
    """The blocks and pictures of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for match in _PIECE.finditer(text):
        if match["picture"]:
            line = text.count("\n", 0, match.start()) + 1
            yield Piece("picture", match["picture"], "", line)
        else:
            line = text.count("\n", 0, match.start("text")) + 1
            yield Piece(match["language"], match["text"], match["mark"] or "", line)


def run_page(page: Path, on_picture: Callable[[Path], None] | None = None) -> int:
    """Execute a page; return how many blocks ran.

    Raises what a block raises, and AssertionError where output, an error or its message
    differ from what the page says.
    """
    namespace: dict[str, object] = {"__name__": "__page__"}
    printed, message, ran = "", "", 0
    with tempfile.TemporaryDirectory() as folder, _inside(folder):
        for piece in pieces(page):
            where = f"{page.relative_to(ROOT)}:{piece.line}"
            if piece.kind == "picture":
                if on_picture and ran:
                    on_picture((page.parent / piece.text).resolve())
            elif piece.kind == "text":
                if piece.mark == "output":
                    assert _lines(printed) == _lines(piece.text), (
                        f"{where} says\n{piece.text}\nbut this was printed:\n{printed}"
                    )
                elif piece.mark == "message":
                    assert piece.text.strip() in message, (
                        f"{where} says\n{piece.text}\nbut the message was:\n{message}"
                    )
            elif piece.kind == "toml":
                _write(piece)
            elif piece.mark != "not run":
                # The empty lines make the numbers in a traceback those of the page.
                code = compile("\n" * (piece.line - 1) + piece.text, str(page), "exec")
                printed, message = _execute(code, namespace, piece.mark, where)
                ran += 1
    return ran


def _execute(code: object, namespace: dict[str, object], mark: str, where: str) -> tuple[str, str]:
    """Run one block; return what it printed and the message of the error it had to raise."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if not mark.startswith("raises"):
            exec(code, namespace)
            return out.getvalue(), ""
        wanted = mark.split()[1]
        try:
            exec(code, namespace)
        except Exception as error:
            assert type(error).__name__ == wanted, f"{where}: {type(error).__name__}: {error}"
            return out.getvalue(), str(error)
    raise AssertionError(f"{where} should raise {wanted}")


def _write(piece: Piece) -> None:
    """Write a block to the file its mark names."""
    if piece.mark:
        first = piece.mark.startswith("file ")
        with open(piece.mark.split()[-1], "w" if first else "a", encoding="utf-8") as file:
            file.write(piece.text if first else f"\n{piece.text}")


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
