"""Tables that follow what changed: nothing that was noted is missed, also by readers that read at the same time."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pytest

from baigong.registry.followed import FollowedTables, RowChanges


class _Rows:
    """Rows by id, as a database has them; ``asked``: what was read of them."""

    def __init__(self) -> None:
        self.held = {"a": 1, "b": 1}
        self.asked: list[list[str] | None] = []

    def read(self, ids: Collection[str] | None) -> pa.Table:
        self.asked.append(None if ids is None else sorted(ids))
        found = {id: value for id, value in self.held.items() if ids is None or id in ids}
        return pa.table({"id": pa.array(list(found), pa.string()), "value": pa.array(found.values(), pa.int64())})


def test_a_table_is_read_once_and_then_follows_what_changed() -> None:
    changes, rows = RowChanges(3), _Rows()
    tables = FollowedTables(changes, "id")
    for _ in range(2):
        assert tables.of("t", "t", rows.read).to_pydict() == {"id": ["a", "b"], "value": [1, 1]}
    rows.held = {"b": 2, "c": 2}  # a is gone
    changes.note("t", ["a", "b", "c"])
    assert tables.of("t", "t", rows.read, order="id").to_pydict() == {"id": ["b", "c"], "value": [2, 2]}
    changes.note("t", ["b"] * 4)  # more than is remembered
    changes.note("other", ["c"])
    tables.of("t", "t", rows.read)
    assert rows.asked == [None, ["a", "b", "c"], None]


def test_a_reader_that_was_overtaken_takes_nothing_back() -> None:
    changes, rows = RowChanges(100), _Rows()
    tables = FollowedTables(changes, "id")
    tables.of("t", "t", rows.read)
    rows.held["a"] = 2
    changes.note("t", ["a"])

    def overtaken(ids: Collection[str] | None) -> pa.Table:
        found = rows.read(ids)
        rows.held["b"] = 3
        changes.note("t", ["b"])
        assert sorted(tables.of("t", "t", rows.read).column("value").to_pylist()) == [2, 3]
        return found

    tables.of("t", "t", overtaken)
    assert sorted(tables.of("t", "t", rows.read).column("value").to_pylist()) == [2, 3]


def test_a_read_that_fails_is_made_up_for() -> None:
    changes, rows = RowChanges(100), _Rows()
    tables = FollowedTables(changes, "id")
    tables.of("t", "t", rows.read)
    rows.held["a"] = 2
    changes.note("t", ["a"])
    with pytest.raises(KeyError):
        tables.of("t", "t", lambda ids: pa.table({"id": rows.held[str(ids)]}))
    assert sorted(tables.of("t", "t", rows.read).column("value").to_pylist()) == [1, 2]
