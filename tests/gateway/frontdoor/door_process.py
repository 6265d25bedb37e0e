"""A front door as a process of its own, for tests that kill it: ``python door_process.py FOLDER PORT``.

Its sink appends values to FOLDER/values and fsyncs before it returns, as the stream would.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pyarrow as pa

from baigong.gateway.frontdoor import FoundPoint, FrontDoor, Options
from baigong.gateway.frontdoor.options import Machine


class FileSink:
    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    async def store(self, partition: str, tenant: str, frame: pa.RecordBatch) -> None:
        await asyncio.to_thread(self._append, frame)

    def _append(self, frame: pa.RecordBatch) -> None:
        self._file.write("".join(f"{int(value)}\n" for value in frame["value"].to_pylist()).encode())
        self._file.flush()
        os.fsync(self._file.fileno())


async def main(folder: Path, port: int) -> None:
    async def credentials(username: str, password: bytes, client_id: str) -> Machine:
        return Machine("demo", "press1", ("#",), ("#",))

    async def register(tenant: str, device: str, points: list[FoundPoint]) -> None:
        return None

    door = FrontDoor(
        sink=FileSink(folder / "values"),
        credentials=credentials,
        register_points=register,
        options=Options(port=port, file=folder / "mqtt.sqlite"),
    )
    await door.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
