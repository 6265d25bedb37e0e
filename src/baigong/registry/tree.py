"""What is a part of what: one tenant's assets as a tree. Pure.

An asset that somebody described stands where its row says; one that only points name stands where its name says
(``hall.press1`` below ``hall``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from baigong.vocab.assets import named_above

_DIGITS = re.compile(r"[0-9]+")
_DEEP = 64  # steps from the company down to a part; more is a mistake


class Tree:
    """``above``: parents of those that were described. Others follow from their names."""

    def __init__(self, above: Mapping[str, str]) -> None:
        self._above = above
        self._children: dict[str, list[str]] | None = None
        self._places: dict[str, int] | None = None
        self._names: set[str] = set(above)

    def name(self, assets: Iterable[str]) -> None:
        """Take assets that only points name, and all that their names say is above them."""
        for asset in assets:
            while asset and asset not in self._names:
                self._names.add(asset)
                asset = self.above(asset)
        self._children = self._places = None

    def __contains__(self, asset: object) -> bool:
        return asset in self._names

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def above(self, asset: str) -> str:
        """Return what it is a part of; empty: nothing but the company."""
        found = self._above.get(asset)
        return named_above(asset) if found is None else found

    def path(self, asset: str) -> list[str]:
        """Return all that it is a part of, the whole first, itself last."""
        steps = [asset]
        while (above := self.above(steps[-1])) and len(steps) < _DEEP:
            steps.append(above)
        return steps[::-1]

    def covers(self, above: str, asset: str) -> bool:
        """Say whether ``asset`` is ``above`` or a part of it; everything is a part of the company, ""."""
        for _ in range(_DEEP):
            if asset == above or not above:
                return True
            if not asset:
                return False
            asset = self.above(asset)
        return False

    def children(self, asset: str) -> list[str]:
        """Return its direct parts; those of "" stand right below the company."""
        if self._children is None:
            made: dict[str, list[str]] = {}
            for one in self._names:
                made.setdefault(self.above(one), []).append(one)
            self._children = made
        return self._children.get(asset, [])

    def below(self, asset: str) -> Iterator[str]:
        """Yield it and all its parts, parts of parts and so on; "" itself is no asset."""
        todo = [asset] if asset else list(self.children(""))
        while todo:
            one = todo.pop()
            yield one
            todo += self.children(one)

    def places(self) -> dict[str, int]:
        """Return all by name, as people order them, each with its place: pump2 is before pump10."""
        if self._places is None:
            self._places = {name: at for at, name in enumerate(sorted(self._names, key=_natural))}
        return self._places


def _natural(name: str) -> str:
    return _DIGITS.sub(lambda digits: digits[0].zfill(20), name.casefold())
