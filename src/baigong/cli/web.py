"""How console and API are reached: address, TLS, names."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from baigong.cli.names import own_addresses
from baigong.vocab.addresses import is_loopback
from baigong.vocab.errors import FixConfiguration

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


@dataclass(slots=True, frozen=True, kw_only=True)
class WebSettings:
    """Beyond loopback there is TLS, unless ``plain_http_is_read_by_the_network``; on loopback when asked for.

    ``certificate`` and ``key``: PEM files, looked at again while running. ``names``: names people know this machine by.
    ``proxies``: addresses of reverse proxies whose X-Forwarded-For and -Proto are believed.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    tls: bool = False
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    plain_http_is_read_by_the_network: bool = False

    def __post_init__(self) -> None:
        for proxy in self.proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError as error:  # "*" would let everybody say where they come from
                raise FixConfiguration(
                    "config.invalid",
                    f"{proxy!r} is no address or network: write 10.0.0.5 or 10.0.0.0/24",
                    place="--proxy",
                ) from error

    @property
    def is_tls(self) -> bool:
        asked = self.tls or self.certificate is not None
        if asked and self.plain_http_is_read_by_the_network:
            raise FixConfiguration("config.invalid", "TLS and plain HTTP exclude each other", place="--tls")
        return asked or not (is_loopback(self.host) or self.plain_http_is_read_by_the_network)

    def arguments(self) -> list[str]:
        """Write the settings as options of ``baigong up``."""
        words = [] if self.host == "127.0.0.1" else ["--host", self.host]
        words += [] if self.port == 8600 else ["--port", str(self.port)]
        words += ["--tls"] if self.tls else []
        for option, path in (("--tls-cert", self.certificate), ("--tls-key", self.key)):
            words += [option, str(path.absolute())] if path else []
        for option, many in (("--name", self.names), ("--proxy", self.proxies)):
            words += [word for one in many for word in (option, one)]
        return words + (["--plain-http-is-read-by-the-network"] if self.plain_http_is_read_by_the_network else [])

    def url(self, port: int) -> str:
        """Say where a person on this machine, or on another when one may come, finds the console."""
        host = self.host
        if host in _EVERYWHERE:
            outside = [a for a in own_addresses() if not is_loopback(a) and not a.startswith("fe80")]
            host = next(iter([*self.names, *outside]), "127.0.0.1")
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.is_tls else 'http'}://{shown}:{port}"

    def local_url(self, port: int) -> str:
        """Say where programs on this machine find the API."""
        host = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.is_tls else 'http'}://{shown}:{port}"
