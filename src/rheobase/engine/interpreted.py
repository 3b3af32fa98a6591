"""The definition of a step, in plain Python over NumPy arrays.

Whatever a network means, it means what this module computes; `driver.py` gives the same bits.
Steps are counted from the network's start; step k covers k*dt <= t < (k + 1)*dt.
"""

from __future__ import annotations

import numpy as np

from rheobase.engine import cable_facts, detectors, facts, interpreted_plasticity
from rheobase.engine.cables import CellKernels
from rheobase.engine.events import exact_populations
from rheobase.engine.facts import Memory, Outcome, ValueKey
from rheobase.engine.interpreted_cables import InterpretedCables
from rheobase.engine.interpreted_events import InterpretedEvents
from rheobase.engine.logs import Logs, has_offsets
from rheobase.engine.plan import (
    AnyArray,
    DrivePlan,
    FloatArray,
    InputPlan,
    Int32Array,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    SourcePlan,
)
from rheobase.engine.stored import Store
from rheobase.rendering.refining import Draws


class Interpreted:
    """Runs a plan step by step.

    Parameters
    ----------
    plan : NetworkPlan
        What to run; its populations hold `InterpreterKernels`.
    logs : Logs
        Where spikes and samples are left.
    """

    def __init__(self, plan: NetworkPlan, logs: Logs) -> None:
        self.plan = plan
        self.logs = logs
        # spikes[p][k]: the cells of population p that spiked in step k, ascending
        self.spikes: list[dict[int, Int32Array]] = [{} for _ in plan.populations]
        self.offsets: list[FloatArray | None] = [None for _ in plan.populations]
        # past[p, x]: values of x of population p at this step and those before it, latest last
        self.past: dict[tuple[int, str], list[FloatArray]] = {}
        self.waveforms: dict[int, FloatArray] = {}
        self.draws = Draws()
        self.store = Store()
        self.events = InterpretedEvents(plan, logs) if exact_populations(plan) else None
        cable_facts.add_missing_arrays(plan)
        self.cables = InterpretedCables(plan)
        self.bind()

    # -- what the engine calls --------------------------------------------------------------

    def bind(self) -> None:
        """Read from the plan again what may have been changed in it."""
        cable_facts.add_missing_arrays(self.plan)
        self.store.bind(self.plan)
        interpreted_plasticity.bind(self.plan)
        if self.events is not None:
            self.events.bind()
        self.cables.bind()
        self.longest = facts.longest_delays(self.plan)
        self.remembered = facts.remembered_values(self.plan)
        self.accumulated = {
            place: facts.accumulated(self.plan, place) for place, _ in facts.models(self.plan)
        }

    def run(self, first: int, steps: int) -> Outcome:
        """Run steps first <= k < first + steps, unless a state ceases to be finite."""
        self.first = first
        self.waveforms = {
            n: facts.waveform_values(item, first, steps)
            for n, item in enumerate(self.plan.inputs)
            if item.kind == "waveform"
        }
        if self.events is not None:
            self.events.begin(first)
        cable_facts.begin_slice(self.plan)
        detectors.begin_slice(self.plan)
        done, failed = 0, -1
        while done < steps and failed < 0:
            failed = self.step(first + done)
            done += failed < 0
        if self.events is not None:
            failed = max(failed, *self.events.finish(first + done, failed < 0), -1)
        cable_facts.end_slice(self.plan)
        return Outcome(done, failed)

    def memory(self, step: int) -> Memory:
        """Return what step `step` and those after it need of earlier ones."""
        memory = Memory()
        for p, population in enumerate(self.plan.populations):
            steps = range(step - self.longest[p], step)
            lists = [self.spikes[p].get(k, np.zeros(0, np.int32)) for k in steps]
            memory.spikes[population.name] = (
                np.repeat(np.array(steps, np.int64), [ids.size for ids in lists]),
                np.concatenate([np.zeros(0, np.int32), *lists]),
            )
        for (p, name), rows in self.past.items():
            kept = rows[len(rows) - self.remembered[p, name] :]
            if kept:
                memory.values[self.plan.populations[p].name, name] = np.array(kept)
        if self.events is not None:
            memory.pending = self.events.pending()
        return memory

    def remember(self, memory: Memory, step: int) -> None:
        """Go on from what `memory` returned before step `step`."""
        if self.events is not None:
            self.events.remember(memory.pending)
        for p, population in enumerate(self.plan.populations):
            steps, ids = memory.spikes.get(
                population.name, (np.zeros(0, np.int64), np.zeros(0, np.int32))
            )
            self.spikes[p] = {int(k): ids[steps == k] for k in np.unique(steps)}
        self.past = {}
        for p, name in self.remembered:
            key: ValueKey = (self.plan.populations[p].name, name)
            if key in memory.values:
                self.past[p, name] = list(memory.values[key])

    # -- a step -----------------------------------------------------------------------------

    def step(self, k: int) -> int:
        """Run step k; return -1, or the population in which a state is not finite."""
        facts.hold_clamped(self.plan, k)
        self.sample(k)
        self.gather(k)
        failed = []
        for p, population in enumerate(self.plan.populations):
            if isinstance(population, SourcePlan):
                self.spikes[p][k] = self.emit(p, population, k)
            elif population.program.crossing == "exact":
                self.spikes[p][k] = np.zeros(0, np.int32)  # they are in `events`
            elif p in self.cables.owned:
                self.spikes[p][k] = np.zeros(0, np.int32)  # their cells update them
            elif not self.update(p, population, k):
                failed.append(p)
        if self.events is not None and (endless := self.events.run(k)) >= 0:
            failed.append(endless)
        if failed:
            return failed[0]
        for p, population in facts.models(self.plan):
            self.deliver(p, population, k)
        interpreted_plasticity.after_arrivals(self.plan, self.spikes, k)
        self.keep_spikes(k)
        return -1

    def sample(self, k: int) -> None:
        """Store the traces that are due, as they are after step k - 1."""
        for record, log in zip(self.plan.records, self.logs.samples, strict=True):
            if k % record.every_steps == 0:
                values = self.read(record.population, record.variable, k)
                log.values[-1][log.rows] = values[record.cells]
                log.rows += 1

    def read(self, p: int, name: str, k: int) -> AnyArray:
        """Return a variable or subexpression of a population as it is now."""
        population = facts.model(self.plan, p)
        if not facts.is_subexpression(population, name):
            return population.arrays[name]
        return np.asarray(
            population.kernels.observe(
                name, population.arrays, population.numbers, 0, population.size, k
            )
        )

    # -- 1. gather --------------------------------------------------------------------------

    def gather(self, k: int) -> None:
        """Set inputs to 0, then add injections and continuous couplings."""
        for (p, name), delay in self.remembered.items():
            now = np.array(self.read(p, name, k))
            rows = self.past.get((p, name), [now] * delay)  # before the first step: as it began
            self.past[p, name] = [*rows, now][-(delay + 1) :]
        for _, population in facts.models(self.plan):
            for name in facts.arrays_with_role(population, "input"):
                population.arrays[name][:] = 0.0
        for mode in ("add", "set"):
            for n, item in enumerate(self.plan.inputs):
                if item.mode == mode:
                    self.inject(n, item, k)
            if mode == "add":
                self.couple()

    def inject(self, n: int, item: InputPlan, k: int) -> None:
        """Add (or set) the value of one input at k*dt; noise moves on to the next step."""
        population = facts.model(self.plan, item.target)
        cells = np.arange(population.size) if item.cells is None else item.cells
        if item.kind == "waveform":
            row = self.waveforms[n][k - self.first]
            values = row[facts.input_columns(item, row.size, cells.size)]
        else:
            assert item.state is not None
            values = item.mean + item.state[facts.input_columns(item, item.state.size, cells.size)]
        values = values * item.amplitude
        if item.mode == "set":
            population.arrays[item.array][cells] = values
        else:
            np.add.at(population.arrays[item.array], cells, values)
        if item.kind == "ou":
            assert item.state is not None
            decay, kick = facts.noise_coefficients(self.plan.dt, item)
            seed = facts.seed_of(self.plan, item)
            drawn = self.draws.correlated(seed, item.stream, item.state.size, k, decay)
            item.state[:] = decay * item.state + kick * drawn

    def couple(self) -> None:
        """Add to the inputs, for each target j, the sum over i of w_ij r_i(t - delay)."""
        for coupling in self.plan.continuous:
            past = np.array(self.past[coupling.source, coupling.source_array])
            values = past[len(past) - 1 - coupling.delay_steps, coupling.sources]
            sums = np.zeros(coupling.row_start.size - 1)
            targets = np.repeat(np.arange(sums.size), np.diff(coupling.row_start))
            np.add.at(sums, targets, coupling.weights * values)  # in the order of the row
            target = facts.model(self.plan, coupling.target)
            target.arrays[coupling.input_array] += sums

    # -- 2 to 4. update, threshold, reset -----------------------------------------------------

    def update(self, p: int, population: PopulationPlan, k: int) -> bool:
        """Integrate, find the cells that spiked, reset them; False if a state is not finite."""
        arrays, numbers, kernels = population.arrays, population.numbers, population.kernels
        if p in self.cables.cells:
            self.cables.cells[p].update(k)
        elif isinstance(population, detectors.DetectorPlan):
            detectors.update(self.plan, population)
        else:
            kernels.update(arrays, numbers, 0, population.size, k)
        mask = arrays["spiked"]
        ids = np.flatnonzero(mask == facts.SPIKED).astype(np.int32)
        self.spikes[p][k] = ids
        self.offsets[p] = arrays["offset"][ids] if has_offsets(population) else None
        if ids.size and not isinstance(population.kernels, CellKernels):
            kernels.on_spike(arrays, numbers, ids, k)
        return not np.any(mask & facts.NOT_FINITE)

    def emit(self, p: int, source: SourcePlan, k: int) -> Int32Array:
        """Return the trains of a source that have spikes in step k, once for each spike."""
        if source.kind == "times":
            due = slice(*np.searchsorted(source.steps, [k, k + 1]))
            self.offsets[p] = None if source.offsets is None else source.offsets[due]
            return source.ids[due]
        counts = self.draw_counts(source, source.size, k)
        return np.repeat(np.arange(source.size, dtype=np.int32), counts)

    def draw_counts(self, part: SourcePlan | DrivePlan, size: int, k: int) -> Int64Array:
        """Draw the numbers of events of Poisson processes in step k."""
        expected = facts.interval_row(part.counts, part.interval_steps, k)
        if expected is None:
            return np.zeros(size, np.int64)
        seed = facts.seed_of(self.plan, part)
        return self.draws.poisson(seed, part.stream, size, k, expected)

    def keep_spikes(self, k: int) -> None:
        """Hand the spikes of step k to the logs, and forget those that no delay reaches."""
        for p, log in enumerate(self.logs.spikes):
            ids = self.spikes[p][k]
            if self.events is not None:
                self.events.take(p, k, ids, self.offsets[p])
            log.append(np.full(ids.size, k, np.int64), ids, self.offsets[p])
            self.spikes[p].pop(k - self.longest[p], None)

    # -- 5. deliver -------------------------------------------------------------------------

    def deliver(self, p: int, population: PopulationPlan, k: int) -> None:
        """Deliver what is due at a population: oldest first, then drives, then this step's."""
        onto = [projection for projection in self.plan.projections if projection.target == p]
        found = {int(d) for projection in onto for d in self.store.rows(projection).delays}
        delays = sorted(found, reverse=True)
        for delay in delays:
            if delay > 0:
                self.deliver_delay(population, onto, delay, k)
        self.deliver_events(p, population, k)
        for drive in self.plan.drives:
            if drive.target == p:
                self.deliver_drive(population, drive, k)
        if 0 in delays:
            self.deliver_delay(population, onto, 0, k)
        for variable in self.accumulated[p]:
            self.add_arrivals(population, variable, k)

    def deliver_delay(
        self, population: PopulationPlan, onto: list[ProjectionPlan], delay: int, k: int
    ) -> None:
        """Deliver the spikes of step k - delay: by projection, source, place in the row."""
        for projection in onto:
            rows = self.store.rows(projection)
            place = int(np.searchsorted(rows.delays, delay))
            if place == rows.delays.size or rows.delays[place] != delay:
                continue
            if not projection.since <= k - delay < projection.until:
                continue
            for i in self.spikes[projection.source].get(k - delay, np.zeros(0, np.int32)):
                if projection.synapse is not None:
                    interpreted_plasticity.arrive(self.plan, projection, int(i), place, k)
                    continue
                begin, end = rows.starts[i, place : place + 2]
                targets = rows.targets[begin:end]
                for variable, weights in self.store.weights(projection).items():
                    some = weights if weights.size == 1 else weights[begin:end]
                    if facts.is_event(projection):
                        self.arrive(population, projection.port, targets, some, k)
                    else:
                        sums = population.arrays[facts.arriving(variable)]
                        np.add.at(sums, targets, some.astype(np.float64))

    def deliver_events(self, p: int, population: PopulationPlan, k: int) -> None:
        """Deliver what cells with exact crossings sent, in the order of times."""
        for route, begin, end in self.events.due if self.events is not None else []:
            if route.target != p:
                continue
            targets = route.targets[begin:end]
            for variable, weights in route.weights.items():
                some = weights if weights.size == 1 else weights[begin:end]
                if variable == "weight":
                    self.arrive(population, route.port, targets, some, k)
                else:
                    sums = population.arrays[facts.arriving(variable)]
                    np.add.at(sums, targets, some.astype(np.float64))

    def deliver_drive(self, population: PopulationPlan, drive: DrivePlan, k: int) -> None:
        """Deliver the events that a drive has in step k."""
        if drive.kind == "times":
            due = slice(*np.searchsorted(drive.steps, [k, k + 1]))
            counts = np.bincount(drive.ids[due], minlength=drive.cells.size)
        else:
            counts = self.draw_counts(drive, drive.cells.size, k)
        for variable, weights in drive.weights.items():
            each = np.broadcast_to(weights, drive.cells.shape)
            if facts.is_event(drive):
                cells = np.repeat(drive.cells, counts)
                self.arrive(population, drive.port, cells, np.repeat(each, counts), k)
            else:
                sums = population.arrays[facts.arriving(variable)]
                np.add.at(sums, drive.cells, counts * each)

    def arrive(
        self, population: PopulationPlan, port: str, targets: AnyArray, weights: AnyArray, k: int
    ) -> None:
        """Run the statements of a port for some events, in order."""
        if targets.size:
            population.kernels.arrive(
                port, population.arrays, population.numbers, targets, weights, k
            )

    def add_arrivals(self, population: PopulationPlan, variable: str, k: int) -> None:
        """Add what arrived to a variable, once; cells that hold it while refractory lose it."""
        arrays = population.arrays
        sums = arrays[facts.arriving(variable)]
        hold = facts.hold(population, variable)
        lost = np.zeros(sums.size, bool)
        if hold == "release":
            lost = k < arrays["release"]
        elif hold:
            lost = arrays[hold] > 0
        added = (sums != 0.0) & ~lost
        arrays[variable][added] += sums[added]
        sums[:] = 0.0
