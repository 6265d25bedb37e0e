"""The points of every tenant in memory, for paths that cannot wait for a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from baigong.registry.numbering import Known
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import Counter
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME

POINTS = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("asset", pa.string(), nullable=False),
        pa.field("quantity", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("title_zh", pa.string()),
        pa.field("unit", pa.string()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("semantic", pa.string()),
        pa.field("device", pa.string()),
        pa.field("address", pa.string()),
        pa.field("states", pa.string()),
        pa.field("states_zh", pa.string()),
        pa.field("rollover", pa.float64()),
        pa.field("resets", pa.bool_()),
        pa.field("max_rate", pa.float64()),
        pa.field("sloped", pa.bool_()),
        pa.field("created", TIME),
        pa.field("retired", TIME),
    ]
)


class PointBook:
    """Lives on the event loop; ``version`` grows with every change of a tenant's points."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[int, PointRow]] = {}
        self._names: dict[str, dict[str, PointRow]] = {}
        self._devices: dict[tuple[str, str], dict[int, PointRow]] = {}
        self._versions: dict[str, int] = {}
        self._tables: dict[str, tuple[int, pa.Table]] = {}
        self._active: dict[str, tuple[int, list[PointRow]]] = {}
        self._sorted: dict[str, tuple[int, np.ndarray[Any, np.dtype[np.int64]]]] = {}

    def known(self, tenant: str) -> Known:
        return Known(self._numbers.setdefault(tenant, {}), self._names.setdefault(tenant, {}))

    def trial(self, tenant: str) -> PointBook:
        """Return a copy of one tenant's points, to plan several changes on top of each other."""
        copy = PointBook()
        copy._numbers[tenant] = dict(self._numbers.get(tenant, {}))
        copy._names[tenant] = dict(self._names.get(tenant, {}))
        copy._devices = {key: dict(rows) for key, rows in self._devices.items() if key[0] == tenant}
        return copy

    def only(self, tenant: str, numbers: Collection[int]) -> PointBook:
        """Return a book that knows these points of one tenant and no others."""
        part = PointBook()
        part.take(row for number, row in self._numbers.get(tenant, {}).items() if number in numbers)
        part._versions[tenant] = self.version(tenant)
        return part

    def version(self, tenant: str) -> int:
        return self._versions.get(tenant, 0)

    def take(self, rows: Iterable[PointRow]) -> None:
        """Enter rows, new or changed."""
        fresh = list(rows)
        for row in fresh:
            numbers, names = self._numbers.setdefault(row.tenant, {}), self._names.setdefault(row.tenant, {})
            old = numbers.get(row.number)
            if old is not None and names.get(old.name) is old:
                del names[old.name]
            if old is not None and old.device != row.device:
                del self._devices[row.tenant, old.device][row.number]
            numbers[row.number] = row
            self._devices.setdefault((row.tenant, row.device), {})[row.number] = row
            self._versions[row.tenant] = self._versions.get(row.tenant, 0) + 1
        for row in fresh:  # after all old names are gone: names may have been swapped
            self._names[row.tenant][row.name] = row

    def find(self, tenant: str, name: str) -> PointRow:
        """Return a point by name, or by number written as text. Raises point.unknown."""
        row = self._names.get(tenant, {}).get(name)
        if row is None and name.isdecimal():
            row = self._numbers.get(tenant, {}).get(int(name))
        if row is None:
            raise FixConfiguration("point.unknown", f"there is no point {name!r}", place=name)
        return row

    def by_number(self, tenant: str, number: int) -> PointRow | None:
        return self._numbers.get(tenant, {}).get(number)

    def active(self, tenant: str) -> list[PointRow]:
        """Return the points that are not retired, by name."""
        version = self.version(tenant)
        held = self._active.get(tenant)
        if held is None or held[0] != version:
            rows = sorted((p for p in self._numbers.get(tenant, {}).values() if p.retired_us is None), key=_name)
            held = self._active[tenant] = (version, rows)
        return list(held[1])

    def of_device(self, tenant: str, device: str) -> list[PointRow]:
        return list(self._devices.get((tenant, device), {}).values())

    def unknown_numbers(self, tenant: str, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return those of ``numbers`` that are no point of this tenant, once each."""
        version = self.version(tenant)
        held = self._sorted.get(tenant)
        if held is None or held[0] != version:
            known = np.fromiter(self._numbers.get(tenant, {}), np.int64)
            known.sort()
            held = self._sorted[tenant] = (version, known)
        distinct = np.unique(numbers)
        return distinct[~np.isin(distinct, held[1], assume_unique=True)]

    def table(self, tenant: str) -> pa.Table:
        """Return the points for SQL (retired ones too: their history is still there). Callable from a thread."""
        version = self.version(tenant)
        held = self._tables.get(tenant)
        if held is None or held[0] != version:
            rows = sorted(list(self._numbers.get(tenant, {}).values()), key=_name)  # list(): whole, while others write
            made = pa.Table.from_pylist([_columns(p) for p in rows], schema=POINTS)
            held = self._tables[tenant] = (version, made)
        return held[1]


def _name(point: PointRow) -> str:
    return point.name


def _columns(point: PointRow) -> dict[str, Any]:
    spec = point.spec
    counter = spec.counter or Counter()
    return {
        "number": point.number,
        "name": spec.name,
        "asset": spec.asset,
        "quantity": spec.quantity,
        "title": spec.title or None,
        "title_zh": spec.title_zh or None,
        "unit": spec.unit or None,
        "kind": spec.kind,
        "semantic": spec.semantic or None,
        "device": point.device,
        "address": spec.address,
        "states": msgspec.json.encode(spec.states).decode() if spec.states else None,
        "states_zh": msgspec.json.encode(spec.states_zh).decode() if spec.states_zh else None,
        "rollover": counter.rollover,
        "resets": counter.resets,
        "max_rate": counter.max_rate,
        "sloped": spec.interpolates,
        "created": point.created_us,
        "retired": point.retired_us,
    }
