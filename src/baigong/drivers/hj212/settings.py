"""The options of an HJ 212 monitor, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from baigong.drivers.calls import Caller, expected
from baigong.drivers.manifest import manifest, wrong_option


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    mn: str
    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    caller: Caller | None = None  # given by the gateway: the monitor calls us
    port: int = 9502
    password: str = ""
    time_zone: str = "Asia/Shanghai"
    discover: bool = True
    system: str = "32"
    timeout_s: float = 5.0
    silence_s: float = 600.0

    @property
    def place(self) -> str:
        """Where the monitor is, for messages."""
        return f"{self.host}:{self.port} MN {self.mn}" if self.host else f"MN {self.mn}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    claimed = manifest("hj212")
    claimed.check_options(options)
    made = Settings(**options)
    expected(claimed, options)
    try:
        made.zone.key  # noqa: B018 - reads the zone's file
    except (ValueError, OSError, KeyError) as error:
        raise wrong_option("time_zone", f"time_zone: {made.time_zone!r} is no zone, like Asia/Shanghai") from error
    return made
