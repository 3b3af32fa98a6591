"""What spikes and traces of a result have in common: entries by name, or by the object named."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Generic, TypeVar

from rheobase.errors import UnknownNameError, did_you_mean

Entry = TypeVar("Entry", covariant=True)


class NoSuchEntryError(UnknownNameError, KeyError):
    """A result has no entry of that name."""

    # KeyError would show the repr of the text.
    __str__ = Exception.__str__


class Entries(Mapping[str, Entry], Generic[Entry]):
    """Entries in order of creation, found by name or by an object with that ``name``."""

    _what: ClassVar[str]  # what an entry is, for errors
    _remedy: ClassVar[str]  # and how a run is made to have it

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    @abstractmethod
    def _entry(self, name: str) -> Entry:
        """Return the entry of a name that exists."""

    def _resolve(self, key: object) -> str:
        name = key if isinstance(key, str) else getattr(key, "name", None)
        if not isinstance(name, str):
            raise NoSuchEntryError(
                f"{self._what} are found by a name or by a population", given=repr(key)
            )
        if name in self._names:
            return name
        guess = did_you_mean(name, self._names)
        meant = f"; did you mean {guess!r}?" if guess else ""
        raise NoSuchEntryError(
            f"this result has no {self._what} of {name!r}{meant}",
            expected=", ".join(map(repr, self._names)),
            mend=self._remedy,
        )

    def __getitem__(self, key: object) -> Entry:
        return self._entry(self._resolve(key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
