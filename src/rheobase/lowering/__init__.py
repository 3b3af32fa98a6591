"""Lower: a model and the way it is used become a program, printable and checked."""

from rheobase.lowering.lower import lower
from rheobase.lowering.program import Array, Block, Draw, Level, Node, Port, Program, Write

__all__ = [
    "Array",
    "Block",
    "Draw",
    "Level",
    "Node",
    "Port",
    "Program",
    "Write",
    "lower",
]
