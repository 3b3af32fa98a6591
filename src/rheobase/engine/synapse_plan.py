"""What an engine runs of synapses that change: their program, values, spikes and rewards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RewardPlan:
    """Spikes that are a reward to all synapses of a projection.

    Attributes
    ----------
    source : int
        Place in `NetworkPlan.populations`.
    delay : int
        From the spike to the reward, in steps.
    amount : float
        The reward of one spike.
    """

    source: int
    delay: int
    amount: float


@dataclass(frozen=True, eq=False)
class PostPlan:
    """Whose spikes are those of the targets of plastic synapses, if not those of the targets.

    Receptors at places on a cell with a morphology do not spike: their cell does.

    Attributes
    ----------
    population : int
        Place in `NetworkPlan.populations` of those that spike.
    spans : ndarray of int64, shape (cells, 2)
        By cell of that population, the targets begin <= e < end that it spikes for. They belong to
        the thread that has the cell.
    """

    population: int
    spans: NDArray[np.int64]


@dataclass
class SynapsePlan:
    """Synapses with variables of their own.

    Attributes
    ----------
    program : object
        The lowered synapse model.
    kernels : object
        Its kernels, of the kind the chosen backend needs.
    numbers : ndarray of float64
        The prepared numbers of the program.
    store : PlasticStore
        The values of all synapses.
    cells : dict of str to ndarray
        Parameters of the target cells that the program reads, by their names there
        ("E_L_post").
    sums : tuple of str
        Variables of the target that the synapses add arrivals to.
    rewards : list of RewardPlan
        Where rewards come from, besides the user.
    post : PostPlan or None
        Whose spikes `on_post` is for; None: those of the target itself.
    """

    program: Any
    kernels: Any
    numbers: NDArray[np.float64]
    store: Any
    cells: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    sums: tuple[str, ...] = ()
    rewards: list[RewardPlan] = field(default_factory=list)
    post: PostPlan | None = None
