"""Row 21: S7, MC and FINS: 100 PLCs × 200 tags at 1 s, in one process, each in front of its simulator in another."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from baigong.drivers.contract import Wanted
from baigong.drivers.manifest import manifest
from bench.report import Line, ms

_PLCS, _TAGS = 100, 200
_GATE_S = 1.0  # a reading is over when the next is due
_GAPS = (0, 0, 1, 4, 20)  # words between two tags of 32 bits: what programs look like
_NOTATION = {"s7": ("db1.{}:real", "db1", 2), "mc": ("d{}:real", "d", 1), "fins": ("d{}:real", "d", 1)}


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return [_measured(driver, 10 if short else 60) for driver in _NOTATION]


def _addresses(driver: str) -> tuple[list[str], int]:
    """The tags, and how long the memory is."""
    notation, _, step = _NOTATION[driver]
    chosen, made, at = random.Random(1), [], 0
    for _ in range(_TAGS):
        at += chosen.choice(_GAPS)
        made.append(notation.format(at * step))
        at += 2
    return made, at * step


def _measured(driver: str, seconds: int) -> Line:
    serving = [sys.executable, "-m", "bench.polled", driver]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True) as plcs:
        try:
            assert plcs.stdout
            ports = json.loads(plcs.stdout.readline())
            share, waited, requests = asyncio.run(_read(driver, ports, seconds))
        finally:
            plcs.kill()
    waited.sort()
    p50, p99 = waited[len(waited) // 2], waited[int(0.99 * len(waited))]
    told = f"{share:.0f} % of a core, a reading p50 {ms(p50)}, p99 {ms(p99)}, {requests:.1f} requests"
    what = f"{manifest(driver).title.en}: {_PLCS} PLCs × {_TAGS} tags at 1 s (CPU)"
    return Line(21, what, told, gate=f"p99 {ms(_GATE_S)}", durability="", passed=p99 <= _GATE_S)


async def _read(driver: str, ports: list[int], seconds: int) -> tuple[float, list[float], float]:
    """Read every PLC each second: CPU share in %, seconds of each reading, requests of one."""
    points = [Wanted(i, address) for i, address in enumerate(_addresses(driver)[0])]
    plcs = [manifest(driver).open({"host": "127.0.0.1", "port": port, "timeout_s": 5}) for port in ports]
    for plc in plcs:
        await plc.__aenter__()
        await plc.read(points)
    waited: list[float] = []
    before = (await plcs[0].health()).counters["requests"]
    cpu_s, began = time.process_time(), time.monotonic()

    async def poll(number: int, plc: Any) -> None:
        for turn in range(seconds):
            await asyncio.sleep(began + number / len(plcs) + turn - time.monotonic())
            asked = time.monotonic()
            frame = await plc.read(points)
            waited.append(time.monotonic() - asked)
            assert frame.num_rows == _TAGS

    await asyncio.gather(*(poll(number, plc) for number, plc in enumerate(plcs)))
    share = (time.process_time() - cpu_s) / (time.monotonic() - began) * 100
    requests = ((await plcs[0].health()).counters["requests"] - before) / seconds
    for plc in plcs:
        await plc.__aexit__(None, None, None)
    return share, waited, requests


async def _serve(driver: str) -> None:
    _, area, _ = _NOTATION[driver]
    made = import_module(f"baigong.drivers.{driver}.sim").Simulator
    plcs = [made({area: _addresses(driver)[1] + 8}) for _ in range(_PLCS)]
    for plc in plcs:
        await plc.start()
    print(json.dumps([plc.port for plc in plcs]), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
