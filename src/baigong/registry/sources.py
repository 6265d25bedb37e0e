"""A point that is read elsewhere from now on: another PLC took the place of one, and number and history stayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from baigong.registry.book import PointBook
from baigong.stores.records.plant import DeviceRow, PointRow
from baigong.vocab.happenings import Event


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
