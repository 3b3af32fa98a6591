"""Cells with a morphology are fitted: densities that made a recording are found again."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError, UserError
from rheobase.fitting.fitted_cell import FittedCell
from rheobase.units import cm, mS, ms, mV, nA, um

HH = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak], name="HH")
PASSIVE = rb.Membrane([rb.channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV)], name="passive")
SHAPE = rb.Morphology.ball_and_stick(20 * um, 300 * um, 2 * um)
DENSITY = mS / cm**2


def made(soma=HH, dendrite=PASSIVE, **options):
    return rb.Cell(SHAPE, {"soma": soma, "dendrite": dendrite}, max_length=60 * um, **options)


def recorded(cell, amplitude, **place):
    place = place or {"region": "soma"}
    stimulus = rb.stimuli.step(amplitude, start=2 * ms, stop=15 * ms)
    net = rb.Network(dt=0.05 * ms, seed=1, start=-100 * ms)
    cells = net.add(cell, name="cells")
    net.inject(cells.at(**place), stimulus)
    net.record(cells.at(**place), "v", every=0.1 * ms)
    v = net.run(125 * ms).traces["cells"].v
    after = v.values[v.time.values >= -1e-9, 0]
    return rb.fitting.Recording(stimulus, after * mV, dt=0.1 * ms)


@pytest.fixture(scope="module")
def recordings():
    true = made(HH(g_Na=90 * DENSITY), PASSIVE(g_L=0.1 * DENSITY))
    return [recorded(true, -0.1 * nA), recorded(true, 0.3 * nA)]


def fitted(recordings, bounds, cell=None, **options):
    options = {"iterations": 25, "population": 12, "seed": 1, **options}
    return rb.fit_parameters(made() if cell is None else cell, recordings, bounds, **options)


BOUNDS = {"g_Na": (40, 200) * DENSITY, "dendrite.g_L": (0.02, 0.5) * DENSITY}


def test_densities_that_made_the_recordings_are_found(recordings):
    fit = fitted(recordings, BOUNDS)
    assert fit.parameters["g_Na"].magnitude == pytest.approx(90, rel=0.01)
    assert fit.parameters["dendrite.g_L"].magnitude == pytest.approx(0.1, rel=0.02)
    assert isinstance(fit.model, rb.Cell)
    soma, dendrite = fit.model.values("g_L")[[0, -1]] / 10
    assert soma == pytest.approx(0.3) and dendrite == pytest.approx(0.1, rel=0.02)
    # the cell that is returned does what the sweep says
    again = recorded(fit.model, 0.3 * nA)
    np.testing.assert_allclose(fit.sweeps[1].voltage, again.voltage, atol=1e-6)
    assert "dendrite.g_L" in str(fit) and fit.sweeps[1].count == again.spikes.size == 1


def test_a_place_elsewhere_and_a_start():
    at = dict(region="dendrite", fraction=0.5)
    recording = recorded(made(HH, PASSIVE(g_L=0.1 * DENSITY)), 0.05 * nA, **at)
    fit = fitted(recording, {"dendrite.g_L": (0.02, 0.5) * DENSITY}, at=at, iterations=12,
                 start={"dendrite.g_L": 0.09 * DENSITY})  # fmt: skip
    assert fit.parameters["dendrite.g_L"].magnitude == pytest.approx(0.1, rel=0.01)


def test_values_of_regions_come_after_those_of_all():
    cell = FittedCell(made(parameters={"dendrite": {"g_L": 0.2 * DENSITY}, "g_K": 30 * DENSITY}))
    other = cell(**{"dendrite.g_L": 0.4 * DENSITY, "g_L": 0.3 * DENSITY})
    assert other.values("g_L")[[0, -1]] == pytest.approx([3, 4])
    assert other.values("g_K")[0] == pytest.approx(300)
    assert cell.value_of("dendrite.g_L") == pytest.approx(2)
    names = cell.parameter_names()
    assert "g_L" in names and "dendrite.g_L" in names and "soma.g_Na" in names
    assert not {"C_m", "area", "I", "dendrite.g_Na"} & set(names)


def test_what_is_refused(recordings):
    with pytest.raises(UserError) as caught:
        fitted(recordings, BOUNDS, optimizer="lbfgs")
    assert str(caught.value) == (
        "fit_parameters: ball and stick is a cell with a morphology, without derivatives\n"
        'given: optimizer="lbfgs"\nwrite optimizer="differential_evolution" or "cma"'
    )
    with pytest.raises(UserError) as caught:
        fitted(recordings, BOUNDS, at="dendrite")
    assert str(caught.value) == (
        "fit_parameters: at is 5 compartments, and one is recorded\n"
        'write at=dict(region="dendrite", fraction=0.5)'
    )
    with pytest.raises(UserError, match="fit_parameters: at is a place on the cell\ngiven: 3"):
        fitted(recordings, BOUNDS, at=3)
    with pytest.raises(UnknownNameError, match=r"no parameter 'dendrit\.g_L'; did you mean"):
        fitted(recordings, {"dendrit.g_L": (1, 2) * DENSITY})
    with pytest.raises(UserError, match="start lies outside the bounds of g_Na"):
        fitted(recordings, {"g_Na": (40, 60) * DENSITY}, start={"g_Na": 100 * DENSITY})
    with pytest.raises(
        UserError, match="is a point, and at is a place on a cell\ngiven: at='soma'"
    ):
        fitted(recordings, {"g_L": (1, 2) * rb.units.nS}, cell=rb.models.AdEx, at="soma")
