"""Waveforms from the stream to the lake's second table, exactly once although two tables cannot commit together.

A flush up to position ``u`` commits first the bursts up to ``u`` with their own transaction (app id
``bursts/<partition>/<epoch>``), then the telemetry with the transaction that counts (``frames/…``), which alone
decides from where the stream is read again, and below where it is trimmed. Hence, with T the position of telemetry
and B that of bursts:

* every burst at or below T is in the lake: the commit of T came after the bursts below it were committed;
* every burst at or below B is in the lake, once: a commit of bursts holds those above the position before it, all of
  them, and Delta refuses it unless nobody has committed since (compare-and-swap on the version);
* after a kill between the two commits B > T. The stream is read again from T; its telemetry was not committed and is
  taken, its bursts at or below B are passed over.

What the table of bursts holds is thus a function of the stream alone, whoever wrote it. Whoever is refused (an owner
that slept and its successor may both have written) loads the table anew and goes on from where it now ends; who owns
the partition is decided by the telemetry's transaction only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.historian.view import View
from baigong.stores.lake.bursts import LAKE_BURSTS, BurstReader, BurstTable
from baigong.stores.lake.contract import LakeFile
from baigong.stores.lake.reader import FileCache
from baigong.stores.lake.table import FINISHED, Succeeded, Written, last_seq_of, split_position, tier_of
from baigong.vocab.errors import RetryLater
from baigong.vocab.frame import TIME

_FAN_IN = 8  # files of one tier that become one of the next
_LARGEST = 1 << 30  # bytes; files beyond are not merged with others
_GRACE_S = 900.0  # a day is finished this long after its midnight (UTC)
_DAY_S = 86_400
_DAY_US = _DAY_S * 1_000_000
_TRIES = 5


@dataclass(slots=True, frozen=True)
class HotBursts:
    """Bursts of one message of the stream that are not in the lake yet."""

    tenant: str
    position: int
    seen_us: int
    batch: pa.RecordBatch


@dataclass(slots=True)
class Job:
    """Files of one (tenant, day) that become ``made``; ``tier`` None: they are dropped (retention)."""

    table: BurstTable
    tenant: str
    day: str
    files: tuple[LakeFile, ...]
    tier: int | None
    made: Written | None = None


class BurstKeeper:
    """The owner's hand for bursts. Taken from one thread, flushed and merged under the owner's locks."""

    def __init__(self, root: Path, partition: str, clock: Callable[[], float] = time.time) -> None:
        self._root, self._partition, self._clock = root, partition, clock
        self._table: BurstTable | None = None
        self._hot: list[HotBursts] = []
        self._reader = BurstReader(FileCache())
        self.bytes = 0  # of the hot ones
        self.taken = self.merges = 0
        self.view = View()

    def open(self) -> None:
        """Load the table; blocking. What was hot is read from the stream again."""
        self._hot, self.bytes = [], 0
        self._table = BurstTable(self._root, self._partition)
        self.view = View.of(self.table, self.table.at)

    @property
    def table(self) -> BurstTable:
        if self._table is None:
            raise RetryLater("storage.corrupt", "the table of bursts is not open yet")
        return self._table

    def append(self, tenant: str, position: int, seen_us: int, batch: pa.RecordBatch) -> None:
        """Take bursts from the stream; those that the lake has already are passed over."""
        if position > self.table.at:
            self._hot.append(HotBursts(tenant, position, seen_us, batch))
            self.bytes += batch.nbytes
            self.taken += len(batch)

    @property
    def waits(self) -> bool:
        return bool(self._hot)

    def flush(self, upto: int) -> None:
        """Commit what is hot up to this position; blocking. Nothing is trimmed yet: readers still see it hot."""
        for _ in range(_TRIES):
            table = self.table
            due = [hot for hot in self._hot if table.at < hot.position <= upto]
            if not due:
                return
            written = list(_written(table, due, upto))
            try:
                table.commit(
                    written,
                    [],
                    at=upto,
                    epoch=split_position(upto)[0],
                    overlaps={},
                    seen_us=max(hot.seen_us for hot in due),
                )
            except Succeeded:
                for one in written:
                    Path(one.file.path).unlink(missing_ok=True)
                self._table = BurstTable(self._root, self._partition)
                continue
            table.at = upto
            return
        raise RetryLater("storage.corrupt", "somebody else keeps writing the table of bursts")

    def settle(self) -> None:
        """Show readers what was committed, and let go of it. On the owner's event loop."""
        self.view = View.of(self.table, self.table.at)
        self._hot = [hot for hot in self._hot if hot.position > self.view.watermark]
        self.bytes = sum(hot.batch.nbytes for hot in self._hot)

    # -- reading -------------------------------------------------------------------------------------------------

    def hot(self, tenant: str) -> list[HotBursts]:
        """Copy what is hot; call before looking at ``view``, and pass on what is above its position."""
        return [hot for hot in self._hot if hot.tenant == tenant]

    def snapshot(self, tenant: str) -> tuple[tuple[LakeFile, ...], pa.Table]:
        """Return files and hot rows (schema LAKE_BURSTS): together everything, each once."""
        hot = self.hot(tenant)
        view = self.view
        return view.files.get(tenant, ()), as_table([one for one in hot if one.position > view.watermark])

    def read(self, tenant: str, point: int, start_us: int, end_us: int, most: int) -> tuple[int, Iterator[pa.Table]]:
        """See ``LakeReader.bursts``."""
        files, hot = self.snapshot(tenant)
        found = self._reader.keys(files, hot, point, start_us, end_us).resolved()
        return len(found), self._reader.read(files, hot, found.thinned(most))

    # -- tending -------------------------------------------------------------------------------------------------

    def prepare(self, retention_days: dict[str, int]) -> Job | None:
        """Write the file of a merge that is due; blocking, beside flushes. None: nothing to do."""
        job = self._plan(self.table, retention_days)
        if job is not None and job.tier is not None:
            last = max(last_seq_of(file.path) for file in job.files)
            rows = self._merged(job.files, finish=job.tier == FINISHED)
            job.made = job.table.write(job.tenant, job.day, job.tier, last, rows)
        return job

    def finish(self, job: Job, epoch: int) -> None:
        """Commit a merge; blocking, never beside a flush. Who is refused looks again next time."""
        try:
            if not job.table.holds(job.files):
                raise Succeeded("the files of a merge are gone")
            job.table.commit([job.made] if job.made else [], job.files, at=None, epoch=epoch, overlaps={})
            self.merges += 1
        except Succeeded:
            if job.made is not None:
                Path(job.made.file.path).unlink(missing_ok=True)
            if job.table is self._table:
                self._table = BurstTable(self._root, self._partition)

    def forget(self, tenant: str, epoch: int) -> int:
        """Take a tenant's files out of the table; blocking, never beside a flush. Returns how many recordings."""
        return self.table.take_out(tenant, at=None, epoch=epoch, overlaps={})

    def vacuum(self, older_than_s: float) -> None:
        self.table.vacuum(older_than_s)

    def _merged(self, files: tuple[LakeFile, ...], *, finish: bool) -> Iterator[pa.Table]:
        nothing = LAKE_BURSTS.empty_table()
        keys = self._reader.keys(files, nothing)
        return self._reader.read(files, nothing, keys.resolved() if finish else keys)

    def _plan(self, table: BurstTable, retention_days: dict[str, int]) -> Job | None:
        days: dict[tuple[str, str], list[LakeFile]] = {}
        for file in table.files.values():
            days.setdefault((file.tenant, file.day), []).append(file)
        for (tenant, day), files in sorted(days.items(), key=lambda item: item[0][1], reverse=True):
            age = self._clock() - (float(np.datetime64(day, "s").astype(np.int64)) + _DAY_S)
            if tenant in retention_days and age > retention_days[tenant] * _DAY_S:
                return Job(table, tenant, day, tuple(files), None)
            small = [file for file in files if file.bytes < _LARGEST]
            if age > _GRACE_S and len(files) > 1 and len(small) == len(files):
                return Job(table, tenant, day, tuple(files), FINISHED)
            for tier in range(FINISHED - 1):
                same = tuple(file for file in small if tier_of(file.path) == tier)
                if len(same) >= _FAN_IN:
                    return Job(table, tenant, day, same[: 4 * _FAN_IN], tier + 1)
        return None


def as_table(hot: list[HotBursts]) -> pa.Table:
    """Lay hot bursts end to end with ``seen`` and ``seq`` (schema LAKE_BURSTS)."""
    if not hot:
        return LAKE_BURSTS.empty_table()
    lengths = [len(one.batch) for one in hot]
    seen = pa.array(np.repeat(np.array([one.seen_us for one in hot], np.int64), lengths)).cast(TIME)
    seq = pa.array(np.repeat(np.array([one.position for one in hot], np.int64), lengths))
    body = pa.Table.from_batches([one.batch for one in hot])
    return body.append_column("seen", seen).append_column("seq", seq).cast(LAKE_BURSTS)


def _written(table: BurstTable, due: list[HotBursts], upto: int) -> Iterator[Written]:
    """Write one sorted file per (tenant, day)."""
    for tenant in sorted({hot.tenant for hot in due}):
        rows = as_table([hot for hot in due if hot.tenant == tenant]).combine_chunks()
        days: Any = rows.column("time").cast(pa.int64()).to_numpy() // _DAY_US
        for day in np.unique(days).tolist():
            part = rows.filter(pa.array(days == day)).sort_by(
                [(name, "ascending") for name in ("point", "time", "seq")]
            )
            made = table.write(tenant, str(np.datetime64(day, "D")), 0, upto, [part])
            if made is not None:
                yield made
