"""What an engine runs: populations, connections, inputs and recordings as plain arrays.

A plan holds numbers in SI units and nothing that needs a unit, a text or a random draw to be
understood. The simulation builds it; both engines read it, and they change only the arrays
of the populations and the states of Ornstein-Uhlenbeck inputs.

Steps are integers counted from the network's start. Populations, whether model cells or
sources of spikes, are numbered in one list, and every connection names them by that number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.synapse_plan import SynapsePlan

FloatArray: TypeAlias = NDArray[np.float64]
Int64Array: TypeAlias = NDArray[np.int64]
Int32Array: TypeAlias = NDArray[np.int32]
UInt32Array: TypeAlias = NDArray[np.uint32]
AnyArray: TypeAlias = NDArray[Any]

BLOCK = 32
"""Cells in a block: partitions of a population begin at multiples of it."""

FOREVER = 2**62
"""A number of steps that no run reaches: the `interval_steps` of a constant rate."""


class ArrayLike(Protocol):
    """One array of a program: its name, its role ("state", "input" ...) and its NumPy dtype."""

    @property
    def name(self) -> str:
        """The name of the array."""

    @property
    def role(self) -> str:
        """What the array is for."""

    @property
    def dtype(self) -> str:
        """Its NumPy dtype."""


class ProgramLike(Protocol):
    """What an engine asks of the lowered program of a model."""

    @property
    def arrays(self) -> Sequence[ArrayLike]:
        """All arrays of a population of that model."""

    @property
    def numbers(self) -> Sequence[str]:
        """The names of its prepared numbers."""

    @property
    def spiking(self) -> bool:
        """Whether the model has a threshold."""

    @property
    def crossing(self) -> str:
        """Where in a step a spike is placed: "grid", "linear" or "exact"."""

    @property
    def refractory_kind(self) -> str:
        """The kind of refractoriness: "none", "duration" or "condition"."""

    @property
    def mutable(self) -> Collection[str]:
        """The arrays that the kernels write to."""

    @property
    def held(self) -> Collection[str]:
        """The variables that keep their value while a cell is refractory."""


class InterpreterKernelsLike(Protocol):
    """The NumPy kernels of a model: what `rendering.InterpreterKernels` offers."""

    def update(
        self, arrays: dict[str, AnyArray], numbers: FloatArray, lo: int, hi: int, step: int
    ) -> None:
        """Integrate cells lo..hi over one step and write the mask "spiked"."""

    def on_spike(
        self, arrays: dict[str, AnyArray], numbers: FloatArray, ids: Int32Array, step: int
    ) -> None:
        """Reset the cells that spiked."""

    def arrive(
        self,
        port: str,
        arrays: dict[str, AnyArray],
        numbers: FloatArray,
        targets: AnyArray,
        weights: AnyArray,
        step: int,
    ) -> None:
        """Run the statements of a port event by event, in the order given."""

    def observe(
        self,
        name: str,
        arrays: dict[str, AnyArray],
        numbers: FloatArray,
        lo: int,
        hi: int,
        step: int,
    ) -> FloatArray:
        """Return the values of a subexpression for cells lo..hi."""


class CompiledKernelsLike(Protocol):
    """The compiled kernels of a model: what `rendering.CompiledKernels` offers."""

    @property
    def array_names(self) -> Sequence[str]:
        """Names of the arrays in the order of the address table."""

    @property
    def update_address(self) -> int:
        """Address of `update(table, numbers, lo, hi, step)`."""

    @property
    def on_spike_address(self) -> int:
        """Address of `on_spike(table, numbers, ids, count, step)`, 0 if there is none."""

    @property
    def arrive_addresses(self) -> Mapping[str, int]:
        """By port, `arrive(table, numbers, targets, weights, count, step, scalar_weight)`."""

    @property
    def observe_addresses(self) -> Mapping[str, int]:
        """By name, `observe(table, numbers, lo, hi, step)`."""


@dataclass
class PopulationPlan:
    """Cells of one model.

    Attributes
    ----------
    name : str
        Name of the population.
    size : int
        Number of cells.
    program : ProgramLike
        The lowered model.
    kernels : InterpreterKernelsLike or CompiledKernelsLike
        Its kernels, of the kind the chosen backend needs.
    arrays : dict of str to ndarray
        All arrays of the program by name, one entry a cell (except "key"). The engine adds
        those of its own that are missing: "spiked", "arriving_x" of every variable x that
        spikes are added to, "observed_name" of every recorded subexpression.
    numbers : ndarray of float64
        The prepared numbers of the program.
    record_spikes : bool
        Whether the spikes are kept.
    """

    name: str
    size: int
    program: ProgramLike
    kernels: Any
    arrays: dict[str, AnyArray]
    numbers: FloatArray
    record_spikes: bool = True


@dataclass
class SourcePlan:
    """Spike trains that act as a population.

    Attributes
    ----------
    name : str
        Name of the population.
    size : int
        Number of trains.
    kind : {"times", "poisson"}
        Given times, or Poisson processes.
    record_spikes : bool
        Whether the spikes are kept.
    steps, ids : ndarray of int64, ndarray of int32
        For "times": the step and the train of every spike, sorted by (step, id).
    offsets : ndarray of float64 or None
        For "times": seconds from the start of the step to the spike; None where all are 0.
    counts : ndarray of float64, shape (intervals, 1 or size)
        For "poisson": the expected number of spikes a step, of all trains or of each. Row i
        holds in steps i * interval_steps until (i + 1) * interval_steps; after the last row
        nothing is emitted. A constant rate is one row with `interval_steps=FOREVER`.
    interval_steps : int
        Length of an interval of `counts`.
    stream : int
        The stream of random numbers.
    seed : int or None
        The seed; None takes that of the network.
    """

    name: str
    size: int
    kind: Literal["times", "poisson"]
    record_spikes: bool = True
    steps: Int64Array = field(default_factory=lambda: np.zeros(0, np.int64))
    ids: Int32Array = field(default_factory=lambda: np.zeros(0, np.int32))
    offsets: FloatArray | None = None
    counts: FloatArray = field(default_factory=lambda: np.zeros((1, 1)))
    interval_steps: int = FOREVER
    stream: int = 0
    seed: int | None = None


@dataclass
class Connectivity:
    """All synapses of a projection in canonical order: by source, then target, then draw.

    Attributes
    ----------
    row_start : ndarray of int64, shape (source size + 1,)
        Where the row of each source begins.
    targets : ndarray of uint32, shape (n,)
        Target cell of every synapse in the target population, ascending within a row.
    delays : int, or ndarray of uint16 or int32, shape (n,)
        Delays in steps: one for all, or one each. Of `NetworkPlan.events`: a float, or an ndarray
        of float64, in seconds.
    weights : dict of str to ndarray
        For a port that accumulates: the effective weights by variable. For a port that runs
        event by event and for plastic synapses: the weights under the key "weight". Shape (1,)
        where all synapses share one, else (n,); float64 or float32.
    """

    row_start: Int64Array
    targets: UInt32Array
    delays: float | AnyArray
    weights: dict[str, AnyArray]


@dataclass
class RowRecipe:
    """How one row of a projection is drawn again whenever its source spikes.

    Attributes
    ----------
    function : int
        Address of the C function `int64 draw_row(int64 table, int64 source, int64 targets, int64
        weights, int64 delays)`. It writes the synapses of one source in canonical order: uint32
        target cells, float64 effective weights, int32 delays in steps; and returns how many.
    table : int
        What it is to be called with first: an address, the same for all threads.
    longest_row : int
        The most synapses a row may have.
    shortest_delay, longest_delay : int
        Bounds of the delays, in steps.
    alive : object
        Whatever must be kept while the addresses are used.
    """

    function: int
    table: int
    longest_row: int
    shortest_delay: int
    longest_delay: int
    alive: object = None


@dataclass
class ProjectionPlan:
    """Synapses from one population to another.

    Attributes
    ----------
    name : str
        Name of the projection.
    source, target : int
        Places in `NetworkPlan.populations`; the target is a `PopulationPlan`.
    port : str
        The port of the target model.
    connectivity : callable
        Returns the synapses. Called whenever the engine lays out its rows, each time with the
        same answer for the same `version`; it must not keep what it returns.
    variables : tuple of str
        The keys of `Connectivity.weights`.
    version : int
        Raised when weights were set, so that the engine reads them again. (With other delays
        it is another projection: a new object, the old one ending with `until`.)
    shared_weights : dict of str to ndarray, or None
        Where all synapses share one weight: what `Connectivity.weights` holds, so that another
        weight can be taken over without drawing the synapses. None where they have one each.
    since, until : int
        Spikes emitted in steps since <= k < until are delivered: a connection made during a
        simulation passes on no spike from before it was made, and one that was replaced only those.
    rows : RowRecipe or None
        For synapses that are drawn anew at every spike instead of being stored.
    synapse : SynapsePlan or None
        For synapses with variables of their own.
    longest_delay : int
        The longest delay in steps; the engine fills it in when it lays out the synapses.
    """

    name: str
    source: int
    target: int
    port: str
    connectivity: Callable[[], Connectivity]
    variables: tuple[str, ...]
    version: int = 0
    shared_weights: dict[str, AnyArray] | None = None
    since: int = -FOREVER
    until: int = FOREVER
    rows: RowRecipe | None = None
    synapse: SynapsePlan | None = None
    longest_delay: int = 0


@dataclass
class ContinuousPlan:
    """A continuous coupling, stored in rows by target cell.

    The sum over i of w_ij r_i(t - delay), taken from 0 in the order of the row, is added to
    the input variable of each target j.

    Attributes
    ----------
    name : str
        Name of the projection.
    source, target : int
        Places in `NetworkPlan.populations`; both are `PopulationPlan`.
    source_array, input_array : str
        The variable or subexpression r of the source, and the input variable of the target.
    row_start, sources : ndarray of int64, shape (target size + 1,), and of int32, shape (n,)
        Where the row of each target begins; the source cells, ascending within a row.
    weights, delay_steps : ndarray of float64 and of int64, shape (1,) or (n,)
        Weights; delays in steps, 0 reads the state at the beginning of the step.
    alike : bool
        Whether weight and delay are one and rows that are not empty the same: then so is the sum.
    """

    name: str
    source: int
    target: int
    source_array: str
    input_array: str
    row_start: Int64Array
    sources: Int32Array
    weights: FloatArray
    delay_steps: Int64Array
    alike: bool = False


@dataclass
class InputPlan:
    """What is injected into an array of a population, step by step.

    Attributes
    ----------
    target : int
        Place in `NetworkPlan.populations`.
    array : str
        The input variable, or the array of a parameter that is a function of time.
    mode : {"add", "set"}
        Added to an input variable, or stored in an array.
    cells : ndarray of int32 or None
        The cells, ascending; None for all.
    kind : {"waveform", "ou"}
        Given values, or Ornstein-Uhlenbeck noise.
    waveform : callable or None
        `waveform(first_step, n_steps)` returns an array of shape (n_steps, columns), the values
        at those steps.
    columns : ndarray of int32 or None
        The column of the waveform of each cell; None: the only one, or with several columns the
        one with the number of the cell's place.
    amplitude : ndarray of float64, shape (1,) or (cells,)
        Factor of the value, of all cells or of each.
    mean, std, tau : float
        For "ou": mean and standard deviation of the stationary process and its time constant
        in seconds.
    shared : bool
        For "ou": one process for all cells rather than one for each.
    stream : int
        For "ou": the stream of random numbers.
    seed : int or None
        The seed; None takes that of the network.
    state : ndarray of float64 or None, shape (1,) if shared, else (cells,)
        For "ou": the deviation from the mean at the present step. None: drawn from the stationary
        law when the engine is made.
    """

    target: int
    array: str
    mode: Literal["add", "set"] = "add"
    cells: Int32Array | None = None
    kind: Literal["waveform", "ou"] = "waveform"
    waveform: Callable[[int, int], FloatArray] | None = None
    columns: Int32Array | None = None
    amplitude: FloatArray = field(default_factory=lambda: np.ones(1))
    mean: float = 0.0
    std: float = 0.0
    tau: float = 1.0
    shared: bool = False
    stream: int = 0
    seed: int | None = None
    state: FloatArray | None = None


@dataclass
class DrivePlan:
    """Events delivered straight to cells, each cell with its own train, none of it stored.

    A train with c events in a step adds `c * weight` to the accumulator; at a port that runs
    event by event it makes c events in succession.

    Attributes
    ----------
    target : int
        Place in `NetworkPlan.populations`.
    port : str
        The port of the target model.
    cells : ndarray of int32
        The cells, ascending.
    weights : dict of str to ndarray of float64
        As those of a `ProjectionPlan`, of shape (1,) or (cells,).
    kind : {"poisson", "times"}
        Poisson processes, or given times.
    counts, interval_steps, stream, seed
        For "poisson": as those of a `SourcePlan`, with a column for all or for each of `cells`.
    steps, ids : ndarray of int64, ndarray of int32
        For "times": the step of every event and its place in `cells`, sorted by (step, id).
    offsets : ndarray of float64 or None
        For "times": as those of a `SourcePlan`. A step on a grid takes no notice of them.
    """

    target: int
    port: str
    cells: Int32Array
    weights: dict[str, FloatArray]
    kind: Literal["poisson", "times"]
    counts: FloatArray = field(default_factory=lambda: np.zeros((1, 1)))
    interval_steps: int = FOREVER
    stream: int = 0
    seed: int | None = None
    steps: Int64Array = field(default_factory=lambda: np.zeros(0, np.int64))
    ids: Int32Array = field(default_factory=lambda: np.zeros(0, np.int32))
    offsets: FloatArray | None = None


@dataclass
class ClampPlan:
    """A state that is held: set at the beginning of every step of an interval.

    Attributes
    ----------
    target : int
        Place in `NetworkPlan.populations`.
    array : str
        The state.
    cells : ndarray of int32
        The cells, ascending.
    values : ndarray of float64, shape (1,) or (cells,)
        What it is held at.
    first, last : int
        The steps first <= k < last.
    """

    target: int
    array: str
    cells: Int32Array
    values: FloatArray
    first: int = 0
    last: int = FOREVER


@dataclass
class RecordPlan:
    """Samples of one variable of some cells, at steps 0, D, 2D, ... of the network.

    Attributes
    ----------
    name : str
        Name of the recording.
    population : int
        Place in `NetworkPlan.populations`.
    variable : str
        An array of the population, or a subexpression of its model.
    cells : ndarray of int32
        The cells, in the order of the columns of the samples.
    every_steps : int
        The interval D.
    """

    name: str
    population: int
    variable: str
    cells: Int32Array
    every_steps: int = 1


@dataclass
class NetworkPlan:
    """All that one network runs.

    Attributes
    ----------
    dt : float
        Length of a step in seconds.
    start : float
        Time of step 0 in seconds.
    seed : int
        Seed of the network.
    populations : list of PopulationPlan or SourcePlan
        In order of creation.
    projections, continuous, inputs, drives, records, clamps : lists
        In order of creation, which is part of the meaning: it fixes the order of additions.
    events, event_drives : lists
        The projections from or to populations with exact crossings, with their delays in seconds,
        and the drives of such populations; none of these is in `projections` or `drives`.
    """

    dt: float
    start: float
    seed: int
    populations: list[PopulationPlan | SourcePlan]
    projections: list[ProjectionPlan] = field(default_factory=list)
    continuous: list[ContinuousPlan] = field(default_factory=list)
    inputs: list[InputPlan] = field(default_factory=list)
    drives: list[DrivePlan] = field(default_factory=list)
    records: list[RecordPlan] = field(default_factory=list)
    clamps: list[ClampPlan] = field(default_factory=list)
    events: list[ProjectionPlan] = field(default_factory=list)
    event_drives: list[DrivePlan] = field(default_factory=list)


def new_array(size: int, dtype: Any = np.float64) -> AnyArray:
    """Return zeros, one a cell, in memory that whole blocks of cells may be read from.

    The memory begins at a cache line and is padded to a multiple of `BLOCK` cells, so that
    partitions of a population never share a line.
    """
    item = np.dtype(dtype).itemsize
    padded = -(-max(size, 1) // BLOCK) * BLOCK * item
    memory = np.zeros(padded + 64, np.uint8)
    shift = -memory.ctypes.data % 64
    array: AnyArray = memory[shift : shift + padded].view(dtype)[:size]
    return array
