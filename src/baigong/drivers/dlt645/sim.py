"""Meters on one line in this process, behind a serial server: for tests and the demo plant.

::

    async with Simulator({"000000000012": {"00010000": 1206.42, "02010100": 230.1}}) as line:
        Dlt645Driver(line.options)
        await line.set("000000000012!02010100", 229.8)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from baigong.drivers.dlt645 import codec
from baigong.drivers.dlt645.address import RELAY_WORD, parse
from baigong.drivers.dlt645.codec import Frame
from baigong.drivers.dlt645.items import block
from baigong.drivers.served import Served, Session
from baigong.drivers.switched import Addressed

_PART = 180  # bytes of data in one frame; what is longer follows
_READABLE_ONLY = ("00", "01", "02", "90", "91", "B6")


class Simulator(Addressed, Served):
    """Serves meters, each with what its identifiers hold. ``port`` 0: a free one; ``password``: level and password.

    ``deaf``: meters that do not answer; ``echo``: the line sends back what it gets; ``blocks``: whether neighbours can
    be read at once.
    """

    def __init__(
        self,
        meters: Mapping[str, Mapping[str, Any]],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        standard: str = "2007",
        password: str = "02123456",  # noqa: S107 - of no real meter
    ) -> None:
        super().__init__(host, port)
        self._edition = codec.STANDARDS[standard]
        self._password = bytes.fromhex(password)
        self._memory: dict[str, dict[str, bytes]] = {}
        self.deaf: set[str] = set()
        self.echo, self.blocks = False, True
        self.orders: list[tuple[str, bytes]] = []  # what relays were told: (meter, order)
        for meter, values in meters.items():
            self._memory[meter.zfill(12)] = {RELAY_WORD: b"\0\0"} if standard == "2007" else {}
            for address, value in values.items():
                self._store(f"{meter}!{address}", value)

    @property
    def options(self) -> dict[str, Any]:
        """The options with which the driver reaches the first meter."""
        own = {"meter": next(iter(self._memory)), "standard": str(self._edition.year), "pause_ms": 0}
        return super().options | own

    def _store(self, address: str, value: Any) -> None:
        """Keep the value of an address, with its meter or of the first; several values of one as a list."""
        meter, mark, rest = address.rpartition("!")
        place = parse(rest)
        memory = self._memory[meter.zfill(12) if mark else next(iter(self._memory))]
        if not place.di:
            memory[RELAY_WORD] = b"\0\0" if value else b"\x10\0"
            return
        if isinstance(value, bytes):
            memory[place.di] = value
            return
        values = value if isinstance(value, list) else [value]
        memory[place.di] = b"".join(codec.encode(place.form, one) for one in values)

    # -- answering ------------------------------------------------------------------------------------------

    def session(self, *, datagrams: bool = False) -> Session:
        return self._answer

    def _answer(self, came: bytes) -> tuple[int, bytes]:
        used, frame = codec.find(came)
        if frame is None or frame.answers:
            return used, b""
        heard = came[:used] if self.echo else b""
        meant = [meter for meter in self._memory if codec.fits(meter, frame.meter) and meter not in self.deaf]
        if len(meant) != 1:  # two that answer at once spoil both answers
            return used, heard
        return used, heard + self._told(meant[0], frame)

    def _told(self, meter: str, frame: Frame) -> bytes:
        edition, function = self._edition, frame.function
        if function in (edition.read, edition.follow):
            return self._read(meter, frame)
        if function == codec.READ_ADDRESS and edition.year == 2007:
            return codec.wrap(meter, 0x93, codec.identifier(meter))
        if function in (edition.write, codec.RELAY):
            return self._written(meter, frame)
        return self._no(meter, function, 1)

    def _no(self, meter: str, function: int, error: int) -> bytes:
        return codec.wrap(meter, function | 0xC0, bytes([error]))

    def _read(self, meter: str, frame: Frame) -> bytes:
        edition, width = self._edition, self._edition.width
        di = frame.data[:width][::-1].hex().upper()
        held = self._held(meter, di)
        if held is None:
            return self._no(meter, frame.function, codec.NO_SUCH_DATA)
        number = (frame.data[width] if len(frame.data) > width else 1) if frame.function == edition.follow else 0
        part, more = held[number * _PART : (number + 1) * _PART], len(held) > (number + 1) * _PART
        counted = bytes([number]) if number and edition.year == 2007 else b""
        control = frame.function | 0x80 | (0x20 if more else 0)
        return codec.wrap(meter, control, frame.data[:width] + part + counted)

    def _held(self, meter: str, di: str) -> bytes | None:
        memory = self._memory[meter]
        if di in memory or not self.blocks:
            return memory.get(di)
        parts = {found[1]: raw for one, raw in memory.items() if (found := block(one)) and found[0] == di}
        if not parts:
            return None
        size = len(next(iter(parts.values())))
        return b"".join(parts.get(at, b"\xff" * size) for at in range(max(parts) + 1))

    def _written(self, meter: str, frame: Frame) -> bytes:
        edition = self._edition
        width = edition.width if frame.function == edition.write else 0
        di, told = frame.data[:width][::-1].hex().upper(), frame.data[width:]
        size = 8 if edition.year == 2007 else 4
        if told[:1] + told[1:4][::-1] != self._password:
            return self._no(meter, frame.function, 0x04)
        value = told[size:]
        if frame.function == codec.RELAY:
            self.orders.append((meter, value))
            del self.orders[:-100]
            self._memory[meter][RELAY_WORD] = b"\x10\0" if value[0] == codec.TRIP else b"\0\0"
        elif (
            di not in self._memory[meter] or di.startswith(_READABLE_ONLY) or len(value) != len(self._memory[meter][di])
        ):
            return self._no(meter, frame.function, codec.NO_SUCH_DATA)
        else:
            self._memory[meter][di] = value
        return codec.wrap(meter, frame.function | 0x80, b"")
