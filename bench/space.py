"""Row 5: bytes a value on disk once everything is merged."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from baigong.historian.merge import Merger
from baigong.stores.lake.contract import LakeFile
from baigong.stores.lake.reader import FileCache, SnapshotReader
from baigong.stores.lake.table import PartitionTable
from baigong.vocab.usage import PLATFORM
from bench.queries import Hour, Times
from bench.report import Line, spread


def merge_all(root: Path) -> PartitionTable:
    """Finish every day of a lake nobody runs, as the owner does when the day is over."""
    table = PartitionTable(root, root.name)
    merger = Merger(lambda tenant, points: np.ones(len(points), bool), clock=lambda: time.time() + 3 * 86_400)
    watermark = table.last_position()
    overlaps = table.overlaps()
    while (job := merger.plan(table, overlaps, watermark, {})) is not None:
        written = merger.write(table, job)
        overlaps.get(job.tenant, {}).pop(job.day, None)
        table.commit(written, job.files, at=None, epoch=table.highest_epoch(), overlaps=overlaps)
    return table


def lines(folder: Path, data: Hour, peers: dict[str, int]) -> list[Line]:
    """Merge our lake and compare; also time the inner function of a chart on the merged files."""
    root = folder / "copy" / "p0"
    table = merge_all(root)
    files = _measured(table)
    rows = sum(f.rows for f in files)
    ours = sum(f.bytes for f in files) / rows
    rolled = sum(f.stat().st_size for f in (root / "rollup").rglob("*.parquet")) / rows
    values = data.walked.points * data.walked.seconds
    theirs = {who: size / values for who, size in peers.items()}
    victoria, influx = theirs.get("VictoriaMetrics"), theirs.get("InfluxDB")
    good = (victoria is None or ours <= 1.3 * victoria) and (influx is None or ours <= influx)
    made = [
        Line(
            5,
            f"bytes a value on disk after merging, one decimal, {rows / 1e6:.3g} M values in {len(files)} file(s)",
            f"{ours:.2f} (rollups: {rolled:.3f} more)",
            "; ".join(f"{who} {size:.2f}" for who, size in theirs.items()),
            ", ".join(f"{ours / size:.2f}× {who}" for who, size in theirs.items()),
            "≤ 1.3 × VictoriaMetrics, ≤ InfluxDB",
            "≤ VictoriaMetrics",
            passed=good if theirs else None,
        )
    ]
    return [*made, _inner(table, data)]


def _inner(table: PartitionTable, data: Hour) -> Line:
    reader, times = SnapshotReader(FileCache()), Times()
    files = _measured(table)
    numbers = np.unique(_points(files[0].path))
    from baigong.stores.lake.contract import LAKE

    empty = LAKE.empty_table()
    for what, some in (("one point", numbers[:1]), ("100 points", numbers[: len(numbers) // 100])):
        times.take(
            what, "", lambda some=some: reader.series(files, empty, some.tolist(), data.begin_us, data.end_us), 15
        )
    said = "; ".join(f"{what} {spread(t)}" for (what, _), t in times.of.items())
    return Line(4, "inner function on the merged file, raw rows", said)


def _measured(table: PartitionTable) -> tuple[LakeFile, ...]:
    """Return the files of the data; the platform's own points about itself lie beside them."""
    return tuple(file for file in table.files.values() if file.tenant != PLATFORM)


def _points(path: str) -> np.ndarray:
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=["point"]).column("point").to_numpy()
