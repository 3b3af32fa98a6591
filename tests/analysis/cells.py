"""Cells with a morphology whose answers are known in closed form."""

import numpy as np

import rheobase as rb
from rheobase.units import cm, mS, mV, ohm, um

G = 0.05e-3 * 1e4  # S/m2
R_A = 1.0  # ohm m
TAU = 20.0  # ms

squid = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])
passive = rb.Membrane([rb.channels.Leak(g=0.05 * mS / cm**2, E=-70 * mV)])


def ball_and_stick(membrane=passive, max_length=None, **options):
    """A soma of 20 um with a dendrite of 500 um, 2 um thick: half a length constant."""
    shape = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=500 * um, dendrite_diameter=2 * um
    )
    return rb.Cell(
        shape, membrane, axial_resistivity=100 * ohm * cm, max_length=max_length, **options
    )


def cylinder(max_length=None, **options):
    """One length constant long, 2 um thick."""
    shape = rb.Morphology.cylinder(length=1000 * um, diameter=2 * um)
    return rb.Cell(
        shape, passive, axial_resistivity=100 * ohm * cm, max_length=max_length, **options
    )


def finite_cable(diameter=2e-6, length=500e-6):
    """Input conductance [S] of a sealed passive cable, and its electrotonic length.

    G = pi d**2/(4 R_a lambda) tanh(l/lambda), lambda = sqrt(d/(4 R_a g)).
    """
    constant = np.sqrt(diameter / (4 * R_A * G))
    infinite = np.pi * diameter**2 / (4 * R_A * constant)
    return infinite * np.tanh(length / constant), length / constant


def ball_and_stick_resistance():
    """Of the soma [Mohm], and the part of its voltage that reaches the end of the dendrite."""
    dendrite, length = finite_cable()
    return 1e-6 / (G * np.pi * (20e-6) ** 2 + dendrite), 1 / np.cosh(length)
