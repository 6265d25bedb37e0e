"""Asset types: what there is, what a text would make of one and break, and which assets are not what theirs says."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.typegaps import Gap
from baigong.registry.types import Resolved
from baigong.vocab.assets import Level
from baigong.vocab.assettypes import AssetType
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.unitwords import unit_words

_MOST_GAPS = 500


class TypeLine(Struct, frozen=True, kw_only=True):
    """``version`` 0: as shipped. ``error``: why it cannot be read any more."""

    type: str
    version: int
    extends: str
    title: str
    title_zh: str
    level: Level | None
    points: int
    properties: int
    assets: int
    error: str


class Version(Struct, frozen=True, kw_only=True):
    version: int
    changed_us: int
    changed_by: str


class TypeAnswer(Struct, frozen=True, kw_only=True):
    """``text``: of this version as written. ``whole``: with all that it has from ``chain``; ``came``: from which.

    ``used``: its assets, then the types that extend it, which ``extending`` names alone. ``units``: of each UCUM code
    the words, English and Chinese.
    """

    type: str
    version: int
    shipped: bool
    text: str
    versions: list[Version]
    chain: list[str]
    whole: AssetType
    came: dict[str, str]
    used: list[str]
    extending: list[str]
    units: dict[str, list[str]]


class TypeQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1)] | None = None


class TypeChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only say what it would do. ``confirm``: how many assets it may break, as ``broken`` said.

    ``base``: the version that the text was made from; another one meanwhile: config.conflict.
    """

    text: str
    check: bool = False
    confirm: Annotated[int, Meta(ge=0)] = 0
    base: Annotated[int, Meta(ge=0)] | None = None


class TypeText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Annotated[str, Meta(max_length=64)]
    text: str


class TypeList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Types that may extend each other. ``check``, ``confirm``: as for one."""

    types: Annotated[list[TypeText], Meta(min_length=1, max_length=2000)]
    check: bool = False
    confirm: Annotated[int, Meta(ge=0)] = 0


class TypeListAnswer(Struct, frozen=True, kw_only=True):
    """``added`` and ``changed``: names; those that are so already are neither. ``broken``, ``breaks``: as for one."""

    added: list[str]
    changed: list[str]
    broken: int
    breaks: list[Gap]


class TypeChanged(Struct, frozen=True, kw_only=True):
    """``breaks``: assets that fit now and would not then, in what; at most 500 lines of ``broken`` assets.

    ``whole``, ``chain`` and ``came`` say what the text makes, as of a type that is read.
    """

    version: int
    broken: int
    breaks: list[Gap]
    whole: AssetType
    chain: list[str]
    came: dict[str, str]
    units: dict[str, list[str]]


class GapsAnswer(Struct, frozen=True, kw_only=True):
    assets: int
    gaps: list[Gap]


def operations(rooms: Rooms) -> list[Operation]:
    types = rooms.registry.types

    def line(tenant: str, name: str, assets: int) -> TypeLine:
        row = types.versions(tenant, name)[-1]
        error, whole = "", AssetType(type=name)
        try:
            whole = types.get(tenant, name).whole
        except FixConfiguration as found:
            error = f"{found.message} ({found.place})"
        return TypeLine(
            type=name,
            version=row.version if row.changed_us else 0,
            extends=whole.extends,
            title=whole.title,
            title_zh=whole.title_zh,
            level=whole.level,
            points=len(whole.points),
            properties=len(whole.properties),
            assets=assets,
            error=error,
        )

    async def listed(call: Call) -> Any:
        used = types.assets(call.tenant)
        return [line(call.tenant, name, len(used.get(name, ()))) for name in types.names(call.tenant)]

    async def one(call: Call) -> Any:
        name = call.part("name")
        ref = f"{name}@{call.query.version}" if call.query.version else name
        found: Resolved = types.get(call.tenant, ref)
        held = types.versions(call.tenant, name)
        row = next(r for r in held if r.version == (call.query.version or held[-1].version))
        return TypeAnswer(
            type=name,
            version=row.version,
            shipped=not row.changed_us,
            text=row.text,
            versions=[Version(version=r.version, changed_us=r.changed_us, changed_by=r.changed_by) for r in held],
            chain=list(found.chain),
            whole=found.whole,
            came=dict(found.came),
            used=types.used(call.tenant, name)[:_MOST_GAPS],
            extending=types.extending(call.tenant, name),
            units=_units(found.whole),
        )

    async def put(call: Call) -> Any:
        told: TypeChange = call.body
        name = call.part("name")
        held, texts = types.versions(call.tenant, name), {name: told.text}
        if told.check:
            checked, broken = types.check(call.tenant, texts)
        else:
            call.before = held[-1].text if held else None
            call.after = told.text
            checked, broken = await types.put(call.tenant, texts, call.who.user, told.confirm, told.base)
        held, made = types.versions(call.tenant, name), checked[name]
        many = len({gap.asset for gap in broken})
        return TypeChanged(
            version=held[-1].version if held else 0,
            broken=many,
            breaks=broken[:_MOST_GAPS],
            whole=made.whole,
            chain=list(made.chain),
            came=dict(made.came),
            units=_units(made.whole),
        )

    async def put_many(call: Call) -> Any:
        told: TypeList = call.body
        texts = {one.type: one.text for one in told.types}
        if len(texts) < len(told.types):
            raise FixConfiguration("config.invalid", "a type is in the list twice", place="types")
        held = {name: rows[-1].text for name in texts if (rows := types.versions(call.tenant, name))}
        added = [name for name in texts if name not in held]
        changed = [name for name, text in texts.items() if name in held and held[name] != text]
        if told.check:
            _, broken = await asyncio.to_thread(types.check, call.tenant, texts)
        else:
            _, broken = await types.put(call.tenant, texts, call.who.user, told.confirm)
            call.after = {"added": added, "changed": changed}
        many = len({gap.asset for gap in broken})
        return TypeListAnswer(added=added, changed=changed, broken=many, breaks=broken[:_MOST_GAPS])

    async def drop(call: Call) -> Any:
        await types.drop(call.tenant, call.part("name"), call.who.user)

    async def gaps(call: Call) -> Any:
        name = call.part("name")
        types.get(call.tenant, name)
        found = types.gaps(call.tenant, name)
        return GapsAnswer(assets=len(types.assets(call.tenant).get(name, ())), gaps=found[:_MOST_GAPS])

    return [
        Operation("GET", "/types", "Asset types", listed, answer=list[TypeLine]),
        Operation("POST", "/types", "Write many types", put_many, body=TypeList, answer=TypeListAnswer),
        Operation("GET", "/types/{name}", "One asset type", one, query=TypeQuery, answer=TypeAnswer),
        Operation(
            "PUT", "/types/{name}", "Write a type, or see what it breaks", put, body=TypeChange, answer=TypeChanged
        ),
        Operation("DELETE", "/types/{name}", "Take a type away", drop),
        Operation("GET", "/types/{name}/gaps", "Which assets are not what their type says", gaps, answer=GapsAnswer),
    ]  # fmt: skip


def _units(whole: AssetType) -> dict[str, list[str]]:
    codes = {one.unit for one in whole.points.values()} | {one.unit for one in whole.properties.values()}
    return {code: list(unit_words(code)) for code in sorted(codes - {""})}
