"""What SQL sees of one tenant: the trusted statements that turn a snapshot into tables people query.

``telemetry`` is cut into branches: days without late rows are read as they are; in the others late rows replace
those in order. Each source joins ``points`` by itself, below any resolving, because DuckDB then carries ``where
name = …`` as a filter on ``point`` down to the row groups of the files (measured: 10 ms of 36 M rows; a join above
makes days with late rows be read whole).
"""

# ruff: noqa: S608 - SQL is what this module writes; paths are quoted, nothing of users goes in

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import PurePath
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from baigong.stores.lake.assetsql import ASSETS, RELATIONS
from baigong.stores.lake.bursts import LAKE_BURSTS
from baigong.stores.lake.burstsql import bursts_view
from baigong.stores.lake.contract import LAKE, LakeFile, Snapshot
from baigong.stores.lake.kindsql import kind_views
from baigong.stores.lake.part import Part
from baigong.stores.lake.recordsql import RECORD_TABLES, RecordSources, record_inputs, record_views
from baigong.stores.lake.rollupsql import computed_rollup
from baigong.stores.lake.scansql import FileShapes, Scan, open_only, whole
from baigong.stores.lake.thin import THINNED, day_of
from baigong.stores.lake.timesql import TIME_FUNCTIONS
from baigong.stores.lake.toldsql import EPISODES, TASKS, VIEWS, LotTables
from baigong.vocab import quality as q

POINTS = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),  # shown as ``point``
        pa.field("name", pa.string()),
        pa.field("asset", pa.string()),
        pa.field("quantity", pa.string()),
        pa.field("unit", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("title", pa.string()),
        pa.field("title_zh", pa.string()),
        pa.field("device", pa.string()),
        pa.field("address", pa.string()),
        pa.field("sloped", pa.bool_()),  # interpolate between samples (else the last value holds): rollups only
        pa.field("states", pa.string()),  # JSON: raw value -> word; here and below for kindsql only
        pa.field("states_zh", pa.string()),
        pa.field("rollover", pa.float64()),
        pa.field("resets", pa.bool_()),
        pa.field("max_rate", pa.float64()),
    ]
)
VISIBLE = (
    "telemetry",
    "points",
    "assets",
    "relations",
    "latest",
    "episodes",
    "tasks",
    "lots",
    "lot_uses",
    "genealogy",
    *RECORD_TABLES,
    "bursts",
    "rollup_1m",
    "rollup_1h",
    "consumption_1m",
    "consumption_1h",
    "rollup_states_1m",
    "rollup_states_1h",
)
_FOR_VIEWS = "sloped, states, states_zh, rollover, resets, max_rate"
BUCKETS_S = {"1m": 60, "1h": 3600}
_DAY_US = 86_400_000_000
_CHUNK_DAYS = 64  # files of more days are put under one time bound each, so that other years are not even opened
_NAMES = "name, asset, quantity, unit, sloped"
_ROW = "point, time, value, whole, text, quality, seen, seq"
# exact: both are float64 without error; the usual scales first (measured: a case each beats pow, and a coalesce around)
_SHIFTED = " ".join(f"when scale = {scale} then digits / 1e{scale}" for scale in (2, 1, 3, 0, 4, 5, 6))
_DECIMAL = f"case {_SHIFTED} when scale is null then value else digits / pow(10.0, scale) end"
# OPC 10000-4 §7.39: bits 15–14 say good, uncertain or bad; (quality & 0xC000) is 0, 0x4000, 0x8000 or 0xC000
_SEVERITY = "case when quality & 32768 <> 0 then 'bad' when quality & 16384 <> 0 then 'uncertain' else 'good' end"


TableSource: TypeAlias = pa.Table | Callable[[], pa.Table]
Clip: TypeAlias = Callable[[Any], Any]
NO_LOTS = LotTables()
NO_RECORDS: RecordSources = {}


@dataclass(slots=True, frozen=True)
class SqlView:
    """One tenant's tables at one moment, as a SQL child wants them.

    ``base``: SQL that fills the catalog ``base`` with what only changes when a table it names does.
    ``statements``: (word, SQL), in order; those with a word are only for queries in whose text it stands
    (binding the rollups costs 10 ms that most queries need not pay), and tables no statement names are not made.
    """

    tables: dict[str, Any]  # of Arrow, what the caller made of it, or a function that gives one of the two
    base: tuple[str, ...]
    statements: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    roots: tuple[str, ...]


@dataclass(slots=True, frozen=True)
class _Files:
    """``plain``: paths that are read whole; ``scan``: how the others are."""

    shapes: FileShapes
    scan: Scan
    plain: frozenset[str] | None = None  # None: all


@dataclass(slots=True, frozen=True)
class _Source:
    """Rows, and the same with the names of their points."""

    rows: str
    named: str


def sql_view(
    snapshot: Snapshot,
    points: Any,
    latest: TableSource,
    episodes: TableSource,
    shapes: FileShapes,
    part: Part | None = None,
    clip: Clip | None = None,
    assets: TableSource = ASSETS.empty_table,
    relations: TableSource = RELATIONS.empty_table,
    lots: LotTables = NO_LOTS,
    tasks: TableSource = TASKS.empty_table,
    records: RecordSources = NO_RECORDS,
) -> SqlView:
    """Plan the tables ``VISIBLE`` over a snapshot, or over what is open of it: then ``points`` are ``part_points``
    and the other tables hold nothing else.

    ``points``: columns of POINTS (missing ones become null), or a sandbox's block of such,
    ``latest``: schema LAKE, one row a point, ``tasks``: columns of TASKS,
    ``episodes``: columns of EPISODES, ``assets``: columns of ASSETS, ``relations``: of RELATIONS, ``lots`` and
    ``records``: of whoever may ask for them; these may be functions, called only for queries that want them.
    Costs a look at the footer of files not seen before.
    """
    hot_days = _days_of(snapshot.hot) if snapshot.hot_days is None else snapshot.hot_days
    bursts = LAKE_BURSTS.empty_table() if snapshot.hot_bursts is None else snapshot.hot_bursts
    files = _Files(shapes, whole)
    if part is not None:
        plain = shapes.coverage.covered(snapshot.files, part)
        files = _Files(shapes, partial(open_only, bounded=part.bounded), plain)
    hidden = _FOR_VIEWS if part is None else f"{_FOR_VIEWS}, open_from, open_until"
    statements = [
        *TIME_FUNCTIONS,
        ("", "create schema lake"),
        ("", "create view lake.points as from base.points"),
        ("", f"create view points as select * exclude ({hidden}) from lake.points"),
        ("telemetry", f"create view lake.rows as {_rows(snapshot, snapshot.files, hot_days, files)}"),
        (
            "telemetry",
            "create view telemetry as select name, point, asset, quantity, unit, time, value, whole, text, quality, "
            f"{_SEVERITY} as severity, seen, seq from lake.rows",
        ),
        ("latest", _latest()),
        *VIEWS,
        *record_views(),
        ("assets", "create view assets as from assets_in"),
        ("relations", "create view relations as from relations_in"),
        ("burst", bursts_view(snapshot, _SEVERITY, files.scan)),
        *(("rollup", s) for s in _rollups(snapshot, hot_days, files)),
        *_kinds(snapshot, hot_days, files),
    ]
    paths = [f.path for f in (*snapshot.files, *snapshot.bursts)] + [
        path for group in snapshot.rollups.values() for path in group
    ]
    return SqlView(
        tables={
            **_hot_tables(snapshot, part, clip),
            "points_in": conformed(points, POINTS) if isinstance(points, pa.Table) and part is None else points,
            "bursts_in": bursts if part is None else part.clip(bursts),
            "latest_in": lambda: (latest() if callable(latest) else latest).select(LAKE.names),
            "assets_in": assets,
            "relations_in": relations,
            "lot_uses_in": lots.uses,
            "genealogy_in": lots.links,
            "tasks_in": tasks,
            **record_inputs(records),
            "episodes_in": lambda: conformed(episodes() if callable(episodes) else episodes, EPISODES),
        },
        base=("create table base.points as select number as point, * exclude (number) from points_in",),
        statements=tuple(statements),
        files=tuple(paths),
        roots=tuple(sorted({_root(path, snapshot.tenant) for path in paths})),
    )


def part_points(points: pa.Table, part: Part) -> pa.Table:
    """Return the points of a part as ``sql_view`` takes them, with what is open of each."""
    return conformed(points, POINTS).join(part.table(), "number", join_type="inner")


def _hot_tables(snapshot: Snapshot, part: Part | None, clip: Clip | None) -> dict[str, tuple[Any, ...]]:
    """Return what is in no file yet, in pieces; of a part only its rows: those of others must not reach the child."""
    ordered, late, mask = snapshot.hot_pieces, snapshot.hot_late_pieces, snapshot.hot_late
    if not ordered:
        rows = snapshot.hot.select(LAKE.names)
        ordered = (rows if mask is None else rows.filter(pa.array(~mask)),)
        late = () if mask is None else (rows.filter(pa.array(mask)),)
    tables = {"hot_in": ordered} | ({"late_in": late} if late else {})
    return tables if part is None else {name: tuple(map(clip or part.clip, cut)) for name, cut in tables.items()}


def _latest() -> str:
    return (
        "create view latest as select p.name, t.point, p.asset, p.quantity, p.unit, "
        f"{_columns('t', _ROW.removeprefix('point, '))}, {_SEVERITY} as severity "
        "from latest_in t left join lake.points p on p.point = t.point"
    )


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a table the schema's columns in order; missing ones are null, others are left out."""
    columns = [
        table.column(f.name).cast(f.type) if f.name in table.schema.names else pa.nulls(len(table), f.type)
        for f in schema
    ]
    return pa.table(columns, names=schema.names)


# -- branches ------------------------------------------------------------------------------------------------------


def _rows(snapshot: Snapshot, files: Sequence[LakeFile], hot_days: frozenset[str], reading: _Files) -> str:
    """Unite these files and the hot rows: resolved, without retracted rows, with the names of the points.

    Rows in order are unique and do not retract, so only late rows are held in memory to resolve: they replace, by
    an anti-join, rows in order of the days that have late ones, and among themselves the highest ``seq`` wins.
    """
    ordered = [f for f in files if not f.late]
    late = list(_late_scans(snapshot, [f for f in files if f.late], reading))
    late_days = snapshot.overlapping | (hot_days if snapshot.hot_late is not None else frozenset())
    hot = _joined(f"select {_ROW} from hot_in")
    if not late:
        return " union all ".join(source.named for source in (*_scans(ordered, reading), hot))
    mixed = list(_scans([f for f in ordered if f.day in late_days], reading))
    clean = list(_scans([f for f in ordered if f.day not in late_days], reading))
    (clean if snapshot.hot_late is None else mixed).append(hot)  # late rows of files are older than hot ones in order
    keys = " union all ".join(f"select point, time from ({source.rows})" for source in late)
    branches = [source.named for source in clean]
    if mixed:  # together, since what replaces them is hashed for every "not exists"
        rows = " union all ".join(source.named for source in mixed)
        kept = f"not exists (select 1 from ({keys}) l where l.point = t.point and l.time = t.time)"
        branches.append(f"select {_NAMES}, {_ROW} from ({rows}) t where {kept}")
    return " union all ".join([*branches, _resolved(" union all ".join(source.named for source in late))])


def _late_scans(snapshot: Snapshot, files: Sequence[LakeFile], reading: _Files) -> Iterator[_Source]:
    yield from _scans(files, reading)
    if snapshot.hot_late is not None:
        yield _joined(f"select {_ROW} from late_in")


def _resolved(joined: str) -> str:
    """Keep the row of the highest seq a (point, time); arg_max_null, since that row's nulls count too.

    Names are keys beside the point, though it decides them: only filters on keys pass through an aggregate.
    """
    return (
        "select name, asset, quantity, any_value(unit) as unit, any_value(sloped) as sloped, point, time, "
        "arg_max_null(value, seq) as value, arg_max_null(whole, seq) as whole, arg_max_null(text, seq) as text, "
        "arg_max(quality, seq) as quality, arg_max(seen, seq) as seen, max(seq) as seq "
        f"from ({joined}) group by name, asset, quantity, point, time "
        f"having (arg_max(quality, seq) & 65535) <> {q.DELETED}"
    )


def _joined(rows: str) -> _Source:
    named = f"select {_columns('p', _NAMES)}, {_columns('t')} from ({rows}) t"
    return _Source(rows, f"{named} left join lake.points p on p.point = t.point")


def _open(rows: str) -> _Source:
    return _Source(rows, f"select {_columns('t', _NAMES)}, {_columns('t')} from ({rows}) t")


def _columns(alias: str, names: str = _ROW) -> str:
    return ", ".join(f"{alias}.{name}" for name in names.split(", "))


def _scans(files: Sequence[LakeFile], reading: _Files) -> Iterable[_Source]:
    """Read files, those of one shape together; many days in chunks that a time filter can skip whole."""
    days = sorted({f.day for f in files})
    for i in range(0, len(days), _CHUNK_DAYS):
        chunk = set(days[i : i + _CHUNK_DAYS])
        bound = f" where {_between(min(chunk), max(chunk))}" if len(days) > _CHUNK_DAYS else ""
        for decimals in (True, False):
            paths = [f.path for f in files if f.day in chunk and reading.shapes.has_decimals(f.path) is decimals]
            row = _ROW.replace("value", f"{_DECIMAL} as value", 1) if decimals else _ROW
            plain = [path for path in paths if reading.plain is None or path in reading.plain]
            if plain:
                yield _joined(f"select {row} from {whole(plain)}{bound}")
            if len(plain) < len(paths):
                walled = [path for path in paths if path not in plain]
                yield _open(f"select {_NAMES}, {row} from {reading.scan(walled, also=_NAMES)}{bound}")


def _rollups(snapshot: Snapshot, hot_days: frozenset[str], reading: _Files) -> Iterator[str]:
    """Serve days whose rollups are stored and current from there, compute the others from their rows."""
    current = snapshot.rolled_days - hot_days - snapshot.overlapping
    open_days = (frozenset(f.day for f in snapshot.files) | hot_days) - current
    unrolled = [f for f in snapshot.files if f.day in open_days]
    yield f"create view lake.open as {_rows(snapshot, unrolled, hot_days, reading)}"
    for name, seconds in BUCKETS_S.items():
        stored = snapshot.rollups.get(name, ())
        source = reading.scan(stored, seconds) if stored else ""
        yield f"create view rollup_{name} as {_rollup(source, seconds, open_days, open_days & snapshot.rolled_days)}"


def _kinds(snapshot: Snapshot, hot_days: frozenset[str], reading: _Files) -> Iterator[tuple[str, str]]:
    """Serve counters and states of days that were thinned from there, those of the others from all their rows."""
    changing = hot_days | snapshot.overlapping
    thinned = {path: day for path in snapshot.rollups.get(THINNED, ()) if (day := day_of(path)) not in changing}
    every = _rows(snapshot, [f for f in snapshot.files if f.day not in thinned.values()], hot_days, reading)
    yield from kind_views(every, reading.scan(thinned) if thinned else "")


def _rollup(stored: str, seconds: int, open_days: frozenset[str], stale: frozenset[str]) -> str:
    mean = "integral / nullif(good_s, 0) as mean_time_weighted"
    parts = []
    if stored:
        current = f" where not ({_within(stale, 'r.time')})" if stale else ""
        parts.append(
            'select p.name, r.point, r.time, r."count", r."min", r."max", r."sum", r."first", r."last", '
            f"r.worst_quality, r.integral, r.good_s from {stored} r "
            f"left join lake.points p on p.point = r.point{current}"
        )
    bound = f" where {_between(min(open_days), max(open_days))}" if open_days else " where false"
    parts.append(f"select * from ({computed_rollup('lake.open', seconds)}){bound}")
    return f"select *, {mean} from ({' union all '.join(parts)})"


# -- small things --------------------------------------------------------------------------------------------------


def _between(first: str, last: str, column: str = "time") -> str:
    """Bound a time to whole days, both included."""
    after = date.fromisoformat(last) + timedelta(days=1)
    return f"{column} >= timestamptz '{first} 00:00:00+00' and {column} < timestamptz '{after} 00:00:00+00'"


def _within(days: Iterable[str], column: str = "time") -> str:
    """Test whether a time falls on one of these days; runs of days become one range."""
    runs: list[tuple[str, str]] = []
    for day in sorted(days):
        if runs and date.fromisoformat(runs[-1][1]) + timedelta(days=1) == date.fromisoformat(day):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return " or ".join(f"({_between(a, b, column)})" for a, b in runs)


def _days_of(hot: pa.Table) -> frozenset[str]:
    if not len(hot):
        return frozenset()
    numbers = hot.column("time").cast(pa.int64()).to_numpy() // _DAY_US
    first, last = int(numbers.min()), int(numbers.max())
    present = range(first, last + 1) if last - first < 1 else np.unique(numbers).tolist()
    return frozenset(str(np.datetime64(day, "D")) for day in present)


def _root(path: str, tenant: str) -> str:
    """Find the folder that is this tenant's alone; without one, the file's own folder."""
    pure = PurePath(path)
    for folder in pure.parents:
        if folder.name == f"tenant={tenant}":
            return str(folder)
    return str(pure.parent)
