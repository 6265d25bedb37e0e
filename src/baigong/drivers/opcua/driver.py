"""The five verbs, and history, over one OPC UA session."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Health, Node, Wanted
from baigong.drivers.opcua import browse as browsing
from baigong.drivers.opcua import watch as watching
from baigong.drivers.opcua.history import read_history
from baigong.drivers.opcua.link import Link
from baigong.drivers.opcua.plan import Plan
from baigong.drivers.opcua.settings import read_settings
from baigong.drivers.opcua.values import bad_rows
from baigong.drivers.opcua.writing import write_value
from baigong.vocab.errors import RetryLater
from baigong.vocab.happenings import Command


class OpcUaDriver:
    """Client of one OPC UA server."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._settings = read_settings(options)
        self._link: Link | None = None
        self._watches: list[watching.Watch] = []
        self._asked: list[Wanted] = []
        self._plan: Plan | None = None
        self._names: list[browsing.Named] | None = None  # every variable, once somebody searched

    async def __aenter__(self) -> Self:
        link = Link(self._settings)
        await link.open()
        self._link = link
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        link, self._link = self._link, None
        if link is None:
            return
        try:
            for watch in self._watches:
                await watch.close()
        finally:
            self._watches.clear()
            await link.close()

    def _open(self) -> Link:
        if self._link is None:
            raise RetryLater("driver.unreachable", "the driver is not open", place=self._settings.place)
        return self._link

    async def browse(self, path: str = "") -> list[Node]:
        """List children; ``?text`` searches all variables by name (the first search walks the whole server)."""
        link = self._open()
        if not path.startswith("?"):
            return await browsing.children(link, path)
        if self._names is None:
            self._names = await browsing.every_variable(link)
        return await browsing.search(link, self._names, path[1:])

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        link = self._open()
        plan = self._planned(link, points)
        columns = await link.read(plan.ids)
        link.counters["values"] += columns.n
        link.counters["bad_values"] += int((columns.status >> 31).sum())
        now_us = time.time_ns() // 1000
        made = plan.targets.frame(columns, now_us)
        if not plan.refused:
            return made
        numbers, qualities = zip(*plan.refused, strict=True)
        table = pa.Table.from_batches([made, bad_rows(numbers, qualities, now_us)])
        return table.combine_chunks().to_batches()[0]

    def _planned(self, link: Link, points: Sequence[Wanted]) -> Plan:
        asked = list(points)
        if self._plan is None or asked != self._asked:  # identities first: cheap when nothing changed
            self._plan, self._asked = Plan(asked, link.namespaces), asked
        return self._plan

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        link = self._open()
        watch = watching.start(link, Plan(points, link.namespaces), points)
        self._watches.append(watch)
        try:
            async for delivery in watch.deliveries():
                yield delivery
        finally:
            if watch in self._watches:
                self._watches.remove(watch)
                await watch.close()

    async def history(self, points: Sequence[Wanted], start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
        link = self._open()
        async for batch in read_history(link, Plan(points, link.namespaces), start_us, end_us):
            yield batch

    async def write(self, command: Command) -> Ack:
        """Write one value in the type that its node has, once."""
        await write_value(self._open(), command.address, command.value)
        return Ack(True, self._settings.place)

    async def health(self) -> Health:
        link = self._link
        if link is None:
            return Health(False, "closed")
        ok = link.client.uaclient.has_transport and link.client.state.value == "connected"
        security = (
            self._settings.policy
            if self._settings.policy == "None"
            else (f"{self._settings.policy}/{self._settings.mode}")
        )
        detail = f"{self._settings.place}, security {security}, {len(self._watches)} watches"
        return Health(ok, detail, dict(link.counters))
