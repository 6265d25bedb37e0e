"""Decides which number each point of a device file has: pure, and the only place that decides it.

A number comes from the first source a point ever had. It stays when the point is renamed (same source, new
name), re-addressed (same name, new source) or moved to another device (same name, while no other device
reads it). Where it does not follow from the address any more, ``number:`` is written into the file.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import point_number


@dataclass(slots=True, frozen=True)
class Known:
    """The points of one tenant, retired ones too, by what they are looked up by."""

    by_number: Mapping[int, PointRow]
    by_name: Mapping[str, PointRow]


def number_points(
    tenant: str,
    device: str,
    wanted: Sequence[PointSpec],
    known: Known,
    held: Iterable[PointRow],
    now_us: int,
    *,
    discovered: bool = False,
) -> list[PointRow]:
    """Give every wanted point its row. Raises point.collision; ``known`` is not changed. ``held``: of this device."""
    names = {spec.name for spec in wanted}
    # source -> point whose name is in the file no more: perhaps renamed
    vanished = {p.spec.address: p for p in held if p.name not in names}
    taken: dict[int, str] = {}
    rows = []
    for spec in wanted:
        old = _same_point(device, spec, known, vanished)
        if old is not None:
            number, first = old.number, (old.first_device, old.first_address)
        elif spec.number is not None:
            number, first = spec.number, (device, spec.address)
        else:
            number = _fresh_number(tenant, device, spec, known, taken)
            first = (device, spec.address)
        if number in taken:
            raise FixConfiguration(
                "point.collision", f"{spec.name!r} and {taken[number]!r} would have one number", place=spec.name
            )
        taken[number] = spec.name
        shown = None if number == point_number(tenant, device, spec.address) else number
        rows.append(
            PointRow(
                tenant=tenant,
                number=number,
                device=device,
                spec=msgspec.structs.replace(spec, number=shown),
                first_device=first[0],
                first_address=first[1],
                discovered=discovered,
                created_us=old.created_us if old else now_us,
            )
        )
    return rows


def _same_point(device: str, spec: PointSpec, known: Known, vanished: dict[str, PointRow]) -> PointRow | None:
    named = known.by_name.get(spec.name)
    if spec.number is not None:
        old = known.by_number.get(spec.number)
        if named is not None and named is not old:
            raise _taken(spec, f"the name belongs to point {named.number} of device {named.device!r}")
    else:
        old = named or vanished.pop(spec.address, None)
    if old is not None and old.device != device and old.retired_us is None:
        raise _taken(spec, f"it is read through device {old.device!r}; remove it there first")
    return old


def _taken(spec: PointSpec, why: str) -> FixConfiguration:
    return FixConfiguration("point.collision", f"point {spec.name!r}: {why}", place=spec.name)


def _fresh_number(tenant: str, device: str, spec: PointSpec, known: Known, taken: dict[int, str]) -> int:
    """Number a new point by its source; when that source numbered another point already, by a variant of it."""
    for variant in range(1, 100):
        address = spec.address if variant == 1 else f"{spec.address}\x1f{variant}"
        number = point_number(tenant, device, address)
        holder = known.by_number.get(number)
        if holder is None and number not in taken:
            return number
        if holder is not None and (holder.first_device, holder.first_address) != (device, spec.address):
            raise _taken(spec, f"its address hashes to the number of {holder.name!r}: an accident of one in 2**47")
    raise _taken(spec, "its address has numbered a hundred points already")


def retired(before: Iterable[PointRow], after: Sequence[PointRow], now_us: int) -> list[PointRow]:
    """Return the rows of configured points that are in the device's file no more, as retired."""
    kept = {row.number for row in after}
    return [
        PointRow(
            tenant=p.tenant,
            number=p.number,
            device=p.device,
            spec=p.spec,
            first_device=p.first_device,
            first_address=p.first_address,
            discovered=p.discovered,
            created_us=p.created_us,
            retired_us=now_us,
        )
        for p in before
        if p.number not in kept and not p.discovered and p.retired_us is None
    ]


def free_name(name: str, *taken: Container[str]) -> str:
    """Return the name, or the first of name-2, name-3… that is in none of ``taken``."""
    free, count = name, 1
    while any(free in names for names in taken):
        count += 1
        free = f"{name}-{count}"
    return free
