"""The program of a synapse: what an arriving spike and one of its cell do, as blocks of nodes.

Every value belongs to a domain. `row`: one value for the synapses of one source and delay,
which all see the same arrivals. `target`: one value for the synapses onto one cell. `synapse`:
one value each. `cell`: a variable of the cell itself. Like a `Program`, it is structure only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rheobase.lowering.program import Block, print_block

Domain: TypeAlias = Literal["row", "target", "synapse", "cell", "sum", "event"]

DELIVERED = "delivered"
"""The array that what is delivered to a port that runs event by event is written to."""


@dataclass(frozen=True)
class SynapseArray:
    """An array of a projection; all are of float64.

    Domain "sum" is an accumulator of arrivals of the target cells, "event" the scratch of
    what is delivered. `role` is "variable", "last" (the step a group of variables was last
    written in), "parameter", "cell", "sum" or "event".
    """

    name: str
    domain: Domain
    role: str
    note: str = ""

    @property
    def dtype(self) -> str:
        """The NumPy dtype of the array."""
        return "float64"


@dataclass(frozen=True)
class Coupled:
    """Variables whose equations read each other, integrated together by powers of exp(A dt).

    Attributes
    ----------
    name : str
        The first of them, which names the group.
    variables : tuple of str
    matrix : dict
        By (variable, variable), the name of the number that is their entry of A*dt; entries
        that are not there are 0.
    rest : dict
        By variable, the name of the number that is its constant part times dt.
    """

    name: str
    variables: tuple[str, ...]
    matrix: dict[tuple[str, str], str]
    rest: dict[str, str]

    @property
    def width(self) -> int:
        """Numbers of one power: a row of the matrix and its constant, for each variable."""
        return len(self.variables) * (len(self.variables) + 1)


POWERS = 48
"""Powers 1, 2, 4 ... of exp(A dt) that are prepared: 2**48 steps are not reached."""


@dataclass(frozen=True)
class SynapseProgram:
    """What a synapse does: see the module's text and `str(program)`.

    Attributes
    ----------
    name : str
    arrays : tuple of SynapseArray
        In the order of the table of addresses that kernels are called with.
    numbers, number_notes : tuple of str
        The prepared numbers and how they are computed; behind them come the powers of `coupled`.
    prepare : Block
        Computes the numbers from parameters and dt.
    on_pre, on_post : Block
        For each synapse of a slice (of a spiking cell).
    after_pre, after_post : Block
        Once a slice (a cell), after its synapses.
    on_reward : Block
        For each synapse, when a reward comes.
    now : Block
        What the variables with equations are at a step, from what they were when last written.
    domains : dict of str to str
        Of every variable of the synapse.
    groups : dict of str to str
        By variable with an equation, the array of the step its group was last written in.
    event : bool
        Whether what is delivered goes to a port that runs event by event.
    """

    name: str
    arrays: tuple[SynapseArray, ...]
    numbers: tuple[str, ...]
    number_notes: tuple[str, ...]
    coupled: tuple[Coupled, ...]
    prepare: Block
    on_pre: Block
    after_pre: Block
    on_post: Block
    after_post: Block
    on_reward: Block
    now: Block
    domains: dict[str, str] = field(hash=False)
    groups: dict[str, str] = field(hash=False)
    event: bool = False

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Yield every block with the title it is printed under."""
        yield "prepare", self.prepare
        yield "on_pre, each synapse of a slice", self.on_pre
        yield "on_pre, once a slice", self.after_pre
        yield "on_post, each synapse of a cell", self.on_post
        yield "on_post, once a cell", self.after_post
        yield "on_reward, each synapse", self.on_reward
        yield "variables now", self.now

    @property
    def array_names(self) -> tuple[str, ...]:
        """Names of the arrays in the order of the table of addresses."""
        return tuple(a.name for a in self.arrays)

    def array(self, name: str) -> SynapseArray:
        """Return the array of that name."""
        return next(a for a in self.arrays if a.name == name)

    def of_domain(self, *domains: str) -> tuple[str, ...]:
        """Return the names of the arrays of some domains."""
        return tuple(a.name for a in self.arrays if a.domain in domains)

    @property
    def has_post(self) -> bool:
        """Whether a spike of the cell does anything."""
        return bool(self.on_post.writes or self.after_post.writes)

    def __str__(self) -> str:
        lines = [f"program of {self.name}"]
        lines += [f"  array {a.name}: {a.role}, one a {a.domain}" for a in self.arrays]
        for title, block in self.blocks():
            if block.writes:
                lines += [f"  {title}:", *(f"    {line}" for line in print_block(block))]
        return "\n".join(lines)
