"""Values on their way from a subscription to the gateway: acknowledged to the broker only when they are stored."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

import pyarrow as pa

from baigong.drivers.contract import Delivery
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.link import Link

LINGER_S = 0.01  # how long the first value waits for company
MOST_ROWS = 50_000  # rows of one delivery from which on QoS 0 messages are dropped, and counted


@dataclass(slots=True)
class Batch:
    columns: Columns = field(default_factory=Columns)
    packet_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Batches:
    """``ready`` is set by whoever puts something into ``batch``."""

    batch: Batch = field(default_factory=Batch)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    refused: int = 0
    _again: deque[tuple[pa.RecordBatch, pa.RecordBatch | None, list[int]]] = field(default_factory=deque)

    def begin(self) -> None:
        self.batch, self.ready = Batch(), asyncio.Event()
        self._again.clear()

    @property
    def is_full(self) -> bool:
        return len(self.batch.columns) > MOST_ROWS

    def take(self, link: Link) -> list[Delivery]:
        """Return what was refused before, and what has come since the last time."""
        batch, self.batch = self.batch, Batch()
        made = [self._delivery(link, *again) for again in self._again]
        self._again.clear()
        if len(batch.columns):
            made.append(self._delivery(link, batch.columns.frame(), batch.columns.bursts(), batch.packet_ids))
        else:
            link.acknowledge(batch.packet_ids)  # nothing in them that anybody wants
        return made

    def _delivery(
        self, link: Link, frame: pa.RecordBatch, bursts: pa.RecordBatch | None, packet_ids: list[int]
    ) -> Delivery:
        async def accept() -> None:
            link.acknowledge(packet_ids)

        async def refuse(reason: str) -> None:
            self.refused += 1
            self._again.append((frame, bursts, packet_ids))
            self.ready.set()

        return Delivery(frame, accept, refuse, bursts)
