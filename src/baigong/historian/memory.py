"""Remembers the newest value of every point across restarts, so that a start does not read the whole lake."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from baigong.historian.flush import newest_rows
from baigong.historian.latest import Latest
from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.files import decode_decimals, sync_file
from baigong.stores.lake.sorting import resolve, sort_table
from baigong.stores.lake.table import PartitionTable, last_seq_of
from baigong.vocab.ids import tenant_id

_POSITION = b"baigong_position"
_one_at_a_time = threading.Lock()  # a save whose task was cancelled still runs in its thread


def save_latest(root: Path, latest: dict[str, Latest], watermark: int) -> None:
    """Write each tenant's newest rows with the lake position they stand for."""
    folder = root / "latest"
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time:
        _save(folder, latest, watermark)


def _save(folder: Path, latest: dict[str, Latest], watermark: int) -> None:
    for tenant, known in list(latest.items()):
        if _position(folder / f"{tenant}.parquet") > watermark:
            continue  # written by an owner that took over from us
        table = known.table()
        table = table.replace_schema_metadata({_POSITION: str(watermark)})
        fresh = folder / f".{tenant}.new"
        pq.write_table(table, fresh)
        sync_file(fresh)
        os.replace(fresh, folder / f"{tenant}.parquet")


def load_latest(root: Path, table: PartitionTable, watermark: int) -> dict[str, Latest]:
    """Rebuild the newest rows from what was remembered and the files that came after it."""
    made: dict[str, Latest] = {}
    for tenant in sorted({f.tenant for f in table.files.values()}):
        rows, known_to = _remembered(root, tenant, watermark)
        parts = [rows] if rows is not None else []
        for relative, file in table.files.items():
            if file.tenant != tenant or (rows is not None and 0 < last_seq_of(relative) <= known_to):
                continue
            parts.append(_newest_of(file.path, known_to if rows is not None else 0))
        full = sort_table(pa.concat_tables(parts).combine_chunks()) if parts else LAKE.empty_table()
        full = resolve(full, keep_deleted=True)  # files of late rows hold what replaces rows of others
        made[tenant_id(tenant)] = latest = Latest()
        latest.restore(newest_rows(full))
    return made


def _remembered(root: Path, tenant: str, watermark: int) -> tuple[pa.Table | None, int]:
    path = root / "latest" / f"{tenant}.parquet"
    try:
        table = pq.read_table(path)
        at = int((table.schema.metadata or {})[_POSITION])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return None, 0  # a shortcut only: the lake has it all
    if at > watermark:
        return None, 0
    return table.replace_schema_metadata(None).cast(LAKE), at


def _position(path: Path) -> int:
    try:
        return int((pq.read_schema(path).metadata or {})[_POSITION])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return -1


def _newest_of(path: str, after: int) -> pa.Table:
    """Read a file's newest row of each point, row group by row group, of rows with seq > ``after``."""
    parts = [LAKE.empty_table()]
    with pq.ParquetFile(path) as parquet:
        for group in range(parquet.metadata.num_row_groups):
            rows = decode_decimals(parquet.read_row_group(group)).select(LAKE.names).cast(LAKE)
            if after:
                rows = rows.filter(pc.greater(rows.column("seq"), after))
            parts.append(newest_rows(rows))
    return newest_rows(pa.concat_tables(parts).combine_chunks())
