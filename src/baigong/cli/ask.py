"""``baigong query``, ``import`` and ``export``: values in and out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, BinaryIO, Literal
from urllib.parse import quote

import msgspec
import typer

from baigong.cli import show
from baigong.cli.reach import Data, Server, Tenant, Token, Url, download, find, reach
from baigong.cli.textfile import whole_file
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

_MEDIA = {
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
_NUMERIC = ("int", "uint", "double", "float", "decimal")
_AT_ONCE = 50  # points in one question to /series

Form = Literal["table", "csv", "json", "arrow", "parquet"]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="file to write; its ending tells the format")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(query)
    app.command("import")(import_file)
    app.command()(export)


def query(
    sql: Annotated[str, typer.Argument(help="one SELECT; - reads stdin")],
    form: Annotated[
        Literal["table", "csv", "json", "arrow", "parquet"] | None,
        typer.Option("--format", "-f", help="what comes out"),
    ] = None,
    output: Output = None,
    limit: Annotated[int, typer.Option(help="most rows of a table")] = 1000,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Ask with SQL. Tables: telemetry, points, latest, rollup_1m, rollup_1h, episodes, bursts."""
    statement = sys.stdin.read() if sql == "-" else sql
    chosen = form or _ending(output) or "table"
    with reach(data, url, token, tenant) as link:
        if chosen == "table":
            _print(link.json("POST", "/sql", body={"sql": statement, "limit": limit}), output)
        elif chosen == "json":
            with _sink(output, binary=False) as sink:
                _objects(link, statement, sink)
        else:
            with _sink(output, binary=chosen != "csv") as sink:
                download(find(data, url, token, tenant), "POST", "/sql", _MEDIA[chosen], sink, body={"sql": statement})


def _ending(output: Path | None) -> Any:
    if output is None:
        return None
    known = {".csv": "csv", ".json": "json", ".arrow": "arrow", ".arrows": "arrow", ".parquet": "parquet"}
    if output.suffix.lower() not in known:
        raise FixConfiguration("config.invalid", f"give --format, or an ending of {sorted(known)}", place=str(output))
    return known[output.suffix.lower()]


def _print(found: dict[str, Any], output: Path | None) -> None:
    if output is not None:
        raise FixConfiguration(
            "config.invalid", "a table goes to the terminal; for a file choose csv", place="--format"
        )
    names = [c["name"] for c in found["columns"]]
    numeric = [
        c["name"] for c in found["columns"] if c["type"].startswith(("int", "uint", "double", "float", "decimal"))
    ]
    show.table(names, [[show.number(v) for v in row] for row in found["rows"]], right=numeric)
    more = "; there are more, raise --limit" if found["truncated"] else ""
    show.say.print(f"[dim]{found['rows_total']:,} rows in {found['ms']:.0f} ms{more}[/]")


def _objects(link: Link, statement: str, sink: IO[bytes]) -> None:
    """Write one JSON array of objects, however many rows there are."""
    from baigong.api.tables import column_values

    table = link.arrow("POST", "/sql", body={"sql": statement})
    names, first = table.schema.names, True
    sink.write(b"[")
    for at in range(0, len(table), 10_000):
        part = table.slice(at, 10_000)
        columns = [column_values(part.column(i)) for i in range(part.num_columns)]
        for row in zip(*columns, strict=True):
            sink.write((b"\n" if first else b",\n") + msgspec.json.encode(dict(zip(names, row, strict=True))))
            first = False
    sink.write(b"\n]\n")


@contextmanager
def _sink(output: Path | None, *, binary: bool) -> Iterator[BinaryIO]:
    """Open stdout, or a file that appears when it is whole."""
    if output is None:
        if binary and sys.stdout.isatty():
            raise FixConfiguration("config.invalid", "this format is not for a terminal: name a file", place="--output")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(output) as file:
        yield file
    show.tell(f"wrote {output} ({output.stat().st_size:,} bytes)")


def import_file(
    files: Annotated[list[Path], typer.Argument(help="CSV, Parquet, Arrow or XLSX")],
    asset: Annotated[str, typer.Option(help="asset of columns and points that name none")] = "",
    timezone: Annotated[str, typer.Option(help="zone of times that name none, like Asia/Shanghai")] = "UTC",
    time_unit: Annotated[Literal["auto", "s", "ms", "us"], typer.Option(help="of times that are numbers")] = "auto",
    decimal: Annotated[
        Literal[".", ","] | None, typer.Option(help="what stands before tenths, where commas occur")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="only check the files")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Bring values in from files. A file is checked as a whole first; importing it again stores nothing twice.

    Long form: columns name (or point), time, value, and perhaps quality and text. Wide form: time and a column a point.
    """
    from baigong.cli.importing import Reading
    from baigong.vocab.zones import zone_of

    zone_of(timezone, "--timezone")
    unit = "" if time_unit == "auto" else time_unit
    readings = [Reading(path, asset, timezone, unit, decimal or "") for path in files]
    with reach(data, url, token, tenant) as link:
        for reading in readings:
            _checked(reading, link)
        for reading in readings:
            points, rows, left = len(reading.kinds), reading.rows, reading.left_out
            if not check:
                _send(reading, link)
            empty = f"; {left:,} rows without a value left out" if left else ""
            done = "would bring" if check else "brought"
            show.tell(f"{reading.path}: {done} {rows:,} values of {points:,} points{empty}")


def _checked(reading: Any, link: Link) -> None:
    with show.progress(f"checking {reading.path.name}", 1.0) as (bar, task):
        for _, part in reading.tables():
            bar.update(task, completed=part)
    for name in reading.kinds:
        if name.isdecimal():  # a number instead of a name: the point must exist
            link.json("GET", f"/points/{quote(name, safe='')}")


def _send(reading: Any, link: Link) -> None:
    from baigong.cli.importing import send

    with show.progress(f"importing {reading.path.name}", reading.rows or None) as (bar, task):
        for table, _ in reading.tables():
            bar.advance(task, send(link, table, lambda sentence: bar.console.print(f"[dim]{sentence}[/]")))


def export(
    points: Annotated[
        list[str] | None, typer.Argument(help="points, like pump1.flow; or use --asset, --search")
    ] = None,
    start: Annotated[str, typer.Option(help="ISO 8601, or like -30d")] = "-1d",
    end: Annotated[str, typer.Option(help="ISO 8601, or now")] = "now",
    asset: Annotated[str, typer.Option(help="every point of this asset")] = "",
    search: Annotated[str, typer.Option(help="every point that holds these words")] = "",
    form: Annotated[Literal["csv", "parquet"] | None, typer.Option("--format", "-f", help="what comes out")] = None,
    output: Output = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write every row of points between two times, in a form that `baigong import` reads."""
    chosen = form or _ending(output) or "csv"
    if chosen not in ("csv", "parquet"):
        raise FixConfiguration("config.invalid", "export writes csv or parquet", place="--format")
    with reach(data, url, token, tenant) as link:
        names = list(points or ()) + (_found(link, asset, search) if asset or search else [])
        if not names:
            raise FixConfiguration("config.invalid", "name points, or --asset or --search", place="points")
        for name in names:
            link.json("GET", f"/points/{quote(name, safe='')}")  # say which is unknown before writing anything
    where = find(data, url, token, tenant)
    with _sink(output, binary=chosen != "csv") as sink, show.progress("exporting", len(names)) as (bar, task):
        if chosen == "parquet":
            _as_parquet(where, names, start, end, sink, lambda count: bar.advance(task, count))
            return
        for at in range(0, len(names), _AT_ONCE):
            part = names[at : at + _AT_ONCE]
            params = {"points": ",".join(part), "start": start, "end": end, "width": 0}
            body = _Headless(sink) if at else sink
            download(where, "GET", "/series", _MEDIA["csv"], body, params=params)  # type: ignore[arg-type]
            bar.advance(task, len(part))


def _found(link: Link, asset: str, search: str) -> list[str]:
    found = link.json("GET", "/points", params={"asset": asset, "search": search, "limit": 100_000})
    return [p["name"] for p in found["points"]]


class _Headless:
    """Passes on all but the first line."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._headed = False

    def write(self, piece: bytes) -> int:
        if not self._headed:
            _, newline, rest = piece.partition(b"\n")
            self._headed = bool(newline)
            self._sink.write(rest)
        else:
            self._sink.write(piece)
        return len(piece)


def _as_parquet(where: Server, names: list[str], start: str, end: str, sink: IO[bytes], step: Any) -> None:
    """Join one Parquet file per question into one."""
    import tempfile

    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for at in range(0, len(names), _AT_ONCE):
            part = names[at : at + _AT_ONCE]
            params = {"points": ",".join(part), "start": start, "end": end, "width": 0}
            with tempfile.TemporaryFile() as file:
                download(where, "GET", "/series", _MEDIA["parquet"], file, params=params)
                file.seek(0)
                with pq.ParquetFile(file) as read:
                    writer = writer or pq.ParquetWriter(sink, read.schema_arrow, compression="zstd")
                    for batch in read.iter_batches(batch_size=250_000):
                        writer.write_batch(batch)
            step(len(part))
    finally:
        if writer is not None:
            writer.close()
