"""What SQL sees of bursts: one row a recording, ``samples`` as a list, corrections resolved."""

# ruff: noqa: S608 - SQL is what this module writes; paths are quoted, nothing of users goes in

from __future__ import annotations

from baigong.stores.lake.contract import Snapshot
from baigong.stores.lake.scansql import Scan
from baigong.vocab import quality as q

_ROW = "point, time, rate_hz, samples, quality, seen, seq"


def bursts_view(snapshot: Snapshot, severity: str, scan: Scan) -> str:
    """Write the statement that makes the view ``bursts`` over files and the table ``bursts_in`` of hot rows.

    The highest seq of a (point, time) wins by an anti-join over the narrow columns: samples are read only of rows
    that are shown, and only when the query asks for them.
    """
    rows, keys = _sources(snapshot, _ROW, scan), _sources(snapshot, "point, time, seq", scan)
    return (
        "create view bursts as select p.name, b.point, p.asset, p.quantity, p.unit, b.time, b.rate_hz, b.samples, "
        f"b.quality, {severity} as severity, b.seen, b.seq from ({rows}) b "
        "left join lake.points p on p.point = b.point "
        f"where (b.quality & 65535) <> {q.DELETED} and not exists (select 1 from ({keys}) k "
        "where k.point = b.point and k.time = b.time and k.seq > b.seq)"
    )


def _sources(snapshot: Snapshot, columns: str, scan: Scan) -> str:
    hot = f"select {columns} from bursts_in"
    if not snapshot.bursts:
        return hot
    return f"select {columns} from {scan([file.path for file in snapshot.bursts])} union all {hot}"
