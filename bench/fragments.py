"""Row 22: Modbus TCP: 32 servers × 2,000 registers in 16 fragments each, every 100 ms, in one process.

The servers are in another process. Beside it, what pymodbus' own client costs that reads register by
register: CPU of one value, each.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from baigong.drivers.contract import Wanted
from baigong.drivers.modbus.driver import ModbusDriver
from bench.report import Line, ms
from bench.slaves import Slaves

_SERVERS, _FRAGMENTS, _LONG, _APART = 32, 16, 125, 225  # registers of a fragment, and from one to the next
_PERIOD_S = 0.1
_JITTER_S, _TIMES = 0.020, 8.0  # the gates


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    slaves = Slaves(_SERVERS)
    try:
        share, jitter, each_s = asyncio.run(_read(slaves.ports, 5 if short else 60))
        peer_s = asyncio.run(_peer(slaves.ports[0])) if peers else None
    finally:
        slaves.stop()
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
