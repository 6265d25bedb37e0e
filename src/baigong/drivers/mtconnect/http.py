"""HTTP/1.1 to an agent: connects to judged addresses only, and reads streams that do not end part by part."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import h11

from baigong.drivers.contract import first_open
from baigong.drivers.mtconnect.settings import Settings
from baigong.drivers.mtconnect.xml import MOST
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

_CHUNK = 1 << 16


class Exchange:
    """One request and its answer, over a connection of its own. Use ``async with``."""

    def __init__(self, settings: Settings, path: str) -> None:
        self._settings, self._path = settings, path
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 16)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.status = 0
        self.headers: dict[str, str] = {}

    async def __aenter__(self) -> Exchange:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await first_open(self._settings.connect_to or [self._settings.host], self._open)
                await self._ask()
        except BaseException as error:
            await self.close()
            raise _named(error, self._settings) from error
        return self

    async def __aexit__(self, *ignored: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; waits a moment for the system to let go of it."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.transport.abort()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def _open(self, address: str) -> None:
        chosen = self._settings
        tls: dict[str, Any] = {}
        if chosen.is_https:
            tls = {"ssl": _context(chosen.ca), "server_hostname": chosen.host}
        self._reader, self._writer = await asyncio.open_connection(address, chosen.port, **tls)

    async def _ask(self) -> None:
        assert self._writer is not None  # noqa: S101 - opened just before
        headers = [("Host", self._settings.authority), ("Accept", "text/xml"), ("User-Agent", "Baigong")]
        raw = self._http.send(h11.Request(method="GET", target=self._settings.path + self._path, headers=headers))
        self._writer.write((raw or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        event = await self._event()
        while isinstance(event, h11.InformationalResponse):
            event = await self._event()
        if not isinstance(event, h11.Response):
            raise RetryLater("driver.protocol", "the agent gave no answer")
        self.status = event.status_code
        self.headers = {name.decode().lower(): value.decode("latin-1") for name, value in event.headers}

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            assert self._reader is not None  # noqa: S101 - opened before
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    async def data(self, limit_s: float) -> bytes:
        """Return the next bytes of the answer; none at its end. Raises driver.timeout after ``limit_s`` of silence."""
        try:
            async with asyncio.timeout(limit_s):
                event = await self._event()
        except (OSError, TimeoutError, h11.RemoteProtocolError) as error:
            raise _named(error, self._settings) from error
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def body(self) -> bytes:
        """Return the whole answer."""
        made = bytearray()
        while piece := await self.data(self._settings.timeout_s):
            made += piece
            if len(made) > MOST:
                raise RetryLater("driver.protocol", "the agent's answer does not end", place=self._settings.place)
        return bytes(made)

    async def parts(self, silence_s: float) -> AsyncIterator[bytes]:
        """Yield the parts of a multipart/x-mixed-replace stream (RFC 2046, 5.1), as long as it goes."""
        boundary = _boundary(self.headers.get("content-type", ""))
        if not boundary:
            yield await self.body()
            return
        held = b""
        while piece := await self.data(silence_s):
            held += piece
            while (taken := _part(held, boundary)) is not None:
                part, held = taken
                yield part
            if len(held) > MOST:
                raise RetryLater("driver.protocol", "a part of the stream does not end", place=self._settings.place)


def _boundary(content_type: str) -> bytes:
    for field in content_type.split(";")[1:]:
        name, _, value = field.strip().partition("=")
        if name.lower() == "boundary":
            return b"--" + value.strip('"').encode("latin-1")
    return b""


def _part(held: bytes, boundary: bytes) -> tuple[bytes, bytes] | None:
    r"""Take one whole part off a stream: (its body, the rest).

    >>> _part(b"--x\r\nContent-length: 2\r\n\r\nab\r\n--x", b"--x")
    (b'ab', b'\r\n--x')
    """
    start = held.find(boundary)
    head = held.find(b"\r\n\r\n", start)
    if start < 0 or head < 0:
        return None
    for line in held[start:head].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            end = head + 4 + int(value)
            return (held[head + 4 : end], held[end:]) if len(held) >= end else None
    end = held.find(boundary, head)
    return (held[head + 4 : end].rstrip(b"\r\n"), held[end:]) if end >= 0 else None


def _context(ca: str) -> ssl.SSLContext:
    try:
        inline = ca.startswith("-----BEGIN")
        return ssl.create_default_context(cafile=None if inline else ca or None, cadata=ca if inline else None)
    except (OSError, ssl.SSLError) as error:
        raise FixConfiguration("driver.file", "ca: this file holds no certificates", place="ca") from error


def _named(error: BaseException, settings: Settings) -> BaseException:
    """Name what went wrong on the way to an agent; what is named already, and a cancellation, stay as they are."""
    place = settings.place
    if isinstance(error, BaigongError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return FixConfiguration("driver.certificate", f"the agent's certificate: {error.verify_message}", place=place)
    if isinstance(error, TimeoutError):
        return RetryLater("driver.timeout", f"no answer within {settings.timeout_s:g} s", place=place)
    if isinstance(error, h11.RemoteProtocolError):
        return RetryLater("driver.protocol", f"the answer is not HTTP: {error}", place=place)
    if isinstance(error, OSError):
        said = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        return RetryLater("driver.unreachable", f"cannot connect: {said}", place=place)
    if isinstance(error, UnicodeError):
        return FixConfiguration("driver.option", f"url: {error}", place="url")
    return error
