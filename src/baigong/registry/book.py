"""The points of the tenants at work in memory, for paths that cannot wait for a table."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from baigong.registry.numbering import Known
from baigong.registry.resident import Resident
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import Counter
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME

_COMPARED = 500  # names, in search of the one that was meant
_MOST = 200_000  # points in memory at once: 1.4 kB each
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


class _Shelf:
    """One tenant's points, by what they are looked up by."""

    __slots__ = ("active", "assets", "devices", "names", "numbers", "sorted", "table")

    def __init__(self) -> None:
        self.numbers: dict[int, PointRow] = {}
        self.names: dict[str, PointRow] = {}
        self.devices: dict[str, dict[int, PointRow]] = {}
        self.table: tuple[int, pa.Table] | None = None
        self.active: tuple[int, list[PointRow]] | None = None
        self.assets: tuple[int, dict[str, list[PointRow]]] | None = None
        self.sorted: tuple[int, np.ndarray[Any, np.dtype[np.int64]]] | None = None

    def take(self, fresh: list[PointRow]) -> None:
        for row in fresh:
            old = self.numbers.get(row.number)
            if old is not None and self.names.get(old.name) is old:
                del self.names[old.name]
            if old is not None and old.device != row.device:
                del self.devices[old.device][row.number]
            self.numbers[row.number] = row
            self.devices.setdefault(row.device, {})[row.number] = row
        for row in fresh:  # after all old names are gone: names may have been swapped
            self.names[row.name] = row


def near_point(name: str, known: Collection[str]) -> str:
    """Name the point that was meant: of the same asset, else the same quantity of another; of so many as are quick."""
    asset, _, quantity = name.rpartition(".")
    for some in (
        [one for one in known if one.startswith(f"{asset}.")],
        [one for one in known if one.endswith(f".{quantity}")],
    ):
        near = difflib.get_close_matches(name, some[:_COMPARED], 1)
        if near:
            return near[0]
    return ""


class PointBook:
    """Lives on the event loop; ``version`` grows with every change of a tenant's points.

    ``load`` reads the points of a tenant nobody has asked for yet; without it the book knows what it has taken.
    """

    def __init__(self, load: Callable[[str], Iterable[PointRow]] | None = None, most: int = _MOST) -> None:
        self._load = load
        self._shelves = Resident(self._loaded, lambda shelf: len(shelf.numbers), most if load else sys.maxsize)
        self._versions: dict[str, int] = {}
        self.present: Callable[[str, str], str] = lambda tenant, name: name  # what a point is called today

    def _loaded(self, tenant: str) -> _Shelf:
        shelf = _Shelf()
        if self._load is not None:
            shelf.take(list(self._load(tenant)))
        return shelf

    def known(self, tenant: str) -> Known:
        shelf = self._shelves.get(tenant)
        return Known(shelf.numbers, shelf.names)

    def trial(self, tenant: str) -> PointBook:
        """Return a copy of one tenant's points, to plan several changes on top of each other."""
        copy = PointBook()
        copy.present = self.present
        copy.take(self._shelves.get(tenant).numbers.values())
        return copy

    def only(self, tenant: str, numbers: Collection[int]) -> PointBook:
        """Return a book that knows these points of one tenant and no others."""
        part = PointBook()
        part.present = self.present
        part.take(row for number, row in self._shelves.get(tenant).numbers.items() if number in numbers)
        part._versions[tenant] = self.version(tenant)
        return part

    def version(self, tenant: str) -> int:
        return self._versions.get(tenant, 0)

    def take(self, rows: Iterable[PointRow]) -> None:
        """Enter rows, new or changed; after they are in the records, where there are any."""
        ours: dict[str, list[PointRow]] = {}
        for row in rows:
            ours.setdefault(row.tenant, []).append(row)
        for tenant, fresh in ours.items():
            with self._shelves.lock:
                self._versions[tenant] = self._versions.get(tenant, 0) + len(fresh)
                shelf = self._shelves.peek(tenant) if self._load is not None else self._shelves.get(tenant)
                if shelf is not None:
                    shelf.take(fresh)
                    self._shelves.grown(tenant)

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        with self._shelves.lock:
            self._versions[tenant] = self.version(tenant) + 1
            self._shelves.drop(tenant)

    def find(self, tenant: str, name: str) -> PointRow:
        """Return a point by its name, also one that it had before, or by number written as text.

        Raises point.unknown.
        """
        shelf, row = self._shelves.get(tenant), self.named(tenant, name)
        if row is None and name.isdecimal():
            row = shelf.numbers.get(int(name))
        if row is None:
            near = near_point(name, shelf.names) if "." in name else ""
            told = f"there is no point {name!r}" + (f"; perhaps {near}" if near else "")
            raise FixConfiguration("point.unknown", told, place=name)
        return row

    def named(self, tenant: str, name: str) -> PointRow | None:
        """Return a point by its name, or by one that it had before."""
        names = self._shelves.get(tenant).names
        return names.get(name) or names.get(self.present(tenant, name))

    def by_number(self, tenant: str, number: int) -> PointRow | None:
        return self._shelves.get(tenant).numbers.get(number)

    def active(self, tenant: str) -> list[PointRow]:
        """Return the points that are not retired, by name."""
        version, shelf = self.version(tenant), self._shelves.get(tenant)
        held = shelf.active
        if held is None or held[0] != version:
            rows = sorted((p for p in shelf.numbers.values() if p.retired_us is None), key=_name)
            held = shelf.active = (version, rows)
        return list(held[1])

    def by_asset(self, tenant: str) -> Mapping[str, Sequence[PointRow]]:
        """Return the same, by the asset that names them; of the points of none by ""."""
        version, shelf = self.version(tenant), self._shelves.get(tenant)
        held = shelf.assets
        if held is None or held[0] != version:
            made: dict[str, list[PointRow]] = {}
            for point in self.active(tenant):
                made.setdefault(point.spec.asset, []).append(point)
            held = shelf.assets = (version, made)
        return held[1]

    def of_device(self, tenant: str, device: str) -> list[PointRow]:
        return list(self._shelves.get(tenant).devices.get(device, {}).values())

    def unknown_numbers(self, tenant: str, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return those of ``numbers`` that are no point of this tenant, once each."""
        version, shelf = self.version(tenant), self._shelves.get(tenant)
        held = shelf.sorted
        if held is None or held[0] != version:
            known = np.fromiter(shelf.numbers, np.int64)
            known.sort()
            held = shelf.sorted = (version, known)
        distinct = np.unique(numbers)
        return distinct[~np.isin(distinct, held[1], assume_unique=True)]

    def table(self, tenant: str) -> pa.Table:
        """Return the points for SQL (retired ones too: their history is still there). Callable from a thread."""
        version, shelf = self.version(tenant), self._shelves.get(tenant)
        held = shelf.table
        if held is None or held[0] != version:
            rows = sorted(list(shelf.numbers.values()), key=_name)  # list(): whole, while others write
            made = pa.Table.from_pylist([_columns(p) for p in rows], schema=POINTS)
            held = shelf.table = (version, made)
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
