"""The look that all plots share, by the name plots know it; it is `rheobase.style`."""

from __future__ import annotations

from rheobase.style import FRAME as FRAME
from rheobase.style import INK as INK
from rheobase.style import PALETTE as PALETTE
from rheobase.style import color as color
from rheobase.style import count_of as count_of
from rheobase.style import dressed as dressed
from rheobase.style import label as label
from rheobase.style import legend as legend
from rheobase.style import legend_above as legend_above
from rheobase.style import pretty_unit as pretty_unit
from rheobase.style import remark as remark
from rheobase.style import show_times as show_times
from rheobase.style import with_unit as with_unit
