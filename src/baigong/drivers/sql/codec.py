"""Rows of a feed of values, as a frame: wide (a column a point) or long (a column names the point)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.drivers.recordsource import Feed
from baigong.vocab.frame import TIME, from_python
from baigong.vocab.recordmap import Missing, Understood, nearest, require
from baigong.vocab.recordvalues import converted


def values_of(
    table: pa.Table, feed: Feed, points: Mapping[str, int], now_us: int, *, newest: bool = False
) -> tuple[pa.RecordBatch, str]:
    """Return the values of these points (what follows the feed's name in an address → number), and what is wrong.

    A null is no value and is left out. ``newest``: the last of each point only. Raises record.columns.
    """
    _require(table, feed)
    times, lost = _times(table, feed, now_us)
    numbers: list[int] = []
    moments: list[int] = []
    values: list[Any] = []
    for which, column in _columns(table, feed, points):
        for moment, one, value in zip(times, which, column, strict=True):
            if value is not None and moment is not None and one is not None:
                numbers.append(one)
                moments.append(moment)
                values.append(_plain(value))
    if newest:
        last = {number: at for at, number in enumerate(numbers)}
        numbers, moments, values = ([held[at] for at in last.values()] for held in (numbers, moments, values))
    made = from_python(numbers, moments, values, [0] * len(numbers))
    return made, f"{lost} rows without a time that can be read" if lost else ""


def _columns(table: pa.Table, feed: Feed, points: Mapping[str, int]) -> list[tuple[list[int | None], list[Any]]]:
    """Return columns of values, each with the number of the point that each row is of; None: nobody's."""
    if feed.point:
        which = [points.get(str(name)) for name in table.column(feed.point).to_pylist()]
        return [(which, table.column(feed.value).to_pylist())]
    return [([points[name]] * len(table), table.column(name).to_pylist()) for name in feed.values if name in points]


def _require(table: pa.Table, feed: Feed) -> None:
    wanted = [name for name in (feed.time, feed.point, feed.value, *feed.values) if name]
    gone = [
        Missing(column=name, field="value", nearest=nearest(name, table.column_names))
        for name in wanted
        if name not in table.column_names
    ]
    if gone:
        require(Understood(rows=0, taken=0, refused=0, fields=[], kept=[], unread=table.column_names, missing=gone,
                           wrong=[], doubled=[]), "the database")  # fmt: skip


def _times(table: pa.Table, feed: Feed, now_us: int) -> tuple[list[int | None], int]:
    if not feed.time:
        return [now_us] * len(table), 0
    read, failed, _ = converted(table.column(feed.time).combine_chunks(), "time", feed.zone)
    told = read.cast(TIME).cast(pa.int64())
    return told.to_pylist(), int(np.asarray(failed).sum())


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    return float(value) if hasattr(value, "as_integer_ratio") else str(value)
