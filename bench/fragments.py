"""Row 22: Modbus TCP: 32 servers × 2,000 registers in 16 fragments each, every 100 ms, in one process.

The servers answer from bytes, in another process. Beside it, what pymodbus' own client costs that reads register by
register: CPU of one value, each.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from baigong.drivers.contract import Wanted
from baigong.drivers.modbus.driver import ModbusDriver
from bench.report import Line, ms

_SERVERS, _FRAGMENTS, _LONG, _APART = 32, 16, 125, 225  # registers of a fragment, and from one to the next
_PERIOD_S = 0.1
_JITTER_S, _TIMES = 0.020, 8.0  # the gates


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    serving = [sys.executable, "-m", "bench.fragments"]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True) as servers:
        try:
            assert servers.stdout
            ports = json.loads(servers.stdout.readline())
            share, jitter, each_s = asyncio.run(_read(ports, 5 if short else 60))
            peer_s = asyncio.run(_peer(ports[0])) if peers else None
        finally:
            servers.kill()
    jitter.sort()
    p99 = jitter[int(0.99 * len(jitter))]
    what = f"Modbus TCP: {_SERVERS} servers × {_FRAGMENTS * _LONG:,} registers in {_FRAGMENTS} fragments at 100 ms"
    told = f"{share:.0f} % of a core, jitter p50 {ms(jitter[len(jitter) // 2])}, p99 {ms(p99)}"
    lines = [Line(22, what, told, gate="jitter p99 20 ms", durability="", passed=p99 < _JITTER_S)]
    if peer_s is not None:
        times = peer_s / each_s
        told = (
            f"{each_s * 1e6:.2f} µs of CPU a value, pymodbus register by register {peer_s * 1e6:.0f} µs: {times:.0f}×"
        )
        lines.append(Line(22, "… CPU of one value", told, gate="8×", durability="", passed=times >= _TIMES))
    return lines


async def _read(ports: list[int], seconds: int) -> tuple[float, list[float], float]:
    """Read all servers at their ticks: CPU share in %, how far readings are from their period, CPU seconds a value."""
    points = [Wanted(f * _LONG + i, f"holding:{f * _APART + i}") for f in range(_FRAGMENTS) for i in range(_LONG)]
    drivers = [ModbusDriver({"host": "127.0.0.1", "port": port}) for port in ports]
    for driver in drivers:
        await driver.__aenter__()
        await driver.read(points)
    jitter: list[float] = []
    cpu_s, began = time.process_time(), time.monotonic()

    async def poll(number: int, driver: ModbusDriver) -> None:
        first = began + number / len(drivers) * _PERIOD_S
        for turn in range(round(seconds / _PERIOD_S)):
            due = first + turn * _PERIOD_S
            await asyncio.sleep(due - time.monotonic())
            jitter.append(abs(time.monotonic() - due))
            assert (await driver.read(points)).num_rows == len(points)

    await asyncio.gather(*(poll(number, driver) for number, driver in enumerate(drivers)))
    cpu_s = time.process_time() - cpu_s
    share = cpu_s / (time.monotonic() - began) * 100
    for driver in drivers:
        await driver.__aexit__(None, None, None)
    return share, jitter, cpu_s / (len(jitter) * len(points))


async def _peer(port: int) -> float:
    """CPU seconds a value of pymodbus' client, one request a register."""
    from pymodbus.client import AsyncModbusTcpClient

    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    began = time.process_time()
    for register in range(_FRAGMENTS * _LONG):
        assert not (await client.read_holding_registers(register, count=1, device_id=1)).isError()
    spent = time.process_time() - began
    client.close()
    return spent / (_FRAGMENTS * _LONG)


class _Server(asyncio.Protocol):
    """Answers function 3 with the bytes of its memory."""

    memory = bytes(range(256)) * 64
    transport: Any

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        start, count = int.from_bytes(data[8:10], "big"), int.from_bytes(data[10:12], "big")
        head = data[:4] + (3 + 2 * count).to_bytes(2, "big") + data[6:8] + bytes([2 * count])
        self.transport.write(head + self.memory[2 * start : 2 * (start + count)])


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(_Server, "127.0.0.1", 0) for _ in range(_SERVERS)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
