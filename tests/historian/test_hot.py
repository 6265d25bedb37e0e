"""Hot rows in pieces: whatever was sealed, cut, flushed or trimmed meanwhile, the rows above the watermark, once."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.historian import hot
from baigong.historian.hot import HotFrame, HotWindow, laid
from baigong.historian.latest import Latest
from baigong.stores.lake.contract import LAKE
from baigong.vocab.frame import frame

DAY_US = 86_400_000_000
T0 = 20_000 * DAY_US


class Counted:
    """What seals, and how much it was asked to."""

    def __init__(self) -> None:
        self.rows = 0
        self.made = 0

    def __call__(self, table: pa.Table) -> Any:
        self.rows += len(table)
        self.made += 1
        return _Kept(table)


class _Kept:
    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def table(self) -> pa.Table:
        return self._table


def some(position: int, rows: int, late: bool = False) -> HotFrame:
    times = T0 + (position % 5) * DAY_US + np.arange(rows) * 1000
    batch = frame(np.arange(rows), times, np.full(rows, float(position)))
    return HotFrame(
        position, T0 + position, batch, np.arange(rows, dtype=np.int32), np.ones(rows, bool) if late else None
    )


steps = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 40), st.booleans()),
    st.tuples(st.just("look"), st.just(0), st.just(False)),
    st.tuples(st.just("flush"), st.just(0), st.just(False)),
    st.tuples(st.just("done"), st.just(0), st.booleans()),
)


@given(st.lists(steps, max_size=60))
@settings(max_examples=300, deadline=None)
def test_pieces_are_the_rows_above_the_watermark(moves: list[tuple[str, int, bool]]) -> None:
    before, hot._SEAL_ROWS = hot._SEAL_ROWS, 50
    try:
        window, at, watermark, flushing = HotWindow(Counted()), 0, 0, 0
        for what, rows, flag in moves:
            if what == "append":
                at += 1
                window.append("demo", some(at, rows, flag))
            elif what == "flush":
                flushing = at
                window.cut(at)
            elif what == "done" and flushing > watermark:
                watermark = flushing
                if flag:  # a look may come between the swap and the trim
                    window.trim(watermark)
            frames = window.frames("demo")
            if what == "look":
                at += 1
                window.append("demo", some(at, 3))  # comes between taking the frames and laying the pieces
            _same(window, frames, watermark)
    finally:
        hot._SEAL_ROWS = before


def _same(window: HotWindow, frames: list[HotFrame], watermark: int) -> None:
    wanted = [f for f in frames if f.position > watermark]
    pieces = window.pieces("demo", frames, watermark)
    told = laid(pieces)
    assert told["hot"].schema == LAKE
    assert told["hot"].column("seq").to_pylist() == [f.position for f in wanted for _ in range(len(f.batch))]
    late = told.get("hot_late")
    truth = [f.late is not None for f in wanted for _ in range(len(f.batch))]
    assert (late.tolist() if late is not None else [False] * len(truth)) == truth
    times = told["hot"].column("time").cast(pa.int64()).to_numpy()
    assert told["hot_days"] == {str(np.datetime64(int(t) // DAY_US, "D")) for t in times}


def test_what_was_sealed_is_not_sealed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot, "_SEAL_ROWS", 1000)
    sealed = Counted()
    window = HotWindow(sealed)
    for position in range(1, 101):
        window.append("demo", some(position, 100))
        window.pieces("demo", window.frames("demo"), 0)
    assert (sealed.made, sealed.rows) == (10, 10_000)
    window.cut(55)
    for position in range(101, 121):
        window.append("demo", some(position, 100))
        window.pieces("demo", window.frames("demo"), 0)
    assert (sealed.made, sealed.rows) == (12, 12_000)
    window.append("demo", some(121, 7))
    asked = [window.pieces("demo", window.frames("demo"), 0)[-1] for _ in range(3)]
    assert (sealed.made, sealed.rows) == (13, 12_000 + len(asked[0].rows)), "who asks again gets what has come sealed"
    assert asked[2] is asked[1]
    assert asked[0].rows.equals(asked[1].rows)
    window.trim(55)  # one piece reaches over it: it was sealed before the cut was known
    assert sum(len(p.rows) for p in window.pieces("demo", window.frames("demo"), 55)) == 6507


def test_newest_values_are_whole_rows_while_points_are_added() -> None:
    latest, wrong, done = Latest(), [], threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                table = latest.table()
                value, seq = table.column("value").to_numpy(), table.column("seq").to_numpy()
                assert (value == seq).all()
                latest.table(range(0, 50_000, 7))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must tell
                wrong.append(error)
                return

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(1, 151):
        n = turn * 300
        latest.absorb(frame(np.arange(n), np.full(n, T0 + turn), np.full(n, float(turn))), T0, turn)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
