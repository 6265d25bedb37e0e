"""An Omron PLC in this process: words that can be set, spoken to by FINS/TCP and FINS/UDP.

::

    async with Simulator({"d": 1000}, values={"d100:real": 47.3}) as plc:
        FinsDriver(plc.options)
        await plc.set("d100:real", 47.4)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from baigong.drivers.fins import codec
from baigong.drivers.fins.address import parse
from baigong.drivers.served import Session
from baigong.drivers.words import Cell
from baigong.drivers.wordserver import Nak, WordServer

USUAL = {"cio": 6144, "w": 512, "h": 1536, "a": 960, "d": 32768, "e0": 32768} | dict.fromkeys(
    ("t", "c", "tf", "cf"), 4096
)
"""Words of each area; a completion flag is a word too."""
_NODE = 1
_MOST = 999  # words in one request


def _named() -> dict[int, str]:
    names = {codec.area(f"{name}", 0): name for name in ("cio", "w", "h", "a", "d", "t", "tf")}
    return names | {codec.area("e", bank): f"e{bank:x}" for bank in range(0x19)}


_WORDS = _named()
_BITS = {code: name for name, code in codec.BITS.items()} | {codec.area("e", b, True): f"e{b:x}" for b in range(0x19)}


class Simulator(WordServer):
    """Serves one CPU. ``areas``: words of each area, like ``{"d": 1000, "e0": 64}``; ``port`` 0: a free one.

    ``knows``: the commands that it knows; others are refused with end code 0401. ``flags``: error flags that a CPU
    with an empty battery adds to every end code.
    """

    def __init__(
        self,
        areas: Mapping[str, int] = USUAL,
        *,
        values: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        model: str = "CJ2M-CPU33",
    ) -> None:
        super().__init__(areas, values, host, port)
        self.model, self.flags = model, 0
        self.knows = {codec.READ, codec.MULTIPLE, codec.WRITE, codec.MODEL}

    def _found(self, address: str) -> tuple[Cell, str, int, int]:
        place = parse(address)
        area = f"e{place.bank:x}" if place.area == "e" else place.area
        return place, area, place.span.start, place.span.end

    # -- answering ------------------------------------------------------------------------------------------

    def session(self, *, datagrams: bool = False) -> Session:
        if datagrams:
            return lambda came: (len(came), self._frame(came))
        greeted = False

        def answer(came: bytes) -> tuple[int, bytes]:
            nonlocal greeted
            if came[:4] != b"FINS"[: len(came)]:
                raise ValueError("this is no FINS/TCP")
            length = int.from_bytes(came[4:8], "big")
            if len(came) < 16 or len(came) < 8 + length:
                return 0, b""
            command, content = int.from_bytes(came[8:12], "big"), came[16 : 8 + length]
            if command == codec.HELLO:
                greeted = True
                ours = int.from_bytes(content, "big") or 251
                return 8 + length, codec.wrap(codec.WELCOME, ours.to_bytes(4, "big") + _NODE.to_bytes(4, "big"))
            if not greeted:
                raise ValueError("a frame before the handshake")
            return 8 + length, codec.wrap(codec.FRAME, self._frame(content))

        return answer

    def _frame(self, frame: bytes) -> bytes:
        if len(frame) < 12 or frame[0] & 0x40:
            raise ValueError("this is no FINS frame")
        back = bytes([0xC0, 0, 2]) + frame[6:9] + frame[3:6] + frame[9:10]
        command = int.from_bytes(frame[10:12], "big")
        try:
            if command not in self.knows:
                raise Nak(0x0401)
            code, data = 0, self._execute(command, frame[12:])
        except Nak as nak:
            code, data = nak.code, b""
        return back + frame[10:12] + (code | self.flags).to_bytes(2, "big") + data

    def _execute(self, command: int, content: bytes) -> bytes:
        if command == codec.MODEL:
            return self.model.ljust(20).encode() + b"01.00".ljust(20) + bytes(52)
        if command == codec.MULTIPLE:
            return self._multiple(content)
        if len(content) < 6:
            raise Nak(0x1002)
        code, count = content[0], int.from_bytes(content[4:6], "big")
        if count > _MOST:
            raise Nak(0x110B)
        if code in _BITS:
            return self._bits(content, count, command == codec.WRITE)
        name, words = self._words(content, count)
        if command == codec.WRITE:
            if name in ("tf", "cf", "a"):
                raise Nak(0x2101)
            if len(content) != 6 + 2 * count:
                raise Nak(0x1003)
            words[:] = np.frombuffer(content[6:], ">u2")
            return b""
        return bytes(words.astype(np.uint8)) if name in ("tf", "cf") else words.tobytes()

    def _multiple(self, content: bytes) -> bytes:
        if len(content) % 4 or len(content) > 4 * 167:
            raise Nak(0x1001)
        made = b""
        for at in range(0, len(content), 4):
            name, words = self._words(content[at : at + 4], 1)
            made += content[at : at + 1] + (words.tobytes()[1:] if name in ("tf", "cf") else words.tobytes())
        return made

    def _words(self, spot: bytes, count: int) -> tuple[str, Any]:
        """The name of an area, and a view of its words."""
        name, start = _WORDS.get(spot[0], ""), int.from_bytes(spot[1:3], "big")
        if name in ("t", "tf") and start >= codec.COUNTERS:
            name, start = name.replace("t", "c"), start - codec.COUNTERS
        if name not in self._memory:
            raise Nak(0x1101)
        memory = self._memory[name]
        if start >= len(memory):
            raise Nak(0x1103)
        if start + count > len(memory):
            raise Nak(0x1104)
        return name, memory[start : start + count]

    def _bits(self, content: bytes, count: int, writing: bool) -> bytes:
        name, start, bit = _BITS[content[0]], int.from_bytes(content[1:3], "big"), content[3]
        memory = self._memory.get(name)
        if memory is None:
            raise Nak(0x1101)
        if bit > 15 or 16 * start + bit + count > 16 * len(memory):
            raise Nak(0x1103)
        if writing and len(content) != 6 + count:
            raise Nak(0x1003)
        made = []
        for i in range(count):
            at, mask = divmod(16 * start + bit + i, 16)
            if writing:
                held = int(memory[at])
                memory[at] = held | 1 << mask if content[6 + i] & 1 else held & ~(1 << mask)
            made.append(int(memory[at]) >> mask & 1)
        return b"" if writing else bytes(made)
