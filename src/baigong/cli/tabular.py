"""Files of rows and columns, read piece by piece: CSV (UTF-8, UTF-16 or GB 18030), Parquet, Arrow, XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import decoded

_SNIFFED = 1 << 20  # bytes looked at to find encoding and delimiter
_ROWS = 250_000


@dataclass(slots=True, frozen=True)
class Piece:
    """Some rows. ``row``: number of the first as a spreadsheet counts (the header is 1); ``part``: how much is read."""

    table: pa.Table
    row: int
    part: float


def pieces(path: Path) -> Iterator[Piece]:
    """Read a file; payload.malformed names the row that cannot be read."""
    kind = path.suffix.lower().removeprefix(".")
    readers = {
        "csv": _csv, "tsv": _csv, "txt": _csv, "parquet": _parquet, "arrow": _arrow, "arrows": _arrow,
        "feather": _arrow, "ipc": _arrow, "xlsx": _xlsx,
    }  # fmt: skip
    if kind not in readers:
        raise FixConfiguration("payload.malformed", f"{kind or 'this'} is none of {sorted(readers)}", place=str(path))
    if not path.is_file():
        raise FixConfiguration("payload.malformed", "there is no such file", place=str(path))
    row = 2
    with _mapped(path):
        for table, part in readers[kind](path):
            if len(table):
                yield Piece(table, row, part)
            row += len(table)


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        raise FixConfiguration("payload.malformed", f"cannot be read: {error}", place=str(path)) from error


def _csv(path: Path) -> Iterator[tuple[pa.Table, float]]:
    head, encoding = _head(path)
    first = next(csv.reader(io.StringIO(head)), [])
    delimiter = max((",", ";", "\t", "|"), key=head.partition("\n")[0].count)
    first = next(csv.reader(io.StringIO(head), delimiter=delimiter), [])
    names = [name.strip() for name in first]
    if not any(names):
        raise FixConfiguration("payload.malformed", "the file is empty", place=str(path))
    uneven: list[str] = []

    def invalid(row: pc_csv.InvalidRow) -> str:
        where = f"row {row.number}" if row.number is not None else f"the row {row.text[:60]!r}"
        uneven.append(f"{where} has {row.actual_columns} columns, the header has {row.expected_columns}")
        return "error"

    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        try:
            reader = pc_csv.open_csv(
                file,
                pc_csv.ReadOptions(
                    use_threads=False, encoding=encoding, column_names=names, skip_rows=1, block_size=8 << 20
                ),
                pc_csv.ParseOptions(delimiter=delimiter, invalid_row_handler=invalid, newlines_in_values=True),
                pc_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
                ),
            )
            for batch in reader:
                yield pa.Table.from_batches([batch]), min(file.tell() / size, 1.0)
        except pa.ArrowInvalid as error:
            if uneven:
                raise FixConfiguration("payload.malformed", uneven[0], place=str(path)) from error
            if "Empty CSV" not in str(error):
                raise


def _head(path: Path) -> tuple[str, str]:
    """Return the beginning of a text file, and its encoding."""
    with path.open("rb") as file:
        raw = file.read(_SNIFFED)
    if len(raw) == _SNIFFED:  # to the end of a line, lest a letter be cut in two
        raw = raw[: max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1] or raw
    return decoded(raw)


def _parquet(path: Path) -> Iterator[tuple[pa.Table, float]]:
    with pq.ParquetFile(path) as file:
        total, done = max(file.metadata.num_rows, 1), 0
        for batch in file.iter_batches(batch_size=_ROWS):
            done += len(batch)
            yield pa.Table.from_batches([batch]), done / total


def _arrow(path: Path) -> Iterator[tuple[pa.Table, float]]:
    size = max(path.stat().st_size, 1)
    with pa.memory_map(str(path)) as source:
        if source.read(6) == b"ARROW1":
            reader = pa.ipc.open_file(source)
            for index in range(reader.num_record_batches):
                yield pa.Table.from_batches([reader.get_batch(index)]), (index + 1) / reader.num_record_batches
            return
        source.seek(0)
        for batch in pa.ipc.open_stream(source):
            yield pa.Table.from_batches([batch]), min(source.tell() / size, 1.0)


def _xlsx(path: Path) -> Iterator[tuple[pa.Table, float]]:
    from baigong.cli.xlsx import rows

    names: list[str] = []
    held: list[list[Any]] = []

    def table() -> pa.Table:
        columns = list(zip(*held, strict=True)) if held else [()] * len(names)
        return pa.table({n: pa.array(list(c), pa.string()) for n, c in zip(names, columns, strict=True)})

    for part, row in rows(path):
        if not names:
            names = [(cell or "").strip() for cell in row]
            continue
        held.append([*row, *[None] * len(names)][: len(names)])
        if len(held) >= _ROWS:
            yield table(), part
            held.clear()
    yield table(), 1.0
