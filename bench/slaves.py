"""``python -m bench.slaves N``: many Modbus servers in one process, which hang, go away and come back when told.

Prints their ports as JSON, then answers each line of its input with a line of JSON: ``hang K``, ``close K``,
``open``, ``asked`` (times at which device 0 was asked, seconds of the monotonic clock), ``came`` (times at which
connections were accepted since ``open``).
"""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
import time
from typing import Any

_HEAD = struct.Struct(">HHHBBHH")


class Slaves:
    """The devices, in a process of their own."""

    def __init__(self, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.slaves", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports: list[int] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def tell(self, order: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Slave(asyncio.Protocol):
    """One connection: every register holds the number of the request, so that each answer is another value."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.device.came.append(time.monotonic())
        self.device.open.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.device.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data) - 11, 12):  # requests to read have twelve bytes, and come whole on this machine
            transaction, _, _, unit, function, _, count = _HEAD.unpack_from(data, at)
            self.device.asked.append(time.monotonic())
            if not self.device.hung:
                body = struct.pack(">H", len(self.device.asked) & 0xFFFF) * count
                head = struct.pack(">HHHBBB", transaction, 0, 3 + len(body), unit, function, len(body))
                self._transport.write(head + body)


class Device:
    def __init__(self) -> None:
        self.port = 0
        self.hung = False
        self.open: set[Any] = set()
        self.asked: list[float] = []
        self.came: list[float] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Slave(self), "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self.open):
            transport.abort()


async def obey(devices: list[Device], order: str) -> Any:
    verb, _, number = order.partition(" ")
    some = devices[-int(number) :] if number else []
    if verb == "hang":
        for device in some:
            device.hung = True
    elif verb == "close":
        for device in some:
            await device.close()
    elif verb == "open":
        for device in devices:
            device.hung, device.came = False, []
            if device._server is None:
                await device.start()
        return time.monotonic()
    elif verb == "asked":
        return [device.asked for device in devices]
    elif verb == "came":
        return [device.came for device in devices]
    return True


async def main(count: int) -> None:
    devices = [Device() for _ in range(count)]
    for device in devices:
        await device.start()
    print(json.dumps([device.port for device in devices]), flush=True)
    loop = asyncio.get_running_loop()
    while order := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        print(json.dumps(await obey(devices, order)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
