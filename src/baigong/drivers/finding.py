"""What a driver meets beside the points that are wanted of it: numbered once, and reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from baigong.drivers.contract import Found


class Told(Protocol):
    """A row of whatever a device tells."""

    @property
    def address(self) -> str: ...

    @property
    def value(self) -> object: ...


R = TypeVar("R", bound=Told)


class Finding:
    """``numbers``: of the addresses that are wanted, and of those that were met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._numbering: Callable[[str], int] | None = None
        self._fresh: dict[str, Found] = {}

    def discover(self, numbering: Callable[[str], int] | None) -> bool:
        """See ``contract.Discovering``; None: the options do not ask for it."""
        self._numbering = numbering
        return numbering is not None

    def take(self) -> list[Found]:
        met, self._fresh = self._fresh, {}
        return list(met.values())

    def number(self, row: R, made: Callable[[int, R], Found]) -> int:
        """Return the number of a row's point; 0: nobody wants it. ``made`` describes one that is met with a value."""
        known = self.numbers.get(row.address)
        if known is None and self._numbering is not None and row.value is not None:
            known = self.numbers[row.address] = self._numbering(row.address)
            self._fresh[row.address] = made(known, row)
        return known or 0
