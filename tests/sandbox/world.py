"""A small lake of two tenants on disk, and views over it, without any other room of the house."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from baigong.sandbox.sql import Pieces


@dataclass
class Seen:
    """What ``sandbox.sql.View`` asks for."""

    tables: dict[str, Pieces | Callable[[], Pieces]] = field(default_factory=dict)
    statements: list[tuple[str, str]] = field(default_factory=list)
    base: list[str] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)


class World:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked = 0
        for tenant in ("acme", "rival"):
            self.add_file(tenant, "a", pa.table({"point": list(range(1000)), "owner": [tenant] * 1000}))

    def folder(self, tenant: str) -> Path:
        return self.root / f"tenant={tenant}"

    def add_file(self, tenant: str, name: str, table: pa.Table) -> Path:
        path = self.folder(tenant) / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
        return path

    def view(self, tenant: str, only: object = None) -> Seen:
        self.asked += 1
        files = sorted(str(p) for p in self.folder(tenant).glob("?.parquet") if not p.is_symlink())
        listed = ", ".join(f"'{f}'" for f in files)
        return Seen(
            tables={"points_in": pa.table({"point": [1, 2], "name": ["a.b", "c.d"]})},
            statements=[
                ("", f"create view telemetry as from read_parquet([{listed}])"),
                ("", "create view points as from points_in"),
            ],
            roots=[str(self.folder(tenant))],
        )

    def fingerprint(self) -> dict[str, str]:
        """Name and content of every file there is."""
        found = sorted(p for p in self.root.rglob("*"))
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder" for p in found}
