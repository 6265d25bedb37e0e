"""The options of an Omron PLC, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers.fins.codec import MAX_WORDS
from baigong.drivers.manifest import manifest, wrong_option


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    port: int = 9600
    transport: str = "tcp"
    node: int = 0
    source_node: int = 0
    network: int = 0
    unit: int = 0
    source_network: int = 0
    timeout_s: float = 2.0
    multiple: bool = True
    max_gap: int = 16
    max_words: int = MAX_WORDS
    encoding: str = "gb18030"

    @property
    def place(self) -> str:
        """Where the PLC is, for messages."""
        far = f" network {self.network}" if self.network else ""
        return f"{self.host}:{self.port}{far}" + (f" node {self.node}" if self.node else "")


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    manifest("fins").check_options(options)
    made = Settings(**options)
    if not made.host.strip():
        raise wrong_option("host", "host: name the PLC's host or IP address")
    return made
