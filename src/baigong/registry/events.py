"""Events: stored, and told on the bus; and the storing of those that others tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import sqlalchemy as sa

from baigong.bus.contract import Bus
from baigong.stores.records import ALL
from baigong.stores.records.engine import Records
from baigong.stores.records.happenings import add_events, forget_events, list_events
from baigong.vocab.errors import BaigongError, RetryLater
from baigong.vocab.happenings import Event

_KEEP_US = 400 * 86_400_000_000  # a year and a bit: "what was it like last year?" stays answerable
_GATHER_S = 0.05
_PENDING = 10_000


class Told(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event on the wire. ``stored``: the teller has written it already, do not write it again."""

    stored: bool = False


class Events:
    """Everything that happened, newest first by request."""

    def __init__(self, records: Records, bus: Bus, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._bus = bus
        self._clock_us = clock_us
        self.dropped = 0  # told faster than we could write
        self.has_left: Callable[[str], bool] = lambda tenant: False  # whose events are nobody's any more
        self._pending: asyncio.Queue[Event] = asyncio.Queue(_PENDING)

    async def tell(self, events: Sequence[Event], *, with_work: Callable[[sa.Connection], None] | None = None) -> None:
        """Write the events, in one transaction with ``with_work``, then publish them."""

        def work(connection: sa.Connection) -> None:
            if with_work is not None:
                with_work(connection)
            add_events(connection, events)

        owners = {event.tenant for event in events}
        await self._records.write(work, tenant=owners.pop() if len(owners) == 1 else ALL)
        for event in events:
            told = Told(**{name: getattr(event, name) for name in Event.__struct_fields__}, stored=True)
            # Readers on the bus are told as a courtesy; what counts is written.
            with suppress(RetryLater):
                await self._bus.publish(f"event.{event.tenant}.{event.kind}", msgspec.json.encode(told))

    async def recent(
        self,
        tenant: str,
        *,
        subjects: Sequence[str] | None = None,
        start_us: int | None = None,
        end_us: int | None = None,
        limit: int = 200,
    ) -> list[Event]:
        return await self._records.read(
            lambda c: list_events(c, tenant, subjects=subjects, start_us=start_us, end_us=end_us, limit=limit),
            tenant=tenant,
        )

    async def store_told(self) -> None:
        """Write what others publish on ``event.>``, a batch at a time, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._write())

    async def _listen(self) -> None:
        async for message in self._bus.subscribe("event.>"):
            try:
                told = msgspec.json.decode(message.payload, type=Told)
            except msgspec.MsgspecError:
                self.dropped += 1
                continue
            if told.stored or self.has_left(told.tenant):
                continue
            try:
                self._pending.put_nowait(told)
            except asyncio.QueueFull:
                self.dropped += 1

    async def _write(self) -> None:
        with suppress(BaigongError):  # a full disk now: what is old goes at the next start
            await self._records.write(lambda c: forget_events(c, self._clock_us() - _KEEP_US), tenant=ALL)
        while True:
            batch = [await self._pending.get()]
            await asyncio.sleep(_GATHER_S)
            while not self._pending.empty():
                batch.append(self._pending.get_nowait())
            try:
                await self._records.write(lambda c, batch=batch: add_events(c, batch), tenant=ALL)  # type: ignore[misc]
            except BaigongError:  # a full disk must not end the task
                self.dropped += len(batch)
