"""Looks through the whole audit log: every entry, and every hash above it; remembers what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.audit import Entry, stored_node
from baigong.security import merkle
from baigong.stores.records import ALL, Records
from baigong.stores.records.access import put_setting, setting
from baigong.stores.records.audit import AuditRow, count_entries, entries_between

_KEPT = "audit_checked"
_PAGE = 5_000
_AGAIN_US = 60_000_000


class Checked(Struct, frozen=True, kw_only=True):
    """``entries``: how many were looked at; ``wrong``: what is not as it was written, empty where all is well."""

    time_us: int
    by: str
    entries: int
    root: str = ""  # hash over all of them: the next look finds it again below what came since
    wrong: str = ""


class AuditCheck:
    """One look at a time; asked again within a minute, the last one is told."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._clock_us = clock_us
        self._one = asyncio.Lock()

    async def last(self) -> Checked | None:
        held = await self._records.read(lambda c: setting(c, _KEPT), tenant=ALL)
        return None if held is None else msgspec.json.decode(held, type=Checked)

    async def run(self, by: str) -> Checked:
        """Look at everything; some seconds a million entries, and nobody waits for it meanwhile."""
        async with self._one:
            last = await self.last()
            if last is not None and 0 <= self._clock_us() - last.time_us < _AGAIN_US:
                return last
            size, root, wrong = await self._records.read(lambda c: _look(c, last), tenant=ALL)
            made = Checked(time_us=self._clock_us(), by=by, entries=size, root=root.hex(), wrong=wrong)
            text = msgspec.json.encode(made).decode()
            await self._records.write(lambda c: put_setting(c, _KEPT, text), tenant=ALL)
            return made


def _look(connection: sa.Connection, last: Checked | None) -> tuple[int, bytes, str]:
    """Compute the root anew from the entries' bytes; compare with the one that is signed, and with the last look's."""
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
    if last is not None and last.root and not last.wrong:
        if size < last.entries:
            return size, root, f"it had {last.entries} entries before"
        if merkle.root(last.entries, node).hex() != last.root:
            return size, root, "what was written before the last look has changed"
    return size, root, ""


def _is_found_where_it_says(row: AuditRow) -> bool:
    """Say whether the columns by which the log is searched are what the entry's own bytes say."""
    told = msgspec.json.decode(row.entry, type=Entry)
    said = (told.time_us, told.tenant, told.who, told.action, told.object, told.allowed)
    return said == (row.time_us, row.tenant, row.who, row.action, row.object, row.allowed)
