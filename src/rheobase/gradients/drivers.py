"""The step loops of a tape: by NumPy, which defines them, or compiled.

Forward, a step is: hold clamps; remember what couplings read; add injections and couplings to the
inputs; integrate, find and reset the cells that spiked; deliver what is due. Backward, the same
in the opposite order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.gradients.cells import Cells
from rheobase.gradients.links import Trains

if TYPE_CHECKING:
    from rheobase.gradients.tape import Tape


class InterpretedDriver:
    """Runs a tape step by step with NumPy."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def bind(self) -> None:
        """Take over what may be new."""
        tape = self.tape
        self.onto = [(cells, tape.lines_onto(cells)) for cells in tape.populations]
        self.leaving = [line for _, lines in self.onto for line in lines]

    def bind_back(self) -> None:
        """Take over what is new for the way back; here nothing."""

    def forward(self, begin: int, end: int) -> None:
        """Run steps begin <= place < end of the tape."""
        for place in range(begin, end):
            self.step(place, place - begin)

    def step(self, place: int, r: int) -> None:
        """Run one step: row r of the segment, the `place`-th of the tape."""
        tape = self.tape
        k = tape.first + place
        for clamp in tape.clamps:
            clamp.forward(k, r)
        for cells in tape.populations:
            cells.begin(r)
        for memory in tape.remembered:
            memory.forward(k, r)
        for injection in tape.injections:
            if injection.mode == "add":
                injection.forward(r)
        for coupling in tape.couplings:
            coupling.forward(k, r)
        for injection in tape.injections:
            if injection.mode == "set":
                injection.forward(r)
        for cells in tape.populations:
            kept = tape.spikes[cells]
            kept.put(place + kept.before, cells.advance(k, r))
        self.deliver(place, r)

    def deliver(self, place: int, r: int) -> None:
        """Deliver what is due: oldest first, then drives, then the spikes of this step."""
        tape = self.tape
        k = tape.first + place
        for item in tape.arrivals:
            item.begin(place)
        for cells, lines in self.onto:
            for line in lines:
                if line.delay > 0:
                    line.forward(k, place + line.spikes.before)
            for drive in tape.drives:
                if drive.target is cells:
                    drive.forward(place)
            for line in lines:
                if line.delay == 0:
                    line.forward(k, place + line.spikes.before)
        for item in tape.arrivals:
            item.forward(k, r)

    def back(self, begin: int, end: int) -> None:
        """Go back through steps begin <= place < end, last first."""
        for place in reversed(range(begin, end)):
            self.step_back(place, place - begin)
        if begin == 0:
            self.end_back()

    def end_back(self) -> None:
        """Go back to the initial values, and to the weights of spikes of before the run."""
        tape = self.tape
        self.take_loss(0)
        for line in self.leaving:
            if line.bar_weights is None:
                continue
            for place in range(max(-line.spikes.before, -line.delay), 0):
                column = place + line.spikes.before
                line.back(tape.first + place, column, tape.first + tape.steps, None)

    def take_loss(self, place: int) -> None:
        """Add the derivatives of the loss by the states before a step; what is clamped is not."""
        tape = self.tape
        for cells in tape.populations:
            for name, rows in cells.loss_bars.items():
                cells.bars[name] += rows[place]
        for clamp in tape.clamps:
            clamp.back(tape.first + place)

    def step_back(self, place: int, r: int) -> None:
        """Go back through one step."""
        tape = self.tape
        k, end = tape.first + place, tape.first + tape.steps
        self.take_loss(place + 1)
        for item in tape.arrivals:
            item.back(k, r)
        for cells in tape.populations:
            cells.bar_spike[:] = 0.0 if cells.loss_spikes is None else cells.loss_spikes[place]
        for drive in tape.drives:
            drive.back(k, place)
        for line in self.leaving:
            line.back(k, place + line.spikes.before, end, self._bar_spike(line.source, place))
        for cells in tape.populations:
            if cells.reverse is not None:
                cells.back(k, r)
        for injection in tape.injections:
            injection.back(k, r)
        for memory in tape.remembered:
            memory.begin_back(k, r)
        for coupling in tape.couplings:
            coupling.back(k, tape.first, end)
        for memory in tape.remembered:
            memory.back(k, r)

    def _bar_spike(self, source: Cells | Trains, place: int) -> Any:
        if isinstance(source, Trains):
            rows = self.tape.bar_trains.get(source)
            return None if rows is None else rows[place]
        reverse = source.reverse
        return None if reverse is None or reverse.bar_spike is None else source.bar_spike


def driver_of(tape: Tape) -> Any:
    """Return the driver of a tape's backend."""
    if tape.backend == "numba":
        from rheobase.gradients.compiled import CompiledDriver

        return CompiledDriver(tape)
    return InterpretedDriver(tape)
