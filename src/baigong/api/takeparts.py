"""What a company's archive holds, a piece at a time: values by day, recordings by point, records by table, its files.

Names, not numbers; nothing that opens a door (hashes, digests, envelopes), and that is said in the manifest.
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from baigong.api.tables import FORMULA, pour
from baigong.registry.opening import Registry
from baigong.security.envelope import masked
from baigong.stores.lake.contract import LakeReader, Snapshot
from baigong.stores.lake.reader import FileCache, SnapshotReader
from baigong.stores.records.documents import DocumentRow
from baigong.stores.records.leaving import condition, owned_tables
from baigong.stores.records.tables import metadata
from baigong.vocab.quality import describe

_ROWS = 500_000  # of values held at once
_LINES = 50_000  # of them written as text at once
_RECORDS = 2_000
_FILES = 1  # of what holds whole files
_DAY_US = 86_400_000_000
_MOST = 1 << 31
_COLUMNS = ("point", "time", "value", "whole", "text", "quality")
HIDDEN = {  # tables that are left out, and columns
    "sessions": None,
    "session_origins": None,
    "session_proofs": None,
    "second_factors": None,
    "recovery_codes": None,
    "people": ("password_hash",),
    "tokens": ("digest",),
    "credentials": ("proof",),
    "passkeys": ("credential", "handle", "public_key"),
    "command_keys": None,  # names that senders gave to what `commands` tells, for a day
    "applications": ("code_digest",),
    "screen_links": ("digest",),
    "business_records": ("digest",),  # of the fields beside it
    "record_parts": None,  # keys of a telling that is under way
    "devices": ("spec",),  # the files of the folder say it, without what is closed in envelopes
}
_SEEN = (
    "devices",
    "assets",
    "asset_relations",
    "asset_types",
    "device_templates",
    "documents",
    "life",
    "lot_uses",
    "lot_links",
    "business_records",
    "record_changes",
    "record_runs",
    "tasks",
    "task_changes",
    "work_texts",
    "points",
    "events",
    "episodes",
    "commands",
    "stops",
    "companies",
    "screens",
    "sheet_templates",
    "screen_texts",
    "screen_files",
)
_RIGHTS = {
    "grants": "share",
    "bills": "usage",
    "tariffs": "usage",
    "support_requests": "share",
    "screen_links": "share",
}


@dataclass(slots=True, frozen=True)
class Part:
    """One file of the archive. ``pieces``: (bytes, rows in them)."""

    name: str
    pieces: Callable[[], Iterator[tuple[bytes, int]]]
    packed: bool = False  # it is compressed already


def right_of(table: str) -> str:
    """Return the action that who takes a table's rows away must be allowed; a table of tomorrow is closed."""
    return "see" if table in _SEEN else _RIGHTS.get(table, "people")


class Values:
    """A company's values as of one snapshot."""

    def __init__(self, snapshot: Snapshot, points: pa.Table) -> None:
        self._snapshot = snapshot
        self._reader = SnapshotReader(FileCache())
        order = np.argsort(points.column("number").to_numpy(), kind="stable")
        points = points.take(pa.array(order))
        self._numbers = points.column("number").to_numpy()
        self._names, self._units = (points.column(name).combine_chunks() for name in ("name", "unit"))
        self._hot_us = snapshot.hot.column("time").combine_chunks().view(pa.int64()).to_numpy()
        self.rows = sum(f.rows for f in snapshot.files) + len(snapshot.hot)

    def days(self) -> list[str]:
        hot = {str(np.datetime64(int(t), "D")) for t in np.unique(self._hot_us // _DAY_US)}
        return sorted({f.day for f in self._snapshot.files} | hot)

    def part(self, day: str, form: str) -> Part:
        def pieces() -> Iterator[tuple[bytes, int]]:
            rows = 0

            def counted() -> Iterator[pa.Table]:
                nonlocal rows
                for table in self._tables(day, form):
                    rows += len(table)
                    yield from _sliced(table) if form == "csv" else (table,)

            schema = _empty(form).schema
            for piece in pour(form, schema, counted(), bom=form == "csv"):
                yield _with_crlf(piece) if form == "csv" else piece, rows if form == "parquet" else 0
                rows = 0

        return Part(f"values/{day}.{form}", pieces, packed=form == "parquet")

    def _tables(self, day: str, form: str) -> Iterator[pa.Table]:
        start = int(np.datetime64(day, "us").astype(np.int64))
        there = sum(f.rows for f in self._snapshot.files if f.day == day) + int(
            np.sum(self._hot_us // _DAY_US == start // _DAY_US)
        )
        pieces = max(1, -(-there // _ROWS))
        groups = np.array_split(self._numbers, min(pieces, max(1, len(self._numbers))))
        edges = np.linspace(start, start + _DAY_US, -(-pieces // len(groups)) + 1).astype(np.int64).tolist()
        for numbers in groups:
            for begin, end in pairwise(edges):
                yield self._named(self._series(numbers, begin, end), form)

    def _series(self, numbers: Any, start_us: int, end_us: int) -> pa.Table:
        hot = self._snapshot.hot
        near = (self._hot_us >= start_us) & (self._hot_us < end_us)
        near &= np.isin(hot.column("point").to_numpy(), numbers)
        cut = hot.filter(pa.array(near))
        return self._reader.series(self._snapshot.files, cut, numbers.tolist(), start_us, end_us, _COLUMNS)

    def _named(self, rows: pa.Table, form: str) -> pa.Table:
        at = pa.array(np.searchsorted(self._numbers, rows.column("point").to_numpy()))
        codes, back = np.unique(rows.column("quality").to_numpy(), return_inverse=True)
        said = pa.array([describe(int(code)) for code in codes], pa.string())
        text = rows.column("text").cast(pa.string())
        if form == "csv":
            text = pc.replace_substring_regex(text, FORMULA, r"'\1")
        columns = [
            rows.column("time").cast(pa.timestamp("us")),
            self._names.take(at),
            rows.column("value"),
            rows.column("whole"),
            text,
            said.take(pa.array(back)),
            rows.column("quality"),
            self._units.take(at),
        ]
        return pa.table(columns, schema=_empty(form).schema)


def _sliced(table: pa.Table) -> Iterator[pa.Table]:
    """Cut it, so that nobody waits long for a piece of text."""
    return (table.slice(at, _LINES) for at in range(0, len(table), _LINES))


def _with_crlf(piece: bytes) -> bytes:
    return piece.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _empty(form: str) -> pa.Table:
    names = ("time_utc", "name", "value", "whole", "text", "quality", "quality_code", "unit")
    word = pa.string()
    kinds = (pa.timestamp("us"), word, pa.float64(), pa.int64(), word, word, pa.int32(), word)
    return pa.schema(list(zip(names, kinds, strict=True))).empty_table()


def recordings(lake: LakeReader, snapshot: Snapshot, tenant: str, points: pa.Table) -> Iterator[Part]:
    """Yield a file for each point that has waveforms."""
    if not snapshot.bursts and not (snapshot.hot_bursts is not None and len(snapshot.hot_bursts)):
        return
    for number, name in zip(points.column("number").to_pylist(), points.column("name").to_pylist(), strict=True):
        count, tables = lake.bursts(tenant, number, -_MOST * _DAY_US, 1 << 62, _MOST)
        if count:
            yield Part(f"recordings/{_safe(name)}.parquet", partial(_poured, tables), packed=True)


def _poured(tables: Iterator[pa.Table]) -> Iterator[tuple[bytes, int]]:
    first = next(tables, None)
    if first is None:
        return
    kept = [name for name in first.schema.names if name not in ("point", "seen", "seq")]

    def chosen() -> Iterator[pa.Table]:
        yield first.select(kept)
        yield from (table.select(kept) for table in tables)

    for piece in pour("parquet", first.select(kept).schema, chosen()):
        yield piece, 0


def records(registry: Registry, tenant: str, may: Callable[[str], bool]) -> tuple[list[Part], list[dict[str, str]]]:
    """Return a file for each table, and what is left out, with the reason."""
    parts, left = [], []
    for table in sorted((t for t in owned_tables() if t.name in metadata.tables), key=lambda t: t.name):
        hidden = HIDDEN.get(table.name, ())
        if hidden is None:
            left.append({"what": f"records/{table.name}", "why": "it opens doors, and says nothing else"})
        elif not may(right_of(table.name)):
            left.append({"what": f"records/{table.name}", "why": f"needs the right {right_of(table.name)}"})
        else:
            left += [{"what": f"records/{table.name}: {c}", "why": "it opens doors"} for c in hidden if c != "spec"]
            columns = [c for c in table.c if c.name not in (*hidden, "tenant")]
            parts.append(Part(f"records/{table.name}.csv", _lines(registry, tenant, table, columns)))
    return parts, left


def _lines(
    registry: Registry, tenant: str, table: sa.Table, columns: list[sa.Column[Any]]
) -> Callable[[], Iterator[tuple[bytes, int]]]:
    keys = list(table.primary_key.columns)
    most = _FILES if any(isinstance(c.type, sa.LargeBinary) for c in columns) else _RECORDS

    def page(connection: sa.Connection, after: tuple[Any, ...] | None) -> list[Any]:
        """Read on behind a row by its key: what is deleted or made meanwhile moves nothing."""
        wanted = sa.select(*columns, *keys).where(condition(table, tenant)).order_by(*keys)  # type: ignore[arg-type]
        if after is not None:
            wanted = wanted.where(sa.tuple_(*keys) > after)
        return list(connection.execute(wanted.limit(most)))

    def pieces() -> Iterator[tuple[bytes, int]]:
        yield b"\xef\xbb\xbf" + _csv([[c.name for c in columns]]), 0
        last: tuple[Any, ...] | None = None
        while True:
            rows = registry.records.read_now(lambda c, last=last: page(c, last), tenant=tenant)  # type: ignore[misc]
            if rows:
                yield _csv([[_cell(v) for v in row[: len(columns)]] for row in rows]), 0
            if len(rows) < most:
                return
            last = tuple(rows[-1][len(columns) :])

    return pieces


def _csv(rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    text = masked(str(value), "(closed)")
    return f"'{text}" if isinstance(value, str) and re.match(FORMULA, text) else text


def documents(registry: Registry, tenant: str, rows: Iterable[DocumentRow]) -> Iterator[Part]:
    """Yield the contents of documents under names that people know; each content once."""
    told: set[str] = set()
    for row in rows:
        if row.emptied_us is None and row.sha256 not in told:
            told.add(row.sha256)
            name = f"documents/{_safe(row.subject.partition(':')[2])}/{row.sha256[:12]}-{_safe(row.file)}"
            yield Part(name, partial(_pieces, registry.documents.content(row)), packed=row.media != "text/plain")


def _pieces(path: Path) -> Iterator[tuple[bytes, int]]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece, 0


def configuration(folder: Path) -> Iterator[Part]:
    """Yield the company's files, as they are, without what is closed in envelopes."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        text = masked(path.read_text("utf-8", errors="replace"), "(left out)")
        yield Part(f"config/{path.relative_to(folder).as_posix()}", partial(_whole, text.encode()))


def settings(registry: Registry, tenant: str) -> Part:
    """Return what was set for the company beside its tables."""
    quotas = {place: registry.quotas.text("site", place) for place in registry.quotas.sites(tenant)}
    told = {
        "company": registry.tenants.get(tenant),
        "retention": registry.retention.of(tenant),
        "second_factor": sorted(registry.factors.required(tenant)),
        "site_quotas": quotas,
    }
    return Part("settings.json", lambda: iter([(msgspec.json.format(msgspec.json.encode(told), indent=2), 0)]))


def _whole(content: bytes) -> Iterator[tuple[bytes, int]]:
    yield content, 0


def _safe(name: str) -> str:
    return re.sub(r"[^\w.+-]", "_", name)[:150]
