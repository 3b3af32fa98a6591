"""Readable Python for numba: the same program as source text.

One module a program: `update`, the reset, arrivals and recorded subexpressions, each as a loop
a student can read, with the equation above the lines that come from it; and below them the
glue through which the engine calls them by address. The text depends on the program alone, so
that it is found again on disk by every network that uses the model in the same way.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from rheobase.errors import InternalError
from rheobase.lowering.program import Block, Level, Node, Program
from rheobase.lowering.stages import SCRATCH, loops, scratch_of, touched
from rheobase.rendering.primitives import SCRATCH as MEMORY

LINE = 92
PIECE = 256  # cells at a time where there is scratch between loops: all stays in the nearest cache
WIDE_PIECE = 128  # the same of wide maps, which have more of it
INLINED = 30
"""Arguments above which Python passes them all as one tuple, and numba refuses to inline."""
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">",
          "ge": ">=", "eq": "==", "ne": "!=", "and": "&", "or": "|"}  # fmt: skip
_TIGHT = frozenset({"mul", "div"})
_RESERVED = frozenset(
    ["lo", "hi", "n", "i", "k", "step", "count", "number", "ids", "targets", "weights",
     "weight", "stride", "table", "numbers", "key", "fma", "select", "step_number", "float",
     "int", "range", "njit", "cfunc", "library", "random", "update", "on_spike", "observe",
     "arrive", "anchor", "predict", "load_address", "wide_vectors"]
)  # fmt: skip
_VIEWS = {"float64": "float64_view", "int64": "int64_view", "uint8": "uint8_view",
          "uint64": "int64_view"}  # fmt: skip


def _format(value: float) -> str:
    return repr(value) if value >= 0 and value == value else f"({value!r})"


class Names:
    """Python identifiers for everything a program names, without clashes."""

    def __init__(self, program: Program) -> None:
        self._functions = sorted({
            str(node.payload) for _, block in program.blocks() if block.kind != "prepare"
            for node in block.nodes if node.operation == "call"
        })  # fmt: skip
        self.taken = set(_RESERVED) | set(self._functions) | set(keyword.kwlist)
        self.known: dict[str, str] = {}
        for name in (*program.numbers, *(a.name for a in program.arrays if a.role != "key")):
            self.known[name] = self.fresh(name)

    def functions(self) -> list[str]:
        """Library functions the kernels call."""
        return self._functions

    def fresh(self, wish: str, taken: set[str] | None = None) -> str:
        """Return an identifier like `wish` that nothing has yet, and take it."""
        taken = self.taken if taken is None else taken
        name = wish
        while name in self.taken or name in taken:
            name += "_"
        taken.add(name)
        return name

    def __getitem__(self, name: str) -> str:
        return self.known[name]


class BlockText:
    """One block as lines of Python: values used once are written where they are used."""

    def __init__(self, program: Program, block: Block, names: Names,
                 taken: set[str] | None = None) -> None:  # fmt: skip
        self.program, self.block, self.names = program, block, names
        self.uses = block.uses()
        self.roles: dict[str, str] = {a.name: a.role for a in program.arrays}
        self.locals: set[str] = set() if taken is None else taken
        self.texts: dict[int, tuple[str, bool]] = {}  # text, and whether it is atomic
        self.before: list[str] = []
        self.inside: list[str] = []
        self._section = {True: -1, False: -1}
        self._written = {w.node for w in block.writes}

    def lines(self) -> tuple[list[str], list[str]]:
        """Return the lines before the loop and those inside it."""
        for index, node in enumerate(self.block.nodes):
            text, atomic = self._text(node)
            if self._leaf(node) or self._inlined(index, node, text):
                self.texts[index] = (text, atomic)
                continue
            name = self.names.fresh(node.hint.lstrip("?") or f"x{index}", self.locals)
            self._say(node, f"{name} = {text}")
            self.texts[index] = (name, True)
        for write in self.block.writes:
            self._write(write.target, write.node)
        return self.before, self.inside

    # -- nodes ----------------------------------------------------------------------------

    def _leaf(self, node: Node) -> bool:
        return node.operation in ("constant", "number", "scalar") or (
            node.operation in ("element", "draw")
            and not any(self.block.nodes[i] is node for i in self._written)
        )

    def _inlined(self, index: int, node: Node, text: str) -> bool:
        """Whether a value is written where it is used rather than given a name."""
        if node.operation == "neg":
            return index not in self._written
        if self.uses[index] > 1 or index in self._written or len(text) > 56:
            return False
        forced = node.hint and not node.hint.startswith("?")
        if forced or node.level <= Level.STEP:
            return False
        user = next(n for n in self.block.nodes if index in n.operands)
        return user.section == node.section

    def _say(self, node: Node, line: str) -> None:
        outside = node.level <= Level.STEP
        lines = self.before if outside else self.inside
        title = self.block.sections[node.section]
        if node.section != self._section[outside]:
            self._section[outside] = node.section
            if title and not outside:
                lines.extend(f"# {part.strip()}" for part in title.splitlines() if part.strip())
        lines.append(line)

    def _operand(self, index: int) -> str:
        text, atomic = self.texts[index]
        return text if atomic else f"({text})"

    def _bare(self, index: int) -> str:
        return self.texts[index][0]

    def _text(self, node: Node) -> tuple[str, bool]:
        operation, operands = node.operation, node.operands
        if operation == "constant":
            return _format(float(node.payload)), True
        if operation == "number":
            return self.names[str(node.payload)], True
        if operation == "element":
            return f"{self.names[str(node.payload)]}[i]", True
        if operation == "draw":
            return f"{self.names[str(node.payload[0])]}[i]", True
        if operation == "scalar":
            return _SCALARS[str(node.payload)], True
        if operation == "fma":
            return f"fma({', '.join(map(self._bare, operands))})", True
        if operation == "select":
            return f"select({', '.join(map(self._bare, operands))})", True
        if operation == "call":
            return f"{node.payload}({', '.join(map(self._bare, operands))})", True
        if operation == "neg":
            return f"-{self._operand(operands[0])}", False
        if operation == "not":
            return f"not {self._operand(operands[0])}", False
        if operation == "mask":
            spike, bad = map(self._bare, operands)
            return f"select({spike}, 1, 0) | select({bad}, 2, 0)", False
        if operation == "flag":
            return f"select({self._bare(operands[0])}, 2, 0)", True
        if operation in _INFIX:
            left, right = map(self._operand, operands)
            gap = "" if operation in _TIGHT else " "
            return f"{left}{gap}{_INFIX[operation]}{gap}{right}", False
        raise InternalError(f"no source for {operation!r}")

    def _write(self, target: str, index: int) -> None:
        name, value = self.names[target], self._bare(index)
        role = self.roles.get(target, "scratch")
        node = self.block.nodes[index]
        if role == "release" and self.block.kind == "on-event":
            self.inside.append("# held in the steps after this one")
            self.inside.append(f"steps = int({value})")
            self.inside.append("if steps > 0:")
            self.inside.append(f"    {name}[i] = step + 1 + steps")
            return
        if role == "refractory" and node.operation == "constant":
            value = str(int(float(node.payload)))
        if self.block.kind == "deliver" and target in self.program.held:
            value = f"select({self._refractory()}, {name}[i], {value})"
        self.inside.append(f"{name}[i] = {value}")

    def _refractory(self) -> str:
        if "release" in self.roles:
            return f"step < {self.names['release']}[i]"
        if "left" in self.roles:
            return f"{self.names['left']}[i] > 0.0"
        return f"{self.names['refractory']}[i] != 0"

    def arrays(self) -> list[str]:
        """Return the arrays the block touches, in the program's order."""
        found = self.block.reads() | {w.target for w in self.block.writes}
        if self.block.kind == "deliver" and found & self.program.held:
            found |= {"release", "left", "refractory"}
        return [a.name for a in self.program.arrays if a.name in found]

    def numbers(self) -> list[str]:
        """Return the numbers the block reads, in the program's order."""
        reads = self.block.reads()
        return [n for n in self.program.numbers if n in reads]


_SCALARS = {"step": "step", "step_number": "float(step)", "zero": "0", "weight": "weight",
            "i": "float(lo + i)"}  # fmt: skip

_SIGNATURES = {
    "map": ("table, numbers, lo, hi, step", 5),
    "on-event": ("table, numbers, ids, count, step", 5),
    "deliver": ("table, numbers, targets, weights, count, step, scalar_weight", 7),
}


def source_of(program: Program) -> str:
    """Return the module of a program's kernels as text."""
    names = Names(program)
    parts = [_header(program, names)]
    parts.append(_kernel(program, names, "update", program.update))
    if program.on_spike is not None:
        parts.append(_kernel(program, names, "on_spike", program.on_spike))
    if program.anchor is not None:
        parts.append(_kernel(program, names, "anchor", program.anchor))
    if program.predict is not None:
        parts.append(_kernel(program, names, "predict", program.predict))
    for port in program.ports.values():
        if port.block is not None:
            parts.append(_kernel(program, names, f"arrive_{port.name}", port.block))
    for name, block in program.observe.items():
        parts.append(_kernel(program, names, f"observe_{name}", block))
    return "\n\n\n".join(parts) + "\n"


def _header(program: Program, names: Names) -> str:
    lines = [f'"""{program.name}: one step, method {program.method} ({program.reason})."""', ""]
    lines.append("from numba import cfunc, njit")
    used = {_VIEWS[a.dtype] for a in program.arrays} | {"float64_view"}
    if program.on_spike is not None or any(p.event for p in program.ports.values()):
        used |= {"int32_view"}
    if any(p.event for p in program.ports.values()):
        used |= {"float32_view"}
    if any(scratch_of(block) for _, block in program.blocks()):
        used |= {"scratch"}
    imported = ["fma", "load_address", "select", "wide_vectors", *sorted(used)]
    lines += ["", "from rheobase.rendering.intrinsics import ("]
    lines += [f"    {name}," for name in sorted(imported)]
    lines += [")"]
    functions = [f for f in names.functions() if f not in ("fma", "select")]
    laws = sorted({d.law for d in program.draws})
    if functions:
        lines.append("from rheobase.rendering.functions import namespace_numba")
    if laws:
        lines.append("from rheobase.rendering.random import external")
    if functions:
        lines += ["", "library = namespace_numba()"]
        lines += [f'{name} = library["{name}"]' for name in functions]
    if laws:
        lines += ["", *(f'fill_{law} = external("{law}")' for law in laws)]
    return "\n".join(lines)


def _wrapped(head: str, items: Iterable[str], tail: str) -> list[str]:
    """Lay a call or definition out in lines of readable length."""
    items = list(items)
    one = f"{head}{', '.join(items)}{tail}"
    if len(one) <= LINE:
        return [one]
    lines, current = [head], "    "
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    current = indent
    for item in items:
        if len(current) + len(item) + 2 > LINE:
            lines.append(current.rstrip())
            current = indent
        current += f"{item}, "
    return [*lines, current.rstrip(), " " * (len(indent) - 4) + tail.lstrip()]


def _definition(title: str, arguments: list[str]) -> list[str]:
    """Return the first lines of a kernel, which is inlined where numba can do it."""
    inline = ', inline="always"' if len(arguments) <= INLINED else ""
    head = _wrapped(f"def {title}(", arguments, "):")
    return [f'@njit(error_model="numpy", nogil=True{inline})', *head]


def _kernel(program: Program, names: Names, title: str, block: Block) -> str:
    if block.wide and len(loops(block)) > 1:
        return _kernels(program, names, title, block)
    whole = BlockText(program, block, names)
    arrays, numbers = whole.arrays(), whole.numbers()
    leading = {
        "map": ["n", "lo", "step"], "on-event": ["ids", "count", "step"],
        "deliver": ["targets", "weights", "stride", "count", "step"],
    }[block.kind]  # fmt: skip
    own = [names[a] for a in arrays]
    lines = _definition(title, [*leading, "number", *own])
    lines += _number_lines(program, names, numbers)
    if block.kind == "map":
        lines.append("    wide_vectors()")
    taken: set[str] = set()
    for target in scratch_of(block):
        wish = target.replace(SCRATCH, "each_").replace(" ", "_")
        names.known[target] = names.fresh(wish, taken)
        lines.append(f"    {names[target]} = scratch()")
    for part in loops(block):
        before, inside = BlockText(program, part, names, taken).lines()
        lines += [f"    {line}" for line in before]
        lines += _loop_head(part)
        lines += [f"        {line}" for line in inside]
    return "\n".join(lines) + "\n\n\n" + _glue(program, title, block, arrays)


def _number_lines(program: Program, names: Names, numbers: list[str]) -> list[str]:
    lines = []
    for name in numbers:
        index = program.numbers.index(name)
        note = program.number_notes[index]
        said = f"  # {note}" if note and note != name else ""
        lines.append(f"    {names[name]} = number[{index}]{said}"[:120])
    return lines


def _kernels(program: Program, names: Names, title: str, block: Block) -> str:
    """Return a wide map as a function a loop, since none may have too many arguments."""
    order = {a.name: k for k, a in enumerate(program.arrays)}
    parts, taken = [], set[str]()
    scratches, slots = scratch_of(block), _slots(block)
    for target in scratches:
        wish = target.replace(SCRATCH, "each_").replace(" ", "_")
        names.known[target] = names.fresh(wish, taken)
    calls: list[str] = []
    number = f"float64_view(numbers, 0, {max(len(program.numbers), 1)})"
    for k, part in enumerate(loops(block), 1):
        text = BlockText(program, part, names, set(taken))
        arrays = text.arrays()
        before, inside = text.lines()
        used = [t for t in scratches if t in touched(part)]
        own = [names[a] for a in (*arrays, *used)]
        lines = _definition(f"{title}_{k}", ["n", "lo", "step", "number", *own])
        lines += _number_lines(program, names, text.numbers())
        lines.append("    wide_vectors()")
        lines += [f"    {line}" for line in before]
        lines += ["    for i in range(n):", *(f"        {line}" for line in inside)]
        parts.append("\n".join(lines))
        views = [f"{_VIEWS[program.array(a).dtype]}(load_address(table, {order[a]}), begin, size)"
                 for a in arrays]  # fmt: skip
        calls += _call(f"        {title}_{k}(", ["size", "begin", "step", number, *views,
                                                 *(f"slot_{slots[t]}" for t in used)])  # fmt: skip
    lines = ['@cfunc("void(int64, int64, int64, int64, int64)", cache=True, nopython=True, '
             'error_model="numpy")']  # fmt: skip
    lines += [f"def {title}_at(table, numbers, lo, hi, step):", "    wide_vectors()"]
    each = MEMORY // WIDE_PIECE
    for slot in range(max(slots.values(), default=-1) + 1):
        begin = slot % each * WIDE_PIECE
        if not begin:
            lines.append(f"    memory_{slot // each} = scratch()")
        lines.append(f"    slot_{slot} = memory_{slot // each}[{begin}:{begin + WIDE_PIECE}]")
    most = WIDE_PIECE
    lines.append(f"    for begin in range(lo, hi, {most}):")
    lines.append(f"        size = select(hi - begin < {most}, hi - begin, {most})")
    lines += calls
    return "\n\n\n".join([*parts, "\n".join(lines)])


def _slots(block: Block) -> dict[str, int]:
    """Return a place in memory for every scratch array: one that no other needs meanwhile."""
    parts = loops(block)
    last = {name: k for k, part in enumerate(parts) for name in touched(part)}
    found: dict[str, int] = {}
    for k, part in enumerate(parts):
        busy = {found[name] for name in found if last[name] >= k}
        for name in sorted(t for t in touched(part) if t.startswith(SCRATCH) and t not in found):
            found[name] = next(slot for slot in range(len(found) + 1) if slot not in busy)
            busy.add(found[name])
    return found


def _loop_head(block: Block) -> list[str]:
    if block.kind == "map":
        return ["    for i in range(n):"]
    if block.kind == "on-event":
        return ["    for k in range(count):", "        i = ids[k]"]
    return ["    for k in range(count):", "        i = targets[k]",
            "        weight = weights[k*stride]"]  # fmt: skip


def _glue(program: Program, title: str, block: Block, arrays: list[str]) -> str:
    """Return the C function by which the engine calls a kernel."""
    arguments, count = _SIGNATURES[block.kind]
    signature = f"void({', '.join(['int64'] * count)})"
    lines = [f'@cfunc("{signature}", cache=True, nopython=True, error_model="numpy")']
    lines.append(f"def {title}_at({arguments}):")
    if block.kind == "map":
        lines.append("    wide_vectors()")
    order = {a.name: k for k, a in enumerate(program.arrays)}
    whole = block.kind != "map"
    pieces = bool(scratch_of(block))
    first, length = ("begin", "size") if pieces else ("lo", "hi - lo")
    if whole:
        first, length = "0", "1 << 40"
    if title == "update" and program.draws:
        lines.append(f"    key = int64_view(load_address(table, {order['key']}), 0, "
                     f"{len(program.draws) + 1})")  # fmt: skip
        for k, draw in enumerate(program.draws):
            out = f"load_address(table, {order[draw.array]}) + 8*lo"
            lines.append(f"    fill_{draw.law}(key[0], key[{k + 1}], lo, hi, step, 0, {out})")
    views = [
        f"{_VIEWS[program.array(a).dtype]}(load_address(table, {order[a]}), {first}, {length})"
        for a in arrays
    ]
    number = f"float64_view(numbers, 0, {max(len(program.numbers), 1)})"
    if pieces:
        lines.append(f"    for begin in range(lo, hi, {PIECE}):")
        lines.append(f"        size = select(hi - begin < {PIECE}, hi - begin, {PIECE})")
        lines += _call(f"        {title}(", ["size", "begin", "step", number, *views])
    elif block.kind == "map":
        lines += _call(f"    {title}(", ["hi - lo", "lo", "step", number, *views])
    elif block.kind == "on-event":
        ids = "int32_view(ids, 0, count)"
        lines += _call(f"    {title}(", [ids, "count", "step", number, *views])
    else:
        targets = "int32_view(targets, 0, count)"
        for test, view, stride in (
            ("if scalar_weight == 2:", "float32_view(weights, 0, count)", "1"),
            ("elif scalar_weight == 1:", "float64_view(weights, 0, 1)", "0"),
            ("else:", "float64_view(weights, 0, count)", "1"),
        ):
            lines.append(f"    {test}")
            lines += _call(f"        {title}(", [targets, view, stride, "count", "step", number,
                                                 *views])  # fmt: skip
    return "\n".join(lines)


def _call(head: str, arguments: list[str]) -> list[str]:
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    return [head, *(f"{indent}{a}," for a in arguments), indent[:-4] + ")"]
