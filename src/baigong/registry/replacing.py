"""Another device in place of one: a new PLC takes over the points of the old one, whose numbers and history stay. Pure.

A point of the old device is found in the new one by its name, else by its address. A new device without any points
takes all of them as they are: the same PLC, another box.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration


class Taken(Struct, frozen=True, kw_only=True):
    """A point that goes over: where it was read, and where it will be."""

    point: str
    was: str
    address: str
    by: str  # name | address | copy


class Replacement(Struct, frozen=True, kw_only=True):
    """``taken``: points that go over; ``left``: those that nothing reads from then on: they are retired, their history
    stays; ``added``: points that only the new device has; ``gone``: points of the new device that make room.
    """

    old: str
    new: str
    taken: list[Taken]
    left: list[str]
    added: list[str]
    gone: list[str]


def replacement(old: DeviceSpec, new: DeviceSpec, rows: Sequence[PointRow]) -> tuple[Replacement, list[DeviceSpec]]:
    """Say what goes over, and how the two devices are to be written. ``rows``: the old device's points as they are.

    The old device stays, switched off and without points. Raises config.invalid when nothing would go over.
    """
    if old.device == new.device:
        raise FixConfiguration("config.invalid", f"{old.device} cannot take its own place", place="device")
    held = {row.name: row for row in rows if row.retired_us is None and not row.discovered}
    listed = new.points or [msgspec.structs.replace(p, number=None) for p in old.points]
    by_name = {p.name for p in listed}
    by_address = {row.spec.address: row for row in held.values() if row.name not in by_name}
    taken: list[Taken] = []
    points: list[PointSpec] = []
    added, renamed = [], []
    for point in listed:
        row = held.get(point.name) or by_address.pop(point.address, None)
        if row is None:
            added.append(point.name)
            points.append(point)
            continue
        if point.name != row.name:
            renamed.append(point.name)
        how = "copy" if not new.points else "name" if point.name == row.name else "address"
        taken.append(Taken(point=row.name, was=row.spec.address, address=point.address, by=how))
        points.append(msgspec.structs.replace(_worded(point, row.spec), name=row.name, number=row.number))
    if not taken:
        raise FixConfiguration(
            "config.invalid", f"{new.device} has no point that {old.device} has, by name or by address", place="points"
        )
    over = {one.point for one in taken}
    told = Replacement(
        old=old.device, new=new.device, taken=taken, left=sorted(held.keys() - over), added=added, gone=renamed
    )
    scan = old.scan if not new.points and not new.scan else new.scan
    return told, [
        msgspec.structs.replace(old, points=[], enabled=False),
        msgspec.structs.replace(new, points=points, scan=scan, assets={**old.assets, **new.assets}),
    ]


def require_left(told: Replacement, leave: int) -> None:
    """Raise config.conflict where more points would be left than somebody has agreed to."""
    if len(told.left) > leave:
        many = len(told.left)
        raise FixConfiguration(
            "config.conflict",
            f"{many} points would be read no more, like {told.left[0]}: look, then send leave {many}",
            place="leave",
        )


def _worded(point: PointSpec, was: PointSpec) -> PointSpec:
    """Keep what people said of a point where the new device says nothing; who may write to it, it says itself."""
    silent = PointSpec(name=point.name, address=point.address)
    kept = ("kind", "unit", "title", "title_zh", "semantic", "states", "states_zh", "counter", "deadband", "sloped")
    said = {name: getattr(was, name) for name in kept if getattr(point, name) == getattr(silent, name)}
    return msgspec.structs.replace(point, **said)
