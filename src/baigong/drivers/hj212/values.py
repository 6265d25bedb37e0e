"""What a packet says, as rows: addresses, moments, values, and the quality that its marks mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from baigong.drivers.hj212.address import NAMES, spelt
from baigong.drivers.hj212.codec import Packet
from baigong.vocab import quality as q

# HJ 212-2017, table 8, and what 2005 has beside it.
QUALITY = {
    "N": q.GOOD,
    "F": q.UNCERTAIN,  # the source stands still
    "M": q.UNCERTAIN_SUBSTITUTE,  # under maintenance
    "S": q.GOOD_LOCAL_OVERRIDE,  # typed in
    "D": q.BAD_DEVICE_FAILURE,
    "C": q.UNCERTAIN_SENSOR_NOT_ACCURATE,  # being calibrated
    "T": q.UNCERTAIN_SENSOR_NOT_ACCURATE,  # beyond the range of the instrument
    "B": q.BAD_NO_COMMUNICATION,
    "P": q.BAD_DEVICE_FAILURE,  # 2005: no power
}
_NUMBERS = ("Rtd", "Min", "Avg", "Max", "Cou")
MOST_FIELDS = 2000  # of one packet


@dataclass(slots=True, frozen=True)
class Row:
    address: str
    field: str
    time_us: int
    value: float | str | None
    quality: int


def moment_us(text: str, zone: ZoneInfo) -> int | None:
    """Read a time of the monitor's zone; None for what is none.

    >>> moment_us("20160801085857", ZoneInfo("Asia/Shanghai")), moment_us("20161301085857", ZoneInfo("UTC"))
    (1470013137000000, None)
    """
    try:
        said = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return int(said.astimezone(UTC).timestamp()) * 1_000_000


def rows(packet: Packet, zone: ZoneInfo, now_us: int) -> Iterator[Row]:
    """Give what a packet says. The moment is its DataTime, else that of its QN, else now."""
    said = packet.fields
    time_us = moment_us(said.get("DataTime", ""), zone) or moment_us(packet.number, zone) or now_us
    kind = NAMES.get(packet.command, str(packet.command))
    marks = {name.partition("-")[0].lower(): mark for name, mark in said.items() if name.lower().endswith("-flag")}
    for name, text in list(said.items())[:MOST_FIELDS]:
        if name == "DataTime":
            continue
        field = spelt(name)
        code, _, what = field.partition("-")
        if what.removeprefix("Zs") not in _NUMBERS:
            yield Row(f"{kind}:{field}", field, time_us, text, q.GOOD)
            continue
        quality = QUALITY.get(marks.get(code, "N")[:1].upper(), q.UNCERTAIN)
        number = _number(text)
        if number is None:
            yield Row(f"{kind}:{field}", field, time_us, None, q.BAD_TYPE_MISMATCH)
        else:
            yield Row(f"{kind}:{field}", field, time_us, number, quality)


def _number(text: str) -> float | None:
    try:
        made = float(text)
    except ValueError:
        return None
    return made if abs(made) < float("inf") else None
