"""A calcium plateau as Arbor computes it, with the channels of its catalogue of the BBP.

Arbor 0.12: one compartment of 400 pi um**2 at 34 degrees, 1 uF/cm**2, `pas` 0.1 mS/cm**2 at -65 mV,
`Ca_HVA` 0.1 mS/cm**2 at 120 mV, `SK_E2` 0.5 mS/cm**2 at -90 mV, `Ih` 0.2 mS/cm**2, `CaDynamics_E2`;
0.25 nA from 50 to 200 ms. Its steps are of first order: the values are extrapolated from dt = 2 and
1 us to 0.
"""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import cm, mS, ms, mV, nA, nM, um

ARBOR = np.array([
    (20, -64.7228, 0.100000), (52, -28.7125, 0.100119), (55, 19.7666, 0.315424),
    (58, 3.8517, 0.736643), (60, -22.3157, 1.087311), (80, -52.5923, 1.717884),
    (140, -51.7280, 0.864996), (199, -38.2321, 0.493933), (205, -78.6114, 0.481110),
    (260, -75.3359, 0.291637), (299, -68.9279, 0.217696),
])  # fmt: skip
"""Time [ms], voltage [mV], calcium [uM]."""


@pytest.mark.parametrize("dt, volts", [(0.05, 0.03), (0.025, 0.01)])
def test_the_same_plateau(dt, volts):
    channels = rb.channels
    membrane = rb.Membrane([
        channels.Leak(g=0.1 * mS / cm**2, E=-65 * mV), channels.LType(g=0.1 * mS / cm**2),
        channels.SK(g=0.5 * mS / cm**2), channels.HType(g=0.2 * mS / cm**2), channels.CalciumPool,
    ], temperature=34)  # fmt: skip
    net = rb.Network(dt=dt * ms, seed=1)
    cell = net.add(membrane.point(np.pi * 400 * um**2), name="cell")
    cell.v, cell.Ca_i = -65 * mV, 100 * nM
    cell.q_CaL, cell.r_CaL = (channels.LType.gates[g].steady(-65 * mV) for g in "qr")
    cell.m_h = channels.HType.gates["m"].steady(-65 * mV)
    cell.z_SK = channels.SK.gates["z"].steady(Ca_i=100 * nM)
    net.inject(cell, rb.stimuli.step(0.25 * nA, start=50 * ms, stop=200 * ms))
    net.record(cell, "v", "Ca_i", every=1 * ms)
    traces = net.run(300 * ms).traces["cell"]
    at = ARBOR[:, 0].astype(int)
    np.testing.assert_allclose(traces.v.values[at, 0], ARBOR[:, 1], atol=volts, rtol=0)
    # calcium is recorded half a step behind
    np.testing.assert_allclose(traces.Ca_i.values[at, 0], ARBOR[:, 2], rtol=0.02 * dt / 0.025)
