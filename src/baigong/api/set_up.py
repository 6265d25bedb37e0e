"""The first minutes: a company gets its name."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.set_up import Named

Name = Annotated[str, Meta(max_length=400)]


class CompanyNames(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Empty leaves what there is. ``site``: the plant."""

    title: Name = ""
    site: Name = ""


def operations(rooms: Rooms) -> list[Operation]:
    set_up = rooms.registry.set_up

    async def named(call: Call) -> Any:
        return await set_up.named(call.who.tenant)

    async def name(call: Call) -> Any:
        call.before = await set_up.named(call.who.tenant)
        call.after = call.body
        await set_up.name(call.who.tenant, call.body.title, call.body.site)

    return [
        Operation("GET", "/set-up", "What company and site are called", named, answer=Named),
        Operation("POST", "/set-up", "Name company and site, and end the set-up", name, body=CompanyNames),
    ]
