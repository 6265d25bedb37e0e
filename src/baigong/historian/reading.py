"""What an owner serves of its partition: one moment's files and hot rows, read without stopping anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from baigong.historian.bursts import BurstKeeper
from baigong.historian.hold import Holds
from baigong.historian.hot import HotWindow, cut_frames, laid
from baigong.historian.latest import Latest
from baigong.historian.shelf import Shelf
from baigong.historian.view import View
from baigong.stores.lake.contract import ALL, Names, Snapshot
from baigong.stores.lake.reader import SnapshotReader
from baigong.vocab import quality as q

_FAR = 1 << 62


class Reading:
    """``stores.lake.contract.LakeReader`` over an owner's state, for the tenants of its partition. Thread-safe."""

    _hot: HotWindow
    _view: View
    _bursts: BurstKeeper
    _shelf: Shelf
    _reader: SnapshotReader
    _latest: dict[str, Latest]
    _overlaps: dict[str, dict[str, int]]
    _readers: Holds

    def snapshot(self, tenant: str) -> Snapshot:
        frames = self._hot.frames(tenant)  # first the hot rows, then the view: nothing can fall between
        view = self._view
        files = view.files.get(tenant, ())
        # the day of a late file counts though a merge that clears it is just being committed
        overlaps = {f.day: view.watermark for f in files if f.late} | self._overlaps.get(tenant, {})
        rolled, paths = self._shelf.paths(tenant, files, overlaps)
        burst_files, hot_bursts = self._bursts.snapshot(tenant)
        return Snapshot(
            tenant=tenant,
            version=view.version,
            watermark=view.watermark,
            files=files,
            overlapping=frozenset(overlaps),
            **laid(self._hot.pieces(tenant, frames, view.watermark)),
            rollups=paths,
            rolled_days=rolled,
            bursts=burst_files,
            hot_bursts=hot_bursts,
        )

    def series(self, tenant: str, points: Sequence[int], start_us: int, end_us: int, columns: Names = ALL) -> pa.Table:
        frames = self._hot.frames(tenant)  # before the view, as in snapshot
        view = self._view
        known = self._latest.get(tenant)
        codes = known.known_codes(points) if known is not None else np.empty(0, np.int32)
        newer = [f for f in frames if f.position > view.watermark] if len(codes) else []
        hot = cut_frames(newer, codes, start_us, end_us)
        return self._reader.series(view.files.get(tenant, ()), hot, points, start_us, end_us, columns)

    def bursts(self, tenant: str, point: int, start_us: int, end_us: int, most: int) -> tuple[int, Iterator[pa.Table]]:
        return self._bursts.read(tenant, point, start_us, end_us, most)

    def pin(self, who: str, lease_s: float) -> None:
        """Keep replaced files for who reads a snapshot for long; merging goes on. Used on the owner's event loop."""
        self._readers.take(who, lease_s)

    def unpin(self, who: str) -> None:
        self._readers.release(who)

    def latest(self, tenant: str, points: Sequence[int] | None = None) -> pa.Table:
        known = self._latest.get(tenant, Latest()).table(points)
        gone = (known.column("quality").to_numpy() & 0xFFFF) == q.DELETED
        if not gone.any():
            return known
        parts = [known.filter(pa.array(~gone))]  # where the newest was retracted, the one before it is it again
        for point in known.column("point").to_numpy()[gone].tolist():
            rows = self.series(tenant, [point], 0, _FAR)
            parts.append(rows.slice(max(len(rows) - 1, 0)))
        return pa.concat_tables(parts)

    def sizes(self) -> Counter[str]:
        return self._view.sizes() + self._bursts.view.sizes()
