"""Takes a whole tenant out of the lake: out of the table first, so that nobody reads it, then off the disk.

Repeating it after a kill in the middle finishes it: what is no longer in the table is still removed from the folders.
What remains: the log of commits names the tenant, days and point numbers of files that are gone, never values.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from baigong.stores.lake.table import Written

_FOLDERS = ("telemetry", "bursts", "rollup/*", "kept/*")


@dataclass(slots=True, frozen=True)
class Forgotten:
    """What was in the lake of a tenant and is gone. ``rows`` and ``recordings`` of the newest version only.

    ``files`` and ``bytes``: everything found on disk, replaced and derived files too. ``left``: files still there.
    """

    tenant: str
    rows: int
    recordings: int
    files: int
    bytes: int
    left: int


def drop(written: list[Written]) -> None:
    """Delete files that were written and will not be committed."""
    for one in written:
        Path(one.file.path).unlink(missing_ok=True)


def erase(root: Path, tenant: str, *, rows: int, recordings: int) -> Forgotten:
    """Delete the tenant's folders below ``root``; blocking. The table no longer lists what they hold."""
    found = _found(root, tenant)
    sizes = [path.stat().st_size for path in found]
    for folder in _folders(root, tenant):
        shutil.rmtree(folder)
    (root / "latest" / f"{tenant}.parquet").unlink(missing_ok=True)
    left = len(_found(root, tenant))
    return Forgotten(tenant, rows, recordings, len(found), sum(sizes), left)


def _folders(root: Path, tenant: str) -> list[Path]:
    return [folder for pattern in _FOLDERS for folder in root.glob(f"{pattern}/tenant={tenant}")]


def _found(root: Path, tenant: str) -> list[Path]:
    newest = root / "latest" / f"{tenant}.parquet"
    inside = [path for folder in _folders(root, tenant) for path in folder.rglob("*") if path.is_file()]
    return [*inside, *([newest] if newest.exists() else [])]
