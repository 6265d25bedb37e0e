"""The MC protocol driver: reads MELSEC devices in few requests, learns which there are, writes one value at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from baigong.drivers import memory
from baigong.drivers.contract import Ack, Node
from baigong.drivers.mc import codec
from baigong.drivers.mc.address import DEVICES, Place, base_of, canonical, parse, spelled
from baigong.drivers.mc.link import Link, connect
from baigong.drivers.mc.settings import settings
from baigong.drivers.plan import Memory, Span
from baigong.drivers.polled import Narrowed, now_us
from baigong.drivers.scan import Refused
from baigong.drivers.words import Decoder, encode
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Command

_TITLES = {
    "d": "Data registers (D)",
    "w": "Link registers (W)",
    "r": "File registers (R)",
    "zr": "File registers (ZR)",
    "m": "Internal relays (M)",
    "x": "Inputs (X)",
    "y": "Outputs (Y)",
    "b": "Link relays (B)",
    "l": "Latch relays (L)",
    "f": "Annunciators (F)",
    "tn": "Timers, present values (TN)",
    "cn": "Counters, present values (CN)",
    "sm": "Special relays (SM)",
    "sd": "Special registers (SD)",
}


class McDriver(Narrowed[Link]):
    """MELSEC iQ-R, iQ-F, Q, L by MC protocol (SLMP), 3E and 4E frames."""

    def __init__(
        self,
        options: dict[str, Any],
        *,
        now_us: Callable[[], int] = now_us,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(options)
        super().__init__(self._settings.place, now_us, clock_s)
        self._dialect = self._settings.dialect

    async def _connect(self) -> Link:
        return await connect(self._settings)

    def _forget(self) -> None:
        super()._forget()
        self._way = self._settings.scattered

    def _memory(self) -> Memory[Span, Place]:
        given = self._settings
        decoder = partial(Decoder, encoding=given.encoding, low_first=True)
        return Memory(
            partial(parse, series=given.series), lambda place: place.span, decoder, given.max_words, given.max_gap
        )

    def _named(self) -> str:
        given, model = self._settings, self._linked().model
        said = f"{model}, " if model else ""
        return f"{said}{given.place}, {given.frame.upper()} {given.code} by {given.transport.upper()}"

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address, self._settings.series)

    # -- reading --------------------------------------------------------------------------------------------

    def _packed(self, spans: Sequence[Span]) -> Iterable[list[int]]:
        return codec.packed(spans, self._way, wide=self._dialect.wide, max_words=self._settings.max_words)

    def _about_places(self, code: int) -> bool:
        return codec.about_places(code)

    def _why(self, code: int) -> str:
        return str(codec.refused(code))

    async def _ask(self, spans: Sequence[Span]) -> list[bytes]:
        way = self._way
        command, content = self._dialect.read(spans, way)
        try:
            return self._dialect.answers(await self._linked().command(command, content), spans, way)
        except Refused as error:
            if len(spans) == 1 or not codec.about_command(error.code):
                raise
        self._way = codec.WAYS[codec.WAYS.index(way) + 1]  # not known there: the next way is, or the last
        return [raw for span in spans for raw in await self._ask([span])]

    # -- writing --------------------------------------------------------------------------------------------

    async def write(self, command: Command) -> Ack:
        """Write one value, once: what got no answer is not sent again."""
        place = parse(command.address, self._settings.series)
        if not place.writable:
            raise FixConfiguration("driver.readonly", f"{place.device.upper()} is only read", place=place.device)
        raw = encode(place, command.value, self._settings.encoding, low_first=True)
        try:
            if place.kind == "bool" and place.bits:
                content = self._dialect.write_bit(place.device, place.number, raw != b"\0\0")
            else:
                raw = raw if place.kind != "bool" else await self._with_bit(place, raw != b"\0\0")
                content = self._dialect.write(place.device, place.number, raw)
            await self._linked().command(codec.WRITE, content, bits=place.kind == "bool" and place.bits)
        except Refused as error:
            why = f"the PLC refuses the write: {error}"
            raise FixConfiguration("driver.readonly", why, place=command.address) from error
        return Ack(True, self._settings.place)

    async def _with_bit(self, place: Place, on: bool) -> bytes:
        """The word with one bit changed: the protocol writes whole words there."""
        (held,) = await self._ask([place.span])
        word = int.from_bytes(held, "big")
        return (word | 1 << place.bit if on else word & ~(1 << place.bit)).to_bytes(2, "big")

    # -- browsing -------------------------------------------------------------------------------------------

    async def browse(self, path: str = "") -> list[Node]:
        """Kinds of devices; below them pages of 100 words or 128 bits; below these their values."""
        if not path and not self._linked().model:
            await self._linked().meet()
        return await memory.browse(path, _TITLES, self._area, self._fetch)

    def _area(self, name: str) -> memory.Area:
        device, base = DEVICES[name], base_of(name, self._settings.series)

        def spelling(number: int) -> str:
            return f"{name}{spelled(number, base)}"

        return memory.Area(Span(name, 0, 0, 1), 1 << 20, device.bits, device.writable, "int", spelling)
