"""How long a company keeps its history: shown with what would go, set when somebody has seen that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.stores.lake.contract import Snapshot
from baigong.stores.lake.thin import day_of
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.keep import Days, Keep

_DAY_S = 86_400


class KeepQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody thinks of setting; 0: for ever. Without any, the present setting is looked at."""

    raw_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    minute_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    hour_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None


class Stock(Struct, frozen=True, kw_only=True):
    """Days of history. ``rows`` and ``bytes`` are of samples."""

    first_day: str | None
    last_day: str | None
    days: int
    rows: int
    bytes: int
    minute_rollups: int  # days of which minutes are kept
    hour_rollups: int


class RetentionAnswer(Struct, frozen=True, kw_only=True):
    """``keep``: as set. ``asked``: as looked at; ``would_go``: what that would delete of what there is."""

    keep: Keep
    asked: Keep
    has: Stock
    would_go: Stock


class KeepChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``confirm_days``: how many days of samples or rollups may go, as ``would_go`` said."""

    raw_days: Days | None = None
    minute_days: Days | None = None
    hour_days: Days | None = None
    confirm_days: Annotated[int, Meta(ge=0)] = 0


def operations(rooms: Rooms) -> list[Operation]:
    async def show(call: Call) -> Any:
        query: KeepQuery = call.query
        chosen = {name: getattr(query, name) for name in Keep.__struct_fields__}
        asked = rooms.registry.retention.of(call.tenant)
        if any(value is not None for value in chosen.values()):
            asked = Keep(**{name: value or None for name, value in chosen.items()})
        return await asyncio.to_thread(_looked_at, rooms, call.tenant, asked)

    async def change(call: Call) -> Any:
        told: KeepChange = call.body
        asked = Keep(raw_days=told.raw_days, minute_days=told.minute_days, hour_days=told.hour_days)
        seen = await asyncio.to_thread(_looked_at, rooms, call.tenant, asked)
        most = max(seen.would_go.days, seen.would_go.minute_rollups, seen.would_go.hour_rollups)
        if most > told.confirm_days:
            raise FixConfiguration(
                "config.conflict",
                f"this would delete {most} days of history ({seen.would_go.rows} samples): "
                f"look, then send confirm_days {most}",
                place="confirm_days",
            )
        await rooms.registry.retention.put(call.tenant, asked, call.who.user)
        return await asyncio.to_thread(_looked_at, rooms, call.tenant, asked)

    return [
        Operation(
            "GET",
            "/retention",
            "How long history is kept, and what would go",
            show,
            query=KeepQuery,
            answer=RetentionAnswer,
        ),
        Operation(
            "PUT",
            "/retention",
            "Set how long history is kept; deletes what is older",
            change,
            body=KeepChange,
            answer=RetentionAnswer,
        ),
    ]


def _looked_at(rooms: Rooms, tenant: str, asked: Keep) -> RetentionAnswer:
    snapshot, now_s = rooms.lake.snapshot(tenant), rooms.clock_us() / 1e6
    return RetentionAnswer(
        keep=rooms.registry.retention.of(tenant),
        asked=asked,
        has=_stock(snapshot, None, now_s),
        would_go=_stock(snapshot, asked, now_s),
    )


def _stock(snapshot: Snapshot, keep: Keep | None, now_s: float) -> Stock:
    """Count all there is, or, with ``keep``, what it would delete."""

    def goes(day: str, stay: Callable[[Keep], int | None]) -> bool:
        if keep is None:
            return True
        stays = stay(keep)
        end = float(np.datetime64(day, "s").astype(np.int64)) + _DAY_S
        return stays is not None and now_s - end > stays * _DAY_S

    files = [f for f in (*snapshot.files, *snapshot.bursts) if goes(f.day, lambda k: k.raw_days)]
    days = sorted({f.day for f in files})

    def rolled(name: str) -> int:
        found: Iterable[str] = {day_of(path) for path in snapshot.rollups.get(name, ())}
        return sum(goes(day, lambda k: k.days(name)) for day in found)

    return Stock(
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        days=len(days),
        rows=sum(f.rows for f in files),
        bytes=sum(f.bytes for f in files),
        minute_rollups=rolled("1m"),
        hour_rollups=rolled("1h"),
    )
