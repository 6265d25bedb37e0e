"""Are a partition's Delta tables whole: every commit, every file, every size; and, on request, every row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from baigong.cli.verdict import Verdict
from baigong.stores.lake.table import position

_REPAIR = "Stop the platform and restore a backup; what the stream still holds is replayed by itself."


def check_lake(root: Path, partition: str, *, deep: bool) -> tuple[list[Verdict], int]:
    """Return verdicts and the position of the stream up to which the lake goes (0 when it cannot be read)."""
    verdicts, at = _check_table(root / "telemetry", f"lake {partition}", partition, deep=deep)
    if (root / "bursts").is_dir():  # an older lake has no waveforms
        verdicts += _check_table(root / "bursts", f"lake {partition}, bursts", partition, deep=deep)[0]
    return verdicts, at


def _check_table(folder: Path, what: str, partition: str, *, deep: bool) -> tuple[list[Verdict], int]:
    log = folder / "_delta_log"
    broken = list(_broken_commits(log))
    if broken:
        return [Verdict(what, "bad", f"{len(broken)} commits are damaged: {', '.join(broken[:3])}", _REPAIR)], 0
    try:
        table = DeltaTable(str(folder))
        rows = pa.table(table.get_add_actions(flatten=True)).select(["path", "size_bytes", "num_records"]).to_pylist()
        at = _position(table, partition)
    except (DeltaError, OSError, ValueError) as error:
        return [Verdict(what, "bad", f"cannot be opened: {error}", _REPAIR)], 0
    wrong = [f"{row['path']}: {told}" for row in rows if (told := _wrong(folder, row, deep=deep))]
    if wrong:
        return [Verdict(what, "bad", f"{len(wrong)} of {len(rows)} files: {wrong[0]}", _REPAIR)], at
    total = sum(row["num_records"] or 0 for row in rows)
    size = sum(row["size_bytes"] for row in rows)
    read = ", every row read" if deep else ""
    detail = f"version {table.version()}, {len(rows)} files, {total:,} rows, {size / 1e6:,.1f} MB{read}"
    verdicts = [Verdict(what, "good", detail)]
    moved = sorted(p.name for p in log.glob("damaged-*.bak"))
    if moved:
        advice = "A power cut left them half-made; their rows came from the stream again. They may be deleted."
        verdicts.append(Verdict(what, "good", f"{len(moved)} log files were once moved aside", advice))
    return verdicts, at


def _broken_commits(log: Path) -> Iterator[str]:
    """Name commits that are no JSON, and holes between them. The newest one may be half-made when power was cut."""
    names = sorted(p for p in log.glob("*.json") if p.stem.isdigit())
    for before, path in zip([None, *names], names, strict=False):
        if before is not None and int(path.stem) != int(before.stem) + 1:
            yield f"between {before.name} and {path.name}"
        try:
            for line in path.read_bytes().splitlines():
                json.loads(line)
        except ValueError:
            yield path.name
        if path.stat().st_size == 0:
            yield f"{path.name} (empty)"


def _position(table: DeltaTable, partition: str) -> int:
    highest = 0
    for entry in table.history(8):
        if "baigong" in entry:
            note: Any = entry["baigong"]
            highest = int((json.loads(note) if isinstance(note, str) else note).get("epoch", 0))
            break
    for epoch in range(highest, 0, -1):
        seq = table.transaction_version(f"frames/{partition}/{epoch}")
        if seq is not None:
            return position(epoch, seq)
    return 0


def _wrong(folder: Path, row: dict[str, Any], *, deep: bool) -> str:
    path = folder / unquote(row["path"])
    if not path.is_file():
        return "missing"
    size = path.stat().st_size
    if size != row["size_bytes"]:
        return f"{size} bytes instead of {row['size_bytes']}"
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows != row["num_records"]:
                return f"{file.metadata.num_rows} rows instead of {row['num_records']}"
            for group in range(file.metadata.num_row_groups if deep else 0):
                file.read_row_group(group).validate(full=True)
    except (pa.ArrowException, OSError) as error:
        return str(error)
    return ""
