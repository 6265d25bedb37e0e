"""``type bind`` against a real platform and a PLC that answers over Modbus TCP: values come from what was bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from baigong.drivers.modbus.sim import Simulator
from tests.cli.conftest import Run, answering, eventually

TYPE = "type: boiler_b\npoints:\n  water: {unit: Cel}\n  steam: {unit: bar}\n"


@pytest.fixture
def plc() -> Iterator[int]:
    """A PLC with two boilers, 16 registers each; yields its port."""
    values = {f"holding:{base + at}:int16": base + at for base in (100, 116) for at in range(2)}
    with answering(lambda: Simulator({"holding": [(100, 40)]}, values=values)) as port:
        yield port


def test_two_boilers_are_bound_by_one_template_and_their_values_come(
    up: Path, run: Run, tmp_path: Path, plc: int
) -> None:
    (tmp_path / "boiler_b.yaml").write_text(TYPE, "utf-8")
    assert run("type", "put", tmp_path / "boiler_b.yaml", "--data", up).code == 0
    for number in (1, 2):
        made = run("asset", "add", f"b_{number}", "--type", "boiler_b", "-p", f"slot={number}", "--data", up)
        assert made.code == 0
    file = up / "config" / "main" / "devices" / "b_plc.yaml"
    written = f"device: b_plc\ndriver: modbus\noptions: {{host: 127.0.0.1, port: {plc}}} # by the door\npoints: []\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written, "utf-8")
    eventually(lambda: run("device", "show", "b_plc", "--data", up).code == 0)

    template = tmp_path / "bind.yaml"
    template.write_text(
        "bind:\n  device: b_plc\n  points:\n"
        "    water: {address: 'holding:{84+slot*16}:int16', scale: 0.5}\n"
        "    steam: {address: 'holding:{85+slot*16}:int16'}\n",
        "utf-8",
    )
    checked = run("type", "bind", "boiler_b", template, "--check", "--data", up)
    assert "2 assets: 4 points would be bound" in checked.err and "holding:116:int16" in checked.out
    assert "points: []" in file.read_text("utf-8")
    bound = run("type", "bind", "boiler_b", template, "--data", up)
    assert bound.code == 0 and "4 points bound" in bound.err, bound.err
    assert "# by the door" in file.read_text("utf-8")

    def values() -> str:
        return run("query", "select name, value, unit from latest where asset like 'b\\_%' escape '\\' order by all",
                   "-f", "csv", "--data", up).out  # fmt: skip

    eventually(lambda: values().count("\n") == 5)
    assert values().splitlines()[1:] == [
        '"b_1.steam",101,"bar"', '"b_1.water",50,"Cel"', '"b_2.steam",117,"bar"', '"b_2.water",58,"Cel"'
    ]  # fmt: skip
    assert run("asset", "set", "b_2", "-p", "slot=", "--data", up).code == 0
    wrong = run("type", "bind", "boiler_b", template, "--data", up)
    assert wrong.code == 2 and "it has no property slot" in wrong.out and "nothing was bound" in wrong.err
