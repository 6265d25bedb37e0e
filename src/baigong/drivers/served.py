"""A listener for simulators of devices that answer requests: by TCP and, at the same port, by UDP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from baigong.drivers.switched import Switched

Session = Callable[[bytes], tuple[int, bytes]]
"""Takes one request off what came: (bytes used, answer); 0 used: wait for more. ValueError: hang up."""


class Served(Switched):
    """Serves sessions."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests = 0

    def session(self, *, datagrams: bool = False) -> Session:
        """Begin to serve a connection."""
        raise NotImplementedError

    async def start(self) -> None:
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # somebody else's port: then by TCP only
            where = (self.host, self.port)
            self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=where)

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        if self._datagrams is not None:
            self._datagrams.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await server.wait_closed()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        answer, held = self.session(), b""
        try:
            while came := await reader.read(4096):
                held += came
                used = -1
                while held and used:
                    used, reply = answer(held)
                    held = held[used:]
                    self.requests += bool(used)
                    writer.write(reply)
                await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, served: Served) -> None:
        self._answer = served.session(datagrams=True)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        with suppress(ValueError):
            used, reply = self._answer(data)
            if used and reply:
                self._transport.sendto(reply, address)
