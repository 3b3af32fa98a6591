"""One stimulus at several levels of description, and what the coarser ones get wrong."""

from rheobase.levels.comparing import compare
from rheobase.levels.comparison import Comparison, LevelResult

__all__ = ["Comparison", "LevelResult", "compare"]
