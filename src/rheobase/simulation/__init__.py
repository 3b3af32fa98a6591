"""The public network: the only objects with state. Thin: they call the stages in order."""

from rheobase.simulation.network import Network
from rheobase.simulation.population import Population, StateTable, View
from rheobase.simulation.projection import Projection
from rheobase.simulation.running import NotFiniteError

__all__ = ["Network", "NotFiniteError", "Population", "Projection", "StateTable", "View"]
