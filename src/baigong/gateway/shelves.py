"""Who waits for callers, laid out by name: ten thousand may call in one moment, and none is looked for among all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from baigong.drivers.calls import Name

K = TypeVar("K")
V = TypeVar("V")
_PATTERNS: Name = ("pattern", b"")  # which of them somebody is, only a look at each one says


class Shelves(Generic[K, V]):
    """A shelf for each name, and one for all patterns."""

    def __init__(self) -> None:
        self._shelves: dict[Name, dict[K, V]] = {}

    def __bool__(self) -> bool:
        return bool(self._shelves)

    def shelf(self, name: Name) -> dict[K, V]:
        """Return what lies where this name does; not to be changed."""
        return self._shelves.get(_place(name), {})

    def put(self, name: Name, key: K, value: V) -> None:
        self._shelves.setdefault(_place(name), {})[key] = value

    def drop(self, name: Name, key: K) -> None:
        shelf = self._shelves[_place(name)]
        del shelf[key]
        if not shelf:
            del self._shelves[_place(name)]

    def meant(self, names: Iterable[Name]) -> Iterator[tuple[K, V]]:
        """Yield what may be for somebody of these names: patterns are to be tried."""
        for name in (_PATTERNS, *names):
            yield from self._shelves.get(name, {}).items()


def _place(name: Name) -> Name:
    return _PATTERNS if name[0] == _PATTERNS[0] else name
