"""Use, quotas, tariffs and bills on the command line, against a real platform."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, eventually


def test_an_operator_bounds_prices_and_bills_from_the_shell(up: Path, run: Run, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("points: 5000\nstorage: 50 GB  # enough\n", "utf-8")
    assert run("quota", "set", "company/main", text, "--data", up).code == 0
    shown = run("quota", "show", "--data", up)
    assert "50,000,000,000" in shown.out
    assert "# enough" in shown.out
    assert run("quota", "set", "company", text, "--data", up).code == 2
    text.write_text("point: 1\n", "utf-8")
    assert "there is no quota" in run("quota", "set", "platform", text, "--data", up).err

    text.write_text("currency: CNY\nfrom: 2020-01-01\nprices: {points: 0.5, values: 0.2}\n", "utf-8")
    assert run("tariff", "put", text, "--data", up).code == 0
    assert "points: 0.5" in run("tariff", "list", "--data", up).out
    eventually(lambda: "main" in run("usage", "list", "--data", up).out)
    assert "API calls" in run("usage", "show", "--data", up).out
    assert "payable" in run("bill", "show", "--data", up).err
    assert run("bill", "issue", "now", "main", "--data", up).code == 2
    for name in ("bill.csv", "bill.xlsx"):
        assert run("bill", "export", tmp_path / name, "--data", up).code == 0
        assert (tmp_path / name).stat().st_size > 100
    text.write_text("", "utf-8")
    assert run("quota", "set", "company/main", text, "--data", up).code == 0
