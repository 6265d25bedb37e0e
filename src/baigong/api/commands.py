"""Writes to machines: asked, agreed to, refused, rolled back; and the emergency switches."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.rights import point_ref, tenant_ref
from baigong.stores.records.commands import CommandRow, StopRow
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.writing import State, Value

_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!#-\[\]-~]{1,255}")
_Reason = Annotated[str, Meta(max_length=500)]


class CommandsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``state``: names with commas. ``before``: µs, the ``asked_us`` of the last one of the page before."""

    state: str = ""
    point: str = ""
    before: int | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class NewCommand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    point: str
    value: Value
    reason: _Reason = ""


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: _Reason = ""


class CommandAnswer(Struct, frozen=True, kw_only=True):
    """``code``/``detail``: why it was refused or failed. ``may_approve``: you, now."""

    id: str
    point: str
    number: str
    asset: str
    title: str
    title_zh: str
    unit: str
    value: Value
    state: State
    reason: str
    asked_by: str
    asked_us: int
    expires_us: int
    decided_by: str | None
    sent_us: int | None
    finished_us: int | None
    code: str
    detail: str
    previous: Value | None
    read_back: Value | None
    may_approve: bool
    may_refuse: bool
    may_roll_back: bool


class StopAnswer(Struct, frozen=True, kw_only=True):
    """``asset``: empty for everything."""

    asset: str
    stopped_by: str
    stopped_us: int
    reason: str


class Switch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``on``: stop every write to ``asset`` and below; empty: to everything of the tenant."""

    on: bool
    asset: Annotated[str, Meta(max_length=200)] = ""
    reason: _Reason = ""


class StopsAnswer(Struct, frozen=True, kw_only=True):
    stops: list[StopAnswer]
    may_stop: bool


def operations(rooms: Rooms) -> list[Operation]:
    commands = rooms.registry.commands

    async def listed(call: Call) -> Any:
        query: CommandsQuery = call.query
        states = tuple(s for s in query.state.split(",") if s)
        point = call.book.find(call.tenant, query.point).number if query.point else None
        rows = await commands.recent(call.tenant, states=states, point=point, before_us=query.before, limit=query.limit)
        return [_answer(rooms, call, row) for row in rows if row.point in call.seen]

    async def ask(call: Call) -> Any:
        asked: NewCommand = call.body
        name = call.book.find(call.tenant, asked.point).name
        row = await commands.ask(call.who, call.tenant, name, asked.value, asked.reason, _origin(call), _key(call))
        return _answer(rooms, call, row)

    async def approve(call: Call) -> Any:
        row = await commands.approve(call.who, call.tenant, call.part("id"), _origin(call))
        return _answer(rooms, call, row)

    async def refuse(call: Call) -> Any:
        row = await commands.refuse(call.who, call.tenant, call.part("id"), call.body.reason, _origin(call))
        return _answer(rooms, call, row)

    async def roll_back(call: Call) -> Any:
        origin, key = _origin(call), _key(call)
        row = await commands.roll_back(call.who, call.tenant, call.part("id"), call.body.reason, origin, key)
        return _answer(rooms, call, row)

    return [
        Operation(
            "GET",
            "/commands",
            "Writes to machines, newest first",
            listed,
            query=CommandsQuery,
            answer=list[CommandAnswer],
        ),
        Operation("POST", "/commands", "Write to a machine", ask, body=NewCommand, answer=CommandAnswer),
        Operation(
            "POST", "/commands/{id}/approve", "Agree to a write, as the second person", approve, answer=CommandAnswer
        ),
        Operation(
            "POST",
            "/commands/{id}/refuse",
            "Refuse a write, or take one's own back",
            refuse,
            body=Because,
            answer=CommandAnswer,
        ),
        Operation(
            "POST",
            "/commands/{id}/rollback",
            "Write the value before again",
            roll_back,
            body=Because,
            answer=CommandAnswer,
        ),
        *_switches(rooms),
    ]


def _switches(rooms: Rooms) -> list[Operation]:
    stops = rooms.registry.stops

    def shown(call: Call) -> StopsAnswer:
        may = rooms.registry.rights.decide(call.who, "stop", tenant_ref(call.tenant)).allowed
        return StopsAnswer(stops=[_stop(row) for row in stops.of_tenant(call.tenant)], may_stop=may)

    async def listed(call: Call) -> Any:
        return shown(call)

    async def put(call: Call) -> Any:
        asked: Switch = call.body
        act = stops.press if asked.on else stops.release
        await act(call.who, call.tenant, asked.asset, asked.reason, _origin(call))
        return shown(call)

    return [
        Operation("GET", "/stops", "Emergency switches that are on", listed, answer=StopsAnswer),
        Operation(
            "PUT", "/stops", "Stop all writes of a site, or let them again", put, body=Switch, answer=StopsAnswer
        ),
    ]


def _stop(row: StopRow) -> StopAnswer:
    return StopAnswer(asset=row.asset, stopped_by=row.stopped_by, stopped_us=row.stopped_us, reason=row.reason)


def _origin(call: Call) -> str:
    return call.request.client.host if call.request.client else ""


def _key(call: Call) -> str:
    """Return what the sender calls this request (Idempotency-Key), in quotes or not; empty: nothing."""
    told = call.request.headers.get(_HEADER)
    if told is None:
        return ""
    key = told[1:-1] if len(told) > 1 and told[0] == told[-1] == '"' else told
    if not _KEY.fullmatch(key):
        raise FixConfiguration(
            "config.invalid", "a key is 1 to 255 visible ASCII characters without quotes", place=_HEADER
        )
    return key


def _answer(rooms: Rooms, call: Call, row: CommandRow) -> CommandAnswer:
    rights, ref = rooms.registry.rights, point_ref(row.tenant, row.point)
    point = rooms.registry.book.by_number(row.tenant, row.point)
    spec = point.spec if point else None
    pending = row.state == "pending" and rooms.clock_us() < row.expires_us
    own = call.who.asks_as == row.asked_by
    approver = pending and rights.decide(call.who, "approve", ref).allowed
    again = row.previous is not None and row.state in ("done", "failed", "unknown")
    return CommandAnswer(
        id=row.id,
        point=row.name,
        number=str(row.point),
        asset=row.asset,
        title=spec.title if spec else "",
        title_zh=spec.title_zh if spec else "",
        unit=spec.unit if spec else "",
        value=row.value,
        state=row.state,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_us=row.asked_us,
        expires_us=row.expires_us,
        decided_by=row.decided_by,
        sent_us=row.sent_us,
        finished_us=row.finished_us,
        code=row.code,
        detail=row.detail,
        previous=row.previous,
        read_back=row.read_back,
        may_approve=approver and not own,
        may_refuse=pending and (own or approver),
        may_roll_back=again and rights.decide(call.who, "command", ref).allowed,
    )
