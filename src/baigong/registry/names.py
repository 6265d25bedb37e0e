"""Names that assets and points had before: whoever says one of them means what has another name today.

The one place that knows. A name that was given up is nobody else's until somebody releases it, so that old data, old
scripts and old grants can never find something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from baigong.registry.resident import Resident
from baigong.stores.records.renaming import NameRow
from baigong.vocab.errors import FixConfiguration

_MOST = 200_000  # names in memory at once
_STEPS = 200  # a name may have been given up again and again


@dataclass(slots=True)
class Earlier:
    """One tenant's: what each name became. What lies below an asset by its name went with it."""

    assets: dict[str, NameRow]
    points: dict[str, NameRow]

    @classmethod
    def of(cls, rows: Iterable[NameRow]) -> Earlier:
        made = cls({}, {})
        for row in rows:
            made.of_kind(row.kind)[row.name] = row
        return made

    def of_kind(self, kind: str) -> dict[str, NameRow]:
        return self.assets if kind == "asset" else self.points

    def asset(self, name: str) -> str:
        """Return what an asset of this name is called today; a name that nobody gave up as it is."""
        for _ in range(_STEPS if self.assets else 0):
            found = self._step(name)
            if found is None:
                break
            name = found
        return name

    def point(self, name: str) -> str:
        """The same of a point."""
        for _ in range(_STEPS if self.assets or self.points else 0):
            if name in self.points:
                name = self.points[name].became
                continue
            asset, dot, quantity = name.rpartition(".")
            found = self._step(asset)
            if found is None:
                break
            name = f"{found}{dot}{quantity}"
        return name

    def _step(self, name: str) -> str | None:
        front = name
        while front:
            if front in self.assets:
                return self.assets[front].became + name[len(front) :]
            front = front.rpartition(".")[0]
        return None


class Names:
    """Callable from threads."""

    def __init__(self, load: Callable[[str], Iterable[NameRow]], most: int = _MOST) -> None:
        self._held: Resident[Earlier] = Resident(
            lambda tenant: Earlier.of(load(tenant)), lambda held: len(held.assets) + len(held.points), most
        )

    def of(self, tenant: str) -> Earlier:
        return self._held.get(tenant)

    def asset(self, tenant: str, name: str) -> str:
        """Return what an asset is called today that has, or had, this name."""
        return self.of(tenant).asset(name)

    def point(self, tenant: str, name: str) -> str:
        return self.of(tenant).point(name)

    def rows(self, tenant: str) -> list[NameRow]:
        """Return all names that were given up, by name."""
        held = self.of(tenant)
        return sorted([*held.assets.values(), *held.points.values()], key=lambda row: (row.name, row.kind))

    def require_free(self, tenant: str, asset: str) -> None:
        """Raise config.conflict for a name that an asset, or what it lies below, had before."""
        now = self.asset(tenant, asset)
        if now != asset:
            raise FixConfiguration(
                "config.conflict",
                f"{asset} is an earlier name of {now}: say {now}, or release the name (asset names --release)",
                place=asset,
            )

    def take(self, tenant: str, fresh: Sequence[NameRow], gone: Iterable[tuple[str, str]] = ()) -> None:
        """Follow the records: names given up, and (kind, name) in use again."""
        with self._held.lock:
            held = self._held.peek(tenant)
            if held is None:
                return
            for kind, name in gone:
                held.of_kind(kind).pop(name, None)
            for row in fresh:
                held.of_kind(row.kind)[row.name] = row
            self._held.grown(tenant)

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._held.drop(tenant)
