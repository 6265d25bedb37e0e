"""Which points may be written, by what rule, and who may."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.people import Principal
from baigong.registry.rights import point_ref
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import Kind
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.writing import WriteRule


class WritableQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``asset``: only what belongs to it, or lies below it."""

    asset: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    offset: Annotated[int, Meta(ge=0)] = 0


class WritablePoint(Struct, frozen=True, kw_only=True):
    """``stopped``: an emergency switch is on. ``may_write``: you, if the rule lets you."""

    name: str
    number: str
    asset: str
    title: str
    title_zh: str
    unit: str
    kind: Kind
    device: str
    rule: WriteRule
    stopped: bool
    may_write: bool


class WritableAnswer(Struct, frozen=True, kw_only=True):
    """``total``: of those asked for; ``assets``: all that have such points."""

    total: int
    assets: list[str]
    points: list[WritablePoint]


class MayWrite(Struct, frozen=True, kw_only=True):
    """People of the company. ``approve``: who may agree as the second person; empty where none is needed."""

    command: list[str]
    approve: list[str]


def operations(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    def open_ones(call: Call) -> list[PointRow]:
        return sorted((row for row in call.book.active(call.tenant) if row.spec.write), key=lambda row: row.name)

    async def listed(call: Call) -> Any:
        query: WritableQuery = call.query
        rows = open_ones(call)
        assets = sorted({row.spec.asset for row in rows})
        tree = registry.assets.tree(call.tenant)
        found = [row for row in rows if tree.covers(query.asset, row.spec.asset)]
        page = found[query.offset : query.offset + query.limit]
        return WritableAnswer(total=len(found), assets=assets, points=[_line(rooms, call, row) for row in page])

    async def who(call: Call) -> Any:
        row = call.book.find(call.tenant, call.part("name"))
        rule, ref = row.spec.write, point_ref(call.tenant, row.number)
        if rule is None:
            raise FixConfiguration("http.not_found", f"{row.name} is not open for writing", place=row.name)
        people = [
            Principal(tenant=call.tenant, user=one.name, role=",".join(one.roles), by="cookie")
            for one in await registry.members.of_tenant(call.tenant)
            if not one.locked
        ]

        def may(action: str) -> list[str]:
            return [one.user for one in people if registry.rights.decide(one, action, ref).allowed]

        return MayWrite(command=may("command"), approve=may("approve") if rule.approval else [])

    return [
        Operation("GET", "/writable", "Points that may be written", listed, query=WritableQuery, answer=WritableAnswer),
        Operation("GET", "/writable/{name}/who", "Who may write a point", who, answer=MayWrite),
    ]


def _line(rooms: Rooms, call: Call, row: PointRow) -> WritablePoint:
    assert row.spec.write is not None  # noqa: S101 - asked for by the caller
    ref = point_ref(call.tenant, row.number)
    return WritablePoint(
        name=row.name,
        number=str(row.number),
        asset=row.spec.asset,
        title=row.spec.title,
        title_zh=row.spec.title_zh,
        unit=row.spec.unit,
        kind=row.spec.kind,
        device=row.device,
        rule=row.spec.write,
        stopped=rooms.registry.stops.covering(call.tenant, row.spec.asset) is not None,
        may_write=rooms.registry.rights.decide(call.who, "command", ref).allowed,
    )
