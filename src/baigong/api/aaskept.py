"""What the standard does alike with shells, submodels and concept descriptions: one is added, shown, put, dropped."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from baigong.api.aasguard import refuse_ours
from baigong.api.aasserved import Served
from baigong.api.aaswire import answered, body_of, here, part
from baigong.api.rooms import Rooms
from baigong.api.wire import JSON, Call
from baigong.models.aas.paths import encoded


@dataclass(slots=True, frozen=True)
class Kept:
    """Things of one kind. ``folder``: where the API has them; ``name``: what its paths call the id of one."""

    rooms: Rooms
    kind: str
    folder: str
    name: str

    async def add(self, call: Call) -> Response:
        body = await body_of(call, self.rooms.settings.max_body)
        refuse_ours(self.rooms, call.tenant, [body.get("id")] if isinstance(body, dict) else [])
        made = await self.rooms.registry.shells.add(call.tenant, self.kind, body, call.who.user)
        call.after = {"id": made["id"]}
        return answered(made, 201, here(call, f"{self.folder}/{encoded(made['id'])}"))

    async def one(self, call: Call) -> Response:
        return Response(Served(self.rooms, call).json(self.kind, part(call, self.name)), media_type=JSON)

    async def put(self, call: Call) -> Response:
        id = part(call, self.name)
        body = await body_of(call, self.rooms.settings.max_body)
        made = await self.rooms.registry.shells.put(call.tenant, self.kind, id, body, call.who.user)
        call.after = {"id": id}
        if made is None:
            return Response(status_code=204)
        return answered(made, 201, here(call, f"{self.folder}/{encoded(id)}"))

    async def drop(self, call: Call) -> None:
        id = part(call, self.name)
        call.before = {"id": id}
        await self.rooms.registry.shells.drop(call.tenant, self.kind, id, call.who.user)
