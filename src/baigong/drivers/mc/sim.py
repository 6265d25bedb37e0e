"""A MELSEC PLC in this process: words that can be set, spoken to in every frame, for tests and the demo plant.

::

    async with Simulator({"d": 1000}, values={"d100:real": 47.3}) as plc:
        McDriver(plc.options)
        await plc.set("d100:real", 47.4)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from baigong.drivers.mc import codec
from baigong.drivers.mc.address import DEVICES, parse
from baigong.drivers.served import Session
from baigong.drivers.words import Cell, swapped
from baigong.drivers.wordserver import Nak, WordServer

USUAL = {"d": 12288, "w": 8192, "r": 32768, "zr": 65536, "sd": 2048, "tn": 2048, "cn": 1024} | dict.fromkeys(
    ("x", "y", "m", "b", "l", "sm", "f", "ts", "tc", "cs", "cc"), 512
)
"""Words of each kind of device; bit devices in words of 16."""

_CODES = {device.code: name for name, device in DEVICES.items()}
_LETTERS = {device.letters.rstrip("*"): name for name, device in DEVICES.items()}
_LETTERS |= {"STS": "ss", "STC": "sc", "STN": "sn"}  # of iQ-R
_LIMITS = {codec.READ: 960, codec.WRITE: 960, codec.RANDOM: 192, codec.BLOCKS: 960}


class _Fields:
    """Reads the fields of a request, binary or ASCII."""

    def __init__(self, raw: bytes, dialect: codec.Dialect) -> None:
        self._raw, self._at, self.dialect = raw, 0, dialect

    def take(self, size: int) -> bytes:
        """As many bytes of content; ASCII has two characters for each."""
        size *= 2 if self.dialect.ascii else 1
        self._at += size
        if self._at > len(self._raw):
            raise Nak(0xC061)
        return self._raw[self._at - size : self._at]

    def number(self, size: int) -> int:
        raw = self.take(size)
        try:
            return int(raw, 16) if self.dialect.ascii else int.from_bytes(raw, "little")
        except ValueError:
            raise Nak(0xC050) from None

    def device(self) -> tuple[str, int]:
        """Name and number of a device."""
        wide = self.dialect.wide
        if not self.dialect.ascii:
            number = self.number(4 if wide else 3)
            name = _CODES.get(self.number(2 if wide else 1))
        else:
            name = _LETTERS.get(self.take(2 if wide else 1).decode("ascii", "replace").rstrip("*"))
            digits = self.take(4 if wide else 3).decode("ascii", "replace")
            try:
                number = int(digits, DEVICES[name].written_base) if name else 0
            except ValueError:
                raise Nak(0xC050) from None
        if name is None:
            raise Nak(0xC05B)
        return name, number

    def words(self, count: int) -> bytes:
        raw = self.take(2 * count)
        return bytes.fromhex(raw.decode("ascii")) if self.dialect.ascii else swapped(raw)

    def bits(self, count: int) -> str:
        """A digit for each of several bits."""
        if not self.dialect.ascii:
            return self.take(-(-count // 2)).hex()[:count]
        self._at += count
        return self._raw[self._at - count : self._at].decode("ascii", "replace")


class Simulator(WordServer):
    """Serves one CPU. ``areas``: words of each kind of device, like ``{"d": 1000, "m": 64}``; ``port`` 0: a free one.

    ``knows``: the commands that it knows; others are refused with end code C059.
    """

    low_first = True

    def __init__(
        self,
        areas: Mapping[str, int] = USUAL,
        *,
        values: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        model: str = "Q03UDVCPU",
    ) -> None:
        super().__init__(areas, values, host, port)
        self.model = model
        self.knows = {codec.READ, codec.RANDOM, codec.BLOCKS, codec.WRITE, codec.MODEL}

    def _found(self, address: str) -> tuple[Cell, str, int, int]:
        place = parse(address)
        return place, place.span.area, place.span.start, place.span.end

    # -- answering ------------------------------------------------------------------------------------------

    def session(self, *, datagrams: bool = False) -> Session:
        return self._answer

    def _answer(self, came: bytes) -> tuple[int, bytes]:
        text, kind = came[:1] == b"5", came[1:2]
        frame = ("4e" if kind == b"4" else "3e") if text else ("4e" if came[:1] == b"\x54" else "3e")
        if (text and kind not in (b"", b"0", b"4")) or came[:1] not in (b"5", b"\x50", b"\x54"):
            raise ValueError("this is no MC protocol")
        spoken = codec.Dialect(frame, ascii=text)
        width, skip = (2 if text else 1), (2 if frame == "3e" else 6)
        head = width * (skip + 7)
        if len(came) < head:
            return 0, b""
        fields = _Fields(came, spoken)
        fields.take(2)
        serial = fields.number(2) if frame == "4e" else 0
        fields.take(skip - 2 - (2 if frame == "4e" else 0))
        route = fields.take(5)
        length = fields.number(2)
        if len(came) < head + length:
            return 0, b""
        code, data = self._content(came[head : head + length], spoken)
        subheader = spoken.subheader(0xD0, serial)
        if code:
            data = route + data
        body = spoken.number(code, 2) + data
        return head + length, subheader + route + spoken.number(len(body), 2) + body

    def _content(self, raw: bytes, spoken: codec.Dialect) -> tuple[int, bytes]:
        fields = _Fields(raw, spoken)
        try:
            fields.number(2)
            command, sub = fields.number(2), fields.number(2)
            fields.dialect = codec.Dialect(spoken.frame, spoken.ascii, "iqr" if sub & 2 else "q")
            if command not in self.knows:
                raise Nak(0xC059)
            return 0, self._execute(command, bool(sub & 1), fields)
        except Nak as nak:
            return nak.code, spoken.number(0, 4)

    def _execute(self, command: int, bits: bool, fields: _Fields) -> bytes:
        spoken = fields.dialect
        if command == codec.MODEL:
            return self.model.ljust(16).encode() + spoken.number(0x0363, 2)
        if command == codec.WRITE:
            self._write(fields, bits)
            return b""
        if command == codec.READ and bits:
            return self._read_bits(fields)
        places = self._places(command, fields)
        if sum(count for *_, count in places) > _LIMITS[command]:
            raise Nak(0xC051)
        # a double word of 0403 is one number of eight digits in ASCII: its high word comes first
        step = -1 if command == codec.RANDOM and spoken.ascii else 1
        raw = b"".join(self._words(*place)[::step].tobytes() for place in places)
        return raw.hex().upper().encode() if spoken.ascii else swapped(raw)

    def _places(self, command: int, fields: _Fields) -> list[tuple[str, int, int]]:
        if command == codec.READ:
            return [(*fields.device(), fields.number(2))]
        first, second = fields.number(1), fields.number(1)
        if command == codec.BLOCKS:
            return [(*fields.device(), fields.number(2)) for _ in range(first + second)]
        return [(*fields.device(), 1 if i < first else 2) for i in range(first + second)]

    def _words(self, name: str, number: int, count: int) -> Any:
        """A view of words; a bit device's from any multiple of 16."""
        memory = self._memory.get(name)
        if memory is None:
            raise Nak(0xC05B)
        start = number // 16 if DEVICES[name].bits else number
        if (DEVICES[name].bits and number % 16) or start + count > len(memory):
            raise Nak(0x4031)
        return memory[start : start + count]

    def _bits(self, name: str, number: int, count: int) -> Any:
        first, last = number // 16, (number + count - 1) // 16
        words = self._words(name, 16 * first, last - first + 1)
        return words, np.unpackbits(words.astype("<u2").view(np.uint8), bitorder="little"), number - 16 * first

    def _read_bits(self, fields: _Fields) -> bytes:
        (name, number), count = fields.device(), fields.number(2)
        if not DEVICES[name].bits:
            raise Nak(0xC05C)
        _, bits, at = self._bits(name, number, count)
        digits = "".join(str(bit) for bit in bits[at : at + count])
        return digits.encode() if fields.dialect.ascii else bytes.fromhex(digits + "0" * (count % 2))

    def _write(self, fields: _Fields, bits: bool) -> None:
        (name, number), count = fields.device(), fields.number(2)
        if not bits:
            self._words(name, number, count)[:] = np.frombuffer(fields.words(count), ">u2")
            return
        if not DEVICES[name].bits:
            raise Nak(0xC05C)
        words, held, at = self._bits(name, number, count)
        held[at : at + count] = [digit == "1" for digit in fields.bits(count)]
        words[:] = np.packbits(held, bitorder="little").view("<u2")
