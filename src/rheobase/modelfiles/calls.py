"""Calls written as text: `fixed_probability(0.02)`, `step(500 pA, start=10 ms) + noise(...)`.

A small language of its own, read by a parser that knows nothing but numbers, units, texts,
lists, sums and products, and the functions it is given. Nothing is evaluated as Python.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rheobase.errors import EquationError, UnknownNameError, UserError, did_you_mean
from rheobase.units import UNITS, suggest_unit
from rheobase.units.quantities import pint_unit

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
        |(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
        |(?P<text>"[^"]*"|'[^']*')
        |(?P<sign>\*\*|[-+*/()\[\],=])
        |(?P<end>$))""",
    re.VERBOSE,
)
_WORDS: Mapping[str, Any] = {
    "true": True, "True": True, "false": False, "False": False,
    "none": None, "None": None, "inf": float("inf"), "nan": float("nan"),
}  # fmt: skip
_HOMES = re.compile(r"^(?:rb|rheobase)\.\w+\.")
_HEAD = re.compile(r"\s*[-+]?\s*(?:[\d.]+(?:[eE][-+]?\d+)?\s*\*\s*)?([^\W\d][\w.]*)\s*\(")


class CallError(Exception):
    """A text that cannot be read, or a call that was refused, with the place in the text.

    Attributes
    ----------
    error : UserError
    start, end : int
    """

    def __init__(self, error: UserError, start: int, end: int) -> None:
        super().__init__(str(error))
        self.error, self.start, self.end = error, start, end


def head_of(text: str) -> str:
    """Return the name of the call a text begins with, without its module; "" if with none."""
    match = _HEAD.match(text)
    return _HOMES.sub("", match[1]) if match else ""


def read_call(text: str, functions: Mapping[str, Callable[..., Any]], what: str) -> Any:
    """Return what a text says.

    Parameters
    ----------
    text : str
        Such as "normal(20 pA, 2 pA, low=0 pA)" or "[1, 2, 3] ms"; the name of a function alone
        is a call of it without arguments.
    functions : mapping
        What may be called.
    what : str
        What is read, for errors: "a rule".

    Raises
    ------
    CallError
        The text cannot be read, names what is not there, or a call is refused.
    """
    return _Reader(text, functions, what).read()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Reader:
    def __init__(self, text: str, functions: Mapping[str, Callable[..., Any]], what: str) -> None:
        self._text, self._functions, self._what = text, functions, what
        self._tokens = self._scan()
        self._at = 0

    def _scan(self) -> list[_Token]:
        tokens, at = [], 0
        while True:
            match = _TOKEN.match(self._text, at)
            if match is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                raise self._refuse(f"cannot read {self._text[at]!r} here", at, at + 1)
            kind = match.lastgroup or "end"
            tokens.append(_Token(kind, match[kind], match.start(kind), match.end(kind)))
            if kind == "end":
                return tokens
            at = match.end()

    # -- tokens ---------------------------------------------------------------------------

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *signs: str) -> str:
        token = self._next
        if token.kind == "sign" and token.text in signs:
            self._at += 1
            return token.text
        return ""

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            token = self._next
            shown = f"before {token.text!r}" if token.text else "at the end"
            raise self._refuse(f'"{sign}" is missing {shown}', token.start, token.end)

    def _refuse(self, what: str, start: int, end: int, mend: str = "",
                kind: type[UserError] = EquationError) -> CallError:  # fmt: skip
        return CallError(kind(f"{self._what}: {what}", mend=mend), start, max(end, start + 1))

    # -- grammar --------------------------------------------------------------------------

    def read(self) -> Any:
        if self._next.kind == "end":
            raise self._refuse("the text is empty", 0, 1, self._example())
        try:
            value = self._sum()
        except RecursionError:
            raise self._refuse("the brackets are too many", 0, len(self._text)) from None
        if self._next.kind != "end":
            token = self._next
            raise self._refuse(f"{token.text!r} is one too many here", token.start, token.end)
        return value

    def _sum(self) -> Any:
        start = self._next.start
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = self._apply(sign, value, other, start)
        return value

    def _product(self) -> Any:
        start = self._next.start
        value = self._signed()
        while True:
            if sign := self._take("*", "/"):
                other: Any = self._signed()
            elif self._next.kind == "name" and not callable(value) and self._may_have_unit():
                sign, other = "*", self._power()  # 20 ms
            else:
                return value
            value = self._apply(sign, value, other, start)

    def _may_have_unit(self) -> bool:
        before = self._tokens[self._at - 1]
        return before.kind == "number" or before.text == "]"

    def _signed(self) -> Any:
        start = self._next.start
        if self._take("-"):
            return self._apply("*", -1, self._signed(), start)
        if self._take("+"):
            return self._signed()
        return self._power()

    def _power(self) -> Any:
        start = self._next.start
        value = self._atom()
        if self._take("**"):
            return self._apply("**", value, self._signed(), start)
        return value

    def _atom(self) -> Any:
        token = self._next
        self._at += 1
        if token.kind == "number":
            plain = token.text.isdecimal()
            return int(token.text) if plain else float(token.text)
        if token.kind == "text":
            return token.text[1:-1]
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            value = self._sum()
            if self._next.text == ",":  # a pair, as of two paths
                self._take(",")
                return (value, *self._list(")"))
            self._need(")")
            return value
        if token.text == "[":
            return self._list()
        shown = f"{token.text!r} cannot stand here" if token.text else "the text ends too early"
        raise self._refuse(shown, token.start, token.end)

    def _list(self, end: str = "]") -> list[Any]:
        values: list[Any] = []
        while not self._take(end):
            values.append(self._sum())
            if not self._take(","):
                self._need(end)
                break
        return values

    def _named(self, token: _Token) -> Any:
        name = _HOMES.sub("", token.text)
        called = bool(self._take("("))
        if name in self._functions:
            return self._call(token, name) if called else self._made(token, name, [], {}, {})
        if called or "." in token.text:
            raise self._unknown(token, name)
        if token.text in _WORDS:
            return _WORDS[token.text]
        if token.text in UNITS:
            return 1 * pint_unit(token.text)
        raise self._unknown(token, name)

    def _unknown(self, token: _Token, name: str) -> CallError:
        meant = did_you_mean(name, self._functions) or suggest_unit(name)
        listed = ", ".join(sorted(self._functions))
        mend = f"there are {listed}" if listed else "known here: numbers, units and lists"
        what = f"there is no {name!r}" + (f"; did you mean {meant}?" if meant else "")
        return self._refuse(what, token.start, token.end, mend, UnknownNameError)

    def _call(self, token: _Token, name: str) -> Any:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        places: dict[str, tuple[int, int]] = {}
        names: dict[str, tuple[int, int]] = {}
        while not self._take(")"):
            first = self._next
            following = self._tokens[self._at + 1] if first.kind == "name" else first
            if first.kind == "name" and following.text == "=":
                self._at += 2
                if first.text in named:
                    raise self._refuse(f"{first.text} is given twice", first.start, first.end)
                begin = self._next.start
                named[first.text] = self._sum()
                places[first.text] = (begin, self._tokens[self._at - 1].end)
                names[first.text] = (first.start, first.end)
            else:
                positional.append(self._sum())
            if not self._take(","):
                self._need(")")
                break
        unknown = [k for k in named if not _has(self._functions[name], k)]
        places.update({argument: names[argument] for argument in unknown})
        return self._made(token, name, positional, named, places)

    def _made(self, token: _Token, name: str, positional: list[Any], named: dict[str, Any],
              places: Mapping[str, tuple[int, int]]) -> Any:  # fmt: skip
        end = self._tokens[self._at - 1].end
        try:
            return call(self._functions[name], name, positional, named)
        except UserError as error:
            blamed = [k for k in places if re.search(rf"\b{re.escape(k)}\b", str(error))]
            start, end = places[blamed[0]] if blamed else (token.start, end)
            raise CallError(error, start, end) from error

    def _apply(self, sign: str, left: Any, right: Any, start: int) -> Any:
        end = self._tokens[self._at - 1].end
        try:
            left, right = _as_array(left, right), _as_array(right, left)
            if sign == "+":
                return left + right
            if sign == "-":
                return left - right
            if sign == "*":
                return left * right
            if sign == "**" and isinstance(left, int):
                left = float(left)  # a power of whole numbers may take for ever
            return left / right if sign == "/" else left**right
        except UserError as error:
            raise CallError(error, start, end) from error
        except Exception as error:  # pint and NumPy have their own
            raise self._refuse(f"cannot be worked out: {error}", start, end) from error

    def _example(self) -> str:
        return f"such as {next(iter(self._functions))}(...)" if self._functions else ""


def _as_array(value: Any, other: Any) -> Any:
    """Return a list that meets a unit as an array: [1, 2]*ms."""
    if isinstance(value, list) and not isinstance(other, list):
        import numpy as np

        return np.asarray(value, dtype=np.float64)
    return value


def call(function: Callable[..., Any], name: str, positional: list[Any],
         named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Call a function of the library; arguments it does not have are told by name.

    Raises
    ------
    EquationError, UnknownNameError
        An argument is unknown, missing or one too many.
    UserError
        What the function raises.
    """
    signature = inspect.signature(function)
    known = _arguments(function)
    for argument in named:
        if not _has(function, argument):
            meant = did_you_mean(argument, known)
            raise UnknownNameError(
                f"{name} has no argument {argument!r}"
                + (f"; did you mean {meant}?" if meant else ""),
                mend=f"its arguments are {', '.join(known)}" if known else "it has no arguments",
            )
    try:
        signature.bind(*positional, **named)
    except TypeError as error:
        raise EquationError(
            f"{name}: {error}",
            mend=f"its arguments are {', '.join(known)}" if known else "it has no arguments",
        ) from None
    return function(*positional, **named)


def _arguments(function: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments of a function."""
    return [p.name for p in inspect.signature(function).parameters.values()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]  # fmt: skip


def _has(function: Callable[..., Any], argument: str) -> bool:
    """Return whether a function takes an argument of that name.

    What it calls ``**unknown`` is there to be refused, and its place in the text is known here.
    """
    parameters = inspect.signature(function).parameters.values()
    any_name = any(p.kind is p.VAR_KEYWORD and p.name != "unknown" for p in parameters)
    return argument in _arguments(function) or any_name
