"""What an operator may set of an owner, and whom it tells of what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

OnFrame = Callable[[str, pa.RecordBatch, int], None]
OnTaken = Callable[[str, int, int], None]  # (tenant, position, rows) of every frame, bursts too, in order
Sloped = Callable[[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]


@dataclass(slots=True, frozen=True, kw_only=True)
class OwnerSettings:
    """Group commit, merging and trimming. Rows in memory stay below ``hot_rows_limit``."""

    flush_rows: int = 2_000_000
    flush_s: float = 20.0
    hot_rows_limit: int = 6_000_000  # a SQL child maps them all
    merge_s: float = 5.0  # how often merging looks for work
    trim_s: float = 5.0
    keep_replaced_s: float = 3600.0
    stream_bytes: int = 64 << 30
