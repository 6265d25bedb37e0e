"""Arrow tables for SQL that are made whole once; of what changed after that, only the rows that changed are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable

import pyarrow as pa
import pyarrow.compute as pc


class RowChanges:
    """Numbers the changes of rows, of one thing or many (``of``: a tenant), and remembers the newest of them."""

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._versions: dict[Hashable, int] = {}
        self._ids: dict[Hashable, deque[tuple[int, str]]] = {}  # (version, id), the newest last

    def note(self, of: Hashable, ids: Collection[str]) -> None:
        """Say which rows are written, changed or gone."""
        if len(ids) > self._remembered:
            return self.note_all(of)
        kept = self._ids.setdefault(of, deque(maxlen=self._remembered))
        for version, id in enumerate(ids, self.version(of) + 1):
            kept.append((version, id))
            self._versions[of] = version

    def note_all(self, of: Hashable) -> None:
        """Say that any row may be another one."""
        self._ids.pop(of, None)
        self._versions[of] = self.version(of) + 1

    def version(self, of: Hashable) -> int:
        """Return a number that grows with every change."""
        return self._versions.get(of, 0)

    def since(self, of: Hashable, version: int) -> set[str] | None:
        """Return the ids that changed since a version; None: nobody remembers. Callable from threads."""
        kept = list(self._ids.get(of, ()))
        if version < self.version(of) and (not kept or kept[0][0] > version + 1):
            return None
        return {id for number, id in kept if number > version}


class FollowedTables:
    """``id``: the column by which changes name rows. Callable from threads: who reads at the same time reads twice."""

    def __init__(self, changes: RowChanges, id: str) -> None:
        self._changes, self._id = changes, id
        self._held: dict[Hashable, tuple[int, pa.Table]] = {}

    def of(
        self,
        key: Hashable,
        of: Hashable,
        read: Callable[[Collection[str] | None], pa.Table],
        order: str = "",
    ) -> pa.Table:
        """Return a table as it is now. ``of``: whose changes it follows; ``read``: rows of these ids, None: all."""
        version, held = self._changes.version(of), self._held.get(key)
        if held is None or held[0] != version:
            changed = None if held is None else self._changes.since(of, held[0])
            made = read(changed)
            if held is not None and changed is not None:
                made = pa.concat_tables([self._without(held[1], changed), made])
                made = made.sort_by(order) if order else made
            held = self._held[key] = (version, made.combine_chunks())
        return held[1]

    def forget(self, key: Hashable) -> None:
        self._held.pop(key, None)

    def _without(self, table: pa.Table, ids: Collection[str]) -> pa.Table:
        told = pc.is_in(table.column(self._id), value_set=pa.array(list(ids), pa.string()))
        return table.filter(pc.invert(told))
