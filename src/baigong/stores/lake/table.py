"""The Delta table of one partition, held by one owner: every commit is a compare-and-swap on its version.

The owner loads a handle, remembers the transaction it saw, and writes through that same handle with no
retries. Delta refuses a commit whose version exists, so an owner that was asleep while another took over
can neither append nor merge: its first commit fails, and it learns that it has been succeeded. From then on,
and after any commit that did not come to its end, the handle is done with: one that has seen what others wrote
would no longer be refused.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from baigong.stores.lake.contract import EPOCH_SHIFT, LakeFile
from baigong.stores.lake.deltalog import trim_log
from baigong.stores.lake.files import STORED, LakeFileWriter, sync_file, sync_folder
from baigong.vocab.errors import RetryLater

_CHECKPOINT_EVERY = 64  # commits
_LOG_KEPT_S = 7 * 86_400.0  # who opened the table since then may still follow its log
_TABLE = pa.schema([*STORED, pa.field("tenant", pa.string()), pa.field("day", pa.date32())])


def position(epoch: int, seq: int) -> int:
    """Join epoch and stream sequence into one ordered number: a row's ``seq`` in the lake."""
    return (epoch << EPOCH_SHIFT) | seq


def split_position(at: int) -> tuple[int, int]:
    return at >> EPOCH_SHIFT, at & ((1 << EPOCH_SHIFT) - 1)


class Succeeded(Exception):
    """Another owner has committed to this table, or what we did last is not known: begin again from the table."""


@dataclass(slots=True, frozen=True)
class Written:
    """A synced file that waits for its commit. ``tier``: 0 from a flush, higher from merges, 9 a finished day."""

    file: LakeFile
    tier: int
    last_seq: int
    minimum: int
    maximum: int


class PartitionTable:
    """``<root>/telemetry`` of one partition. Not thread-safe: the owner serialises commits.

    ``bursts.BurstTable`` is the same with other rows, so what differs stands here as attributes.
    """

    name = "telemetry"
    schema = _TABLE
    app = "frames"  # whose positions the transactions are

    def __init__(self, root: Path, partition: str) -> None:
        self.root = root
        self.path = root / self.name
        self._partition = partition
        self._delta = self._open()
        self._since_checkpoint = 0
        self._over = ""  # why nothing may be written any more
        self.files: dict[str, LakeFile] = {}  # path below the table -> file
        self.seen_us = int(self._note().get("seen_us", 0))  # the latest ``seen`` of any row in the table
        self._list_files()

    def _open(self) -> DeltaTable:
        log = self.path / "_delta_log"
        if not log.exists() or not any(log.iterdir()):
            self.path.mkdir(parents=True, exist_ok=True)
            made = DeltaTable.create(
                str(self.path),
                self.schema,
                partition_by=["tenant", "day"],
                configuration={
                    "delta.enableExpiredLogCleanup": "false",  # recovery needs the log; the owner cleans it
                    "delta.checkpointInterval": "1000000",  # the owner makes them, and syncs them
                },
            )
            for file in log.iterdir():
                sync_file(file)
            sync_folder(self.path)
            sync_folder(self.root)
            return made
        mend_log(log)
        try:
            opened = DeltaTable(str(self.path))
        except DeltaError as error:
            raise RetryLater("storage.corrupt", f"cannot open the table: {error}", place=str(self.path)) from error
        newest = log / _commit_name(opened.version())
        if newest.exists():  # whoever committed it may have died before it was synced, and we build on it
            sync_file(newest)
        return opened

    def _list_files(self) -> None:
        actions = pa.table(self._delta.get_add_actions(flatten=True))
        names = set(actions.schema.names)
        tenant = "partition.tenant" if "partition.tenant" in names else "partition_values.tenant"
        day = tenant.replace("tenant", "day")
        self.files = {
            row["path"]: LakeFile(
                path=str(self.path / row["path"]),
                tenant=row[tenant],
                day=str(row[day]),
                rows=row["num_records"] or 0,
                bytes=row["size_bytes"],
                merged=tier_of(row["path"]) == FINISHED,
                late=is_late(row["path"]),
            )
            for row in actions.select(["path", "size_bytes", "num_records", tenant, day]).to_pylist()
        }

    @property
    def version(self) -> int:
        return int(self._delta.version())

    def last_position(self) -> int:
        """Return the position up to which the stream is in this table (0: nothing)."""
        best = 0
        for epoch in range(self.highest_epoch(), 0, -1):
            seq = self._delta.transaction_version(self._app(epoch))
            if seq is not None:
                best = position(epoch, seq)
                break
        return best

    def highest_epoch(self) -> int:
        """Return the highest epoch that was ever minted for this table."""
        return int(self._note().get("epoch", 0))

    def last_stored_us(self) -> int:
        """Return when the stream stored the message at the last position; 0 when nobody knows."""
        return int(self._note().get("at_us", 0))

    def overlaps(self) -> dict[str, dict[str, int]]:
        """Return the (tenant, day)s that may hold a (point, time) more than once, with the last such position."""
        found: dict[str, dict[str, int]] = self._note().get("overlaps", {})
        return found

    def _note(self) -> dict[str, Any]:
        # our state travels in the commit's own metadata, so that it can never disagree with the files
        for entry in self._delta.history(8):
            if "baigong" in entry:
                raw = entry["baigong"]
                note: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
                return note
        return {}

    def _app(self, epoch: int) -> str:
        return f"{self.app}/{self._partition}/{epoch}"

    def writer(self, path: Path) -> LakeFileWriter:
        return LakeFileWriter(path)

    def write(
        self, tenant: str, day: str, tier: int, last_seq: int, chunks: Iterable[pa.Table], *, late: bool = False
    ) -> Written | None:
        """Write sorted rows (schema LAKE) as one synced file of (tenant, day); None when there are none."""
        name = f"{'l' if late else 't'}{tier}-{last_seq:016x}-{time.time_ns():x}.parquet"
        relative = f"tenant={tenant}/day={day}/{name}"
        with self.writer(self.path / relative) as writer:
            for chunk in chunks:
                writer.write(chunk)
        if not writer.rows or writer.minimum is None or writer.maximum is None:
            return None
        sync_folder(writer.path.parent.parent)
        sync_folder(self.path)
        made = LakeFile(str(writer.path), tenant, day, writer.rows, writer.bytes, tier == FINISHED, late)
        return Written(made, tier, last_seq, writer.minimum, writer.maximum)

    def commit(
        self,
        added: Sequence[Written],
        removed: Sequence[LakeFile],
        *,
        at: int | None,
        epoch: int,
        overlaps: dict[str, dict[str, int]],
        at_us: int = 0,
        seen_us: int = 0,
    ) -> None:
        """Make files appear and disappear together, and sync; ``at``: the stream position they complete.

        ``at_us``: when the stream stored the message at the last position, to recognise a stream made anew.
        ``seen_us``: the latest ``seen`` of the rows added; kept, so that no later owner goes below it.

        Raises Succeeded when anybody else has committed since.
        """
        if self._over:
            raise Succeeded(self._over)
        now_ms = int(time.time() * 1000)
        actions: list[Any] = [
            RemoveAction(self._relative(f), True, now_ms, f.bytes, {"tenant": f.tenant, "day": f.day}) for f in removed
        ]
        actions += [
            AddAction(
                self._relative(w.file),
                w.file.bytes,
                {"tenant": w.file.tenant, "day": w.file.day},
                now_ms,
                True,
                json.dumps(
                    {
                        "numRecords": w.file.rows,
                        "minValues": {"point": w.minimum},
                        "maxValues": {"point": w.maximum},
                        "nullCount": {"point": 0},
                    }
                ),
            )
            for w in added
        ]
        transactions = [Transaction(self._app(epoch), split_position(at)[1])] if at is not None else None
        seen_us = max(seen_us, self.seen_us)
        note = json.dumps({"epoch": epoch, "overlaps": overlaps, "at_us": at_us, "seen_us": seen_us})
        after = self.version + 1
        self._over = "what came of an earlier commit is not known"  # until it is
        try:
            self._delta.create_write_transaction(
                actions,
                "append",
                self._delta.schema(),
                partition_by=["tenant", "day"],
                commit_properties=CommitProperties(
                    custom_metadata={"baigong": note}, max_commit_retries=0, app_transactions=transactions
                ),
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
            self._delta.update_incremental()
        except DeltaError as error:
            if (self.path / "_delta_log" / _commit_name(after)).exists():
                self._over = str(error)
                raise Succeeded(self._over) from error
            self._over = ""  # the call has come back and nothing is there: nothing has happened
            raise RetryLater("storage.corrupt", f"cannot commit: {error}", place=str(self.path)) from error
        if self.version != after:
            self._over = f"version {self.version} follows {after - 1}"
            raise Succeeded(self._over)
        sync_file(self.path / "_delta_log" / _commit_name(after))
        self._over = ""
        for file in removed:
            self.files.pop(self._relative(file), None)
        for written in added:
            self.files[self._relative(written.file)] = written.file
        self.seen_us = seen_us
        self._since_checkpoint += 1
        if self._since_checkpoint >= _CHECKPOINT_EVERY:
            with contextlib.suppress(DeltaError, OSError):  # a shortcut only, tried again after the next commit
                self._checkpoint()

    def take_out(self, tenant: str, **note: Any) -> int:
        """Commit the table without a tenant's files; ``note`` as for ``commit``. Returns how many rows they hold."""
        files = [file for file in self.files.values() if file.tenant == tenant]
        if files:
            self.commit([], files, **note)
        return sum(file.rows for file in files)

    def holds(self, files: Sequence[LakeFile]) -> bool:
        """Say whether all of these are still in the table."""
        return all(self._relative(file) in self.files for file in files)

    def _relative(self, file: LakeFile) -> str:
        return str(Path(file.path).relative_to(self.path))

    def _checkpoint(self) -> None:
        self._delta.create_checkpoint()
        log = self.path / "_delta_log"
        for file in log.glob(f"{self.version:020d}.checkpoint*.parquet"):
            sync_file(file)
        sync_file(log / "_last_checkpoint")
        self._since_checkpoint = 0

    def vacuum(self, older_than_s: float) -> int:
        """Delete files that no version needs and that left the table longer ago, and old commits; returns how many
        files.

        Raises Succeeded when anybody else has committed since: what we do not know may be theirs.
        """
        names = self._delta.vacuum(
            retention_hours=int(max(older_than_s / 3600, 0)),
            dry_run=True,
            enforce_retention_duration=False,
        )
        # a file younger than this may belong to a commit that is being prepared
        before = time.time() - max(older_than_s, 60)
        gone = [path for path in map(self.path.joinpath, names) if path.exists() and path.stat().st_mtime < before]
        if (self.path / "_delta_log" / _commit_name(self.version + 1)).exists():  # looked up last: see above
            self._over = f"version {self.version + 1} is not ours"
            raise Succeeded(self._over)
        for path in gone:
            path.unlink(missing_ok=True)
        trim_log(self.path / "_delta_log", self.version, time.time() - _LOG_KEPT_S)
        return len(gone)


def _commit_name(version: int) -> str:
    return f"{version:020d}.json"


FINISHED = 9


def tier_of(path: str) -> int:
    """Read the tier from a file's name (``t<tier>-…``, ``l<tier>-…``); files of other writers count as finished."""
    name = path.rsplit("/", 1)[-1]
    return int(name[1]) if name[:1] in ("t", "l") and name[1:2].isdigit() and name[2:3] == "-" else FINISHED


def is_late(path: str) -> bool:
    """Read from a file's name whether it holds late rows only."""
    return path.rsplit("/", 1)[-1].startswith("l") and tier_of(path) != FINISHED


def last_seq_of(path: str) -> int:
    """Read from a file's name the highest position it may hold."""
    name = path.rsplit("/", 1)[-1]
    return int(name.split("-")[1], 16) if tier_of(path) != FINISHED or name.startswith("t9-") else 0


def mend_log(log: Path) -> list[str]:
    """Move away what a power cut left half-made at the end of the log; storage.corrupt for a hole inside it.

    A commit that was never synced was never counted (the stream still holds its rows), so dropping the
    newest empty ones loses nothing. An empty or missing checkpoint is only a shortcut gone.
    """
    mended = []
    commits = sorted(p for p in log.glob("*.json") if p.stem.isdigit())
    while commits and not _whole(commits[-1]):
        mended.append(_aside(commits.pop()))
    broken = [p.name for p in commits if not _whole(p)]
    if broken:
        raise RetryLater("storage.corrupt", f"commits are damaged: {broken[:5]}", place=str(log))
    last = log / "_last_checkpoint"
    empty = [p for p in log.glob("*.checkpoint*.parquet") if p.stat().st_size == 0]
    if last.exists() and (not _whole(last) or empty):
        mended.append(_aside(last))
    mended += [_aside(p) for p in empty]
    return mended


def _whole(path: Path) -> bool:
    raw = path.read_bytes()
    if not raw.strip() or b"\0" in raw:
        return False
    try:
        for line in raw.splitlines():
            json.loads(line)
    except ValueError:
        return False
    return True


def _aside(path: Path) -> str:
    path.rename(path.with_name(f"damaged-{time.time_ns()}-{path.name}.bak"))
    return path.name
