"""A scaffolded driver passes, as it is, everything a driver must pass."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.check import Repo, manifests, sizes
from tools.new.__main__ import new_driver

ROOT = Path(__file__).resolve().parents[2]
IGNORED = shutil.ignore_patterns("__pycache__", "console")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a driver touches, and scaffold one into it."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "src", root / "src", ignore=IGNORED)
    shutil.copytree(ROOT / "tests" / "conformance", root / "tests" / "conformance", ignore=IGNORED)
    shutil.copy(ROOT / "pyproject.toml", root)
    new_driver(root, "telex")
    return root


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=tree, env=environment, capture_output=True, text=True, timeout=100
    )


def test_it_passes_the_exam(tree: Path) -> None:
    done = run(tree, "pytest", "tests/conformance", "-k", "telex", "-p", "no:xdist")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "telex has not brought" not in done.stdout


def test_it_is_in_style(tree: Path) -> None:
    paths = ["src/baigong/drivers/telex", "src/baigong/drivers/manifest.py", "tests/conformance/subject_telex.py"]
    for command in (["check"], ["format", "--check"]):
        done = run(tree, "ruff", *command, "--no-cache", *paths)
        assert done.returncode == 0, done.stdout
    found = [*manifests.validate(Repo(tree)), *sizes.validate(Repo(tree))]
    assert [str(one) for one in found if "telex" in one.place] == []


def test_it_is_typed(tree: Path) -> None:
    done = run(tree, "mypy", "--cache-dir", str(tree / ".mypy"), "-p", "baigong.drivers.telex")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["", "Modbus", "my-driver", "x", "../away"])
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemExit, match="a driver is named"):
        new_driver(tmp_path, name)


def test_nothing_is_overwritten() -> None:
    with pytest.raises(SystemExit, match="exists"):
        new_driver(ROOT, "modbus")
