"""What a point is now: as last heard while the link is up, or read from the machine this moment."""

from __future__ import annotations

import math

from baigong.drivers.contract import Driver, Wanted
from baigong.gateway.station import Station
from baigong.gateway.supervisor import Supervisor
from baigong.vocab import quality as q
from baigong.vocab.writing import Value


def present_value(supervisor: Supervisor, row: int) -> Value | None:
    """Return a point's value, in engineering units, if it is good and its device is connected; else None.

    Silence is not good: the session marks a point whose news stays away longer than it may.
    """
    table = supervisor.station.table
    if supervisor.state != "connected" or q.severity(int(table.quality[row])) != "good" or not table.good_us[row]:
        return None
    value = float(table.value[row])
    if table.specs[row].kind == "text":
        return table.text.get(row)
    if not math.isnan(value):
        return value
    raw = float(table.raw[row])
    return raw if not math.isnan(raw) else table.text.get(row)


async def fresh_value(station: Station, driver: Driver, row: int) -> Value | None:
    """Ask the machine for one point, now; engineering units, None when it has no good value."""
    spec, number = station.table.specs[row], int(station.table.numbers[row])
    found = (await driver.read([Wanted(number, spec.address)])).to_pylist()
    told = next((r for r in found if r["point"] == number), None)
    if told is None or q.severity(told["quality"]) != "good":
        return None
    number_ = told["value"] if told["whole"] is None else told["whole"]
    if number_ is None:
        return str(told["text"]) if told["text"] is not None else None
    if spec.kind in ("state", "text") or (spec.scale == 1.0 and spec.offset == 0.0):
        return number_  # type: ignore[no-any-return]
    return float(number_) * spec.scale + spec.offset
