"""Documents of assets and types: manuals, drawings, certificates; kept by what is in them, retired, found by title.

An asset has its own and those of its type, and of all that its type extends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from baigong.registry.assets import Assets
from baigong.registry.events import Events
from baigong.registry.findable import folded, is_found, words_of
from baigong.registry.quotas import QuotaBook
from baigong.registry.types import Types
from baigong.registry.usage import Usage
from baigong.security.tokens import new_token
from baigong.stores.objects import Coming, ObjectFolder
from baigong.stores.records import Records, access
from baigong.stores.records.documents import (
    DocumentRow,
    documents_of,
    find_document,
    has_content,
    put_document,
)
from baigong.vocab.documents import CLASSES, MOST, DocumentSpec, file_name, media_of
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

_BATCH = 1 << 20  # bytes that are written at once


class Documents:
    """Lives on the event loop; what waits for a disk runs in threads."""

    def __init__(
        self,
        records: Records,
        events: Events,
        folder: ObjectFolder,
        assets: Assets,
        types: Types,
        quotas: QuotaBook,
        usage: Usage,
        clock_us: Callable[[], int],
        most: int = MOST,
    ) -> None:
        self._records, self._events, self._folder, self._clock_us = records, events, folder, clock_us
        self._assets, self._types, self._quotas, self._usage = assets, types, quotas, usage
        self._most = most
        self._one_change = asyncio.Lock()

    def subjects(self, tenant: str, asset: str) -> list[str]:
        """Name what an asset's documents hang on: itself, then its type and what that extends."""
        found = self._types.of_asset(tenant, asset)
        return [f"asset:{asset}", *(f"type:{name}" for name in (found.chain if found else ()))]

    async def list(
        self,
        tenant: str,
        subjects: Sequence[str] | None,
        *,
        search: str = "",
        kind: str = "",
        retired: bool | None = False,
    ) -> list[DocumentRow]:
        """Return those of these subjects (None: all of the company), by title.

        ``retired``: those that are, instead; None: both.
        """
        rows = await self._records.read(lambda c: documents_of(c, tenant, subjects, retired=retired), tenant=tenant)
        words = folded(search).split()
        return [row for row in rows if kind in ("", row.spec.kind) and is_found(row.words, words)]

    async def get(self, tenant: str, id: str) -> DocumentRow:
        """Raise http.not_found."""
        row = await self._records.read(lambda c: find_document(c, tenant, id), tenant=tenant)
        if row is None:
            raise FixConfiguration("http.not_found", f"there is no document {id!r}", place=id)
        return row

    def content(self, row: DocumentRow) -> Path:
        """Return where its content is. Raises http.not_found for one whose content was deleted."""
        path = self._folder.path(row.tenant, row.sha256)
        if row.emptied_us is not None or not path.is_file():
            raise FixConfiguration("http.not_found", f"the content of {row.spec.title!r} was deleted", place=row.id)
        return path

    async def add(
        self,
        tenant: str,
        subject: str,
        spec: DocumentSpec,
        name: str,
        pieces: AsyncIterable[bytes],
        by: str,
        *,
        size: int | None = None,
        replaces: str = "",
    ) -> DocumentRow:
        """Take a file as it comes, in pieces; nothing is kept of one that breaks off. ``size``: as far as it is known.

        ``replaces``: a document of the same subject, which is retired when this one is there.
        Raises http.not_found, payload.too_large, quota.full, storage.full.
        """
        self._require(tenant, subject)
        before = await self.get(tenant, replaces) if replaces else None
        if before is not None and (before.subject != subject or before.retired_us is not None):
            raise FixConfiguration("config.invalid", f"{replaces} is not a document of {subject}", place="replaces")
        if size is not None:
            self._check(tenant, size)
        coming = await asyncio.to_thread(self._folder.begin, tenant)
        try:
            await self._take(tenant, coming, pieces)
            self._quotas.check(tenant, "storage", coming.size)
            now, name = self._clock_us(), file_name(name)
            async with self._one_change:
                sum = await asyncio.to_thread(coming.finish)
                row = DocumentRow(
                    tenant, new_token("d")[:14], subject, spec, _words(spec, name), name, media_of(coming.head, name),
                    coming.size, sum, replaces, now, by,
                )  # fmt: skip
                gone = replace(before, retired_us=now, retired_by=by) if before is not None else None
                await self._write(row, gone, "document.added", by)
            levels = self._usage.of(tenant).levels  # measured anew once a minute
            levels["storage_bytes"] = levels.get("storage_bytes", 0) + coming.size
            return row
        finally:
            await asyncio.to_thread(coming.close)

    async def _take(self, tenant: str, coming: Coming, pieces: AsyncIterable[bytes]) -> None:
        held: list[bytes] = []
        waiting = 0
        async for piece in pieces:
            held.append(piece)
            waiting += len(piece)
            if waiting >= _BATCH:
                self._check(tenant, coming.size + waiting)
                await asyncio.to_thread(coming.write, b"".join(held))
                held, waiting = [], 0
        self._check(tenant, coming.size + waiting)
        await asyncio.to_thread(coming.write, b"".join(held))

    def _check(self, tenant: str, size: int) -> None:
        if size > self._most:
            raise FixConfiguration("payload.too_large", f"a document has at most {self._most} bytes", place="body")
        self._quotas.check(tenant, "storage", size)

    async def change(self, tenant: str, id: str, spec: DocumentSpec, by: str) -> DocumentRow:
        """Say something else of a document; its content stays."""
        async with self._one_change:
            held = await self.get(tenant, id)
            row = replace(held, spec=spec, words=_words(spec, held.file))
            if row != held:
                await self._write(row, None, "document.changed", by)
            return row

    async def retire(self, tenant: str, id: str, by: str, *, empty: bool = False) -> DocumentRow:
        """Take a document out of the lists. ``empty``: delete its content too; what is left says what it was."""
        async with self._one_change:
            held, now = await self.get(tenant, id), self._clock_us()
            row = held
            if held.retired_us is None:
                row = replace(row, retired_us=now, retired_by=by)
            if empty and held.emptied_us is None:
                row = replace(row, emptied_us=now)
            if row == held:
                raise FixConfiguration("http.not_found", f"the document {id!r} was retired before", place=id)
            await self._write(row, None, "document.emptied" if empty else "document.retired", by)
            if empty and not await self._records.read(lambda c: has_content(c, tenant, row.sha256), tenant=tenant):
                await asyncio.to_thread(self._folder.drop, tenant, row.sha256)
            return row

    async def _write(self, row: DocumentRow, gone: DocumentRow | None, kind: str, by: str) -> None:
        now = self._clock_us()
        detail = {"by": by, "id": row.id, "title": row.spec.title, "file": row.file, "sha256": row.sha256}
        event = Event(kind=kind, time_us=now, tenant=row.tenant, subject=row.subject, detail=detail)

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, row.tenant, now)
            put_document(connection, row)
            if gone is not None:
                put_document(connection, gone)

        await self._events.tell([event], with_work=work)

    def _require(self, tenant: str, subject: str) -> None:
        kind, _, name = subject.partition(":")
        if kind == "task":  # its pictures; whoever hands one in has found it
            return
        if kind == "asset" and name in self._assets.tree(tenant):
            return
        if kind == "type" and name in self._types.names(tenant):
            return
        raise FixConfiguration("http.not_found", f"there is no {kind} {name!r}", place=name)

    def folder(self, tenant: str) -> Path:
        """Return where all contents of a company are."""
        return self._folder.folder(tenant)

    def forget(self, tenant: str) -> None:
        """Delete every content of a company that is gone. Blocking."""
        self._folder.forget(tenant)


def _words(spec: DocumentSpec, file: str) -> str:
    return words_of([spec.title, spec.title_zh, file, spec.version, spec.kind, *CLASSES.get(spec.kind, ())])
