"""Values from files into the platform: the whole file is checked first, then sent; sending again changes nothing.

Two forms. Long: a column ``name`` (or ``point``), ``time``, ``value``, and perhaps ``text``, ``whole``,
``quality``. Wide: ``time`` and one column for each point, empty where there is no value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from baigong.cli.tabular import Piece, pieces
from baigong.client.link import ARROW, Link
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import TIME

_TIMES = ("time", "timestamp", "datetime", "时间")
_NAMES = ("name", "point", "测点")
_REST = ("value", "text", "whole", "quality")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"
_WHOLE = r"^[+-]?\d{16,}$"  # may need more than float64 has
_GROUPED = r"^[+-]?\d[\d.,' ]*$"  # with a comma in it: one half of the world's 1.5, or the other half's 1000
_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_WORDS = {"good": 0, "uncertain": 0x4000, "bad": 0x8000}
_PIECE = 200_000  # rows sent at once
_PATIENCE_S = 120.0  # how long a platform that is full or restarting is waited for
_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}

SENT = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("time", TIME),
        pa.field("value", pa.float64()),
        pa.field("whole", pa.int64()),
        pa.field("text", pa.string()),
        pa.field("quality", pa.int32()),
    ]
)


@dataclass(slots=True)
class Reading:
    """How a file is understood. ``asset`` goes before names that name none; ``zone`` is that of times without one."""

    path: Path
    asset: str = ""
    zone: str = "UTC"
    unit: str = ""  # of times that are numbers: s, ms, us; empty: by their size
    decimal: str = ""  # what stands before tenths; the other one of . and , only groups digits; empty: no commas
    rows: int = 0
    left_out: int = 0  # rows without a value
    kinds: dict[str, tuple[str, int]] = field(default_factory=dict)  # name -> (number | text, row it was seen in)

    def tables(self) -> Iterator[tuple[pa.Table, float]]:
        """Yield (rows of schema SENT, how much of the file is read); payload.malformed names the row that is wrong."""
        self.rows = self.left_out = 0
        for piece in pieces(self.path):
            columns = self._columns(piece.table)
            times = self._times(piece, columns["time"])
            parts = self._long(piece, columns, times) if columns["name"] else self._wide(piece, columns, times)
            table = pa.concat_tables(parts)
            self.rows += len(table)
            yield table, piece.part

    def wrong(self, row: int, what: str) -> FixConfiguration:
        return FixConfiguration("payload.malformed", f"row {row}: {what}", place=str(self.path))

    def _columns(self, table: pa.Table) -> dict[str, str]:
        """Find the columns by what they are called."""
        plain = {name.strip().lower(): name for name in table.schema.names}
        if len(plain) != len(table.schema.names):
            raise self.wrong(1, "two columns have one name")
        found = {
            "time": next((plain[n] for n in _TIMES if n in plain), ""),
            "name": next((plain[n] for n in _NAMES if n in plain), ""),
            **{n: plain.get(n, "") for n in _REST},
        }
        if not found["time"]:
            raise self.wrong(1, f"no column {' or '.join(_TIMES[:3])}; there are {sorted(plain)[:10]}")
        if not found["name"]:
            return found
        strange = set(table.schema.names) - set(found.values())
        if strange:
            raise self.wrong(1, f"columns that mean nothing here: {sorted(strange)[:10]}")
        if not any(found[n] for n in ("value", "text", "whole")):
            raise self.wrong(1, "no column value")
        return found

    # -- times ------------------------------------------------------------------------------------------------

    def _times(self, piece: Piece, name: str) -> pa.ChunkedArray:
        column = _plain(piece.table.column(name))
        if pa.types.is_timestamp(column.type):
            made = self._zoned(pd.Series(column.cast(pa.timestamp("us", column.type.tz)).to_pandas()))
        elif pa.types.is_date(column.type):
            made = self._zoned(pd.Series(pd.to_datetime(column.to_pandas())))
        elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            made = self._counted(piece, column.to_pandas())
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            made = self._spelled(piece, column.to_pandas())
        else:
            raise self.wrong(1, f"column {name} holds {column.type}, no times")
        lost = np.flatnonzero(made.isna().to_numpy())
        if len(lost):
            at = int(lost[0])
            raise self.wrong(piece.row + at, f"{column[at].as_py()!r} is no time (or one that {self.zone} skips)")
        return pa.chunked_array([pa.array(made.dt.as_unit("us"), TIME)])

    def _spelled(self, piece: Piece, texts: pd.Series[Any]) -> pd.Series[Any]:
        texts = texts.str.strip()
        if texts.str.fullmatch(r"-?\d+(\.\d+)?").all():
            return self._counted(piece, pd.to_numeric(texts))
        texts = texts.str.replace("/", "-", regex=False)
        zoned = texts.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", na=False)
        made = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
        if zoned.any():
            read = pd.to_datetime(texts[zoned], format="ISO8601", utc=True, errors="coerce")
            made[zoned] = read.dt.as_unit("us")
        if not zoned.all():
            rest = texts[~zoned]
            read = pd.to_datetime(rest, format="ISO8601", errors="coerce")
            for form in _FORMATS:  # 2026-1-5 8:30 is not ISO 8601, and common
                if read.isna().any():
                    read = read.fillna(pd.to_datetime(rest, format=form, errors="coerce"))
            made[~zoned] = self._zoned(read)
        return made

    def _zoned(self, times: pd.Series[Any]) -> pd.Series[Any]:
        if times.dt.tz is None:
            times = times.dt.tz_localize(ZoneInfo(self.zone), ambiguous="NaT", nonexistent="NaT")
        return times.dt.tz_convert("UTC").dt.as_unit("us")

    def _counted(self, piece: Piece, numbers: pd.Series[Any]) -> pd.Series[Any]:
        if numbers.isna().any():
            raise self.wrong(piece.row + int(np.flatnonzero(numbers.isna())[0]), "the time is empty")
        if not self.unit:
            size = abs(float(numbers.iloc[0]))
            self.unit = "us" if size > 1e14 else "ms" if size > 1e11 else "s"
        factor = _UNITS[self.unit]
        ticks = numbers * factor if numbers.dtype.kind in "iu" else (numbers * factor).round()
        beyond = ~ticks.abs().lt(250_000_000_000 * 1_000_000)  # the year 9892
        if beyond.any():
            at = int(np.flatnonzero(beyond)[0])
            raise self.wrong(piece.row + at, f"{numbers.iloc[at]} {self.unit} is no time since 1970")
        return pd.to_datetime(ticks.astype("int64"), unit="us", utc=True)

    # -- the two forms ----------------------------------------------------------------------------------------

    def _long(self, piece: Piece, columns: dict[str, str], times: pa.ChunkedArray) -> list[pa.Table]:
        table = piece.table
        names = pc.utf8_trim_whitespace(_plain(table.column(columns["name"])).cast(pa.string()))
        empty = pc.fill_null(pc.equal(names, ""), True)
        if pc.any(empty).as_py():
            raise self.wrong(piece.row + _first(empty), "the point has no name")
        made = self._values(piece, table.column(columns["value"])) if columns["value"] else _nothing(len(table))
        for kind in ("whole", "text"):
            if columns[kind]:
                made[kind] = pc.coalesce(made[kind], self._cast(piece, columns[kind], SENT.field(kind).type))
        made["quality"] = self._qualities(piece, columns["quality"])
        return [self._finish(piece, self._full(names), times, made, np.arange(len(table)) + piece.row)]

    def _wide(self, piece: Piece, columns: dict[str, str], times: pa.ChunkedArray) -> list[pa.Table]:
        made = []
        for name in piece.table.schema.names:
            if name == columns["time"]:
                continue
            if not name.strip():
                raise self.wrong(1, "a column has no name")
            values = self._values(piece, piece.table.column(name))
            values["quality"] = pa.chunked_array([pa.array(np.zeros(len(piece.table), np.int32))])
            names = self._full(pa.chunked_array([pa.array([name.strip()])])).take(
                pa.array(np.zeros(len(piece.table), np.int64))
            )
            rows = np.arange(len(piece.table)) + piece.row
            made.append(self._finish(piece, names, times, values, rows))
        return made or [SENT.empty_table()]

    def _full(self, names: pa.ChunkedArray) -> pa.ChunkedArray:
        """Put the asset before names that have none, and check that every name is one."""
        if self.asset:
            bare = pc.invert(pc.match_substring(names, "."))
            names = pc.if_else(bare, pc.binary_join_element_wise(self.asset, names, "."), names)
        for name in pc.unique(names).to_pylist():
            if name in self.kinds or name.isdecimal():
                continue
            try:
                msgspec.convert({"name": name, "address": name}, PointSpec)
            except (msgspec.ValidationError, ValueError) as error:
                hint = "" if "." in name else "; or name the asset with --asset"
                raise FixConfiguration("payload.malformed", f"{error}{hint}", place=str(self.path)) from error
        return names

    def _finish(
        self, piece: Piece, names: pa.ChunkedArray, times: pa.ChunkedArray, made: dict[str, Any], rows: Any
    ) -> pa.Table:
        columns = [names, times, *(made[n] for n in ("value", "whole", "text", "quality"))]
        table = pa.table(columns, schema=SENT)
        nothing = pc.and_(pc.is_null(table["value"]), pc.and_(pc.is_null(table["whole"]), pc.is_null(table["text"])))
        drop = pc.and_(nothing, pc.equal(table["quality"], 0))
        keep = pc.invert(drop)
        self.left_out += pc.sum(drop).as_py() or 0
        table, rows = table.filter(keep), rows[keep.to_numpy(zero_copy_only=False)]
        self._check_kinds(table, rows)
        return table

    def _check_kinds(self, table: pa.Table, rows: Any) -> None:
        """A point holds numbers or words: one that holds both has a typing error in it."""
        counted = pc.or_(pc.is_valid(table["value"]), pc.is_valid(table["whole"]))
        for kind, mask in (("number", counted), ("text", pc.is_valid(table["text"]))):
            names = table.column("name").to_pandas()[mask.to_numpy(zero_copy_only=False)]
            for at, name in names.drop_duplicates().items():
                row = int(rows[at])
                known, seen = self.kinds.setdefault(str(name), (kind, row))
                if known != kind:
                    held = table["text"][at].as_py() if kind == "text" else table["value"][at].as_py()
                    raise self.wrong(row, f"{held!r} is a {kind}; {name} held a {known} in row {seen}")

    # -- values -----------------------------------------------------------------------------------------------

    def _values(self, piece: Piece, column: pa.ChunkedArray) -> dict[str, Any]:
        """Split a column into value, whole and text."""
        column = _plain(column)
        made = _nothing(len(column))
        kind = column.type
        if pa.types.is_null(kind):
            return made
        if pa.types.is_boolean(kind):
            made["value"] = column.cast(pa.int8()).cast(pa.float64())
        elif pa.types.is_integer(kind):
            made["value"] = column.cast(pa.float64(), safe=False)
            exact = pc.less_equal(pc.abs(made["value"]), float(1 << 53))
            made["whole"] = pc.if_else(exact, pa.scalar(None, pa.int64()), self._as(piece, column, pa.int64()))
            made["value"] = pc.if_else(exact, made["value"], pa.scalar(None, pa.float64()))
        elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            made["value"] = self._as(piece, column, pa.float64())
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return self._from_text(piece, column.cast(pa.string()))
        else:
            raise self.wrong(1, f"a column holds {kind}, no values")
        return made

    def _from_text(self, piece: Piece, column: pa.ChunkedArray) -> dict[str, Any]:
        texts = pc.utf8_trim_whitespace(column)
        texts = self._pointed(piece, pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts))
        lower = pc.utf8_lower(texts)
        switched = pc.is_in(lower, value_set=pa.array(["true", "false"]))
        texts = pc.if_else(switched, pc.if_else(pc.equal(lower, "true"), "1", "0"), texts)
        whole = pc.match_substring_regex(texts, _WHOLE)
        number = pc.or_(pc.match_substring_regex(texts, _NUMBER), pc.match_substring_regex(texts, _NOT_FINITE))
        none = pa.scalar(None, pa.string())
        return {
            "value": pc.if_else(pc.and_(number, pc.invert(whole)), texts, none).cast(pa.float64()),
            "whole": self._as(piece, pc.if_else(whole, texts, none), pa.int64(), "an integer of 64 bits"),
            "text": pc.if_else(number, none, texts),
        }

    def _pointed(self, piece: Piece, texts: pa.ChunkedArray) -> pa.ChunkedArray:
        """Write numbers with a decimal point. One with a comma means two things: it is asked which, not guessed."""
        numbers = pc.fill_null(pc.match_substring_regex(texts, _GROUPED), False)
        doubtful = pc.and_(numbers, pc.fill_null(pc.match_substring(texts, ","), False))
        if not self.decimal:
            if pc.any(doubtful).as_py():
                at = _first(doubtful)
                which = "name the sign before tenths: --decimal , or --decimal ."
                raise self.wrong(piece.row + at, f"{texts[at].as_py()!r} has a comma: {which}")
            return texts
        plain = pc.replace_substring_regex(texts, r"[' .]" if self.decimal == "," else r"[' ,]", "")
        return pc.if_else(numbers, pc.replace_substring(plain, ",", "."), texts)

    def _qualities(self, piece: Piece, name: str) -> pa.ChunkedArray:
        n = len(piece.table)
        if not name:
            return pa.chunked_array([pa.array(np.zeros(n, np.int32))])
        column = _plain(piece.table.column(name))
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            words = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
            for word, code in _WORDS.items():
                words = pc.if_else(pc.equal(words, word), str(code), words)
            column = pc.if_else(pc.equal(words, ""), pa.scalar(None, pa.string()), words)
        return pc.fill_null(self._as(piece, column, pa.int32(), "a quality"), 0)

    def _cast(self, piece: Piece, name: str, kind: pa.DataType) -> pa.ChunkedArray:
        return self._as(piece, _plain(piece.table.column(name)), kind, f"a {name}")

    def _as(self, piece: Piece, column: pa.ChunkedArray, kind: pa.DataType, what: str = "a value") -> pa.ChunkedArray:
        """Cast; when that fails, find the row it fails in."""
        try:
            return column.cast(kind)
        except pa.ArrowException as error:
            for at in range(len(column)):
                try:
                    column.slice(at, 1).cast(kind)
                except pa.ArrowException:
                    raise self.wrong(piece.row + at, f"{column[at].as_py()!r} is not {what}") from error
            raise self.wrong(piece.row, str(error)) from error


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _nothing(n: int) -> dict[str, Any]:
    return {name: pa.chunked_array([pa.nulls(n, SENT.field(name).type)]) for name in ("value", "whole", "text")}


def _first(mask: pa.ChunkedArray) -> int:
    return int(np.flatnonzero(mask.to_numpy(zero_copy_only=False))[0])


def send(link: Link, table: pa.Table, waiting: Callable[[str], None] = lambda _: None) -> int:
    """Send rows; returns how many were accepted. A platform that is full or restarting is waited for."""
    accepted = 0
    for at in range(0, len(table), _PIECE):
        part = table.slice(at, _PIECE)
        part = part.set_column(0, "name", part.column("name").dictionary_encode()).unify_dictionaries()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as writer:
            writer.write_table(part.combine_chunks())
        accepted += _sent(link, sink.getvalue().to_pybytes(), waiting)
    return accepted


def _sent(link: Link, raw: bytes, waiting: Callable[[str], None]) -> int:
    deadline, pause_s = time.monotonic() + _PATIENCE_S, 0.5
    while True:
        try:
            return int(link.send("/ingest", raw, ARROW)["accepted"])
        except RetryLater as error:
            if time.monotonic() + pause_s > deadline:
                raise
            waiting(f"waiting: {error.message}")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 10.0)
