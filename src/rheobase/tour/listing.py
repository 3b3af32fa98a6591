"""Show the code of a function with all that it needs, so that what is shown can be run."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, TypeAlias

Definition: TypeAlias = ast.stmt

_WIDTH = 92

_HIDDEN = ("__future__", "typing", "collections.abc", "rheobase.tour.page")


class Listing:
    """The code shown so far, so that nothing is shown twice."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str]] = set()

    def show(self, function: Callable[..., Any]) -> str:
        """Return the code of a function, after the imports, constants and functions it reads.

        Only what has not been shown before is returned.
        """
        module = inspect.getmodule(function)
        assert module is not None
        offered = _definitions(module)
        needed = _needed(function.__name__, offered)
        imports: list[str] = []
        definitions: list[str] = []
        for name, (statement, text) in offered.items():
            key = (module.__name__, name)
            if name not in needed or key in self._shown:
                continue
            self._shown.add(key)
            is_import = isinstance(statement, (ast.Import, ast.ImportFrom))
            (imports if is_import else definitions).append(text)
        return _join(imports, definitions)


def _join(imports: list[str], definitions: list[str]) -> str:
    """Put the parts under each other: imports together, functions two lines apart."""
    merged = _merge(imports)
    parts = ["\n".join(merged)] if merged else []
    constants: list[str] = []
    for text in definitions:
        if text.startswith(("def ", "@", "class ")):
            if constants:
                parts.append("\n".join(constants))
                constants = []
            parts.append(text)
        else:
            constants.append(text)
    if constants:
        parts.append("\n".join(constants))
    return "\n\n\n".join(parts) + "\n" if parts else ""


def _merge(imports: list[str]) -> list[str]:
    """Write `from a import b` and `from a import c` as one line."""
    lines: dict[str, list[str]] = {}
    for text in imports:
        head, separator, name = text.partition(" import ")
        lines.setdefault(head if separator else text, []).append(name)
    return [
        f"{head} import {', '.join(names)}" if names != [""] else head
        for head, names in lines.items()
    ]


@cache
def _definitions(module: ModuleType) -> dict[str, tuple[Definition, str]]:
    """Return what a module defines at its top: name -> (statement, text), in order."""
    text = inspect.getsource(module)
    lines = text.splitlines()
    found: dict[str, tuple[Definition, str]] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ImportFrom) and statement.module in _HIDDEN:
            continue
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                one = _import_line(statement, alias)
                found[alias.asname or alias.name.partition(".")[0]] = (statement, one)
            continue
        assert statement.end_lineno is not None
        first = min(
            [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))]
        )
        source = "\n".join(lines[first - 1 : statement.end_lineno]).replace("  # fmt: skip", "")
        if isinstance(statement, ast.FunctionDef):
            source = _without_annotations(source)
        for name in _names_defined(statement):
            found[name] = (statement, source)
    return found


def _without_annotations(source: str) -> str:
    """Return a function without the types of its arguments, which do nothing when it runs."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    code = source.encode()  # columns of ast count bytes
    signature = function.args
    arguments = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
    arguments += [one for one in (signature.vararg, signature.kwarg) if one is not None]
    cuts: list[tuple[int, int, bytes]] = []
    for argument in arguments:
        if argument.annotation is not None:
            begin = starts[argument.lineno - 1] + argument.col_offset + len(argument.arg.encode())
            end = _end(starts, argument.annotation)
            has_default = code[end:].startswith(b" = ")
            cuts.append((begin, end + 3 if has_default else end, b"=" if has_default else b""))
    if function.returns is not None:
        returns = function.returns
        begin = starts[returns.lineno - 1] + returns.col_offset
        cuts.append((code.rindex(b")", 0, begin) + 1, _end(starts, returns), b""))
    for begin, end, put in sorted(cuts, reverse=True):
        code = code[:begin] + put + code[end:]
    return _signature_on_one_line(code.decode())


def _signature_on_one_line(source: str) -> str:
    """Put a signature that now fits on one line there."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = source.splitlines(keepends=True)
    begin, end = function.lineno - 1, function.body[0].lineno - 1
    words = " ".join(line.strip() for line in lines[begin:end])
    joined = words.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    if end - begin == 1 or len(joined) > _WIDTH:
        return source
    return "".join([*lines[:begin], joined + "\n", *lines[end:]])


def _end(starts: list[int], node: ast.expr) -> int:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return starts[node.end_lineno - 1] + node.end_col_offset


def _import_line(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    name = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
    if isinstance(statement, ast.ImportFrom):
        return f"from {statement.module} import {name}"
    return f"import {name}"


def _names_defined(statement: Definition) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def _needed(name: str, offered: dict[str, tuple[Definition, str]]) -> set[str]:
    """Return a name and everything that its definition reads, directly or not, types apart."""
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in needed or current not in offered:
            continue
        needed.add(current)
        statement = offered[current][0]
        if isinstance(statement, ast.FunctionDef):
            statement = ast.parse(offered[current][1]).body[0]
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            waiting += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return needed
