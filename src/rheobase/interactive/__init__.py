"""Sliders over runs computed beforehand: pages that move without a server.

`interact` runs a model, or a function of yours, at every position of one to three sliders, and
returns a `Player`: a page of HTML that needs nothing beside it, shows in notebooks, and works from
a file. A player can also be put together from its parts: `Slider`, `Lines`, `Raster`, `Curve`,
`Plane`.
"""

from rheobase.interactive.parts import Curve, Lines, Plane, Raster, Reading, Slider
from rheobase.interactive.player import Player, Shown
from rheobase.interactive.running import interact

__all__ = ["Curve", "Lines", "Plane", "Player", "Raster", "Reading", "Shown", "Slider", "interact"]
