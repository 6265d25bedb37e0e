"""The options of an S7 PLC, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.vocab.errors import FixConfiguration

CONNECTIONS = {"pg": 1, "op": 2, "basic": 3}
_CHOICES = {"connection": tuple(CONNECTIONS), "encoding": ("gb18030", "latin-1")}
_RANGES: dict[str, tuple[float, float]] = {
    "port": (1, 65535),
    "rack": (0, 7),
    "slot": (0, 31),
    "timeout_s": (0.02, 60),
    "max_gap": (0, 200),
    "pdu": (112, 960),
    "parallel": (1, 8),
}
_TSAP = re.compile(r"^([0-9a-fA-F]{2})[.]?([0-9a-fA-F]{2})$")


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means."""

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
    for name, value in options.items():
        if name in _RANGES:
            _number(name, value)
        elif name in _CHOICES:
            if value not in _CHOICES[name]:
                raise _wrong(name, f"{value!r} is none of {', '.join(_CHOICES[name])}")
        elif name != "connect_to" and not isinstance(value, str):
            raise _wrong(name, f"{value!r} is not text")
    try:
        made = Settings(**options)
    except TypeError as error:
        raise _wrong(next(iter(options.keys() - set(Settings.__slots__)), ""), str(error)) from error
    if not made.host.strip():
        raise _wrong("host", "name the PLC's host or IP address")
    made.tsaps  # noqa: B018 - reads them, so that a wrong one is said now
    return made


def _tsap(name: str, text: str) -> int:
    if not text.strip():
        return 0
    found = _TSAP.match(text.strip())
    if not found:
        raise _wrong(name, f"{text!r} is no TSAP; write it like 10.00 or 4D57")
    return int(found[1] + found[2], 16)


def _number(name: str, value: Any) -> None:
    low, high = _RANGES[name]
    kinds = (int, float) if name.endswith("_s") else int
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise _wrong(name, f"{value!r} is not a number from {low:g} to {high:g}")


def _wrong(name: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.option", f"{name}: {why}", place=name)
