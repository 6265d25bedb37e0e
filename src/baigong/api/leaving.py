"""A company leaves: deleted by the platform's operator, with a proof to hand over."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.proof import require_fresh
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.leaving import State


class Deletion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``typed``: the company's id once more, by hand. ``reason``: is kept in the audit log."""

    typed: Annotated[str, Meta(max_length=64)]
    reason: Annotated[str, Meta(max_length=500)] = ""


def operations(rooms: Rooms) -> list[Operation]:
    departures = rooms.departures

    async def state(call: Call) -> Any:
        return await departures.state(call.part("id"))

    async def delete(call: Call) -> Any:
        if call.who.by == "cookie":  # a program has no more to show than its token
            require_fresh(rooms, call.who)
        asked: Deletion = call.body
        who = call.who.full_name
        origin = call.request.client.host if call.request.client else ""
        call.before = rooms.registry.tenants.get(call.part("id")).state
        await departures.begin(call.part("id"), asked.typed, who, call.who.tenant, asked.reason, origin)
        made = await departures.state(call.part("id"))
        call.after = made.state
        return made

    return [
        Operation(
            "GET", "/tenants/{id}/leaving", "How far a deletion is, and its proof", state, answer=State
        ),
        Operation("POST", "/tenants/{id}/delete", "Delete all of a company", delete, body=Deletion, answer=State),
    ]  # fmt: skip
