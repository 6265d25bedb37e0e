"""Waveforms in and out of a program: recordings with their samples as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.client.link import ARROW, Link
from baigong.vocab.burst import recordings


@dataclass(slots=True, frozen=True)
class Burst:
    """One recording. ``samples``: float32, in the point's unit; ``time``: of the first of them, UTC."""

    time: np.datetime64
    rate_hz: float
    samples: np.ndarray[Any, np.dtype[np.float32]]
    quality: int

    @property
    def seconds(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """When each sample was taken, in seconds since the first."""
        made: np.ndarray[Any, np.dtype[np.float64]] = np.arange(len(self.samples)) / self.rate_hz
        return made


def read_bursts(link: Link, path: str, start: str, end: str, most: int) -> list[Burst]:
    params = {"start": start, "end": end, "most": most}
    table = link.arrow("GET", f"{path}/bursts", params=params)
    return [Burst(np.datetime64(one.time_us, "us"), one.rate_hz, one.samples, one.quality) for one in recordings(table)]


def send_burst(
    link: Link,
    name: str,
    samples: Sequence[float] | Any,
    rate_hz: float,
    time: datetime | str | int | None,
    quality: int,
) -> int:
    """Send one recording as an Arrow stream; returns how many were accepted."""
    values = np.asarray(samples, np.float32).ravel()
    if time is None:
        lasts_us = round(len(values) / rate_hz * 1e6) if rate_hz > 0 else 0
        moment = np.datetime64("now", "us") - np.timedelta64(lasts_us, "us")
    elif isinstance(time, int):
        moment = np.datetime64(time, "us")
    else:
        import pandas as pd

        stamp = pd.Timestamp(time)
        moment = (stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp).to_datetime64()
    times = pa.array([moment.astype("datetime64[us]").astype(np.int64)]).cast(pa.timestamp("us", tz="UTC"))
    waves = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), pa.array(values))
    batch = pa.record_batch(
        {
            "name": [name],
            "time": times,
            "rate_hz": [float(rate_hz)],
            "samples": waves,
            "quality": pa.array([quality], pa.int32()),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return int(link.send("/ingest", bytes(sink.getvalue()), ARROW)["accepted"])
