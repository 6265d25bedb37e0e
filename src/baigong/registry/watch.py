"""Notices device files that people edit by hand, by looking at them every second or two."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
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
_STAMPS = 50_000  # files whose stamps are kept; of a folder without them a change reads every file again
_GONE_AFTER = 2  # looks in a row without the file: an editor or git may take it away for a moment


Known = Callable[[str], Awaitable[Mapping[str, str]]]


@dataclass(slots=True, frozen=True)
class Rejected:
    """A file that cannot be used; what was configured before goes on working."""

    tenant: str
    device: str
    time_us: int
    error: BaigongError


class FileWatch:
    """Call ``look()`` once at the start, then ``run()``.

    ``known`` reads from the records what a tenant's files are known to hold: device -> digest. Of a folder only one
    number is kept that changes with any file in it, and the files' own stamps for those that changed last.
    """

    def __init__(
        self, config: Path, devices: Devices, events: Events, clock_us: Callable[[], int], known: Known
    ) -> None:
        self._config = config
        self._devices = devices
        self._events = events
        self._clock_us = clock_us
        self._known = known
        self._folders: dict[str, int] = {}  # tenant -> what its folder looked like
        self._stamps: OrderedDict[str, dict[str, files.Stamp]] = OrderedDict()
        self._stamped = 0  # files in them
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
        folders = await asyncio.to_thread(files.folders, self._config)
        for tenant, folder in folders.items():
            await self._look(tenant, folder)
        for tenant in [t for t in self._folders if t not in folders]:
            # A folder that vanished as a whole is a disk that is not there, not a wish to remove every device.
            self._forget(tenant)
        for key in [k for k in self.rejected if k[0] not in folders]:
            del self.rejected[key]

    async def _look(self, tenant: str, folder: Path) -> None:
        found = await asyncio.to_thread(files.scan, folder)
        looks = hash(frozenset(found.items()))
        if self._folders.get(tenant) == looks:
            return
        held = self._stamps.get(tenant, {})
        fresh = [device for device, stamp in found.items() if held.get(device) != stamp]
        digests = await asyncio.to_thread(files.digests, folder, fresh)
        known = await self._known(tenant)
        self._keep(tenant, looks, found)
        changed = []
        for device, digest in digests.items():
            if known.get(device) == digest:
                self.rejected.pop((tenant, device), None)  # what we wrote ourselves, or what was put back as it was
            else:
                changed.append(device)
        for device in await self._take_new(tenant, folder, changed, known):
            await self._take(tenant, device)
        for key in [k for k in self.rejected if k[0] == tenant and k[1] not in found]:
            del self.rejected[key]
        for key in [k for k in self._missing if k[0] == tenant and k[1] in found]:
            del self._missing[key]
        for device in known:
            if device not in found:
                await self._miss(tenant, device)

    def _keep(self, tenant: str, looks: int, stamps: dict[str, files.Stamp]) -> None:
        self._folders[tenant] = looks
        self._stamped += len(stamps) - len(self._stamps.get(tenant, ()))
        self._stamps[tenant] = stamps
        self._stamps.move_to_end(tenant)
        while self._stamped > _STAMPS and len(self._stamps) > 1:
            self._stamped -= len(self._stamps.popitem(last=False)[1])

    def forget_tenant(self, tenant: str) -> None:
        """Follow the disk after a company is gone, with its folder."""
        self._forget(tenant)
        self._stamped -= len(self._stamps.pop(tenant, ()))
        self._missing = {k: n for k, n in self._missing.items() if k[0] != tenant}
        self.rejected = {k: r for k, r in self.rejected.items() if k[0] != tenant}

    def _forget(self, tenant: str, device: str | None = None) -> None:
        """Look at a tenant's folder again next time; at one file, whatever it looks like."""
        self._folders.pop(tenant, None)
        if device is not None:
            self._stamped -= self._stamps.get(tenant, {}).pop(device, None) is not None

    async def _take_new(self, tenant: str, folder: Path, changed: list[str], known: Mapping[str, str]) -> list[str]:
        """Take many new files together, where nothing is wrong with any; return what is left."""
        fresh, taken = [device for device in changed if device not in known], set[str]()
        for at in range(0, len(fresh), _TOGETHER):
            piece = fresh[at : at + _TOGETHER]
            if len(piece) > 1 and await self._took(tenant, folder, piece):
                taken.update(piece)
        return [device for device in changed if device not in taken]

    async def _took(self, tenant: str, folder: Path, piece: list[str]) -> bool:
        try:
            tenant_id(tenant)
            texts = await asyncio.to_thread(lambda: {d: files.read_text(folder / f"{d}.yaml") for d in piece})
            await self._devices.take_files(tenant, texts)
        except (BaigongError, OSError):  # one by one it shows which is wrong
            return False
        for device in piece:
            self.rejected.pop((tenant, device), None)
        return True

    async def _take(self, tenant: str, device: str) -> None:
        key = (tenant, device)
        try:
            tenant_id(tenant)
            await self._devices.take_file(tenant, device)
            self.rejected.pop(key, None)
        except (FileNotFoundError, RetryLater):
            self._forget(tenant, device)  # look again next time
        except FixConfiguration as error:
            self.rejected[key] = Rejected(tenant, device, self._clock_us(), error)
            await self._events.tell(
                [
                    Event(
                        kind="device.file_rejected",
                        time_us=self._clock_us(),
                        tenant=tenant,
                        subject=f"device:{device}",
                        detail={"code": error.code, "message": error.message, "place": error.place},
                    )
                ]
            )

    async def _miss(self, tenant: str, device: str) -> None:
        self._forget(tenant, device)  # until it is back, or gone for good
        key = (tenant, device)
        self._missing[key] = self._missing.get(key, 0) + 1
        if self._missing[key] >= _GONE_AFTER:
            del self._missing[key]
            with suppress(RetryLater):  # counted again from the next look
                await self._devices.drop(tenant, device, by="file")
