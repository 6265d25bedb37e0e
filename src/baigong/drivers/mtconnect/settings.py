"""The options of an MTConnect agent, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from baigong.drivers.manifest import manifest, wrong_option


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    url: str
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    device: str = ""
    discover: bool = True
    interval_ms: int = 500
    heartbeat_ms: int = 2_000  # three missed ones are a loss: an agent is found again within ten seconds
    count: int = 1000
    timeout_s: float = 5.0
    ca: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.is_https else 80)

    @property
    def is_https(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """What stands before ``/probe``: the agent's path, and the device asked for."""
        device = f"/{quote(self.device, safe='')}" if self.device else ""
        return urlsplit(self.url).path.rstrip("/") + device

    @property
    def place(self) -> str:
        """Where the agent is, for messages."""
        return f"{self.host}:{self.port}"


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    manifest("mtconnect").check_options(options)
    made = Settings(**(options | {"url": str(options.get("url", "")).strip()}))
    parts = urlsplit(made.url)
    try:
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and made.port > 0
    except ValueError:
        right = False
    if not right or parts.username or parts.query or parts.fragment or not made.url.isascii() or " " in made.url:
        raise wrong_option("url", "url: write http://HOST:5000, or https, without anything behind the path")
    return made
