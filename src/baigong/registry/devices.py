"""Devices and their points: changed by API or by editing a file, kept the same in both, every change an event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import sqlalchemy as sa

from baigong.registry import files
from baigong.registry.book import PointBook
from baigong.registry.changes import Changes
from baigong.registry.deviceplans import (
    NOTHING,
    Beside,
    Plan,
    Text,
    called,
    completed,
    found_fresh,
    given_up,
    in_present_names,
    more_points,
    numbered,
    require_once,
    require_unchanged,
    said_of,
)  # fmt: skip
from baigong.registry.events import Events
from baigong.registry.names import Names
from baigong.registry.numbering import number_points, retired
from baigong.registry.replacing import Replacement, replacement, require_left
from baigong.registry.resident import Resident
from baigong.registry.sealing import Sealing
from baigong.registry.sources import keep_past, read_elsewhere
from baigong.security.envelope import Ring, new_envelope_key
from baigong.stores.records import access, life
from baigong.stores.records.plant import DeviceRow, PointRow, drop_device, put_devices, put_points
from baigong.stores.records.renaming import put_names
from baigong.vocab.devices import AssetWords, DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.ids import device_id

Changed = Callable[[str, DeviceSpec], None]  # (tenant, spec) whose gateway should look again
_ANY: Mapping[str, int] = {}
_MOST = 200_000  # devices in memory at once: 1.6 kB each
Bound = Callable[[str, int, Sequence[str]], None]  # (tenant, devices more, asset of each point more); raises quota.full


class Devices:
    """Files are written before the records: after a crash between the two, the file is noticed and taken."""

    def __init__(
        self,
        events: Events,
        book: PointBook,
        config: Path,
        clock_us: Callable[[], int],
        check: Callable[[DeviceSpec], None],
        changed: Changed,
        bound: Bound = lambda tenant, devices, assets: None,
        sealing: Sealing | None = None,
        load: Callable[[str], Iterable[DeviceRow]] = lambda tenant: (),
        most: int = _MOST,
        names: Names | None = None,
    ) -> None:
        self._names = names or Names(lambda tenant: ())
        self._events = events
        self._book = book
        self._config = config
        self._clock_us = clock_us
        self._check = check
        self._changed = changed
        self._bound = bound
        self.sealing = sealing or Sealing(Ring([new_envelope_key()]))
        self._load = load
        self._rows: Resident[dict[str, DeviceRow]] = Resident(self._loaded, len, most)
        self._assets: dict[str, tuple[int, dict[str, AssetWords]]] = {}  # tenant -> (version of its points, words)
        self._one_change = asyncio.Lock()
        self.changes = Changes()
        self.gateways: set[str] = set()  # that have a device, or had one

    def begin(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """Say which devices there are, of which gateways; what they are is read when somebody asks for their tenant."""
        self.changes.begin(keys)
        self.gateways |= self.changes.gateways

    def _loaded(self, tenant: str) -> dict[str, DeviceRow]:
        return {
            row.spec.device: replace(row, spec=self.sealing.open(row.tenant, row.spec)) for row in self._load(tenant)
        }

    def of_tenant(self, tenant: str) -> list[DeviceRow]:
        return sorted(self._rows.get(tenant).values(), key=lambda r: r.spec.device)

    def assets(self, tenant: str) -> dict[str, AssetWords]:
        """What the tenant's assets are called, by name; where two devices say it, the first by id."""
        version = self._book.version(tenant)
        held = self._assets.get(tenant)
        if held is None or held[0] != version:
            words: dict[str, AssetWords] = {}
            for row in self.of_tenant(tenant):
                for asset, called in row.spec.assets.items():
                    words.setdefault(asset, called)
            held = self._assets[tenant] = (version, words)
        return held[1]

    def count(self, tenant: str) -> int:
        return len(self._rows.get(tenant))

    def get(self, tenant: str, device: str) -> DeviceRow:
        row = self.find(tenant, device)
        if row is None:
            raise FixConfiguration("device.unknown", f"there is no device {device!r}", place=device)
        return row

    def find(self, tenant: str, device: str) -> DeviceRow | None:
        return self._rows.get(tenant).get(device)

    def text(self, tenant: str, device: str) -> str:
        """Return the device's file as it is on the disk."""
        path = files.device_path(self._config, tenant, device)
        if path.is_file():
            return path.read_text("utf-8")
        return files.render(self.sealing.close(tenant, self.get(tenant, device).spec))

    async def put(self, tenant: str, spec: DeviceSpec, by: str, *, revision: int | None = None) -> DeviceRow:
        """Make or change a device; returns it with the numbers its points got.

        Raises config.conflict when ``revision`` is given and is not the present one, point.collision,
        driver.unknown, driver.option. Nothing is changed when it raises.
        """
        (row,) = await self.put_many(tenant, [spec], by, {} if revision is None else {spec.device: revision})
        return row

    async def put_many(
        self, tenant: str, specs: Sequence[DeviceSpec], by: str, revisions: Mapping[str, int] = _ANY
    ) -> list[DeviceRow]:
        """The same of many: all, or none. ``revisions``: of those that must not have changed since they were read."""
        require_once(specs)
        async with self._one_change:
            require_unchanged(revisions, lambda device: self.find(tenant, device))
            return await self._put(tenant, specs, by)

    async def _put(self, tenant: str, specs: Sequence[DeviceSpec], by: str) -> list[DeviceRow]:
        specs = [in_present_names(spec, self._names.of(tenant)) for spec in specs]
        for spec in specs:
            with said_of(spec, among=specs):
                self._check(spec)
        plans = self._plans(tenant, specs, by)
        return await self._written(tenant, plans, by, files.render)

    async def replace(
        self, tenant: str, old: DeviceSpec, new: DeviceSpec, by: str, *, leave: int = 0, check: bool = False
    ) -> Replacement:
        """Let ``new`` take over the points of ``old``; both are written, or none. ``check``: only say what would be.

        Raises config.conflict when more than ``leave`` points would be left, and what ``put`` raises.
        """
        async with self._one_change:
            new = in_present_names(new, self._names.of(tenant))
            told, specs = replacement(old, new, self._book.of_device(tenant, old.device))
            with said_of(specs[1], among=specs):
                self._check(specs[1])
            plans = self._plans(tenant, specs, by)
            if not check:
                require_left(told, leave)
                await self._written(tenant, plans, by, files.render)
            return told

    async def rename(
        self, tenant: str, names: Mapping[str, str], asset: Callable[[str], str], by: str, beside: Beside
    ) -> None:
        """Call points otherwise (their name -> the new one), and assets where files say words of them.

        Numbers stay, and so do comments in files.
        """
        async with self._one_change:
            known = self._book.known(tenant).by_name
            specs = [called(numbered(spec, names, known), names, asset) for spec in self.saying(tenant, names, asset)]
            plans = self._plans(tenant, specs, by)
            configured = {row.number for plan in plans for row in plan.rows}
            others = [
                replace(row, spec=msgspec.structs.replace(row.spec, name=names[row.name]))
                for row in self._book.known(tenant).by_number.values()
                if row.name in names and row.number not in configured
            ]

            def text(spec: DeviceSpec, before: str) -> str:
                return files.with_names(before, names, asset) or files.render(spec, before)

            await self._written(tenant, plans, by, text, replace(beside, points=others))

    def saying(self, tenant: str, names: Container[str], asset: Callable[[str], str]) -> list[DeviceSpec]:
        """Return the devices whose files call points so, or assets that ``asset`` calls otherwise."""
        found = (row.spec for row in self.of_tenant(tenant))
        return [
            s for s in found if any(p.name in names for p in s.points) or any(asset(one) != one for one in s.assets)
        ]

    async def _written(
        self, tenant: str, plans: Sequence[Plan], by: str, text: Text, beside: Beside = NOTHING
    ) -> list[DeviceRow]:
        paths = [files.device_path(self._config, tenant, plan.row.spec.device) for plan in plans]

        def write() -> tuple[list[str | None], list[str]]:
            before = [files.read_text(path) if path.is_file() else None for path in paths]
            texts = [text(self.sealing.close(tenant, p.row.spec), b or "") for p, b in zip(plans, before, strict=True)]
            files.write_all(dict(zip(paths, texts, strict=True)))
            return before, texts

        before, texts = await asyncio.to_thread(write)
        try:
            return await self._commit(tenant, plans, texts, by, beside)
        except BaigongError:
            await asyncio.to_thread(files.put_back, dict(zip(paths, before, strict=True)))
            raise

    async def take_file(self, tenant: str, device: str) -> DeviceRow | None:
        """Follow a file that somebody edited; None when it says what we know. Raises when it is wrong or gone."""
        async with self._one_change:
            held = self.find(tenant, device)
            text = await asyncio.to_thread(files.read_text, files.device_path(self._config, tenant, device))
            if held is not None and held.file_digest == files.text_digest(text):
                return None
            written = files.parse_file(text, device)
            spec = in_present_names(self.sealing.open(tenant, written), self._names.of(tenant))
            self._check(spec)
            (plan,) = self._plans(tenant, [spec], "file")
            if changed := completed(self.sealing, text, written, plan):
                text = changed
                await asyncio.to_thread(files.write_atomically, files.device_path(self._config, tenant, device), text)
            (row,) = await self._commit(tenant, [plan], [text], "file")
            return row

    async def take_files(self, tenant: str, texts: Mapping[str, str]) -> None:
        """The same for many new files (device -> text), in one transaction; raises when any of them is wrong."""
        async with self._one_change:
            written = [files.parse_file(text, device) for device, text in texts.items()]
            earlier = self._names.of(tenant)
            specs = [in_present_names(self.sealing.open(tenant, spec), earlier) for spec in written]
            for spec in specs:
                self._check(spec)
            plans = self._plans(tenant, specs, "file")
            lacking = {
                spec.device: changed
                for spec, plan in zip(written, plans, strict=True)
                if (changed := completed(self.sealing, texts[spec.device], spec, plan))
            }
            paths = {files.device_path(self._config, tenant, device): text for device, text in lacking.items()}
            if paths:
                await asyncio.to_thread(files.write_all, paths)
            await self._commit(tenant, plans, [lacking.get(device, text) for device, text in texts.items()], "file")

    async def drop(self, tenant: str, device: str, by: str) -> None:
        """Remove a device; its points are retired, their history stays. The event keeps its text."""
        async with self._one_change:
            held = self.get(tenant, device)
            text = self.text(tenant, device)
            now = self._clock_us()
            gone = retired(self._book.of_device(tenant, device), [], now)
            detail = {"by": by, "revision": held.revision, "yaml": text, "points_retired": len(gone)}
            event = Event(kind="device.removed", time_us=now, tenant=tenant, subject=f"device:{device}", detail=detail)

            def work(connection: sa.Connection) -> None:
                drop_device(connection, tenant, device)
                put_points(connection, gone)

            await asyncio.to_thread(files.remove, files.device_path(self._config, tenant, device))
            await self._events.tell([event], with_work=work)
            with self._rows.lock:
                if (here := self._rows.peek(tenant)) is not None:
                    here.pop(device, None)
                    self._rows.grown(tenant)
            self._book.take(gone)
            self._tell([held])

    async def register(self, tenant: str, device: str, found: Sequence[PointSpec]) -> list[PointRow]:
        """Enter points that were discovered (sniffed, ingested by name); those known already stay as they are.

        A numbered find whose name another source holds is called ``-2``, ``-3``…: it never fails for a name.
        """
        async with self._one_change:
            device_id(device)
            known = self._book.known(tenant)
            fresh = found_fresh(found, known, self._names.of(tenant))
            held = self._book.of_device(tenant, device)
            rows = number_points(tenant, device, fresh, known, held, self._clock_us(), discovered=True)
            if not rows:
                return []
            self._bound(tenant, 0, [row.spec.asset for row in rows])
            detail = {"points": len(rows), "names": [r.name for r in rows[:20]]}
            event = Event(
                kind="point.registered", time_us=self._clock_us(), tenant=tenant, subject=f"device:{device}",
                detail=detail,
            )  # fmt: skip
            await self._enter(tenant, rows, event)
            return rows

    async def edit_point(self, tenant: str, name: str, changes: dict[str, object], by: str) -> PointRow:
        """Change a point's words (title, unit, kind, states…); for configured ones the file follows."""
        point = self._book.find(tenant, name)
        try:
            spec = msgspec.convert(msgspec.to_builtins(point.spec) | changes, PointSpec)
        except (msgspec.ValidationError, ValueError) as error:
            raise FixConfiguration("config.invalid", str(error), place="point") from error
        held = self.find(tenant, point.device)
        if held is not None and not point.discovered and point.retired_us is None:
            listed = [spec if p.name == point.name else p for p in held.spec.points]
            await self.put(tenant, msgspec.structs.replace(held.spec, points=listed), by)
            return self._book.find(tenant, spec.name)
        async with self._one_change:
            if spec.name != point.name and spec.name in self._book.known(tenant).by_name:
                raise FixConfiguration("point.collision", f"the name {spec.name!r} is taken", place=spec.name)
            row = replace(point, spec=spec)
            event = Event(
                kind="point.changed", time_us=self._clock_us(), tenant=tenant, subject=f"point:{point.number}",
                detail={"by": by, "changes": changes},
            )  # fmt: skip
            await self._enter(tenant, [row], event)
            return row

    async def _enter(self, tenant: str, rows: list[PointRow], event: Event) -> None:
        by_number = self._book.known(tenant).by_number
        names = given_up(rows, by_number, str(event.detail.get("by", "")), event.time_us)

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, event.time_us)
            keep_past(connection, by_number, rows, event.time_us)
            put_points(connection, rows)
            put_names(connection, tenant, names)

        await self._events.tell([event], with_work=work)
        self._names.take(tenant, names)
        self._book.take(rows)

    def _plans(self, tenant: str, specs: Sequence[DeviceSpec], by: str) -> list[Plan]:
        """Number the points of devices, each on top of those before it. Nothing is changed by it."""
        now, plans = self._clock_us(), []
        book = self._book if len(specs) == 1 else self._book.trial(tenant)
        for spec in specs:
            held, points = self.find(tenant, spec.device), book.of_device(tenant, spec.device)
            rows = number_points(tenant, spec.device, spec.points, book.known(tenant), points, now)
            gone = retired(points, rows, now)
            numbered = msgspec.structs.replace(spec, points=[r.spec for r in rows])
            row = DeviceRow(tenant, numbered, held.revision + 1 if held else 1, "", now, by)
            plans.append(Plan(row, rows, gone))
            if book is not self._book:
                book.take([*rows, *gone])
        self._check_room(tenant, plans)
        return plans

    def _check_room(self, tenant: str, plans: Sequence[Plan]) -> None:
        """Raise quota.full for what comes on top of what there is; less than before always fits."""
        more = more_points(plans, self._book.known(tenant).by_number)
        devices = sum(self.find(tenant, plan.row.spec.device) is None for plan in plans)
        self._bound(tenant, devices, more)

    async def _commit(
        self, tenant: str, plans: Sequence[Plan], texts: Sequence[str], by: str, beside: Beside = NOTHING
    ) -> list[DeviceRow]:
        rows = [replace(p.row, file_digest=files.text_digest(text)) for p, text in zip(plans, texts, strict=True)]
        points = [*(point for plan in plans for point in (*plan.rows, *plan.gone)), *beside.points]
        told = [plan.event(self.find(tenant, plan.row.spec.device)) for plan in plans]
        told += [*read_elsewhere(self._book, points, rows), *beside.told]
        closed = [replace(row, spec=self.sealing.close(tenant, row.spec)) for row in rows]
        by_number, now = self._book.known(tenant).by_number, self._clock_us()
        names = given_up(points, by_number, by, now) if beside.names is None else beside.names

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, now)
            put_devices(connection, closed)
            keep_past(connection, by_number, points, now)
            put_points(connection, points)
            put_names(connection, tenant, names)
            beside.work(connection)
            life.keep_lives(connection, told)

        await self._events.tell(told, with_work=work)
        self._names.take(tenant, names)
        beside.then()
        for row in rows:
            with self._rows.lock:
                if (here := self._rows.peek(row.tenant)) is not None:
                    here[row.spec.device] = row
                    self._rows.grown(row.tenant)
            self.gateways.add(row.spec.gateway)
        self._book.take(points)
        self._tell(rows)
        return rows

    def _tell(self, rows: Sequence[DeviceRow]) -> None:
        self.changes.note((row.tenant, row.spec.device) for row in rows)
        for row in rows:
            self._changed(row.tenant, row.spec)
