"""A PLC to try things with: ``python -m baigong.drivers.mc`` serves a press over MC protocol, 3E and 4E, TCP and UDP.

=============  =================================================
address        meaning
=============  =================================================
D100:real      force, kN: swings between 200 and 400 in a minute
D102:dint      strokes, a counter
M10            running
D110:string16  tool
=============  =================================================
"""

from __future__ import annotations

import math
import time
from typing import Any

from baigong.drivers.mc.sim import Simulator
from baigong.drivers.standin import arguments, move, run

_PERIOD_S = 60.0


def memory(at_s: float) -> dict[str, Any]:
    """Say what the devices hold at a moment (seconds since the epoch).

    >>> memory(15.0)["d100:real"]
    400.0
    """
    force = 300.0 + 100.0 * math.sin(2 * math.pi * at_s / _PERIOD_S)
    return {"d100:real": force, "d102:dint": int(at_s) % 1_000_000, "m10": True, "d110:string16": "TOOL-7"}


async def serve(host: str, port: int) -> None:
    """Serve until cancelled."""
    async with Simulator(values=memory(time.time()), host=host, port=port) as plc:
        print(f"a press answers at {host}:{plc.port}; Ctrl-C stops", flush=True)
        await move(plc.update, memory)


def main() -> None:
    run(serve, arguments("mc", "A PLC to try things with.", port=5007, host="127.0.0.1"))


if __name__ == "__main__":
    main()
