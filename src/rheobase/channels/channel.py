"""`Channel`: one kind of ion channel, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rheobase.channels.mechanism import Mechanism, MechanismArguments, checked_name
from rheobase.errors import EquationError, UnitError, UnknownNameError, did_you_mean
from rheobase.language.definitions import SUBEXPRESSION, Equation
from rheobase.language.functions import UserFunction
from rheobase.units import parse_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.channels.gating import Gate

PER_AREA = parse_unit("amp/metre**2").dimension
_AMP = parse_unit("amp").dimension
_EXAMPLE = "write I = g*(v - E) : uA/cm**2"


class Channel(Mechanism):
    """A channel in a membrane: its current per area, its gates, and what they depend on.

    Its text is the language of `rb.Model`. It defines the current `I`, positive outwards, and
    reads `v`, the voltage of the membrane. The gates that the current reads are given

    - by rates: `alpha_m` and `beta_m`; dm/dt = alpha_m (1 - m) - beta_m m,
    - by where they go and how fast: `m_inf` and `tau_m`; dm/dt = (m_inf - m)/tau_m,
    - by `m_inf` alone, where they follow the voltage at once,
    - or by a line `dm/dt = ... : 1`.

    A kinetic scheme is given by its transitions, `C <-> O : alpha, beta` (there, back) and
    `O -> J : rate`, one a line. Its states are fractions of the channels and sum to 1; the current
    reads those that conduct.

    With the parameters `Q10` (or one a gate, `Q10_m`) and `T_ref` [degrees Celsius] the rates are
    those at `T_ref`, multiplied by phi = Q10**((temperature - T_ref)/10), where `temperature` is
    that of the membrane.

    The text may also read what pools keep: the concentrations `Ca_i` and `Ca_o` [mM], the
    potential `nernst_Ca`, the constants `F` and `R`, and call `nernst(z, inside, outside,
    temperature)` and `ghk(v, z, inside, outside, temperature)`.

    Channels do not change. Calling one gives a copy with other values.

    Parameters
    ----------
    equations : str
        Lines `x = expression : unit`, `dx/dt = expression : unit`, `p : unit`, and transitions
        `C <-> O : alpha, beta`.
    parameters : mapping, optional
        Values by name: quantities, texts ("36 mS/cm**2"), plain numbers. A reversal potential of
        "nernst" is that of the ion the channel carries, from its concentrations.
    carries : str or mapping of str to str, optional
        The ion whose pool the current fills or empties, "Ca"; several with the parts of the
        current that are theirs: dict(Na="I_Na", K="I_K").
    functions : iterable of str
        Functions the text calls: "vtrap(x, y) = y/exprel(-x/y)".
    name : str
        What its variables end with in a membrane: g of a channel called Na is `g_Na`, and
        `g_Na_2` where there is another Na.
    doc : str
        What it is, and where it was published.

    Attributes
    ----------
    equations : tuple of Equation
        All lines, those of the gates among them.
    defaults : mapping of str to float
        Values of parameters in SI units.
    carries : mapping of str to str
        By ion, the variable that is its current.
    current_variable : str
        The current: `I`, or `I_NAME` where the text calls it so.
    gates : mapping of str to Gate
        What each gate does at a voltage.

    Raises
    ------
    EquationError, UnitError, UnknownNameError
        The text cannot be read, dimensions do not fit, a name stands for nothing, a gate lacks
        half of what it needs. The message shows the place and says how to mend it.

    Examples
    --------
    >>> delayed_rectifier = Channel(
    ...     '''
    ...     I = g*n**4*(v - E) : uA/cm**2
    ...     alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms
    ...     beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : 1/ms
    ...     g : mS/cm**2
    ...     ''',
    ...     parameters=dict(g="36 mS/cm**2", E="-77 mV", Q10=3, T_ref=6.3), name="K")
    >>> warm = delayed_rectifier(T_ref=20)
    """

    carries: Mapping[str, str]
    current_variable: str

    def __init__(
        self,
        equations: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        carries: str | Mapping[str, str] | None = None,
        functions: Iterable[str | UserFunction] = (),
        name: str = "channel",
        doc: str = "",
    ) -> None:
        texts = (functions,) if isinstance(functions, (str, UserFunction)) else functions
        self._take(MechanismArguments(
            equations=equations,
            parameters={} if parameters is None else parameters,
            functions=tuple(map(str, texts)),
            name=checked_name(name, "Channel"),
            doc=doc,
            ions=_ions(carries),
        ))  # fmt: skip

    def _take(self, arguments: MechanismArguments) -> None:
        super()._take(arguments)
        current = _current_name({e.name for e in self.equations}, self.name)
        carried = {ion: part or current for ion, part in arguments.ions.items()}
        object.__setattr__(self, "current_variable", current)
        object.__setattr__(self, "carries", MappingProxyType(carried))

    @property
    def gates(self) -> Mapping[str, Gate]:
        """What each gate does at a voltage, by name, in the order of the text."""
        from rheobase.channels.gating import Gate

        return MappingProxyType({form.name: Gate(self, form) for form in self.forms})

    def current(self, v: Any, **values: Any) -> Any:
        """Return the current per area at a held voltage, all gates where they go there.

        Parameters
        ----------
        v : quantity
            One voltage or an array of them.
        **values
            Of what else it depends on, such as `Ca_i` or `temperature` (the channel's `T_ref` if
            not given), of parameters, and of gates held elsewhere: `current(0*mV, h=1)`.

        Returns
        -------
        quantity
            In uA/cm**2, positive outwards.

        Raises
        ------
        UserError
            Something it depends on is not given.
        """
        from rheobase.channels.gating import held_value

        return held_value(self, self.current_variable, {"v": v, **values}, "uA/cm**2")

    def plot(
        self, low: Any = None, high: Any = "50 mV", *, ax: Any = None, **values: Any
    ) -> tuple[Axes, ...]:
        """Draw where the gates go and their time constants against the voltage.

        Gates that follow calcium are drawn against its concentration; those that follow both, for
        several concentrations. A channel without gates is drawn by its current.

        Parameters
        ----------
        low, high : quantity
            The range of voltages; from -100 mV if not given, from lower where a gate still moves
            there.
        ax : pair of Axes, optional
            Where to draw steady states and time constants; a new figure if not given.
        **values
            Of what else the gates depend on: `temperature`, `Ca_i` (one, or several).

        Returns
        -------
        tuple of Axes
            Steady states, time constants; the current alone of a channel without gates.

        Raises
        ------
        UserError
            The range is empty, or something the gates depend on is not given.
        """
        from rheobase.channels.drawing import draw_channel

        return draw_channel(self, low, high, ax, values)

    def _check(self, lines: Mapping[str, Equation], arguments: MechanismArguments) -> None:
        """Refuse a text without a current per area."""
        label = arguments.name
        current = _current_name(lines, label)
        line = lines.get(current)
        if line is None:
            meant = did_you_mean("I", [n for n in lines if n.lower().startswith("i")])
            raise EquationError(
                f"{label}: the text defines no current I",
                place=lines[meant].source.point(lines[meant].name_span) if meant else "",
                mend=f"{_EXAMPLE}, positive outwards",
            )
        if line.kind != SUBEXPRESSION:
            raise EquationError(
                f"{label}: {current} is the current of the channel, an expression",
                place=line.source.point(line.name_span),
                mend=_EXAMPLE,
            )
        for name in (current, *(part for part in arguments.ions.values() if part)):
            self._check_current(name, lines, label)

    def _check_current(self, name: str, lines: Mapping[str, Equation], label: str) -> None:
        line = lines.get(name)
        if line is None:
            meant = did_you_mean(name, lines)
            raise UnknownNameError(
                f"{label}: carries names the current {name!r}, which the text does not define"
                + (f"; did you mean {meant!r}?" if meant else ""),
                mend=f"add a line `{name} = ... : uA/cm**2`",
            )
        if line.unit.dimension != PER_AREA:
            absolute = line.unit.dimension == _AMP
            raise UnitError(
                f"{label}: the current of a channel is per area of membrane, and {name} is in"
                f" {line.unit.text}",
                place=line.source.point(line.unit_span),
                mend="give g in mS/cm**2, and write `: uA/cm**2`"
                if absolute
                else f"{_EXAMPLE}, with g in mS/cm**2",
            )


def _current_name(names: Iterable[str], label: str) -> str:
    names = set(names)
    return f"I_{label}" if "I" not in names and f"I_{label}" in names else "I"


def _ions(carries: Any) -> Mapping[str, str]:
    """Return the currents of ions as given; "" stands for the whole current."""
    if carries is None:
        return {}
    if isinstance(carries, str):
        return {checked_name(carries, "Channel, carries"): ""}
    if isinstance(carries, Mapping):
        return {checked_name(ion, "Channel, carries"): str(part) for ion, part in carries.items()}
    raise EquationError(
        f"Channel: carries is the name of an ion, got {type(carries).__name__}",
        mend='write carries="Ca", or carries=dict(Na="I_Na", K="I_K")',
    )
