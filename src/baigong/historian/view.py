"""What readers see of one of a partition's tables: immutable, swapped in one assignment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from baigong.stores.lake.contract import LakeFile
from baigong.stores.lake.table import PartitionTable


@dataclass(slots=True, frozen=True)
class View:
    """``watermark``: the position up to which rows are in ``files`` (by tenant); hot rows count above it."""

    version: int = 0
    watermark: int = 0
    files: dict[str, tuple[LakeFile, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: PartitionTable, watermark: int) -> Self:
        files: dict[str, list[LakeFile]] = {}
        for file in list(table.files.values()):
            files.setdefault(file.tenant, []).append(file)
        return cls(table.version, watermark, {tenant: tuple(group) for tenant, group in files.items()})

    def sizes(self) -> Counter[str]:
        """Return the bytes of each tenant's files."""
        return Counter({tenant: sum(file.bytes for file in group) for tenant, group in self.files.items()})

    def facts(self) -> dict[str, int]:
        """Count files for the system page."""
        files = [file for group in self.files.values() for file in group]
        return {
            "files": len(files),
            "unmerged_files": sum(not file.merged for file in files),
            "bytes": sum(file.bytes for file in files),
        }
