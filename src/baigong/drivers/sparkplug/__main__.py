"""Something to try: ``python -m baigong.drivers.sparkplug`` is a broker with an edge node Plant/Line4 and a press.

=============================  =========================================
address                        meaning
=============================  =========================================
Plant/Line4/Press3#Force       kN: swings between 200 and 400 in a minute
Plant/Line4/Press3#Strokes     a counter
Plant/Line4/Press3#Speed/Set   strokes a minute; can be commanded
Plant/Line4#Product            text
=============================  =========================================
"""

from __future__ import annotations

import asyncio
import math
import time

from baigong.drivers.sparkplug.sim import Simulator
from baigong.drivers.standin import arguments, run

VALUES = {
    "Plant/Line4/Press3#Force": ("Double", 300.0),
    "Plant/Line4/Press3#Strokes": ("UInt32", 0),
    "Plant/Line4/Press3#Speed/Set": ("Int32", 24),
    "Plant/Line4#Product": ("String", "Kotflügel"),
}


def force(at_s: float) -> float:
    """Say what the press pushes with at a moment (seconds since the epoch).

    >>> force(15.0)
    400.0
    """
    return 300.0 + 100.0 * math.sin(2 * math.pi * at_s / 60.0)


async def serve(port: int) -> None:
    """Serve until cancelled."""
    async with Simulator(VALUES, port=port, every_s=1.0) as broker:
        print(f"a broker with an edge node answers at 127.0.0.1:{broker.port}; Ctrl-C stops", flush=True)
        while True:
            await asyncio.sleep(0.5)
            kind, _ = broker.held["Press3", "Force"]
            broker.held["Press3", "Force"] = (kind, force(time.time()))
            broker.held["Press3", "Strokes"] = (broker.held["Press3", "Strokes"][0], int(time.time()) % 1_000_000)


def main() -> None:
    run(serve, arguments("sparkplug", "Something to try.", port=1884))


if __name__ == "__main__":
    main()
