"""The DL/T 645 driver: reads meters on one line, one request at a time, and writes where a password was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from baigong.drivers.contract import Ack, Node, Wanted
from baigong.drivers.dlt645 import codec
from baigong.drivers.dlt645.address import Place, canonical, check, parse
from baigong.drivers.dlt645.items import GROUPS, Item, items
from baigong.drivers.dlt645.link import Link, connect
from baigong.drivers.dlt645.reading import Lessons, Reading
from baigong.drivers.dlt645.settings import settings
from baigong.drivers.polled import Linked, now_us
from baigong.drivers.scan import Refused
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Command

_ORDER_GOOD = timedelta(minutes=10)  # how long a meter may take an order for its relay


class Dlt645Driver(Linked[Link]):
    """Electricity meters by DL/T 645-2007 or 1997."""

    what = "a meter"

    def __init__(
        self,
        options: dict[str, Any],
        *,
        now_us: Callable[[], int] = now_us,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(options)
        self._edition = self._settings.edition
        super().__init__(self._settings.place, now_us, clock_s)

    async def _connect(self) -> Link:
        return await connect(self._settings)

    def _forget(self) -> None:
        self._lessons, self._own = Lessons(), ""

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        own = await self._meter() if points else ""
        reading = Reading(points, own, self._edition.width, self._lessons)
        await reading.run(self._fetch, self._clock_s())
        return reading.frame(self._now_us())

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address)

    def _detail(self) -> str:
        detail = f"{self._settings.place}, DL/T 645-{self._edition.year}, meter {self._own or self._settings.own}"
        if self._lessons.silent:
            detail += f"; silent: {', '.join(sorted(self._lessons.silent))}"
        return detail

    # -- writing --------------------------------------------------------------------------------------------

    async def write(self, command: Command) -> Ack:
        """Write one value, or tell the relay, once: what got no answer is not sent again."""
        check(command.address, {"standard": self._settings.standard})
        place = parse(command.address)
        if not self._settings.password:
            why = "a meter is only written with its password: give the option password"
            raise FixConfiguration("driver.readonly", why, place=command.address)
        control, data = self._order(place, command.value)
        meter = place.meter or await self._meter()
        try:
            await self._linked().exchange(meter, control, data, b"", 1, self._edition)
        except Refused as error:
            why = f"the meter refuses the write: {error}"
            raise FixConfiguration("driver.readonly", why, place=command.address) from error
        return Ack(True, f"{self._settings.place} meter {meter}")

    def _order(self, place: Place, value: Any) -> tuple[int, bytes]:
        told = codec.credentials(self._edition, self._settings.password, self._settings.operator or "00000000")
        if place.di:
            if place.index:
                raise FixConfiguration("driver.readonly", "one of several values cannot be written alone")
            return self._edition.write, codec.identifier(place.di) + told + codec.encode(place.form, value)
        if value not in (0, 1, True, False):
            raise FixConfiguration("config.invalid", f"{value!r} is no order for a relay: 0 trips, 1 permits closing")
        until = datetime.fromtimestamp(self._now_us() / 1e6).astimezone() + _ORDER_GOOD
        return codec.RELAY, told + codec.relay(codec.PERMIT if value else codec.TRIP, until)

    # -- browsing -------------------------------------------------------------------------------------------

    async def browse(self, path: str = "") -> list[Node]:
        """Groups of identifiers; below them those that the meter answers, with their present values."""
        if not path:
            return [Node(path=group, title=title, has_children=True) for group, title in GROUPS.items()]
        if path not in GROUPS:
            raise FixConfiguration("driver.address", f"there is no {path!r} in a meter", place=path)
        known = [item for item in items(self._edition.year) if item.group == path]
        frame = await self.read([Wanted(i, item.di) for i, item in enumerate(known)])
        rows = frame.to_pylist()
        time_us = self._now_us()
        return [_node(path, known[row["point"]], row, time_us) for row in rows if not row["quality"]]

    # -- the line -------------------------------------------------------------------------------------------

    async def _fetch(self, meter: str, identifier: str) -> bytes:
        return await self._linked().read(meter, identifier, 1 + self._settings.retries, self._edition)

    async def _meter(self) -> str:
        """The device's meter; where the options name none, the only one on the line is asked."""
        if not self._own:
            self._own = self._settings.own
            if self._own == codec.ANYBODY and self._edition.year == 2007:
                try:
                    self._own = await self._linked().address(1 + self._settings.retries, self._edition)
                except Refused:
                    self._own = codec.ANYBODY  # it answers to any address, too
                except BaseException:
                    self._own = ""
                    raise
        return self._own


def _node(group: str, item: Item, row: dict[str, Any], time_us: int) -> Node:
    return Node(
        path=f"{group}/{item.di}",
        title=f"{item.di} {item.title}",
        address=item.di,
        type=str(item.form),
        unit=item.unit,
        value=row["text"] if row["value"] is None else row["value"],
        time_us=time_us,
        kind="counter" if item.counter else "gauge",
    )
