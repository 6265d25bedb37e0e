"""A PLC to try things with: ``python -m baigong.drivers.s7`` serves a packing machine over S7 communication.

=================  ==============================================
address            meaning
=================  ==============================================
DB1.DBD4:real      speed, m/min: swings between 20 and 40 in a minute
DB1.DBD8:udint     packed, a counter
DB1.DBX0.3         running
DB1.12:string16    product
=================  ==============================================
"""

from __future__ import annotations

import math
import time
from typing import Any

from baigong.drivers.s7.sim import Simulator
from baigong.drivers.standin import arguments, move, run

_PERIOD_S = 60.0


def memory(at_s: float) -> dict[str, Any]:
    """Say what the data block holds at a moment (seconds since the epoch).

    >>> memory(15.0)["db1.4:real"]
    40.0
    """
    speed = 30.0 + 10.0 * math.sin(2 * math.pi * at_s / _PERIOD_S)
    return {
        "db1.4:real": speed,
        "db1.8:dword": int(at_s) % 1_000_000,
        "db1.0.3": True,
        "db1.12:string16": "Kartoffelmehl",
    }


async def serve(host: str, port: int) -> None:
    """Serve until cancelled."""
    async with Simulator({"db1": 100}, values=memory(time.time()), host=host, port=port) as plc:
        print(f"a packing machine answers at {host}:{plc.port}, rack 0, slot 1; Ctrl-C stops", flush=True)
        await move(plc.update, memory)


def main() -> None:
    run(serve, arguments("s7", "A PLC to try things with.", port=1102, host="127.0.0.1"))


if __name__ == "__main__":
    main()
