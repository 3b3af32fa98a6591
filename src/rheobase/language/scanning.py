"""What can be told from the characters of a text, before it is parsed."""

from __future__ import annotations

import re

from rheobase.errors import EquationError
from rheobase.language.definitions import Source

_GREEK_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΔΓΘΛΣΦΨ"
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda_ mu nu xi pi rho sigma tau"
    " upsilon phi chi psi omega Delta Gamma Theta Lambda Sigma Phi Psi"
)
_GREEK = dict(zip(_GREEK_LETTERS, _GREEK_NAMES.split(), strict=True))
_SIGNS = {"²": "**2", "³": "**3", "⁴": "**4", "·": "*", "×": "*", "⋅": "*", "−": "-", "–": "-",
          "÷": "/", "µ": "u", "Ω": "ohm", "≥": ">=", "≤": "<=", "≠": "!=", "∞": "inf",
          "′": "a derivative as dv/dt", "\u00a0": "a plain space"}  # fmt: skip
# The left-hand side of what is before, and the beginning of what is behind, a position.
_OPERAND_LEFT = re.compile(r"(?:[\w.]+|[\w.]*\([^()]*\))\s*$")
_OPERAND_RIGHT = re.compile(r"\s*(?:-?\s*[\w.]+|\([^()]*\))")
_SUSPICIOUS = re.compile(r"[^\x00-\x7f]|[\^&|!=;?@$`]")
_KEYWORDS = frozenset({"and", "or", "not", "if", "else", "in", "is"})


def blank_comments(text: str) -> str:
    """Return the text, of the same length, with comments and line-end backslashes blank."""
    text = re.sub(r"#[^\n]*", lambda match: " " * len(match.group()), text)
    return re.sub(r"\\(?=[ \t]*\n)", " ", text)


def check_parentheses(text: str, source: Source, offset: int, label: str) -> None:
    """Refuse parentheses that do not match, with a caret under the one left over."""
    opened: list[int] = []
    for at, character in enumerate(text):
        if character == "(":
            opened.append(at)
        elif character == ")":
            if not opened:
                raise EquationError(
                    f"{label}: unbalanced parentheses, this one was never opened",
                    place=source.point((offset + at, offset + at + 1)),
                    mend="remove it, or open it with ( before",
                )
            opened.pop()
    if opened:
        raise EquationError(
            f"{label}: unbalanced parentheses, this one is never closed",
            place=source.point((offset + opened[-1], offset + opened[-1] + 1)),
            mend="close it with )",
        )


def check_characters(text: str, source: Source, offset: int, label: str) -> None:
    """Refuse characters that mean something else here than where they come from."""
    if _SUSPICIOUS.search(text) is None:
        return
    in_call: list[bool] = []  # of each open parenthesis: does it hold arguments?
    for at, character in enumerate(text):
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if character == "(":
            in_call.append(before.isalnum() or before == "_")
        elif character == ")":
            in_call.pop()
        what = mend = ""
        if not character.isascii():
            what, mend = _not_plain(text, at)
        elif character == "^":
            what, mend = "^ is not a power here", _mend_operator(text, at, "**")
        elif character in "&|":
            word = "and" if character == "&" else "or"
            what, mend = f"{character} is not part of the language", f"write `{word}`"
        elif character == "!" and after != "=":
            what, mend = "! is not part of the language", "write `not`"
        elif (
            character == "=" and after != "=" and before not in tuple("=<>!:") and not any(in_call)
        ):
            what = "a single = does not compare"
            mend = f"write {text[:at].strip()} == {text[at + 1 :].strip()}, or >, <, >=, <="
        elif character in ";?@$`":
            what, mend = f"{character} is not part of the language", "write plain arithmetic"
        if what:
            raise EquationError(
                f"{label}: {what}", place=source.point((offset + at, offset + at + 1)), mend=mend
            )


def _not_plain(text: str, at: int) -> tuple[str, str]:
    character = text[at]
    what = f"the character {character} is not part of the language"
    if character in _GREEK and character not in "µ":
        return what, f"spell Greek letters: write {_GREEK[character]}"
    if character in _SIGNS:
        return what, f"write {_SIGNS[character]}"
    return what, "write plain letters, digits and signs"


def _mend_operator(text: str, at: int, operator: str) -> str:
    """Return "write v**2" for the ^ at a place of "a + v^2"."""
    left = _OPERAND_LEFT.search(text[:at])
    right = _OPERAND_RIGHT.match(text[at + 1 :])
    if left is None or right is None:
        return f"write {operator.strip()}"
    return f"write {left.group().strip()}{operator}{right.group().strip()}"


def mend_adjacent(text: str) -> str:
    """Return "write 2*mV" if two operands of the text stand beside each other, else ""."""
    for match in re.finditer(r"(?<![\w.])([\w.]+|\))\s+([\w.]+|\()", text):
        left, right = match.group(1), match.group(2)
        if left not in _KEYWORDS and right not in _KEYWORDS:
            return f"a sign is missing: write {left}*{right}"
    number = re.search(r"(?<![\w.])(\d[\d.]*)([A-Za-z_]\w*)", text)
    beside = number or re.search(r"(\))([\w.(]+)", text)
    return f"a sign is missing: write {beside.group(1)}*{beside.group(2)}" if beside else ""
