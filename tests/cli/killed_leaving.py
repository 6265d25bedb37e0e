"""A platform that is killed while it deletes a company: ``python -m tests.cli.killed_leaving DATA PLACE``.

It is a whole platform, which kills itself with SIGKILL when it comes to PLACE; see ``PLACES``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from baigong.historian import owner
from baigong.registry import leaving
from baigong.registry.leaving import Departures
from baigong.registry.machines import Certificates
from tests.cli.plants import platform


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(where: Any, name: str) -> Callable[[], None]:
    return lambda: setattr(where, name, die)


def _after(where: Any, name: str) -> Callable[[], None]:
    """Kill when the work is done once, before anybody learns of it."""

    def place() -> None:
        work = getattr(where, name)

        async def last(*given: Any, **named: Any) -> None:
            await work(*given, **named)
            die()

        setattr(where, name, last)

    return place


def _amid(where: Any, name: str, path: Callable[..., Path]) -> Callable[[], None]:
    """Kill when one file of a folder that is being deleted is gone."""

    def half(*given: Any, **_: Any) -> None:
        next(one for one in sorted(path(*given).rglob("*")) if one.is_file()).unlink()
        die()

    return lambda: setattr(where, name, half)


PLACES: dict[str, Callable[[], None]] = {
    "it is decided, nothing is done": _before(Departures, "_end_machines"),
    "a certificate is revoked": _after(Certificates, "revoke"),
    "no table names its values, the disk has them": _before(owner, "erase"),
    "some of its files are off the disk": _amid(
        owner, "erase", lambda root, tenant: root / "telemetry" / f"tenant={tenant}"
    ),
    "half of its configuration is gone": _amid(leaving, "_remove", lambda folder: folder),
    "the last transaction is not closed": _before(leaving, "append"),
    "the log has it, freed pages are not overwritten": _before(Departures, "_forget"),
}


async def main(data: Path) -> None:
    async with platform(data) as made:
        assert made.departures is not None
        await asyncio.Event().wait()


if __name__ == "__main__":
    PLACES[sys.argv[2]]()
    asyncio.run(main(Path(sys.argv[1])))
