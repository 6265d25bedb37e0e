"""A child process that runs what is not ours, seen from the parent: started, asked, killed at its deadline."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from baigong.sandbox import wire

_START = "import sys;sys.path[:0]=sys.argv[3].split({sep!r});import {module} as m;m.{function}(int(sys.argv[2]))"
# Threads that libraries start at import would stand outside the walls; one malloc arena keeps address space small.
_ENVIRONMENT = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "MALLOC_ARENA_MAX": "2", "LC_CTYPE": "C.UTF-8"}


class ChildDied(Exception):
    """The child ended, or said something that is no answer."""


class Child:
    """One process; not reusable after ``kill``. Requests one at a time."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @classmethod
    def spawn(cls, entry: str) -> Child:
        """Start ``python -I -S`` on ``module:function``, with one socket and no environment of ours."""
        module, _, function = entry.partition(":")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        code = _START.format(sep=os.pathsep, module=module, function=function)
        path = os.pathsep.join(p for p in sys.path if p and Path(p).is_dir())
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", "-c", code, "baigong-sandbox", str(theirs.fileno()), path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(_ENVIRONMENT),
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,  # Ctrl-C in a terminal is for the parent
            )
        finally:
            theirs.close()
        return cls(process, ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def send(self, descriptors: Sequence[int]) -> None:
        """Send one request (see ``wire``). Raises ChildDied."""
        try:
            if self._reader is None:
                # a duplicate: asyncio owns one, and sending descriptors needs the plain socket
                duplicate = self._channel.dup()
                duplicate.setblocking(False)
                self._reader, self._writer = await asyncio.open_unix_connection(sock=duplicate)
            wire.send_request(self._channel, descriptors)
        except (OSError, ValueError) as error:
            raise ChildDied("the child is gone") from error

    async def receive(self, max_bytes: int) -> tuple[int, bytes, bytearray]:
        """Wait for the end of an answer: (END, HELLO or ERROR; its header; the Arrow stream before it)."""
        if self._reader is None:
            raise ChildDied("nothing was asked")
        arrow = bytearray()
        try:
            while True:
                kind, length = wire.PIECE.unpack(await self._reader.readexactly(wire.PIECE.size))
                if length + len(arrow) > max_bytes:
                    raise ChildDied(f"the child sent more than {max_bytes} bytes")
                raw = await self._reader.readexactly(length)
                if kind != wire.ARROW:
                    return kind, raw, arrow
                arrow += raw
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ChildDied("the child ended without an answer") from error

    async def kill(self) -> None:
        """End the process now and wait until it is gone."""
        self._process.kill()
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._channel.close()
        await asyncio.to_thread(self._process.wait)
