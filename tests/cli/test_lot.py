"""Lots on the command line, against a real platform: recorded, traced, recalled."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_runs_are_recorded_and_followed_both_ways(up: Path, run: Run, tmp_path: Path) -> None:
    steps = (
        ("run1", "--consumed", "H13-7:steel=12.5 kg", "--produced", "blank-1"),
        ("run2", "--consumed", "blank-1", "--consumed", "screw-5", "--produced", "SN-1:mould", "--people", "wang"),
    )
    for step in steps:
        said = run("lot", "record", *step, "--asset", "t_saw", "--start", "-2h", "--end", "-1h", "--data", up)
        assert said.code == 0, said.err
    traced = run("lot", "trace", "SN-1", "--parameters", "--data", up).out
    assert "SN-1 (mould)" in traced and "H13-7 (steel, 12.5 kg) run1" in traced and "wang" in traced
    assert "SN-1 (mould) run2" in run("lot", "recall", "H13-7", "--data", up).out
    out = tmp_path / "recall.csv"
    assert run("lot", "recall", "H13-7", "--out", out, "--data", up).code == 0 and "SN-1" in out.read_text("utf-8-sig")
    refused = run("lot", "recall", "H13-7", "--out", tmp_path / "none" / "recall.csv", "--data", up)
    assert refused.code == 2 and "cannot be written" in refused.err
    assert run("lot", "list", "blank", "--data", up).out.split() == ["lot", "blank-1"]
    ring = ("--consumed", "SN-1", "--produced", "H13-7", "--asset", "t_saw", "--start", "-1h", "--data", up)
    assert "made of itself" in run("lot", "record", "run3", *ring).err
    assert run("lot", "recall", "nothing", "--data", up).code == 2
