"""Devices and their points: changed by API or by editing a file, kept the same in both, every change an event."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import sqlalchemy as sa

from baigong.registry import files
from baigong.registry.book import PointBook
from baigong.registry.changes import Changes
from baigong.registry.events import Events
from baigong.registry.numbering import free_name, number_points, retired
from baigong.registry.resident import Resident
from baigong.registry.sealing import Sealing, has_open_secrets
from baigong.registry.sources import read_elsewhere
from baigong.security.envelope import Ring, new_envelope_key
from baigong.stores.records import access, life
from baigong.stores.records.plant import DeviceRow, PointRow, drop_device, put_devices, put_points
from baigong.vocab.devices import AssetWords, DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.ids import device_id

Changed = Callable[[str, DeviceSpec], None]  # (tenant, spec) whose gateway should look again
_MOST = 200_000  # devices in memory at once: 1.6 kB each
Bound = Callable[[str, int, Sequence[str]], None]  # (tenant, devices more, asset of each point more); raises quota.full


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
        bound: Bound = lambda tenant, devices, assets: None,
        sealing: Sealing | None = None,
        load: Callable[[str], Iterable[DeviceRow]] = lambda tenant: (),
        most: int = _MOST,
    ) -> None:
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
        async with self._one_change:
            held = self.find(tenant, spec.device)
            if revision is not None and revision != (held.revision if held else 0):
                raise FixConfiguration("config.conflict", f"{spec.device} was changed meanwhile", place=spec.device)
            (row,) = await self._put(tenant, [spec], by)
            return row

    async def put_many(self, tenant: str, specs: Sequence[DeviceSpec], by: str) -> list[DeviceRow]:
        """Make or change many devices in one transaction: all of them, or none when it raises what ``put`` raises."""
        names = [spec.device for spec in specs]
        if twice := next((name for name, count in Counter(names).items() if count > 1), ""):
            raise FixConfiguration("config.invalid", f"device {twice!r} is in it twice", place=twice)
        async with self._one_change:
            return await self._put(tenant, specs, by)

    async def _put(self, tenant: str, specs: Sequence[DeviceSpec], by: str) -> list[DeviceRow]:
        for spec in specs:
            with _said_of(spec, among=specs):
                self._check(spec)
        plans = self._plans(tenant, specs, by)
        paths = [files.device_path(self._config, tenant, spec.device) for spec in specs]

        def write() -> tuple[list[str | None], list[str]]:
            before = [files.read_text(path) if path.is_file() else None for path in paths]
            texts = [
                files.render(self.sealing.close(tenant, p.row.spec), b or "")
                for p, b in zip(plans, before, strict=True)
            ]
            files.write_all(dict(zip(paths, texts, strict=True)))
            return before, texts

        before, texts = await asyncio.to_thread(write)
        try:
            return await self._commit(plans, texts)
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
            spec = self.sealing.open(tenant, written)
            self._check(spec)
            (plan,) = self._plans(tenant, [spec], "file")
            if changed := self._completed(text, written, plan):
                text = changed
                await asyncio.to_thread(files.write_atomically, files.device_path(self._config, tenant, device), text)
            (row,) = await self._commit([plan], [text])
            return row

    async def take_files(self, tenant: str, texts: Mapping[str, str]) -> None:
        """The same for many new files (device -> text), in one transaction; raises when any of them is wrong."""
        async with self._one_change:
            written = [files.parse_file(text, device) for device, text in texts.items()]
            specs = [self.sealing.open(tenant, spec) for spec in written]
            for spec in specs:
                self._check(spec)
            plans = self._plans(tenant, specs, "file")
            numbered = {
                spec.device: changed
                for spec, plan in zip(written, plans, strict=True)
                if (changed := self._completed(texts[spec.device], spec, plan))
            }
            paths = {files.device_path(self._config, tenant, device): text for device, text in numbered.items()}
            if paths:
                await asyncio.to_thread(files.write_all, paths)
            await self._commit(plans, [numbered.get(device, text) for device, text in texts.items()])

    def _completed(self, text: str, written: DeviceSpec, plan: _Plan) -> str | None:
        """Write into a file what it lacks: numbers that points keep; and close its secrets. None: it lacks nothing."""
        changed = _with_numbers(text, written, plan)
        if not has_open_secrets(written):
            return changed
        closed = self.sealing.close(plan.row.tenant, written)
        return files.with_options(changed or text, closed.options) or files.render(
            self.sealing.close(plan.row.tenant, plan.row.spec), text
        )

    async def drop(self, tenant: str, device: str, by: str) -> None:
        """Remove a device; its points are retired, their history stays. The event keeps its text."""
        async with self._one_change:
            held = self.get(tenant, device)
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
            known, names = self._book.known(tenant), set[str]()
            fresh: list[PointSpec] = []
            for spec in found:
                if spec.number is None and (spec.name in names or spec.name in known.by_name):
                    continue
                if spec.number is not None and spec.number in known.by_number:
                    continue
                free = free_name(spec.name, names, known.by_name)
                names.add(free)
                fresh.append(msgspec.structs.replace(spec, name=free))
            held = self._book.of_device(tenant, device)
            rows = number_points(tenant, device, fresh, known, held, self._clock_us(), discovered=True)
            if not rows:
                return []
            self._bound(tenant, 0, [row.spec.asset for row in rows])
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

    def _plans(self, tenant: str, specs: Sequence[DeviceSpec], by: str) -> list[_Plan]:
        """Number the points of devices, each on top of those before it. Nothing is changed by it."""
        now, plans = self._clock_us(), []
        book = self._book if len(specs) == 1 else self._book.trial(tenant)
        for spec in specs:
            held, points = self.find(tenant, spec.device), book.of_device(tenant, spec.device)
            rows = number_points(tenant, spec.device, spec.points, book.known(tenant), points, now)
            gone = retired(points, rows, now)
            numbered = msgspec.structs.replace(spec, points=[r.spec for r in rows])
            row = DeviceRow(tenant, numbered, held.revision + 1 if held else 1, "", now, by)
            plans.append(_Plan(row, rows, gone))
            if book is not self._book:
                book.take([*rows, *gone])
        self._check_room(tenant, plans)
        return plans

    def _check_room(self, tenant: str, plans: Sequence[_Plan]) -> None:
        """Raise quota.full for what comes on top of what there is; less than before always fits."""
        known = self._book.known(tenant).by_number
        gone = {p.number for plan in plans for p in plan.gone}
        fresh = [
            row.spec.asset
            for plan in plans
            for row in plan.rows
            if (held := known.get(row.number)) is None or held.retired_us is not None
        ]
        more = len(fresh) - len(gone)
        devices = sum(self.find(tenant, plan.row.spec.device) is None for plan in plans)
        self._bound(tenant, devices, fresh[:more] if more > 0 else [])

    async def _commit(self, plans: Sequence[_Plan], texts: Sequence[str]) -> list[DeviceRow]:
        rows = [replace(p.row, file_digest=files.text_digest(text)) for p, text in zip(plans, texts, strict=True)]
        points = [point for plan in plans for point in (*plan.rows, *plan.gone)]
        told = [*map(self._event, plans), *read_elsewhere(self._book, points, rows)]
        closed = [replace(row, spec=self.sealing.close(row.tenant, row.spec)) for row in rows]

        def work(connection: sa.Connection) -> None:
            for tenant in {row.tenant for row in rows}:
                access.ensure_tenant(connection, tenant, self._clock_us())
            put_devices(connection, closed)
            put_points(connection, points)
            life.keep_lives(connection, told)

        await self._events.tell(told, with_work=work)
        for row in rows:
            with self._rows.lock:
                if (here := self._rows.peek(row.tenant)) is not None:
                    here[row.spec.device] = row
                    self._rows.grown(row.tenant)
            self.gateways.add(row.spec.gateway)
        self._book.take(points)
        self._tell(rows)
        return rows

    def _event(self, plan: _Plan) -> Event:
        row = plan.row
        held = self.find(row.tenant, row.spec.device)
        return Event(
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

    def _tell(self, rows: Sequence[DeviceRow]) -> None:
        self.changes.note((row.tenant, row.spec.device) for row in rows)
        for row in rows:
            self._changed(row.tenant, row.spec)


@contextmanager
def _said_of(spec: DeviceSpec, among: Sequence[DeviceSpec]) -> Iterator[None]:
    """Where many are checked, say of which device it is that something is wrong."""
    try:
        yield
    except FixConfiguration as error:
        if len(among) == 1:
            raise
        raise FixConfiguration(error.code, f"device {spec.device}: {error.message}", place=error.place) from error


def _with_numbers(text: str, spec: DeviceSpec, plan: _Plan) -> str | None:
    """Write the numbers that points keep into a file; None when it says them already."""
    numbers = {
        p.spec.name: p.number
        for p, asked in zip(plan.rows, spec.points, strict=True)
        if p.spec.number is not None and asked.number is None
    }
    return (files.with_numbers(text, numbers) or files.render(plan.row.spec, text)) if numbers else None


def _changed_fields(old: DeviceSpec, new: DeviceSpec) -> list[str]:
    return [name for name in DeviceSpec.__struct_fields__ if getattr(old, name) != getattr(new, name)]
