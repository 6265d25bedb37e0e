"""The audit log to read, to take away, and to prove."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from baigong.api.rooms import Rooms
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation
from baigong.registry.audit import Audit, Entry, Proof
from baigong.registry.auditcheck import Checked
from baigong.vocab.errors import FixConfiguration

_NDJSON = "application/x-ndjson"
_PAGE = 500


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    who: str = ""
    action: str = ""
    object: str = ""
    allowed: bool | None = None
    start: str = ""
    end: str = ""


class AuditQuery(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    before: int | None = None  # entries older than this one: the next page
    limit: Annotated[int, Meta(ge=1, le=_PAGE)] = 100


class ExportQuery(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``known``: entries of a checkpoint kept earlier; the first line then proves that the log only grew since."""

    known: Annotated[int, Meta(ge=0)] | None = None


class AuditLine(Struct, frozen=True, kw_only=True):
    """One entry and its number in the log of the whole platform."""

    seq: int
    entry: Entry


class AuditHead(Struct, frozen=True, kw_only=True):
    """How the log stands: a signed checkpoint (C2SP) and the key that its signature is checked with."""

    checkpoint: str
    key: str


class Joined(Struct, frozen=True, kw_only=True):
    """Joins an export's log to one known from before: that of ``old`` entries is its beginning."""

    old: int
    path: list[bytes]
    checkpoint: str
    key: str


class GrowthQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    old: int
    new: int


class Growth(Struct, frozen=True, kw_only=True):
    path: list[bytes]


def operations(rooms: Rooms) -> list[Operation]:
    audit = rooms.registry.audit

    def wanted(call: Call) -> dict[str, Any]:
        query: Wanted = call.query
        now = rooms.clock_us()
        return {
            "tenant": call.tenant,
            "who": query.who or None,
            "action": query.action or None,
            "object": query.object or None,
            "allowed": query.allowed,
            "start_us": read_time(query.start, now, "start") if query.start else None,
            "end_us": read_time(query.end, now, "end") if query.end else None,
        }

    async def listed(call: Call) -> Any:
        rows = await audit.entries(**wanted(call), before=call.query.before, limit=call.query.limit)
        return [AuditLine(seq=r.seq, entry=msgspec.json.decode(r.entry, type=Entry)) for r in rows]

    async def head(call: Call) -> Any:
        return AuditHead(checkpoint=await audit.checkpoint(), key=str(audit.verifier))

    async def prove(call: Call) -> Any:
        number = call.part("id")
        if not number.isdecimal():
            raise FixConfiguration("http.not_found", f"the log has no entry {number!r}", place="id")
        proof = await audit.prove(int(number))
        if msgspec.json.decode(proof.entry, type=Entry).tenant != call.tenant:
            raise FixConfiguration("http.not_found", f"{call.tenant} has no entry {number}", place="id")
        return proof

    async def check(call: Call) -> Any:
        return await rooms.registry.audit_check.run(call.who.full_name)

    async def growth(call: Call) -> Any:
        return Growth(path=await audit.consistency(call.query.old, call.query.new))

    async def export(call: Call) -> Any:
        note, known = await audit.checkpoint(), call.query.known
        first = b"" if known is None else msgspec.json.encode(await _joined(audit, note, known)) + b"\n"
        return StreamingResponse(_exported(audit, note, first, wanted(call)), media_type=_NDJSON)

    return [
        Operation("GET", "/audit", "Who did what", listed, query=AuditQuery, answer=list[AuditLine]),
        Operation("POST", "/audit/check", "Look through the whole log", check, answer=Checked),
        Operation("GET", "/audit/checkpoint", "How the log stands, signed", head, answer=AuditHead),
        Operation(
            "GET", "/audit/consistency", "That the log only grew", growth, query=GrowthQuery, answer=Growth
        ),
        Operation("GET", "/audit/export", "Entries with their proofs", export, query=ExportQuery, gives=(_NDJSON,)),
        Operation("GET", "/audit/{id}/proof", "That an entry is in the log", prove, answer=Proof),
    ]  # fmt: skip


async def _joined(audit: Audit, note: str, known: int) -> Joined:
    size = audit.size_at(note)
    if known > size:
        raise FixConfiguration(
            "audit.invalid", f"this log has {size} entries, it had {known} at the known checkpoint", place="known"
        )
    path = await audit.consistency(known, size) if known else []
    return Joined(old=known, path=path, checkpoint=note, key=str(audit.verifier))


async def _exported(audit: Audit, note: str, first: bytes, wanted: dict[str, Any]) -> AsyncIterator[bytes]:
    """One JSON document a line, newest first: each a ``Proof`` at one checkpoint, to be checked without us."""
    if first:
        yield first
    async for proofs in audit.proven(note, **wanted):
        for proof in proofs:
            yield msgspec.json.encode(proof) + b"\n"
