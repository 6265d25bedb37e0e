"""How a connection to NATS becomes TLS: nats-py leaves asyncio in doubt about the end of it, and memory unbounded."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import ParseResult

from nats.aio.transport import TcpTransport


class Wire(TcpTransport):  # type: ignore[misc]
    """TCP, then TLS once the server asked for it. Set as a client's transport before it connects."""

    _io_reader: asyncio.StreamReader
    _io_writer: asyncio.StreamWriter

    def __bool__(self) -> bool:
        return True  # nats-py replaces a transport that says it was never connected

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        """Speak TLS from now on. What came in plain is left behind in the reader of before, unread."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=buffer_size)
        protocol = _Ending(reader)
        name = uri if isinstance(uri, str) else uri.hostname
        async with asyncio.timeout(connect_timeout):
            transport = await loop.start_tls(self._io_writer.transport, protocol, ssl_context, server_hostname=name)
        if transport is None:
            raise ConnectionResetError("the server hung up during the handshake")
        reader.set_transport(transport)  # else a reader that is slower than the server holds everything in memory
        self._io_reader, self._io_writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class _Ending(asyncio.StreamReaderProtocol):
    def eof_received(self) -> bool:
        """End both ways at once: TLS cannot stay half open, and asyncio warns of whoever asks for it."""
        super().eof_received()
        return False


__all__ = ["Wire"]
