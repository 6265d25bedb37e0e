"""The audit log: who did what on which object, and why it was allowed or refused; written once, provable to others.

Entries are leaves of one Merkle tree (RFC 9162) for the whole platform: a tenant proves its own entries without
seeing those of others. Signed checkpoints (security/checkpoint.py) fix the past; their key is kept in a file of its
own, so that whoever has the records alone cannot sign another history.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.security import merkle
from baigong.security.checkpoint import (
    Checkpoint,
    Verifier,
    new_log_key,
    read_checkpoint,
    sign_checkpoint,
    verifier_of,
)
from baigong.security.envelope import Key, close, is_closed, open_envelope
from baigong.stores.durable import replace_file
from baigong.stores.records import ALL, Records
from baigong.stores.records.audit import (
    AuditRow,
    add_entries,
    add_nodes,
    count_entries,
    find_entry,
    list_entries,
    read_leaves,
    read_nodes,
)
from baigong.vocab.errors import BaigongError, FixConfiguration

_STEP = 8  # levels between kept hashes: a proof reads at most 256 hashes a kept level
_GATHER_S = 0.02
_PENDING = 10_000
_PAGE = 500  # entries proven at once


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the log. ``object``: "Kind:tenant/name"; ``origin``: where it was asked from (an address, a flow)."""

    time_us: int
    tenant: str
    who: str
    action: str
    object: str
    allowed: bool = True
    origin: str = ""
    because: tuple[str, ...] = ()  # policies that decided
    reason: str = ""  # an error code, or what the person gave as reason
    support: str = ""  # done by the platform's people with the company's consent: which, and why
    before: Any = None
    after: Any = None


class Proof(Struct, frozen=True, kw_only=True):
    """All that a third party needs: the entry's bytes, its place, the way to the root, and the signed root."""

    entry: str
    index: int
    size: int
    path: list[bytes]
    checkpoint: str
    key: str


class Audit:
    """Appends and proves. One writer: the process that owns the records."""

    def __init__(self, records: Records, key: bytes, origin: str) -> None:
        self._records = records
        self._key = key
        self._origin = origin
        self._pending: asyncio.Queue[tuple[Entry, asyncio.Future[None]]] = asyncio.Queue(_PENDING)
        self.mark: Callable[[Entry], Entry] = lambda entry: entry  # says under whose consent something is done

    @property
    def verifier(self) -> Verifier:
        return verifier_of(self._origin, self._key)

    async def note(self, entry: Entry) -> None:
        """Append; on disk when it returns. Many at once share a transaction."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # here, so that what cannot be written fails whoever noted it, and not the writer of all
        entry = msgspec.structs.replace(entry, before=_plain(entry.before), after=_plain(entry.after))
        await self._pending.put((self.mark(entry), done))
        await done

    async def run(self) -> None:
        """Write what is noted, a batch at a time, until cancelled. Whoever noted is told of a failure."""
        while True:
            batch = [await self._pending.get()]
            await asyncio.sleep(_GATHER_S)
            while not self._pending.empty():
                batch.append(self._pending.get_nowait())
            failure: BaigongError | None = None
            try:
                await self._records.write(partial(append, entries=[e for e, _ in batch]), tenant=ALL, alone=True)
            except BaigongError as error:  # a full disk must not end the task
                failure = error
            for _, done in batch:
                if done.done():  # its caller has gone
                    continue
                if failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(failure)

    async def entries(self, **wanted: Any) -> list[AuditRow]:
        """See ``stores.records.audit.list_entries``."""
        return await self._records.read(lambda c: list_entries(c, **wanted), tenant=wanted.get("tenant") or ALL)

    async def checkpoint(self) -> str:
        return await self._records.read(lambda c: self._head(c)[1], tenant=ALL)

    async def prove(self, index: int) -> Proof:
        """Prove that entry ``index`` is in the log as it stands. Raises http.not_found."""
        return await self._records.read(lambda c: self._prove(c, index, *self._head(c)), tenant=ALL)

    async def prove_in(self, note: str, indices: Sequence[int]) -> list[Proof]:
        """Prove that these entries are in the log as it stood at the checkpoint ``note``. Raises http.not_found."""
        size = self.size_at(note)
        return await self._records.read(lambda c: [self._prove(c, i, size, note) for i in indices], tenant=ALL)

    async def proven(self, note: str, **wanted: Any) -> AsyncIterator[list[Proof]]:
        """Yield the entries that are ``wanted`` (see ``entries``), newest first, each proven at one checkpoint."""
        before: int | None = self.size_at(note)
        while before is not None:
            rows = await self.entries(**wanted, before=before, limit=_PAGE)
            yield await self.prove_in(note, [row.seq for row in rows])
            before = rows[-1].seq if len(rows) == _PAGE else None

    def size_at(self, note: str) -> int:
        """Return how many entries the log had at a checkpoint of its own. Raises audit.invalid for another's."""
        return read_checkpoint(note, self.verifier).size

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """Prove that the log of ``new`` entries begins with that of ``old``."""

        def work(connection: sa.Connection) -> list[bytes]:
            if not 0 < old <= new <= count_entries(connection):
                raise FixConfiguration("http.not_found", f"there are no logs of {old} and {new} entries", place="old")
            return merkle.consistency_proof(old, new, partial(stored_node, connection))

        return await self._records.read(work, tenant=ALL)

    def _prove(self, connection: sa.Connection, index: int, size: int, note: str) -> Proof:
        row = find_entry(connection, index)
        if row is None or index >= size:
            raise FixConfiguration("http.not_found", f"the log has no entry {index}", place=str(index))
        return Proof(
            entry=row.entry,
            index=index,
            size=size,
            path=merkle.inclusion_proof(index, size, partial(stored_node, connection)),
            checkpoint=note,
            key=str(self.verifier),
        )

    def _head(self, connection: sa.Connection) -> tuple[int, str]:
        size = count_entries(connection)
        held = Checkpoint(self._origin, size, merkle.root(size, partial(stored_node, connection)))
        return size, sign_checkpoint(held, self._key)


def append(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Append inside the caller's transaction, so that a change and its entry are written together or not at all."""
    first = count_entries(connection)
    rows = [_row(first + i, entry) for i, entry in enumerate(entries)]
    add_entries(connection, rows)
    level, begin, end = _STEP, first >> _STEP, (first + len(rows)) >> _STEP
    while begin < end:  # runs that became complete
        add_nodes(connection, [(level, i, _above(connection, level, i)) for i in range(begin, end)])
        level, begin, end = level + _STEP, begin >> _STEP, end >> _STEP


def stored_node(connection: sa.Connection, level: int, index: int) -> bytes:
    """Return the hash over entries from ``index`` * 2**``level`` on, from the nearest hashes kept below it."""
    kept, above = level // _STEP * _STEP, level % _STEP
    start, end = index << above, (index + 1) << above
    return merkle.complete_nodes(_hashes(connection, kept, start, end))(above, 0)


_PURPOSE = "installation/audit"


def open_log_key(path: Path, key: Key) -> bytes:
    """Return the log's private key, made at first use; it lies in an envelope, and one that lay open is closed."""
    text = path.read_text("ascii").strip() if path.is_file() else new_log_key().hex()
    opened = open_envelope(text, key, _PURPOSE) if is_closed(text) else text
    if not is_closed(text):
        replace_file(path, close(opened, key, _PURPOSE) + "\n")
    return bytes.fromhex(opened)


def _above(connection: sa.Connection, level: int, index: int) -> bytes:
    below = level - _STEP
    start, end = index << _STEP, (index + 1) << _STEP
    return merkle.complete_nodes(_hashes(connection, below, start, end))(_STEP, 0)


def _hashes(connection: sa.Connection, level: int, start: int, end: int) -> list[bytes]:
    """Read what is kept; raises audit.invalid where something of it is gone."""
    found = read_nodes(connection, level, start, end) if level else read_leaves(connection, start, end)
    if len(found) != end - start:
        raise FixConfiguration(
            "audit.invalid", f"of the log, {end - start - len(found)} entries are gone", place="audit"
        )
    return found


def _plain(held: Any) -> Any:
    """Return what was before or after as JSON has it: the names in it are texts, or it has no order to be hashed in."""
    return None if held is None else msgspec.to_builtins(held, str_keys=True)


def _row(seq: int, entry: Entry) -> AuditRow:
    text = msgspec.json.encode(entry, order="deterministic")
    return AuditRow(
        seq=seq,
        time_us=entry.time_us,
        tenant=entry.tenant,
        who=entry.who,
        action=entry.action,
        object=entry.object,
        allowed=entry.allowed,
        entry=text.decode(),
        leaf=merkle.leaf_hash(text),
    )
