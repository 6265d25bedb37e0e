"""What the gateway answers on the bus: ``gateway.<id>.<verb>``, JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from baigong.bus.contract import Bus, Message
from baigong.gateway.fleet import Fleet
from baigong.gateway.probe import Probes
from baigong.vocab.errors import FixConfiguration

S = TypeVar("S", bound=Struct)
Handle = Callable[[Message], Awaitable[bytes]]


class WayIn(Struct, frozen=True, kw_only=True):
    """Either a driver with its options, or a device that is configured here; for ``tenant`` in both cases."""

    driver: str = ""
    options: dict[str, Any] = {}
    tenant: str = ""
    device: str = ""


class AskTest(WayIn, frozen=True, kw_only=True):
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 5.0


class AskBrowse(WayIn, frozen=True, kw_only=True):
    path: str = ""
    search: str = ""
    offset: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1)] = 1000


class AskPreview(WayIn, frozen=True, kw_only=True):
    addresses: Annotated[list[str], Meta(max_length=10_000)]


class AskStatus(Struct, frozen=True, kw_only=True):
    """Empty fields ask for all."""

    tenant: str = ""
    device: str = ""


class AskWhy(Struct, frozen=True, kw_only=True):
    tenant: str
    number: int | str  # JSON of a browser cannot hold 63 bits


class Told(Protocol):
    """What knows all devices of the gateway."""

    fleet: Fleet

    def keys(self) -> list[tuple[str, str]]: ...

    def status(self, key: tuple[str, str]) -> dict[str, Any] | None: ...

    def why(self, tenant: str, number: int) -> dict[str, Any] | None: ...


async def serve(
    bus: Bus, gateway: str, told: Told, probes: Probes, reload_: Callable[[tuple[str, str] | None], None]
) -> None:
    """Answer until the bus closes."""

    async def test(asked: AskTest) -> Any:
        driver, options = _way_in(told.fleet, asked)
        return await probes.test(asked.tenant, driver, options, asked.timeout_s)

    async def browse(asked: AskBrowse) -> Any:
        driver, options = _way_in(told.fleet, asked)
        way_in = (asked.tenant, driver, options)
        return await probes.browse(*way_in, asked.path, asked.search, asked.offset, asked.limit)

    async def preview(asked: AskPreview) -> Any:
        driver, options = _way_in(told.fleet, asked)
        return await probes.preview(asked.tenant, driver, options, asked.addresses)

    async def status(asked: AskStatus) -> Any:
        one = [(asked.tenant, asked.device)] if asked.tenant and asked.device else None
        found = [told.status(key) for key in one or told.keys() if asked.tenant in ("", key[0])]
        return [row for row in found if row is not None and asked.device in ("", row["device"])]

    async def why(asked: AskWhy) -> Any:
        found = told.why(asked.tenant, int(asked.number))
        if found is None:
            raise FixConfiguration("point.unknown", f"no device of gateway {gateway} reads point {asked.number}")
        return found

    async def reload(asked: AskStatus) -> Any:
        reload_((asked.tenant, asked.device) if asked.device else None)
        return {"ok": True}

    await bus.serve(f"gateway.{gateway}.test", answering(AskTest, test))
    await bus.serve(f"gateway.{gateway}.browse", answering(AskBrowse, browse))
    await bus.serve(f"gateway.{gateway}.preview", answering(AskPreview, preview))
    await bus.serve(f"gateway.{gateway}.status", answering(AskStatus, status))
    await bus.serve(f"gateway.{gateway}.why", answering(AskWhy, why))
    await bus.serve(f"gateway.{gateway}.reload", answering(AskStatus, reload))


def answering(kind: type[S], work: Callable[[S], Awaitable[Any]]) -> Handle:
    """Decode the question, encode the answer; a question that makes no sense is config.invalid."""

    async def handle(message: Message) -> bytes:
        try:
            asked = msgspec.json.decode(message.payload or b"{}", type=kind)
        except msgspec.MsgspecError as error:
            raise FixConfiguration("payload.malformed", str(error), place=message.subject) from error
        return msgspec.json.encode(await work(asked), enc_hook=str)

    return handle


def _way_in(fleet: Fleet, asked: WayIn) -> tuple[str, dict[str, Any]]:
    if not asked.device:
        return asked.driver, asked.options
    supervisor = fleet.find(asked.tenant, asked.device)
    if supervisor is None:
        if asked.driver:
            return asked.driver, asked.options
        raise FixConfiguration("device.unknown", f"this gateway has no device {asked.device!r}", place="device")
    return supervisor.station.spec.driver, supervisor.station.spec.options
