"""The text of a unit becomes a unit, and back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from rheobase.errors import UnitError, point_at
from rheobase.units.dimensions import DIMENSIONLESS, Dimension, power_text
from rheobase.units.table import EXACT_SIZES, SI_SYMBOLS, UNITS, Unit, suggest_unit

_TOKEN = re.compile(r"\s*(?:([^\W\d]\w*)|(\d+\.?\d*|\.\d+)|(\*\*|[*/()^+-])|(\S))")


_LARGEST_EXPONENT = 20  # more is a mistake, and its size may be beyond any number


class _UnitReader:
    """Reads `product := power (('*' | '/') power)*`, `power := atom ('**' exponent)?`."""

    def __init__(self, text: str, source: str, offset: int, symbols: bool) -> None:
        self.text, self.source, self.offset, self.symbols = text, source, offset, symbols
        self.tokens = [
            (match.group().strip(), match.start() + len(match.group()) - len(match.group().strip()))
            for match in _TOKEN.finditer(text.rstrip())
        ]
        self.at = 0

    def fail(self, what: str, mend: str = "") -> UnitError:
        token, start = self.tokens[self.at] if self.at < len(self.tokens) else ("", len(self.text))
        start += self.offset
        place = point_at(self.source, start, start + len(token))
        return UnitError(what, place=place, mend=mend)

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def read(self) -> tuple[Fraction | float, Dimension]:
        result = self.product()
        if self.peek():
            raise self.fail(
                f"cannot read the unit {self.text.strip()!r}",
                "write products with * and powers with **, as in uA/cm**2",
            )
        return result

    def product(self) -> tuple[Fraction | float, Dimension]:
        scale, dimension = self.power()
        while self.peek() in ("*", "/"):
            divide = self.peek() == "/"
            self.at += 1
            factor, of = self.power()
            scale = scale / factor if divide else scale * factor
            dimension = dimension / of if divide else dimension * of
        return scale, dimension

    def power(self) -> tuple[Fraction | float, Dimension]:
        scale, dimension = self.atom()
        if self.peek() == "^":
            mended = self.text.strip().replace("^", "**")
            raise self.fail("^ is not a power here", f"write {mended}")
        if self.peek() != "**":
            return scale, dimension
        self.at += 1
        exponent = self.exponent()
        whole = exponent.denominator == 1
        raised = scale ** int(exponent) if whole else float(scale) ** float(exponent)
        return raised, dimension ** float(exponent)

    def exponent(self) -> Fraction:
        if self.peek() == "(":
            self.at += 1
            value = self.exponent()
            if self.peek() == "/":
                self.at += 1
                below = self.exponent()
                if below == 0:
                    raise self.fail("the exponent of a unit is divided by 0")
                value /= below
            if self.peek() != ")":
                raise self.fail("a parenthesis of the exponent is not closed")
            self.at += 1
            return value
        sign = -1 if self.peek() == "-" else 1
        if self.peek() in ("-", "+"):
            self.at += 1
        if not re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", self.peek()):
            raise self.fail("the exponent of a unit is a number", "write for example cm**2")
        value = Fraction(self.peek())
        if value > _LARGEST_EXPONENT:
            raise self.fail(f"the exponent of a unit is at most {_LARGEST_EXPONENT}")
        self.at += 1
        return sign * value

    def atom(self) -> tuple[Fraction | float, Dimension]:
        token = self.peek()
        if token == "(":
            self.at += 1
            inner = self.product()
            if self.peek() != ")":
                raise self.fail("a parenthesis in the unit is not closed")
            self.at += 1
            return inner
        if token == "1":
            self.at += 1
            return Fraction(1), DIMENSIONLESS
        if self.symbols:
            token = SI_SYMBOLS.get(token, token)
        if token in UNITS:
            self.at += 1
            return EXACT_SIZES[token], UNITS[token].dimension
        if re.fullmatch(r"[^\W\d]\w*", token):
            raise self.fail(f"{token} is not a unit", _unknown_unit_help(token))
        raise self.fail(
            f"cannot read the unit {self.text.strip()!r}",
            "write a unit such as mV, uA/cm**2, or 1 for a plain number",
        )


def _unknown_unit_help(name: str) -> str:
    if name in ("degC", "celsius"):
        return "temperatures are in kelvin: 6.3 degrees Celsius are 279.45*kelvin"
    suggestion = suggest_unit(name)
    if suggestion == "1":
        return "write 1 for a plain number"
    if suggestion and len(name) == 1:
        return f"write {suggestion} (one letter is free for variables)"
    if suggestion:
        return f"did you mean {suggestion}?"
    return "the units are: " + ", ".join(UNITS)


def parse_unit(text: str, *, source: str | None = None, offset: int = 0) -> Unit:
    """Read a unit such as "mV", "uA/cm**2", "1" or "second**-0.5".

    Parameters
    ----------
    text : str
        The unit.
    source : str, optional
        The text that `text` stands in, and `offset` where it begins there; an error then
        shows its place in the source.

    Raises
    ------
    UnitError
        If it is no unit; the message points at the part that is none and suggests one.
    """
    return read_unit(text, text if source is None else source, offset, symbols=False)


def read_unit(text: str, source: str, offset: int, symbols: bool) -> Unit:
    """Read a unit; `symbols` tells whether one-letter symbols of the SI are meant too."""
    plain = text.replace("\u00b5", "u").replace("\u03bc", "u")  # both signs for micro
    exact, dimension = _UnitReader(plain, source, offset, symbols).read()
    try:
        scale = float(exact)
    except OverflowError:
        scale = 0.0
    if scale == 0.0:
        place = point_at(source, offset, offset + len(text))
        raise UnitError(f"the size of the unit {text.strip()!r} is beyond any number", place=place)
    written = re.sub(r"\s+", "", plain)
    return Unit(written, scale, dimension)


def unit_text(factors: Iterable[tuple[str, float]]) -> str:
    """Write a product of powers of units: [("mV", 1), ("ms", -1)] is "mV/ms"."""
    pairs = [(name, exponent) for name, exponent in factors if exponent]
    above = [power_text(name, exponent) for name, exponent in pairs if exponent > 0]
    below = [power_text(name, -exponent) for name, exponent in pairs if exponent < 0]
    if not above and len(below) == 1 and pairs[0][1] != -1:
        return f"{pairs[0][0]}**{pairs[0][1]:.9g}"
    return "/".join(["*".join(above) or "1", *below])


@lru_cache(maxsize=1024)
def unit_factors(text: str) -> tuple[tuple[str, float], ...]:
    """Split the text of a unit into powers of named units, the reverse of `unit_text`."""
    powers: dict[str, float] = {}

    def visit(node: ast.expr, sign: float) -> None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            exponent = ast.unparse(node.right).strip("()")
            above, _, below = exponent.partition("/")
            visit(node.left, sign * float(above.replace(" ", "")) / float(below or 1))
        elif isinstance(node, ast.BinOp):
            visit(node.left, sign)
            visit(node.right, -sign if isinstance(node.op, ast.Div) else sign)
        elif isinstance(node, ast.Name):
            powers[node.id] = powers.get(node.id, 0.0) + sign

    visit(ast.parse(text, mode="eval").body, 1.0)
    return tuple((name, power) for name, power in powers.items() if power)
