"""Many runs of one network: the same start, other parameters, weights or seeds each time.

Every run begins where the network stands, as if it were restored, the values set, and run. The
runs are shared out among threads, each with a network of its own and an engine of one thread, which
is the fastest way for runs of small networks: they never wait for each other. Nothing is
compiled but what the first run needs, and nothing is connected again unless a run changes it.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rheobase.errors import UnknownNameError, WiringError, did_you_mean
from rheobase.results import Result
from rheobase.simulation.arguments import read_seed, read_threads
from rheobase.simulation.assembly import Assembly
from rheobase.simulation.storing import Snapshot

if TYPE_CHECKING:
    from rheobase.simulation.assembly import Backend
    from rheobase.simulation.network import Network

_PASTE = 'write net.run_batch(1*second, [{"cells.tau_m": 10*ms}, {"cells.tau_m": 20*ms}])'


def run_batch(net: Network, duration: Any, sets: Sequence[Mapping[str, Any]], threads: int,
              backend: Backend) -> list[Result]:  # fmt: skip
    """Run a network once for every set of values; see `Network.run_batch`."""
    checked = [_checked(net, number, values) for number, values in enumerate(sets)]
    count = min(read_threads(threads), len(checked))
    if count > 1 and any(hook.changes for hook in net._hooks):  # others record synapses
        raise WiringError(
            "net.run_batch: functions of net.every see one network, and several would run at once",
            mend="write net.run_batch(..., threads=1)",
        )
    if not checked:
        return []
    net._assembly.prepare(backend, 1)
    first = Bench(net, duration, backend)
    try:
        batch = Batch(checked)
        batch.work(first, 1)  # what has to be compiled is compiled here, once
        batch.share_out([first, *(first.another() for _ in range(count - 1))])
    finally:
        first.clear()
    return batch.results()


def _checked(net: Network, number: int, values: Any) -> Mapping[str, Any]:
    """Return a set of values, or refuse one that names nothing of the network."""
    where = f"net.run_batch: set {number}"
    if not isinstance(values, Mapping):
        raise WiringError(f"{where} is no dict of values", given=repr(values)[:60], mend=_PASTE)
    for key in values:
        if key == "seed":
            continue
        owner, dot, _ = str(key).rpartition(".")
        known = [*net.populations, *net.projections]
        if not dot or owner not in known:
            meant = did_you_mean(owner or str(key), known)
            ending = f"; did you mean {meant!r}?" if meant else ""
            raise UnknownNameError(
                f"{where}: {key!r} names no parameter of a population or projection{ending}",
                mend=f'write "name.parameter" or "seed"; there are: {", ".join(known)}',
            )
    return values


class Bench:
    """A network that runs again and again from the same start.

    Parameters
    ----------
    net : Network
        Built, and standing where every run begins.
    duration
        Of a run.
    """

    def __init__(self, net: Network, duration: Any, backend: Backend) -> None:
        self.net, self.duration, self.backend = net, duration, backend
        self.start = Snapshot.of(net._assembly, net._seed, net._hooks)

    def another(self) -> Bench:
        """Return an independent network that stands at the same start."""
        self.clear()
        net = self.net
        kept: dict[int, Any] = {
            id(net._assembly): None, id(net._last_result): None, id(net._snapshots): {},
        }  # fmt: skip
        other = copy.deepcopy(net, kept)
        other._assembly = Assembly(other._told, other._clock, other._seed)
        other._assembly.prepare(self.backend, 1)
        assert other._assembly.engine is not None
        other._assembly.set_since(*self.start.since)
        other._assembly.engine.restore(self.start.state)
        return Bench(other, self.duration, self.backend)

    def run(self, values: Mapping[str, Any]) -> Result:
        """Go to the start, set the values, and run."""
        self.clear(read_seed(values["seed"]) if "seed" in values else None)
        for key, value in values.items():
            if key != "seed":
                owner, _, name = key.rpartition(".")
                told = self.net._told
                setattr(told.populations.get(owner) or told.projections[owner], name, value)
        return self.net.run(self.duration, backend=self.backend, progress=False)

    def clear(self, seed: int | None = None) -> None:
        """Go to the start; noise from now on is that of the seed, or of the network's own."""
        net = self.net
        net._seed = self.start.seed if seed is None else seed
        self.start.bring_back(net._assembly, net._seed, net._hooks)


class Batch:
    """The sets of values still to be run, and the results of the others."""

    def __init__(self, sets: list[Mapping[str, Any]]) -> None:
        self.sets = sets
        self.next = 0
        self.done: dict[int, Result] = {}
        self.failed: dict[int, BaseException] = {}
        self.stopped = False
        self.lock = threading.Lock()

    def take(self) -> int | None:
        """Return the number of the next set, or None."""
        with self.lock:
            if self.stopped or self.failed or self.next == len(self.sets):
                return None
            self.next += 1
            return self.next - 1

    def work(self, bench: Bench, most: int | None = None) -> None:
        """Run sets until there are none, or so many."""
        while most is None or most > 0:
            number = self.take()
            if number is None:
                return
            try:
                self.done[number] = bench.run(self.sets[number])
            except BaseException as error:
                self.failed[number] = error
                return
            most = None if most is None else most - 1

    def share_out(self, benches: list[Bench]) -> None:
        """Run all that is left, with a thread for every network."""
        others = [threading.Thread(target=self.work, args=(bench,)) for bench in benches[1:]]
        for thread in others:
            thread.start()
        try:
            self.work(benches[0])
        finally:
            self.stopped = True
            for thread in others:
                thread.join()

    def results(self) -> list[Result]:
        """Return the results in the order of the sets, or raise what the first failure raised."""
        if self.failed:
            raise self.failed[min(self.failed)]
        return [self.done[number] for number in range(len(self.sets))]
