"""Lines to paste: what the library shows as Python, written as a model file has it."""

from __future__ import annotations

import ast
import re

# The call a message shows to the table it is in a file, and the keys of its positional arguments.
_CALLS = {
    "net.connect": ("[[connections]]", ("pre", "post", "rule")),
    "net.inject": ("[[injections]]", ("cells", "current")),
    "net.drive": ("[[drives]]", ("cells", "train")),
    "net.clamp": ("[[clamps]]", ("cells", "values")),
    "net.run": ("[run]", ("duration",)),
    "rb.Network": ("[network]", ("dt",)),
}
_QUANTITY = re.compile(
    r"(?<![\w.])(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\*([A-Za-z][\w]*(?:[*/]+\w+)*)(?![\w(])"
)
_SHORT = re.compile(r"\brb\.(rules|stimuli|random|synapses|models)\.")
_ASSIGNED = re.compile(r"^(.*\bwrite )(\w+)\.(\w+) = (.+)$")
_KEYWORD = re.compile(r'\b(write |, )?(\w+)=(-?[\d.]+(?:e-?\d+)?\*[A-Za-z][\w*/]*|"[^"]*"|[\d.]+)')


def in_toml(message: str) -> str:
    """Return a message whose lines to paste are those of a model file."""
    return "\n".join(_line(line) for line in message.split("\n"))


def _line(line: str) -> str:
    for name, (header, keys) in _CALLS.items():
        at = line.find(f"{name}(")
        if at < 0 or "write " not in line[:at]:
            continue
        end = _closing(line, at + len(name))
        shown = _table(line[at:end], header, keys)
        if shown:
            return line[:at] + shown + line[end:]
    assigned = _ASSIGNED.match(line)
    if assigned:
        value = _value(assigned[4])
        return f"{assigned[1]}{assigned[3]} = {value}"
    line = _KEYWORD.sub(lambda m: _keyword(m, line), line)
    return _SHORT.sub("", line)


def _keyword(match: re.Match[str], line: str) -> str:
    """Write `weight=20*nS`, alone behind "write", as `weight = "20 nS"`; within a call as it is."""
    opened = line.count("(", 0, match.start()) > line.count(")", 0, match.start())
    if opened or (match[1] or "") != "write ":
        return match[0]
    return f"write {match[2]} = {_value(match[3])}"


def _value(text: str) -> str:
    """Write a value of Python as one of TOML."""
    text = text.strip()
    if re.fullmatch(r'"[^"]*"|-?\d+(\.\d+)?|\[[^\]]*\]', text):
        return text
    quantity = _QUANTITY.fullmatch(text)
    if quantity:
        return f'"{quantity[1]} {quantity[2]}"'
    plain = _QUANTITY.sub(r"\1 \2", _SHORT.sub("", text))
    quote = "'" if '"' in plain else '"'
    return f"{quote}{plain}{quote}"


def _closing(line: str, start: int) -> int:
    """Return where the bracket that opens at `start` is closed."""
    depth = 0
    for at in range(start, len(line)):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(line[at], 0)
        if depth == 0:
            return at + 1
    return len(line)


def _table(written: str, header: str, keys: tuple[str, ...]) -> str:
    """Return a call as the keys of a table; "" if it cannot be read."""
    try:
        tree = ast.parse(written, mode="eval").body
    except SyntaxError:
        return ""
    if not isinstance(tree, ast.Call) or len(tree.args) > len(keys):
        return ""
    parts = []
    for key, given in zip(keys, tree.args, strict=False):
        text = ast.get_source_segment(written, given) or ""
        if text != "...":
            is_name = isinstance(given, (ast.Name, ast.Subscript))
            parts.append(f'{key} = "{text}"' if is_name else f"{key} = {_value(text)}")
    for keyword in tree.keywords:
        text = ast.get_source_segment(written, keyword.value) or ""
        is_name = isinstance(keyword.value, (ast.Name, ast.Subscript))
        parts.append(f'{keyword.arg} = "{text}"' if is_name else f"{keyword.arg} = {_value(text)}")
    return f"{header} {', '.join(parts)}" if parts else header
