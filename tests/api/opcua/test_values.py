"""Values by column: encoded as asyncua decodes them, thinned and queued as a client asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary

from baigong.api.opcua.datavalues import BOOLEAN, DOUBLE, INT32, NO_DATA, OVERFLOW, STAMPS, STRING, Rows, encoded
from baigong.api.opcua.items import Batch, Item, Items

NOW = 1_800_000_000_000_000


def rows(values: list[float], statuses: list[int] | None = None, texts: list[str | None] | None = None) -> Rows:
    count = len(values)
    codes = np.array(statuses or [0] * count, np.uint32)
    words = None if texts is None else np.array(texts, object)
    return Rows(np.array(values), codes, np.arange(count, dtype=np.int64) + NOW, words)


@pytest.mark.parametrize("stamps", list(ua.TimestampsToReturn)[:4])
def test_what_is_encoded_is_what_is_decoded(stamps: Any) -> None:
    told = rows([1.5, 1.0, -7.0, np.nan, np.nan, 3e9], [0, 0x40900000, 0, NO_DATA, 0, 0], [None] * 4 + ["批次 7", None])
    kinds = np.array([DOUBLE, BOOLEAN, INT32, DOUBLE, STRING, INT32], np.uint8)
    shown = np.full(6, STAMPS[int(stamps)], np.uint8)
    raw = ua.utils.Buffer(encoded(told, kinds, shown, NOW, np.arange(6, dtype=np.uint32)))
    made = [struct_from_binary(ua.MonitoredItemNotification, raw) for _ in range(6)]
    assert not len(raw)
    assert [one.ClientHandle for one in made] == list(range(6))
    values = [one.Value.Value.Value if one.Value.Value else None for one in made]
    assert values == [1.5, True, -7, None, "批次 7", None]  # the last is no Int32
    codes = [one.Value.StatusCode.value if one.Value.StatusCode else 0 for one in made]
    assert codes == [0, 0x40900000, 0, NO_DATA, 0, 0]
    assert all((one.Value.SourceTimestamp is not None) == (int(stamps) in (0, 2)) for one in made)
    assert all((one.Value.ServerTimestamp is not None) == (int(stamps) in (1, 2)) for one in made)


def _items(**asked: Any) -> Items:
    made = Items()
    made.put([(7, Item(handle=1, number=42, type=DOUBLE, stamps=4, **asked))])
    return made


def _batch(values: list[float], arrived: list[int] | None = None) -> Batch:
    count = len(values)
    at = np.array(arrived or [NOW] * count, np.int64)
    return Batch(np.zeros(count, np.int64), at, rows(values))


def test_a_full_queue_drops_and_says_so() -> None:
    newest, first = _items(queue=2), _items(queue=2, discards_oldest=False)
    for items, kept, marks in ((newest, [2.0, 3.0], [OVERFLOW, 0]), (first, [1.0, 3.0], [0, OVERFLOW])):
        news, _ = items.sift(_batch([1.0, 2.0, 3.0]), NOW)
        ready = items.queued(None, news)
        assert ready.rows.values.tolist() == kept
        assert ready.rows.statuses.tolist() == marks
        assert items.overflown == 1


def test_sampling_takes_the_last_of_each_interval_and_none_is_left_behind() -> None:
    items = _items(sampling_us=1_000_000, queue=10)
    begin = NOW // 1_000_000 * 1_000_000
    news, waits = items.sift(_batch([1.0, 2.0], [begin, begin + 10]), begin + 20)
    assert (news.rows.values.tolist(), len(waits)) == ([2.0], 0)
    later = _batch([5.0], [begin + 500_000])
    later.rows.times += 10
    news, waits = items.sift(later, begin + 600_000)
    assert (len(news), waits.rows.values.tolist()) == (0, [5.0])
    news, waits = items.sift(waits, begin + 1_100_000)
    assert (news.rows.values.tolist(), len(waits)) == ([5.0], 0)
