"""The Modbus driver: asks, learns what may be asked, and turns each scan into one frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from baigong.drivers.columns import Bytes
from baigong.drivers.contract import Ack, Node, Wanted
from baigong.drivers.modbus import codec, explore, writing
from baigong.drivers.modbus.address import canonical, parse
from baigong.drivers.modbus.link import Link, connect
from baigong.drivers.modbus.plan import Lessons, Plan
from baigong.drivers.modbus.scan import Scan
from baigong.drivers.modbus.settings import settings
from baigong.drivers.polled import Linked, now_us
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.happenings import Command


class ModbusDriver(Linked[Link]):
    """Modbus TCP, RTU over TCP and RTU on a serial line."""

    what = "a Modbus device"

    def __init__(
        self,
        options: dict[str, Any],
        *,
        now_us: Callable[[], int] = now_us,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(options)
        super().__init__(self._settings.place, now_us, clock_s)
        self._asked: list[Wanted] = []
        self._exceptions = 0

    async def _connect(self) -> Link:
        return await connect(self._settings)

    def _forget(self) -> None:
        self._lessons = Lessons()
        self._plan: Plan | None = None

    async def browse(self, path: str = "") -> list[Node]:
        """Areas; below them the pages of 100 that answer; below these what is readable, with its value."""
        fetch = partial(self._fetch, self._settings.unit)
        return await explore.browse(path, fetch, one_based=self._settings.addressing == "one")

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        plan = self._planned(points)
        scan = Scan(plan, self._fetch, self._lessons, self._clock_s())
        await scan.run()
        columns = plan.decoder.decode(scan.raw)
        reached = plan.span_of >= 0
        quality = plan.quality.copy()
        quality[reached] = scan.quality[plan.span_of[reached]]
        return columns.frame(plan.numbers, quality, self._now_us())

    async def write(self, command: Command) -> Ack:
        """Write one value, once: what got no answer is not sent again."""
        link, settings = self._linked(), self._settings
        register = parse(command.address, one_based=settings.addressing == "one", order=settings.order)
        unit = settings.unit if register.unit is None else register.unit
        if unit == 0:
            raise FixConfiguration("driver.readonly", "unit 0 is all units at once: nobody confirms", place="unit")
        try:
            before = 0
            if register.kind == "bits" and register.area == "holding":  # its other bits stay as they are
                held = await self._fetch(unit, register.area, register.start, 1)
                before = int.from_bytes(held.tobytes(), "little" if register.order in ("badc", "dcba") else "big")
            order = writing.order_of(register, command.value, before, many=settings.write_with == "multiple")
            writing.confirm(await link.ask(unit, order, once=True), order)
        except codec.Refused as error:
            self._exceptions += 1
            raise FixConfiguration(
                "driver.readonly", f"the device refuses the write: {error}", place=command.address, exception=error.code
            ) from error
        return Ack(True, settings.place)

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address, one_based=self._settings.addressing == "one")

    def _counted(self) -> dict[str, int]:
        return {"exceptions": self._exceptions}

    def _detail(self) -> str:
        detail = self._settings.place
        if self._lessons.refused:
            detail += f"; refuses {len(self._lessons.refused)} of the addresses asked for"
        if self._lessons.silent:
            detail += f"; no answer from unit {', '.join(map(str, sorted(self._lessons.silent)))}"
        return detail

    def _planned(self, points: Sequence[Wanted]) -> Plan:
        asked = list(points)
        if self._plan is None or self._plan.version != self._lessons.version or asked != self._asked:
            self._plan, self._asked = Plan(asked, self._settings, self._lessons), asked
        return self._plan

    async def _fetch(self, unit: int, area: str, start: int, count: int) -> Bytes:
        pdu = await self._linked().ask(unit, codec.request(area, start, count))
        try:
            return codec.payload(pdu, area, count)
        except codec.Refused:
            self._exceptions += 1
            raise
        except RetryLater as error:
            raise RetryLater(error.code, error.message, place=self._settings.place) from error
