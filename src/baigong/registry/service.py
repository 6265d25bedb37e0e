"""What the registry answers on the bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus, Message
from baigong.bus.subjects import asker
from baigong.registry.credentials import Credentials
from baigong.registry.devices import Devices
from baigong.registry.gateways import Gateways
from baigong.registry.machines import Certificates
from baigong.registry.standing import SUBJECT, Standing, WantRevoked, WantStanding
from baigong.vocab.devices import Kind, PointSpec
from baigong.vocab.errors import FixConfiguration, Reauthenticate

S = TypeVar("S", bound=Struct)
_PAGE_BYTES = 3 << 20  # of an answer; the bus packs it, and carries 1 MiB


class WantDevices(Struct, frozen=True, kw_only=True):
    """``run`` and ``since``: up to where the gateway knows what changed; another run than ours: nothing."""

    run: str = ""
    since: int = 0


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


class Nothing(Struct, frozen=True, kw_only=True):
    """A question without words."""


class CheckCertificate(Struct, frozen=True, kw_only=True):
    sha256: str


class KnownCertificate(Struct, frozen=True, kw_only=True):
    """``why`` it opens nothing; empty: it does. Whose it is, is told in both cases where that is known."""

    tenant: str = ""
    device: str = ""
    serial: str = ""
    until_us: int = 0
    why: str = ""
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


async def answer(
    bus: Bus,
    devices: Devices,
    credentials: Credentials,
    certificates: Certificates,
    standing: Standing,
    gateways: Gateways,
) -> None:
    """Serve ``registry.>``: devices, found points, who machines are, and whose sign-in is good no more."""

    async def list_devices(asked: WantDevices, gateway: str) -> Any:
        return _news(devices, asked, gateway, gateways)

    async def register(asked: RegisterPoints, gateway: str) -> Any:
        gateways.require(gateway, asked.tenant)
        specs = [
            PointSpec(name=f.name, address=f.address, kind=f.kind, unit=f.unit, title=f.title, number=f.number)
            for f in asked.points
        ]
        rows = await devices.register(asked.tenant, asked.device, specs)
        return {"ok": True, "registered": len(rows)}

    async def check(asked: CheckCredential, gateway: str) -> Any:
        row = await credentials.check(asked.username, password=asked.password, password_sha256=asked.password_sha256)
        if not gateways.serves(gateway, row.tenant):
            raise Reauthenticate("auth.required", f"{asked.username} is nobody at gateway {gateway}")
        may = credentials.topics.of("user", row.username)
        told = {"tenant": row.tenant, "device": row.device, "made_us": row.created_us}
        return told | {"publish": may.publish, "subscribe": may.subscribe}

    async def check_certificate(asked: CheckCertificate, gateway: str) -> Any:
        try:
            row = certificates.check(asked.sha256)
        except Reauthenticate as error:
            if not gateways.serves(gateway, str(error.fields.get("tenant", ""))):
                return KnownCertificate(why="unknown")
            tenant, device, serial = (str(error.fields.get(name, "")) for name in ("tenant", "device", "serial"))
            why = str(error.fields.get("why", error.code))
            return KnownCertificate(tenant=tenant, device=device, serial=serial, why=why)
        if not gateways.serves(gateway, row.tenant):
            return KnownCertificate(why="unknown")
        may = certificates.topics.of("certificate", row.sha256)
        return KnownCertificate(
            tenant=row.tenant,
            device=row.device,
            serial=row.serial,
            until_us=row.until_us,
            publish=may.publish,
            subscribe=may.subscribe,
        )

    async def authority(asked: Nothing, _: str) -> Any:
        return {"certificate": (await certificates.authority()).pem}

    async def revoked_since(asked: WantRevoked, gateway: str) -> Any:
        return standing.since(asked, partial(gateways.serves, gateway))

    async def fallen(asked: WantStanding, gateway: str) -> Any:
        serves = partial(gateways.serves, gateway)
        users = [("user", name) for name, made_us in asked.users if not credentials.stands(name, made_us, serves)]
        return users + [("certificate", one) for one in asked.certificates if not certificates.stands(one, serves)]

    await bus.serve("registry.devices.*", _answering(WantDevices, list_devices))
    await bus.serve("registry.points.register.*", _answering(RegisterPoints, register))
    await bus.serve("registry.credentials.*", _answering(CheckCredential, check))
    await bus.serve("registry.certificates.*", _answering(CheckCertificate, check_certificate))
    await bus.serve("registry.authority", _answering(Nothing, authority))
    await bus.serve(f"{SUBJECT}.since.*", _answering(WantRevoked, revoked_since))
    await bus.serve(f"{SUBJECT}.fallen.*", _answering(WantStanding, fallen))


def _news(devices: Devices, asked: WantDevices, gateway: str, gateways: Gateways) -> dict[str, Any]:
    """Say what changed since: in pages, each up to the ``revision`` it names, as long as there is ``more``."""
    changes = devices.changes
    since = asked.since if asked.run == changes.run else 0
    made: list[msgspec.Raw] = []
    gone: list[tuple[str, str]] = []
    size, revision, more = 0, changes.revision, False
    for at, key in changes.since(since, gateway):
        if size > _PAGE_BYTES:
            more = True
            break
        revision = at
        row = devices.find(*key)
        if row is None or row.spec.gateway != gateway or not gateways.serves(gateway, row.tenant):
            gone.append(key)
            continue
        raw = msgspec.json.encode({"tenant": row.tenant, "spec": row.spec})
        size += len(raw)
        made.append(msgspec.Raw(raw))
    if not more:  # of other gateways' devices nothing was said
        revision = changes.revision
    return {"run": changes.run, "revision": revision, "from": since, "more": more, "devices": made, "gone": gone}


def _answering(kind: type[S], work: Callable[[S, str], Awaitable[Any]]) -> Callable[[Message], Awaitable[bytes]]:
    """``work`` is given what was asked, and the last token of the subject: the gateway, where it asks by its name."""

    async def handle(message: Message) -> bytes:
        try:
            asked = msgspec.json.decode(message.payload or b"{}", type=kind)
            return msgspec.json.encode(await work(asked, asker(message.subject)))
        except (msgspec.MsgspecError, ValueError) as error:
            raise FixConfiguration("payload.malformed", str(error), place=message.subject) from error

    return handle
