"""device and point commands against a running platform with its gateway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, eventually

_FILE = """device: bench
driver: sim
options: {latency_s: 0.001}
scan: {default: 200ms}
points:
- {name: bench.level, address: "constant?value=42", unit: mm}
- {name: bench.mode, address: "constant?value=2", kind: state, states: {"2": AUTO}}
"""


def test_a_devices_life(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bench.yaml"
    file.write_text(_FILE)
    said = run("device", "add", "--data", up, file)
    assert said.code == 0, said.err
    assert "device bench: 2 points" in said.err

    def connected() -> bool:
        listed = json.loads(run("device", "list", "--data", up, "--json").out)
        return [(d["device"], d["state"]) for d in listed if d["device"] == "bench"] == [("bench", "connected")]

    eventually(connected)
    assert "bench" in run("device", "list", "--data", up).out
    assert "constant?value=42" in run("device", "show", "--data", up, "bench").out
    eventually(lambda: " 42 " in run("point", "latest", "bench.level", "--data", up).out)
    shown = run("point", "latest", "--asset", "bench", "--data", up).out
    assert "AUTO" in shown
    assert "good" in shown
    assert "bench.level" in run("point", "list", "level", "--data", up).out
    why = run("point", "why", "bench.level", "--data", up)
    assert why.out.startswith("bench.level is good")
    assert "register" in why.out
    assert run("point", "why", "bench.level", "--at", "-1h", "--data", up).code == 0
    assert run("device", "why", "bench", "--data", up).out.startswith("bench is connected")
    refused = run("device", "replace", "bench", tmp_path / "none.yaml", "--data", up)
    assert refused.code == 2 and "cannot be read" in refused.err
    file.write_text("device: bench2\ndriver: sim\n")
    looked = run("device", "replace", "bench", file, "--dry-run", "--data", up)
    assert "in bench2" in looked.out and "bench.mode" in looked.out and "2 points would go over" in looked.err
    assert run("device", "remove", "bench", "--data", up).code == 0
    assert "device.unknown" in run("device", "show", "bench", "--data", up).err


def test_trying_before_saving(up: Path, run: Run) -> None:
    said = run("device", "test", "--driver", "sim", "--option", "latency_s=0.01", "--data", up)
    assert said.code == 0, said.err
    assert "ok" in said.err
    assert "sine" in run("device", "browse", "--driver", "sim", "--data", up).out
    refused = run("device", "test", "--driver", "modbus", "--option", "host=127.0.0.1", "-o", "port=9", "--data", up)
    assert refused.code == 2
    assert "error driver.unreachable" in refused.err
    assert "modbus" in run("device", "drivers", "--data", up).out


def test_a_device_from_options(up: Path, run: Run) -> None:
    said = run(
        "device", "add", "--device", "quick", "--driver", "sim", "--option", "latency_s=0.5",
        "--point", "quick.a=sine?period=60", "--scan", "500ms", "--data", up,
    )  # fmt: skip
    assert said.code == 0, said.err
    shown = json.loads(run("device", "show", "quick", "--json", "--data", up).out)["spec"]
    assert shown["options"] == {"latency_s": 0.5}
    assert shown["points"] == [{"name": "quick.a", "address": "sine?period=60"}]


def test_what_is_wrong_is_said_and_nothing_is_changed(up: Path, run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("device: fine\ndriver: sim\n")
    bad.write_text("device: wrong\ndriver: sim\noptions: {nonsense: 1}\n")
    said = run("device", "add", "--data", up, good, bad)
    assert said.code == 2
    assert "error driver.option" in said.err
    assert "nonsense" in said.err
    assert "fine" not in run("device", "list", "--data", up).out, "not even the good one"
    bad.write_text("device: wrong\ndriver: sim\ncolour: red\n")
    said = run("device", "add", "--data", up, bad)
    assert "config.invalid" in said.err
    assert "colour" in said.err
    assert str(bad) in said.err
    assert "driver.unknown" in run("device", "test", "--driver", "telex", "--data", up).err
    assert "name=value" in run("device", "test", "--driver", "sim", "--option", "x", "--data", up).err
    assert "there is no such" not in run("point", "list", "nothing-like-this", "--data", up).err
    assert "point.unknown" in run("point", "why", "no.such", "--data", up).err


def test_titles_are_in_the_terminals_language(
    up: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "worded.yaml"
    file.write_text("""device: worded
driver: sim
points:
- {name: worded.flow, address: "constant?value=1", unit: m³/h, title: Flow, title_zh: 流量}
- {name: worded.plain, address: "constant?value=2", title: Only English}
""")
    said = run("device", "add", "--data", up, file)
    assert said.code == 0 and "worded.flow: the unit m³/h is no UCUM code we know: perhaps m3/h" in said.err

    def listed(**environment: str) -> str:
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return run("point", "list", "worded", "--data", up).out

    chinese = listed(LANG="zh_CN.UTF-8")
    assert "流量" in chinese and "Flow" not in chinese and "Only English" in chinese
    assert "Flow" in listed(LANG="en_US.UTF-8") and "Flow" in listed() and "流量" not in listed(LANG="C")
    assert "Flow" in listed(LANG="zh_CN.UTF-8", LC_ALL="C"), "LC_ALL decides"
    query = "select title, title_zh from points where name like 'worded.%' order by name"
    assert "流量" in run("query", query, "--data", up).out
    assert run("query", "select title_zh from episodes", "--data", up).code == 0
    assert run("device", "remove", "worded", "--data", up).code == 0
