"""What is derived from finished days and kept beside the table: rollups and thinned rows, also of days let go.

Whoever keeps samples for ninety days may keep their hours for ever: when a day's samples go, what was derived from
them is set aside under ``kept/``. From then on it is no longer something that can be made again, so backups hold it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from baigong.historian.merge import Job, day_end, rollup_path, rollup_paths
from baigong.historian.thinning import Thinner
from baigong.stores.lake.contract import LakeFile
from baigong.stores.lake.files import sync_folder
from baigong.stores.lake.rollup import BUCKETS_S
from baigong.stores.lake.thin import THINNED, day_of
from baigong.vocab.keep import Keep

NAMES = (*BUCKETS_S, THINNED)
_DAY_S = 86_400


KeepOf = Callable[[str], Keep]


def keep_everything(tenant: str) -> Keep:
    """Forget nothing."""
    return Keep()


class Shelf:
    """Of one partition. Used by its owner; ``paths`` is thread-safe."""

    def __init__(self, root: Path, keep: KeepOf, thinner: Thinner, clock: Callable[[], float] = time.time) -> None:
        self._root = root
        self._keep = keep
        self._thinner = thinner
        self._clock = clock
        self._kept: dict[str, dict[str, dict[str, str]]] = {}  # tenant -> name -> day -> path
        for name in NAMES:
            for path in sorted((root / "kept" / name).glob("tenant=*/day=*/*.parquet")):
                tenant, day = path.parent.parent.name.removeprefix("tenant="), path.parent.name.removeprefix("day=")
                self._kept.setdefault(tenant, {}).setdefault(name, {})[day] = str(path)

    def paths(
        self, tenant: str, files: tuple[LakeFile, ...], overlaps: dict[str, int]
    ) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
        """Return the days whose rollups are complete and current, and the files of those days by name."""
        rolled, paths = rollup_paths(self._root, files, overlaps)
        paths[THINNED] = self._thinner.paths(tenant, files, frozenset(overlaps))
        kept = self._kept.get(tenant)
        if kept:
            present = {f.day for f in files}
            for name, by_day in kept.items():
                paths[name] += tuple(path for day, path in by_day.items() if day not in present)
            rolled |= frozenset(day for name in BUCKETS_S for day in kept.get(name, ()) if day not in present)
        return rolled, paths

    def raw_days(self, tenants: list[str]) -> dict[str, int]:
        """Return for how many days samples stay, of tenants that do not keep them for ever."""
        asked = {tenant: self._keep(tenant).raw_days for tenant in tenants}
        return {tenant: days for tenant, days in asked.items() if days is not None}

    def set_aside(self, job: Job, overlaps: dict[str, int]) -> bool:
        """Keep what was derived from samples that are about to go; False while that is not there yet. Blocking.

        A day set aside before stays as it is: what came late for it has missed its time.
        """
        if job.result_tier is not None:
            return True
        kept = self._kept.setdefault(job.tenant, {})
        if any(job.day in days for days in kept.values()):
            return True
        rolled, paths = self.paths(job.tenant, job.files, overlaps)
        if job.day not in rolled or self._thinner.next(job.tenant, job.files, frozenset(overlaps)) is not None:
            return False
        for name in [name for name in NAMES if any(day_of(path) == job.day for path in paths[name])]:
            source = rollup_path(self._root, name, job.files[0])
            days = kept.setdefault(name, {})
            target = self._root / "kept" / source.relative_to(self._root / "rollup")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(source, target)
            for folder in list(target.parents)[: len(target.relative_to(self._root).parts)]:
                sync_folder(folder)
            kept[name] = days | {job.day: str(target)}  # swapped whole: readers go through it in threads
        return True

    def tidy(self, files: dict[str, tuple[LakeFile, ...]], overlaps: dict[str, dict[str, int]]) -> None:
        """Thin one day that wants it; blocking."""
        for tenant, group in files.items():
            wanting = self._thinner.next(tenant, group, frozenset(overlaps.get(tenant, ())))
            if wanting is not None:
                self._thinner.write(wanting)
                return

    def sweep(self, files: dict[str, tuple[LakeFile, ...]], older_than_s: float) -> int:
        """Delete what was kept long enough, and what belongs to files that are gone for so long; returns how many."""
        gone = [Path(path) for path in self._take_old()]
        for path in gone:  # readers that know it may read on for as long as readers of replaced files may
            os.utime(path)
        listed = {Path(path) for kept in self._kept.values() for days in kept.values() for path in days.values()}
        derived = {rollup_path(self._root, n, f) for n in NAMES for group in files.values() for f in group}
        found = [p for folder in ("kept", "rollup") for p in (self._root / folder).glob("*/tenant=*/day=*/*")]
        count = 0
        for path in found:
            if path in listed or path in derived or self._clock() - path.stat().st_mtime <= older_than_s:
                continue
            path.unlink()
            count += 1
        return count

    def forget(self, tenant: str) -> None:
        """No longer serve what was kept of a tenant."""
        self._kept.pop(tenant, None)

    def _take_old(self) -> Iterator[str]:
        for tenant, kept in self._kept.items():
            for name, days in kept.items():
                stays = self._keep(tenant).days(name)
                old = [] if stays is None else [d for d in days if self._clock() - day_end(d) > stays * _DAY_S]
                yield from [days[day] for day in old]
                kept[name] = {day: path for day, path in days.items() if day not in old}
