"""Shells that are made of our own assets while somebody asks, with the values of that moment: what one call sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from baigong.api.rooms import Rooms
from baigong.api.wire import Call
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madefacts import NAMEPLATE, TECHNICAL_DATA, nameplate, technical_data
from baigong.models.aas.madeids import PARTS, Made, asset_id, external, id_short, made_id
from baigong.models.aas.madeids import SHELL as OF_SHELL
from baigong.models.aas.madeshell import STRUCTURE, OwnAsset, shell_of, structure
from baigong.models.aas.madevalues import SEMANTIC, Now, OperationalData
from baigong.registry.ownshells import OwnShells
from baigong.registry.ownvalues import VALUED
from baigong.registry.rights import asset_ref
from baigong.registry.shells import SHELL, SUBMODEL, found_by_text
from baigong.registry.shellsfilled import filled_ids
from baigong.stores.records.plant import PointRow
from baigong.vocab.quality import describe

LIVE = "OperationalData"
_SEMANTICS = dict(zip(PARTS, (NAMEPLATE, TECHNICAL_DATA, SEMANTIC, STRUCTURE), strict=True))


class Line(NamedTuple):
    """What a shell or submodel is filtered by, as `ShellRow` has it."""

    id: str
    id_short: str
    found_by: str


class Live(NamedTuple):
    """A submodel OperationalData with newest values. ``numbers``: of its points, in order."""

    form: OperationalData
    numbers: Sequence[int]
    newest: Mapping[int, Now]  # by the number of a point

    def json(self) -> bytes:
        return self.form.json([*map(self.newest.get, self.numbers)])

    def values(self) -> dict[str, Any]:
        return self.form.values([*map(self.newest.get, self.numbers)])

    def piece(self, at: int) -> bytes:
        """Return one element as JSON."""
        return self.form.element(at, self.newest.get(self.numbers[at]))

    def element(self, at: int) -> Jsonable:
        made: Jsonable = msgspec.json.decode(self.piece(at))
        return made

    def holder(self, at: int) -> Jsonable:
        """Return the submodel as if it had this element only."""
        return {**self.form.head, "submodelElements": [self.element(at)]}


@dataclass(slots=True, frozen=True)
class Elements(Sequence[Any]):
    """The elements of such a submodel, each made when it is looked at: as JSON, or taken apart."""

    live: Live
    as_json: bool = False

    def __len__(self) -> int:
        return len(self.live.numbers)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return self.live.piece(at) if self.as_json else self.live.element(at)


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
        if part == LIVE:
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

    def live(self, made: Made) -> Live:
        """Return what is shown of a submodel OperationalData; values are those that were fetched."""
        asset = made.asset
        id = made_id(self.own.front(self._tenant), asset, made.part)
        known = self.call.book.by_asset(self._tenant).get(asset, ())
        of = self.own.values.of(self._tenant, id, self.own.spec(self._tenant, asset).type, known)
        return Live(of.form, of.numbers, self._newest)

    async def fetch(self, ids: Iterable[str]) -> None:
        """Read the newest values that these submodels say."""
        found = [self.own.read(self._tenant, id) for id in ids]
        assets = {made.asset for made in found if made is not None and made.part == LIVE}
        await self.fetch_points([row.number for asset in assets for row in self._points(asset)])

    async def fetch_points(self, numbers: Sequence[int]) -> None:
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
        if made.part == LIVE:
            value: Jsonable = msgspec.json.decode(self.live(made).json())
            return value
        return self._structure(id, front, asset)

    def _filled(self, front: str, asset: str) -> list[str]:
        shells = self.rooms.registry.shells
        return filled_ids(shells, self._tenant, front, asset) if self.call.seen.everything else []

    def _structure(self, id: str, front: str, asset: str) -> Jsonable:
        tree = self.rooms.registry.assets.tree(self._tenant)
        parts = sorted(one for one in tree.children(asset) if self.is_open(one))
        return structure(id, front, asset, tree.above(asset), parts)

    def _points(self, asset: str) -> list[PointRow]:
        found = self._rows.get(asset)
        if found is None:
            rows = self.call.book.by_asset(self._tenant).get(asset, ())
            found = self._rows[asset] = [row for row in rows if row.spec.kind in VALUED]
        return found


def _newest(table: pa.Table) -> dict[int, Now]:
    values = table.column("value").to_pylist()
    texts = table.column("text")
    words = [""] * len(values)
    if texts.null_count < len(texts) or table.column("whole").null_count < len(texts):
        wholes, said = table.column("whole").to_pylist(), texts.to_pylist()
        words = [
            text or "" if v is not None or w is not None else ""
            for v, w, text in zip(values, wholes, said, strict=True)
        ]
        values = [
            w if w is not None else v if v is not None else text
            for v, w, text in zip(values, wholes, said, strict=True)
        ]
    times = table.column("time").cast(pa.int64()).to_pylist()
    qualities = table.column("quality").to_pylist()
    written = {time: _written(time) for time in set(times)}
    described = {quality: describe(quality) for quality in set(qualities)}
    rows = zip(map(written.__getitem__, times), values, words, map(described.__getitem__, qualities), strict=True)
    return dict(zip(table.column("point").to_pylist(), rows, strict=True))


def _written(time_us: int) -> str:
    return f"{np.datetime_as_string(np.datetime64(time_us, 'us'), unit='ms')}Z"
