"""``/influx``: write, ping, health and as much of query as senders ask before they write.

A database (1.x) or bucket (2.x) is a way in: its points belong to the device of that name. 204 means on disk.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import zlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pyarrow as pa
from msgspec import Struct
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Route

from baigong.api import ingest
from baigong.api.influx.lines import PRECISIONS, Block, parse
from baigong.api.influx.series import Series
from baigong.api.influx.words import Wrong
from baigong.api.rooms import Rooms
from baigong.api.wire import JSON, Call, Handle, Operation, by_token, problem, read_body, route
from baigong.registry.people import Principal
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate
from baigong.vocab.ids import device_id, point_number

PATH = "/influx"
_HEADERS = {"X-Influxdb-Version": "1.8.10-baigong", "X-Influxdb-Build": "OSS"}
_MOST_QUERY = 65_536  # bytes
_TOLD = 20  # lines whose reasons are told one by one
_CREATE = re.compile(r'\s*create\s+database\s+(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+)).*', re.IGNORECASE | re.DOTALL)
_SHOW = re.compile(r"\s*show\s+databases\s*;?\s*", re.IGNORECASE)


class Health(Struct, frozen=True, kw_only=True):
    """What a sender reads of InfluxDB's health."""

    name: str = "baigong"
    status: str = "pass"
    message: str = "ready to take lines"
    checks: list[str] = []
    version: str = "1.8.10"


class Results(Struct, frozen=True, kw_only=True):
    """What InfluxDB 1.x answers to statements."""

    results: list[dict[str, Any]]


@dataclass(slots=True)
class _Way:
    """One database of a company; points are registered one request after the other."""

    series: Series
    one: asyncio.Lock = field(default_factory=asyncio.Lock)


def standard_routes(rooms: Rooms) -> list[Route]:
    """Make the routes where senders look for them; they answer, also errors, as InfluxDB does."""
    return [route(rooms, operation, "", _refused) for operation in operations(rooms)]


def operations(rooms: Rooms) -> list[Operation]:
    ways: dict[tuple[str, str], _Way] = {}

    async def write(call: Call) -> Response:
        told = call.request.query_params
        name = told.get("bucket") or told.get("db") or ""
        if not name:
            raise FixConfiguration("payload.malformed", "database is required: db=… or bucket=…", place="db")
        precision = PRECISIONS.get(told.get("precision", ""))
        if precision is None:
            raise FixConfiguration("payload.malformed", 'invalid precision: use "n", "u", "ms", "s", "m" or "h"')
        rooms.registry.quotas.check_pace(call.tenant)  # before the body costs anything
        raw = await read_body(call.request, rooms.settings.max_body)
        if call.request.headers.get("content-encoding", "").strip().lower() == "gzip":
            raw = await asyncio.to_thread(_unzipped, raw, rooms.settings.max_body)
        parsed = await asyncio.to_thread(parse, raw, precision, rooms.clock_us())
        taken = await _resolve(rooms, ways, call.tenant, name, parsed.blocks, parsed.wrong)
        await ingest.take(rooms, call.tenant, taken)
        if parsed.wrong:
            return _partly(parsed.wrong, accepted=sum(map(len, taken)))
        return Response(status_code=204, headers=_HEADERS)

    async def query(call: Call) -> Response:
        """Answer what a sender asks first; nothing is made: a database begins with its first line."""
        asked = call.request.query_params.get("q", "")
        if call.request.method == "POST" and not asked:
            form = await read_body(call.request, _MOST_QUERY)
            asked = parse_qs(form.decode("utf-8", "replace")).get("q", [""])[0]
        if not asked:
            raise FixConfiguration("payload.malformed", 'missing required parameter "q"', place="q")
        found = _CREATE.fullmatch(asked)
        result: dict[str, Any] = {"statement_id": 0}
        if found:
            _way_in(rooms, call.tenant, found["quoted"] or found["bare"])
        elif _SHOW.fullmatch(asked):
            names = sorted(name for tenant, name in ways if tenant == call.tenant)
            held = {"name": "databases", "columns": ["name"], "values": [[name] for name in names]}
            result["series"] = [held]
        else:
            result["error"] = (
                "only CREATE DATABASE and SHOW DATABASES: values are asked for by SQL, see the platform's docs"
            )
        return Response(msgspec.json.encode(Results(results=[result])), media_type=JSON, headers=_HEADERS)

    return [
        _of("POST", "/write", "Write line protocol, as to InfluxDB 1.x; 204 when it is on disk", write, "text/plain"),
        _of(
            "POST",
            "/api/v2/write",
            "Write line protocol, as to InfluxDB 2.x; 204 when it is on disk",
            write,
            "text/plain",
        ),
        _of("GET", "/query", "Ask what senders ask before they write", query, JSON, answer=Results),
        _of(
            "POST",
            "/query",
            "Ask what senders ask before they write",
            query,
            "application/x-www-form-urlencoded",
            answer=Results,
        ),
        _of("GET", "/ping", "Say that we are here", _ping),
        _of("GET", "/health", "Say that we are well", _health, answer=Health),
    ]


def _of(method: str, path: str, summary: str, handle: Handle, *takes: str, answer: Any = None) -> Operation:
    """Declare one; what takes nothing is for everyone."""
    recognise = _who if takes else None
    return Operation(
        method, f"{PATH}{path}", summary, handle, answer=answer, takes=takes, everyone=not takes, recognise=recognise
    )


async def _ping(call: Call) -> Response:
    return Response(status_code=204, headers=_HEADERS)


async def _health(call: Call) -> Response:
    return Response(msgspec.json.encode(Health()), media_type=JSON, headers=_HEADERS)


def _who(rooms: Rooms, connection: HTTPConnection, method: str) -> Principal:
    """Find the token: ``Token`` or ``Bearer``, as the password of Basic, or as ``p`` in the address."""
    scheme, _, said = connection.headers.get("authorization", "").partition(" ")
    token = said.strip() if scheme.lower() in ("token", "bearer") else ""
    if scheme.lower() == "basic":
        try:
            token = base64.b64decode(said, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
    elif scheme.lower() == "token" and ":" in token:  # 1.x clients of 2.x servers: user:password
        token = token.partition(":")[2]
    token = token or connection.query_params.get("p", "")
    if not token:
        raise Reauthenticate(
            "auth.required", "send a token: as Token, as password of Basic, or as p=", place="authorization"
        )
    return by_token(rooms, token)


def _refused(error: BaigongError) -> Response:
    """Answer as both generations of InfluxDB do: ``error`` for 1.x, ``code`` and ``message`` for 2.x."""
    plain = problem(error)
    words = f"{error.message} {error.advice}".strip()
    body = {"error": words, "code": error.code, "message": words}
    kept = {name: plain.headers[name] for name in ("retry-after", "www-authenticate") if name in plain.headers}
    return Response(msgspec.json.encode(body), plain.status_code, kept | _HEADERS, JSON)


def _partly(wrong: list[Wrong], accepted: int) -> Response:
    """Name the lines that were not taken; the others are on disk."""
    reasons = list(dict.fromkeys(str(one) for one in wrong[:_TOLD]))
    more = [f"and {len(wrong) - _TOLD} more lines"] if len(wrong) > _TOLD else []
    words = "\n".join([*reasons, *more])
    if accepted:
        words = f"partial write: {words} dropped={len(wrong)}"
    body = {"error": words, "code": "invalid", "message": words}
    return Response(msgspec.json.encode(body), 400, _HEADERS, JSON)


def _unzipped(raw: bytes, most: int) -> bytes:
    opened = zlib.decompressobj(31)
    try:
        made = opened.decompress(raw, most + 1)
    except zlib.error as error:
        raise FixConfiguration("payload.malformed", f"not gzip: {error}", place="body") from error
    if len(made) > most:
        raise FixConfiguration("payload.too_large", f"unpacked it has more than {most} bytes", place="body")
    if not opened.eof:
        raise FixConfiguration("payload.malformed", "the gzip ends too early", place="body")
    return made


def _way_in(rooms: Rooms, tenant: str, name: str) -> None:
    """Raise when no points can be registered under this name: it is none, or another device's."""
    device_id(name)
    held = rooms.registry.devices.find(tenant, name)
    if held is not None:
        raise FixConfiguration(
            "config.invalid", f"{name!r} is a device of driver {held.spec.driver}: choose another database", place="db"
        )


async def _resolve(
    rooms: Rooms, ways: dict[tuple[str, str], _Way], tenant: str, name: str, blocks: list[Block], wrong: list[Wrong]
) -> list[pa.RecordBatch]:
    """Make the frames, registering points that are new."""
    key = (tenant, name)
    if key not in ways or _is_forgotten(rooms, tenant, ways[key].series):
        _way_in(rooms, tenant, name)
        known = {row.spec.address: row.number for row in rooms.registry.book.of_device(tenant, name)}
        ways[key] = _Way(Series(lambda address: point_number(tenant, name, address), known))
    way = ways[key]
    async with way.one:
        made: list[pa.RecordBatch] = []
        fresh: list[PointSpec] = []
        try:
            for block in blocks:
                batch, new = way.series.resolve(block, wrong)
                made.append(batch)
                fresh += new
            if fresh:
                await rooms.registry.devices.register(tenant, name, fresh)
        except BaseException:
            ways.pop(key, None)  # what was learnt is not registered
            raise
    return made


def _is_forgotten(rooms: Rooms, tenant: str, series: Series) -> bool:
    """Tell whether the points are gone, as when a company has left."""
    first = next(iter(series.numbers.values()), None)
    return first is not None and rooms.registry.book.by_number(tenant, first) is None
