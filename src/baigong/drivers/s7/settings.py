"""The options of an S7 PLC, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers.manifest import manifest, wrong_option

CONNECTIONS = {"pg": 1, "op": 2, "basic": 3}
_TSAP = re.compile(r"^([0-9a-fA-F]{2})[.]?([0-9a-fA-F]{2})$")


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    port: int = 102
    rack: int = 0
    slot: int = 1
    connection: str = "op"
    local_tsap: str = ""
    remote_tsap: str = ""
    timeout_s: float = 2.0
    max_gap: int = 16
    pdu: int = 960
    parallel: int = 4
    encoding: str = "gb18030"

    @property
    def place(self) -> str:
        """Where the PLC is, for messages."""
        return f"{self.host}:{self.port} rack {self.rack} slot {self.slot}"

    @property
    def tsaps(self) -> tuple[int, int]:
        """Ours and the PLC's: kind of connection, then rack and slot in one byte (RFC 1006 TSAPs as S7 uses them)."""
        theirs = CONNECTIONS[self.connection] << 8 | self.rack << 5 | self.slot
        return _tsap("local_tsap", self.local_tsap) or 0x0100, _tsap("remote_tsap", self.remote_tsap) or theirs


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    manifest("s7").check_options(options)
    made = Settings(**options)
    if not made.host.strip():
        raise wrong_option("host", "host: name the PLC's host or IP address")
    made.tsaps  # noqa: B018 - reads them, so that a wrong one is said now
    return made


def _tsap(name: str, text: str) -> int:
    if not text.strip():
        return 0
    found = _TSAP.match(text.strip())
    if not found:
        raise wrong_option(name, f"{name}: {text!r} is no TSAP; write it like 10.00 or 4D57")
    return int(found[1] + found[2], 16)
