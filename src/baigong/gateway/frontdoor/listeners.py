"""The sockets that clients connect to: plain ones, and ones with TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from baigong.gateway.frontdoor.connection import Connection
from baigong.gateway.frontdoor.options import Options
from baigong.gateway.frontdoor.secure import SecureWire
from baigong.vocab.errors import FixConfiguration


class Listeners:
    """``ports``: where is listened, also when the system chose the port; None where not."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._servers: list[asyncio.Server] = []
        self.port: int | None = None
        self.tls_port: int | None = None

    async def open(self, connect: Callable[[], Connection]) -> None:
        """Listen. Raises bus.port_taken when another program holds a port."""
        options = self._options
        if options.port is not None:
            self.port = await self._listen(connect, options.plain_host or options.host, options.port)
        if options.tls is not None:
            tls = options.tls
            self.tls_port = await self._listen(lambda: SecureWire(connect(), tls), options.host, options.tls_port)

    async def _listen(self, connect: Callable[[], asyncio.Protocol], host: str, port: int) -> int:
        try:
            server = await asyncio.get_running_loop().create_server(connect, host, port, backlog=1024)
        except OSError as error:
            self.close()
            raise FixConfiguration("bus.port_taken", f"MQTT cannot listen on {host}:{port}: {error}") from error
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers, self.port, self.tls_port = [], None, None
