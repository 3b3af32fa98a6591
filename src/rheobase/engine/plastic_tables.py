"""The tables of synapses that change, of one thread, for the compiled driver."""

from __future__ import annotations

import numpy as np

from rheobase.engine import facts
from rheobase.engine.addresses import Addresses, as_table
from rheobase.engine.parts import columns, plastic_columns
from rheobase.engine.plan import Int64Array, ProjectionPlan
from rheobase.engine.plasticity import PlasticPart
from rheobase.engine.rows import Sums
from rheobase.lowering.synapse_program import SynapseArray


class PlasticTables:
    """What the kernels of plastic projections are called with.

    Parameters
    ----------
    addresses : Addresses
        Of the arrays of the thread.
    sums : Sums
        Where its arrivals are added up.
    """

    def __init__(self, addresses: Addresses, sums: Sums) -> None:
        self.addresses, self.plan, self.share = addresses, addresses.plan, addresses.share
        self.sums = sums
        self._made: dict[int, tuple[int, int]] = {}

    def part(self, projection: ProjectionPlan) -> PlasticPart:
        """Return the synapses of the thread."""
        assert projection.synapse is not None
        part: PlasticPart = projection.synapse.store.parts[self.share.thread]
        return part

    def of(self, projection: ProjectionPlan) -> tuple[int, int]:
        """Return the addresses of the table of arrays and of the numbers of a projection."""
        if id(projection) not in self._made:
            assert projection.synapse is not None
            rows, program = self.part(projection).rows, projection.synapse.program
            table = [self.addresses.of(a, np.uint32)
                     for a in (rows.targets, rows.positions, rows.slices)]  # fmt: skip
            table += self.addresses.models[projection.target]
            kernels = facts.model(self.plan, projection.target).kernels
            table.append(kernels.arrive_addresses[projection.port] if program.event else 0)
            table += [self._array(projection, array) for array in program.arrays]
            numbers = np.ascontiguousarray(projection.synapse.numbers)
            self._made[id(projection)] = (
                self.addresses.of(np.array(table, np.int64), np.int64),
                self.addresses.of(numbers),
            )
        return self._made[id(projection)]

    def _array(self, projection: ProjectionPlan, array: SynapseArray) -> int:
        """Return the address of one array of a projection's program."""
        part, synapse, place = self.part(projection), projection.synapse, projection.target
        assert synapse is not None
        if array.domain == "sum":  # counted by cell, not from the first one of the thread
            first = self.sums.first[place, array.name.removeprefix("arriving_")]
            shift = first - self.share.own(place)[0]
            return self.addresses.of(self.sums.block) + columns.WORD * shift
        if array.domain == "cell":
            own = synapse.cells.get(array.name)
            if own is None:
                own = facts.model(self.plan, place).arrays[array.name.removesuffix("_post")]
            return self.addresses.of(own)
        if array.domain == "event":
            longest = int(np.diff(part.rows.starts.astype(np.int64)).max(initial=1))
            return self.addresses.of(np.zeros(longest))
        return self.addresses.of(part.arrays[array.name])

    def calls(self) -> Int64Array:
        """Return the calls after all arrivals: spikes of cells, then rewards, in order."""
        posts: list[list[int]] = []
        rewards: list[list[int]] = []
        for projection in self.plan.projections:
            if projection.synapse is None or not self.part(projection).rows.targets.size:
                continue
            kernels, rows = projection.synapse.kernels, self.part(projection).rows
            if kernels.on_post_address:
                column = self.addresses.of(rows.column_start, np.int64)
                post = projection.synapse.post
                whose = projection.target if post is None else post.population
                spans = 0 if post is None else self.addresses.of(post.spans, np.int64)
                posts.append([whose, rows.lo, column, kernels.on_post_address,
                              *self.of(projection), spans])  # fmt: skip
            for reward in projection.synapse.rewards:
                starts = np.ascontiguousarray(rows.starts, np.int64)
                amount = int(np.float64(reward.amount).view(np.int64))
                rewards.append([
                    reward.source, reward.delay, projection.since, amount,
                    self.addresses.of(starts, np.int64), starts.size - 1,
                    kernels.on_reward_address, *self.of(projection),
                ])  # fmt: skip
        found = [
            self.addresses.calls("plasticity", "on_post", as_table(posts, plastic_columns.X_WIDTH)),
            self.addresses.calls(
                "plasticity", "reward", as_table(rewards, plastic_columns.B_WIDTH)
            ),
        ]
        return np.concatenate(found)
