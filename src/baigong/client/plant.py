"""The Python SDK: a plant, its assets and points, their values as DataFrames or Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pyarrow as pa

from baigong.client.assets import Asset, Assets
from baigong.client.bursts import send_burst
from baigong.client.link import ARROW, Link, find_server, trusted
from baigong.client.lots import Lots
from baigong.client.point import Point, points_of
from baigong.client.tasks import Tasks
from baigong.client.times import Time, when
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 250_000  # rows in one piece of an ingest


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

    @property
    def assets(self) -> Assets:
        """Find assets: ``plant.assets()`` lists all, ``plant.assets.where(type="pump", under="hall")`` some of them."""
        return Assets(self._link)

    @property
    def lots(self) -> Lots:
        """Follow lots and serial numbers: ``plant.lots.recall("H13-7").lots``, ``plant.lots.trace("SN-1").steps``."""
        return Lots(self._link)

    @property
    def tasks(self) -> Tasks:
        """Find and make tasks: ``plant.tasks(state="late")``, ``plant.tasks.add("pump1", "Look after the seal")``."""
        return Tasks(self._link)

    def points(self, search: str = "", *, asset: str = "", device: str = "") -> list[Point]:
        """List points whose name, title or address holds every word of ``search``."""
        return list(points_of(self._link, search=search, asset=asset, device=device))

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
        """Run one SELECT over telemetry, points, assets, latest, rollups, episodes, lots, genealogy, …

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

        params = {"asset": asset, "kind": kind, "start": when(start), "end": when(end)}
        frame = pd.DataFrame(self._link.json("GET", "/episodes", params=params))
        if len(frame):
            for name in ("start", "end"):
                held = frame.pop(f"{name}_us") if f"{name}_us" in frame else pd.Series([None] * len(frame))
                frame[name] = pd.to_datetime(held, unit="us", utc=True)
        return frame


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
