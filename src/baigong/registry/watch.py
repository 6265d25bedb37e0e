"""Notices device files that people edit by hand, by looking at them every second or two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from baigong.registry import files
from baigong.registry.devices import Devices
from baigong.registry.events import Events
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Event
from baigong.vocab.ids import tenant_id

_SHARE = 30.0  # looking takes at most one part in so many
_TOGETHER = 1000  # new files taken in one transaction
_GONE_AFTER = 2  # looks in a row without the file: an editor or git may take it away for a moment


@dataclass(slots=True, frozen=True)
class Rejected:
    """A file that cannot be used; what was configured before goes on working."""

    tenant: str
    device: str
    time_us: int
    error: BaigongError


class FileWatch:
    """Call ``look()`` once at the start, then ``run()``."""

    def __init__(self, config: Path, devices: Devices, events: Events, clock_us: Callable[[], int]) -> None:
        self._config = config
        self._devices = devices
        self._events = events
        self._clock_us = clock_us
        self._stamps: dict[tuple[str, str], tuple[int, int]] = {}
        self._missing: dict[tuple[str, str], int] = {}
        self.rejected: dict[tuple[str, str], Rejected] = {}
        self.failed = 0  # looks that could not be finished

    async def run(self, every_s: float = 1.0) -> None:
        """Look for ever; at ten thousand files a look takes a while, and they are looked at less often."""
        pause_s = every_s
        while True:
            await asyncio.sleep(pause_s)
            began = time.monotonic()
            try:
                await self.look()
            except (BaigongError, OSError):  # a full disk, a folder that may not be read: look again
                self.failed += 1
            pause_s = max(every_s, _SHARE * (time.monotonic() - began))

    async def look(self) -> None:
        """Take what is new or changed, reject what is wrong, drop what has been removed."""
        found = await asyncio.to_thread(files.scan, self._config, dict(self._stamps))
        changed: list[files.DeviceFile] = []
        for key, file in found.items():
            self._missing.pop(key, None)
            if self._stamps.get(key) == file.stamp:
                continue
            self._stamps[key] = file.stamp
            held = self._devices.find(*key)
            if held is not None and held.file_digest == file.digest:
                self.rejected.pop(key, None)  # what we wrote ourselves, or what was put back as it had been
            else:
                changed.append(file)
        for file in await self._take_new(changed):
            await self._take(file)
        for key in [k for k in self.rejected if k not in found]:
            del self.rejected[key]
        for row in self._devices.every():
            key = (row.tenant, row.spec.device)
            if key not in found:
                await self._miss(key)

    async def _take_new(self, changed: list[files.DeviceFile]) -> list[files.DeviceFile]:
        """Take many new files of one tenant together, where nothing is wrong with any; return what is left."""
        left: list[files.DeviceFile] = []
        for tenant in dict.fromkeys(file.tenant for file in changed):
            ours = [file for file in changed if file.tenant == tenant]
            fresh = [file for file in ours if self._devices.find(tenant, file.device) is None]
            taken: set[str] = set()
            for at in range(0, len(fresh), _TOGETHER):
                piece = fresh[at : at + _TOGETHER]
                if len(piece) > 1 and await self._took(tenant, piece):
                    taken |= {file.device for file in piece}
            left += [file for file in ours if file.device not in taken]
        return left

    async def _took(self, tenant: str, piece: list[files.DeviceFile]) -> bool:
        try:
            tenant_id(tenant)
            texts = await asyncio.to_thread(lambda: {f.device: files.read_text(f.path) for f in piece})
            await self._devices.take_files(tenant, texts)
        except (BaigongError, OSError):  # one by one it shows which is wrong
            return False
        for file in piece:
            self.rejected.pop((tenant, file.device), None)
        return True

    async def _take(self, file: files.DeviceFile) -> None:
        key = (file.tenant, file.device)
        try:
            tenant_id(file.tenant)
            await self._devices.take_file(file.tenant, file.device)
            self.rejected.pop(key, None)
        except (FileNotFoundError, RetryLater):
            self._stamps.pop(key, None)  # look again next time
        except FixConfiguration as error:
            self.rejected[key] = Rejected(file.tenant, file.device, self._clock_us(), error)
            await self._events.tell(
                [
                    Event(
                        kind="device.file_rejected",
                        time_us=self._clock_us(),
                        tenant=file.tenant,
                        subject=f"device:{file.device}",
                        detail={"code": error.code, "message": error.message, "place": error.place},
                    )
                ]
            )

    async def _miss(self, key: tuple[str, str]) -> None:
        # A folder that vanished as a whole is a disk that is not there, not a wish to remove every device.
        if not (self._config / key[0] / "devices").is_dir():
            return
        self._missing[key] = self._missing.get(key, 0) + 1
        if self._missing[key] >= _GONE_AFTER:
            del self._missing[key]
            self._stamps.pop(key, None)
            with suppress(RetryLater):  # counted again from the next look
                await self._devices.drop(*key, by="file")
