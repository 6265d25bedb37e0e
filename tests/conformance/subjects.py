"""Where each driver brings itself to the exam: one file ``subject_<id>.py`` per driver, found by its name.

A file defines one async context manager, ``subject()``, which starts the driver's own ``sim.py`` on a port
the system chose and yields a ``Subject``::

    # tests/conformance/subject_mqtt.py
    from contextlib import asynccontextmanager
    from subjects import Subject

    @asynccontextmanager
    async def subject():
        async with Simulator(port=0) as device:
            yield Subject(
                driver="mqtt",
                options={"host": "127.0.0.1", "port": device.port},
                good={"plant/pump1/flow": 4.5, "plant/pump1/name": "P1"},
                unknown="plant/nowhere",
                kill=device.stop,
                restart=device.start,       # on the same port, with the same values
                dead={"host": "127.0.0.1", "port": free_port()},
                at=lambda port: {"host": "127.0.0.1", "port": port},
            )

``test_exam.py`` and ``test_exam_links.py`` then ask it everything. Nothing else is to be registered.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baigong.drivers.contract import Driver, Wanted
from baigong.drivers.switched import Addressed

HERE = Path(__file__).parent


async def _nothing() -> None:
    return None


async def _read(driver: Driver, address: str) -> Any:
    (row,) = (await driver.read([Wanted(1, address)])).to_pylist()
    return next((row[name] for name in ("value", "whole", "text") if row[name] is not None), None)


@dataclass(slots=True)
class Subject:
    """A driver in front of its simulator.

    ``good``: address -> raw value the device holds now, numbers or strings; an Ellipsis where it moves. At least
    two addresses. ``unknown``: a well-formed address that the device does not have. ``kill``: the device is gone
    at once, as if unplugged; ``restart``: it is back at the same place. ``dead``: options that lead to nobody
    (None: the driver has no device and the questions about links do not apply). ``at``: the options that lead to
    a TCP port of 127.0.0.1, where the exam puts devices that are silent or talk nonsense. ``stir``: makes the
    device change the good points, so that ``watch`` has something to tell. ``remembers_s``: how far back
    ``history`` can be asked, when claimed.
    """

    driver: str
    options: dict[str, Any]
    good: dict[str, Any]
    unknown: str
    kill: Callable[[], Awaitable[None]] = _nothing
    restart: Callable[[], Awaitable[None]] = _nothing
    dead: dict[str, Any] | None = None
    at: Callable[[int], dict[str, Any]] | None = None
    stir: Callable[[], Awaitable[None]] = _nothing
    remembers_s: float = 60.0
    patience_s: float = 10.0  # how long one answer may take before the exam calls it a hang
    quick_s: float = 6.0  # how long finding out that nobody is there may take
    writes: dict[str, Any] = field(default_factory=dict)
    unwritable: dict[str, Any] = field(default_factory=dict)
    holds: Callable[[Driver, str], Awaitable[Any]] = _read
    numbers: dict[str, int] = field(default_factory=dict)

    def wanted(self, *more: str) -> list[Wanted]:
        """Number the good points from 1, then ``more``."""
        self.numbers = {address: i for i, address in enumerate([*self.good, *more], 1)}
        return [Wanted(number, address, 0.1) for address, number in self.numbers.items()]


def dialled(driver: str, device: Addressed, good: dict[str, Any], **more: Any) -> Subject:
    """A device that is dialled at its port, polled, and written to; ``more``: what else a Subject says of it."""
    ways: dict[str, Any] = {
        "options": device.options,
        "kill": device.stop,
        "restart": device.start,
        "dead": {"port": free_port()},
        "at": lambda port: {"port": port, "timeout_s": 0.5},
    }
    return Subject(driver=driver, good=good, **ways | more)


def free_port() -> int:
    """Return a TCP port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def subject_of(driver: str) -> Callable[[], AbstractAsyncContextManager[Subject]] | None:
    """Load ``subject_<driver>.py``, or return None where a driver has not come to the exam."""
    path = HERE / f"subject_{driver}.py"
    if not path.exists():
        return None
    name = f"conformance_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    made: Callable[[], AbstractAsyncContextManager[Subject]] = sys.modules[name].subject
    return made
