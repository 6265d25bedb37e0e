"""An agent to try things with: ``python -m baigong.drivers.mtconnect`` is a mill that moves its X axis.

The spindle overheats for ten seconds in every minute; a part is made every thirty.
"""

from __future__ import annotations

import asyncio
import math
import time

from baigong.drivers.mtconnect.sim import Agent
from baigong.drivers.standin import arguments, run

_PERIOD_S = 20.0


def act(agent: Agent, at_s: float) -> None:
    """Observe what a mill does at a moment (seconds since the epoch)."""
    x = 150.0 + 100.0 * math.sin(2 * math.pi * at_s / _PERIOD_S)
    agent.set("Xact", f"{x:.3f}")
    agent.set("path_pos", f"{x:.3f} 20.0 -5.0")
    agent.set("Xload", f"{35 + 10 * math.cos(2 * math.pi * at_s / _PERIOD_S):.1f}")


async def serve(port: int) -> None:
    """Serve until cancelled."""
    async with Agent(port=port) as agent:
        print(f"an agent answers at {agent.url}; Ctrl-C stops", flush=True)
        for item, text in (("avail", "AVAILABLE"), ("exec", "ACTIVE"), ("program", "0042"), ("parts", "0")):
            agent.set(item, text)
        agent.set("temp", level="Normal")
        hot, parts = False, 0
        while True:
            await asyncio.sleep(0.5)
            now = time.time()
            act(agent, now)
            if hot != (now % 60 > 50):
                hot = not hot
                agent.set(
                    "temp", "spindle too hot" if hot else "", level="Fault" if hot else "Normal", nativeCode="T42"
                )
            if int(now / 30) % 1000 != parts:
                parts = int(now / 30) % 1000
                agent.set("parts", str(parts))


def main() -> None:
    run(serve, arguments("mtconnect", "An agent to try things with.", port=5000))


if __name__ == "__main__":
    main()
