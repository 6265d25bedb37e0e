"""What machines wanted to say or hear and may not, written into the audit log as gateways tell of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from baigong.bus.contract import Bus
from baigong.registry.audit import Audit, Entry
from baigong.registry.seldom import Seldom
from baigong.vocab.errors import BaigongError
from baigong.vocab.happenings import Event

_BETWEEN_S = 10.0  # a gateway tells of a device every ten minutes; one that says more is not believed to know better


async def audit_denied(bus: Bus, audit: Audit, has_left: Callable[[str], bool]) -> None:
    """Listen until cancelled."""
    seldom = Seldom(_BETWEEN_S)
    async for message in bus.subscribe("event.*.client.denied"):
        with suppress(msgspec.MsgspecError, BaigongError):  # a full disk: the event is there
            told = msgspec.json.decode(message.payload, type=Event)
            if not has_left(told.tenant) and seldom.is_due((told.tenant, told.subject)) is not None:
                await audit.note(_entry(told))


def _entry(told: Event) -> Entry:
    detail = told.detail
    return Entry(
        time_us=told.time_us,
        tenant=told.tenant,
        who=told.subject,
        action="ingest" if detail.get("action") == "publish" else "read",
        object=f"Topic:{told.tenant}/{str(detail.get('topic', ''))[:200]}",
        allowed=False,
        origin=str(detail.get("from", ""))[:100],
        reason="mqtt.topic_denied",
        after={"refused": detail.get("count", 1), "client": str(detail.get("client", ""))[:100]},
    )
