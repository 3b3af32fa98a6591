"""What `rheobase show` and `rheobase convert` do and print."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rheobase.errors import FileFormatError, RheobaseWarning, UserError, did_you_mean
from rheobase.morphology import examples
from rheobase.morphology.any_file import read_file
from rheobase.morphology.example_table import EXAMPLES
from rheobase.morphology.trees import Morphology

PAGE = ".html"
_OPTION = re.compile(r"rb\.Morphology\.from_\w+\([^(),]*, (\w+)=([^(),]*)\)")


def read_or_example(
    name: str, options: Mapping[str, Any], say: Callable[[str], None]
) -> Morphology:
    """Return the morphology of a file, or a cell of the gallery; what was repaired is said.

    Raises
    ------
    UserError
        There is no such file, or it cannot be read.
    """
    if name in EXAMPLES and not Path(name).exists():
        made: Morphology = getattr(examples, name)()
        return made
    if not Path(name).exists():
        meant = did_you_mean(name, EXAMPLES)
        raise FileFormatError(
            f"there is no file {name}" + (f"; did you mean {meant}?" if meant else ""),
            mend=f"or name a cell of the gallery: {', '.join(EXAMPLES)}",
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RheobaseWarning)
        try:
            made = read_file(name, **options)
        except FileFormatError as error:
            raise FileFormatError(_OPTION.sub(_as_option, str(error))) from error
    for one in caught:
        say(f"Warning: {one.message}")
    return made


def _as_option(match: re.Match[str]) -> str:
    """Write minimum_radius=0.1*um as an option of the command line."""
    value = match[2].strip("\"'").replace("*", " ")
    return f"--{match[1].replace('_', '-')} " + (f'"{value}"' if " " in value else value)


def show(name: str, out: str | os.PathLike[str] | None, options: Mapping[str, Any],
         say: Callable[[str], None] = print) -> Path | None:  # fmt: skip
    """Print the statistics of a morphology; draw it into a picture or a page if asked to.

    Returns
    -------
    Path or None
        Of what was written.

    Raises
    ------
    UserError, OSError
        It cannot be read, drawn into that format, or written there.
    """
    cell = read_or_example(name, options, say)
    say(repr(cell).strip("<>").removeprefix("Morphology "))
    say(str(cell.statistics()))
    if out is None:
        return None
    target = Path(out)
    if target.suffix.lower() == PAGE:
        cell.page().save(target)
    else:
        _draw(cell, target)
    say(f"The {'page' if target.suffix.lower() == PAGE else 'picture'} is {target}")
    return target


def _draw(cell: Morphology, target: Path) -> None:
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.use("Agg")
        figure: Any = cell.plot().figure
    known = figure.canvas.get_supported_filetypes()
    if target.suffix.lower().removeprefix(".") not in known:
        raise UserError(
            f"{target} is no kind of picture",
            expected=f"a name that ends with .html, or one of .{', .'.join(sorted(known))}",
            mend=f"write {target.with_suffix('.png')}",
        )
    figure.savefig(target, dpi=200, bbox_inches="tight")


def convert(name: str, target: str | os.PathLike[str], options: Mapping[str, Any],
            say: Callable[[str], None] = print) -> Path:  # fmt: skip
    """Read a morphology of any format and write it as SWC.

    Raises
    ------
    UserError
        It cannot be read, or the name to write is of another format.
    """
    written = Path(target)
    if written.suffix.lower() != ".swc":
        raise UserError(
            f"{written}: morphologies are written as SWC",
            expected="a name that ends with .swc",
            mend=f"write {written.with_suffix('.swc')}",
        )
    cell = read_or_example(name, options, say)
    cell.to_swc(written)
    say(repr(cell).strip("<>").removeprefix("Morphology "))
    say(f"Written: {written}")
    return written
