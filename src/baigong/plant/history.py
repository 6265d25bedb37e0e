"""The plant's past as frames: a day at a time, sorted by (point, time), every row marked as simulated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.plant.catalogue import Row, Signal, rounded, signals
from baigong.plant.faults import DAY_US, Scenario
from baigong.plant.physics.day import STEP_US
from baigong.plant.physics.noise import Floats, Ints
from baigong.plant.points import numbers
from baigong.plant.world import COMPRESSOR_ASSETS, Columns, Plant
from baigong.vocab import quality as q
from baigong.vocab.frame import FRAME, TIME

_HOURLY = 360  # grid steps between repeats of something that does not change
Picked = np.ndarray[Any, np.dtype[np.int64]]


def frames(scenario: Scenario, tenant: str, start_us: int = 0, end_us: int = 0) -> Iterator[pa.RecordBatch]:
    """Yield one frame per UTC day of [start_us, end_us), all points; by default the scenario's whole history.

    About 400,000 rows and 12 MB a day; hand them to a splitter before they travel.
    """
    plant = Plant(scenario)
    start = start_us or scenario.history_start_us
    end = end_us or scenario.history_end_us
    first = -(-start // STEP_US) * STEP_US
    by_name = numbers(tenant)
    ranked = sorted(signals(), key=lambda signal: by_name[signal.name])
    while first < end:
        midnight = first // DAY_US * DAY_US + DAY_US
        time_us = np.arange(first, min(midnight, end), STEP_US, dtype=np.int64)
        if len(time_us):
            yield _frame(plant.view(time_us), ranked, by_name)
        first = midnight


def _frame(columns: Columns, ranked: list[Signal], by_name: dict[str, int]) -> pa.RecordBatch:
    pieces = [_piece(columns, signal, by_name[signal.name]) for signal in ranked]
    times = np.concatenate([piece[1] for piece in pieces])
    values = np.concatenate([piece[2] for piece in pieces])
    missing = np.isnan(values)
    arrays = [
        pa.array(np.repeat([piece[0] for piece in pieces], [len(piece[1]) for piece in pieces])),
        pa.array(times).cast(TIME),
        pa.array(values, mask=missing) if missing.any() else pa.array(values),
        pa.nulls(len(times), pa.int64()),
        pa.concat_arrays([_text(piece) for piece in pieces]),
        pa.array(np.concatenate([piece[4] for piece in pieces])),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=FRAME)


_Piece = tuple[int, Ints, Floats, tuple[Ints, list[str]] | None, np.ndarray[Any, np.dtype[np.int32]]]


def _piece(columns: Columns, signal: Signal, number: int) -> _Piece:
    """Rows of one point for the day: (number, times, values, words by index, qualities)."""
    row, name = signal.row, signal.name
    words: tuple[Ints, list[str]] | None = None
    if row.kind == "text":
        index, texts = columns.texts[name]
        at = _changes(index)
        values: Floats = np.full(len(at), np.nan)
        words = (index[at], texts)
    else:
        shown = rounded(row, columns.values[name])
        at = _changes(shown) if row.every == 0 else np.arange(_offset(row, columns), len(shown), row.every // 10)
        values = shown[at]
        if row.states:
            top = max(int(code) for code in row.states)
            words = (values.astype(np.int64), [row.states.get(str(code), ("", ""))[0] for code in range(top + 1)])
    times = columns.time_us[at]
    quality = np.full(len(at), q.SIMULATED, np.int32)
    if name in columns.bad:
        quality |= columns.bad[name][at].astype(np.int32)
    if signal.asset in COMPRESSOR_ASSETS and columns.silent.any():
        return _silence(columns, (number, times, values, words, quality), at)
    return number, times, values, words, quality


def _silence(columns: Columns, piece: _Piece, at: Picked) -> _Piece:
    """While the controller is out of reach there are no rows, but for the gateway's mark where that begins."""
    number, times, values, words, quality = piece
    silent = columns.silent
    begins = np.flatnonzero(silent & ~np.concatenate(([False], silent[:-1])))
    keep = np.flatnonzero(~silent[at])
    order = np.argsort(np.concatenate((times[keep], columns.time_us[begins])), kind="stable")
    marked = np.full(len(begins), q.BAD_NO_COMMUNICATION | q.SIMULATED, np.int32)
    if words is not None:
        words = (np.concatenate((words[0][keep], np.full(len(begins), -1)))[order], words[1])
    return (
        number,
        np.concatenate((times[keep], columns.time_us[begins]))[order],
        np.concatenate((values[keep], np.full(len(begins), np.nan)))[order],
        words,
        np.concatenate((quality[keep], marked))[order],
    )


def _offset(row: Row, columns: Columns) -> int:
    """Slower points stand on whole half-minutes or minutes, wherever the day's first row lies."""
    return int(-(columns.time_us[0] // STEP_US) % (row.every // 10))


def _changes(column: Ints | Floats) -> Picked:
    """Rows where a column changes, the first one, and one an hour."""
    changed = np.empty(len(column), np.bool_)
    changed[0] = True
    np.not_equal(column[1:], column[:-1], out=changed[1:])
    changed[::_HOURLY] = True
    return np.flatnonzero(changed)


def _text(piece: _Piece) -> pa.Array:
    if piece[3] is None:
        return pa.nulls(len(piece[1]), pa.string())
    index, words = piece[3]
    known = pa.array(words, pa.string())
    return known.take(pa.array(index, mask=index < 0))
