"""Meters to try things with: ``python -m baigong.drivers.dlt645`` serves two on one line, as a serial server does.

================================  ============================================
address                           meaning
================================  ============================================
00010000                          forward active energy, kWh: counts
02010100, 02010200, 02010300      voltages, V: move around 230
02030000                          active power, kW: swings between 2 and 4
relay                             closed; password 02123456
000000000002!00010000             energy of the second meter
================================  ============================================
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

from baigong.drivers.dlt645.sim import Simulator
from baigong.drivers.standin import arguments, run

METERS = ("000000000001", "000000000002")
_PERIOD_S = 60.0


def memory(at_s: float) -> dict[str, Any]:
    """Say what a meter holds at a moment (seconds since the epoch).

    >>> memory(15.0)["02030000"]
    4.0
    """
    swing = math.sin(2 * math.pi * at_s / _PERIOD_S)
    volts = {f"0201{phase:02d}00": round(230.0 + phase * swing, 1) for phase in (1, 2, 3)}
    energies = {f"0001{i:02d}00": round(at_s % 1e8 / 1200 / (1 if i == 0 else 4), 2) for i in range(5)}
    return (
        {"02030000": round(3.0 + swing, 4), "02060000": 0.95, "02800002": 50.0, "04000101": "26010104"}
        | volts
        | energies
    )


async def serve(host: str, port: int) -> None:
    """Serve until cancelled."""
    now = memory(time.time())
    async with Simulator(dict.fromkeys(METERS, now), host=host, port=port) as line:
        print(f"meters {' and '.join(METERS)} answer at {host}:{line.port}; Ctrl-C stops", flush=True)
        while True:
            await asyncio.sleep(0.5)
            now = memory(time.time())
            await line.update({f"{meter}!{address}": now[address] for meter in METERS for address in now})


def main() -> None:
    run(serve, arguments("dlt645", "Meters to try things with.", port=8899, host="127.0.0.1"))


if __name__ == "__main__":
    main()
