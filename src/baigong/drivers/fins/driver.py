"""The FINS driver: reads Omron memory in few requests, learns which there is, writes one value at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from baigong.drivers import memory
from baigong.drivers.contract import Ack, Node
from baigong.drivers.fins import codec
from baigong.drivers.fins.address import FLAGS, LASTS, Place, canonical, head_of, parse
from baigong.drivers.fins.link import Link, connect
from baigong.drivers.fins.settings import settings
from baigong.drivers.plan import Memory, Span
from baigong.drivers.polled import Narrowed, now_us
from baigong.drivers.scan import Refused
from baigong.drivers.words import Decoder, encode
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Command

_TITLES = {
    "cio": "Core I/O (CIO)",
    "w": "Work area (W)",
    "h": "Holding area (H)",
    "a": "Auxiliary area (A)",
    "d": "Data memory (D)",
    "e0": "Extended memory, bank 0 (E0)",
    "e1": "Extended memory, bank 1 (E1)",
    "t": "Timers, present values (T)",
    "c": "Counters, present values (C)",
}


class FinsDriver(Narrowed[Link]):
    """SYSMAC CS, CJ, CP, NSJ, and NX, NJ where they offer FINS memory, by FINS/TCP or FINS/UDP."""

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

    def _forget(self) -> None:
        super()._forget()
        self._multiple = self._settings.multiple

    def _memory(self) -> Memory[Span, Place]:
        given = self._settings
        decoder = partial(Decoder, encoding=given.encoding)
        return Memory(parse, lambda place: place.span, decoder, given.max_words, given.max_gap)

    def _named(self) -> str:
        link = self._linked()
        said = f"{link.model}, " if link.model else ""
        return f"{said}{self._settings.place}, FINS/{self._settings.transport.upper()}, node {link.route.node}"

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address)

    # -- reading --------------------------------------------------------------------------------------------

    def _packed(self, spans: Sequence[Span]) -> Iterable[list[int]]:
        return codec.packed(spans, multiple=self._multiple)

    def _about_places(self, code: int) -> bool:
        return codec.about_places(code)

    def _why(self, code: int) -> str:
        return str(codec.refused(code))

    async def _ask(self, spans: Sequence[Span]) -> list[bytes]:
        command, content = codec.read(spans)
        try:
            return codec.answers(await self._linked().command(command, content), spans)
        except Refused as error:
            if len(spans) == 1 or not codec.about_command(error.code):
                raise
        self._multiple = False  # not known there: each by itself
        return [raw for span in spans for raw in await self._ask([span])]

    # -- writing --------------------------------------------------------------------------------------------

    async def write(self, command: Command) -> Ack:
        """Write one value, once: what got no answer is not sent again."""
        place = parse(command.address)
        if not place.writable:
            raise FixConfiguration("driver.readonly", "completion flags are only read", place=place.area)
        raw = encode(place, command.value, self._settings.encoding)
        where = place.area, place.bank, place.number
        bit = place.kind == "bool"
        content = codec.write_bit(*where, place.bit, raw != b"\0\0") if bit else codec.write(*where, raw)
        try:
            await self._linked().command(codec.WRITE, content)
        except Refused as error:
            why = f"the PLC refuses the write: {error}"
            raise FixConfiguration("driver.readonly", why, place=command.address) from error
        return Ack(True, self._settings.place)

    # -- browsing -------------------------------------------------------------------------------------------

    async def browse(self, path: str = "") -> list[Node]:
        """Memory areas; below them pages of 100 words; below these the words with their values."""
        if not path and not self._linked().model:
            await self._linked().meet()
        return await memory.browse(path, _TITLES, self._area, self._fetch)

    def _area(self, name: str) -> memory.Area:
        area, bank = ("e", int(name[1:], 16)) if name[:1] == "e" else (name, 0)
        head = head_of(area, bank)
        first, writable = Span(area, bank, 0, 1), area not in FLAGS
        return memory.Area(first, LASTS[area] + 1, False, writable, "word", lambda number: f"{head}{number}")
