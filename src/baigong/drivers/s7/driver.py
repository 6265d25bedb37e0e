"""The S7 driver: asks, learns what may be asked, and turns each scan into one frame."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from baigong.drivers.contract import Ack, Node
from baigong.drivers.plan import Memory
from baigong.drivers.polled import Polled, now_us
from baigong.drivers.s7 import codec, explore
from baigong.drivers.s7.address import Place, canonical, parse
from baigong.drivers.s7.link import Link, connect
from baigong.drivers.s7.plan import memory
from baigong.drivers.s7.settings import settings
from baigong.drivers.s7.values import encode
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.happenings import Command

# What a return code says about the places asked for.
_QUALITY = {
    codec.OK: q.GOOD,
    0x01: q.BAD_DEVICE_FAILURE,
    0x03: q.BAD_NODE_ID_UNKNOWN,  # access not allowed: no PUT/GET, an optimised block, or a protected one
    0x05: q.BAD_NODE_ID_UNKNOWN,  # beyond the end of its block
    0x06: q.BAD_TYPE_MISMATCH,
    0x07: q.BAD_TYPE_MISMATCH,
    0x0A: q.BAD_NODE_ID_UNKNOWN,  # there is no such block
}
_REFUSALS = {
    0x03: "access is not allowed: permit PUT/GET, and use blocks that are not optimised",
    0x05: "it lies beyond the end of its block",
    0x0A: "there is no such block",
}


class S7Driver(Polled[Link, codec.Item]):
    """SIMATIC S7-300, 400, 1200, 1500 (and 200, LOGO! by TSAP) by S7 communication on TCP."""

    what = "an S7 PLC"

    def __init__(
        self,
        options: dict[str, Any],
        *,
        now_us: Callable[[], int] = now_us,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(options)
        super().__init__(self._settings.place, now_us, clock_s)

    async def _connect(self) -> Link:
        return await connect(self._settings)

    def _memory(self) -> Memory[codec.Item, Place]:
        return memory(self._settings.max_gap, self._linked().pdu, self._settings.encoding)

    def _judge(self, code: int) -> int:
        return _QUALITY.get(code, q.BAD_UNEXPECTED)

    def _named(self) -> str:
        return f"{self._settings.place}, PDU of {self._linked().pdu} bytes"

    async def browse(self, path: str = "") -> list[Node]:
        """Areas and data blocks; below them pages of 100 bytes; below these words with their values."""
        return await explore.browse(path, self._linked(), self._fetch)

    async def write(self, command: Command) -> Ack:
        """Write one value, once: what got no answer is not sent again."""
        place = parse(command.address)
        if not place.writable:
            raise FixConfiguration("driver.readonly", "inputs, timers and counters are only read", place=place.area)
        raw = encode(place, command.value, self._settings.encoding)
        start = place.start
        if place.kind in ("string", "wstring"):
            start += await self._room(place, raw)
        item = codec.Item(place.area, place.db, start, len(raw))
        job = codec.write(item, raw, place.bit if place.kind == "bool" else None)
        try:
            code = codec.written(await self._linked().ask(job))
        except codec.Refused as error:
            why = f"the PLC refuses the write: {error}"
            raise FixConfiguration("driver.readonly", why, place=command.address) from error
        if code != codec.OK:
            why = _REFUSALS.get(code, f"return code {code:#04x}")
            raise FixConfiguration("driver.readonly", f"the PLC refuses the write: {why}", place=command.address)
        return Ack(True, self._settings.place)

    async def _room(self, place: Place, raw: bytes) -> int:
        """Check that the PLC's text is long enough; return the bytes of its declared length, which stay."""
        width = 1 if place.kind == "string" else 2
        ((code, held),) = await self._fetch([codec.Item(place.area, place.db, place.start, width)])
        longest, wanted = int.from_bytes(held, "big"), int.from_bytes(raw[:width], "big")
        if code == codec.OK and wanted > longest:
            raise FixConfiguration("config.invalid", f"the PLC's text has room for {longest} characters, not {wanted}")
        return width

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address)

    async def _fetch(self, items: Sequence[codec.Item]) -> list[tuple[int, bytes]]:
        """Read items in as few requests as they fit; as many at once as the PLC agreed to."""
        link = self._linked()
        asked = [asyncio.ensure_future(self._ask(link, few)) for few in codec.packed(items, link.pdu)]
        try:
            return [answer for answers in await asyncio.gather(*asked) for answer in answers]
        except BaseException:
            for task in asked:  # the line is broken or nobody waits: the others would fail one by one
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            raise

    async def _ask(self, link: Link, items: Sequence[codec.Item]) -> list[tuple[int, bytes]]:
        try:
            return codec.answers(await link.ask(codec.read(items)), items)
        except codec.Refused as error:
            raise RetryLater("driver.protocol", str(error), place=self._settings.place) from error
        except RetryLater as error:
            raise RetryLater(error.code, error.message, place=self._settings.place) from error
