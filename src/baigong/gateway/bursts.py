"""Waveforms on their way from a driver to the stream: scaled, their clock checked, their arrival remembered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from baigong.gateway.points import Floats, Ints, PointTable
from baigong.gateway.transform import Window
from baigong.vocab import quality as q
from baigong.vocab.burst import burst, conform, is_burst, recordings
from baigong.vocab.frame import frame, times_us


def finished(table: PointTable, batch: pa.RecordBatch, arrival_us: int, window: Window) -> pa.RecordBatch:
    """Turn a driver's bursts (raw) into those to store.

    A recording whose time lies outside the window is kept as if it had ended on arrival, with uncertain quality.
    """
    batch = conform(batch)
    rows = table.find(batch.column("point").to_numpy())
    columns: list[list[Any]] = [[], [], [], [], []]
    for row, one in zip(rows.tolist(), recordings(batch), strict=True):
        samples, moment, quality = one.samples, one.time_us, one.quality
        if table.linear[row]:
            samples = (samples.astype(np.float64) * table.scale[row] + table.offset[row]).astype(np.float32)
        if not arrival_us - window.past_s * 1e6 <= moment <= arrival_us + window.future_s * 1e6:
            moment = arrival_us - round(len(samples) / one.rate_hz * 1e6)
            quality = quality if quality & 0x8000 else (quality & ~0xFFFF) | q.UNCERTAIN_CLOCK
        for column, item in zip(columns, (one.point, moment, one.rate_hz, samples, quality), strict=True):
            column.append(item)
    return burst(*columns)


def as_heard(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return what is remembered of a batch for *why* and for silence: of a waveform, that it came, and how good."""
    if not is_burst(batch):
        return batch
    return frame(batch.column("point").to_numpy(), times_us(batch), None, batch.column("quality").to_numpy())


def heard_of(table: PointTable, batch: pa.RecordBatch) -> tuple[Ints, Floats, pa.RecordBatch]:
    """Return what ``PointTable.heard`` asks: rows, raw values (none), the batch as heard."""
    heard = as_heard(batch)
    return table.find(heard.column("point").to_numpy()), np.full(len(heard), np.nan), heard
