"""What feeds a point, and what fed it before: another PLC took the place of one, and number and history stayed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.book import PointBook
from baigong.stores.records.engine import Records
from baigong.stores.records.plant import DeviceRow, PointRow
from baigong.stores.records.pointsources import PastSource, add_sources, sources_of
from baigong.vocab.happenings import Event


class Source(Struct, frozen=True, kw_only=True):
    """What fed a point. ``from_us`` None: since before this was kept; ``until_us`` None: it does now."""

    device: str
    address: str
    scale: float
    offset: float
    from_us: int | None
    until_us: int | None


def read_elsewhere(book: PointBook, points: Iterable[PointRow], devices: Sequence[DeviceRow]) -> list[Event]:
    """Tell of each asset from which device to which its points went; nothing, for most changes.

    ``points``: as they are to be, ``book`` still says how they are; ``devices``: what is written with them.
    """
    changed = {row.spec.device: row for row in devices}
    found: Counter[tuple[str, str, str, str]] = Counter()
    for row in points:
        held = book.known(row.tenant).by_number.get(row.number)
        if held is not None and held.device != row.device and row.spec.asset:
            found[row.tenant, row.spec.asset, held.device, row.device] += 1
    return [
        Event(
            kind="asset.source_replaced", time_us=changed[after].changed_us, tenant=tenant, subject=f"asset:{asset}",
            detail={"by": changed[after].changed_by, "from": before, "to": after, "points": count},
        )
        for (tenant, asset, before, after), count in found.items()
    ]  # fmt: skip


def keep_past(
    connection: sa.Connection, by_number: Mapping[int, PointRow], points: Iterable[PointRow], now_us: int
) -> None:
    """Write what fed those ``points`` until now that something else feeds from now on; ``by_number``: as they are."""
    rows = []
    for row in {row.number: row for row in points}.values():
        held = by_number.get(row.number)
        if held is None or row.retired_us is not None:
            continue
        if held.retired_us is None and _fed(held) == _fed(row):
            continue
        until_us = now_us if held.retired_us is None else held.retired_us
        spec = held.spec
        rows.append(
            PastSource(
                row.tenant, row.number, _begun(held), until_us, now_us, held.device, spec.address, spec.scale,
                spec.offset,
            )
        )  # fmt: skip
    add_sources(connection, rows)


async def sources(records: Records, tenant: str, points: Sequence[PointRow]) -> list[list[Source]]:
    """Return of each point what fed it, the first one first, what feeds it now last."""
    numbers = [point.number for point in points]
    past: dict[int, list[PastSource]] = defaultdict(list)
    for row in await records.read(lambda c: sources_of(c, tenant, numbers), tenant=tenant):
        past[row.number].append(row)
    return [_told(point, past[point.number]) for point in points]


def _told(point: PointRow, past: list[PastSource]) -> list[Source]:
    found = [
        Source(
            device=row.device, address=row.address, scale=row.scale, offset=row.offset, from_us=row.from_us or None,
            until_us=row.until_us,
        )
        for row in past
    ]  # fmt: skip
    begun = past[-1].followed_us if past else _begun(point)
    device, address, scale, offset = _fed(point)
    now = Source(
        device=device, address=address, scale=scale, offset=offset, from_us=begun or None, until_us=point.retired_us
    )
    return [*found, now]


def _fed(point: PointRow) -> tuple[str, str, float, float]:
    return (point.device, point.spec.address, point.spec.scale, point.spec.offset)


def _begun(point: PointRow) -> int:
    """Say when a point that nothing else is kept of was fed as it is; 0: it was fed by something else at first."""
    as_at_first = (point.first_device, point.first_address) == (point.device, point.spec.address)
    return point.created_us if as_at_first else 0
