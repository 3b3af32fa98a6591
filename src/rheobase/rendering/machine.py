"""A compiler of a small part of Python to LLVM: for kernels, and the parts of an engine.

numba compiles the same functions, but most of its time goes into finding out types and into
general code that LLVM takes away again. What is compiled here needs neither: functions of int64
(addresses, sizes, steps) with loops, conditions, views of memory and arithmetic. Every function
that is called becomes part of the one that calls it, so all types are known as the text is gone
through once.

The meaning is numba's (``error_model="numpy"``): 64-bit integers, IEEE 754 arithmetic in the order
written, nothing contracted or reordered; indices count from 0 and are not checked. What is
written in another way than that (arrays of several dimensions, integers mixed with unsigned
ones, objects) raises `Unsupported`, and numba compiles the module.

The module imports numba at the top, so import it only where something is compiled.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import llvmlite.ir as ir
from numba import types

from rheobase.rendering.kinds import Array, Scalar, Unsupported, as_kind
from rheobase.rendering.machine_values import Expressions, Loop, Variable, definition_of

_I64 = ir.IntType(64)


class Compiler(Expressions):
    """Puts functions together in one LLVM module."""

    def entry(self, symbol: str, function: FunctionType) -> None:
        """Compile a C function of int64 that returns nothing."""
        node = definition_of(function)
        count = len(node.args.args)
        kind = ir.FunctionType(ir.VoidType(), [_I64] * count)
        made = ir.Function(self.module, kind, symbol)
        made.attributes.add("nounwind")
        start = made.append_basic_block("entry")
        self._builder = ir.IRBuilder(start)
        body = self._builder.append_basic_block("body")
        self._builder.position_at_end(body)
        self._frames, self._loops = [], []
        self._call_function(function, [Scalar(a, types.int64) for a in made.args])
        self._builder.ret_void()
        ir.IRBuilder(start).branch(body)

    # -- statements -----------------------------------------------------------------------------

    def _run(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            if self._builder.block.is_terminated:
                return
            handler = getattr(self, f"_do_{type(statement).__name__}", None)
            if handler is None:
                raise Unsupported(f"a statement {type(statement).__name__}")
            handler(statement)

    def _do_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self._value(node.value)

    def _do_Pass(self, node: ast.Pass) -> None:
        pass

    def _do_Assign(self, node: ast.Assign) -> None:
        value = self._value(node.value)
        for target in node.targets:
            self._assign(target, value)

    def _do_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            before = self._value(ast.Name(target.id, ast.Load()))
            self._set(target.id, self._binary(node.op, before, self._value(node.value)))
        elif isinstance(target, ast.Subscript):
            kind, place = self._place(target)
            before = Scalar(self._builder.load(place), kind)
            self._store(kind, place, self._binary(node.op, before, self._value(node.value)))
        else:
            raise Unsupported("a target of an assignment")

    def _place(self, target: ast.Subscript) -> tuple[Any, Any]:
        """Return the kind of an element of a view, and where it is."""
        array, index = self._value(target.value), self._index(target.slice)
        if not isinstance(array, Array):
            raise Unsupported("an element of no view")
        return array.kind, self._builder.gep(array.pointer, [index], inbounds=True)

    def _store(self, kind: Any, place: Any, value: Any) -> None:
        self._builder.store(as_kind(self._builder, value, kind).value, place)

    def _assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple):
            if not isinstance(value, tuple) or len(value) != len(target.elts):
                raise Unsupported("what is unpacked")
            for one, part in zip(target.elts, value, strict=True):
                self._assign(one, part)
        elif isinstance(target, ast.Name):
            self._set(target.id, value)
        elif isinstance(target, ast.Subscript):
            self._store(*self._place(target), value)
        else:
            raise Unsupported("a target of an assignment")

    def _do_If(self, node: ast.If) -> None:
        condition = self._truth(self._value(node.test))
        if isinstance(condition, bool):
            self._run(node.body if condition else node.orelse)
            return
        builder = self._builder
        then, after = builder.append_basic_block("then"), builder.append_basic_block("after")
        other = builder.append_basic_block("otherwise") if node.orelse else after
        builder.cbranch(condition.value, then, other)
        reached = other is after
        for block, body in ((then, node.body), (other, node.orelse)):
            if block is not after:
                builder.position_at_end(block)
                self._run(body)
                reached |= not builder.block.is_terminated
                self._go(after)
        builder.position_at_end(after)
        if not reached:
            builder.unreachable()

    def _do_While(self, node: ast.While) -> None:
        if node.orelse:
            raise Unsupported("else of a loop")
        builder = self._builder
        head, body, after = (builder.append_basic_block(n) for n in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        condition = self._truth(self._value(node.test))
        if isinstance(condition, bool):
            builder.branch(body if condition else after)
        else:
            builder.cbranch(condition.value, body, after)
        left = self._loop_body(node.body, body, head, after)
        if condition is True and not left:
            builder.unreachable()

    def _loop_body(self, statements: list[ast.stmt], body: Any, again: Any, after: Any) -> bool:
        """Compile the body of a loop, and return whether it has a `break`."""
        self._builder.position_at_end(body)
        loop = Loop(again, after)
        self._loops.append(loop)
        self._run(statements)
        self._loops.pop()
        self._go(again)
        self._builder.position_at_end(after)
        return loop.left

    def _do_For(self, node: ast.For) -> None:
        call, target = node.iter, node.target
        if (node.orelse or not isinstance(target, ast.Name) or not isinstance(call, ast.Call)
                or self._value(call.func) is not range):  # fmt: skip
            raise Unsupported("a loop over something else than a range")
        bounds = [self._value(a) for a in call.args]
        begin, end, step = ([0, *bounds, 1] if len(bounds) == 1 else [*bounds, 1])[:3]
        if not isinstance(step, int) or step == 0:
            raise Unsupported("a range whose step is no literal")
        builder = self._builder
        stop = self._int64(end)
        with builder.goto_entry_block():
            counter = builder.alloca(_I64)
        builder.store(self._int64(begin), counter)
        head, body, following, after = (
            builder.append_basic_block(n) for n in ("head", "body", "next", "after")
        )
        builder.branch(head)
        builder.position_at_end(head)
        now = builder.load(counter)
        builder.cbranch(builder.icmp_signed("<" if step > 0 else ">", now, stop), body, after)
        builder.position_at_end(body)
        self._set(target.id, Scalar(now, types.int64))
        self._loop_body(node.body, body, following, after)
        builder.position_at_end(following)
        builder.store(builder.add(builder.load(counter), _I64(step), flags=["nsw"]), counter)
        builder.branch(head)
        builder.position_at_end(after)

    def _do_Continue(self, node: ast.Continue) -> None:
        self._builder.branch(self._loops[-1].again)

    def _do_Break(self, node: ast.Break) -> None:
        self._loops[-1].left = True
        self._builder.branch(self._loops[-1].after)

    def _do_Return(self, node: ast.Return) -> None:
        frame, builder = self._frames[-1], self._builder
        value = None if node.value is None else self._value(node.value)
        if frame.returned and (value is None) != (frame.results is None):
            raise Unsupported("a function that returns something and nothing")
        if value is not None:
            parts = value if isinstance(value, tuple) else (value,)
            if frame.results is None:
                made = [Variable(builder, part) for part in parts]
                frame.results = made if isinstance(value, tuple) else made[0]
            results = frame.results if isinstance(frame.results, list) else [frame.results]
            for variable, part in zip(results, parts, strict=True):
                variable.set(builder, part)
        frame.returned = True
        builder.branch(frame.end)


def compiled(source: str, path: str, name: str) -> tuple[str, list[str]]:
    """Return the LLVM module of a generated module of Python, and the functions it exports.

    Parameters
    ----------
    source : str
        The text, which stands in the file `path`. Its functions with ``@cfunc`` are exported,
        each under the name of the module, two underscores and its own.
    name : str
        Of the module.

    Raises
    ------
    Unsupported
        Where something is written in a way that only numba compiles.
    """
    tree = ast.parse(source)
    tree.body = [s for s in tree.body if not _imports_numba(s)]
    exported: dict[str, FunctionType] = {}

    def cfunc(signature: str, **options: Any) -> Callable[[FunctionType], FunctionType]:
        def mark(function: FunctionType) -> FunctionType:
            if signature.replace(" ", "") != _signature_of(function):
                raise Unsupported(f"the signature {signature}")
            exported[function.__name__] = function
            return function

        return mark

    def njit(**options: Any) -> Callable[[FunctionType], FunctionType]:
        return lambda function: function

    namespace = {"__name__": name, "cfunc": cfunc, "njit": njit}
    exec(builtins.compile(tree, path, "exec"), namespace)  # our own text
    compiler = Compiler(name)
    for title, function in exported.items():
        compiler.entry(f"{name}__{title}", function)
    return str(compiler.module), list(exported)


def _signature_of(function: FunctionType) -> str:
    return f"void({','.join(['int64'] * function.__code__.co_argcount)})"


def _imports_numba(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "numba"
