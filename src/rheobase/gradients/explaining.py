"""The reverse of a step as text: each line of the step, and beside it what goes back through it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.gradients.lines import Line, lines_of
from rheobase.language.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    names_in,
    substitute,
    to_text,
    walk,
)
from rheobase.language.model import Model
from rheobase.language.parsing import parse_expression
from rheobase.lowering import Program, lower, surrogates
from rheobase.lowering.adjoint import (
    Reset,
    Reverse,
    reverse,
    threshold_sides,
    without_derivative,
)
from rheobase.lowering.adjoint_blocks import GIVEN, reverse_block
from rheobase.lowering.calculus import ONE, ZERO, derivative, scaled, tidy
from rheobase.lowering.surrogates import Surrogate
from rheobase.rendering import source_of

LEFT, RIGHT = "left of the threshold", "right of the threshold"
COLUMN = 50
"""Where the reverse stands beside a line of the step."""


def explain_gradient(model: Model, with_respect_to: Iterable[str] | None = None, *,
                     method: str | None = None, surrogate: str | Surrogate = "fast_sigmoid",
                     reset: Reset = "detached") -> str:  # fmt: skip
    """Return how a model is differentiated: its step line by line, forward and back.

    Parameters
    ----------
    model : Model
        Any model whose cells go step by step.
    with_respect_to : names, optional
        Parameters; without them all that have a value and a derivative.
    method : str, optional
        The integrator, in place of the model's own.
    surrogate : str or Surrogate
        What stands for the derivative of a spike.
    reset : {"detached", "through"}
        Whether which cells are reset counts as a constant.

    Returns
    -------
    str
        The lines of the step, each with its reverse beside it (``bar_x`` is the derivative of the
        loss by x): the forward pass is read downwards, the backward pass upwards. Then the reverse
        as a program, and the Python that is generated from it.

    Raises
    ------
    UserError
        The model has no such parameter, or cannot be differentiated.

    Examples
    --------
    >>> import rheobase as rb
    >>> model = rb.Model("dx/dt = -a*x**2 : 1", parameters=dict(a="1 Hz"), method="euler")
    >>> text = rb.explain_gradient(model)
    >>> print(text.partition("Each step")[2].partition("The reverse")[0].strip())
    # dx/dt = -a*x**2 : 1
      x_new = dt*(c3*(x*x)) + x                       bar_c3 += bar_x_new*(dt*(x*x))
                                                      bar_x += bar_x_new*(dt*(c3*(x + x)) + 1)
    <BLANKLINE>
    After the step
      x = x_new                                       bar_x_new += bar_x
    """
    if not isinstance(model, Model):
        raise UserError(
            f"explain_gradient takes a model, got {model!r}",
            mend="rb.explain_gradient(rb.models.LIF)",
        )
    program = lower(model, method=method)
    wanted = _wanted(model, program, with_respect_to)
    inputs = frozenset(a.name for a in program.arrays if a.role == "input")
    chosen = surrogates.surrogate(surrogate)
    back = reverse(program, surrogate=chosen, reset=reset, with_respect_to=wanted, inputs=inputs)
    parts = [
        _head(model, program, back, wanted),
        _once(program, back, wanted),
        _step(program, back),
        _after(program, back, chosen, reset),
        f"The reverse as a program\n{_indented(str(back.program))}",
        f"Its source\n{_indented(source_of(back.program))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wanted(model: Model, program: Program, given: Iterable[str] | None) -> frozenset[str]:
    known = [e.name for e in model.parameter_equations if e.name not in program.mutable]
    known = [n for n in known if all(a.name != n or a.role != "input" for a in program.arrays)]
    if given is None:
        return frozenset(known) - without_derivative(program, frozenset(known))
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in known:
            meant = did_you_mean(name, known)
            raise UnknownNameError(
                f"{model.name} has no parameter {name!r}"
                + (f"; did you mean {meant}?" if meant else ""),
                mend="its parameters are: " + ", ".join(known),
            )
    return frozenset(names)


def _head(model: Model, program: Program, back: Reverse, wanted: frozenset[str]) -> str:
    found = reverse_block(program.prepare, frozenset(back.total), wanted)
    known = {w.target.removeprefix(GIVEN) for w in found.writes}
    names = [e.name for e in model.parameter_equations if e.name in wanted]
    lines = [
        f"Gradient of {model.name}: the reverse of a step",
        f"  method {program.method} ({program.reason})",
        f"  parameters: {', '.join(n for n in names if n in known) or 'none'}",
    ]
    idle = [n for n in names if n not in known]
    if idle:
        lines.append(f"  without influence: {', '.join(idle)}")
    lines += [
        "  bar_x is the derivative of the loss by x. The step goes down the left side; its reverse",
        "  goes up the right side, where each line adds to the bars of what its line has read.",
    ]
    return "\n".join(lines)


def _once(program: Program, back: Reverse, wanted: frozenset[str]) -> str:
    """What is made of parameters once, and how their bars come from those of what is made."""
    lines, _ = lines_of(program.prepare, back.total)
    active = _active(lines, set(wanted))
    shown = "\n".join(_beside(line, active) for line in lines)
    return f"Once, from the parameters\n{shown}" if shown else ""


def _active(lines: list[Line], leaves: set[str]) -> set[str]:
    """Return the names whose bars are computed: what depends on the leaves."""
    found = set(leaves)
    for line in lines:
        read = names_in(line.expression)
        through = line.kind == "entry" or read & found
        if line.kind != "bool" and through:
            found.add(line.name)
    return found


def _step(program: Program, back: Reverse) -> str:
    lines, _ = _lines_of_step(program)
    active = _active(lines, {*program.states, *back.bar_input, *back.total})
    parts = ["Each step"]
    section = ""
    for line in lines:
        if line.section != section:
            section = line.section
            parts.append(f"  # {section}")
        parts.append(_beside(line, active))
    return "\n".join(parts)


def _lines_of_step(program: Program) -> tuple[list[Line], dict[str, str]]:
    """Return the lines of the update, and the names of new states and of what is compared."""
    more: dict[str, int] = {}
    if program.on_spike is not None:
        for k, (left, right) in enumerate(threshold_sides(program)[0]):
            more |= {f"{LEFT} {k + 1}": left, f"{RIGHT} {k + 1}": right}
    return lines_of(program.update, program.states, more)


def _beside(line: Line, active: set[str]) -> str:
    """Return a line, and beside it what it adds to the bars of what it reads."""
    left = f"  {line.name} = {to_text(tidy(line.expression))}"
    right = []
    if line.kind == "entry":
        right.append(f"bar_A_dt += the adjoint of exp, for bar_{line.name}")
    elif line.kind == "matrix" and isinstance(line.expression, Call):
        size = round(len(line.expression.arguments) ** 0.5)
        for k, entry in enumerate(line.expression.arguments):
            right += _backwards(f"bar_A_dt[{k // size}, {k % size}]", entry, active)
    elif line.kind == "float":
        right = _backwards(f"bar_{line.name}", line.expression, active)
    return _columns(left, right)


def _backwards(bar: str, expression: Expr, active: set[str]) -> list[str]:
    """Return what goes to the bars of what an expression reads, given its own."""
    found = []
    for name in _names_in_order(expression):
        slope = derivative(expression, name) if name in active else ZERO
        if slope is not None and slope != ZERO:
            found.append(f"bar_{name} += {_product(bar, slope)}")
    return found


def _product(bar: str, slope: Expr) -> str:
    slope = tidy(slope)
    if slope == ONE:
        return bar
    return to_text(tidy(scaled(Name(bar), slope)))


def _names_in_order(expression: Expr) -> list[str]:
    return list(dict.fromkeys(n.id for n in walk(expression) if isinstance(n, Name)))


def _columns(left: str, right: list[str]) -> str:
    if not right:
        return left
    if len(left) >= COLUMN - 1:
        return "\n".join([left, *(" " * COLUMN + text for text in right)])
    first = left.ljust(COLUMN) + right[0]
    return "\n".join([first, *(" " * COLUMN + text for text in right[1:])])


def _after(program: Program, back: Reverse, chosen: Surrogate, reset: Reset) -> str:
    """The threshold and the reset, and how bars go back through them."""
    lines, new = _lines_of_step(program)
    active = _active(lines, {*program.states, *back.bar_input, *back.total})
    if program.on_spike is None:
        parts = ["After the step"]
        return "\n".join(parts + [_kept(state, new) for state in program.states])
    title = next(s for s in program.update.sections if s.startswith("threshold"))
    parts = ["Spikes", f"  # {title}", *_threshold(program, back, chosen, new, active)]
    block = program.on_spike
    lines, after = lines_of(block, program.states)
    now = {state: Name(name) for state, name in new.items()}
    lines = [replace(line, expression=substitute(line.expression, now)) for line in lines]
    active = _active(lines, active | set(back.total))
    parts.append("  # the reset, in cells that spike")
    parts += [_beside(line, active) for line in lines]
    for state in program.states:
        if state not in after:
            parts.append(_kept(state, new))
            continue
        value, before = after[state], new.get(state, state)
        right = [f"bar_{before} += where(spike, 0, bar_{state})"]
        if value in active:
            right.insert(0, f"bar_{value} += where(spike, bar_{state}, 0)")
        if reset == "through" and back.bar_spike is not None:
            right.append(f"bar_spike += bar_{state}*({value} - {before})")
        parts.append(_columns(f"  {state} = where(spike, {value}, {before})", right))
    if reset == "detached":
        parts.append("  which cells spike is a constant of the reset (reset='detached')")
    return "\n".join(parts)


def _kept(state: str, new: dict[str, str]) -> str:
    name = new.get(state, state)
    if name == state:
        return f"  {state} stays as it is"
    return _columns(f"  {state} = {name}", [f"bar_{name} += bar_{state}"])


def _threshold(program: Program, back: Reverse, chosen: Surrogate, new: dict[str, str],
               active: set[str]) -> list[str]:  # fmt: skip
    if back.bar_spike is None:
        why = back.no_spikes or "surrogate='none' takes the true one, which is 0"
        return [f"  no derivative of spikes: {why}"]
    sides, decides = threshold_sides(program)
    several = len(sides) > 1
    held = "" if program.refractory_kind == "none" else ", not while refractory"
    given = f"{chosen.scale:g} (SI)" if chosen.scale is not None else (
        "the distance of the reset from the threshold"
    )  # fmt: skip
    lines = []
    for k in range(len(sides)):
        left, right = (parse_expression(new[f"{side} {k + 1}"]) for side in (LEFT, RIGHT))
        margin, name = Binary("-", left, right), f"margin_{k + 1}" if several else "margin"
        back_to = _backwards(f"bar_{name}", margin, active)
        lines.append(_columns(f"  {name} = {to_text(margin)}", back_to))
    if several:
        lines += [
            f"  m = {decides}, with m_i = margin_i/scale_i",
            _columns(f"  spike = m > 0{held}", ["of the one that decides, i:"]),
            _columns("", ["bar_margin_i += bar_spike*curve(m)/scale_i"]),
        ]
    else:
        to_margin = "bar_margin += bar_spike*curve(margin/scale)/scale"
        lines.append(_columns(f"  spike = margin > 0{held}", [to_margin]))
    return [
        *lines,
        f"  surrogate {chosen.kind}: curve(m) = {chosen.text}",
        f"  with slope {chosen.steepness:g} and for scale {given}",
    ]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
