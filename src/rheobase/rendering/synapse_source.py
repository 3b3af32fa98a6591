"""Readable Python for numba: the events of a synapse as source text.

`on_pre` goes over the synapses of a slice (of one source and delay, onto the cells of one thread),
`on_post` over those of a cell that spiked. What lies scattered in memory is first gathered into
short arrays on the stack (`..._here`), so that the loop of arithmetic between gathering and
scattering vectorises; that is why both work on short blocks.
"""

from __future__ import annotations

from rheobase.errors import InternalError
from rheobase.lowering.program import Block, Node
from rheobase.lowering.synapse_program import DELIVERED, Coupled, SynapseProgram
from rheobase.rendering.numba_source import BlockText, Names, _call, _definition

BLOCK = 256
"""Synapses of a slice that are staged together."""
POST_BLOCK = 32
"""Synapses of a cell likewise: as many cache lines as can be on their way while the block before
is computed."""
FIXED = ("targets", "positions", "slices", "cells_table", "cells_numbers", "arrive")
"""What stands in the table of addresses before the arrays of the program."""
_SIGNATURE = "table, numbers, where, begin, count, step, reward"
_EMPTY = Block("map", (), ())


class SynapseText(BlockText):
    """A block of a synapse as lines of Python.

    Parameters
    ----------
    event : str
        "row": synapses of a slice; "target": synapses of a cell.
    """

    def __init__(self, program: SynapseProgram, block: Block, names: Names, event: str) -> None:
        super().__init__(program, block, names)  # type: ignore[arg-type]
        self.synapses, self.event = program, event

    def place(self, name: str) -> str:
        """Return how an array is read or written in the loop."""
        array = self.synapses.array(name)
        if self.event == "row":
            index = {"row": "[where]", "synapse": "[k]"}.get(array.domain)
        else:
            index = {"target": "[where]", "cell": "[where]"}.get(array.domain)
        own = self.names[name]
        return f"{own}{index}" if index else f"{own}_here[k]"

    def staged(self) -> list[str]:
        """Return the arrays that are gathered before the loop or scattered after it."""
        found = self.block.reads() | {w.target for w in self.block.writes}
        return [n for n in self.synapses.array_names
                if n in found and self.place(n).endswith("_here[k]")]  # fmt: skip

    def _text(self, node: Node) -> tuple[str, bool]:
        if node.operation == "scalar" and node.payload == "reward":
            return "reward", True
        if node.operation == "element":
            return self.place(str(node.payload)), True
        if node.operation == "advance":
            operands = ", ".join(map(self._bare, node.operands))
            return f"advance_{node.payload[0]}({operands}, number)", True
        if node.operation == "component":
            return f"{self._operand(node.operands[0])}[{node.payload[0]}]", True
        return super()._text(node)

    def _write(self, target: str, index: int) -> None:
        self.inside.append(f"{self.place(target)} = {self._bare(index)}")


def source_of_synapse(program: SynapseProgram) -> str:
    """Return the module of a synapse's kernels as text."""
    names = Names(program)  # type: ignore[arg-type]
    names.taken |= {"where", "positions", "slices", "first", "size", "begin", "reward"}
    names.known["weight"] = "weight"
    parts = [_header(program, names)]
    parts += [_advance(program, group) for group in program.coupled]
    for event, title, block, after in (
        ("row", "on_pre", program.on_pre, program.after_pre),
        ("target", "on_post", program.on_post, program.after_post),
        ("row", "on_reward", program.on_reward, _EMPTY),
    ):
        if block.writes:
            parts.append(_kernel(program, names, title, block, event))
        if after.writes:
            parts.append(_once(program, names, f"after_{title[3:]}", after, event))
        if block.writes or after.writes or title == "on_pre":
            parts.append(_glue(program, names, title, block, after, event))
    return "\n\n\n".join(parts) + "\n"


def _header(program: SynapseProgram, names: Names) -> str:
    imported = ["bits_to_float", "call_kernel7", "float64_view", "fma", "load_address",
                "prefetch", "scratch", "select", "uint32_view", "wide_vectors"]  # fmt: skip
    lines = [f'"""{program.name}: arrivals, and spikes of the cells they arrive at."""', ""]
    lines += ["from numba import cfunc, njit", "", "from rheobase.rendering.intrinsics import ("]
    lines += [f"    {name}," for name in imported]
    lines += [")"]
    functions = [f for f in names.functions() if f not in ("fma", "select")]
    if functions:
        lines += ["from rheobase.rendering.functions import namespace_numba", ""]
        lines += ["library = namespace_numba()"]
        lines += [f'{name} = library["{name}"]' for name in functions]
    return "\n".join(lines)


def first_power(program: SynapseProgram, group: Coupled) -> int:
    """Return where the powers of a coupled group begin among the numbers."""
    from rheobase.lowering.synapse_program import POWERS

    place = len(program.numbers)
    for other in program.coupled:
        if other.name == group.name:
            return place
        place += POWERS * other.width
    raise InternalError(f"no group {group.name!r}")


def _advance(program: SynapseProgram, group: Coupled) -> str:
    """Return the function that integrates coupled variables over a number of steps."""
    n, variables = len(group.variables), group.variables
    lines = ['@njit(error_model="numpy", inline="always")']
    lines.append(f"def advance_{group.name}(lag, {', '.join(variables)}, number):")
    lines.append("    steps = int(lag)")
    lines.append(f"    k = {first_power(program, group)}  # exp(A*dt), then its squares")
    lines.append("    while steps > 0:")
    lines.append("        if steps & 1:")
    for i, name in enumerate(variables):
        at = i * (n + 1)
        terms = [f"number[k + {at + j}]*{v}" for j, v in enumerate(variables)]
        lines.append(f"            {name}_next = {' + '.join([*terms, f'number[k + {at + n}]'])}")
    lines += [f"            {name} = {name}_next" for name in variables]
    lines += [f"        k += {group.width}", "        steps >>= 1"]
    lines.append(f"    return {', '.join(variables)}")
    return "\n".join(lines)


def _numbers(program: SynapseProgram, names: Names, text: BlockText) -> list[str]:
    lines = []
    for name in text.numbers():
        index = program.numbers.index(name)
        note = program.number_notes[index]
        said = f"  # {note}" if note and note != name else ""
        lines.append(f"    {names[name]} = number[{index}]{said}"[:120])
    return lines


def _arguments(program: SynapseProgram, names: Names, text: SynapseText) -> list[str]:
    """Return the arrays a kernel is called with: those it touches, then those on the stack."""
    own = [names[a] for a in text.arrays() if program.array(a).domain != "event"
           or text.event != "row"]  # fmt: skip
    return [*own, *(f"{names[a]}_here" for a in text.staged())]


def _kernel(program: SynapseProgram, names: Names, title: str, block: Block, event: str) -> str:
    text = SynapseText(program, block, names, event)
    before, inside = text.lines()
    index = ["targets"] if event == "row" else ["positions", "slices"]
    leading = ["n", "where", "step", "number", *index]
    if title == "on_reward":
        leading.append("reward")
    lines = _definition(title, [*leading, *_arguments(program, names, text)])
    lines += _numbers(program, names, text)
    lines += [f"    {line}" for line in before]
    reads, writes = block.reads(), {w.target for w in block.writes}
    lines += _gather(program, names, event, [n for n in text.staged() if n in reads])
    lines.append("    for k in range(n):")
    lines += [f"        {line}" for line in inside]
    lines += _scatter(program, names, event, [n for n in text.staged() if n in writes])
    return "\n".join(lines)


def _index(program: SynapseProgram, name: str, event: str) -> str:
    """Return the index by which a scattered array is reached for synapse k."""
    if event == "row":
        return "targets[k]"
    return "slices[k]" if program.array(name).domain == "row" else "positions[k]"


def _gather(program: SynapseProgram, names: Names, event: str, staged: list[str]) -> list[str]:
    if not staged:
        return []
    lines = ["    for k in range(n):"]
    for name in staged:
        own = names[name]
        lines.append(f"        {own}_here[k] = {own}[{_index(program, name, event)}]")
    return lines


def _scatter(program: SynapseProgram, names: Names, event: str, staged: list[str]) -> list[str]:
    lines: list[str] = []
    for name in staged:
        own, domain = names[name], program.array(name).domain
        if domain == "event":
            continue
        add = "+" if domain == "sum" else ""
        lines.append(f"        {own}[{_index(program, name, event)}] {add}= {own}_here[k]")
    return ["    for k in range(n):", *lines] if lines else []


def _once(program: SynapseProgram, names: Names, title: str, block: Block, event: str) -> str:
    text = SynapseText(program, block, names, event)
    before, inside = text.lines()
    lines = _definition(title, ["where", "step", "number", *(names[a] for a in text.arrays())])
    lines += _numbers(program, names, text)
    lines += [f"    {line}" for line in [*before, *inside]]
    return "\n".join(lines)


# -- glue ---------------------------------------------------------------------------------------


def _load(program: SynapseProgram, name: str) -> str:
    return f"load_address(table, {len(FIXED) + program.array_names.index(name)})"


def _view(program: SynapseProgram, name: str, event: str) -> str:
    """Return the view of an array that a kernel gets: a block of it, or the whole."""
    if event == "row" and program.array(name).domain == "synapse":
        return f"float64_view({_load(program, name)}, first, size)"
    return f"float64_view({_load(program, name)}, 0, 1 << 40)"


def _glue(program: SynapseProgram, names: Names, title: str, block: Block, after: Block,
          event: str) -> str:  # fmt: skip
    """Return the C function by which the engine calls an event."""
    signature = f"void({', '.join(['int64'] * 7)})"
    lines = [f'@cfunc("{signature}", cache=True, nopython=True, error_model="numpy")']
    lines += [f"def {title}_at({_SIGNATURE}):", "    wide_vectors()"]
    total = len(program.numbers) + sum(48 * g.width for g in program.coupled)
    lines.append(f"    number = float64_view(numbers, 0, {max(total, 1)})")
    if block.writes:
        lines += _blocks(program, names, title, block, event)
    if title == "on_pre" and program.event:
        delivered = _load(program, DELIVERED)
        lines += _call("    call_kernel7(", [
            *(f"load_address(table, {FIXED.index(a)})"
              for a in ("arrive", "cells_table", "cells_numbers")),
            "load_address(table, 0) + 4*begin", delivered, "count", "step", "0",
        ])  # fmt: skip
    if after.writes:
        arrays = SynapseText(program, after, names, event).arrays()
        views = [_view(program, a, "") for a in arrays]
        lines += _call(f"    after_{title[3:]}(", ["where", "step", "number", *views])
    return "\n".join(lines)


def _blocks(program: SynapseProgram, names: Names, title: str, block: Block,
            event: str) -> list[str]:  # fmt: skip
    """Return the loop over blocks of a kernel."""
    text = SynapseText(program, block, names, event)
    staged = text.staged()
    lines = [f"    {names[a]}_here = scratch()" for a in staged
             if program.array(a).domain != "event"]  # fmt: skip
    length = BLOCK if event == "row" else POST_BLOCK
    lines.append(f"    for first in range(begin, begin + count, {length}):")
    lines.append(f"        size = min({length}, begin + count - first)")
    if event == "row":
        index = ["uint32_view(load_address(table, 0), first, size)"]
    else:
        index = [f"uint32_view(load_address(table, {k}), first, size)" for k in (1, 2)]
        lines += _prefetches(program, block)
    if event == "row" and DELIVERED in staged:
        own = f"{names[DELIVERED]}_here"
        lines.append(
            f"        {own} = float64_view({_load(program, DELIVERED)}, first - begin, size)"
        )
    views = [_view(program, a, event) for a in text.arrays()
             if program.array(a).domain != "event"]  # fmt: skip
    here = [f"{names[a]}_here" for a in staged]
    if title == "on_reward":
        index.append("bits_to_float(reward)")
    lines += _call(f"        {title}(", ["size", "where", "step", "number", *index, *views, *here])
    return lines


def _prefetches(program: SynapseProgram, block: Block) -> list[str]:
    """Return what asks for the scattered values of the next block."""
    touched = block.reads() | {w.target for w in block.writes}
    scattered = [n for n in program.of_domain("synapse") if n in touched]
    if not scattered:
        return []
    lines = [f"        ahead = min({POST_BLOCK}, begin + count - first - size)",
             "        after = uint32_view(load_address(table, 1), first + size, ahead)",
             "        for k in range(ahead):"]  # fmt: skip
    lines += [f"            prefetch({_load(program, n)} + 8*int(after[k]))" for n in scattered]
    return lines
