"""The audit log on the command line: read, taken away, checked without the platform, and a changed word is seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Run


def test_what_was_done_is_listed_exported_and_verified(up: Path, run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "audited.yaml"
    spec.write_text("device: audited\ndriver: sim\npoints:\n- {name: a.x, address: constant}\n", "utf-8")
    assert run("device", "add", spec, "--data", up).code == 0
    assert "devices" in run("audit", "list", "--action", "configure", "--data", up).out

    file = tmp_path / "log.ndjson"
    said = run("audit", "export", file, "--data", up)
    key = said.err.strip().splitlines()[-1]
    assert "in the log, as signed" in run("audit", "verify", file, key).err
    alone = subprocess.run(
        [sys.executable, "-m", "baigong.security.verify", str(file), key], capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stderr

    file.write_text(file.read_text("utf-8").replace("configure", "c0nfigure"), "utf-8")
    forged = run("audit", "verify", file, key)
    assert forged.code == 2
    assert "audit.invalid" in forged.err
