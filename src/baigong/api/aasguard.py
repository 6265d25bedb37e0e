"""What is made of our own assets is not written here: whoever tries is told where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from baigong.api.aaswire import part
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.vocab.errors import FixConfiguration

_READS = ("GET", "HEAD")


def refuse_ours(rooms: Rooms, tenant: str, ids: Iterable[Any]) -> None:
    """Raise aas.generated where one of these is an id of what is made of assets."""
    for id in ids:
        made = rooms.registry.own_shells.read(tenant, id) if isinstance(id, str) else None
        if made is not None:
            raise FixConfiguration("aas.generated", f"{id} is made of the asset {made.asset!r}", place=id)


def guarded(rooms: Rooms, operation: Operation) -> Operation:
    """Let an operation write only what was handed in."""
    written = [name for name in ("shell", "submodel") if f"{{{name}}}" in operation.path]
    if operation.path.endswith("/submodel-refs/{submodel}"):
        written.remove("submodel")  # to whom a kept shell refers is its own affair
    if operation.method in _READS or not written:
        return operation

    async def handle(call: Call) -> Any:
        refuse_ours(rooms, call.tenant, (part(call, name) for name in written))
        return await operation.handle(call)

    return replace(operation, handle=handle)
