"""Lines to paste: what the library shows as Python, written as a model file has it."""

from __future__ import annotations

import ast
import re

# The call a message shows to the table it is in a file, and the keys of its positional arguments.
_CALLS = {
    "net.add": ("[populations.NAME]", ("model", "size")),
    "net.connect": ("[[connections]]", ("pre", "post", "rule")),
    "net.inject": ("[[injections]]", ("cells", "current")),
    "net.drive": ("[[drives]]", ("cells", "train")),
    "net.clamp": ("[[clamps]]", ("cells", "values")),
    "net.record": ("[[recordings]]", ("cells", "variables")),
    "net.detect": ("[[detectors]]", ("cells", "condition")),
    "net.voltage_clamp": ("[[voltage_clamps]]", ("cells", "command")),
    "net.current_clamp": ("[[current_clamps]]", ("cells", "current")),
    "net.extracellular": ("[[extracellular]]", ("cells", "potential", "waveform")),
    "net.run": ("[run]", ("duration",)),
    "net.estimate": ("[run]", ("duration",)),
    "rb.Network": ("[network]", ("dt",)),
}
_UNIT = r"[A-Za-z]\w*(?:(?:\*\*?|/)\w+)*"
_QUANTITY = re.compile(rf"(?<![\w.*/])(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\*({_UNIT})(?![\w(])")
_SHORT = re.compile(r"\brb\.(rules|stimuli|random|synapses|models|morphology|Morphology)\.")
# What is said of membranes, morphologies and cells.
_BIOPHYSICS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\brb\.channels\.(\w+(?:\([^()]*\))?)"), r'"\1"'),
    (re.compile(r"\brb\.Membrane\(\[\.\.\.\], (\w+)=([^()]*)\)"), r"\1 = \2"),
    (re.compile(r"\brb\.Membrane\((\[[^\]]*\])\)"), r"channels = \1"),
    (re.compile(r"\brb\.Morphology\.from_\w+\(\w+, (\w+=[^()]*)\)"), r"\1"),
    (re.compile(r"\brb\.morphology\.examples\.\w+\(folder\)"), 'folder = "downloads"'),
    (re.compile(r"\bnet\.clamp\(\.\.\.\)"), "[[clamps]]"),
    (re.compile(r"\bnet\.inject\(\.\.\.\)"), "[[injections]]"),
)
_SPIKES = re.compile(r'\bspikes=\((?:dict\(([^()]*)\)|("\w+")), ("[^"]*")\)')
_PLACE = re.compile(r"\bwrite (\w+(?:\[[^\]]*\])?\.at\([^()]*\))$")
_ASSIGNED = re.compile(r"\bwrite (\w+)\.(\w+) = (.+?)(?P<first> before the first run)?(?=,|$)")
_KEYWORD = re.compile(
    rf"\b(\w+)=(rb\.\w+\.\w+\([^()]*\)|-?[\d.]+(?:e-?\d+)?\*{_UNIT}|\"[^\"]*\"|'[^']*'|[\d.]*\d)"
)
_DICT = re.compile(r"\b(\w+)=dict\((\w+)=([^()]*)\)")
# Within a text of equations a quantity is written as in Python: 50*mV.
_OF_EQUATIONS = re.compile(r"\b(?:a sign is missing|give it a unit): write ")
_QUOTED = re.compile(r"(`[^`]*`|\"[^\"]*\"|'[^']*')")


def in_toml(message: str, key: str = "") -> str:
    """Return a message whose lines to paste are those of a model file.

    Parameters
    ----------
    message : str
        As the library writes it.
    key : str
        The key it is about, which is all that is pasted of a call.
    """
    return "\n".join(_line(line, key) for line in message.split("\n"))


def _line(line: str, key: str) -> str:
    if _OF_EQUATIONS.search(line):
        return line
    for name, (header, keys) in _CALLS.items():
        at = line.find(f"{name}(")
        if at < 0 or not re.search(r"\b(write|it|with) $", line[:at]):
            continue
        end = _closing(line, at + len(name))
        shown = _table(line[at:end], header, keys, key)
        if shown:
            return line[:at] + shown + line[end:]
    for pattern, plain in _BIOPHYSICS:
        line = pattern.sub(plain, line)
    line = _SPIKES.sub(_spikes, line)
    line = _PLACE.sub(lambda m: f"write {key or 'cells'} = '{m[1]}'", line)
    line = _ASSIGNED.sub(_assigned, line)
    line = _DICT.sub(lambda m: f"{m[1]} = {{{m[2]} = {_value(m[3])}}}", line)
    line = _KEYWORD.sub(lambda m: _keyword(m, line), line)
    parts = _QUOTED.split(_SHORT.sub("", line))
    parts[::2] = [_outside_calls(part) for part in parts[::2]]
    return "".join(parts)


def _spikes(match: re.Match[str]) -> str:
    """Write spikes=(dict(region="axon", fraction=0.5), "v > 0*mV") as a list."""
    place = match[2] or "{" + match[1].replace("=", " = ") + "}"
    return f"spikes = [{place}, {match[3]}]"


def _assigned(match: re.Match[str]) -> str:
    """Write `cells.tau_m = 20*ms` as `tau_m = "20 ms"`; as a parameter where only one is meant."""
    pair = f"{match[2]} = {_value(match[3])}"
    if match["first"]:
        return f"write parameters = {{{pair}}} under [populations.{match[1]}]"
    return f"write {pair}"


def _keyword(match: re.Match[str], line: str) -> str:
    """Write `weight=20*nS` as `weight = "20 nS"`; within a call as it is."""
    if line.count("(", 0, match.start()) > line.count(")", 0, match.start()):
        return match[0]
    return f"{match[1]} = {_value(match[2])}"


def _outside_calls(part: str) -> str:
    """Write 0.1*ms as 0.1 ms where it is not within a call or an expression."""
    return part if "(" in part else _QUANTITY.sub(r"\1 \2", part)


def _value(text: str) -> str:
    """Write a value of Python as one of TOML."""
    text = text.strip()
    if re.fullmatch(r"'[^'\"]*'", text):
        return f'"{text[1:-1]}"'
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


def _table(written: str, header: str, keys: tuple[str, ...], key: str) -> str:
    """Return a call as keys of a table, or as the one it is about; "" if it cannot be read."""
    try:
        tree = ast.parse(written, mode="eval").body
    except SyntaxError:
        return ""
    if not isinstance(tree, ast.Call) or len(tree.args) > len(keys):
        return ""
    given = [*zip(keys, tree.args, strict=False), *((k.arg, k.value) for k in tree.keywords)]
    pairs: dict[str, str] = {}
    for name, node in given:
        text = ast.get_source_segment(written, node) or ""
        if name is not None and text != "...":
            is_name = isinstance(node, (ast.Name, ast.Subscript))
            pairs[name] = f'"{text}"' if is_name else _value(text)
    if key in pairs:
        return f"{key} = {pairs[key]}"
    return " ".join([header, ", ".join(f"{name} = {value}" for name, value in pairs.items())])
