"""What can be told to a monitor, as packets; and what its answers mean. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from baigong.drivers.hj212.address import SETTINGS, parse
from baigong.drivers.hj212.codec import Packet
from baigong.drivers.hj212.settings import Settings
from baigong.vocab.errors import FixConfiguration

_SAMPLE, _ZERO = 3012, 3011  # take a sample now; zero and span calibration
_VERSION_2017 = 4
_INTERVALS = {"rtdinterval": (30, 3600), "mininterval": (1, 60)}  # seconds, minutes: HJ 212-2017, table 9
_REASONS = {  # tables 10 and 11
    "QnRtn": {"2": "refused", "3": "wrong PW", "4": "wrong MN", "5": "wrong ST", "6": "wrong Flag", "7": "wrong QN",
              "8": "wrong CN", "9": "wrong CRC", "100": "unknown error"},
    "ExeRtn": {"2": "failed, the cause is unknown", "3": "failed: a condition is not met", "4": "no answer in time",
               "5": "the system is busy", "6": "system failure", "100": "no data"},
}  # fmt: skip


def packet_of(address: str, value: Any, settings: Settings, now_s: float) -> Packet:
    """Write a command. Raises driver.readonly for what is only read, config.invalid for a value that cannot be."""
    place = parse(address)
    if place.kind == "set":
        command, fields = SETTINGS[place.field], {place.spelt: str(_setting(place.field, value))}
        if place.field == "time":
            fields = {"SystemTime": _moment(value, settings, now_s)}
    elif place.kind in ("sample", "zero"):
        if value not in (1, True):
            raise FixConfiguration("config.invalid", f"{value!r}: write 1 to have it done", place=address)
        command, fields = (_SAMPLE if place.kind == "sample" else _ZERO), {"PolId": place.spelt.partition("-")[0]}
    else:
        raise FixConfiguration(
            "driver.readonly", f"a monitor tells {place.kind} data, nobody writes them", place=address
        )
    now = datetime.fromtimestamp(now_s, UTC).astimezone(settings.zone)
    number = now.strftime("%Y%m%d%H%M%S") + f"{now.microsecond // 1000:03d}"
    return Packet(number, settings.system, command, settings.password, settings.mn, _VERSION_2017 | 1, fields)


def require(answer: Packet, name: str, place: str) -> None:
    """Check an answer; driver.readonly with the monitor's reason for a refusal."""
    code = answer.fields.get(name, "")
    if code != "1":
        why = _REASONS[name].get(code, f"{name} {code or 'is missing'}")
        raise FixConfiguration("driver.readonly", f"the monitor refuses: {why}", place=place)


def _setting(name: str, value: Any) -> int:
    if name == "time":
        return 0
    low, high = _INTERVALS[name]
    if isinstance(value, str) or value != int(value) or not low <= value <= high:
        raise FixConfiguration("config.invalid", f"{value!r}: a whole number from {low} to {high}", place=name)
    return int(value)


def _moment(value: Any, settings: Settings, now_s: float) -> str:
    if value == "now":
        return datetime.fromtimestamp(now_s, UTC).astimezone(settings.zone).strftime("%Y%m%d%H%M%S")
    text = str(value)
    if not re.fullmatch(r"20[0-9]{12}", text):
        raise FixConfiguration("config.invalid", f"{value!r}: write now, or YYYYMMDDhhmmss", place="time")
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise FixConfiguration("config.invalid", f"{value!r} is no moment", place="time") from error
    return text
