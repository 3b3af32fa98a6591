"""`Membrane`: channels and pools together, as a point model and as a patch of a cable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rheobase.channels.channel import Channel
from rheobase.channels.joining import Placed, ion_lines, mechanism_text, place
from rheobase.channels.mechanism import Mechanism, refuse_sign
from rheobase.channels.pool import Pool
from rheobase.channels.reversal import FUNCTIONS, celsius
from rheobase.errors import EquationError, UnknownNameError, UserError, did_you_mean
from rheobase.language.building import Arguments
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.language.names import is_noise
from rheobase.language.reading import unknown_parameter
from rheobase.language.values import read_value
from rheobase.units import parse_unit, quantity, to_si

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OWN = ("v", "I", "area", "C_m", "temperature", "V_spike", "t", "dt", "i", "j", "N", "pi")
"""Names of the membrane itself."""


class Membrane:
    """Channels and pools that share a voltage, ions and a temperature.

    C_m dv/dt = I/area - (I_Na + I_K + ...), every one of these an outward current per area.

    Every name of a channel's text ends with the channel's name here: `g_Na`, `E_Na`, `m_Na`,
    `I_Na`. Of two channels of one name the second ends with `Na_2`. All are parameters and
    variables of the models that `point` and `patch` give.

    Pools stand among the channels. A pool of calcium reads `I_Ca_total`, the sum over all
    channels that carry calcium, and defines `Ca_i` for all that read it.

    Membranes do not change. Calling one gives a copy with other values: `membrane(g_Na=...)`.

    Parameters
    ----------
    channels : sequence of Channel and Pool
        At least one channel.
    capacitance : quantity
        Per area; `C_m` in the models.
    temperature : float or quantity, optional
        In degrees Celsius, or a quantity in kelvin. If not given, that at which the channels were
        measured, their `T_ref`, where all agree.
    name : str
        What its models are called.

    Attributes
    ----------
    channels : mapping of str to Channel
        By what their variables end with.
    pools : mapping of str to Pool
        By ion.
    names : mapping of str to mapping of str to str
        What the names of a text are called here: of a channel by its ending, `names["Na"]["g"]`,
        of a pool as `names["pool of Ca"]["tau"]`.
    currents : tuple of str
        The currents that are summed, in the order of the channels.
    gates : tuple of str
        The gates of all channels that are states.
    steady : mapping of str to str
        Where each of these gates goes at a voltage, as text over the names of the membrane.
    defaults : mapping of str to float
        Values of all parameters in SI units, `C_m` and `temperature` among them.
    temperature : float or None
        In degrees Celsius; None where nothing depends on it.

    Raises
    ------
    WiringError
        A channel reads an ion that no pool keeps, or two pools keep one ion.
    UserError, UnitError
        The channels were measured at different temperatures and none is given, or a value is of
        another dimension.

    Examples
    --------
    >>> from rheobase import channels
    >>> membrane = Membrane([channels.HHSodium, channels.HHPotassium, channels.Leak])
    >>> membrane.currents
    ('I_Na', 'I_K', 'I_L')
    >>> point = membrane.point("20000 um**2")
    """

    name: str
    channels: Mapping[str, Channel]
    pools: Mapping[str, Pool]
    names: Mapping[str, Mapping[str, str]]
    currents: tuple[str, ...]
    gates: tuple[str, ...]
    steady: Mapping[str, str]
    defaults: Mapping[str, float]
    temperature: float | None
    _parts: tuple[Placed, ...]
    _shared: tuple[str, ...]
    _given: Mapping[str, Any]
    _patch: Model
    _made: tuple[Any, ...]

    def __init__(
        self,
        channels: Sequence[Mechanism],
        *,
        capacitance: Any = "1 uF/cm**2",
        temperature: Any = None,
        name: str = "Membrane",
        **others: Any,
    ) -> None:
        for other in others:
            raise _no_argument(other)
        self._take(tuple(_mechanisms(channels)), capacitance, temperature, name, {})

    def _take(
        self, mechanisms: tuple[Mechanism, ...], capacitance: Any, temperature: Any, name: str,
        changed: Mapping[str, Any],
    ) -> None:  # fmt: skip
        parts = place(mechanisms, _OWN)
        shared = ion_lines(parts)
        warm = any("nernst(" in line for line in shared)
        warm = warm or any("temperature" in part.mechanism.reads for part in parts)
        if temperature is not None:
            celsius(temperature, "Membrane: temperature")  # wrong ones are refused in any case
        degrees = _temperature(mechanisms, temperature) if warm else None
        _check_capacitance(capacitance)
        given: dict[str, Any] = {"C_m": capacitance}
        if degrees is not None:
            given["temperature"] = degrees
        for part in parts:
            given |= part.parameters
        self._keep(
            name=name,
            channels=MappingProxyType(
                {p.ending: p.mechanism for p in parts if isinstance(p.mechanism, Channel)}
            ),
            pools=MappingProxyType(
                {p.mechanism.ion: p.mechanism for p in parts if isinstance(p.mechanism, Pool)}
            ),
            names=MappingProxyType({p.title: MappingProxyType(dict(p.names)) for p in parts}),
            currents=tuple(p.names[p.mechanism.current_variable] for p in parts
                           if isinstance(p.mechanism, Channel)),
            temperature=degrees,
            _parts=parts,
            _shared=tuple(shared),
            _given=given,
            _made=(mechanisms, capacitance, temperature, name, changed),
        )  # fmt: skip
        usual = self._model(None)
        known = [e for e in usual.parameter_equations if e.name not in ("I", "area")]
        for key in changed:
            if key not in {e.name for e in known}:
                raise unknown_parameter(key, known, reader=name)
        if changed:
            self._keep(_given={**given, **changed})
            usual = self._model(None)
        for key in changed:
            refuse_sign(key, usual.unit_of(key), usual.defaults[key], f"{name}: {key}", f"{key}=")
        states = {e.name for e in usual.differential}
        gates = [(p, form) for p in parts for form in p.mechanism.forms
                 if p.names[form.name] in states]  # fmt: skip
        self._keep(
            defaults=usual.defaults,
            _patch=usual,
            gates=tuple(p.names[form.name] for p, form in gates),
            steady=MappingProxyType({
                p.names[form.name]: p.renamed_text(form.steady) for p, form in gates if form.steady
            }),
        )  # fmt: skip

    def _keep(self, **values: Any) -> None:
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)

    def __setattr__(self, attribute: str, value: Any) -> None:
        raise UserError(
            f"a Membrane does not change: {attribute} cannot be set",
            mend=f"make a copy with another value: membrane({attribute}=...)",
        )

    def __call__(self, **parameters: Any) -> Membrane:
        """Return a copy with other values of parameters, such as g_Na, C_m or temperature.

        Raises
        ------
        UnknownNameError, UnitError, UserError
            There is no such parameter, its dimension is another, or it cannot be negative.
        """
        mechanisms, capacitance, temperature, name, changed = self._made
        if "temperature" in parameters:
            temperature = parameters["temperature"]
            parameters = {k: v for k, v in parameters.items() if k != "temperature"}
        made = Membrane.__new__(Membrane)
        made._take(mechanisms, capacitance, temperature, name, {**changed, **parameters})
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, self._made

    def __eq__(self, other: object) -> bool:
        """Whether another membrane has the same equations and values."""
        return isinstance(other, Membrane) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        lines = tuple((e.text, e.unit.text) for e in self._patch.equations)
        over_time = tuple((name, id(current)) for name, current in self._patch.currents.items())
        return self.name, lines, tuple(self.defaults.items()), over_time

    # -- models ---------------------------------------------------------------------------

    def point(self, area: Any) -> Model:
        """Return the model of a cell that is one patch of this membrane.

        A spike is an upward crossing of `V_spike`, -20 mV. The cell starts at rest.

        Parameters
        ----------
        area : quantity
            Of the membrane; the parameter `area` of the model.

        Returns
        -------
        Model
            dv/dt = (I/area - (I_Na + ...))/C_m with `I : nA (input)`.

        Raises
        ------
        UnitError, UserError
            The area is none, or not above 0.
        """
        value = read_value(area, "membrane.point: area", example="area=20000*um**2")
        size = value.in_dimension(parse_unit("um**2"), "membrane.point: area", "area")
        if not size > 0:
            raise UserError(
                "membrane.point: the area of a membrane is above 0",
                given=f"area={area}",
                mend="write area=20000*um**2",
            )
        return self._model(area)

    def patch(self) -> Model:
        """Return the model of a compartment: as `point`, without an area of its own, and spikes.

        `area` is a parameter without a value, one for every compartment. v and the gates rest
        where an isolated patch does; `steady` says where gates go at another voltage.
        """
        return self._patch

    def _model(self, area: Any) -> Model:
        lines = [
            f"dv/dt = (I/area - ({' + '.join(self.currents)}))/C_m : mV",
            "I : nA (input)",
            "area : um**2",
            "C_m : uF/cm**2",
        ]
        parameters = dict(self._given)
        if "temperature" in parameters:
            lines.append("temperature : 1")
        spiking: dict[str, Any] = {}
        if area is not None:
            lines.append("V_spike : mV")
            parameters |= {"area": area, "V_spike": "-20 mV"}
            spiking = {"threshold": "v > V_spike", "refractory": "v > V_spike"}
        texts = ["\n".join(lines), *(mechanism_text(part) for part in self._parts)]
        if self._shared:
            texts.append("\n".join(self._shared))
        called = [text for name, text in FUNCTIONS.items() if any(f"{name}(" in t for t in texts)]
        return Model._from_arguments(Arguments(
            equations=tuple(texts),
            parameters=parameters,
            initial="rest",
            method="auto" if area is None else self._method(),
            functions=tuple(called),
            name=self.name,
            doc=f"A membrane of {', '.join(self.channels)}.",
            **spiking,
        ))  # fmt: skip

    def _method(self) -> str:
        """Return the integrator of a point: that of membranes, where v moves gates or pools.

        White noise is none of its terms.
        """
        read = {n for part in self._parts for e in part.mechanism.equations if e.expression
                for n in names_in(e.expression)}  # fmt: skip
        return "membrane" if self._follows_voltage() and not any(map(is_noise, read)) else "auto"

    def _follows_voltage(self) -> bool:
        """Whether a state other than v changes with v."""
        lines = {e.name: e.expression for e in self._patch.subexpressions}
        moved = {"v"}
        while more := {n for n, x in lines.items() if x and names_in(x) & moved} - moved:
            moved |= more
        changes = ((e.name, e.expression) for e in self._patch.differential)
        return any(name != "v" and x is not None and names_in(x) & moved for name, x in changes)

    def steady_currents(self, v: Any, **concentrations: Any) -> Mapping[str, Any]:
        """Return the current per area of every channel at a held voltage, all else settled.

        Gates are where they go at the voltage, and the concentrations of pools where the currents
        leave them. Their sum is the steady current of the membrane.

        Parameters
        ----------
        v : quantity
            One voltage, or an array of them.
        **concentrations
            Of pools that are held: `Ca_i=0.1*uM`.

        Returns
        -------
        mapping of str to quantity
            By the names of `currents`, in uA/cm**2, positive outwards.

        Raises
        ------
        UnknownNameError, UserError
            The membrane keeps no such ion, or a pool has several states.

        Examples
        --------
        >>> from rheobase import channels
        >>> membrane = Membrane([channels.HHSodium, channels.HHPotassium, channels.Leak])
        >>> {name: round(float(i.magnitude), 3)
        ...  for name, i in membrane.steady_currents("-65 mV").items()}
        {'I_Na': -1.22, 'I_K': 4.4, 'I_L': -3.184}
        """
        import numpy as np

        from rheobase.channels.settling import Settled

        unit, volt = parse_unit("uA/cm**2"), parse_unit("mV").dimension
        volts = np.asarray(to_si(v, volt, what="steady_currents: v", paste="-65*mV"))
        settled = Settled(self, np.atleast_1d(volts), concentrations)
        found = zip(self.currents, settled.currents(), strict=True)
        return MappingProxyType({
            name: quantity(values.reshape(volts.shape), unit)
            for name, (_, values) in found
        })  # fmt: skip

    def plot(
        self, low: Any = "-100 mV", high: Any = "50 mV", *, ax: Any = None, **concentrations: Any
    ) -> tuple[Axes, ...]:
        """Draw the steady currents of its channels and their sum, and all gates.

        At every voltage gates are where they go, and concentrations where the currents leave
        them. Where the sum of all currents crosses 0 the membrane can rest. Strong currents are
        drawn on a logarithmic scale, which is linear from -1 to 1 uA/cm**2.

        Parameters
        ----------
        low, high : quantity
            The range of voltages.
        ax : three Axes, optional
            Where to draw currents, steady states and time constants of gates; one of a membrane
            without gates; a new figure if not given.
        **concentrations
            Of pools that are held: `Ca_i=0.1*uM`.

        Returns
        -------
        tuple of Axes

        Raises
        ------
        UserError, UnknownNameError
            The range is empty, the membrane keeps no such ion, or a pool has several states.
        """
        from rheobase.channels.membrane_drawing import draw_membrane

        return draw_membrane(self, low, high, ax, concentrations)

    def describe(self) -> str:
        """Return the equations of a patch and a table of its parameters."""
        return self.patch().describe()

    def __repr__(self) -> str:
        parts = ", ".join([*self.channels, *(f"pool of {ion}" for ion in self.pools)])
        at = "" if self.temperature is None else f", {self.temperature:g} degrees Celsius"
        return f"{self.name}: {parts}{at}"


def _rebuilt(mechanisms: tuple[Mechanism, ...], capacitance: Any, temperature: Any, name: str,
             changed: Mapping[str, Any]) -> Membrane:  # fmt: skip
    made = Membrane.__new__(Membrane)
    made._take(mechanisms, capacitance, temperature, name, changed)
    return made


def _mechanisms(given: Any) -> tuple[Mechanism, ...]:
    """Return the channels and pools of a list, or refuse what is none."""
    example = "rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])"
    if isinstance(given, Mechanism) or not isinstance(given, (list, tuple)):
        what = f"the {given._word.lower()} {given.name}" if isinstance(given, Mechanism) else (
            type(given).__name__)  # fmt: skip
        raise EquationError(
            f"Membrane: expected a list of channels, got {what}", mend=f"write {example}"
        )
    for each in given:
        if not isinstance(each, Mechanism):
            shown = "a Model" if isinstance(each, Model) else repr(each)
            raise EquationError(
                f"Membrane: {shown} is no channel",
                mend=f"write {example}, or make one from text: rb.Channel(...)",
            )
    if not any(isinstance(each, Channel) for each in given):
        raise EquationError(
            "Membrane: there is no channel, so no current could flow",
            mend="add at least a leak: rb.channels.Leak(g=0.1*mS/cm**2, E=-70*mV)",
        )
    return tuple(given)


def _no_argument(name: str) -> UnknownNameError:
    """Return the error for an argument there is not."""
    known = ["channels", "capacitance", "temperature", "name"]
    meant = did_you_mean(name, [*known, "C_m"])
    meant = "capacitance" if meant == "C_m" else meant
    return UnknownNameError(
        f"Membrane: there is no argument {name!r}" + (f"; did you mean {meant}?" if meant else ""),
        mend=f"there are: {', '.join(known)}; values of a channel are given to it: "
        "rb.channels.Leak(g=0.1*mS/cm**2)",
    )


def _temperature(mechanisms: Sequence[Mechanism], given: Any) -> float:
    """Return the temperature that was given, or that at which all channels were measured."""
    if given is not None:
        return celsius(given, "Membrane: temperature")
    measured: dict[float, str] = {}
    for mechanism in mechanisms:
        if "T_ref" in mechanism.defaults:
            measured.setdefault(mechanism.defaults["T_ref"], mechanism.name)
    if len(measured) == 1:
        return next(iter(measured))
    if not measured:
        raise UserError(
            "Membrane: its channels depend on the temperature, and none is given",
            mend="write rb.Membrane([...], temperature=37), in degrees Celsius",
        )
    told = ", ".join(f"{name} at {degrees:g}" for degrees, name in measured.items())
    raise UserError(
        f"Membrane: its channels were measured at different temperatures, {told} degrees Celsius",
        mend=f"say at which it is: rb.Membrane([...], temperature={max(measured):g})",
    )


def _check_capacitance(given: Any) -> None:
    value = read_value(given, "Membrane: capacitance", example="capacitance=1*uF/cm**2")
    unit = parse_unit("uF/cm**2")
    size = value.in_dimension(unit, "Membrane: capacitance", "capacitance")
    if not size > 0:
        raise UserError(
            "Membrane: the capacitance per area is above 0",
            given=f"capacitance={given}",
            mend="write capacitance=1*uF/cm**2",
        )
