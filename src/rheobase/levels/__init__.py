"""One stimulus at several levels of description, and what the coarser ones get wrong."""

from rheobase.levels.comparing import compare
from rheobase.levels.comparison import Comparison, LevelResult
from rheobase.levels.reducing import reduce
from rheobase.levels.reduction import Reduction

__all__ = ["Comparison", "LevelResult", "Reduction", "compare", "reduce"]
