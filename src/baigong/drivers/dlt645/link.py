"""One line to one or more meters, one request at a time: by a serial server, a DTU that calls us, or a serial port."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from baigong.drivers.dlt645 import codec
from baigong.drivers.dlt645.codec import Frame, Standard
from baigong.drivers.dlt645.settings import Settings
from baigong.drivers.fieldline import Fieldline, take_up
from baigong.drivers.turns import Turns
from baigong.vocab.errors import RetryLater

_LONGEST = 4096  # bytes without a frame among them after which a line is given up; a frame has 272 with its wake
_PARTS = 32  # of one answer


@dataclass(eq=False)
class Link(Fieldline[Settings], Turns[Settings]):
    """A line. Open with ``connect``; devices behind the same caller share it."""

    _heard_s: float = 0.0
    _noise: int = 0

    # -- what asyncio calls ---------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        super().data_received(data)

    def _telegram(self, buffer: bytes) -> tuple[int, Hashable, bytes]:
        used, frame = codec.find(buffer)
        if frame is None:
            self._noise += used
            if self._noise > _LONGEST:
                raise codec.garbled(f"{self._noise} bytes came and none was a frame")
            return used, None, b""
        self._noise = 0
        return used, self._key_of(frame), bytes([frame.control]) + bytes.fromhex(frame.meter) + frame.data

    def _key_of(self, frame: Frame) -> Hashable:
        """The key of the request that a frame answers, None: of no present one; our own echo is none."""
        if self._pending is None or not frame.answers:
            return None
        wanted: Any = self._pending.key
        meter, function, di = wanted
        meant = codec.fits(frame.meter, meter) and frame.function == function
        return wanted if meant and (frame.refuses or frame.data.startswith(di)) else None

    async def _settle(self) -> None:
        """Before a request: let the answer to one whose waiting was cancelled pass, and be silent for a moment."""
        loop, pending = asyncio.get_running_loop(), self._pending
        if pending is not None and not pending.answer.done():
            await asyncio.wait({pending.answer}, timeout=max(pending.late_s - loop.time(), 0.0))
        quiet_s = loop.time() - self._heard_s
        if quiet_s < self.settings.pause_ms / 1000:
            await asyncio.sleep(self.settings.pause_ms / 1000 - quiet_s)

    # -- what the driver calls ------------------------------------------------------------------------------

    async def exchange(self, meter: str, control: int, data: bytes, di: bytes, tries: int, edition: Standard) -> Frame:
        """Send a frame and return its answer, which begins with ``di``: raises Refused and what ``ask`` raises."""
        telegram = codec.wrap(meter, control, data, self.settings.wake)
        for left in range(tries - 1, -1, -1):
            try:
                raw = await self.ask(telegram, (meter, control, di))
                break
            except RetryLater as error:
                if error.code != "driver.timeout":
                    raise
                if not left:
                    times = f", asked {tries} times" if tries > 1 else ""
                    why = f"meter {meter}: {error.message}{times}"
                    raise RetryLater(error.code, why, place=self.settings.place) from None
        frame = Frame(raw[1:7].hex().upper(), raw[0], raw[7:])
        if frame.refuses:
            raise codec.refused(frame.data[0] if frame.data else 0, edition)
        return frame

    async def read(self, meter: str, identifier: str, tries: int, edition: Standard) -> bytes:
        """Read what an identifier holds, all parts of it."""
        di = codec.identifier(identifier)
        frame = await self.exchange(meter, edition.read, di, di, tries, edition)
        made, number = frame.data[len(di) :], 0
        while frame.follows:
            number += 1
            if number > _PARTS:
                raise codec.garbled("an answer that does not end")
            counted = bytes([number]) if edition.year == 2007 else b""
            frame = await self.exchange(meter, edition.follow, di + counted, di, tries, edition)
            part = frame.data[len(di) :]
            made += part[:-1] if counted else part
        return made

    async def address(self, tries: int, edition: Standard) -> str:
        """Ask the only meter on the line who it is."""
        return (await self.exchange(codec.ANYBODY, codec.READ_ADDRESS, b"", b"", tries, edition)).meter


async def connect(settings: Settings) -> Link:
    """Open the line: raises driver.unreachable, or driver.option for a host or port that cannot be."""
    return await take_up(Link, settings)
