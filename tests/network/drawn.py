"""Rules drawn between two lists of cells in one call."""

from typing import Any

from rheobase.network.connecting import Realized, drawing_of, realized
from rheobase.network.draws import Ints
from rheobase.network.rules import Rule


def realize(rule: Rule, pre: Ints, post: Ints, **of: Any) -> Realized:
    """Draw a rule; what else it is drawn from as for `drawing_of`."""
    return realized(rule, drawing_of(rule, pre, post, **of))
