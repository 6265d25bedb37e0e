"""Stops acceptance before the disk is full: below the reserve nothing more is taken, and the sender is told."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from baigong.vocab.errors import RetryLater

_LOOK_S = 0.5


class DiskGuard:
    """``check`` raises storage.full while the disk of ``folder`` has less than ``reserve`` bytes free."""

    def __init__(self, folder: Path, reserve: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._reserve = reserve
        self._monotonic = monotonic
        self._looked = -_LOOK_S
        self._free = 0

    def check(self) -> None:
        now = self._monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked, self._free = now, shutil.disk_usage(self._folder).free
        if self._free < self._reserve:
            raise RetryLater(
                "storage.full",
                f"{self._free >> 20} MB free, {self._reserve >> 20} MB must stay free",
                place=str(self._folder),
            )
