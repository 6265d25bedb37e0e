"""The life of an asset: as designed, as built, as maintained."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.life import Entry
from baigong.registry.rights import asset_ref
from baigong.vocab.assettypes import split_type
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.life import LifeNote, Phase, phase_of


class LifeLine(Struct, frozen=True, kw_only=True):
    """One event. ``time_us``: when it was so; ``told_us``: when we were told, 0 for what is known by itself."""

    id: str
    kind: str
    phase: Phase
    time_us: int
    told_us: int
    by: str
    corrects: str
    corrected_by: str
    detail: dict[str, Any]


class Designed(Struct, frozen=True, kw_only=True):
    """``version``: of the type, 0 where there is none; ``chain``: the type, then what it extends."""

    type: str
    version: int
    changed_us: int
    changed_by: str
    chain: list[str]


class BuiltPart(Struct, frozen=True, kw_only=True):
    asset: str
    title: str
    title_zh: str
    code: str


class Built(Struct, frozen=True, kw_only=True):
    """``serial``: as the newest entry or the property says it; ``commissioned_us``: None where nobody said so."""

    serial: str
    manufactured_us: int | None
    commissioned_us: int | None
    parts: list[BuiltPart]


class LifeAnswer(Struct, frozen=True, kw_only=True):
    """``entries``: the newest first."""

    asset: str
    designed: Designed
    built: Built
    entries: list[LifeLine]


def operations(rooms: Rooms) -> list[Operation]:
    life = rooms.registry.life

    async def get(call: Call) -> Any:
        asset = call.part("name")
        window = call.seen.of(asset_ref(call.tenant, asset))
        if asset not in rooms.registry.assets.tree(call.tenant) or window is None:
            raise FixConfiguration("http.not_found", f"there is no asset {asset!r}", place=asset)
        entries = [one for one in await life.of(call.tenant, asset) if window.holds(one.time_us)]
        return LifeAnswer(
            asset=asset,
            designed=_designed(rooms, call.tenant, asset),
            built=_built(rooms, call.tenant, asset, entries),
            entries=[_line(one) for one in entries],
        )

    async def add(call: Call) -> Any:
        call.after = _line(await life.add(call.tenant, call.part("name"), call.body, call.who.user))
        return call.after

    path = "/assets/{name}/life"
    return [
        Operation("GET", path, "The life of an asset", get, answer=LifeAnswer),
        Operation("POST", path, "Tell what happened to an asset", add, body=LifeNote, answer=LifeLine),
    ]


def _designed(rooms: Rooms, tenant: str, asset: str) -> Designed:
    row, types = rooms.registry.assets.rows(tenant).get(asset), rooms.registry.types
    ref = row.spec.type if row is not None else ""
    name, pinned = split_type(ref)
    versions = [one for one in types.versions(tenant, name) if pinned in (None, one.version)] if ref else []
    found = types.find(tenant, ref) if ref else None
    newest = versions[-1] if versions else None
    return Designed(
        type=name,
        version=newest.version if newest else 0,
        changed_us=newest.changed_us if newest else 0,
        changed_by=newest.changed_by if newest else "",
        chain=list(found.chain) if found else [],
    )


def _built(rooms: Rooms, tenant: str, asset: str, entries: list[Entry]) -> Built:
    assets = rooms.registry.assets
    rows, words, tree = assets.rows(tenant), assets.words(tenant), assets.tree(tenant)
    valid = [one for one in entries if not one.corrected_by]

    def when(*kinds: str) -> int | None:
        return next((one.time_us for one in valid if one.kind in kinds), None)

    held = rows[asset].spec.properties if asset in rows else {}
    property_ = next((str(held[name]) for name in held if name.lower() in ("serial", "serial_number", "序列号")), "")
    of_itself = ("manufactured", "delivered", "installed", "commissioned", "replaced")
    told = next((one.detail["serial"] for one in valid if one.kind in of_itself and one.detail.get("serial")), "")
    parts = []
    for part in sorted(tree.children(asset)):
        row = rows.get(part)
        if row is not None and row.retired_us is None and row.spec.level == "part":
            called = words.get(part)
            title, chinese = (called.title, called.title_zh) if called else ("", "")
            parts.append(BuiltPart(asset=part, title=title, title_zh=chinese, code=row.spec.code))
    return Built(
        serial=str(told or property_),
        manufactured_us=when("manufactured"),
        commissioned_us=when("commissioned"),
        parts=parts,
    )


def _line(one: Entry) -> LifeLine:
    return LifeLine(
        id=one.id,
        kind=one.kind,
        phase=phase_of(one.kind),
        time_us=one.time_us,
        told_us=one.told_us,
        by=one.by,
        corrects=one.corrects,
        corrected_by=one.corrected_by,
        detail=one.detail,
    )
