"""Shells that are made of our own assets while somebody asks, with the values of that moment: what one call sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from baigong.api.rooms import Rooms
from baigong.api.wire import Call
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madefacts import NAMEPLATE, TECHNICAL_DATA, nameplate, technical_data
from baigong.models.aas.madeids import PARTS, Made, asset_id, external, id_short, made_id
from baigong.models.aas.madeids import SHELL as OF_SHELL
from baigong.models.aas.madeshell import STRUCTURE, OwnAsset, shell_of, structure
from baigong.models.aas.madevalues import SEMANTIC, Now, Told, operational_data
from baigong.registry.ownshells import OwnShells
from baigong.registry.rights import asset_ref
from baigong.registry.shells import SHELL, SUBMODEL, found_by_text
from baigong.registry.shellsfilled import filled_ids
from baigong.stores.records.plant import PointRow
from baigong.vocab.assettypes import TypePoint
from baigong.vocab.quality import describe

_VALUES = ("gauge", "counter", "state", "text", "setpoint")  # kinds of points that have a newest value
_SEMANTICS = dict(zip(PARTS, (NAMEPLATE, TECHNICAL_DATA, SEMANTIC, STRUCTURE), strict=True))
_UNTYPED = TypePoint()


class Line(NamedTuple):
    """What a shell or submodel is filtered by, as `ShellRow` has it."""

    id: str
    id_short: str
    found_by: str


@dataclass(slots=True)
class MadeShells:
    """One call's view of the shells of assets: those that the caller may know, with the points they may know."""

    rooms: Rooms
    call: Call
    own: OwnShells = field(init=False)
    _newest: dict[int, Now] = field(default_factory=dict)
    _rows: dict[str, list[PointRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.own = self.rooms.registry.own_shells

    @property
    def _tenant(self) -> str:
        return self.call.tenant

    def find(self, kind: str, id: str) -> Made | None:
        """Say what an id means that is open and there; None: nothing of ours."""
        made = self.own.read(self._tenant, id)
        if made is None or (made.part == OF_SHELL) != (kind == SHELL) or kind not in (SHELL, SUBMODEL):
            return None
        if not self.is_open(made.asset):
            return None
        return made if kind == SHELL or self._has(made.asset, made.part) else None

    def is_open(self, asset: str) -> bool:
        """Say whether an asset is there and the caller may know it: by itself, or by a point of its own."""
        seen, tenant = self.call.seen, self._tenant
        if not self.own.has(tenant, asset):
            return False
        return seen.everything or bool(self._points(asset)) or seen.of(asset_ref(tenant, asset)) is not None

    def parts(self, asset: str) -> list[str]:
        """Name the submodels of an asset: those that have something to say."""
        return [part for part in PARTS if self._has(asset, part)]

    def _has(self, asset: str, part: str) -> bool:
        if part == "OperationalData":
            return bool(self._points(asset))
        if part != "HierarchicalStructures":
            spec = self.own.spec(self._tenant, asset)
            return bool(spec.type or spec.properties)
        tree = self.rooms.registry.assets.tree(self._tenant)
        above = tree.above(asset)
        return bool(above and self.is_open(above)) or any(self.is_open(one) for one in tree.children(asset))

    def after(self, kind: str, last: Made | None) -> Iterator[str]:
        """Yield the ids behind one, those too that are not open: `find` says which are."""
        front = self.own.front(self._tenant)
        parts = (OF_SHELL,) if kind == SHELL else PARTS
        if last is not None and last.part in parts:
            yield from (made_id(front, last.asset, part) for part in parts[parts.index(last.part) + 1 :])
        for asset in self.own.after(self._tenant, last.asset if last else ""):
            yield from (made_id(front, asset, part) for part in parts)

    def shell_id(self, asset: str) -> str:
        return made_id(self.own.front(self._tenant), asset, OF_SHELL)

    async def ready(self, links: Sequence[str]) -> None:
        """Let what is made once after a change of any asset be made elsewhere: of a million it takes seconds."""
        if not self.own.is_ready(self._tenant, links):
            await asyncio.to_thread(self.own.prepare, self._tenant, links)

    def linked(self, links: Sequence[str]) -> list[str]:
        """Return the ids of shells whose assets have the first of these links (``name=value``)."""
        name, _, value = links[0].partition("=")
        front = self.own.front(self._tenant)
        return [made_id(front, asset, OF_SHELL) for asset in self.own.linked(self._tenant, name, value)]

    def line(self, made: Made) -> Line:
        front = self.own.front(self._tenant)
        id = made_id(front, made.asset, made.part)
        if made.part == OF_SHELL:
            return Line(id, id_short(made.asset), found_by_text(self.own.found_by(self._tenant, made.asset)))
        return Line(id, made.part, found_by_text([_SEMANTICS[made.part]]))

    def head(self, made: Made) -> Jsonable:
        """Return what describes a submodel, without its elements."""
        id = made_id(self.own.front(self._tenant), made.asset, made.part)
        return {"idShort": made.part, "id": id, "semanticId": external(_SEMANTICS[made.part])}

    async def fetch(self, ids: Iterable[str]) -> None:
        """Read the newest values that these submodels say."""
        found = [self.own.read(self._tenant, id) for id in ids]
        assets = {made.asset for made in found if made is not None and made.part == "OperationalData"}
        numbers = [row.number for asset in assets for row in self._points(asset)]
        if numbers:
            table = await asyncio.to_thread(self.call.lake.latest, self._tenant, numbers)
            self._newest |= _newest(table)

    def value(self, made: Made) -> Jsonable:
        """Make a shell or submodel, as it is now; values are those that were fetched."""
        tenant, asset, own = self._tenant, made.asset, self.own
        front = own.front(tenant)
        id = made_id(front, asset, made.part)
        if made.part == OF_SHELL:
            titles = own.titles(tenant, asset)
            return shell_of(
                OwnAsset(
                    front=front, asset=asset, title=titles.title, title_zh=titles.title_zh,
                    code=own.spec(tenant, asset).code, serial=own.serial(tenant, asset), parts=self.parts(asset),
                    filled=self._filled(front, asset),
                )
            )  # fmt: skip
        if made.part == "Nameplate":
            designation = own.designation(tenant, asset)
            return nameplate(id, asset_id(front, asset), designation, own.facts(tenant, asset))
        if made.part == "TechnicalData":
            return technical_data(id, own.designation(tenant, asset), own.facts(tenant, asset))
        return self._live(id, asset) if made.part == "OperationalData" else self._structure(id, front, asset)

    def _filled(self, front: str, asset: str) -> list[str]:
        shells = self.rooms.registry.shells
        return filled_ids(shells, self._tenant, front, asset) if self.call.seen.everything else []

    def _structure(self, id: str, front: str, asset: str) -> Jsonable:
        tree = self.rooms.registry.assets.tree(self._tenant)
        parts = sorted(one for one in tree.children(asset) if self.is_open(one))
        return structure(id, front, asset, tree.above(asset), parts)

    def _live(self, id: str, asset: str) -> Jsonable:
        ref, rows = self.own.spec(self._tenant, asset).type, self._points(asset)
        typed = self.rooms.registry.types.find(self._tenant, ref) if ref else None
        said: Mapping[str, TypePoint] = typed.whole.points if typed else {}
        points = [_told(row, said.get(row.spec.quantity, _UNTYPED)) for row in rows]
        newest = {at: now for at, row in enumerate(rows) if (now := self._newest.get(row.number)) is not None}
        return operational_data(id, points, newest)

    def _points(self, asset: str) -> list[PointRow]:
        found = self._rows.get(asset)
        if found is None:
            rows = self.call.book.by_asset(self._tenant).get(asset, ())
            found = self._rows[asset] = [row for row in rows if row.spec.kind in _VALUES]
        return found


def _told(row: PointRow, typed: TypePoint) -> Told:
    """Say of a point what it says of itself, else what its type does."""
    spec = row.spec
    titled = spec if spec.title or spec.title_zh else typed
    return Told(
        quantity=spec.quantity, unit=spec.unit or typed.unit, title=titled.title, title_zh=titled.title_zh,
        semantic=spec.semantic or typed.semantic, is_text=spec.kind == "text",
    )  # fmt: skip


def _newest(table: pa.Table) -> dict[int, Now]:
    names = ("point", "value", "whole", "text", "quality")
    columns: list[list[Any]] = [table.column(name).to_pylist() for name in names]
    times = table.column("time").cast(pa.int64()).to_numpy().astype("datetime64[us]")
    qualities = {quality: describe(quality) for quality in set(columns[-1])}
    return {
        number: Now(f"{time}Z", whole if whole is not None else value, text or "", qualities[quality])
        if value is not None or whole is not None
        else Now(f"{time}Z", text, "", qualities[quality])
        for time, number, value, whole, text, quality in zip(
            np.datetime_as_string(times, unit="ms").tolist(), *columns, strict=True
        )
    }
