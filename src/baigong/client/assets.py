"""Assets in Python: one of them, or all that a question finds, with the values of all their points in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from baigong.client.describing import asset_lines, asset_path, describe, find_asset, relate
from baigong.client.documents import Document, add_document, find_documents
from baigong.client.kpis import read_kpis
from baigong.client.link import Link
from baigong.client.point import Point, points_of
from baigong.client.tables import How, of_assets, read_intervals, read_latest, read_rows, side_by_side
from baigong.client.times import Time, moment_us

if TYPE_CHECKING:
    import pandas as pd


class Assets:
    """All assets of a plant: ``plant.assets()``, and ``plant.assets.where(…)`` for some of them."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __call__(self) -> list[Asset]:
        """List all assets by name: those that somebody described, and those that only points name."""
        return list(self.where())

    def where(
        self,
        search: str = "",
        *,
        type: str = "",
        under: str = "",
        site: str = "",
        level: str = "",
        state: str = "",
    ) -> AssetSet:
        """Find the assets that all of this fits; the server is asked when the answer is looked at.

        ``search``: words of name, title, code or place, pinyin too. ``type``: like ``pump``. ``under`` (or ``site``):
        this asset and all its parts. ``level``: site, area, line, unit, part, material, product, lot, person, tool.
        ``state``: planned, in_service, out_of_service. ::

            frame = plant.assets.where(type="pump", under="hall").df("24h", every="1m")
        """
        params = {"search": search, "type": type, "under": under or site, "level": level, "state": state}
        return AssetSet(self._link, {what: value for what, value in params.items() if value})


class AssetSet(Sequence["Asset"]):
    """What a question found, by name: iterate it, count it, or read all its values at once.

    Its points are those of the assets themselves. Points of their parts belong to the parts: ask with ``under``.
    """

    def __init__(self, link: Link, params: Mapping[str, str]) -> None:
        self._link = link
        self._params = params
        self._found: list[Asset] | None = None

    def __repr__(self) -> str:
        return f"<AssetSet {', '.join(f'{k}={v!r}' for k, v in self._params.items()) or 'all'}>"

    def __len__(self) -> int:
        return len(self._assets())

    @overload
    def __getitem__(self, at: int) -> Asset: ...
    @overload
    def __getitem__(self, at: slice) -> list[Asset]: ...
    def __getitem__(self, at: int | slice) -> Asset | list[Asset]:
        return self._assets()[at]

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._assets())

    @property
    def names(self) -> list[str]:
        return [asset.name for asset in self]

    def points(self) -> list[Point]:
        """List the points of these assets, by name; thousands of assets take one question or a few."""
        return of_assets(self._link, self.names)

    def latest(self) -> pd.DataFrame:
        """Return the newest value of every point: value, text, unit, quality, time (UTC), by (asset, quantity)."""
        return read_latest(self._link, self.names)

    def df(
        self,
        start: Time = "24h",
        end: Time = "now",
        *,
        every: str = "",
        how: How = "mean",
        wide: bool = False,
    ) -> pd.DataFrame:
        """Return the values of all points of these assets between two times in one DataFrame.

        Long, unless ``wide``: a row a value with asset, quantity, time (UTC), value (float64), quality (and text where
        there are texts, whole where integers pass 2**53), by asset, quantity and time: what ``groupby``, seaborn and
        most models take. ``wide``: a row a time and a column a point, columns a MultiIndex (asset, quantity): what a
        correlation takes; without ``every`` points that were not sampled together leave gaps (NaN).

        ``every``: one value an interval that begins at ``time``, like ``1m``, ``15m``, ``1h``, ``1d`` (UTC; any unit
        but months and years); left out: every row. ``how``: the mean of gauges and set-points (each sample counts the
        same; for means over time ask SQL's rollups), and of everything else the last; or min, max, first, last,
        count, of every point. Bad values and texts do not count, and an interval without any is left out; quality is
        the worst there.

        50 points are asked for at once, with ``every`` as many as make half a million rows.
        Raises sql.too_large when one point alone has more than a million intervals.
        """
        points = self.points()
        if every:
            frame = read_intervals(self._link, points, start, end, every, how)
        else:
            frame = read_rows(self._link, points, start, end)
        return side_by_side(frame) if wide else frame

    def kpis(self, start: Time = "24h", end: Time = "now") -> pd.DataFrame:
        """Return the KPIs that the types of these assets declare, over a span: a row for each KPI of each asset.

        Columns asset, type, kpi, value (NaN: ``why`` says why), unit, target, met, good (the share of the span in
        which all its points had good values). ::

            plant.assets.where(type="pump").kpis("7d").pivot(index="asset", columns="kpi", values="value")
        """
        return read_kpis(self._link, self.names, start, end)

    def _assets(self) -> list[Asset]:
        if self._found is None:
            self._found = [Asset(self._link, line["asset"], line) for line in asset_lines(self._link, self._params)]
        return self._found


class Asset:
    """A machine, line, hall or site, a part, a lot or a tool: what points are named by.

    What is known of it is asked for when it is first needed, and kept: ``plant.asset(name)`` looks anew.
    """

    def __init__(self, link: Link, name: str, line: Mapping[str, Any] | None = None) -> None:
        self._link = link
        self.name = name
        self._line = line
        self._whole: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<Asset {self.name}>"

    def __getitem__(self, quantity: str) -> Point:
        return Point(self._link, f"{self.name}.{quantity}")

    def points(self) -> list[Point]:
        """List its points, and those of its parts."""
        return list(points_of(self._link, asset=self.name))

    def parts(self) -> list[Asset]:
        """List its direct parts. All of them, and theirs: ``plant.assets.where(under=name)``."""
        return [Asset(self._link, line["asset"], line) for line in asset_lines(self._link, {"parent": self.name})]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What lists tell of it: parent, level, type, code, title, title_zh, place, state, described, points, …"""
        if self._line is None:
            self._line = self._asked()["line"]
        return self._line

    @property
    def parent(self) -> Asset | None:
        """What it is a part of; None: nothing but the company."""
        above = self.facts["parent"]
        return Asset(self._link, above) if above else None

    @property
    def path(self) -> str:
        """All that it is a part of, the whole first, itself last: ``hall/line2/pump1``."""
        return "/".join(step["asset"] for step in self._asked()["path"])

    @property
    def properties(self) -> dict[str, str | bool | int | float]:
        return dict(self._asked()["properties"])

    def related(self, kind: str = "", *, inverse: bool = False) -> list[Asset]:
        """List the assets that it has a relation to, like ``feeds``; without a kind, of any. ::

        press.related("uses")                 # the mould on it
        tank.related("feeds", inverse=True)   # what feeds the tank
        """
        return [
            Asset(self._link, one["other"])
            for one in self._asked()["relations"]
            if one["inverse"] == inverse and kind in ("", one["kind"])
        ]

    def relate(self, kind: str, other: Asset | str) -> None:
        """Say that it has a relation to another asset: feeds, uses, operated_by, made_of, spare_of, … or your own.

        Raises config.invalid for another one that does not exist or is retired.
        """
        relate(self._link, self.name, kind, other.name if isinstance(other, Asset) else other)
        self._whole = None

    def unrelate(self, kind: str, other: Asset | str) -> None:
        """Drop a relation. Raises http.not_found where there is none."""
        relate(self._link, self.name, kind, other.name if isinstance(other, Asset) else other, drop=True)
        self._whole = None

    @property
    def title(self) -> str:
        """What people call it: the Chinese title where there is no other, its name where there is none."""
        return str(self.facts["title"] or self.facts["title_zh"] or self.name)

    def kpis(self, start: Time = "24h", end: Time = "now") -> pd.DataFrame:
        """Return the KPIs that its type declares, over a span; columns as of ``AssetSet.kpis``."""
        return read_kpis(self._link, [self.name], start, end)

    def life(self) -> pd.DataFrame:
        """Return its life, the newest first: time (UTC), phase (designed, built, maintained), kind, by, id, detail."""
        import pandas as pd

        found = self._link.json("GET", f"{asset_path(self.name)}/life")["entries"]
        frame = pd.DataFrame(found, columns=["time_us", "phase", "kind", "by", "id", "corrected_by", "detail"])
        frame.insert(0, "time", pd.to_datetime(frame.pop("time_us"), unit="us", utc=True))
        return frame

    def tell(self, kind: str, time: Time | None = None, **detail: Any) -> str:
        """Tell an event of its life, which stays for ever; returns its id. ``time``: None is now.

        ``kind``: manufactured, delivered, installed, commissioned, part_installed, part_exchanged, replaced, repaired,
        inspected, calibrated, serviced, modified, decommissioned, note. ``detail``: text, part, serial, previous, cost,
        currency, corrects (the id of what it puts right). ::

            pump.tell("part_exchanged", "2026-03-01", part="seal", serial="S-2", cost=85.0, currency="EUR")
        """
        body = {"kind": kind, **detail} | ({} if time is None else {"time_us": moment_us(time)})
        return str(self._link.json("POST", f"{asset_path(self.name)}/life", body=body)["id"])

    def documents(self, search: str = "", *, kind: str = "") -> list[Document]:
        """List its documents and those of its type, by title. ``kind``: a class of VDI 2770, like ``03-02``."""
        return find_documents(self._link, asset=self.name, search=search, kind=kind)

    def add_document(self, path: str | Path, **told: str) -> Document:
        """Hand in a file: title, title_zh, kind, language, version, valid_from, replaces (a document's id). ::

        pump.add_document("manual.pdf", title="Operating manual", kind="03-02", language="en", version="2.1")
        """
        return add_document(self._link, path, asset=self.name, **told)

    def move(self, to: Asset | str) -> None:
        """Let it be a part of another asset; ``""``: of the company itself. Its name, and its points', stay.

        Raises config.invalid for what makes no tree, config.conflict if somebody changed it at the same time.
        """
        parent = to.name if isinstance(to, Asset) else to
        self._whole = describe(self._link, self.name, find_asset(self._link, self.name), {}, parent=parent)
        self._line = None

    def _asked(self) -> dict[str, Any]:
        if self._whole is None:
            self._whole = find_asset(self._link, self.name)
        return self._whole
