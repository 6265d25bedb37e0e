"""Asset types on the command line, against a real platform: written, measured, changed though it breaks, dropped."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

BLENDER = """\
type: blender
extends: machine
title: Blender
title_zh: 混合机
points:
  speed: {unit: "{rev}/min", title: Speed, title_zh: 转速, required: false}
"""


def test_a_type_is_written_shown_broken_and_dropped(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "blender.yaml"
    file.write_text(BLENDER.replace("{rev}/min", "rpm"), "utf-8")
    wrong = run("type", "put", file, "--data", up)
    assert wrong.code == 2
    assert "perhaps /min" in wrong.err and "blender.yaml:6 blender.points.speed.unit" in wrong.err

    file.write_text(BLENDER, "utf-8")
    assert "nothing was written" in run("type", "put", file, "--check", "--data", up).err
    assert run("type", "show", "blender", "--data", up).code == 2
    assert "version 1" in run("type", "put", file, "--data", up).err
    assert "version 1 says so already" in run("type", "put", file, "--data", up).err
    shown = run("type", "show", "blender", "--data", up).out
    assert "machine → blender" in shown and "revolution per minute" in shown
    lines = {line["type"]: line for line in json.loads(run("type", "list", "--unused", "--json", "--data", up).out)}
    assert (lines["blender"]["version"], lines["conveyor"]["version"]) == (1, 0)

    assert run("asset", "add", "t_blender", "--type", "blender", "--data", up).code == 0
    assert "1 assets of type blender, 0 are not" in run("type", "gaps", "blender", "--data", up).err
    assert "blender" not in run("type", "list", "--unused", "--data", up).out
    file.write_text(BLENDER.replace(", required: false", ""), "utf-8")
    refused = run("type", "put", file, "--data", up)
    assert refused.code == 2 and "--confirm 1" in refused.err
    assert "t_blender" in refused.out and "points.speed" in refused.out  # in what it would break, first
    assert "version 2" in run("type", "put", file, "--confirm", "1", "--data", up).err
    assert "no point of this name" in run("type", "gaps", "blender", "--data", up).out
    assert run("type", "show", "blender", "--version", "1", "--text", "--data", up).out == BLENDER

    assert run("type", "drop", "blender", "--yes", "--data", up).code == 2  # an asset is of it
    assert run("asset", "retire", "t_blender", "--yes", "--data", up).code == 0
    assert run("type", "drop", "blender", "--yes", "--data", up).err.strip() == "blender is gone"

    assert run("asset", "add", "t_valve", "--type", "valve", "--data", up).code == 0
    assert (
        json.loads(run("asset", "show", "t_valve", "--json", "--data", up).out)["line"]["level"] == "part"
    )  # its type's
    assert run("asset", "retire", "t_valve", "--yes", "--data", up).code == 0


def test_alarms_go_into_a_spreadsheet_and_come_back(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "feed.yaml"
    text = """\
type: feed
extends: pump
title: Feed pump
alarms:
  low_flow: {point: flow, when: low, limit: 2.5, priority: high}
  old: {point: flow, when: high, limit: 90}
# the end
"""
    file.write_text(text, "utf-8")
    assert run("type", "put", file, "--data", up).code == 0
    for name in ("alarms.csv", "alarms.xlsx"):
        table = tmp_path / name
        assert "6 alarms in" in run("type", "alarms", "feed", table, "--data", up).err
        assert (
            "6 alarms; nothing was written"
            in run("type", "alarms", "feed", "--from", table, "--check", "--data", up).err
        )
    rows = (tmp_path / "alarms.csv").read_text("utf-8-sig").splitlines()
    kept = [row.replace("30s", "1min") for row in rows if not row.startswith("old,")]
    (tmp_path / "alarms.csv").write_text("\n".join(kept), "utf-8")
    pump = ("--driver", "sim", "--point", "t_feed.flow=sine?period=60")
    assert run("device", "add", "--device", "t_feed", *pump, "--data", up).code == 0
    assert run("asset", "add", "t_feed", "--type", "feed", "--data", up).code == 0
    take = ("type", "alarms", "feed", "--from", tmp_path / "alarms.csv", "--data", up)
    refused = run(*take)
    assert refused.code == 2 and "alarms.old" in refused.out and "add --confirm 1" in refused.err
    assert "version 2" in run(*take, "--confirm", "1").err
    assert run("device", "remove", "t_feed", "--data", up).code == 0
    assert run("asset", "retire", "t_feed", "--yes", "--data", up).code == 0
    shown = json.loads(run("type", "show", "feed", "--json", "--data", up).out)
    assert set(shown["whole"]["alarms"]) == {"vibration_high", "vibration_danger", "bearing_hot", "silent", "low_flow"}
    assert shown["whole"]["alarms"]["vibration_high"]["on_delay"] == "1min"
    assert (shown["came"]["alarms.vibration_high"], shown["came"]["alarms.silent"]) == ("feed", "pump")
    assert "# the end" in shown["text"] and '"on_delay": "1min"' in shown["text"]
    (tmp_path / "alarms.csv").write_text("alarm,point,when,limit\nx,flow,high,much\n", "utf-8")
    wrong = run("type", "alarms", "feed", "--from", tmp_path / "alarms.csv", "--data", up)
    assert wrong.code == 2 and "row 2 limit" in wrong.err
    assert run("type", "drop", "feed", "--yes", "--data", up).code == 0
