"""A PLC to try things with: ``python -m baigong.drivers.modbus`` serves a small pump station over Modbus TCP.

With ``--call 127.0.0.1:9502 --registration DTU0001`` it lies behind a DTU that dials there, and speaks RTU.

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

import math
import time
from contextlib import AsyncExitStack
from typing import Any

from baigong.drivers.modbus.dtu import Dtu
from baigong.drivers.modbus.sim import Ranges, Simulator
from baigong.drivers.standin import arguments, move, run

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


async def serve(host: str, port: int, unit: int, call: str, registration: str) -> None:
    """Serve until cancelled."""
    transport = "rtu-over-tcp" if call else "tcp"
    held = registers(time.time())
    async with AsyncExitStack() as stack:
        made = Simulator(_RANGES, values=held, host=host, port=0 if call else port, unit=unit, transport=transport)
        device = await stack.enter_async_context(made)
        if call:
            to, _, number = call.rpartition(":")
            await stack.enter_async_context(
                Dtu((to, int(number)), device.port, registration.encode(), heartbeat=b"PING", beat_s=10.0)
            )
            print(f"a DTU calls {call} as {registration!r}, unit {unit}; heartbeat PING; Ctrl-C stops", flush=True)
        else:
            print(f"a pump station answers at {host}:{device.port}, unit {unit}; Ctrl-C stops", flush=True)
        await move(device.update, registers)


def main() -> None:
    parser = arguments("modbus", "A PLC to try things with.", port=5020, host="127.0.0.1")
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--call", default="", help="HOST:PORT of a gateway that is dialled, as a DTU does")
    parser.add_argument("--registration", default="DTU0001", help="what the DTU says first")
    run(serve, parser)


if __name__ == "__main__":
    main()
