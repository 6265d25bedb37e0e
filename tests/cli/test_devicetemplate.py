"""``device template …``: a maker's table becomes a template, a CSV becomes its devices, and values come from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from baigong.drivers.modbus.sim import Simulator
from tests.cli.conftest import Run, answering, eventually

HEADS = "寄存器地址,名称,数据类型,倍率,单位"
TABLE = f"{HEADS}\n0x0000,voltage,UINT16,0.1,V\n0x0001,current,UINT16,0.01,A\n0x0001,x,UINT16,1,A\n"


@pytest.fixture
def meter() -> Iterator[int]:
    """A meter of two registers; yields its port."""
    with answering(lambda: Simulator({"holding": [(0, 2)]}, values={"holding:0": 2300, "holding:1": 512})) as port:
        yield port


def test_from_a_pasted_table_to_values(up: Path, run: Run, tmp_path: Path, meter: int) -> None:
    (tmp_path / "table.csv").write_text(TABLE, "utf-8")
    made = tmp_path / "tiny.yaml"
    told = run("device", "template", "read", tmp_path / "table.csv", "--name", "tiny", "--out", made, "--data", up)
    assert told.code == 0 and "2 taken, 0 to look at, 1 left" in told.err, told.err
    assert "the same register as line 3" in told.out
    assert run("device", "template", "add", made, "--data", up).code == 0
    rows = tmp_path / "devices.csv"
    rows.write_text(f"device,host,port,asset\ntiny_1,127.0.0.1,{meter},hall.tiny\n", "utf-8")
    checked = run("device", "template", "apply", "tiny", rows, "--check", "--data", up)
    assert checked.code == 0 and "1 devices new" in checked.err and run("device", "show", "tiny_1", "--data", up).code
    assert run("device", "template", "apply", "tiny", rows, "--data", up).code == 0
    again = run("device", "template", "apply", "tiny", rows, "--data", up)
    assert "0 devices new, 0 changed, 1 are so already" in again.err

    def values() -> str:
        return run("query", "select name, value from latest where asset = 'hall.tiny' order by name", "-f", "csv",
                   "--data", up).out  # fmt: skip

    eventually(lambda: values().count("\n") == 3)
    assert values().splitlines()[1:] == ['"hall.tiny.current",5.12', '"hall.tiny.voltage",230']
    made.write_text(made.read_text("utf-8").replace("scale: 0.01", "scale: 0.02"), "utf-8")
    assert run("device", "template", "add", made, "--data", up).code == 0
    shown = run("device", "template", "upgrade", "tiny", "--check", "--data", up)
    assert "hall.tiny.current: scale 0.01 → 0.02" in shown.out and "1 changed" in shown.err
    rows.write_text(rows.read_text("utf-8") + "tiny_2,127.0.0.1,99999,\n", "utf-8")
    wrong = run("device", "template", "apply", "tiny", rows, "--data", up)
    assert wrong.code == 2 and "port is 99999" in wrong.out and "nothing was written" in wrong.err
    made.write_text(made.read_text("utf-8").replace("holding:0:uint16", "holding:0:uint17"), "utf-8")
    bad = run("device", "template", "add", made, "--data", up)
    assert bad.code == 2 and f"{made}:" in bad.err and "uint17" in bad.err
    assert "eastron-sdm630" in run("device", "template", "list", "--data", up).out
    assert "kW.h" in run("device", "template", "show", "eastron-sdm630", "--data", up).out
