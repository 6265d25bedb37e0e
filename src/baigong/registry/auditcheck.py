"""Looks through the whole audit log: every entry, and every hash above it; remembers what was found.

Its newest checkpoint, signed, is kept in a file beside the records: who cuts or empties the log in the database, before
anybody has looked at it, has to know of that file too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.audit import Audit, Entry, stored_node
from baigong.security import merkle
from baigong.security.checkpoint import Checkpoint, read_checkpoint
from baigong.stores.durable import replace_file
from baigong.stores.records import ALL, Records
from baigong.stores.records.access import put_setting, setting
from baigong.stores.records.audit import AuditRow, count_entries, entries_between
from baigong.vocab.errors import BaigongError

_KEPT = "audit_checked"
_PAGE = 5_000
_AGAIN_US = 60_000_000
_HEAD_S, _LOOK_US = 600.0, 86_400_000_000  # how often the newest checkpoint is kept, and all is looked at unasked


class Checked(Struct, frozen=True, kw_only=True):
    """``entries``: how many were looked at; ``wrong``: what is not as it was written, empty where all is well."""

    time_us: int
    by: str
    entries: int
    root: str = ""  # hash over all of them: the next look finds it again below what came since
    wrong: str = ""


class AuditCheck:
    """One look at a time; asked again within a minute, the last one is told. ``head``: the file of the checkpoint."""

    def __init__(self, records: Records, clock_us: Callable[[], int], audit: Audit, head: Path) -> None:
        self._records = records
        self._clock_us = clock_us
        self._audit = audit
        self._head = head
        self._one = asyncio.Lock()

    async def watch(self, every_s: float = _HEAD_S) -> None:
        """Keep the newest checkpoint, and look through the log once a day, until cancelled; a start is left alone."""
        while True:
            await asyncio.sleep(every_s)
            for work in (self.keep_head, self._look_daily):  # a log that has no checkpoint any more is looked at
                with suppress(BaigongError, OSError):  # the records are away, or the disk is full: again later
                    await work()

    async def _look_daily(self) -> None:
        last = await self.last()
        if last is None or self._clock_us() - last.time_us > _LOOK_US:
            await self.run("baigong")

    async def keep_head(self) -> None:
        """Write down how long the log is and what it hashes to; not over a head that this log does not continue."""
        held, wrong = await asyncio.to_thread(self._held)
        if not wrong and (held is None or await self._records.read(lambda c: _continues(c, held), tenant=ALL)):
            note = await self._audit.checkpoint()
            if held is None or read_checkpoint(note, self._audit.verifier) != held:
                await asyncio.to_thread(replace_file, self._head, note)

    def _held(self) -> tuple[Checkpoint | None, str]:
        try:
            return read_checkpoint(self._head.read_text("utf-8"), self._audit.verifier), ""
        except FileNotFoundError:
            return None, ""
        except (BaigongError, UnicodeDecodeError):
            return None, f"{self._head.name}, the checkpoint beside it, is not signed by its key"

    async def last(self) -> Checked | None:
        held = await self._records.read(lambda c: setting(c, _KEPT), tenant=ALL)
        return None if held is None else msgspec.json.decode(held, type=Checked)

    async def run(self, by: str) -> Checked:
        """Look at everything; some seconds a million entries, and nobody waits for it meanwhile."""
        async with self._one:
            last = await self.last()
            if last is not None and 0 <= self._clock_us() - last.time_us < _AGAIN_US:
                return last
            held, wrong = await asyncio.to_thread(self._held)
            size, root, found = await self._records.read(lambda c: _look(c, last, held), tenant=ALL)
            wrong = found or wrong
            made = Checked(time_us=self._clock_us(), by=by, entries=size, root=root.hex(), wrong=wrong)
            text = msgspec.json.encode(made).decode()
            await self._records.write(lambda c: put_setting(c, _KEPT, text), tenant=ALL)
        if not wrong:
            await self.keep_head()
        return made


def _continues(connection: sa.Connection, head: Checkpoint) -> bool:
    node = partial(stored_node, connection)
    return head.size <= count_entries(connection) and merkle.root(head.size, node) == head.root


def _look(connection: sa.Connection, last: Checked | None, head: Checkpoint | None) -> tuple[int, bytes, str]:
    """Compute the root anew from the entries' bytes; compare with the one kept above them, and with those known."""
    size, leaves, root = count_entries(connection), list[bytes](), b""
    while len(leaves) < size:
        page = entries_between(connection, len(leaves), min(size, len(leaves) + _PAGE))
        for row in page:
            at = len(leaves)
            if row.seq != at:
                return size, root, f"entry {at} is missing"
            leaf = merkle.leaf_hash(row.entry.encode())
            if leaf != row.leaf:
                return size, root, f"entry {at} is not what was written"
            if not _is_found_where_it_says(row):
                return size, root, f"entry {at} is listed under another name"
            leaves.append(leaf)
        if not page:
            return size, root, f"entry {len(leaves)} is missing"
    signed = merkle.root(size, lambda level, index: stored_node(connection, level, index))
    node = merkle.complete_nodes(leaves)
    root = merkle.root(size, node)
    if root != signed:
        return size, root, "the hashes over the entries are not theirs"
    return size, root, _changed(size, node, last, head)


def _changed(size: int, node: merkle.Node, last: Checked | None, head: Checkpoint | None) -> str:
    """Say where the log is no longer what it was at the last look, or at the checkpoint kept beside it."""
    known = [(head.size, head.root.hex())] if head is not None else []
    if last is not None and last.root and not last.wrong:
        known.append((last.entries, last.root))
    for entries, root in known:
        if size < entries:
            return f"it had {entries} entries before"
        if merkle.root(entries, node).hex() != root:
            return f"what stood before entry {entries} has changed"
    return ""


def _is_found_where_it_says(row: AuditRow) -> bool:
    """Say whether the columns by which the log is searched are what the entry's own bytes say."""
    told = msgspec.json.decode(row.entry, type=Entry)
    said = (told.time_us, told.tenant, told.who, told.action, told.object, told.allowed)
    return said == (row.time_us, row.tenant, row.who, row.action, row.object, row.allowed)
