"""Telegrams of captured connections: the payload bytes of TCP port 102, each direction put together again.

A reader of pcap and pcapng for Ethernet, enough for the shared captures; it drops what was sent twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_PCAPNG = 0x0A0D0D0A


def packets(path: Path) -> Iterator[bytes]:
    """The link-layer packets of a capture."""
    raw = path.read_bytes()
    if struct.unpack_from("<I", raw)[0] != _PCAPNG:
        order = "<" if raw[:1] in (b"\xd4", b"\x4d") else ">"
        at = 24
        while at + 16 <= len(raw):
            size = struct.unpack_from(f"{order}I", raw, at + 8)[0]
            yield raw[at + 16 : at + 16 + size]
            at += 16 + size
        return
    at, order = 0, "<"
    while at + 12 <= len(raw):
        kind = struct.unpack_from(f"{order}I", raw, at)[0]
        if kind == _PCAPNG:
            order = "<" if raw[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        size = struct.unpack_from(f"{order}I", raw, at + 4)[0]
        if kind == 6:
            held = struct.unpack_from(f"{order}I", raw, at + 20)[0]
            yield raw[at + 28 : at + 28 + held]
        at += size


def streams(path: Path, port: int = 102) -> list[tuple[bytes, bytes]]:
    """Each connection's bytes: (to the PLC, from the PLC)."""
    made: dict[tuple[bytes, int, bool], tuple[bytearray, int | None]] = {}
    keys = []
    for packet in packets(path):
        if packet[12:14] != b"\x08\x00" or packet[23] != 6:
            continue
        ip = packet[14:]
        tcp = ip[4 * (ip[0] & 15) : int.from_bytes(ip[2:4], "big")]
        source, target, sequence = struct.unpack_from(">HHI", tcp)
        if port not in (source, target):
            continue
        ours = target == port
        key = (ip[12:16] if ours else ip[16:20], source if ours else target, ours)
        held, expected = made.get(key, (bytearray(), None))
        data = tcp[4 * (tcp[12] >> 4) :]
        if key not in made and (*key[:2], not ours) not in made:
            keys.append(key[:2])
        if tcp[13] & 2:
            expected = sequence + 1
        elif data and (expected is None or sequence == expected):
            held += data
            expected = (sequence + len(data)) & 0xFFFFFFFF
        made[key] = (held, expected)
    empty = (bytearray(), None)
    return [(bytes(made.get((*k, True), empty)[0]), bytes(made.get((*k, False), empty)[0])) for k in keys]
