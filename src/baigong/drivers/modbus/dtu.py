"""A 4G DTU in this process: it dials a gateway, says its registration, beats its heart, and passes telegrams on.

Behind it lies a ``Simulator`` (RTU over TCP, or TCP): what its serial port is wired to.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self


class Dtu:
    """``at``: where it dials; ``behind``: the port of this machine on which its devices answer."""

    def __init__(
        self, at: tuple[str, int], behind: int, registration: bytes, *, heartbeat: bytes = b"", beat_s: float = 30.0
    ) -> None:
        self._at, self._behind = at, behind
        self._registration, self._heartbeat, self._beat_s = registration, heartbeat, beat_s
        self._work: asyncio.Task[None] | None = None
        self.hung_up = asyncio.Event()  # the far side has ended a call
        self.called = 0

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self) -> None:
        """Dial, and dial again whenever a call ends."""
        self._work = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Be gone at once."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})

    async def _run(self) -> None:
        while True:
            with suppress(OSError, ExceptionGroup):
                await self._call()
            await asyncio.sleep(0.2)

    async def _call(self) -> None:
        reader, writer = await asyncio.open_connection(*self._at)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        self.called += 1
        try:
            writer.write(self._registration)
            async with asyncio.TaskGroup() as group:
                beating = group.create_task(self._beat(writer))
                inward = group.create_task(self._pass(reader, inner_writer))
                outward = group.create_task(self._pass(inner_reader, writer))
                await asyncio.wait({inward, outward}, return_when=asyncio.FIRST_COMPLETED)
                for task in (beating, inward, outward):
                    task.cancel()
        finally:
            self.hung_up.set()
            for one in (writer, inner_writer):
                one.transport.abort()

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        while self._heartbeat:
            await asyncio.sleep(self._beat_s)
            writer.write(self._heartbeat)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
