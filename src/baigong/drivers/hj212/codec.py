"""Packets of HJ 212 in bytes and back, and the fields inside them. Pure.

::

    ## | length, 4 digits | data segment | CRC, 4 hex digits | CR LF                         HJ 212-2017, 6.3.1
    QN=…;ST=…;CN=…;PW=…;MN=…;Flag=…;[PNUM=…;PNO=…;]CP=&&DataTime=…;w01018-Rtd=63.0,w01018-Flag=N;…&&   6.3.2

The CRC is that of annex A: one byte at a time into the high half of the register, which Modbus does otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST = 9999  # bytes of a data segment: the standard says 1024, senders do not all keep to it
_HEAD = b"##"
_SEGMENT = re.compile(r"^(.*?);?CP=&&(.*?)(?:&&)?$", re.DOTALL)
_LENGTH = re.compile(rb"^[0-9]{4}$")


@dataclass(slots=True, frozen=True)
class Packet:
    """One data segment. ``fields``: what stands in its CP, by name, in order; ``flag``: the bits of 6.3.2."""

    number: str  # QN: when it was asked or told, to the millisecond; with MN it names the exchange
    system: str  # ST
    command: int  # CN
    password: str
    monitor: str  # MN
    flag: int
    fields: dict[str, str] = field(default_factory=dict)
    parts: int = 1
    part: int = 1

    @property
    def wants_answer(self) -> bool:
        return bool(self.flag & 1)

    @property
    def is_of_2005(self) -> bool:
        return not self.flag >> 2

    def answer(self, command: int) -> Packet:
        """Make what acknowledges this packet: 9014 for data, 9013 for a notice."""
        head = ("91", command, self.password, self.monitor)
        if self.is_of_2005:  # HJ/T 212-2005, table 5: its answers name the exchange inside the CP
            return Packet("", *head, 0, {"QN": self.number} | ({"CN": str(self.command)} if command == 9014 else {}))
        return Packet(self.number, *head, self.flag & ~1, {}, self.parts, self.part)

    @property
    def key(self) -> tuple[str, int, int]:
        """What is the same when a packet is sent again."""
        return self.number, self.command, self.part


def _shifted(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


_SHIFTED = [_shifted(byte) for byte in range(256)]


def crc(segment: bytes) -> bytes:
    """Return the check value as it travels.

    >>> crc(b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&")
    b'1C80'
    """
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        register = (register >> 8) ^ _SHIFTED[register & 0xFF]
    return b"%04X" % register


def wrap(packet: Packet) -> bytes:
    """Write a packet as it travels."""
    segment = _text(packet).encode("gb18030")
    return b"##%04d%s%s\r\n" % (len(segment), segment, crc(segment))


def _text(packet: Packet) -> str:
    parts = f"PNUM={packet.parts};PNO={packet.part};" if packet.flag & 2 else ""
    fields = ";".join(f"{name}={value}" for name, value in packet.fields.items())
    number = f"QN={packet.number};" if packet.number else ""
    return (
        f"{number}ST={packet.system};CN={packet.command};PW={packet.password};MN={packet.monitor};"
        f"Flag={packet.flag};{parts}CP=&&{fields}&&"
    )


def take(buffer: bytes) -> tuple[int, Packet | None, str]:
    """Take one packet off a stream: (bytes used, packet, what was wrong with those bytes); 0 used: wait for more.

    What is no packet is passed over up to the next ``##``.
    """
    at = buffer.find(_HEAD)
    if at < 0:
        used = len(buffer) - buffer.endswith(b"#")
        return (used, None, "noise") if used and buffer[:used].strip() else (used, None, "")
    if at > 0:
        return at, None, "noise" if buffer[:at].strip() else ""
    if len(buffer) < 6:
        return 0, None, ""
    if not _LENGTH.match(buffer[2:6]):
        return 2, None, "length"
    size = int(buffer[2:6])
    end = 6 + size + 4
    if len(buffer) < end:
        again = buffer.find(b"\r\n##", 6)  # the packet has ended, and is shorter than it says
        return (again + 2, None, "length") if again >= 0 else (0, None, "")
    segment, check = buffer[6 : 6 + size], buffer[6 + size : end]
    if check.upper() != crc(segment):
        again = buffer.find(_HEAD, 2)
        line = buffer.find(b"\r\n", 2)
        stop = min((one for one in (again, line + 2 if line >= 0 else -1) if one > 0), default=end)
        return stop, None, "length" if buffer[end : end + 2].strip() and stop != end + 2 else "crc"
    packet = read(segment)
    return end + (2 if buffer[end : end + 2] == b"\r\n" else 0), packet, "" if packet else "segment"


def read(segment: bytes) -> Packet | None:
    """Read a data segment; None for what lacks what every one has."""
    found = _SEGMENT.match(segment.decode("gb18030", "replace"))
    if not found:
        return None
    head = dict(pair.partition("=")[::2] for pair in found[1].split(";") if pair)
    number = {name: head.get(name, "") for name in ("CN", "Flag", "PNUM", "PNO")}
    if not number["CN"].isdecimal() or not head.get("MN"):
        return None
    flag, parts, part = (int(number[name]) if number[name].isdecimal() else 0 for name in ("Flag", "PNUM", "PNO"))
    return Packet(
        head.get("QN", ""), head.get("ST", ""), int(number["CN"]), head.get("PW", ""), head["MN"], flag,
        _fields(found[2]), max(parts, 1), max(part, 1),
    )  # fmt: skip


def _fields(content: str) -> dict[str, str]:
    r"""Read the pairs of a CP, between commas and semicolons; a value may hold no separator.

    >>> _fields("DataTime=20160801085857;w01018-Rtd=63.0,w01018-Flag=N;;x")
    {'DataTime': '20160801085857', 'w01018-Rtd': '63.0', 'w01018-Flag': 'N'}
    """
    pairs = (pair.partition("=") for pair in re.split("[;,]", content))
    return {name.strip(): value.strip() for name, mark, value in pairs if mark and name.strip()}
