"""Parameters of a model found from recordings."""

from rheobase.fitting import losses, recordings
from rheobase.fitting.losses import Loss, Sweeps
from rheobase.fitting.recording import Recording
from rheobase.fitting.result import Fit, History, Sweep

__all__ = ["Fit", "History", "Loss", "Recording", "Sweep", "Sweeps", "losses", "recordings"]
