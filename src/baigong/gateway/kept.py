"""Where drivers keep how far they were: a file a device, gone with the company."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from baigong.gateway import memory
from baigong.vocab.ids import device_id, tenant_id


def kept_file(folder: Path, tenant: str, device: str) -> Path:
    """Return the file of a device; its folder is made."""
    made = folder / tenant_id(tenant)
    made.mkdir(parents=True, exist_ok=True, mode=0o700)
    return made / f"{device_id(device)}.json"


class FileNotebook:
    """A file that is replaced as a whole; one that is missing or rotten is empty, and all is read again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held = memory.load(file, dict[str, Any], {})

    def get(self, name: str) -> Any:
        return self._held.get(name)

    def put(self, name: str, told: Any) -> None:
        self._held[name] = told
        memory.save(self._file, self._held)


def forget_kept(folder: Path, tenant: str) -> None:
    """Delete what was kept for a company that has left."""
    shutil.rmtree(folder / tenant_id(tenant), ignore_errors=True)
