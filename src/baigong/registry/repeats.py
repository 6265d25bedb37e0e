"""A command that is sent twice under one key is one command: a lost answer may be asked for again without harm.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from weakref import WeakValueDictionary

import msgspec
import sqlalchemy as sa

from baigong.stores.records import Records
from baigong.stores.records.commandkeys import KeyRow, add_key, find_key
from baigong.stores.records.commands import CommandRow
from baigong.vocab.errors import BaigongError, FixConfiguration, from_problem
from baigong.vocab.writing import Value

KEPT_US = 24 * 3_600_000_000  # so long a key stands for the command it was first sent with


class Repeats:
    """Keys are in the records, beside the commands they came with; of two at once the second waits for the first."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records, self._clock_us = records, clock_us
        self._turns: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(
        self, tenant: str, asked_by: str, key: str, wanted: tuple[str, Value, str]
    ) -> AsyncIterator[KeyRow | None]:
        """Hold others with this key back; give what it stands for already, or None.

        ``wanted``: point, value, reason. Raises command.key for a key that stands for something else.
        """
        turn = self._turns.setdefault((tenant, asked_by, key), asyncio.Lock())
        async with turn:
            since_us = self._clock_us() - KEPT_US
            held = await self._records.read(lambda c: find_key(c, tenant, asked_by, key, since_us), tenant=tenant)
            if held is not None and held.digest != _digest(wanted):
                raise FixConfiguration(
                    "command.key", f"this key came before with another body, as command {held.command}",
                    place="Idempotency-Key", command=held.command,
                )  # fmt: skip
            yield held

    def row(self, key: str, command: CommandRow) -> KeyRow:
        wanted = (command.name, command.value, command.reason)
        return KeyRow(command.tenant, command.asked_by, key, _digest(wanted), command.id, self._clock_us())


def keep(connection: sa.Connection, row: KeyRow) -> None:
    """Write a key down with its command, in one piece."""
    add_key(connection, row, row.asked_us - KEPT_US)


def refusal_again(row: CommandRow) -> BaigongError | None:
    """Return what whoever asked was told, where the command was refused on the spot."""
    if row.state != "refused" or row.sent_us is not None or row.finished_us != row.asked_us:
        return None
    told = {"code": row.code, "title": row.detail, "place": row.name, "fields": {"command": row.id}}
    return from_problem(told)


def _digest(wanted: tuple[str, Value, str]) -> str:
    return sha256(msgspec.json.encode(wanted)).hexdigest()
