"""A cable between the platform and a device, which can be cut, slowed, and made to lead to somebody else."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import random
import socket
import struct
from typing import Literal

Trouble = Literal["", "cut", "hung", "garbage", "slow"]
_ATTACH, _DETACH = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER of Linux
_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # a packet filter that lets nothing through
_SLOW_S = 0.4  # for each piece of at most as many bytes
_PIECE = 64


class Wire:
    """``port`` leads to ``target``. What the platform's side sees of each trouble is what a plant would do to it.

    ``cut``: packets vanish and nothing is answered, connections stay as they are; ``hung``: connections are
    accepted and nothing is said; ``garbage``: each piece of an answer is random bytes; ``slow``: pieces come late.
    """

    def __init__(self, target: int, rng: random.Random) -> None:
        self.target = target
        self.port = 0
        self._rng = rng
        self._trouble: Trouble = ""
        self._fine = asyncio.Event()
        self._fine.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._fine.set()
        for writer in list(self._open):
            writer.transport.abort()
        if self._serving:
            await asyncio.wait(self._serving, timeout=2.0)

    def trouble(self, what: Trouble) -> None:
        self._trouble = what
        if what in ("cut", "hung"):
            self._fine.clear()
        else:
            self._fine.set()
        listening = self._server.sockets if self._server else ()
        for one in [*listening, *(w.get_extra_info("socket") for w in self._open)]:
            _filter(one, what == "cut")

    def lead_to(self, target: int) -> None:
        """Put another device behind the address: connections end, and new ones reach the other."""
        self.target = target
        for writer in list(self._open):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connect(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._fine.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._open.add(far_writer)
            try:
                await asyncio.gather(self._pump(reader, far_writer, False), self._pump(far_reader, writer, True))
            finally:
                self._open.discard(far_writer)
                far_writer.close()
        except OSError:  # the device is gone: so is the connection to it
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE if self._trouble == "slow" else 1 << 16):
                await self._fine.wait()
                if self._trouble == "slow":
                    await asyncio.sleep(_SLOW_S)
                if self._trouble == "garbage" and answers:
                    data = self._rng.randbytes(self._rng.randrange(1, 80))
                writer.write(data)
                await writer.drain()
        writer.close()


def _filter(one: socket.socket, closed: bool) -> None:
    with contextlib.suppress(OSError):  # a connection that is just ending, or had no filter
        if closed:
            one.setsockopt(socket.SOL_SOCKET, _ATTACH, struct.pack("HP", 1, ctypes.addressof(_NOTHING)))
        else:
            one.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
