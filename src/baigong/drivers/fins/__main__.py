"""A PLC to try things with: ``python -m baigong.drivers.fins`` serves an oven over FINS, TCP and UDP.

=============  =======================================================
address        meaning
=============  =======================================================
D100:real      temperature, °C: swings between 180 and 220 in a minute
D102:dword     trays, a counter
W10.03         running
D110:string16  recipe
=============  =======================================================
"""

from __future__ import annotations

import math
import time
from typing import Any

from baigong.drivers.fins.sim import Simulator
from baigong.drivers.standin import arguments, move, run

_PERIOD_S = 60.0


def memory(at_s: float) -> dict[str, Any]:
    """Say what the memory holds at a moment (seconds since the epoch).

    >>> memory(15.0)["d100:real"]
    220.0
    """
    temperature = 200.0 + 20.0 * math.sin(2 * math.pi * at_s / _PERIOD_S)
    return {"d100:real": temperature, "d102:dword": int(at_s) % 1_000_000, "w10.03": True, "d110:string16": "RYE-2"}


async def serve(host: str, port: int) -> None:
    """Serve until cancelled."""
    async with Simulator(values=memory(time.time()), host=host, port=port) as plc:
        print(f"an oven answers at {host}:{plc.port}; Ctrl-C stops", flush=True)
        await move(plc.update, memory)


def main() -> None:
    run(serve, arguments("fins", "A PLC to try things with.", port=9600, host="127.0.0.1"))


if __name__ == "__main__":
    main()
