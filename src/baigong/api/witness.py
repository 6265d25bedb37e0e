"""Writes down in the audit log what came through a door: every change, every refusal, every look at another's plant."""

from __future__ import annotations

from typing import Any

from starlette.requests import HTTPConnection

from baigong.api.doors import Door
from baigong.api.rooms import Rooms
from baigong.registry.audit import Entry
from baigong.registry.people import Principal

_UNTOLD = ("ingest",)  # values are the lake's own log; who sent them is told by the events of their device
_SAFE = ("GET", "HEAD")
_LOOKS = ("POST /sql", "POST /devices/test", "POST /devices/browse", "POST /devices/preview")  # these change nothing


def is_told(door: Door, method: str, path: str, who: Principal, tenant: str) -> bool:
    """Say whether something that was allowed is written down."""
    if door.own:
        return True
    if not door.action or door.action in _UNTOLD:
        return False
    if door.within:
        return False
    return tenant != who.tenant or (method not in _SAFE and f"{method} {path}" not in _LOOKS)


async def tell(
    rooms: Rooms,
    request: HTTPConnection,
    who: Principal,
    tenant: str,
    action: str,
    *,
    refused: str = "",
    because: tuple[str, ...] = (),
    before: Any = None,
    after: Any = None,
) -> None:
    """Append one entry; on disk when it returns. ``refused``: the error's code."""
    client = request.client.host if request.client else ""
    await rooms.registry.audit.note(
        Entry(
            time_us=rooms.clock_us(),
            tenant=tenant,
            who=who.full_name,
            action=action or "account",
            object=f"{request.scope.get('method', 'WS')} {request.url.path}",
            allowed=not refused,
            origin=client,
            because=because,
            reason=refused,
            before=before,
            after=after,
        )
    )
