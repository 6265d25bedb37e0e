"""Devices: what is configured, how it is, and trying things out before saving them."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from baigong.api.device_state import DeviceDetail, DeviceLine, detail, lines, warnings_of
from baigong.api.networks import Refusals
from baigong.api.rooms import Rooms
from baigong.api.secrets import hide_secrets, hide_secrets_in_text, keep_secrets
from baigong.api.wire import JSON, Call, Operation, decode_json, encode, read_body
from baigong.drivers.manifest import Manifest, manifests
from baigong.registry.replacing import Replacement
from baigong.vocab.devices import DeviceSpec, parse_device
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

_YAML = ("application/yaml", "application/x-yaml", "text/yaml")
_DER = "application/pkix-cert"
_BETWEEN = re.compile(r"^---\s*$", re.MULTILINE)


class EventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 200


class TestRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``device``: use the options saved there (with its secrets) instead."""

    driver: str = ""
    options: dict[str, Any] = {}
    device: str = ""
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 10.0


class BrowseRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    driver: str = ""
    options: dict[str, Any] = {}
    device: str = ""
    path: str = ""
    search: str = ""
    limit: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    offset: Annotated[int, Meta(ge=0)] = 0
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 60.0


class PreviewRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    addresses: Annotated[list[str], Meta(max_length=1000)]
    driver: str = ""
    options: dict[str, Any] = {}
    device: str = ""
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 15.0


class TestStep(Struct, frozen=True, kw_only=True):
    name: str
    ok: bool
    detail: str = ""
    ms: float = 0.0


class TestAnswer(Struct, frozen=True, kw_only=True):
    ok: bool
    detail: str = ""
    steps: list[TestStep] = []
    error: dict[str, Any] | None = None


class BrowseNode(Struct, frozen=True, kw_only=True):
    path: str
    title: str
    has_children: bool = False
    address: str = ""
    type: str = ""
    unit: str = ""
    value: Any = None
    quality: int = 0
    time_us: int | None = None
    writable: bool = False
    kind: str = "gauge"
    folders: list[str] = []


class BrowseAnswer(Struct, frozen=True, kw_only=True):
    nodes: list[BrowseNode]
    total: int


class PreviewValue(Struct, frozen=True, kw_only=True):
    address: str
    value: Any = None
    quality: int = 0
    time_us: int | None = None
    error: dict[str, Any] | None = None


class KeptDevice(Struct, frozen=True, kw_only=True):
    device: str
    revision: int
    points: int


class ManyDevices(Struct, frozen=True, kw_only=True):
    added: int
    changed: int
    devices: list[KeptDevice]


class Replace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``spec``: the new device as it is to be; or ``device``: one that there is. ``check``: only say what would happen.

    ``leave``: how many points may be left that nothing reads from then on, as ``left`` said.
    """

    device: str = ""
    spec: DeviceSpec | None = None
    leave: Annotated[int, Meta(ge=0)] = 0
    check: bool = False


def operations(rooms: Rooms) -> list[Operation]:
    devices = rooms.registry.devices

    async def listed(call: Call) -> Any:
        return lines(rooms, call.tenant)

    async def one(call: Call) -> Any:
        return await _shown(rooms, call.tenant, call.part("id"))

    async def put(call: Call) -> Any:
        spec = await _read_spec(call.request, rooms.settings.max_body)
        if spec.device != call.part("id"):
            raise FixConfiguration("config.invalid", f"the body describes device {spec.device!r}", place="device")
        held = devices.find(call.tenant, spec.device)
        spec = keep_secrets(spec, held.spec if held else None)
        rooms.registry.networks.check(call.tenant, spec)
        await devices.put(call.tenant, spec, call.who.user, revision=_revision(call.request))
        return await _shown(rooms, call.tenant, spec.device)

    async def put_many(call: Call) -> Any:
        specs = await _read_specs(call.request, rooms.settings.max_body)
        held = {spec.device: devices.find(call.tenant, spec.device) for spec in specs}
        specs = [keep_secrets(spec, row.spec if (row := held[spec.device]) else None) for spec in specs]
        for spec in specs:
            rooms.registry.networks.check(call.tenant, spec)
        rows = await devices.put_many(call.tenant, specs, call.who.user)
        added = sum(row is None for row in held.values())
        return ManyDevices(
            added=added,
            changed=len(rows) - added,
            devices=[KeptDevice(device=r.spec.device, revision=r.revision, points=len(r.spec.points)) for r in rows],
        )

    async def drop(call: Call) -> Any:
        await devices.drop(call.tenant, call.part("id"), call.who.user)

    async def events(call: Call) -> Any:
        subject = f"device:{call.part('id')}"
        return await rooms.registry.events.recent(call.tenant, subjects=[subject], limit=call.query.limit)

    async def drivers(call: Call) -> Any:
        return list(manifests().values())

    return [
        Operation("GET", "/drivers", "Drivers and their options", drivers, answer=list[Manifest]),
        Operation("GET", "/devices", "Devices and how they are", listed, answer=list[DeviceLine]),
        Operation(
            "POST",
            "/devices",
            "Make or change many devices: all, or none",
            put_many,
            takes=(JSON, _YAML[0]),
            answer=ManyDevices,
        ),
        Operation("GET", "/devices/{id}", "One device", one, answer=DeviceDetail),
        Operation("PUT", "/devices/{id}", "Make or change a device", put, takes=(JSON, _YAML[0]), answer=DeviceDetail),
        Operation("DELETE", "/devices/{id}", "Remove a device; its points are retired", drop),
        Operation(
            "GET", "/devices/{id}/events", "What happened to a device", events, query=EventsQuery, answer=list[Event]
        ),
        *_replacing(rooms),
        *_trying(rooms),
        *_certificates(rooms),
    ]


def _replacing(rooms: Rooms) -> list[Operation]:
    async def replace(call: Call) -> Any:
        told: Replace = call.body
        old, spec = rooms.registry.devices.get(call.tenant, call.part("id")), told.spec
        held = rooms.registry.devices.find(call.tenant, spec.device if spec else told.device)
        if spec is None and held is None:
            raise FixConfiguration("device.unknown", f"there is no device {told.device!r}", place=told.device)
        new = keep_secrets(spec, held.spec if held else None) if spec is not None else held.spec  # type: ignore[union-attr]
        rooms.registry.networks.check(call.tenant, new)
        made = await rooms.registry.devices.replace(
            call.tenant, old.spec, new, call.who.user, leave=told.leave, check=told.check
        )
        if not told.check:
            call.before, call.after = {"device": made.old}, {"device": made.new, "points": len(made.taken)}
        return made

    return [
        Operation(
            "POST", "/devices/{id}/replace", "Let another device take over the points of one", replace, body=Replace,
            answer=Replacement,
        )
    ]  # fmt: skip


def _trying(rooms: Rooms) -> list[Operation]:
    refusals = Refusals(rooms)

    async def ask(call: Call, verb: str, answer: Any, **more: Any) -> Any:
        asked = call.body
        told = {"timeout_s": asked.timeout_s, **_way_in(rooms, call.tenant, asked), **more}
        gateway = told.pop("gateway")
        rooms.registry.gateways.require(gateway, call.tenant)
        async with refusals.told(call):
            raw = await rooms.bus.request(
                f"gateway.{gateway}.{verb}", msgspec.json.encode(told), timeout_s=asked.timeout_s + 2.0
            )
            found = msgspec.json.decode(raw, type=answer)
            await refusals.look(call, found)
        return encode(found)

    async def test(call: Call) -> Any:
        return await ask(call, "test", TestAnswer)

    async def browse(call: Call) -> Any:
        asked: BrowseRequest = call.body
        page = {"path": asked.path, "search": asked.search, "limit": asked.limit, "offset": asked.offset}
        return await ask(call, "browse", BrowseAnswer, **page)

    async def preview(call: Call) -> Any:
        return await ask(call, "preview", list[PreviewValue], addresses=call.body.addresses)

    return [
        Operation("POST", "/devices/test", "Try a connection", test, body=TestRequest, answer=TestAnswer),
        Operation(
            "POST", "/devices/browse", "See what a device holds", browse, body=BrowseRequest, answer=BrowseAnswer
        ),
        Operation(
            "POST",
            "/devices/preview",
            "Read addresses before saving",
            preview,
            body=PreviewRequest,
            answer=list[PreviewValue],
        ),
    ]


def _certificates(rooms: Rooms) -> list[Operation]:
    async def read() -> bytes:
        path = rooms.settings.certificate
        try:
            return await asyncio.to_thread(path.read_bytes) if path else b""
        except FileNotFoundError:
            return b""

    async def der(call: Call) -> Any:
        raw = await read()
        if not raw:
            raise FixConfiguration("http.not_found", "no certificate has been made yet: start the gateway once")
        headers = {"Content-Disposition": 'attachment; filename="baigong.der"'}
        return Response(raw, media_type=_DER, headers=headers)

    async def pem(call: Call) -> Any:
        raw = await read()
        if not raw:
            raise FixConfiguration("http.not_found", "no certificate has been made yet: start the gateway once")
        headers = {"Content-Disposition": 'attachment; filename="baigong.pem"'}
        return Response(_pem(raw), media_type="application/x-pem-file", headers=headers)

    return [
        Operation("GET", "/certificate", "Our OPC UA client certificate (DER)", der, gives=(_DER,)),
        Operation("GET", "/certificate.pem", "The same as PEM", pem, gives=("application/x-pem-file",)),
    ]


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def _way_in(rooms: Rooms, tenant: str, asked: Any) -> dict[str, Any]:
    """Say through which gateway and with which options; a saved device lends its secrets to changed options."""
    if not asked.device:
        if not asked.driver:
            raise FixConfiguration("config.invalid", "name a driver or a device", place="driver")
        return {"driver": asked.driver, "options": asked.options, "gateway": "local", "tenant": tenant}
    held = rooms.registry.devices.get(tenant, asked.device).spec
    if asked.options:
        driver = asked.driver or held.driver
        tried = msgspec.structs.replace(held, driver=driver, options=asked.options, points=[])
        options = keep_secrets(tried, held).options
        return {"driver": driver, "options": options, "gateway": held.gateway, "tenant": tenant}
    return {
        "driver": held.driver,
        "options": held.options,
        "gateway": held.gateway,
        "tenant": tenant,
        "device": asked.device,
    }


async def _shown(rooms: Rooms, tenant: str, device: str) -> Response:
    row = rooms.registry.devices.get(tenant, device)
    text = await asyncio.to_thread(rooms.registry.devices.text, tenant, device)
    made = DeviceDetail(
        spec=hide_secrets(row.spec),
        yaml=hide_secrets_in_text(text, row.spec),
        revision=row.revision,
        status=await detail(rooms, tenant, row.spec),
        warnings=warnings_of(row.spec),
    )
    response = encode(made)
    response.headers["ETag"] = f'"{row.revision}"'
    return response


async def _read_spec(request: Request, limit: int) -> DeviceSpec:
    raw = await read_body(request, limit)
    return parse_device(_text(raw) if _is_yaml(request) else raw)


async def _read_specs(request: Request, limit: int) -> list[DeviceSpec]:
    """Read a JSON list of devices, or YAML documents apart by ``---``."""
    raw = await read_body(request, limit)
    if _is_yaml(request):
        pieces: list[Any] = [p for p in _BETWEEN.split(_text(raw)) if p.strip()]
    else:
        pieces = [bytes(one) for one in decode_json(raw, list[msgspec.Raw])]
    return await asyncio.to_thread(lambda: [_numbered(at, piece) for at, piece in enumerate(pieces, 1)])


def _numbered(at: int, piece: str | bytes) -> DeviceSpec:
    try:
        return parse_device(piece)
    except FixConfiguration as error:
        raise FixConfiguration(error.code, f"device {at} of the list: {error.message}", place=error.place) from error


def _is_yaml(request: Request) -> bool:
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower() in _YAML


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FixConfiguration("config.invalid", f"not UTF-8: {error}", place="body") from error


def _revision(request: Request) -> int | None:
    """Read If-Match: the revision that the change was made from."""
    tag = request.headers.get("if-match", "").strip().strip('"')
    if not tag or tag == "*":
        return None
    if not tag.isdecimal():
        raise FixConfiguration("config.conflict", f"If-Match {tag!r} is no revision", place="if-match")
    return int(tag)
