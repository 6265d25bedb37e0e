"""Where gateways may connect to, as text: the operator's, read and written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.api.witness import tell
from baigong.registry.seldom import Seldom
from baigong.vocab.errors import BaigongError
from baigong.vocab.networks import Networks

_BETWEEN_S = 60.0
Text = Annotated[str, Meta(max_length=100_000)]


class GatewayNetworks(Struct, frozen=True, kw_only=True):
    """``own``: the companies that the gateway belongs to; ``text``: as written, ``networks``: the same, read;
    ``refused``: connections refused for it since the gateway's start, by company.
    """

    gateway: str
    own: list[str]
    text: str
    networks: Networks
    refused: dict[str, int]


class PutNetworks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Text


def operations(rooms: Rooms) -> list[Operation]:
    texts = rooms.registry.networks

    def told(gateway: str) -> GatewayNetworks:
        refused = rooms.pulse.health.get(gateway, {}).get("refused_networks")
        return GatewayNetworks(
            gateway=gateway,
            own=texts.own(gateway),
            text=texts.text(gateway),
            networks=texts.told(gateway).networks,
            refused=refused if isinstance(refused, dict) else {},
        )

    async def listed(call: Call) -> Any:
        names = {
            *rooms.pulse.health,
            *texts.named(),
            *rooms.registry.gateways.named(),
            *rooms.registry.devices.gateways,
        }
        return [told(name) for name in sorted(names)]

    async def put(call: Call) -> Any:
        gateway = call.part("id")
        call.before = texts.text(gateway)
        await texts.put(gateway, call.body.text)
        call.after = call.body.text
        return told(gateway)

    return [
        Operation("GET", "/gateways/networks", "Where gateways may connect to", listed, answer=list[GatewayNetworks]),
        Operation(
            "PUT",
            "/gateways/{id}/networks",
            "Set where a gateway may connect to",
            put,
            body=PutNetworks,
            answer=GatewayNetworks,
        ),
    ]


class Refusals:
    """Writes down who tried to connect where the operator lets nobody of the company: once a minute each, counted."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._seldom = Seldom(_BETWEEN_S)

    @asynccontextmanager
    async def told(self, call: Call) -> AsyncIterator[None]:
        """Run the question inside, whose failure may be such a refusal."""
        try:
            yield
        except BaigongError as error:
            await self._note(call, error.code, error.fields.get("place") or error.place)
            raise

    async def look(self, call: Call, found: Any) -> None:
        """The same for an answer that holds an error."""
        error = getattr(found, "error", None) or {}
        await self._note(call, str(error.get("code", "")), error.get("place", ""))

    async def _note(self, call: Call, code: str, place: Any) -> None:
        if code != "driver.network":
            return
        count = self._seldom.is_due((call.tenant, call.who.full_name))
        if count is None:
            return
        after = {"place": str(place)[:200], "more_before": count}
        await tell(self._rooms, call.request, call.who, call.tenant, "configure", refused=code, after=after)
