"""The options of a line of meters, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers import fieldline
from baigong.drivers.calls import Caller
from baigong.drivers.dlt645.codec import ANYBODY, STANDARDS, Standard
from baigong.drivers.manifest import manifest, wrong_option


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    transport: str = "tcp"
    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    port: int = 8899
    caller: Caller | None = None  # given by the gateway: the device calls us
    registration: str = ""
    registration_is: str = "text"
    heartbeat: str = ""
    serial_port: str = ""
    baudrate: int = 2400
    bytesize: int = 8
    parity: str = "even"
    stopbits: int = 1
    meter: str = ""
    standard: str = "2007"
    timeout_s: float = 2.0
    retries: int = 1
    pause_ms: int = 20
    wake: int = 4
    password: str = ""
    operator: str = ""

    @property
    def place(self) -> str:
        """Where the line is, for messages."""
        return fieldline.name(self)

    @property
    def own(self) -> str:
        """The device's meter in twelve digits; A: any."""
        return self.meter.strip().upper().zfill(12) if self.meter.strip() else ANYBODY

    @property
    def edition(self) -> Standard:
        return STANDARDS[self.standard]


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    claimed = manifest("dlt645")
    claimed.check_options(options)
    made = Settings(**options)
    if not re.fullmatch(r"[0-9]{1,12}|A{12}|", made.meter.strip().upper()):
        raise wrong_option("meter", "meter: the address has up to 12 digits, as on the meter; empty: the only one")
    if made.password and not re.fullmatch(r"[0-9]{8}", made.password):
        raise wrong_option("password", "password: two digits of level and six of the password, like 02123456")
    if made.operator and not re.fullmatch(r"[0-9]{8}", made.operator):
        raise wrong_option("operator", "operator: the operator's code has eight digits")
    fieldline.check(claimed, options, made)
    return made
