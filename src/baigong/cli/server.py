"""Serves console and API: the certificate they show, and uvicorn behind our own listener."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import uvicorn

from baigong.api.listener import Hurried, Listener
from baigong.cli.names import own_names
from baigong.cli.web import WebSettings
from baigong.registry.serving import ServerCertificate
from baigong.security.envelope import Key
from baigong.stores.durable import replace_file
from baigong.vocab.errors import BaigongError

_LOOK_S = 5.0  # how often the certificate's files are looked at


def certificate_of(settings: WebSettings, data: Path, sealed_with: Key | None = None) -> ServerCertificate | None:
    """Load the console's certificate; None where HTTP is plain."""
    if not settings.is_tls:
        return None
    made = ServerCertificate(
        data / "certificates",
        "console",
        own_names(settings.host, settings.names),
        certificate=settings.certificate,
        key=settings.key,
        sealed_with=sealed_with,
    )
    made.load()
    _show(made, data)
    return made


def hosts_of(settings: WebSettings, certificate: ServerCertificate | None) -> tuple[str, ...]:
    """List the names that requests may ask for."""
    return (*own_names(settings.host, settings.names), *(certificate.facts().hosts if certificate else ()))


def _show(certificate: ServerCertificate, data: Path) -> None:
    """Programs of whoever may read the data folder trust exactly what is shown, whatever names it is for."""
    replace_file(data / "certificates" / "shown.pem", certificate.certificate.read_bytes(), mode=0o644)


async def keep_current(certificate: ServerCertificate, data: Path, told: Callable[[str], None]) -> None:
    """Show a new certificate when its files change; one that cannot be used is told of, and the old one stays."""
    said = ""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            if await asyncio.to_thread(certificate.load):
                await asyncio.to_thread(_show, certificate, data)
                told(f"the console shows a new certificate, good until {certificate.facts().not_after:%Y-%m-%d}")
            said = ""
        except (BaigongError, OSError) as error:
            if str(error) != said:
                said = str(error)
                told(f"the console goes on with its old certificate: {said}")


class WebServer(uvicorn.Server):
    """uvicorn behind our own listener, inside our loop: signals are ours, and ``up`` says when it listens."""

    def __init__(self, app: Any, settings: WebSettings, certificate: ServerCertificate | None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                http=Hurried,
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=list(settings.proxies),
                server_header=False,
                ws_max_size=1 << 20,
                ws_max_queue=4,  # messages read ahead of each: a company's sockets do not fill the memory
            )
        )
        tls = certificate.context if certificate else None

        def turned_away() -> None:
            app.state.rooms.metrics.refuse("http.crowded", app.state.rooms.clock_us())

        self.listener = Listener(settings.host, settings.port, tls=tls, proxies=settings.proxies, told=turned_away)
        self.listener.bind()

    def capture_signals(self) -> Any:  # uvicorn would take SIGINT for itself
        return nullcontext()

    async def serve_to_end(self) -> None:
        self._ended = asyncio.Event()
        try:
            await self.serve(sockets=[])
        finally:
            await self.listener.close()
            self._ended.set()

    async def up(self) -> None:
        async with asyncio.timeout(30):
            while not self.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)

        def connect() -> asyncio.Protocol:
            return Hurried(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

        self.listener.open(connect)

    @property
    def port(self) -> int:
        return self.listener.port

    async def end(self) -> None:
        """Stop serving; connections that stay (live values, a client that reads nothing) are cut after a while."""
        await self.listener.close()
        self.should_exit = True
        self.config.timeout_graceful_shutdown = 3
        try:
            async with asyncio.timeout(6):
                await self._ended.wait()
        except TimeoutError:
            self.force_exit = True
