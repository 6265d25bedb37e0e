"""One measured quantity of a plant: its values as DataFrames or Arrow tables, and writes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from baigong.client.bursts import Burst, read_bursts
from baigong.client.link import Link
from baigong.client.times import Time, back, moment, when
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    import pandas as pd

_PAGE = 1000


class Point:
    """One measured quantity. ``facts``: what the server said about it when it was listed."""

    def __init__(self, link: Link, name: str, facts: Mapping[str, Any] | None = None) -> None:
        self._link = link
        self.name = name
        self.facts: Mapping[str, Any] = facts or {}

    def __repr__(self) -> str:
        return f"<Point {self.name}>"

    def info(self) -> dict[str, Any]:
        """Ask what it is: number, title, unit, kind, device, address, newest value."""
        return dict(self._link.json("GET", self._path()))

    def latest(self) -> dict[str, Any] | None:
        """Return the newest value as {name, number, value, text, time_us, quality}; None before the first."""
        found = self._link.json("GET", "/latest", params={"points": self.name})
        return dict(found[0]) if found else None

    def bursts(self, start: Time = "1d", end: Time = "now", *, most: int = 100) -> list[Burst]:
        """Return the point's recordings between two times, with all their samples, in order of time.

        Of more than ``most``, so many are returned, evenly spread.
        """
        return read_bursts(self._link, self._path(), back(start), back(end), most)

    def why(self, at: Time = "") -> dict[str, Any]:
        """Ask why it is what it is, or was at a past time."""
        return dict(self._link.json("GET", f"{self._path()}/why", params={"at": when(at)}))

    def df(self, start: Time = "1h", end: Time = "now", *, width: int = 0) -> pd.DataFrame:
        """Return values between two times as a DataFrame: value, quality (and text), indexed by UTC time.

        Values are float64; those of a point whose integers pass 2**53 are Int64, exact in every digit. Where such a
        point has other numbers among them, the integers stand exactly in a column ``whole`` besides.

        ``start``: ``"30d"`` or a timedelta (ago), ISO 8601, a date or datetime (naive is UTC), or microseconds since
        the epoch. ``width``: thin to what a chart of so many pixels shows; 0 gives every row.
        """
        import pandas as pd

        table = self.arrow(start, end, width=width)
        exact = {pa.int64(): pd.Int64Dtype()} if table.schema.field("value").type == pa.int64() else {}
        frame = table.to_pandas(types_mapper=exact.get).set_index("time")
        if table.column("text").null_count == len(table):
            frame = frame.drop(columns="text")
        return frame

    def arrow(self, start: Time = "1h", end: Time = "now", *, width: int = 0) -> pa.Table:
        """Do the same as an Arrow table: time, value (float64 or int64), text, quality (and whole)."""
        params = {"points": self.name, "start": back(start), "end": back(end), "width": width}
        table = self._link.arrow("GET", "/series", params=params)
        return _exact(table).replace_schema_metadata(None)

    def increase(
        self, every: str = "1h", start: Time = "7d", end: Time = "now", *, timezone: str = "UTC"
    ) -> pd.DataFrame:
        """Return what a counter counted, interval by interval, indexed by the interval's start (UTC).

        ``every``: whole minutes, like ``15min``, ``1h``, ``1d``, ``1w``, or ``1mo``, ``1y`` of the calendar;
        ``timezone``: whose midnight days begin at (``Asia/Shanghai``). Columns: increase, rate (unit per second), how
        many rollovers, resets, exchanges of the meter and unexplained falls were met. The sum over any intervals is
        exact. Intervals are (start, end]; over a gap all of it falls into the one in which the next reading lies.
        """
        params = {"every": every, "start": back(start), "end": back(end), "tz": timezone}
        return self._link.arrow("GET", f"{self._path()}/increase", params=params).to_pandas().set_index("time")

    def states(self, start: Time = "7d", end: Time = "now", *, every: str = "1h") -> pd.DataFrame:
        """Return seconds and entries of each state, by minute or hour (``every``: ``1m``, ``1h``).

        Columns: time, state, word, word_zh, seconds, entries. ``state`` is null for the time in which it was bad.
        """
        if every not in ("1m", "1h"):
            raise FixConfiguration("config.invalid", f"every is 1m or 1h, not {every!r}", place="every")
        info, now = self.info(), datetime.now(UTC)
        sql = f"""select time, state, word, word_zh, seconds, entries from rollup_states_{every}
            where name = '{info["name"].replace("'", "''")}'
            and time >= timestamptz '{moment(start, now)}' and time < timestamptz '{moment(end, now)}'
            order by time, state"""  # noqa: S608 - times, and a name whose quotes are doubled
        return self._link.arrow("POST", "/sql", body={"sql": sql}).to_pandas()

    def write(self, value: float | int | str | bool, *, reason: str = "", key: str = "") -> dict[str, Any]:
        """Set the point on its machine, within the point's rule; returns the command as it stands.

        ``key``: your name for this write; the same write sent again under it within a day, as after a lost answer, is
        not carried out twice. Empty: a new one each time.

        ``state`` is ``done`` (read back), ``pending`` (a second person must agree) or ``sent`` (not known yet).
        Refused or failed raises: command.off, range, rate, interlock, stopped, failed; auth.denied.
        """
        body = {"point": self.name, "value": value, "reason": reason}
        done = dict(self._link.json("POST", "/commands", body=body, key=key or uuid4().hex))
        if done["state"] not in ("done", "pending", "sent"):
            raise FixConfiguration("command.failed", f"{done['state']}: {done['detail']}", place=self.name)
        return done

    def _path(self) -> str:
        return f"/points/{quote(self.name, safe='')}"


def points_of(link: Link, **which: str) -> Iterator[Point]:
    offset, total = 0, 1
    while offset < total:
        page = link.json("GET", "/points", params={**which, "limit": _PAGE, "offset": offset})
        total = page["total"]
        offset += _PAGE
        for facts in page["points"]:
            yield Point(link, facts["name"], facts)


def _exact(table: pa.Table) -> pa.Table:
    """Make ``value`` int64 where float64 would lose digits, if all numbers are integers; else keep ``whole`` beside."""
    names = ["time", "value", "text", "quality"]
    if "whole" not in table.schema.names or table["whole"].null_count == len(table):
        return table.select(names)
    at = table.schema.get_field_index("value")
    drawn = pc.if_else(pc.is_valid(table["whole"]), pa.scalar(None, pa.float64()), table["value"])
    try:
        whole = pc.coalesce(table["whole"], drawn.cast(pa.int64()))
    except pa.ArrowInvalid:  # a number with digits behind the point
        return table.set_column(at, "value", drawn).select([*names, "whole"])
    return table.set_column(at, "value", whole).select(names)
