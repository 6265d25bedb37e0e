"""The SKAB recordings as arrays, and devices that replay them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

COLUMNS = {
    "Accelerometer1RMS": "accelerometer1",
    "Accelerometer2RMS": "accelerometer2",
    "Current": "current",
    "Pressure": "pressure",
    "Temperature": "temperature",
    "Thermocouple": "thermocouple",
    "Voltage": "voltage",
    "Volume Flow RateRMS": "flow",
}
QUANTITIES = tuple(COLUMNS.values())
HANDFUL = ("other/1.csv", "other/12.csv", "valve1/2.csv", "valve2/1.csv")  # leaks, hot water, two valves closing


@dataclass(frozen=True)
class Recording:
    """One experiment. ``values``: rows by the eight quantities; ``times_us`` as the file says, nothing sorted."""

    name: str
    times_us: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.times_us)

    def expected(self) -> dict[tuple[str, int], float]:
        """Return (point, time) -> value. A time that a file repeats keeps its last row, as the lake does."""
        found = {}
        for time_us, row in zip(self.times_us.tolist(), self.values.tolist(), strict=True):
            for quantity, value in zip(QUANTITIES, row, strict=True):
                found[f"{self.name}.{quantity}", time_us] = value
        return found


def recordings(shared: Path, *, every: bool) -> list[Recording]:
    folder = shared / "data" / "skab"
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.csv")) if every else HANDFUL
    return [_read(folder, name) for name in names]


def _read(folder: Path, name: str) -> Recording:
    with (folder / name).open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    moments = [datetime.strptime(r["datetime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for r in rows]
    return Recording(
        "skab_" + name.removesuffix(".csv").replace("/", "_").replace("-", "_"),
        np.array([round(m.timestamp()) * 1_000_000 for m in moments], np.int64),
        np.array([[float(r[column]) for column in COLUMNS] for r in rows]),
    )
