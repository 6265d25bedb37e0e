"""The door to console and API: accepts connections, bounds them by address, speaks TLS, and redirects who does not."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from baigong.vocab.addresses import network_of
from baigong.vocab.errors import FixConfiguration

_EACH = 512  # connections of one address (of IPv6 its /64); a whole office may come through one
_MOST = 10_000
_FIRST_BYTE_S = 15.0
_HANDSHAKE_S = 15.0
_HEAD_S = 30.0  # a request's head has come whole by then, or its connection ends
_HEAD_BYTES = 16_384
_TLS = b"\x16"  # a record of type handshake begins every TLS connection, RFC 8446 §5.1
_REQUEST = re.compile(rb"^([A-Z]{3,10}) (/[!-~]*) HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"\r\nhost:[ \t]*([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?[ \t]*\r\n", re.IGNORECASE)

Connect = Callable[[], asyncio.Protocol]


class Hurried(HttpToolsProtocol):
    """HTTP that waits only so long for a request's head: who sends a letter a minute holds nothing."""

    _hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._come()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._come()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._come()
        self._hurry = self.loop.call_later(_HEAD_S, self.transport.abort)

    def _come(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()


class Listener:
    """``tls`` None: plain HTTP. Else only TLS, and plain requests to this port are sent to https.

    ``proxies``: addresses and networks of reverse proxies, through which everybody comes: bounded by the whole only.
    ``told``: of each connection that is turned away.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        each: int = _EACH,
        proxies: Collection[str] = (),
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._host = host
        self._wanted = port
        self._tls = tls
        self._each = each
        self._told = told
        self._proxies = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._entering: dict[asyncio.Task[None], str] = {}  # whose handshake is not done yet: from where
        self._coming: Counter[str] = Counter()  # of those, how many from each address
        self._inside: dict[str, list[asyncio.BaseTransport]] = {}
        self.turned_away = 0  # for coming too often
        self.port = 0

    def bind(self) -> None:
        """Take the port; raises bus.port_taken when another program holds it."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio turns Nagle's algorithm off only for sockets that say TCP
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self._host, self._wanted))
            made.listen(1024)
        except OSError as error:
            made.close()
            place = f"{self._host}:{self._wanted}"
            raise FixConfiguration(
                "bus.port_taken", f"console: cannot listen: {error.strerror}", place=place
            ) from error
        made.setblocking(False)
        self._socket, self.port = made, int(made.getsockname()[1])

    def open(self, connect: Connect) -> None:
        """Let connections in from now on."""
        if self._socket is None:
            self.bind()
        self._accepting = asyncio.create_task(self._accept(connect), name="listener")

    async def close(self) -> None:
        """Let nobody in any more; whoever is inside stays."""
        tasks = [t for t in (self._accepting, *self._entering) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, connect: Connect) -> None:
        loop = asyncio.get_running_loop()
        assert self._socket is not None  # noqa: S101 - bound by open
        while True:
            try:
                come, address = await loop.sock_accept(self._socket)
            except OSError:  # no descriptor is free: those inside end some time
                await asyncio.sleep(0.1)
                continue
            network = network_of(address[0])
            if not self._has_room(network):
                self.turned_away += 1
                self._told()
                come.close()
                continue
            task = asyncio.create_task(self._let_in(come, network, connect))
            self._entering[task] = network
            self._coming[network] += 1
            task.add_done_callback(self._entered)

    def _entered(self, task: asyncio.Task[None]) -> None:
        address = self._entering.pop(task)
        self._coming[address] -= 1
        if not self._coming[address]:
            del self._coming[address]

    def _has_room(self, address: str) -> bool:
        """Say whether one more may come; who only begins to, and never ends the handshake, fills places like others."""
        inside, coming = self._inside.get(address, []), self._coming[address]
        each = _MOST if self._is_proxy(address) else self._each
        if len(inside) + coming >= each:
            inside = self._inside[address] = [t for t in inside if not t.is_closing()]
        if len(self._entering) + sum(map(len, self._inside.values())) >= _MOST:
            self._inside = {a: k for a, held in self._inside.items() if (k := [t for t in held if not t.is_closing()])}
        here = sum(map(len, self._inside.values()))
        return len(inside) + coming < each and here + len(self._entering) < _MOST

    def _is_proxy(self, address: str) -> bool:
        """Say whether a proxy is there; of IPv6, ``address`` is its /64."""
        if not self._proxies:
            return False
        network = ipaddress.ip_network(address)
        return any(p.version == network.version and p.overlaps(network) for p in self._proxies)

    async def _let_in(self, come: socket.socket, address: str, connect: Connect) -> None:
        loop = asyncio.get_running_loop()
        try:
            come.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            more: dict[str, Any] = {}
            if self._tls is not None:
                if await _first_byte(come) == _TLS:
                    more = {"ssl": self._tls, "ssl_handshake_timeout": _HANDSHAKE_S}
                else:
                    connect = lambda: _Redirect(self.port)  # noqa: E731
            transport, _ = await loop.connect_accepted_socket(connect, come, **more)
        except (OSError, TimeoutError, ssl.SSLError):  # a broken handshake: the other side's affair
            come.close()
        except asyncio.CancelledError:
            come.close()
            raise
        else:
            held = self._inside.setdefault(address, [])
            if len(held) % 64 == 63:
                held[:] = [t for t in held if not t.is_closing()]
            held.append(transport)


async def _first_byte(come: socket.socket) -> bytes:
    """Look at what the other side says first, and leave it there."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(come.fileno(), _once(readable))
    try:
        async with asyncio.timeout(_FIRST_BYTE_S):
            await readable
    finally:
        loop.remove_reader(come.fileno())
    with suppress(BlockingIOError):
        return come.recv(1, socket.MSG_PEEK)
    return b""


def _once(waiting: asyncio.Future[None]) -> Callable[[], None]:
    def come() -> None:
        if not waiting.done():
            waiting.set_result(None)

    return come


class _Redirect(asyncio.Protocol):
    """Answers plain HTTP on the port of TLS: pages are sent on, whatever carries more is refused."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._head = b""
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._late = asyncio.get_running_loop().call_later(_FIRST_BYTE_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._transport.write(redirect(self._head, self._port))
        elif len(self._head) < _HEAD_BYTES:
            return
        self._transport.close()


def redirect(head: bytes, port: int) -> bytes:
    r"""Answer the head of a plain request.

    >>> redirect(b"GET /points?x=1 HTTP/1.1\r\nHost: plant:8600\r\n\r\n", 8600).split(b"\r\n")[:2]
    [b'HTTP/1.1 308 Permanent Redirect', b'Location: https://plant:8600/points?x=1']
    """
    asked, host = _REQUEST.match(head), _HOST.search(head)
    if asked and host and asked[1] in (b"GET", b"HEAD") and not re.search(rb"\r\n(authorization|cookie):", head, re.I):
        where = b"https://%b%b%b" % (host[1], b"" if port == 443 else b":%d" % port, asked[2])
        status, more, text = b"308 Permanent Redirect", b"Location: %b\r\n" % where, b"This port speaks TLS.\n"
    else:
        status, more = b"403 Forbidden", b""
        text = b"This port speaks TLS: use https. What you sent crossed the network readable by anybody: change it.\n"
    shape = b"HTTP/1.1 %b\r\n%bContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
    return shape % (status, more, len(text), text)
