"""A company takes everything away: one zip in open formats, written as it is sent, as of one moment of the lake.

The manifest is written last and holds the SHA-256 of every file: an archive without one is not whole.
"""

from __future__ import annotations

import asyncio
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from baigong.api import takeparts
from baigong.api.doors import DOORS, enter
from baigong.api.rooms import Rooms
from baigong.api.tables import Spout, in_threads
from baigong.api.takeparts import Part
from baigong.api.wire import Call, Operation, authorise
from baigong.api.witness import tell
from baigong.registry.audit import Proof
from baigong.registry.rights import tenant_ref
from baigong.security.tokens import new_token
from baigong.stores.records.documents import DocumentRow, documents_of
from baigong.vocab.errors import FixConfiguration

FORMAT = 1
_ZIP = "application/zip"
_LEASE_S = 600.0  # so long replaced files wait for somebody who reads no more
_LEVEL = 1  # of deflate: a third of the time of the usual 6, and a sixth more bytes
_KEPT = 200  # exports whose end is remembered
_AT_ONCE, _STILL_US = 2, 120_000_000  # of one company; one that nobody reads for so long does not count
_README = """\
# {tenant}

Everything that this platform kept of the company, taken away as of {when} (UTC).
本企业在该平台上的全部数据,截至 {when}(UTC)。

| file | what it is | 内容 |
|---|---|---|
| `manifest.json` | every file with its SHA-256; without it this is not whole | 文件清单与 SHA-256;缺少它即未完成 |
| `values/DAY.parquet` | time (UTC), name, value, text, quality, unit | 时间(UTC)、名称、数值、文本、质量、单位 |
| `values/DAY.csv` | the same for spreadsheets (UTF-8 with BOM), if asked for | 同上,可直接用 Excel 打开(UTF-8 带 BOM) |
| `recordings/POINT.parquet` | waveforms | 波形 |
| `records/*.csv` | points, devices, events, episodes, people, commands, … | 测点、设备、事件、时段、人员、指令等 |
| `config/` | the device files, without secrets | 设备配置文件(不含密钥) |
| `documents/ASSET/…` | manuals, drawings; `records/documents.csv` says what they are | 技术文档 |
| `settings.json` | retention, quotas, what roles need | 保留期、配额、角色要求 |
| `audit.jsonl` | the audit log; `baigong audit verify audit.jsonl KEY` checks it | 审计日志,可用该命令验证 |

Whole numbers are in `whole`, others in `value`; never both. 整数在 `whole` 列,其他数值在 `value` 列。
"""


class TakeQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``csv``: values for spreadsheets too. ``id``: of one's own making, to ask for the progress by."""

    csv: bool = False
    id: Annotated[str, Meta(max_length=64)] = ""


class Progress(Struct, kw_only=True):
    """``rows`` of about ``total`` values are written. ``state``: running, done, stopped (nobody reads any more)."""

    id: str
    tenant: str
    total: int
    rows: int = 0
    bytes: int = 0
    file: str = ""
    state: str = "running"
    moved_us: int = 0  # when somebody last read a piece of it

    def fresh(self) -> bool:
        return time.time_ns() // 1000 - self.moved_us < _STILL_US


def operations(rooms: Rooms) -> list[Operation]:
    known: dict[str, Progress] = {}

    async def take(call: Call) -> Any:
        asked: TakeQuery = call.query
        snapshot = await asyncio.to_thread(rooms.lake.snapshot, call.tenant)
        values = takeparts.Values(snapshot, rooms.registry.book.table(call.tenant))
        told = Progress(
            id=asked.id or new_token("x")[:14], tenant=call.tenant, total=values.rows, moved_us=rooms.clock_us()
        )
        if told.id in known:
            raise FixConfiguration("config.conflict", "an export with this id was begun", place="id")
        going = [p for p in known.values() if p.tenant == call.tenant and p.state == "running" and p.fresh()]
        if len(going) >= _AT_ONCE:
            raise FixConfiguration("config.conflict", f"{_AT_ONCE} exports of {call.tenant} are being made", place="id")
        known[told.id] = told
        while len(known) > _KEPT:
            del known[next(iter(known))]
        if call.who.tenant == call.tenant:  # what others read is written down anyhow
            await tell(rooms, call.request, call.who, call.tenant, "read", after={"export": told.id})
        made = _Archive(rooms, call, values, told, snapshot, asyncio.get_running_loop())
        headers = {"Content-Disposition": f'attachment; filename="{call.tenant}.zip"', "Baigong-Export": told.id}
        return StreamingResponse(
            _sent(rooms, made, told, lambda: _let_in(rooms, call)), media_type=_ZIP, headers=headers
        )

    async def progress(call: Call) -> Any:
        found = known.get(call.part("id"))
        if found is None or found.tenant != call.tenant:
            raise FixConfiguration("http.not_found", "there is no such export", place="id")
        return found

    return [
        Operation("GET", "/export", "Everything of a company", take, query=TakeQuery, gives=(_ZIP,)),
        Operation("GET", "/exports/{id}", "How far an export is", progress, answer=Progress),
    ]


def _let_in(rooms: Rooms, call: Call) -> None:
    """Raise auth.required or auth.denied when whoever asked may no longer: an export takes long."""
    enter(rooms, DOORS["GET /export"], authorise(rooms, call.request, "GET"), call.tenant)


async def _sent(rooms: Rooms, made: _Archive, told: Progress, let_in: Callable[[], None]) -> AsyncIterator[bytes]:
    """Give the pieces; an archive that breaks off has no directory, and cannot be opened."""
    who = f"export {told.id}"
    rooms.lake.pin(who, _LEASE_S)
    try:
        async for piece in in_threads(made.pieces()):
            let_in()
            told.bytes += len(piece)
            told.moved_us = time.time_ns() // 1000
            rooms.lake.pin(who, _LEASE_S)
            yield piece
        told.state = "done"
    finally:
        if told.state != "done":
            told.state = "stopped"
        rooms.lake.unpin(who)


class _Archive:
    """The zip, a piece at a time; runs in threads."""

    def __init__(
        self, rooms: Rooms, call: Call, values: takeparts.Values, told: Progress, snapshot: Any, loop: Any
    ) -> None:
        self._rooms, self._call, self._values, self._told = rooms, call, values, told
        self._snapshot, self._loop = snapshot, loop
        self._files: list[dict[str, Any]] = []
        self._left: list[dict[str, str]] = []

    def pieces(self) -> Iterator[bytes]:
        spout = Spout()
        with zipfile.ZipFile(spout, "w", compresslevel=_LEVEL) as archive:
            for part in self._parts():
                yield from self._written(archive, spout, part)
            manifest = msgspec.json.format(msgspec.json.encode(self._manifest()), indent=2)
            archive.writestr("manifest.json", manifest)
        yield spout.drain()

    def _written(self, archive: zipfile.ZipFile, spout: Spout, part: Part) -> Iterator[bytes]:
        info = zipfile.ZipInfo(part.name, time.gmtime()[:6])
        info.compress_type = zipfile.ZIP_STORED if part.packed else zipfile.ZIP_DEFLATED
        self._told.file, summed, size, rows = part.name, sha256(), 0, 0
        with archive.open(info, "w", force_zip64=True) as sink:
            for piece, count in part.pieces():
                sink.write(piece)
                summed.update(piece)
                size += len(piece)
                rows += count
                self._told.rows += count
                if made := spout.drain():
                    yield made
        yield spout.drain()
        told = {"name": part.name, "bytes": size, "sha256": summed.hexdigest()}
        self._files.append(told | ({"rows": rows} if rows else {}))

    def _parts(self) -> Iterator[Part]:
        rooms, tenant = self._rooms, self._call.tenant
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(rooms.clock_us() / 1e6))
        readme = _README.format(tenant=tenant, when=when).encode()
        yield Part("README.md", lambda: iter([(readme, 0)]))
        for day in self._values.days():
            yield self._values.part(day, "parquet")
            if self._call.query.csv:
                yield self._values.part(day, "csv")
        points = rooms.registry.book.table(tenant)
        yield from takeparts.recordings(rooms.lake, self._snapshot, tenant, points)
        parts, self._left = takeparts.records(rooms.registry, tenant, self._may)
        yield from parts
        yield from takeparts.documents(rooms.registry, tenant, self._documents())
        if self._may("configure"):
            yield from takeparts.configuration(rooms.registry.data / "config" / tenant)
        else:
            self._left.append({"what": "config", "why": "needs the right configure"})
        yield takeparts.settings(rooms.registry, tenant)
        if self._may("audit"):
            yield Part("audit.jsonl", self._audit)
        else:
            self._left.append({"what": "audit.jsonl", "why": "needs the right audit"})

    def _documents(self) -> list[DocumentRow]:
        records, tenant = self._rooms.registry.records, self._call.tenant
        return records.read_now(lambda c: documents_of(c, tenant, retired=None), tenant=tenant)

    def _may(self, action: str) -> bool:
        call = self._call
        return bool(self._rooms.registry.rights.decide(call.who, action, tenant_ref(call.tenant)).allowed)

    def _audit(self) -> Iterator[tuple[bytes, int]]:
        audit = self._rooms.registry.audit

        def wait(work: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()

        pages = audit.proven(wait(audit.checkpoint()), tenant=self._call.tenant)

        async def following() -> list[Proof] | None:
            return await anext(pages, None)

        while (proofs := wait(following())) is not None:
            for proof in proofs:
                yield msgspec.json.encode(proof) + b"\n", 0

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "baigong": self._rooms.settings.version,
            "company": self._call.tenant,
            "made_us": self._rooms.clock_us(),
            "lake_version": self._snapshot.version,
            "values": self._told.rows,
            "files": self._files,
            "left_out": self._left,
        }
