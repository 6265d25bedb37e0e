"""Ingest over HTTP: all of a request or nothing is valid, and the answer comes after the stream has stored it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from baigong.api import intake
from baigong.api.rooms import Rooms
from baigong.api.tables import ARROW
from baigong.api.wire import JSON, Call, Operation, decode_json, read_body
from baigong.vocab import burst as bursts
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration

DEVICE = "api"  # the way in of points that programs name themselves
_WINDOW = 8  # frames of one request under way at once
_ARROW_TYPES = (ARROW, "application/vnd.apache.arrow", "application/octet-stream")


class IngestAnswer(Struct, frozen=True, kw_only=True):
    """``seq``: position in the stream of the last of it; it is on disk."""

    accepted: int
    seq: int


def operations(rooms: Rooms) -> list[Operation]:
    async def ingest(call: Call) -> Any:
        rooms.registry.quotas.check_pace(call.tenant)  # before the body costs anything
        raw = await read_body(call.request, rooms.settings.max_body)
        media = call.request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if media in _ARROW_TYPES:
            batch = await _from_arrow(rooms, call.tenant, raw)
        elif media == JSON:
            batch = await _from_json(rooms, call.tenant, raw)
        else:
            raise FixConfiguration("payload.malformed", f"send {JSON} or {ARROW}, not {media}", place="content-type")
        call.headers |= rooms.registry.quotas.rate_limit(call.tenant)
        return IngestAnswer(accepted=len(batch), seq=await take(rooms, call.tenant, [batch]))

    return [
        Operation(
            "POST",
            "/ingest",
            "Send values; answered when they are on disk",
            ingest,
            takes=(JSON, ARROW),
            answer=IngestAnswer,
        )
    ]


async def take(rooms: Rooms, tenant: str, batches: Sequence[pa.RecordBatch]) -> int:
    """Store values, counted on what a company may send; on disk when this returns. Raises quota.exceeded."""
    undo, seq = rooms.registry.quotas.admit(tenant, sum(map(len, batches))), 0
    try:
        for batch in batches:
            seq = max(seq, await _store(rooms, tenant, batch))
    except BaigongError:
        undo()
        raise
    return seq


async def _store(rooms: Rooms, tenant: str, batch: pa.RecordBatch) -> int:
    seq = 0
    if not len(batch):
        return seq
    pieces = await asyncio.to_thread(lambda: [raw for _, raw in bursts.pieces(batch)])
    for at in range(0, len(pieces), _WINDOW):
        stores = (rooms.bus.store(rooms.settings.partition, tenant, piece) for piece in pieces[at : at + _WINDOW])
        results = await asyncio.gather(*stores, return_exceptions=True)  # under way together, stored in order
        for result in results:
            if isinstance(result, BaseException):
                raise result
            seq = max(seq, result)
    rooms.metrics.ingested.inc(len(batch))
    return seq


async def _from_json(rooms: Rooms, tenant: str, raw: bytes) -> pa.RecordBatch:
    body = await asyncio.to_thread(decode_json, raw, intake.IngestJson)
    if body.bursts is not None:
        names, build = intake.from_json_bursts(body, rooms.clock_us())
        return build(await _burst_numbers(rooms, tenant, names, lambda: build([0] * len(names))))
    columns = intake.names_of(body)
    first = dict(zip(reversed(columns.point), reversed(columns.value), strict=True))
    names = list(first)
    now_us = rooms.clock_us()
    if _fresh(rooms, tenant, names, list(first.values())):  # a request that is refused registers nothing
        await asyncio.to_thread(intake.from_json, columns, [0] * len(columns.point), now_us)
    numbers = dict(zip(names, await _numbers(rooms, tenant, names, list(first.values())), strict=True))
    per_row = [numbers[name] for name in columns.point]
    return await asyncio.to_thread(intake.from_json, columns, per_row, now_us)


async def _from_arrow(rooms: Rooms, tenant: str, raw: bytes) -> pa.RecordBatch:
    table = await asyncio.to_thread(intake.read_arrow, raw)
    names = intake.arrow_names(table)
    if bursts.is_burst(table) and names is not None:
        wanted, named = names.to_pylist(), names
        build = partial(intake.from_arrow, table, named)
        numbers = await _burst_numbers(rooms, tenant, wanted, lambda: build([0] * len(named)))
        return await asyncio.to_thread(build, numbers)
    if names is not None:
        listed, samples = names.to_pylist(), intake.examples(table, names)
        if _fresh(rooms, tenant, listed, samples):
            await asyncio.to_thread(intake.from_arrow, table, names, [0] * len(names))
        numbers = await _numbers(rooms, tenant, listed, samples)
        return await asyncio.to_thread(intake.from_arrow, table, names, numbers)
    batch = await asyncio.to_thread(intake.from_arrow, table, None, [])
    distinct = await asyncio.to_thread(pc.unique, batch.column("point"))
    unknown = rooms.registry.book.unknown_numbers(tenant, distinct.to_numpy())
    if len(unknown):
        raise FixConfiguration(
            "point.unknown", f"{len(unknown)} points are not known, the first is {unknown[0]}", place=str(unknown[0])
        )
    return batch


async def _burst_numbers(
    rooms: Rooms, tenant: str, names: Sequence[str], probe: Callable[[], pa.RecordBatch]
) -> list[int]:
    """Return the numbers of points that hold waveforms; ``probe`` refuses what is wrong before any is registered."""
    if _fresh(rooms, tenant, names, [[]] * len(names)):
        await asyncio.to_thread(probe)
    numbers = await _numbers(rooms, tenant, names, [[]] * len(names))
    for name in names:
        kind = rooms.registry.book.find(tenant, name).spec.kind
        if kind != "burst":
            raise FixConfiguration("frame.invalid", f"{name} is a {kind}, not a burst", place=name)
    return numbers


async def _numbers(rooms: Rooms, tenant: str, names: Sequence[str], samples: Sequence[Any]) -> list[int]:
    """Return the numbers of points, registering those that are new under the device ``api``."""
    if fresh := _fresh(rooms, tenant, names, samples):
        await rooms.registry.devices.register(tenant, DEVICE, fresh)
    return [rooms.registry.book.find(tenant, name).number for name in names]


def _fresh(rooms: Rooms, tenant: str, names: Sequence[str], samples: Sequence[Any]) -> list[PointSpec]:
    """Describe the points that are not registered yet."""
    known = rooms.registry.book.known(tenant)
    fresh = []
    for name, sample in zip(names, samples, strict=True):
        if rooms.registry.book.named(tenant, name) is not None or (name.isdecimal() and int(name) in known.by_number):
            continue
        try:
            kind = "text" if isinstance(sample, str) else "burst" if isinstance(sample, list) else "gauge"
            fresh.append(msgspec.convert({"name": name, "address": name, "kind": kind}, PointSpec))
        except (msgspec.ValidationError, ValueError) as error:
            raise FixConfiguration("payload.malformed", str(error), place="point") from error
    return fresh
