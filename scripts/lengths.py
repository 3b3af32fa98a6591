"""Report how long modules and functions are.

A module of more than 600 lines fails: that is where one stops and splits. A
function of more than 60 lines is named, and does not fail.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 600
FUNCTION_LINES = 60


def long_functions(tree: ast.Module) -> list[tuple[str, int, int]]:
    """Name, line and length of the functions that are too long."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append((node.name, node.lineno, length))
    return found


def main() -> int:
    too_long = 0
    for path in sorted(ROOT.glob("src/**/*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        lines = len(text.splitlines())
        if lines > MODULE_LINES:
            too_long += 1
            print(f"{name}: {lines} lines, the limit is {MODULE_LINES}")
        for function, line, length in long_functions(ast.parse(text)):
            print(f"{name}:{line}: {function} has {length} lines, aim at {FUNCTION_LINES}")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
