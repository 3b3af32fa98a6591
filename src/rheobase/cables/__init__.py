"""Cells with a morphology: membranes painted on shapes, divided into compartments."""

from rheobase.cables.cell import Cell

__all__ = ["Cell"]
