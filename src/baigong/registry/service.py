"""What the registry answers on the bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus, Message
from baigong.registry.book import PointBook
from baigong.registry.credentials import Credentials
from baigong.registry.devices import Devices
from baigong.vocab.devices import Kind, PointSpec
from baigong.vocab.errors import FixConfiguration

S = TypeVar("S", bound=Struct)


class WantDevices(Struct, frozen=True, kw_only=True):
    gateway: str = "local"


class Found(Struct, frozen=True, kw_only=True):
    """A point that a gateway came across."""

    number: int
    address: str
    name: str
    kind: Kind = "gauge"
    unit: str = ""
    title: str = ""


class RegisterPoints(Struct, frozen=True, kw_only=True):
    tenant: str
    device: str
    points: list[Found]


class CheckCredential(Struct, frozen=True, kw_only=True):
    username: str
    password: str = ""
    password_sha256: str = ""


async def answer(bus: Bus, devices: Devices, book: PointBook, credentials: Credentials) -> None:
    """Serve ``registry.devices``, ``registry.points.register`` and ``registry.credentials`` until the bus closes."""

    async def list_devices(asked: WantDevices) -> Any:
        rows = devices.of_gateway(asked.gateway)
        return [
            {"tenant": r.tenant, "spec": r.spec, "discovered": _discovered(book, r.tenant, r.spec.device)} for r in rows
        ]

    async def register(asked: RegisterPoints) -> Any:
        specs = [
            PointSpec(name=f.name, address=f.address, kind=f.kind, unit=f.unit, title=f.title, number=f.number)
            for f in asked.points
        ]
        rows = await devices.register(asked.tenant, asked.device, specs)
        return {"ok": True, "registered": len(rows)}

    async def check(asked: CheckCredential) -> Any:
        row = await credentials.check(asked.username, password=asked.password, password_sha256=asked.password_sha256)
        return {"tenant": row.tenant, "device": row.device}

    await bus.serve("registry.devices", _answering(WantDevices, list_devices))
    await bus.serve("registry.points.register", _answering(RegisterPoints, register))
    await bus.serve("registry.credentials", _answering(CheckCredential, check))


def _discovered(book: PointBook, tenant: str, device: str) -> list[Found]:
    """List what was found on this device before, so that a gateway need not ask for each point again."""
    return [
        Found(number=p.number, address=p.spec.address, name=p.name, kind=p.spec.kind, unit=p.spec.unit)
        for p in book.of_device(tenant, device)
        if p.discovered
    ]


def _answering(kind: type[S], work: Callable[[S], Awaitable[Any]]) -> Callable[[Message], Awaitable[bytes]]:
    async def handle(message: Message) -> bytes:
        try:
            asked = msgspec.json.decode(message.payload or b"{}", type=kind)
            return msgspec.json.encode(await work(asked))
        except (msgspec.MsgspecError, ValueError) as error:
            raise FixConfiguration("payload.malformed", str(error), place=message.subject) from error

    return handle
