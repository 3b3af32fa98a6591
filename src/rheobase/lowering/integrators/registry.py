"""The registry of integrators: a method is one file and its registration here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rheobase.errors import EquationError, did_you_mean
from rheobase.lowering.builder import Value
from rheobase.lowering.system import System


@dataclass(frozen=True)
class Method:
    """An integrator.

    Parameters
    ----------
    name
        What a model says: `method="rk4"`.
    order
        Order of convergence for smooth deterministic systems (None: exact).
    summary
        One sentence for `explain()` and the documentation.
    step
        Builds the states at the end of the step from a `System`.
    refuses
        Says why the method must not be used for a system, or returns None.
    noise
        "none", "additive" or "any": what white noise the method converges for.
    strong_order
        Strong order of convergence for the noise it accepts (None: no noise).
    staggered
        Names of the states the method keeps half a step behind, for a system.
    """

    name: str
    order: int | None
    summary: str
    step: Callable[[System], dict[str, Value]]
    refuses: Callable[[System], str | None] = lambda system: None
    noise: str = "none"
    strong_order: float | None = None
    staggered: Callable[[System], frozenset[str]] = lambda system: frozenset()


METHODS: dict[str, Method] = {}


def register(method: Method) -> Method:
    """Add an integrator; the error texts, documentation and tests take their lists from here."""
    METHODS[method.name] = method
    return method


def why_not(method: Method, system: System) -> str | None:
    """Say why a method must not be used for a system; None where it may."""
    if system.noises and method.noise == "none":
        return f"{method.name!r} has no place for white noise ({', '.join(system.noises)})"
    if system.noises and method.noise == "additive" and not system.additive:
        return (
            f"{method.name!r} does not converge (in the sense of Stratonovich) for "
            "multiplicative noise, a noise multiplied by what the equations change"
        )
    return method.refuses(system)


def refuse_unclipped(system: System) -> str | None:
    """Runge-Kutta stages look beyond the threshold, where an exponential explodes."""
    found = system.unclipped_exponential()
    if found is None:
        return None
    return (
        f"a stage of the step would evaluate {found} beyond the threshold, where it explodes; "
        "bound it, for example exp((clip(v, -1*volt, V_cut) - V_T)/Delta_T), or use "
        "method='euler'"
    )


def choose(system: System, name: str) -> tuple[Method, str]:
    """Return the integrator of a system and why it was chosen.

    Raises
    ------
    EquationError
        There is no such method, or it must not be used for these equations.
    """
    if name == "auto":
        return choose_automatically(system)
    if name not in METHODS:
        hint = did_you_mean(name, [*METHODS, "auto"])
        raise EquationError(
            f"no method {name!r}" + (f"; did you mean {hint}?" if hint else "") +
            f"\nthere are: auto, {', '.join(METHODS)}"
        )  # fmt: skip
    method = METHODS[name]
    reason = why_not(method, system)
    if reason is not None:
        better, because = choose_automatically(system)
        raise EquationError(
            f"method={name!r} cannot be used for {system.model.name}: {reason}"
            f"\nmethod='auto' would take {better.name!r} ({because})"
        )
    return method, "as the model says"


def choose_automatically(system: System) -> tuple[Method, str]:
    """Take the best method for the structure of the equations."""
    for name, reason in _candidates(system):
        if why_not(METHODS[name], system) is None:
            return METHODS[name], reason
    raise EquationError(
        f"no integrator fits the equations of {system.model.name}: "
        + (why_not(METHODS["stochastic_heun"], system) or "")
    )


def _candidates(system: System) -> list[tuple[str, str]]:
    if system.noises:
        return [
            ("exponential_euler", "additive noise, every equation linear in its own variable"),
            ("euler", "additive noise: converges with strong order 1"),
            ("milstein", "multiplicative noise, each variable with its own: strong order 1"),
            ("stochastic_heun", "multiplicative noise that variables share"),
        ]
    spikes = system.model.threshold is not None
    linear = [("exact", "the equations are linear with coefficients fixed during a run")]
    if system.conductances:
        linear += [
            ("staggered", "voltage and gates (or conductances) depend on each other only: second "
             "order at the cost of one evaluation"),
            ("exponential_euler", "conductances: each equation is linear in its own variable"),
        ]  # fmt: skip
    elif system.uncoupled:
        linear.append(("exponential_euler", "every equation is linear and stands alone"))
    return [
        *linear,
        ("heun" if spikes else "rk4",
         "nonlinear, with a threshold: second order" if spikes else "smooth: fourth order"),
        ("euler", "nonlinear, with an exponential that must not be evaluated beyond the "
         "threshold; clip it to allow a method of second order"),
    ]  # fmt: skip
