"""Results: what a run leaves, counted, kept in files, exported and joined."""

from rheobase.results.joining import join
from rheobase.results.result import Result
from rheobase.results.spikes import Burst, Bursts, SpikeTrains
from rheobase.results.timing import Timing
from rheobase.results.traces import TraceData

__all__ = ["Burst", "Bursts", "Result", "SpikeTrains", "Timing", "TraceData", "join"]
