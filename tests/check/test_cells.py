"""The cell that checks step does what the engine does, for every model of the library."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.check.cells import Cell, Kinds, network_of
from rheobase.check.habits import RIGHT, Habits
from rheobase.check.records import record_of
from rheobase.check.trials import Trials
from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.models import catalog
from rheobase.units import UNITS, ms, mV, quantity

STEPS = 200


def quiet(model: Model) -> bool:
    return model.crossing != "exact" and not lower(model).draws


MODELS = [name for name, model in catalog().items() if quiet(model)]


def engine_run(model, dt, trial):
    """Run a trial with the engine: states after every step, and times of spikes."""
    net = network_of(model, dt)
    cell = net.add(model, 1, name="cell")
    second = UNITS["second"]
    for k, arrivals in enumerate(trial.arrivals):
        for port, weight in arrivals:
            source = net.add(rb.stimuli.spike_times([quantity(k * dt, second)]))
            unit = model.receives_unit(port)
            net.connect(source, cell, weight=quantity(weight, unit), delay=0 * ms, to=port)
    for name in trial.inputs[0]:
        unit = model.unit_of(name)
        values = quantity(np.array([now[name] for now in trial.inputs]), unit)
        net.inject(cell, rb.stimuli.from_array(values, quantity(dt, second)), to=name)
    names = [e.name for e in model.differential]
    net.record(cell, *names, every=quantity(dt, second))
    result = net.run(quantity(trial.steps * dt, second), backend="interpreter", progress=False)
    found = {}
    for name in names:
        unit = model.unit_of(name)
        rows = result.traces["cell"][name].values[:, 0]
        found[name] = np.append(unit.to_si(rows), getattr(cell, name).magnitude[0] * unit.scale)
    return found, result.spikes["cell"].times


@pytest.mark.parametrize("name", MODELS)
def test_a_cell_steps_as_the_engine_does(name):
    model = catalog()[name]
    dt = 1e-3 if name == "NormalizedLIF" else 1e-4
    kind = Kinds(model, dt).of()
    inputs = [e.name for e in model.inputs]
    maker = Trials(kind, dt, STEPS, np.random.default_rng(3), inputs, None)
    trial = maker.random("random")
    record = record_of(kind, dt, trial)
    traces, spikes = engine_run(model, dt, trial)
    for state, values in traces.items():
        mine = np.array([v[state] for v in record.values])
        scale = np.abs(values).max() or 1.0
        np.testing.assert_allclose(mine, values, rtol=1e-9, atol=1e-9 * scale, err_msg=state)
    np.testing.assert_allclose([t for some in record.spikes for t in some], spikes, atol=1e-9)


@pytest.mark.parametrize("crossing", ["grid", "linear"])
def test_refractory_times_are_kept_on_the_grid_and_between(crossing):
    model = rb.models.LIF(crossing=crossing)
    kind = Kinds(model, 1e-4).of()
    cell = Cell(kind, 1e-4)
    drive = {"I": 1e-9}
    while not cell.step((), drive):
        assert cell.left == 0
    left = cell.left
    assert left == pytest.approx(2e-3, abs=1.01e-4)
    v = cell.state()["v"]
    held = 0
    while cell.state()["v"] == v:
        cell.step((), drive)
        held += 1
    assert held == (21 if crossing == "grid" else 20)


def test_a_kind_is_made_once_for_habits_that_need_no_other():
    kinds = Kinds(rb.models.NormalizedLIF, 1e-3)
    assert kinds.of() is kinds.of(RIGHT) is kinds.of(Habits(order="backwards"))
    assert kinds.of(Habits(method="heun")) is not kinds.of()
    swapped = kinds.of(Habits(mistaken=(("tau_m", "tau_s"), ("tau_s", "tau_m"))))
    assert swapped.parameters["tau_m"] == 0.05 and swapped.parameters["tau_s"] == 0.02


def test_what_a_kind_knows_of_threshold_and_reset():
    kind = Kinds(rb.models.LIF, 1e-4).of()
    assert kind.thresholds == ("v", pytest.approx(-0.05))
    assert kind.reset_to == {"v": pytest.approx(-0.065)}
    assert kind.duration == pytest.approx(2e-3)
    moving = rb.Model(
        "dv/dt = -v/tau : mV\ndtheta/dt = -theta/tau : mV", threshold="v > theta",
        reset="v = 0.1*v; theta += 1*mV", parameters=dict(tau=10 * ms), initial=dict(theta=5 * mV),
    )  # fmt: skip
    found = Kinds(moving, 1e-4).of()
    assert found.thresholds is None and found.reset_to == {} and found.duration == 0
