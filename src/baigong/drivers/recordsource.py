"""What drivers of business systems share: how a feed is described, and how its rows become records in parts.

A feed gives records of one kind, or values of points. How often it is asked, and how far it was, are its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa
import yaml
from msgspec import Struct

from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.recordmap import Mapped, RecordMap, Understood, guessed, require, understand
from baigong.vocab.recordwire import MOST_BYTES, Part

_LEAST_S = 1.0
_SAID = 3  # refused values that are named


class Feed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed of records or of values. ``every``, ``whole_every``: durations.

    Records: ``kind``, ``fields`` (field → column; left out: by the columns' names), ``key``, ``constants``, ``rest``.
    Values: ``values`` (columns that are points), or ``point`` and ``value`` (a column that names the point).
    ``time``: the column that says when; left out: now. ``zone``: of times without one.
    """

    name: str
    query: str = ""
    table: str = ""
    kind: str = ""
    fields: dict[str, str] = {}
    key: list[str] = []
    constants: dict[str, str] = {}
    rest: bool = True
    values: list[str] = []
    point: str = ""
    value: str = ""
    time: str = ""
    changed: str = ""
    zone: str = "UTC"
    every: str = "1min"
    whole_every: str = "1d"

    @property
    def every_s(self) -> float:
        return max(seconds(self.every), _LEAST_S)

    @property
    def whole_every_s(self) -> float:
        return max(seconds(self.whole_every), _LEAST_S)

    def mapping(self, columns: list[str]) -> RecordMap:
        """Return how columns become fields: as said, or by their names."""
        found = guessed(self.kind, columns, self.zone)
        return RecordMap(
            kind=self.kind, fields=self.fields or found.fields, key=self.key or found.key, zone=self.zone,
            rest=self.rest, constants=self.constants,
        )  # fmt: skip


def parse_feeds(text: str, option: str = "feeds") -> tuple[Feed, ...]:
    """Read the YAML list of feeds. Raises driver.option."""
    try:
        told = yaml.safe_load(text or "") or []
        feeds = msgspec.convert(told, list[Feed])
        for feed in feeds:
            _ = feed.every_s, feed.whole_every_s
            _check(feed)
    except (yaml.YAMLError, msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("driver.option", f"{option}: {error}", place=option) from error
    if len({feed.name for feed in feeds}) < len(feeds):
        raise FixConfiguration("driver.option", f"{option}: two feeds have one name", place=option)
    return tuple(feeds)


def _check(feed: Feed) -> None:
    if bool(feed.kind) == bool(feed.values or feed.point):
        raise ValueError(f"{feed.name}: say either kind (records) or values, or point and value (points)")
    if bool(feed.point) != bool(feed.value):
        raise ValueError(f"{feed.name}: point and value go together")
    if feed.kind and feed.fields and not feed.key:
        raise ValueError(f"{feed.name}: say with key which columns name a record")


def checked(table: pa.Table, feed: Feed, device: str) -> Mapped:
    """Turn rows into records; raises record.columns, record.key, record.field, record.kind."""
    mapped = understand(table, feed.mapping(table.column_names))
    require(mapped.told, device)
    return mapped


def parts(
    mapped: Mapped, feed: Feed, run: str, first: int, *, whole: bool, last: bool
) -> Iterator[tuple[Part, pa.Table]]:
    """Cut records into parts that the bus carries."""
    table = mapped.records
    rows = max(1, int(len(table) * MOST_BYTES / max(table.nbytes, 1)))
    starts = list(range(0, len(table), rows)) or [0]
    for number, at in enumerate(starts):
        end = at == starts[-1]
        yield Part(
            kind=feed.kind, source="", run=run, part=first + number, last=last and end, whole=whole,
            refused=mapped.told.refused if end else 0, standing=mapped.standing if end else [],
            wrong=mapped.told.wrong if end else [],
        ), table.slice(at, rows)  # fmt: skip


def new_run(feed: Feed, now_us: int) -> str:
    return f"{feed.name}-{now_us // 1_000_000}-{secrets.token_hex(3)}"


def said(told: Understood) -> str:
    """Put in words what was not understood; empty: nothing."""
    if not told.refused:
        return ""
    shown = "; ".join(f"row {one.row}, {one.column} {one.value!r} {one.why}" for one in told.wrong[:_SAID])
    return f"{told.refused} of {told.rows} rows refused: {shown}"


class Loose:
    """Keeps how far feeds were in memory only: for a look at a device, where no gateway keeps it."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        return self._held.get(name)

    def put(self, name: str, told: Any) -> None:
        self._held[name] = told
