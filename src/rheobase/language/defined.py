"""What a model and a synapse have in common: definitions by name, which do not change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.language.definitions import DIFFERENTIAL, SUBEXPRESSION, Equation


class Defined:
    """Equations that were read from text, to be looked up; nothing of it can be set.

    Attributes
    ----------
    name : str
        What it is called.
    equations : tuple of Equation
        In the order of writing.
    """

    name: str
    equations: tuple[Equation, ...]
    _by_name: Mapping[str, Equation]
    _word: ClassVar[str]
    """What it is, in errors."""
    _beside: ClassVar[tuple[str, ...]] = ()
    """Names there are without an equation."""

    def _keep(self, values: Mapping[str, Any]) -> None:
        """Set what it is made of, `equations` among it, once and for all."""
        by_name = MappingProxyType({e.name: e for e in values["equations"]})
        for attribute, value in {**values, "_by_name": by_name}.items():
            object.__setattr__(self, attribute, value)

    def __setattr__(self, attribute: str, value: Any) -> None:
        raise UserError(
            f"a {self._word} does not change: {attribute} cannot be set",
            mend=f"make a copy with another value: {self._word.lower()}({attribute}=...)",
        )

    def __delattr__(self, attribute: str) -> None:
        self.__setattr__(attribute, None)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    # --- looking things up ---

    @property
    def names(self) -> tuple[str, ...]:
        """All names the text defines, in the order of its equations."""
        return tuple(self._by_name)

    @property
    def differential(self) -> tuple[Equation, ...]:
        """The differential equations."""
        return tuple(e for e in self.equations if e.kind == DIFFERENTIAL)

    @property
    def subexpressions(self) -> tuple[Equation, ...]:
        """The subexpressions, in the order of writing."""
        return tuple(e for e in self.equations if e.kind == SUBEXPRESSION)

    def equation(self, name: str) -> Equation:
        """Return the definition of a name.

        Raises
        ------
        UnknownNameError
        """
        if name not in self._by_name:
            meant = did_you_mean(name, self._by_name)
            hint = f"; did you mean {meant}?" if meant else ""
            raise UnknownNameError(
                f"{self.name} has no variable {name!r}{hint}",
                mend="its names are: " + ", ".join((*self._beside, *self._by_name)),
            )
        return self._by_name[name]
