"""`Pool`: the concentration of an ion under the membrane, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rheobase.channels.mechanism import Mechanism, MechanismArguments, checked_name
from rheobase.channels.reversal import valence_of
from rheobase.errors import EquationError, UnitError
from rheobase.language.definitions import DIFFERENTIAL, Equation
from rheobase.language.functions import UserFunction
from rheobase.units import parse_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CONCENTRATION = parse_unit("mM").dimension


class Pool(Mechanism):
    """What keeps the concentration of an ion: all channels that carry it feed it.

    Its text defines the concentration inside, `Ca_i` for calcium, and outside, `Ca_o`, if anything
    reads that; it reads `I_Ca_total`, the sum of the currents of all channels that carry the ion,
    positive outwards. Channels read `Ca_i`, `Ca_o` and the potential `nernst_Ca`. The constants
    `F` (coulomb/mole) and `R` are known to the text.

    Pools do not change. Calling one gives a copy with other values.

    Parameters
    ----------
    equations : str
        Lines of the language. A concentration may be a state, an expression or a parameter.
    ion : str
        "Ca", "Na", "K", "Cl", "Mg", or another with its `valence`.
    valence : int, optional
        Charge of the ion.
    parameters : mapping, optional
        Values by name. At the start a concentration is where the membrane rests.
    functions : iterable of str
        Functions the text calls.
    name : str, optional
        What its other variables end with in a membrane; the ion.
    doc : str
        What it is, and where it was published.

    Attributes
    ----------
    ion : str
    valence : int

    Raises
    ------
    EquationError, UnitError, UnknownNameError
        The text cannot be read or does not define the concentration.

    Examples
    --------
    >>> pool = Pool(
    ...     "dCa_i/dt = -I_Ca_total/(2*F*depth) - (Ca_i - rest)/tau : mM",
    ...     ion="Ca", parameters=dict(depth="0.1 um", rest="100 nM", tau="80 ms"))
    """

    ion: str
    valence: int
    _word = "Pool"
    gated = False

    def __init__(
        self,
        equations: str,
        *,
        ion: str,
        valence: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        functions: Iterable[str | UserFunction] = (),
        name: str | None = None,
        doc: str = "",
    ) -> None:
        texts = (functions,) if isinstance(functions, (str, UserFunction)) else functions
        checked_name(ion, "Pool, ion")
        self._take(MechanismArguments(
            equations=equations,
            parameters={} if parameters is None else parameters,
            functions=tuple(map(str, texts)),
            name=checked_name(ion if name is None else name, "Pool"),
            doc=doc,
            ions={ion: valence_of(ion, valence, f"Pool({ion!r})")},
        ))  # fmt: skip

    def plot(self, *, ax: Any = None, temperature: Any = 37) -> tuple[Axes, ...]:
        """Draw where the concentration settles at a constant current, and how it decays.

        The decay is from ten times the concentration at rest. Of constant concentrations the
        Nernst potential is drawn, against the concentration inside.

        Parameters
        ----------
        ax : two Axes, optional
            Where to draw; one for constant concentrations; a new figure if not given.
        temperature : float or quantity
            Of the Nernst potential, in degrees Celsius.

        Returns
        -------
        tuple of Axes

        Raises
        ------
        UserError
            The pool has several states, or no concentration at rest.
        """
        from rheobase.channels.membrane_drawing import draw_pool

        return draw_pool(self, ax, temperature)

    def _take(self, arguments: MechanismArguments) -> None:
        super()._take(arguments)
        ((ion, valence),) = arguments.ions.items()
        object.__setattr__(self, "ion", ion)
        object.__setattr__(self, "valence", valence)

    def _exported(self, arguments: MechanismArguments) -> frozenset[str]:
        """Return the names of the concentrations."""
        return frozenset(f"{ion}_{side}" for ion in arguments.ions for side in "io")

    def _check(self, lines: Mapping[str, Equation], arguments: MechanismArguments) -> None:
        """Refuse a text that does not define the concentration inside."""
        (ion,) = arguments.ions
        inside = f"{ion}_i"
        if inside not in lines and inside not in arguments.parameters:
            raise EquationError(
                f"{arguments.name}: the pool defines no concentration {inside}",
                mend=f"write d{inside}/dt = -I_{ion}_total/({arguments.ions[ion]}*F*depth)"
                f" - ({inside} - rest)/tau : mM",
            )
        for name in self._exported(arguments):
            line = lines.get(name)
            if line is not None and line.unit.dimension != CONCENTRATION:
                raise UnitError(
                    f"{arguments.name}: {name} is a concentration, and its unit is"
                    f" {line.unit.text}",
                    place=line.source.point(line.unit_span),
                    mend=f"write {line.left} = ... : mM"
                    if line.kind == DIFFERENTIAL
                    else f"write {name} : mM",
                )
