"""What SQL sees of a company, or of the part of it that is open to whoever asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

import pyarrow as pa

from baigong.historian.owner import PartitionOwner
from baigong.registry.assettable import assets_table, relations_table
from baigong.registry.opening import Registry
from baigong.registry.tasktable import tasks_table
from baigong.registry.tree import Tree
from baigong.registry.visible import Visible, open_episodes
from baigong.sandbox.blocks import Block
from baigong.stores.lake.part import Part, PartReader
from baigong.stores.lake.scansql import FileShapes
from baigong.stores.lake.sqlview import POINTS, SqlView, conformed, part_points, sql_view

_PARTS = 64  # kept ready for the next query
_CLIPPED = 256 << 20  # bytes of hot rows kept beside the whole for them


class OpenPart:
    """What is kept of one part: its points, and of each block of hot rows those that are open.

    Cutting costs as much as many a query; a block never changes, so neither do its open rows. A block that is open
    as a whole is handed on as it is, so nothing is copied.
    """

    def __init__(self, points: Block, part: Part) -> None:
        self.points = points
        self._part = part
        self._clipped: WeakKeyDictionary[Block, Block | None] = WeakKeyDictionary()  # None: all of it is open
        self._lock = threading.Lock()

    def clip(self, rows: pa.Table | Block) -> pa.Table | Block:
        if isinstance(rows, pa.Table):
            return self._part.clip(rows)
        with self._lock:
            if rows not in self._clipped:
                whole = rows.table()
                cut = self._part.clip(whole)
                self._clipped[rows] = None if cut is whole else Block(cut)
            return self._clipped[rows] or rows

    def nbytes(self) -> int:
        with self._lock:
            return sum(block.nbytes for block in self._clipped.values() if block is not None)


class SqlSource:
    """What one tenant's SQL sees now. Called in threads."""

    def __init__(self, owner: PartitionOwner, registry: Registry) -> None:
        self._owner = owner
        self._registry = registry
        self._shapes = FileShapes()
        self._points: dict[str, tuple[int, Block]] = {}
        self._assets: dict[str, tuple[Tree, Block]] = {}
        self._parts: OrderedDict[int, OpenPart] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, tenant: str, only: Visible | None = None) -> SqlView:
        if only is not None:
            return self._cut(tenant, only)
        version = self._registry.book.version(tenant)
        held = self._points.get(tenant)
        if held is None or held[0] != version:
            points = Block(conformed(self._registry.book.table(tenant), POINTS))
            held = self._points[tenant] = (version, points)
        return sql_view(
            self._owner.snapshot(tenant),
            held[1],
            lambda: self._owner.latest(tenant),
            lambda: self._registry.episodes.table_now(tenant),
            self._shapes,
            assets=lambda: self._described(tenant),
            relations=lambda: relations_table(self._registry.assets, tenant),
            lots=self._registry.lots.tables(tenant),
            tasks=lambda: tasks_table(self._registry.tasks, tenant),
            records=self._registry.business.tables.of(tenant),
        )

    def _described(self, tenant: str) -> Block:
        """Keep the assets until one of them changes, or a point does: there is another tree then."""
        tree, held = self._registry.assets.tree(tenant), self._assets.get(tenant)
        if held is None or held[0] is not tree:
            held = self._assets[tenant] = (tree, Block(assets_table(self._registry.assets, tenant)))
        return held[1]

    def forget(self, tenant: str) -> None:
        """Let go of the points and assets of a company that is gone."""
        self._points.pop(tenant, None)
        self._assets.pop(tenant, None)

    def _cut(self, tenant: str, only: Visible) -> SqlView:
        """Hand in only what is open: nothing of other points is in the child's memory, or can be named there.

        No lots and no records: one says what all of the plant made of it.
        """
        kept = self._part(tenant, only)
        reader = PartReader(self._owner, only.part)

        def episodes() -> pa.Table:
            return open_episodes(self._registry.episodes.table_now(tenant), tenant, only)

        return sql_view(
            self._owner.snapshot(tenant),
            kept.points,
            lambda: reader.latest(tenant),
            episodes,
            self._shapes,
            only.part,
            kept.clip,
            lambda: assets_table(self._registry.assets, tenant, only),
            lambda: relations_table(self._registry.assets, tenant, only),
            tasks=lambda: tasks_table(self._registry.tasks, tenant, only),
        )

    def _part(self, tenant: str, only: Visible) -> OpenPart:
        with self._lock:
            kept = self._parts.get(only.key)
        if kept is None:
            kept = OpenPart(Block(part_points(only.book.table(tenant), only.part)), only.part)
        with self._lock:
            kept = self._parts.setdefault(only.key, kept)
            self._parts.move_to_end(only.key)
            held = sum(part.nbytes() for part in self._parts.values())
            while len(self._parts) > _PARTS or (held > _CLIPPED and len(self._parts) > 1):
                held -= self._parts.popitem(last=False)[1].nbytes()
        return kept
