"""The options of a MELSEC PLC, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers.manifest import manifest, wrong_option
from baigong.drivers.mc.codec import MAX_WORDS, Dialect


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    port: int = 5007
    transport: str = "tcp"
    frame: str = "3e"
    code: str = "binary"
    series: str = "q"
    network: int = 0
    station: int = 255
    module_io: int = 1023
    module_station: int = 0
    timeout_s: float = 2.0
    monitor_s: float = 1.0
    scattered: str = "blocks"
    max_gap: int = 16
    max_words: int = MAX_WORDS
    encoding: str = "gb18030"

    @property
    def place(self) -> str:
        """Where the PLC is, for messages."""
        far = f" network {self.network} station {self.station}" if (self.network, self.station) != (0, 255) else ""
        return f"{self.host}:{self.port}{far}"

    @property
    def dialect(self) -> Dialect:
        return Dialect(
            self.frame,
            self.code == "ascii",
            self.series,
            self.network,
            self.station,
            self.module_io,
            self.module_station,
            max(1, round(4 * self.monitor_s)),
        )


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    manifest("mc").check_options(options)
    made = Settings(**options)
    if not made.host.strip():
        raise wrong_option("host", "host: name the PLC's host or IP address")
    return made
