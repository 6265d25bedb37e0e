"""A PLC in this process: python-snap7's server over memory that can be set, for tests and the demo plant.

::

    async with Simulator({"db1": 100}, values={"db1.4:real": 47.3}) as plc:
        S7Driver(plc.options)
        await plc.set("db1.4:real", 47.4)
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Any

from snap7.datatypes import S7WordLen
from snap7.server import Server
from snap7.type import SrvArea

from baigong.drivers.s7.address import Place, parse
from baigong.drivers.s7.values import encode
from baigong.drivers.switched import Addressed

_AREAS = {"i": SrvArea.PE, "q": SrvArea.PA, "m": SrvArea.MK, "t": SrvArea.TM, "c": SrvArea.CT, "db": SrvArea.DB}
logging.getLogger(Server.__module__).setLevel(logging.ERROR)  # it warns of every address that it does not have
USUAL = {"db1": 1000, "m": 256, "i": 128, "q": 128}


class _Cpu(Server):
    """The library's server, which would set a whole byte where one bit is written: a PLC leaves the others alone."""

    def _parse_address_specification(self, addr_spec: bytes) -> dict[str, Any]:
        return super()._parse_address_specification(addr_spec) | {"bit": addr_spec[-1] & 7}

    def _parse_write_address(self, request: dict[str, Any]) -> Any:
        found = super()._parse_write_address(request)
        spec = request["parameters"].get("address_spec", {})
        if found is None or spec.get("word_len") != S7WordLen.BIT:
            return found
        area, db, start, count, data = found
        held = self.memory_areas.get((area, db), b"")[start : start + 1] or b"\0"
        mask = 1 << spec["bit"]
        return area, db, start, count, bytearray([held[0] & ~mask | (mask if data[0] else 0)])


class Simulator(Addressed):
    """Serves one CPU. ``areas``: bytes of each, like ``{"db1": 100, "m": 16}``. ``update``: one after the other."""

    def __init__(
        self,
        areas: Mapping[str, int] = USUAL,
        *,
        values: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(host, port)
        self._memory = {area: bytearray(size) for area, size in areas.items()}
        self._server: Server | None = None
        for address, value in (values or {}).items():
            self._store(address, value)

    async def start(self) -> None:
        if self._server is not None:
            return
        self.port = self.port or _free_port(self.host)
        server = _Cpu(log=False)
        for name, memory in self._memory.items():
            server.register_area(_AREAS[name.rstrip("0123456789")], int(name[2:] if name[2:] else 0), memory)
        await asyncio.to_thread(server.start_to, self.host, self.port)
        self._server = server

    async def stop(self) -> None:
        """Be gone: the listener and every connection."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.stop)

    def held(self, address: str) -> bytes:
        """The bytes that an address has now."""
        place = parse(address)
        memory = self._memory[_name(place)]
        return bytes(memory[place.start : place.start + place.count])

    def _store(self, address: str, value: Any) -> None:
        place = parse(address)
        memory = self._memory[_name(place)]
        raw = encode(place, value)
        if place.kind == "bool":
            mask = 1 << place.bit
            memory[place.start] = memory[place.start] & ~mask | (mask if raw[0] else 0)
            return
        if place.kind in ("string", "wstring"):  # the length that the PLC's program declares
            raw = place.length.to_bytes(1 if place.kind == "string" else 2, "big") + raw
        memory[place.start : place.start + len(raw)] = raw


def _name(place: Place) -> str:
    return f"db{place.db}" if place.area == "db" else place.area


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])
