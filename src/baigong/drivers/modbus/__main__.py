"""A PLC to try things with: ``python -m baigong.drivers.modbus`` serves a small pump station over Modbus TCP.

=================  ==============================================
address            meaning
=================  ==============================================
holding:0:float32  flow, m3/h: swings between 35 and 55 in a minute
holding:2:float32  pressure, bar: falls as the flow rises
holding:4:int16    motor temperature, 0.1 Cel
holding:5:uint16   starts, a counter
coil:0             running
=================  ==============================================
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from typing import Any

from baigong.drivers.modbus.sim import Ranges, Simulator

_RANGES: Ranges = {"holding": [(0, 16)], "coil": [(0, 16)]}
_PERIOD_S = 60.0


def registers(at_s: float) -> dict[str, Any]:
    """Say what the registers hold at a moment (seconds since the epoch).

    >>> registers(15.0)["holding:0:float32"]
    55.0
    """
    swing = math.sin(2 * math.pi * at_s / _PERIOD_S)
    flow = 45.0 + 10.0 * swing
    return {
        "holding:0:float32": flow,
        "holding:2:float32": 5.6 - 0.0008 * flow * flow,  # the curve of a centrifugal pump
        "holding:4:int16": round(10 * (52.0 + 3.0 * swing)),
        "holding:5:uint16": int(at_s / 3600) % 65_536,
        "coil:0": True,
    }


async def serve(host: str, port: int, unit: int) -> None:
    """Serve until cancelled."""
    async with Simulator(_RANGES, values=registers(time.time()), host=host, port=port, unit=unit) as device:
        print(f"a pump station answers at {host}:{device.port}, unit {unit}; Ctrl-C stops", flush=True)
        while True:
            await asyncio.sleep(0.2)
            await device.update(registers(time.time()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m baigong.drivers.modbus", description="A PLC to try things with.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5020, help="0 lets the system choose")
    parser.add_argument("--unit", type=int, default=1)
    given = parser.parse_args()
    try:
        asyncio.run(serve(given.host, given.port, given.unit))
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
