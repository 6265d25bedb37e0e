"""The commits of a Delta table, one file each: what is old and stands in a checkpoint is deleted.

Delta's own cleanup looks at the clock alone; here the newest commits stay however old they are, since our notes (how
far the stream is in the table) are read from them.
"""

from __future__ import annotations

from pathlib import Path

from baigong.stores.lake.files import sync_folder

_NEWEST_KEPT = 16  # commits; notes are looked up in 8


def trim_log(log: Path, newest: int, before_s: float) -> int:
    """Delete the versions before a checkpoint, where it and they were written before then; returns how many files.

    ``newest``: the table's version. Not while a backup is copied, which goes by the names it has listed. The oldest
    go first, so that a crash leaves no hole; the checkpoint that is now the oldest version stays, and so does every
    commit after it: whoever has opened the table since ``before_s`` can still follow its log.
    """
    files: dict[int, list[Path]] = {}
    for path in log.iterdir():
        if path.name[:20].isdigit():
            files.setdefault(int(path.name[:20]), []).append(path)
    begin = 0
    for version in sorted(files):
        if version > newest - _NEWEST_KEPT or any(path.stat().st_mtime >= before_s for path in files[version]):
            break
        if any(".checkpoint" in path.name for path in files[version]):
            begin = version
    gone = [path for version in sorted(files) if version < begin for path in files[version]]
    for path in gone:
        path.unlink(missing_ok=True)
    if gone:
        sync_folder(log)
    return len(gone)
