"""The Python SDK: a plant, its assets and points, their values as DataFrames or Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from baigong.client.bursts import Burst, read_bursts, send_burst
from baigong.client.link import ARROW, Link, find_server, trusted
from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    import pandas as pd

_PAGE = 1000
_MOST = 50  # points in one question
_ROWS = 250_000  # rows in one piece of an ingest
Time = str | int | date | datetime | timedelta
_OLDEST_US = 100_000_000_000_000  # 1973: a smaller number is one of seconds or milliseconds


def connect(
    url: str | None = None,
    token: str | None = None,
    data: str | Path | None = None,
    *,
    tenant: str = "",
    ca: str | Path | None = None,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
    timeout_s: float = 120.0,
) -> Plant:
    """Connect to a Baigong server. Its certificate is always checked.

    ``tenant``: a company that has opened its plant, or a part of it, to you; default: your own.

    ``ca``: what to trust beside the system's authorities: the file that ``baigong ca export`` wrote, or BAIGONG_CA.

    ``certificate`` and ``key``: what we show to a reverse proxy that lets in certificates only (PEM; one file may hold
    both), or BAIGONG_CERTIFICATE and BAIGONG_CERTIFICATE_KEY. The platform itself knows programs by their token.

    ``data``: the server's data folder, when it is on this machine: no token is needed then. Otherwise make a
    token in the console (System › API tokens) and pass it, or set BAIGONG_URL and BAIGONG_TOKEN::

        plant = baigong.connect("http://plant:8600", token="bgt_…")
        flow = plant.asset("pump1")["flow"].df("30d")
    """
    if data is not None and not url and not (Path(data) / "url").is_file():
        raise FixConfiguration("config.invalid", "no platform has run on this data folder", place=str(data))
    where, shown = find_server(url, token, data)
    return Plant(Link(where, shown, timeout_s, trusted(where, ca, data, certificate, key), tenant))


class Plant:
    """One company's machines and values. Close it, or use it in a ``with`` block."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Plant at {self._link.url}>"

    def close(self) -> None:
        self._link.close()

    def asset(self, name: str) -> Asset:
        """Return an asset by name; nothing is asked of the server yet."""
        return Asset(self._link, name)

    def point(self, name: str) -> Point:
        """Return a point by its full name (``pump1.flow``) or its number."""
        return Point(self._link, name)

    def assets(self) -> list[Asset]:
        """List the assets that points are known of, by name."""
        named = {str(point.facts["asset"]) for point in _points(self._link)}
        return [Asset(self._link, name) for name in sorted(named)]

    def points(self, search: str = "", *, asset: str = "", device: str = "") -> list[Point]:
        """List points whose name, title or address holds every word of ``search``."""
        return list(_points(self._link, search=search, asset=asset, device=device))

    def devices(self) -> pd.DataFrame:
        """List the devices and how they are."""
        import pandas as pd

        return pd.DataFrame(self._link.json("GET", "/devices"))

    def device(self, name: str) -> dict[str, Any]:
        """Return one device: its spec, its YAML and its status."""
        return dict(self._link.json("GET", f"/devices/{quote(name, safe='')}"))

    def latest(self, search: str = "", *, asset: str = "", device: str = "") -> pd.DataFrame:
        """Return the newest value of many points, indexed by name: value, unit, quality, time (UTC)."""
        import pandas as pd

        found = self.points(search, asset=asset, device=device)
        rows = [{"name": p.name, "unit": p.facts.get("unit"), **(p.facts.get("latest") or {})} for p in found]
        frame = pd.DataFrame(rows, columns=["name", "value", "unit", "quality", "time_us"])
        frame["time"] = pd.to_datetime(frame.pop("time_us"), unit="us", utc=True)
        return frame.set_index("name")

    def sql(self, query: str, *, limit: int | None = None) -> pd.DataFrame:
        """Run one SELECT over telemetry, points, latest, rollup_1m, rollup_1h, episodes and bursts.

        An answer is whole, or refused with sql.too_large (a million rows, 256 MB); ``limit``: so many rows are enough.
        """
        return self.sql_arrow(query, limit=limit).to_pandas()

    def sql_arrow(self, query: str, *, limit: int | None = None) -> pa.Table:
        """Do the same, without making a DataFrame."""
        return self._link.arrow("POST", "/sql", body={"sql": query, "limit": limit})

    def df(self, points: str | list[str], start: Time = "1h", end: Time = "now", *, width: int = 0) -> pd.DataFrame:
        """Return several points side by side: one column of values each, indexed by UTC time."""
        import pandas as pd

        columns = {}
        for name in [points] if isinstance(points, str) else points:
            held = self.point(name).df(start, end, width=width)["value"]
            columns[name] = held[~held.index.duplicated(keep="last")]
        return pd.DataFrame(columns)

    def write_burst(
        self,
        point: str,
        samples: Any,
        rate_hz: float,
        time: str | int | datetime | None = None,
        *,
        quality: int = 0,
    ) -> int:
        """Send one waveform of a point; returns once it is on the server's disk. A new name becomes a burst point.

        ``samples``: any length, kept as float32. ``time``: of the first sample; None: the last was taken just now.
        """
        return send_burst(self._link, point, samples, rate_hz, time, quality)

    def ingest(self, values: pd.DataFrame | pa.Table | pa.RecordBatch | list[Mapping[str, Any]]) -> int:
        """Send values; returns how many were accepted: they are on the server's disk then.

        A DataFrame or Arrow table has the columns ``name`` (or ``point``: the number), ``time``, ``value`` (and
        ``text``, ``whole``, ``quality`` where needed); a DataFrame may have the time as its index. A DataFrame
        without ``name`` and ``point`` is wide: each column is a point of that name. A list holds dicts like
        ``{"point": "pump1.flow", "time": "2026-01-01T00:00:00Z", "value": 1.5}``. New names become new points.
        """
        if isinstance(values, list):
            return int(self._link.json("POST", "/ingest", body={"values": values})["accepted"])
        table = _table(values)
        accepted = 0
        for at in range(0, len(table), _ROWS):
            accepted += int(self._link.send("/ingest", _stream(table.slice(at, _ROWS)), ARROW)["accepted"])
        return accepted

    def episodes(self, *, asset: str = "", kind: str = "", start: Time = "", end: Time = "") -> pd.DataFrame:
        """Return episodes (shifts, runs, alarms, labels) that touch [start, end), by start."""
        import pandas as pd

        params = {"asset": asset, "kind": kind, "start": _when(start), "end": _when(end)}
        frame = pd.DataFrame(self._link.json("GET", "/episodes", params=params))
        if len(frame):
            for name in ("start", "end"):
                held = frame.pop(f"{name}_us") if f"{name}_us" in frame else pd.Series([None] * len(frame))
                frame[name] = pd.to_datetime(held, unit="us", utc=True)
        return frame


class Asset:
    """A machine, line or site: the points whose name begins with its name."""

    def __init__(self, link: Link, name: str) -> None:
        self._link = link
        self.name = name

    def __repr__(self) -> str:
        return f"<Asset {self.name}>"

    def __getitem__(self, quantity: str) -> Point:
        return Point(self._link, f"{self.name}.{quantity}")

    def points(self) -> list[Point]:
        """List its points, and those of what lies below it."""
        return list(_points(self._link, asset=self.name))


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
        return read_bursts(self._link, self._path(), _back(start), _back(end), most)

    def why(self, at: Time = "") -> dict[str, Any]:
        """Ask why it is what it is, or was at a past time."""
        return dict(self._link.json("GET", f"{self._path()}/why", params={"at": _when(at)}))

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
        params = {"points": self.name, "start": _back(start), "end": _back(end), "width": width}
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
        params = {"every": every, "start": _back(start), "end": _back(end), "tz": timezone}
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
            and time >= timestamptz '{_moment(start, now)}' and time < timestamptz '{_moment(end, now)}'
            order by time, state"""  # noqa: S608 - times, and a name whose quotes are doubled
        return self._link.arrow("POST", "/sql", body={"sql": sql}).to_pandas()

    def write(self, value: float | int | str | bool, *, reason: str = "") -> dict[str, Any]:
        """Set the point on its machine, within the point's rule; returns the command as it stands.

        ``state`` is ``done`` (read back), ``pending`` (a second person must agree) or ``sent`` (not known yet).
        Refused or failed raises: command.off, range, rate, interlock, stopped, failed; auth.denied.
        """
        body = {"point": self.name, "value": value, "reason": reason}
        done = dict(self._link.json("POST", "/commands", body=body))
        if done["state"] not in ("done", "pending", "sent"):
            raise FixConfiguration("command.failed", f"{done['state']}: {done['detail']}", place=self.name)
        return done

    def _path(self) -> str:
        return f"/points/{quote(self.name, safe='')}"


def _points(link: Link, **which: str) -> Iterator[Point]:
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


def _when(time: Time) -> str:
    if isinstance(time, datetime):
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat()
    if isinstance(time, timedelta):
        return f"-{time / timedelta(seconds=1):.6f}s"
    if isinstance(time, int | float) and 0 < abs(time) < _OLDEST_US:  # else all of history comes, without a word
        raise FixConfiguration("config.invalid", f"{time} is not in microseconds; give a datetime", place="time")
    return str(int(time)) if isinstance(time, float) else str(time)


def _moment(time: Time, now: datetime) -> str:
    """Write a time as ISO 8601: what ``_back`` takes, on this machine's clock."""
    text = _back(time)
    try:
        if text == "now":
            return now.isoformat()
        if text.startswith("-"):
            return (now - timedelta(seconds=seconds(text[1:]))).isoformat()
        if text.isdecimal():
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text))).isoformat()
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise FixConfiguration("config.invalid", f"{text!r} is no time: {error}", place="time") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _back(time: Time) -> str:
    """Read "30d" as thirty days ago."""
    text = _when(time)
    return f"-{text}" if text[:1].isdigit() and text[-1:].isalpha() and "T" not in text else text


def _table(values: Any) -> pa.Table:
    if isinstance(values, pa.RecordBatch):
        return pa.Table.from_batches([values])
    if isinstance(values, pa.Table):
        return values
    return _from_pandas(values)


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    import pandas as pd

    if "time" not in frame.columns and isinstance(frame.index, pd.DatetimeIndex):
        frame = frame.rename_axis("time").reset_index()
    if "time" not in frame.columns:
        raise FixConfiguration("frame.invalid", "the DataFrame has neither a column time nor a DatetimeIndex")
    if "name" not in frame.columns and "point" not in frame.columns:
        frame = frame.melt(id_vars="time", var_name="name", value_name="value").dropna(subset="value")
    times = pd.to_datetime(frame["time"], utc=True).dt.as_unit("us")
    frame = frame.assign(time=times)
    if "value" in frame.columns and not pd.api.types.is_numeric_dtype(frame["value"]):
        texts = frame["value"].map(lambda v: v if isinstance(v, str) else None)
        numbers = frame["value"].map(lambda v: None if isinstance(v, str) else v)
        frame = frame.assign(value=pd.to_numeric(numbers), text=texts)
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except pa.ArrowException as error:
        raise FixConfiguration("frame.invalid", f"the DataFrame is no table of values: {error}") from error
    return table.replace_schema_metadata(None)


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
