"""The HJ 212 driver: listens, turns packets into frames, and acknowledges what the stream has stored."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Found, Health, Node, Wanted
from baigong.drivers.finding import Finding
from baigong.drivers.hj212 import commands
from baigong.drivers.hj212.address import canonical
from baigong.drivers.hj212.codec import Packet
from baigong.drivers.hj212.link import Link, connect
from baigong.drivers.hj212.pollutants import title, unit
from baigong.drivers.hj212.settings import settings
from baigong.drivers.hj212.values import Row, rows
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import from_python
from baigong.vocab.happenings import Command

_MOST_WAITING = 2000  # packets; more are not acknowledged, so that the monitor sends them again
_AT_ONCE = 200  # packets of one delivery
_REMEMBERED = 2000  # packets by number, to know those that are sent again
_MOST_HEARD = 5000  # addresses, for browsing
_LISTEN_S = 3.0  # browsing waits so long for a first packet
_NOTICES = (1013,)  # acknowledged by 9013; all else that is told, by 9014


class Hj212Driver:
    """See ``driver.toml`` and ``docs.md``."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._settings = settings(options)
        self._zone = self._settings.zone
        self._link: Link | None = None
        self._waiting: deque[Packet] = deque()
        self._some = asyncio.Event()
        self._heard: dict[str, Row] = {}
        self._stored: OrderedDict[tuple[str, int, int], bool] = OrderedDict()  # False: under way to the stream
        self._counters: Counter[str] = Counter()
        self._finding = Finding()
        self._strange = ""
        self._told_s = 0.0

    async def __aenter__(self) -> Self:
        self._link = await connect(self._settings)
        self._link.listen(self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        link = self._link
        if link is not None:
            link.ignore(self._hear)
            await link.close()

    def _hear(self, packet: Packet) -> None:
        """Take a packet off the line; what is not ours is counted and not acknowledged."""
        chosen = self._settings
        if packet.monitor.upper() != chosen.mn.upper():
            self._counters["unknown_mn"] += 1
            self._strange = packet.monitor[:32]
            return
        if chosen.password and packet.password != chosen.password:
            self._counters["wrong_password"] += 1
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._counters["dropped"] += 1
            return
        self._counters["packets"] += 1
        for row in rows(packet, self._zone, time.time_ns() // 1000):
            if row.address in self._heard or len(self._heard) < _MOST_HEARD:
                self._heard[row.address] = row
        self._waiting.append(packet)
        self._some.set()

    async def browse(self, path: str = "") -> list[Node]:
        """Kinds of data told so far; below each its fields with their last values."""
        if not self._heard and self._link is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LISTEN_S):
                    await self._some.wait()
        kinds = dict.fromkeys(address.partition(":")[0] for address in self._heard)
        if not path:
            return [Node(path=kind, title=kind, has_children=True) for kind in kinds]
        if path not in kinds:
            raise FixConfiguration("driver.address", f"nothing of {path!r} has been told yet", place=path)
        return [
            Node(
                path=f"{path}/{row.field}", title=title(row.field), address=row.address, unit=unit(row.field),
                type="string" if isinstance(row.value, str) else "float", value=row.value, quality=row.quality,
                time_us=row.time_us, kind=_kind(row.field),
            )
            for address, row in sorted(self._heard.items())
            if address.partition(":")[0] == path
        ]  # fmt: skip

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        raise FixConfiguration("driver.unsupported", "a monitor tells by itself, it is only listened to")

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Yield what the monitor tells; a packet is acknowledged to it by ``accept()`` only."""
        self._finding.numbers = {}
        for point in points:
            with suppress(FixConfiguration):
                self._finding.numbers[canonical(point.address)] = point.number
        while True:
            await self._news()
            packets = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
            fresh = [packet for packet in packets if self._is_fresh(packet)]
            told = [row for packet in fresh for row in rows(packet, self._zone, time.time_ns() // 1000)]
            numbers = [self._finding.number(row, _found) for row in told]
            kept = [(number, row) for number, row in zip(numbers, told, strict=True) if number]
            accept, refuse = self._settled(fresh)
            if not kept:
                await accept()
                continue
            self._counters["values"] += len(kept)
            yield Delivery(
                from_python(
                    [number for number, _ in kept], [row.time_us for _, row in kept],
                    [row.value for _, row in kept], [row.quality for _, row in kept],
                ),
                accept, refuse,
            )  # fmt: skip

    async def _news(self) -> None:
        """Wait for a packet. Raises driver.timeout after a long silence, driver.unreachable for a lost line."""
        link = self._require()
        self._some.clear()
        if self._waiting:
            return
        waits = {asyncio.ensure_future(self._some.wait()), asyncio.ensure_future(link.ended.wait())}
        try:
            done, _ = await asyncio.wait(waits, timeout=self._settings.silence_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._waiting:
            link.require_alive()
        if not done:
            why = f"the monitor has told nothing for {self._settings.silence_s:g} s"
            raise RetryLater("driver.timeout", why, place=self._settings.place)

    def _is_fresh(self, packet: Packet) -> bool:
        """Say whether a packet is news; one that is stored already is acknowledged again, and stored once."""
        if not packet.number:
            return True
        known = self._stored.get(packet.key)
        if known is None:
            self._stored[packet.key] = False
            while len(self._stored) > _REMEMBERED:
                self._stored.popitem(last=False)
            return True
        self._counters["repeated"] += 1
        if known:
            self._acknowledge(packet)
        return False

    def _settled(
        self, packets: Sequence[Packet]
    ) -> tuple[Callable[[], Awaitable[None]], Callable[[str], Awaitable[None]]]:
        async def accept() -> None:
            for packet in packets:
                if packet.number:
                    self._stored[packet.key] = True
                self._acknowledge(packet)

        async def refuse(reason: str) -> None:
            """Nothing was stored: the monitor sends it again, as nobody acknowledges; what it will not, we keep."""
            for packet in packets:
                self._stored.pop(packet.key, None)
            self._waiting.extendleft(reversed(packets))
            self._some.set()

        return accept, refuse

    def _acknowledge(self, packet: Packet) -> None:
        if packet.wants_answer and self._link is not None:
            self._link.tell(packet.answer(9013 if packet.command in _NOTICES else 9014))

    def discover(self, numbering: Callable[[str], int]) -> bool:
        """Make points of all that the monitor tells, with their names and units."""
        return self._finding.discover(numbering if self._settings.discover else None)

    def take_found(self) -> list[Found]:
        return self._finding.take()

    async def write(self, command: Command) -> Ack:
        """Tell the monitor to do something, once, and wait for its two answers: that it will, and that it has."""
        link, chosen = self._require(), self._settings
        told_s = max(time.time(), self._told_s + 0.001)  # its number is a moment, and no two are the same
        packet = commands.packet_of(command.address, command.value, chosen, told_s)
        self._told_s = told_s
        heard, done = await link.ask(packet, 9011), await link.ask(packet, 9012)
        link.tell(packet)
        try:
            async with asyncio.timeout(chosen.timeout_s):
                commands.require(await heard, "QnRtn", command.address)
                commands.require(await done, "ExeRtn", command.address)
        except TimeoutError as error:
            why = f"the monitor gave no answer within {chosen.timeout_s:g} s"
            raise RetryLater("driver.timeout", why, place=chosen.place) from error
        finally:
            for answer in (heard, done):
                answer.cancel()
        return Ack(True, chosen.place)

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address)

    async def health(self) -> Health:
        link = self._link
        if link is None:
            return Health(False, "not connected")
        wrong = {f"wrong_{name}": count for name, count in link.wrong.items()}
        detail = self._settings.place
        if self._strange:
            detail += f"; packets of MN {self._strange} are not stored"
        if link.wrong:
            detail += f"; {sum(link.wrong.values())} packets could not be read ({', '.join(sorted(link.wrong))})"
        counters = {"packets": 0, "values": 0, "repeated": 0, "unknown_mn": 0, "wrong_password": 0, "dropped": 0}
        return Health(link.alive, detail, asdict(link.counters) | counters | self._counters | wrong)

    def _require(self) -> Link:
        if self._link is None:
            raise RetryLater("driver.unreachable", "not connected", place=self._settings.place)
        return self._link


def _found(number: int, row: Row) -> Found:
    code, _, said = row.field.partition("-")
    name = f"{code}.{row.address.partition(':')[0]}_{said or 'value'}"
    return Found(number, row.address, name.lower(), _kind(row.field), unit(row.field), title(row.field))


def _kind(field: str) -> str:
    said = field.partition("-")[2]
    return "gauge" if said.removeprefix("Zs") in ("Rtd", "Min", "Avg", "Max", "Cou") else "state"
