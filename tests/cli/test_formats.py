"""A small data folder of every format a release has written: today's program starts on it and finds all of it.

Each was left by a kill -9: thirty rows are in the lake, ten wait in the stream. When FORMAT rises, keep one more.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from baigong.cli.folder import FORMAT, DataFolder, check_format
from baigong.vocab.errors import FixConfiguration
from tests.outage.rig import PlatformProcess

KEPT = Path(__file__).with_name("formats")


def test_every_format_up_to_ours_is_kept():
    assert sorted(p.name for p in KEPT.iterdir()) == [f"format{n}.tar.xz" for n in range(1, FORMAT + 1)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", range(1, FORMAT + 1))
async def test_a_folder_of_this_format_is_started_on_and_whole(number, tmp_path):
    data = tmp_path / "data"
    with tarfile.open(KEPT / f"format{number}.tar.xz") as archive:
        archive.extractall(data, filter="data")
    platform = PlatformProcess(data, "--reserve-mb", "100")
    await platform.start()
    try:
        text = "select epoch(time)::bigint % 60 as s, value from telemetry where name = 'kept.a' order by time"
        rows = (await platform.sql(text)).to_pylist()
        device = await platform.get("/api/v1/devices/pump1")
    finally:
        await platform.stop()
    assert [(row["s"], row["value"]) for row in rows] == [(second, second + 0.5) for second in range(40)]
    assert device["spec"]["title"] == "一号泵"
    assert (data / "format").read_text() == f"{FORMAT}\n"


def test_a_newer_folder_is_left_alone(tmp_path):
    (tmp_path / "format").write_text(f"{FORMAT + 1}\n")
    with pytest.raises(FixConfiguration) as told, DataFolder(tmp_path):
        pass
    assert told.value.code == "storage.version"
    with pytest.raises(FixConfiguration):
        check_format(tmp_path)
    assert (tmp_path / "format").read_text() == f"{FORMAT + 1}\n"
