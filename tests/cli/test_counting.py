"""Counters and retention from the command line, against a platform that `baigong up` started."""

from __future__ import annotations

import json
from pathlib import Path

from baigong.client import Plant
from baigong.client.link import Link, find_server
from tests.cli.conftest import Run, eventually

DEVICE = """
device: meters
driver: sim
points:
  - {name: hall.energy, address: "constant?value=1", kind: counter, unit: kW.h, scan: never, counter: {rollover: 1000}}
scan: {never: 1d}
"""


def test_increase_exchange_and_retention(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "meters.yaml"
    file.write_text(DEVICE)
    assert run("device", "add", "--data", up, file).code == 0
    with Plant(Link(*find_server(None, None, up), 30.0)) as plant:
        times = ["2020-01-01T00:00:00Z", "2020-01-01T02:00:00Z"]
        values = [{"point": "hall.energy", "time": t, "value": v} for t, v in zip(times, (900.0, 17.0), strict=True)]
        assert plant.ingest(values) == 2

    def total() -> float:
        span = ("--start", "2020-01-01", "--end", "2020-01-02")
        said = run("point", "increase", "--data", up, "hall.energy", *span, "--json")
        assert said.code == 0, said.err
        return float(json.loads(said.out)["total"])

    eventually(lambda: total() == 117.0)
    at = ("--at", "2020-01-01T01:00:00Z")
    said = run("point", "exchange", "--data", up, "hall.energy", *at, "--old-end", 905, "--new-start", 0)
    assert said.code == 0 and "old 905" in said.err
    eventually(lambda: total() == 22.0)
    assert run("point", "exchange", "--data", up, "hall.energy", *at, "--cancel").code == 0
    eventually(lambda: total() == 117.0)

    said = run("retention", "set", "--data", up, "--raw-days", 36000, "--hour-days", 36500)
    assert said.code == 0, said.err
    shown = json.loads(run("retention", "show", "--data", up, "--json").out)
    assert shown["keep"] == {"raw_days": 36000, "minute_days": None, "hour_days": 36500}
    assert run("retention", "set", "--data", up).code == 0
    assert "samples are kept for ever" in run("retention", "show", "--data", up).err
