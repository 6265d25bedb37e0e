"""Modbus devices that count their answers: a count lost or told twice would show."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import struct
import sys
from pathlib import Path
from typing import Any

import psutil

from baigong.drivers.modbus.sim import Simulator
from tests.outage.rig import free_port

_SCAN = "20ms"


class Meter(Simulator):
    """In this process: stopping it closes its connections, as a pulled plug is noticed by a switch."""

    def __init__(self, **more: Any) -> None:
        super().__init__({"holding": [(0, 10)]}, **more)
        self.told = 0

    async def _action(self, function: int, first: int, address: int, count: int, registers: Any, values: Any) -> Any:
        if values is None:
            self.tell(self.told + 1)
            registers[:2] = divmod(self.told, 1 << 16)  # the answer is cut from these after we return
        return await super()._action(function, first, address, count, registers, values)

    def tell(self, count: int) -> None:
        self.told = count

    def spec(self, name: str) -> dict[str, Any]:
        return meter_spec(name, self.options)


class _Noting(Meter):
    """Writes every count into a shared page before it is sent, so that kill -9 cannot make it forget."""

    def __init__(self, page: mmap.mmap, **more: Any) -> None:
        super().__init__(**more)
        self._page = page
        (self.told,) = struct.unpack_from("<Q", page)

    def tell(self, count: int) -> None:
        super().tell(count)
        struct.pack_into("<Q", self._page, 0, count)


class MeterProcess:
    """The same device in a process of its own; ``stop`` is kill -9."""

    def __init__(self, folder: Path) -> None:
        self._page = folder / "meter.page"
        self._page.write_bytes(bytes(8))
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def told(self) -> int:
        return int(struct.unpack("<Q", self._page.read_bytes())[0])

    def spec(self, name: str) -> dict[str, Any]:
        return meter_spec(name, {"host": "127.0.0.1", "port": self._port})

    async def start(self) -> None:
        command = [sys.executable, "-m", "tests.outage.meters", str(self._page), str(self._port)]
        root = Path(__file__).parents[2]
        self._process = await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        await self._process.stdout.readline()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def meter_spec(name: str, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "device": name,
        "driver": "modbus",
        # long, since an answer that comes late to a busy machine is told and not heard; a plug pulled is seen at once
        "options": options | {"timeout_s": 10.0},
        "scan": {"default": _SCAN},
        "timeout_s": 20.0,
        "points": [{"name": f"{name}.count", "address": "holding:0:uint32"}],
    }


async def main(page: Path, port: int) -> None:
    with page.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
        meter = _Noting(shared, port=port)
        await meter.start()
        print("listening", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
