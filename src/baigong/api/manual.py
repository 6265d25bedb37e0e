"""Values that people typed in: stored like any other, of quality *manual*."""

from __future__ import annotations

from collections.abc import Sequence

from baigong.api.ingest import take
from baigong.api.rooms import Rooms
from baigong.registry.taskrules import Typed
from baigong.vocab import frame as frames
from baigong.vocab.quality import GOOD_LOCAL_OVERRIDE


async def store_typed(rooms: Rooms, tenant: str, values: Sequence[Typed]) -> None:
    """Store them; on disk when it returns. The same value of the same time again is one value."""
    points = [one.point.number for one in values]
    times, told = [one.time_us for one in values], [one.value for one in values]
    batch = frames.from_python(points, times, told, [GOOD_LOCAL_OVERRIDE] * len(values))
    await take(rooms, tenant, [batch])
