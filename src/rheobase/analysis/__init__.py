"""Analyze models and results: rates against currents, fixed points, statistics of spikes."""

from rheobase.analysis.behavior import Behavior, behavior
from rheobase.analysis.firing_rates import fi_curve
from rheobase.analysis.siegert import siegert_rate
from rheobase.analysis.smallest_current import rheobase

__all__ = ["Behavior", "behavior", "fi_curve", "rheobase", "siegert_rate"]
