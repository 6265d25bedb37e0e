"""TLS between a socket and its connection: records in, packets out, without a task or a future.

asyncio's own layer keeps why a handshake failed to itself, and 256 KiB for every client.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, cast

from baigong.gateway.frontdoor.connection import Connection

_RECORD = 16_384  # bytes of one TLS record at most, RFC 8446 §5.1


class SecureWire(asyncio.Protocol):
    """The socket's protocol, and the connection's transport. What the client proved is the connection's certificate.

    The limits of time are the connection's: it is there from the first byte on, and signs in after the handshake.
    """

    def __init__(self, connection: Connection, context: ssl.SSLContext) -> None:
        self._connection = connection
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._is_shaken = False
        self._is_ending = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = cast(asyncio.Transport, transport)
        self._connection.connection_made(cast(asyncio.Transport, self))

    def connection_lost(self, error: Exception | None) -> None:
        self._is_ending = True
        self._connection.connection_lost(error)
        del self._tls, self._in, self._out  # now, not when the cycle with the connection is found

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def data_received(self, raw: bytes) -> None:
        if self._is_ending:
            return
        self._in.write(raw)
        if self._is_shaken or self._shake():
            self._read()
            self._flush()

    def _shake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError as error:
            # Who shows a bad certificate is not told what is bad about it; to others TLS says what it always says.
            if not isinstance(error, ssl.SSLCertVerificationError):
                self._flush()
            self._connection.refuse_handshake(error)
            return False
        self._is_shaken = True
        self._connection.certificate = self._tls.getpeercert(binary_form=True)
        return True

    def _read(self) -> None:
        """Hand on all that has come, in one piece: packets do not end where records do."""
        pieces: list[bytes] = []
        ended = False
        try:
            while piece := self._tls.read(4 * _RECORD):
                pieces.append(piece)
            ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            ended = True
        if pieces:
            self._connection.data_received(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if ended:
            self.close()

    def _flush(self) -> None:
        if self._out.pending:
            self._raw.write(self._out.read())

    # asyncio.Transport, as far as a connection uses it

    def write(self, raw: bytes) -> None:
        if self._is_ending or not self._is_shaken:
            return
        try:
            self._tls.write(raw)
        except ssl.SSLError:
            self.abort()
            return
        self._flush()

    def close(self) -> None:
        """Say that this is the end (close_notify), then close the socket."""
        if self._is_ending:
            return
        self._is_ending = True
        if self._is_shaken:
            with suppress(ssl.SSLError):  # also that the client has not said the same yet, for which nobody waits
                self._tls.unwrap()
            self._flush()
        self._raw.close()

    def abort(self) -> None:
        self._is_ending = True
        self._raw.abort()

    def pause_reading(self) -> None:
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        self._raw.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._raw.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._raw.get_extra_info(name, default)
