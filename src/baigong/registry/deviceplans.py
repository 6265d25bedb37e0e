"""A device as it is to be written: its row, its points with their numbers, and what its file lacks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from baigong.registry import files
from baigong.registry.names import Earlier
from baigong.registry.numbering import Known, free_name
from baigong.registry.sealing import Sealing, has_open_secrets
from baigong.stores.records.plant import DeviceRow, PointRow
from baigong.stores.records.renaming import NameRow
from baigong.vocab.devices import AssetWords, DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event


@dataclass(slots=True, frozen=True)
class Plan:
    row: DeviceRow
    rows: list[PointRow]  # configured points, with their numbers
    gone: list[PointRow]  # points to retire

    def event(self, held: DeviceRow | None) -> Event:
        row = self.row
        return Event(
            kind="device.changed" if held else "device.added",
            time_us=row.changed_us,
            tenant=row.tenant,
            subject=f"device:{row.spec.device}",
            detail={
                "by": row.changed_by,
                "revision": row.revision,
                "changed": _changed_fields(held.spec, row.spec) if held else [],
                "points": len(self.rows),
                "points_retired": [p.name for p in self.gone[:20]],
            },
        )


@dataclass(slots=True, frozen=True)
class Beside:
    """What is written with devices or not at all: points of no file, what there is to tell, and more rows.

    ``then``: called at once when it is written, before anybody sees the points.
    """

    points: Sequence[PointRow] = ()
    told: Sequence[Event] = ()
    work: Callable[[sa.Connection], None] = lambda connection: None
    then: Callable[[], None] = lambda: None
    names: Sequence[NameRow] | None = None  # that are given up; None: those that the points say


NOTHING = Beside()
Text = Callable[[DeviceSpec, str], str]  # (device, its file's text) -> the text that it is to have


def require_once(specs: Sequence[DeviceSpec]) -> None:
    """Raise config.invalid for a list that says a device twice."""
    counts = Counter(spec.device for spec in specs)
    if twice := next((name for name, count in counts.items() if count > 1), ""):
        raise FixConfiguration("config.invalid", f"device {twice!r} is in it twice", place=twice)


def require_unchanged(revisions: Mapping[str, int], find: Callable[[str], DeviceRow | None]) -> None:
    """Raise config.conflict for a device that has another revision than somebody looked at; 0: there is none."""
    for device, revision in revisions.items():
        held = find(device)
        if revision != (held.revision if held else 0):
            raise FixConfiguration("config.conflict", f"{device} was changed meanwhile", place=device)


@contextmanager
def said_of(spec: DeviceSpec, among: Sequence[DeviceSpec]) -> Iterator[None]:
    """Where many are checked, say of which device it is that something is wrong."""
    try:
        yield
    except FixConfiguration as error:
        if len(among) == 1:
            raise
        raise FixConfiguration(error.code, f"device {spec.device}: {error.message}", place=error.place) from error


def in_present_names(spec: DeviceSpec, earlier: Earlier) -> DeviceSpec:
    """Return a device whose points and assets are called as they are today, whatever its file still calls them.

    Raises config.invalid for a file that lists a point by both its names.
    """
    if not earlier.assets and not earlier.points:
        return spec
    return called(spec, {p.name: earlier.point(p.name) for p in spec.points}, earlier.asset)


def called(spec: DeviceSpec, names: Mapping[str, str], asset: Callable[[str], str]) -> DeviceSpec:
    """Return a device with other names: ``names`` of points, ``asset`` says those of assets."""
    points = [msgspec.structs.replace(p, name=names.get(p.name, p.name)) for p in spec.points]
    assets: dict[str, AssetWords] = {}
    for name, words in spec.assets.items():
        assets.setdefault(asset(name), words)
    try:
        return msgspec.structs.replace(spec, points=points, assets=assets)
    except ValueError as error:
        raise FixConfiguration(
            "config.invalid", f"{error}: one of the two is its earlier name", place="points"
        ) from error


def numbered(spec: DeviceSpec, names: Container[str], known: Mapping[str, PointRow]) -> DeviceSpec:
    """Say the numbers of points that get other names: addresses alone might not tell which they are."""
    return msgspec.structs.replace(
        spec,
        points=[msgspec.structs.replace(p, number=known[p.name].number) if p.name in names else p for p in spec.points],
    )


def given_up(rows: Iterable[PointRow], by_number: Mapping[int, PointRow], by: str, now_us: int) -> list[NameRow]:
    """Return the names that points have no more, unless another one has them from now on."""
    final = {row.number: row for row in rows}
    used = {row.name for row in final.values()}
    found = []
    for row in final.values():
        held = by_number.get(row.number)
        if held is not None and held.name != row.name and held.name not in used:
            found.append(NameRow(row.tenant, "point", held.name, row.name, now_us, by))
    return found


def found_fresh(found: Iterable[PointSpec], known: Known, earlier: Earlier) -> list[PointSpec]:
    """Return of points that were discovered those that nobody knows yet, under names that are free."""
    names, fresh = set[str](), list[PointSpec]()
    for told in found:
        spec = msgspec.structs.replace(told, name=earlier.point(told.name))
        if spec.number is None and (spec.name in names or spec.name in known.by_name):
            continue
        if spec.number is not None and spec.number in known.by_number:
            continue
        free = free_name(spec.name, names, known.by_name)
        names.add(free)
        fresh.append(msgspec.structs.replace(spec, name=free))
    return fresh


def more_points(plans: Sequence[Plan], known: Mapping[int, PointRow]) -> list[str]:
    """Return the assets of so many points as there will be more than now; none when there will be fewer."""
    gone = {p.number for plan in plans for p in plan.gone}
    fresh = [
        row.spec.asset
        for plan in plans
        for row in plan.rows
        if (held := known.get(row.number)) is None or held.retired_us is not None
    ]
    more = len(fresh) - len(gone)
    return fresh[:more] if more > 0 else []


def completed(sealing: Sealing, text: str, written: DeviceSpec, plan: Plan) -> str | None:
    """Write into a file what it lacks: numbers that points keep; and close its secrets. None: it lacks nothing."""
    changed = _with_numbers(text, written, plan)
    if not has_open_secrets(written):
        return changed
    closed = sealing.close(plan.row.tenant, written)
    return files.with_options(changed or text, closed.options) or files.render(
        sealing.close(plan.row.tenant, plan.row.spec), text
    )


def _with_numbers(text: str, spec: DeviceSpec, plan: Plan) -> str | None:
    """Write the numbers that points keep into a file; None when it says them already."""
    numbers = {
        asked.name: p.number
        for p, asked in zip(plan.rows, spec.points, strict=True)
        if p.spec.number is not None and asked.number is None
    }
    return (files.with_numbers(text, numbers) or files.render(plan.row.spec, text)) if numbers else None


def _changed_fields(old: DeviceSpec, new: DeviceSpec) -> list[str]:
    return [name for name in DeviceSpec.__struct_fields__ if getattr(old, name) != getattr(new, name)]
