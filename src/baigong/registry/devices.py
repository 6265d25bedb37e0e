"""Devices and their points: changed by API or by editing a file, kept the same in both, every change an event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import sqlalchemy as sa

from baigong.registry import files
from baigong.registry.book import PointBook
from baigong.registry.events import Events
from baigong.registry.numbering import number_points, retired
from baigong.stores.records import access
from baigong.stores.records.plant import DeviceRow, PointRow, drop_device, put_device, put_points
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.ids import device_id

Changed = Callable[[str, DeviceSpec], None]  # (tenant, spec) whose gateway should look again


@dataclass(slots=True, frozen=True)
class _Plan:
    row: DeviceRow
    rows: list[PointRow]  # configured points, with their numbers
    gone: list[PointRow]  # points to retire


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
    ) -> None:
        self._events = events
        self._book = book
        self._config = config
        self._clock_us = clock_us
        self._check = check
        self._changed = changed
        self._rows: dict[tuple[str, str], DeviceRow] = {}
        self._one_change = asyncio.Lock()

    def load(self, rows: Sequence[DeviceRow]) -> None:
        self._rows = {(row.tenant, row.spec.device): row for row in rows}

    def of_tenant(self, tenant: str) -> list[DeviceRow]:
        return [row for (owner, _), row in sorted(self._rows.items()) if owner == tenant]

    def of_gateway(self, gateway: str) -> list[DeviceRow]:
        return [row for row in self._rows.values() if row.spec.gateway == gateway]

    def every(self) -> list[DeviceRow]:
        return list(self._rows.values())

    def get(self, tenant: str, device: str) -> DeviceRow:
        try:
            return self._rows[tenant, device]
        except KeyError:
            raise FixConfiguration("device.unknown", f"there is no device {device!r}", place=device) from None

    def find(self, tenant: str, device: str) -> DeviceRow | None:
        return self._rows.get((tenant, device))

    def text(self, tenant: str, device: str) -> str:
        """Return the device's file as it is on the disk."""
        path = files.device_path(self._config, tenant, device)
        return path.read_text("utf-8") if path.is_file() else files.render(self.get(tenant, device).spec)

    async def put(self, tenant: str, spec: DeviceSpec, by: str, *, revision: int | None = None) -> DeviceRow:
        """Make or change a device; returns it with the numbers its points got.

        Raises config.conflict when ``revision`` is given and is not the present one, point.collision,
        driver.unknown, driver.option. Nothing is changed when it raises.
        """
        async with self._one_change:
            held = self.find(tenant, spec.device)
            if revision is not None and revision != (held.revision if held else 0):
                raise FixConfiguration("config.conflict", f"{spec.device} was changed meanwhile", place=spec.device)
            self._check(spec)
            plan = self._plan(tenant, spec, by)
            path = files.device_path(self._config, tenant, spec.device)
            before = await asyncio.to_thread(files.read_text, path) if path.is_file() else None
            text = files.render(plan.row.spec, before or "")
            await asyncio.to_thread(files.write_atomically, path, text)
            try:
                return await self._commit(plan, text)
            except BaigongError:
                await asyncio.to_thread(_restore, path, before)
                raise

    async def take_file(self, tenant: str, device: str) -> DeviceRow | None:
        """Follow a file that somebody edited; None when it says what we know. Raises when it is wrong or gone."""
        async with self._one_change:
            held = self.find(tenant, device)
            text = await asyncio.to_thread(files.read_text, files.device_path(self._config, tenant, device))
            if held is not None and held.file_digest == files.text_digest(text):
                return None
            spec = files.parse_file(text, device)
            self._check(spec)
            plan = self._plan(tenant, spec, "file")
            numbers = {
                p.spec.name: p.number
                for p, asked in zip(plan.rows, spec.points, strict=True)
                if p.spec.number is not None and asked.number is None
            }
            if numbers:
                text = files.with_numbers(text, numbers) or files.render(plan.row.spec, text)
                await asyncio.to_thread(files.write_atomically, files.device_path(self._config, tenant, device), text)
            return await self._commit(plan, text)

    async def drop(self, tenant: str, device: str, by: str) -> None:
        """Remove a device; its points are retired, their history stays. The event keeps its text."""
        async with self._one_change:
            held = self.get(tenant, device)
            path = files.device_path(self._config, tenant, device)
            text = self.text(tenant, device)
            now = self._clock_us()
            gone = retired(self._book.of_device(tenant, device), [], now)
            event = Event(
                kind="device.removed",
                time_us=now,
                tenant=tenant,
                subject=f"device:{device}",
                detail={"by": by, "revision": held.revision, "yaml": text, "points_retired": len(gone)},
            )

            def work(connection: sa.Connection) -> None:
                drop_device(connection, tenant, device)
                put_points(connection, gone)

            await asyncio.to_thread(files.remove, path)
            await self._events.tell([event], with_work=work)
            del self._rows[tenant, device]
            self._book.take(gone)
            self._changed(tenant, held.spec)

    async def register(self, tenant: str, device: str, found: Sequence[PointSpec]) -> list[PointRow]:
        """Enter points that were discovered (sniffed, ingested by name); those known already stay as they are.

        A numbered find whose name another source holds is called ``-2``, ``-3``…: it never fails for a name.
        """
        async with self._one_change:
            device_id(device)
            known, names = self._book.known(tenant), set(self._book.known(tenant).by_name)
            fresh: list[PointSpec] = []
            for spec in found:
                if spec.number in known.by_number if spec.number is not None else spec.name in names:
                    continue
                free = _free_name(spec.name, names)
                names.add(free)
                fresh.append(msgspec.structs.replace(spec, name=free))
            rows = number_points(tenant, device, fresh, known, self._clock_us(), discovered=True)
            if not rows:
                return []
            event = Event(
                kind="point.registered",
                time_us=self._clock_us(),
                tenant=tenant,
                subject=f"device:{device}",
                detail={"points": len(rows), "names": [r.name for r in rows[:20]]},
            )
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
                kind="point.changed",
                time_us=self._clock_us(),
                tenant=tenant,
                subject=f"point:{point.number}",
                detail={"by": by, "changes": changes},
            )
            await self._enter(tenant, [row], event)
            return row

    async def _enter(self, tenant: str, rows: list[PointRow], event: Event) -> None:
        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, event.time_us)
            put_points(connection, rows)

        await self._events.tell([event], with_work=work)
        self._book.take(rows)

    def _plan(self, tenant: str, spec: DeviceSpec, by: str) -> _Plan:
        now = self._clock_us()
        held = self.find(tenant, spec.device)
        rows = number_points(tenant, spec.device, spec.points, self._book.known(tenant), now)
        gone = retired(self._book.of_device(tenant, spec.device), rows, now)
        numbered = msgspec.structs.replace(spec, points=[r.spec for r in rows])
        row = DeviceRow(tenant, numbered, held.revision + 1 if held else 1, "", now, by)
        return _Plan(row, rows, gone)

    async def _commit(self, plan: _Plan, text: str) -> DeviceRow:
        row = replace(plan.row, file_digest=files.text_digest(text))
        held = self.find(row.tenant, row.spec.device)
        event = Event(
            kind="device.changed" if held else "device.added",
            time_us=row.changed_us,
            tenant=row.tenant,
            subject=f"device:{row.spec.device}",
            detail={
                "by": row.changed_by,
                "revision": row.revision,
                "changed": _changed_fields(held.spec, row.spec) if held else [],
                "points": len(plan.rows),
                "points_retired": [p.name for p in plan.gone[:20]],
            },
        )

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, row.tenant, row.changed_us)
            put_device(connection, row)
            put_points(connection, [*plan.rows, *plan.gone])

        await self._events.tell([event], with_work=work)
        self._rows[row.tenant, row.spec.device] = row
        self._book.take([*plan.rows, *plan.gone])
        self._changed(row.tenant, row.spec)
        return row


def _restore(path: Path, before: str | None) -> None:
    if before is None:
        files.remove(path)
    else:
        files.write_atomically(path, before)


def _free_name(name: str, taken: set[str]) -> str:
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name}-{count}"
    return free


def _changed_fields(old: DeviceSpec, new: DeviceSpec) -> list[str]:
    return [name for name in DeviceSpec.__struct_fields__ if getattr(old, name) != getattr(new, name)]
