"""Every benchmark network: how it is built, how long it runs, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from rheobase.bench import microcircuit as pd
from rheobase.bench.brunel import brunel_delta, panel
from rheobase.bench.hpc import hpc
from rheobase.bench.networks import coba, cobahh, cuba, cubadv

if TYPE_CHECKING:
    from rheobase.simulation import Network

Groups = Mapping[str, tuple[str, slice]]


@dataclass(frozen=True)
class Expected:
    """A statistic and the interval it is expected in.

    Attributes
    ----------
    statistic : str
        Group of cells and statistic, as in ``"E.rate"``; see `statistics.describe`.
    low, high : float
    """

    statistic: str
    low: float
    high: float

    @classmethod
    def within(cls, statistic: str, value: float, fraction: float) -> Expected:
        """Return a value with a relative tolerance."""
        return cls(statistic, value * (1 - fraction), value * (1 + fraction))


@dataclass(frozen=True)
class Benchmark:
    """One network.

    Attributes
    ----------
    build
        Called with `seed`, `scale` and whatever else was asked for; returns a `Network`.
    groups
        Called with the network: groups of cells by name, each a population and a slice.
    duration, warmup, settle : float
        Seconds measured; seconds run before that; statistics are of the time from `settle` on.
    scale, indegree : float
        Unless others are asked for; an in-degree that is not 1 is told to `build`.
    repetitions : int
        Processes after the first, unless another number is asked for.
    expected
        Called with scale and in-degree, both as fractions.
    options : tuple of str
        What else `build` can be told.
    """

    build: Callable[..., Network]
    groups: Callable[[Network], Groups]
    expected: Callable[[float, float], list[Expected]]
    duration: float = 1.0
    warmup: float = 0.0
    settle: float = 0.2
    scale: float = 1.0
    indegree: float = 1.0
    repetitions: int = 3
    options: tuple[str, ...] = ()


def _two_kinds(net: Network) -> Groups:
    """The first four fifths are excitatory."""
    border = len(net.populations["cells"]) * 4 // 5
    return {"E": ("cells", slice(0, border)), "I": ("cells", slice(border, None))}


def _each_population(net: Network) -> Groups:
    return {name: (name, slice(None)) for name in net.populations}


def _review(rate: float, cv: float | None, tolerance: float) -> list[Expected]:
    found = [Expected.within(f"{kind}.rate", rate, tolerance) for kind in "EI"]
    if cv is not None:
        # A tenth more than between random networks: 0.8 s hold few intervals.
        found.append(Expected("E.cv", cv - 0.1 * (1 + cv), cv + 0.1 * (1 + cv)))
    return found


def _panel(letter: str) -> list[Expected]:
    """Rates simulated by Brunel (table 1) with 10 %, and the frequencies of figure 8."""
    rates = {"b": 60.7, "c": 37.7, "d": 5.5}
    if letter == "a":  # close to saturation, where theory says nothing: in step, hundreds of Hz
        return [Expected("E.rate", 200.0, 450.0), Expected("E.synchrony", 20.0, 1e6)]
    found = [Expected.within(f"{kind}.rate", rates[letter], 0.1) for kind in "EI"]
    if letter == "b":
        found.append(Expected("E.frequency", 160.0, 200.0))
    elif letter == "c":
        found += [Expected("E.cv", 0.4, 1.0), Expected("E.peak", 0.0, 60.0)]
    else:
        found.append(Expected("E.frequency", 18.0, 30.0))
    return found


def _delta() -> list[Expected]:
    """The rate of a self-consistent diffusion approximation."""
    return [Expected.within(f"{kind}.rate", 32.03, 0.1) for kind in "EI"]


def _hpc(scale: float, indegree: float) -> list[Expected]:
    """What the same network does in NEST 3.10, where it is asynchronous."""
    if scale == 1 and indegree == 0.1:
        return [Expected.within(f"{kind}.rate", 25.0, 0.15) for kind in "EI"]
    return []


def _microcircuit(scale: float, indegree: float) -> list[Expected]:
    """The published activity at full scale; at a tenth of the neurons that of another program."""
    found = []
    if scale >= 0.99 and indegree >= 0.99:
        for name, rate, cv, low, high in zip(
            pd.POPULATIONS, pd.RATES, pd.IRREGULARITIES, pd.SYNCHRONIES,
            pd.CONSTANT_DRIVE_SYNCHRONIES, strict=True,
        ):  # fmt: skip
            found.append(Expected.within(f"{name}.rate", rate, 0.1))
            found.append(Expected(f"{name}.cv", cv - 0.05, cv + 0.05))
            # At a tenth of the neurons NEST and we both find a third more than was published.
            found.append(Expected(f"{name}.synchrony", 0.7 * low, 1.2 * high))
    elif scale == 0.1 and indegree in pd.TENTH:
        for name, rate, cv in zip(pd.POPULATIONS, *pd.TENTH[indegree], strict=True):
            wide = 0.25 if name in ("L23E", "L23I", "L5E") else 0.15
            found.append(Expected.within(f"{name}.rate", rate, wide))
            found.append(Expected(f"{name}.cv", cv - 0.1, cv + 0.1))
    return found


#: Name -> benchmark. COBAHH: the rate that steps of 0.02 ms have (0.1 ms with exponential Euler
#: loses a tenth of it).
CATALOG: Final[dict[str, Benchmark]] = {
    "cuba": Benchmark(cuba, _two_kinds, lambda *_: _review(5.4, 0.51, 0.15)),
    "coba": Benchmark(coba, _two_kinds, lambda *_: _review(18.6, 1.6, 0.15)),
    "cobahh": Benchmark(cobahh, _two_kinds, lambda *_: _review(38.6, None, 0.15)),
    "cubadv": Benchmark(cubadv, _two_kinds, lambda *_: _review(9.6, 0.38, 0.15)),
    **{
        f"brunel_{letter}": Benchmark(
            partial(panel, letter), _two_kinds, lambda *_, letter=letter: _panel(letter),
            duration=2.0, warmup=0.2, repetitions=1,
        )
        for letter in "abcd"
    },
    "brunel_delta": Benchmark(brunel_delta, _two_kinds, lambda *_: _delta(), repetitions=1),
    "hpc": Benchmark(
        hpc, _two_kinds, _hpc,
        duration=0.5, warmup=0.1, settle=0.1, indegree=0.1, repetitions=1,
        options=("indegree",),
    ),
    "microcircuit": Benchmark(
        pd.microcircuit, _each_population, _microcircuit,
        duration=5.0, warmup=0.5, settle=0.5, scale=0.1, repetitions=1,
        options=("indegree", "storage"),
    ),
}  # fmt: skip
