"""``python -m baigong.plant CONFIG.json``: the demo plant as a process of its own.

The file holds ``{"scenario": path, "ports": {…}, "door": {…}}``; it carries the sensors' passwords, so whoever
writes it keeps it from others. Prints ``ready`` when every server answers; ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from baigong.plant.points import Ports
from baigong.plant.publishers import FrontDoor
from baigong.plant.servers import run_plant
from baigong.vocab.errors import BaigongError


class PlantConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the process is told."""

    scenario: str
    ports: Ports = Ports()
    door: FrontDoor | None = None


async def _run(config: PlantConfig) -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)  # it warns of what we chose: no security on loopback
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C ends the process as it is
            loop.add_signal_handler(number, stop.set)
    await run_plant(config.ports, config.door, Path(config.scenario), stop, lambda: print("ready", flush=True))


def main() -> int:
    """Run until told to stop; 0, or 2 with one line about what is wrong."""
    try:
        config = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=PlantConfig)
        asyncio.run(_run(config))
    except IndexError:
        print(__doc__, file=sys.stderr)
        return 2
    except (OSError, msgspec.MsgspecError, BaigongError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
