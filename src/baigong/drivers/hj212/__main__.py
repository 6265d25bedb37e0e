"""A monitor to try things with: ``python -m baigong.drivers.hj212 --call 127.0.0.1:9502`` is a waste water outlet.

It tells pH, COD, ammonia nitrogen and the flow every five seconds, and minute values every minute.
"""

from __future__ import annotations

import asyncio
import math
import time

from baigong.drivers.hj212.sim import Simulator
from baigong.drivers.standin import arguments, run

_PERIOD_S = 600.0


def values(at_s: float) -> dict[str, object]:
    """Say what is measured at a moment (seconds since the epoch).

    >>> values(150.0)["real:w01018-Rtd"]
    70.0
    """
    swing = math.sin(2 * math.pi * at_s / _PERIOD_S)
    cod, ammonia = round(55 + 15 * swing, 2), round(4.2 + 0.6 * swing, 3)
    real = {"w01001": round(7.4 + 0.2 * swing, 2), "w01018": cod, "w21003": ammonia, "w00000": round(12 - 3 * swing, 2)}
    made: dict[str, object] = {}
    for code, value in real.items():
        made |= {f"real:{code}-Rtd": value, f"real:{code}-Flag": "N"}
        made |= {f"minute:{code}-{what}": value for what in ("Min", "Avg", "Max")} | {f"minute:{code}-Flag": "N"}
    return made


async def serve(port: int, call: str, mn: str) -> None:
    """Serve until cancelled."""
    device = Simulator(values(time.time()), mn=mn, port=port)
    if call:
        host, _, number = call.rpartition(":")
        device.call(host, int(number))
        print(f"monitor {mn} calls {call}; Ctrl-C stops", flush=True)
    else:
        await device.start()
        print(f"monitor {mn} waits at 127.0.0.1:{device.port}; Ctrl-C stops", flush=True)
    beats = 0
    try:
        while True:
            await asyncio.sleep(5.0)
            beats += 1
            device.values = values(time.time())
            await device.tell("real")
            if beats % 12 == 0:
                await device.tell("minute")
    finally:
        await device.stop()


def main() -> None:
    parser = arguments("hj212", "A monitor to try things with.", port=9503)
    parser.add_argument("--call", default="", help="HOST:PORT of a gateway that it dials instead")
    parser.add_argument("--mn", default="010000A8900016F000169DC0")
    run(serve, parser)


if __name__ == "__main__":
    main()
