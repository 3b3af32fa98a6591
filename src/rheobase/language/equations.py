"""The lines of a model's text become equations."""

from __future__ import annotations

import keyword
import re
import textwrap
import unicodedata
from functools import lru_cache

from rheobase.errors import EquationError, UnitError, did_you_mean
from rheobase.language.definitions import (
    DIFFERENTIAL,
    FLAGS,
    PARAMETER,
    SUBEXPRESSION,
    Equation,
    Source,
)
from rheobase.language.expressions import Span
from rheobase.language.parsing import read_expression
from rheobase.language.scanning import blank_comments, check_parentheses
from rheobase.units import UNITS, Unit, parse_unit

RESERVED = {
    "t": "the time",
    "dt": "the time step",
    "i": "the index of a cell",
    "j": "the index of the cell a connection goes to",
    "N": "the number of cells",
    "pi": "the number 3.14159...",
    "weight": "the weight of the connection a spike arrives by",
    "refractory_left": "what is left of the refractory period",
    "last_spike": "the time of the last spike",
}
_FORMS = (
    "write one of\n  dx/dt = expression : unit (flags)\n  x = expression : unit\n  p : unit (flags)"
)
_BEGINS = re.compile(r"\s*(?:d\s*\w+\s*/\s*d\w+\s*=(?!=)|[^\W\d]\w*\s*=(?!=))")
_BEGINS_PARAMETER = re.compile(r"\s*[^\W\d]\w*\s*:(?!=)")
_ENDS_OPEN = re.compile(r"(?:[-+*/%,(=<>:]|\b(?:and|or|not))\s*$")
_LEFT = re.compile(r"\s*(?:d\s*(\w+)\s*/\s*d(\w+)|([^\W\d]\w*'?))\s*(=)")
# Orders above the first, as papers and other tools write them.
_HIGHER = re.compile(
    r"\s*(?:d\s*(?:\*\*|\^)?\s*([2-9²³])\s*\*?\s*([^\W\d]\w*)\s*/\s*dt\s*(?:\*\*|\^)?\s*[2-9²³]?"
    r"|([^\W\d]\w*)(''+))\s*=(?!=)"
)
_NAME_ONLY = re.compile(r"\s*([^\W\d]\w*)\s*$")
_OTHER_FLAGS = {
    "unless_refractory": "unless refractory",
    "refractory": "unless refractory",
    "not refractory": "unless refractory",
    "const": "constant",
    "fixed": "constant",
    "in": "input",
    "global": "shared",
    "scalar": "shared",
}
# Flags of Brian 2 that stand for something else here, and what.
_FOREIGN_FLAGS = {
    "constant over dt": "remove it: rand() and randn() are drawn once a step already, and a"
    " subexpression follows its variables within the step",
    "event driven": "remove it: in rb.Synapse every equation is integrated from spike to"
    " spike; in rb.Model all are in every step, and receives= says what an arriving spike does",
    "clock driven": "remove it: every equation is integrated in every step here",
    "summed": "declare an input, `{name} : {unit} (input)`, and let a connection sum a variable of"
    ' the source into it: net.connect(pre, post, weight=..., of="x", to="{name}")',
}


def parse_equations(text: str) -> tuple[Equation, ...]:
    """Read the lines of a model.

    Each definition is `dx/dt = expression : unit (flags)`, `x = expression : unit` or
    `p : unit (flags)`. A definition goes on over the line end until its unit has been given;
    comments begin with #.

    Parameters
    ----------
    text : str
        The lines.

    Returns
    -------
    tuple of Equation
        In the order of writing.

    Raises
    ------
    EquationError, UnitError
        With the place, if a line is none of these.
    """
    return _equations(textwrap.dedent(text).strip("\n").rstrip())


@lru_cache(maxsize=1024)  # a channel's text is read several times, and again for every copy of it
def _equations(text: str) -> tuple[Equation, ...]:
    source = Source(text)
    clean = blank_comments(source.text)
    return tuple(_read(source, clean, start, end) for start, end in _split(clean))


def _split(clean: str) -> list[Span]:
    """Return where the definitions begin and end; one ends with the line of its unit."""
    spans: list[Span] = []
    start = -1
    position = 0
    for line in clean.splitlines(keepends=True):
        here, position = position, position + len(line)
        if not line.strip():
            continue
        if start >= 0 and not _goes_on(clean[start:here], line):
            spans.append((start, here))
            start = -1
        if start < 0:
            start = here
    if start >= 0:
        spans.append((start, len(clean)))
    return spans


def _goes_on(so_far: str, line: str) -> bool:
    """Tell whether a line continues the definition before it."""
    open_parentheses = so_far.count("(") > so_far.count(")")
    if ":" in so_far:
        unit = so_far.rpartition(":")[2]
        ends_open = bool(unit.strip()) and _ENDS_OPEN.search(unit) is not None
        is_flags = line.lstrip().startswith("(") and "(" not in unit
        return ends_open or is_flags or (open_parentheses and not _begins(line))
    if _BEGINS.match(line):
        return False
    if _BEGINS_PARAMETER.match(line):
        return open_parentheses or _ENDS_OPEN.search(so_far) is not None
    return True


def _begins(line: str) -> bool:
    return bool(_BEGINS.match(line) or _BEGINS_PARAMETER.match(line))


def _read(source: Source, clean: str, start: int, end: int) -> Equation:
    """Read one definition, `clean[start:end]`."""
    piece = clean[start:end].rstrip()
    begins = start + len(piece) - len(piece.lstrip())
    _refuse_higher(piece, source, start)
    match = _LEFT.match(piece)
    label = _label(piece, match)
    colon = _find_colon(piece, source, start, label)
    if match is None:
        kind, name, name_span = _read_parameter(piece, colon, source, start)
    else:
        kind, name, name_span = _read_left(match, source, start)
    _check_name(name, name_span, source)
    behind = piece[colon + 1 :].strip() if colon >= 0 else ""
    if not behind or behind.strip("() ") in FLAGS:
        raise _missing_unit(piece, source, start, label)
    unit_text, unit_start, flags = _split_flags(piece, colon + 1, source, start, label)
    unit = parse_unit(unit_text, source=source.text, offset=start + unit_start)
    _check_flags(flags, kind, label, source, name, unit)
    expression = None
    if match is not None:
        expression = read_expression(source, start + match.end(), start + colon, label)
    unit_end = start + unit_start + len(unit_text.rstrip())
    unit_begin = start + unit_start + len(unit_text) - len(unit_text.lstrip())
    return Equation(
        kind=kind,
        name=name,
        expression=expression,
        unit=unit,
        flags=frozenset(flag for flag, _ in flags),
        text=re.sub(r"\s+", " ", piece).strip(),
        line=source.line_of(begins),
        source=source,
        name_span=name_span,
        unit_span=(unit_begin, unit_end),
    )


def _label(piece: str, match: re.Match[str] | None) -> str:
    if match is None:
        found = _NAME_ONLY.match(piece.partition(":")[0])
        return found.group(1) if found else "this line"
    return f"d{match.group(1)}/dt" if match.group(1) else match.group(3)


def _find_colon(piece: str, source: Source, start: int, label: str) -> int:
    """Return where the unit begins; a colon inside parentheses means one was not closed."""
    colon = piece.find(":")
    whole = piece.count("(") == piece.count(")")
    if colon >= 0 and whole and piece[:colon].count("(") > piece[:colon].count(")"):
        lambda_ = "lambda" in piece[:colon]
        raise EquationError(
            f"{label}: a lambda is not allowed" if lambda_ else f"{label}: a colon in parentheses",
            place=source.point((start + colon, start + colon + 1)),
            mend='functions are given as text: functions=["f(x) = x/(1 + x)"]'
            if lambda_
            else "the unit stands behind the expression: expression : unit (flags)",
        )
    check_parentheses(piece[:colon] if colon >= 0 else piece, source, start, label)
    return colon


def _read_parameter(piece: str, colon: int, source: Source, start: int) -> tuple[str, str, Span]:
    before = piece[:colon] if colon >= 0 else piece
    found = _NAME_ONLY.match(before)
    if found is None:
        mend = _FORMS
        if "->" in before:
            mend = (
                "kinetic schemes are lines of channels: rb.Channel(...); in a model write an"
                " equation for each state, dC/dt = beta*O - alpha*C : 1"
            )
        elif "," in before:
            mend = "write one line for each name"
        elif re.search(r"[-+*/]=", before):
            mend = "equations are not assignments; " + _FORMS
        left = start + len(before) - len(before.lstrip())
        raise EquationError(
            "cannot read this line",
            place=source.point((left, max(start + len(before.rstrip()), left + 1))),
            mend=mend,
        )
    return PARAMETER, found.group(1), (start + found.start(1), start + found.end(1))


def _refuse_higher(piece: str, source: Source, start: int) -> None:
    """Refuse a second derivative, and show the system of first ones it stands for."""
    match = _HIGHER.match(piece)
    if match is None:
        return
    name = match.group(2) or match.group(3)
    order = unicodedata.digit(match.group(1)) if match.group(1) else len(match.group(4))
    left = match.group().strip().removesuffix("=").rstrip()
    right, _, behind = piece[match.end() :].partition(":")
    unit = " ".join(behind.partition("(")[0].split()) or "1"
    names = [name, f"{name}_dot", *(f"{name}_dot_{n}" for n in range(2, order))]
    read = re.sub(rf"\bd\s*{name}\s*/\s*dt\b|\b{name}'(?!')", names[1], right)
    rights = [*names[1:], " ".join(read.split()) or "expression"]
    lines = [
        f"  d{x}/dt = {rate} : {unit}" + ("" if n == 0 else "/ms" if n == 1 else f"/ms**{n}")
        for n, (x, rate) in enumerate(zip(names, rights, strict=True))
    ]
    begins = start + len(piece) - len(piece.lstrip())
    raise EquationError(
        f"{left} = ...: there are first derivatives only",
        place=source.point((begins, begins + len(left))),
        mend=f"write {'two' if order == 2 else order} equations:\n" + "\n".join(lines),
    )


def _read_left(match: re.Match[str], source: Source, start: int) -> tuple[str, str, Span]:
    over, plain = match.group(2), match.group(3)
    if match.group(1):
        if over != "t":
            span = (start + match.start(2) - 1, start + match.end(2))
            raise EquationError(
                f"d{match.group(1)}/d{over}: derivatives are over the time t",
                place=source.point(span),
                mend=f"write d{match.group(1)}/dt",
            )
        return DIFFERENTIAL, match.group(1), (start + match.start(1), start + match.end(1))
    span = (start + match.start(3), start + match.end(3))
    if plain.endswith("'"):
        raise EquationError(
            f"{plain} = ...: a prime is not a derivative here",
            place=source.point(span),
            mend=f"write d{plain[:-1]}/dt = ...",
        )
    return SUBEXPRESSION, plain, span


def check_parameter_name(name: str) -> None:
    """Refuse a parameter that could not be declared on a line.

    Raises
    ------
    EquationError
    """
    _check_name(name, (0, len(name)), Source(name))


def _check_name(name: str, span: Span, source: Source) -> None:
    why = mend = ""
    if name in RESERVED:
        why = f"{name} is reserved: it is {RESERVED[name]}"
        mend = f"choose another name, such as {name}_0"
    elif name == "xi" or name.startswith("xi_"):
        why = f"{name} is reserved: it is white noise"
        mend = "choose another name, such as noise"
    elif keyword.iskeyword(name):
        why, mend = f"{name} is a word of Python and cannot be a name", f"write {name}_"
    elif name.startswith("_") or "__" in name or name[:1].isdigit():
        why, mend = f"{name} cannot be a name", "names begin with a letter and hold no __"
    elif not name.isascii():
        why, mend = f"{name} cannot be a name", "spell it with plain letters, such as tau"
    if why:
        raise EquationError(why, place=source.point(span), mend=mend)


def _missing_unit(piece: str, source: Source, start: int, label: str) -> UnitError:
    written = piece.split(":")[0].strip()
    colon = piece.find(":")
    at = start + len((piece if colon < 0 else piece[:colon]).rstrip())
    written = re.sub(r"\s+", " ", written)
    before, _, last = written.rpartition(" ")
    unit = "mV"
    if last in UNITS and before and before[-1] not in "+-*/(=":  # only the colon is missing
        written, unit = before, last
    return UnitError(
        f"{label} has no unit",
        place=source.point((at, at + 1)),
        mend=f"write it after a colon: {written} : {unit} (: 1 for a plain number)",
    )


def _split_flags(
    piece: str, unit_start: int, source: Source, start: int, label: str
) -> tuple[str, int, list[tuple[str, Span]]]:
    """Divide `unit (flag, flag)`; parentheses behind an operator belong to the unit."""
    rest = piece[unit_start:]
    if ":" in rest:
        at = start + unit_start + rest.index(":")
        raise EquationError(
            f"{label}: a second colon",
            place=source.point((at, at + 1)),
            mend="write one definition on a line: " + "expression : unit (flags)",
        )
    check_parentheses(rest, source, start + unit_start, f"{label}, behind the colon")
    match = re.search(r"(?<![*/(\s])\s*\(([^()]*)\)\s*$", rest)
    if match is None or not rest[: match.start()].strip():
        return rest, unit_start, []
    flags = []
    at = match.start(1)
    for flag in match.group(1).split(","):
        begins = start + unit_start + at + len(flag) - len(flag.lstrip())
        flags.append((re.sub(r"\s+", " ", flag).strip(), (begins, begins + len(flag.strip()))))
        at += len(flag) + 1
    return rest[: match.start()], unit_start, flags


_FITS = {
    "unless refractory": (DIFFERENTIAL,),
    "constant": (PARAMETER,),
    "shared": (PARAMETER,),
    "input": (PARAMETER,),
}
_KIND_WORDS = {
    DIFFERENTIAL: "a differential equation",
    SUBEXPRESSION: "a subexpression",
    PARAMETER: "a parameter",
}


def _check_flags(
    flags: list[tuple[str, Span]], kind: str, label: str, source: Source, name: str, unit: Unit
) -> None:
    for flag, span in flags:
        foreign = _FOREIGN_FLAGS.get(re.sub(r"[-_ ]+", " ", flag.lower()))
        if foreign:
            raise EquationError(
                f"{label}: ({flag}) is a flag of Brian 2 and not one here",
                place=source.point(span),
                mend=foreign.format(name=name.removesuffix("_post"), unit=unit.text),
            )
        if flag not in FLAGS:
            meant = _OTHER_FLAGS.get(flag.lower()) or did_you_mean(flag, FLAGS)
            offered = "the flags are: " + ", ".join(f"({known})" for known in FLAGS)
            raise EquationError(
                f"{label}: ({flag}) is not a flag",
                place=source.point((span[0], max(span[1], span[0] + 1))),
                mend=f"did you mean ({meant})?" if meant else offered,
            )
        if kind not in _FITS[flag]:
            fits = " or ".join(_KIND_WORDS[fit] for fit in _FITS[flag])
            raise EquationError(
                f"{label}: ({flag}) is a flag of {fits}, and this is {_KIND_WORDS[kind]}",
                place=source.point(span),
                mend="remove the flag",
            )
    names = [flag for flag, _ in flags]
    if "input" in names and len(set(names)) > 1:
        other = next(span for flag, span in flags if flag != "input")
        raise EquationError(
            f"{label}: an (input) is set anew in every step, for every cell",
            place=source.point(other),
            mend="write (input) alone",
        )
