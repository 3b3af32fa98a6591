"""The step of a membrane of channels and pools: all but the voltage half a step behind it.

As `staggered`, for equations whose gates and concentrations read each other too (a current fills a
pool of calcium, which opens channels) and whose voltage is not linear in itself (Goldman's current,
gates that follow at once). What stands half a step behind is stepped one after the other, what is
not linear in itself by its derivative: see `rheobase.lowering.integrators.cable`, which steps the
compartments of a cable in the same way.
"""

from __future__ import annotations

from rheobase.language.expressions import names_in
from rheobase.lowering.builder import Value
from rheobase.lowering.calculus import derivative
from rheobase.lowering.integrators import cable
from rheobase.lowering.integrators.registry import Method, register
from rheobase.lowering.integrators.staggered import on_grid
from rheobase.lowering.system import System
from rheobase.units import UNITS

VOLTAGE = "v"


def step(system: System) -> dict[str, Value]:
    """Step gates and concentrations at v(t), then v with these in the middle of its step."""
    stepped = cable.step(system, VOLTAGE)
    moved = cable.rosenbrock_step(system, VOLTAGE, stepped.middle, system.dt)
    return {**stepped.new, VOLTAGE: moved}


def late(system: System) -> frozenset[str]:
    """Return the variables that are kept half a step behind."""
    return system.names - cable.on_grid(system, VOLTAGE) - {VOLTAGE}


def refuses(system: System) -> str | None:
    """Refuse equations without a voltage, and events that act on what is half a step behind."""
    model = system.model
    if VOLTAGE not in system.names or model.unit_of(VOLTAGE).dimension != UNITS["mV"].dimension:
        return f"there is no voltage called {VOLTAGE}, a state in mV"
    behind = late(system)
    if not behind:
        return "nothing reads the voltage and is read by it: 'exponential_euler' does the same"
    caught = sorted(behind & (on_grid(system) | system.held_names))
    if caught:
        return (
            f"{', '.join(caught)} would stand half a step behind the voltage, and a threshold, a "
            "reset, an arrival or an input needs it on the grid"
        )
    for name in (VOLTAGE, *sorted(behind)):
        if system.own_linear(name) is None and derivative(system.right[name], name) is None:
            return f"how d{name}/dt changes with {name} is not known"
    linked = {n for n in system.states if n != VOLTAGE and VOLTAGE in names_in(system.right[n])}
    if not linked:
        return f"nothing reads {VOLTAGE}: 'exponential_euler' does the same"
    return None


MEMBRANE = register(Method(
    "membrane", 2, "staggered exponential steps: all but the voltage half a step behind, what is "
    "not linear in itself by its derivative", step, refuses=refuses, staggered=late,
))  # fmt: skip
