"""What spikes do on a tape: lists of spikes, connections, arrivals; forward and back.

Forward, in step k: the spikes that cells i sent d steps ago add w_ij to what arrives at a
variable x of the cells j, and x takes the sum once. Back, with bar(y) the derivative of the loss
with respect to y:

=====================================  ==================================================
forward, in step k                     back, in step k
=====================================  ==================================================
x_j += A_j, unless j is held           bar(A_j) = bar(x_j), 0 where j is held
A_j = sum over i of w_ij s_i(k - d)    bar(s_i)(k) += sum over j of w_ij bar(A_j)(k + d)
..                                     bar(w_ij) += s_i(k) bar(A_j)(k + d)
=====================================  ==================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import FOREVER, AnyArray, FloatArray, Int32Array, Int64Array
from rheobase.errors import InternalError
from rheobase.gradients.cells import Cells
from rheobase.lowering.program import Program
from rheobase.rendering import effective_weights

Ints = NDArray[np.int64]


class Spikes:
    """The spikes of one source: `ids[starts[c]:starts[c + 1]]` are those of column c, ascending.

    Column c is step `first + c - before`: the columns before `before` are spikes from before the
    tape's first step that are still under way.
    """

    def __init__(self) -> None:
        self.before = 0
        self.starts: Int64Array = np.zeros(1, np.int64)
        self.ids: Int32Array = np.zeros(0, np.int32)

    def begin(self, before: int, steps: int) -> None:
        """Begin anew, with so many steps."""
        self.before = before
        if self.starts.size != before + steps + 1:
            self.starts = np.zeros(before + steps + 1, np.int64)

    def make_room(self, place: int, capacity: int) -> bool:
        """Have room for so many spikes from a step on; return whether they have moved.

        Room that is never written to takes no memory, so that the most there can be is asked for.
        """
        kept = int(self.starts[place + self.before])
        if self.ids.size >= kept + capacity:
            return False
        larger = np.empty(kept + max(kept, capacity), np.int32)
        larger[:kept] = self.ids[:kept]
        self.ids = larger
        return True

    def put(self, column: int, ids: Int32Array) -> None:
        """Set the spikes of a column; those before it are set already."""
        begin = self.starts[column]
        self.ids[begin : begin + ids.size] = ids
        self.starts[column + 1] = begin + ids.size

    def of(self, column: int) -> Int32Array:
        """Return the elements that spiked in a column, empty where there is none."""
        if not 0 <= column < self.starts.size - 1:
            return np.zeros(0, np.int32)
        return self.ids[self.starts[column] : self.starts[column + 1]]

    def fill(self, columns: AnyArray, ids: AnyArray) -> None:
        """Set the spikes of all columns at once, from a list sorted by column and element."""
        if ids.size == 0:
            self.starts[:] = 0
            return
        count = np.bincount(columns, minlength=self.starts.size - 1)
        self.starts[1:] = np.cumsum(count)
        if self.ids.size < ids.size:
            self.ids = np.empty(ids.size, np.int32)
        self.ids[: ids.size] = ids


class Trains:
    """Spikes that are given: a source that is not simulated.

    Attributes
    ----------
    name : str
        Its name.
    size, batch, count : int
        Trains of a lane; lanes; elements.
    """

    def __init__(self, name: str, size: int, batch: int) -> None:
        self.name, self.size, self.batch, self.count = name, size, batch, size * batch


@dataclass(eq=False)
class Line:
    """The synapses of a link that have one delay and one variable.

    Attributes
    ----------
    source, target : Cells or Trains, Cells
        From and to.
    variable : str
        The variable that arrivals are added to.
    delay : int
        In steps.
    weights : ndarray, shape (source size, target size) or (synapses,)
        Effective weights: dense, or in rows by source.
    row_start, targets : ndarray or None
        The rows of a sparse line; None for a dense one.
    places, factors : ndarray or None
        Which synapse of the link each entry is, and its share of that weight (delays between two
        steps are shared by both); None: entry n is synapse n.
    since, until : int
        Spikes of steps since <= k < until are delivered.
    bar_weights : ndarray or None
        Derivative with respect to `weights`; None where it is not asked for.
    """

    source: Cells | Trains
    target: Cells
    variable: str
    delay: int
    weights: FloatArray
    row_start: Int64Array | None = None
    targets: Int32Array | None = None
    places: Ints | None = None
    factors: FloatArray | None = None
    since: int = -FOREVER
    until: int = FOREVER
    bar_weights: FloatArray | None = None
    spikes: Spikes = field(default_factory=Spikes)
    transposed: FloatArray | None = None

    def forward(self, step: int, column: int) -> None:
        """Add the spikes of `delay` steps ago to what arrives now."""
        if not self.since <= step - self.delay < self.until:
            return
        arriving = self.target.arriving[self.variable]
        for element in self.spikes.of(column - self.delay):
            lane, i = divmod(int(element), self.source.size)
            first = lane * self.target.size
            if self.row_start is None:
                arriving[first : first + self.target.size] += self.weights[i]
                continue
            row = slice(int(self.row_start[i]), int(self.row_start[i + 1]))
            assert self.targets is not None
            np.add.at(arriving, first + self.targets[row], self.weights[row])

    def back(self, step: int, column: int, end: int, bar_spike: FloatArray | None) -> None:
        """Go back from the arrivals of step + delay to the spikes of this step."""
        arrived = step + self.delay
        if arrived >= end or not self.since <= step < self.until:
            return
        ring = self.target.bar_arriving[self.variable]
        bar = ring[arrived % len(ring)].reshape(self.target.batch, self.target.size)
        if bar_spike is not None:
            shaped = bar_spike.reshape(self.source.batch, self.source.size)
            if self.row_start is None:
                shaped += bar @ self.weights.T
            elif self.weights.size:
                assert self.targets is not None
                pre = np.repeat(np.arange(self.source.size), np.diff(self.row_start))
                np.add.at(shaped.T, pre, (self.weights * bar[:, self.targets]).T)
        if self.bar_weights is not None:
            self._back_to_weights(column, bar)

    def _back_to_weights(self, column: int, bar: FloatArray) -> None:
        assert self.bar_weights is not None
        for element in self.spikes.of(column):
            lane, i = divmod(int(element), self.source.size)
            if self.row_start is None:
                self.bar_weights[i] += bar[lane]
                continue
            row = slice(int(self.row_start[i]), int(self.row_start[i + 1]))
            assert self.targets is not None
            self.bar_weights[row] += bar[lane, self.targets[row]]


@dataclass(eq=False)
class Drive:
    """Events that reach cells from outside, c of them in a step adding c*w to a variable.

    Attributes
    ----------
    target, variable : Cells, str
        Where they arrive.
    weights : ndarray, shape (target size,)
        Effective weight of each cell.
    starts, ids, counts : ndarray
        The events of step first + c are entries starts[c] to starts[c + 1]: elements, ascending,
        and how many events each has.
    port, raw : str, ndarray of shape (target size,)
        Where they arrive, and the weights as the user knows them.
    bar_weights : ndarray, shape (target size,), or None
        Derivative with respect to `weights`.
    """

    target: Cells
    variable: str
    weights: FloatArray
    starts: Int64Array
    ids: Int32Array
    counts: FloatArray
    port: str
    raw: FloatArray
    bar_weights: FloatArray | None = None

    def refresh(self) -> None:
        """Work out the effective weights again: parameters changed."""
        program, parameters = self.target.program, self.parameters()
        self.weights[:] = effective_weights(program, self.port, self.variable, self.raw, parameters)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that effective weights read, of each cell."""
        return {"dt": self.target.dt, **self.target.parameters}

    def forward(self, place: int) -> None:
        """Add the events of a step, the `place`-th of the tape, to what arrives."""
        due = slice(int(self.starts[place]), int(self.starts[place + 1]))
        ids = self.ids[due]
        added = self.counts[due] * self.weights[ids % self.target.size]
        self.target.arriving[self.variable][ids] += added

    def back(self, step: int, place: int) -> None:
        """Go back from what arrives to the weights."""
        if self.bar_weights is None:
            return
        due = slice(int(self.starts[place]), int(self.starts[place + 1]))
        ids = self.ids[due]
        ring = self.target.bar_arriving[self.variable]
        bar = ring[step % len(ring)][ids]
        np.add.at(self.bar_weights, ids % self.target.size, self.counts[due] * bar)


@dataclass(eq=False)
class Arrivals:
    """What a variable takes at the end of a step: the sum of all that arrived.

    Attributes
    ----------
    target, variable : Cells, str
        Where.
    given : ndarray, shape (steps, elements), or None
        Arrivals that are given besides those of connections.
    """

    target: Cells
    variable: str
    given: FloatArray | None = None

    def begin(self, place: int) -> None:
        """Start from nothing, or from what is given."""
        sums = self.target.arriving[self.variable]
        sums[:] = 0.0 if self.given is None else self.given[place]

    def forward(self, step: int, r: int) -> None:
        """Add the sum to the variable; cells that hold it while refractory lose it."""
        target = self.target
        sums = target.arriving[self.variable]
        added = sums != 0.0
        lost = target.lost(self.variable, step, r)
        if lost is not None:
            added &= ~lost
        target.history[self.variable][r + 1][added] += sums[added]

    def back(self, step: int, r: int) -> None:
        """bar(A) = bar(x), 0 where the cell was held."""
        target = self.target
        ring = target.bar_arriving[self.variable]
        row = ring[step % len(ring)]
        row[:] = target.bars[self.variable]
        lost = target.lost(self.variable, step, r)
        if lost is not None:
            row[lost] = 0.0


class Link:
    """A connection of a tape, made by `Tape.connect`.

    Attributes
    ----------
    source, target : Cells or Trains, Cells
        From and to.
    port : str
        Where it arrives.
    weights : ndarray
        Weights as the user knows them: dense (source size, target size), or one a synapse.
    lines : list of Line
        What is run: the effective weights, by variable and delay.
    through : frozenset of str
        The parameters of the target that its effective weights depend on.
    """

    def __init__(self, source: Cells | Trains, target: Cells, port: str, weights: FloatArray,
                 delays: float | FloatArray, row_start: Int64Array | None,
                 targets: Int32Array | None, wanted: frozenset[str]) -> None:  # fmt: skip
        self.source, self.target, self.port = source, target, port
        self.through = read_by_weights(target, port)
        self.row_start, self.targets, self.wanted = row_start, targets, wanted
        self.weights = np.array(weights, np.float64)
        self.delays: float | FloatArray = delays
        self.lines: list[Line] = []
        self.since, self.until = -FOREVER, FOREVER
        self.set_delays(delays)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the target that arrivals are added to."""
        return variables_of(self.target.program, self.port)

    @property
    def goes_back(self) -> bool:
        """Whether derivatives by its effective weights are needed."""
        return bool(self.wanted or self.through & self.target.with_respect_to)

    def set_weights(self, weights: Any) -> None:
        """Take over weights of the same shape; nothing is built anew."""
        self.weights[...] = weights
        self.refresh()

    def refresh(self) -> None:
        """Work out the effective weights again: weights or parameters changed."""
        for variable in self.variables:
            values = self._effective(variable)
            for line in self.lines:
                if line.variable == variable:
                    self._put(line, values)

    def _effective(self, variable: str) -> FloatArray:
        """Return f(weight, parameters) of every synapse."""
        program = self.target.program
        found = effective_weights(program, self.port, variable, self.weights, self.parameters())
        return np.asarray(np.broadcast_to(found, self.weights.shape), np.float64)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that effective weights read, at the target of each synapse."""
        found: dict[str, Any] = {"dt": self.target.dt}
        for name, value in self.target.parameters.items():
            if np.ndim(value) == 0:
                found[name] = value
            elif self.targets is None:
                found[name] = np.asarray(value)[None, :]
            else:
                found[name] = np.asarray(value)[self.targets]
        return found

    @staticmethod
    def _put(line: Line, values: FloatArray) -> None:
        if line.places is None:
            line.weights[...] = values
        else:
            line.weights[...] = values.reshape(-1)[line.places]
        if line.factors is not None:
            line.weights *= line.factors
        if line.transposed is not None:
            line.transposed[...] = line.weights.T

    # -- delays ---------------------------------------------------------------------------

    def set_delays(self, delays: float | FloatArray) -> None:
        """Take over delays in steps: one for all, or one a synapse.

        A delay d between two steps is shared by both: (1 - f) of the weight arrives after
        floor(d) steps and f after one more, f = d - floor(d), so that the loss depends on d
        continuously.
        """
        self.delays = delays
        self.lines = []
        for variable in self.variables:
            if np.ndim(delays) == 0 and "delay" not in self.wanted and delays == int(delays):
                self.lines.append(self._whole(variable, int(delays)))
            else:
                self.lines += self._by_delay(variable)
        self.refresh()

    def _whole(self, variable: str, delay: int) -> Line:
        weights = np.zeros_like(self.weights)
        return Line(self.source, self.target, variable, delay, weights, self.row_start,
                    self.targets, since=self.since, until=self.until)  # fmt: skip

    def _by_delay(self, variable: str) -> list[Line]:
        pre, post = self.synapses()
        place, delay, factor = self._shares(pre.size)
        lines = []
        for value in np.unique(delay)[::-1]:
            mine = np.flatnonzero(delay == value)
            places = place[mine]
            starts = np.zeros(self.source.size + 1, np.int64)
            np.cumsum(np.bincount(pre[places], minlength=self.source.size), out=starts[1:])
            lines.append(Line(
                self.source, self.target, variable, int(value), np.zeros(mine.size), starts,
                post[places].astype(np.int32), places, factor[mine], self.since, self.until,
            ))  # fmt: skip
        return lines

    def synapses(self) -> tuple[Ints, Ints]:
        """Return the source and the target cell of every synapse, by source."""
        if self.row_start is None:
            shape = (self.source.size, self.target.size)
            pre, post = np.indices(shape)
            return pre.reshape(-1), post.reshape(-1)
        assert self.targets is not None
        pre = np.repeat(np.arange(self.source.size), np.diff(self.row_start))
        return pre, self.targets.astype(np.int64)

    def _shares(self, count: int) -> tuple[Ints, Ints, FloatArray]:
        """Return the entries of the lines: synapse, delay in steps, share of the weight."""
        each = np.broadcast_to(np.asarray(self.delays, float).reshape(-1), (count,))
        low = np.floor(each).astype(np.int64)
        share = each - low
        place = np.arange(count)
        parts = [(place, low, 1.0 - share)]
        probing = "delay" in self.wanted
        between = np.flatnonzero(share > 0.0) if not probing else place
        parts.append((between, low[between] + 1, share[between]))
        if probing:  # on a step: both neighbors, with weight 0, for the mean of both slopes
            on = np.flatnonzero((share == 0.0) & (low > 0))
            parts.append((on, low[on] - 1, np.zeros(on.size)))
        found = [np.concatenate([p[k] for p in parts]) for k in range(3)]
        order = np.argsort(found[0], kind="stable")
        return found[0][order], found[1][order], found[2][order]

    # -- after backward -------------------------------------------------------------------

    def bar_effective(self, variable: str) -> FloatArray:
        """Return the derivative of the loss with respect to the effective weights."""
        found = np.zeros(self.weights.size)
        for line in self.lines:
            if line.variable != variable or line.bar_weights is None:
                continue
            bar = line.bar_weights.reshape(-1)
            if line.places is None:
                found += bar
            else:
                assert line.factors is not None
                np.add.at(found, line.places, line.factors * bar)
        return found.reshape(self.weights.shape)

    def bar_delays(self) -> FloatArray:
        """Return the derivative with respect to every delay, per step.

        Between two steps it is the slope of the interpolation, w (bar(A)(d + 1) - bar(A)(d)); on
        a step, the mean of the slopes of both sides.
        """
        count = self.weights.size
        each = np.broadcast_to(np.asarray(self.delays, float).reshape(-1), (count,))
        low = np.floor(each)
        on = (each == low) & (low > 0)
        total = np.zeros(count)
        for variable in self.variables:
            weights = self._effective(variable).reshape(-1)
            for line in self.lines:
                if line.variable != variable or line.bar_weights is None:
                    continue
                assert line.places is not None
                place = line.places
                way = line.delay - low[place]
                sign = np.where(on[place], way / 2.0, np.where(way > 0, 1.0, -1.0))
                np.add.at(total, place, sign * weights[place] * line.bar_weights)
        return total.reshape(self.weights.shape)


def read_by_weights(target: Cells, port: str) -> frozenset[str]:
    """Return the parameters that the effective weights of a port depend on."""
    entry = target.program.ports[port]
    blocks = [block for x, block in entry.weigh.items() if x not in entry.identity]
    return frozenset().union(*(block.reads() for block in blocks))


def variables_of(program: Program, port: str) -> tuple[str, ...]:
    """Return the variables of a port that accumulates."""
    if port not in program.ports:
        raise InternalError(f"{program.name} has no port {port!r}")
    return program.ports[port].variables
