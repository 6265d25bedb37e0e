"""``ui/src/wire/openapi.json`` is what the API describes, and ``openapi.ts`` what it means in TypeScript.

``agree.ts`` beside them compiles only while the console's own types fit.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tools.check.repo import Finding, Repo

RULE = "wire"


class _Anything:
    """Stands for the rooms behind the API: the declarations of routes only hold on to them."""

    def __getattr__(self, name: str) -> Any:
        return _Anything()


def described() -> bytes:
    """Write the OpenAPI document without starting anything; sorted, so that git can diff it."""
    from baigong import __version__
    from baigong.api.app import PREFIX, operations
    from baigong.api.openapi import document

    made = document(operations(_Anything()), __version__, PREFIX)  # type: ignore[arg-type]
    return msgspec.json.format(msgspec.json.encode(made, order="deterministic"), indent=1) + b"\n"


def validate(repo: Repo) -> list[Finding]:
    path = _path(repo)
    if not path.parent.is_dir() or (path.exists() and path.read_bytes() == described()):
        return []
    return [Finding(RULE, repo.name(path), "is not what the API describes: python -m tools.check --fix")]


def generate(repo: Repo) -> Iterator[Path]:
    path, made = _path(repo), described()
    if not path.exists() or path.read_bytes() != made:
        path.write_bytes(made)
        yield path
    types, node = path.with_suffix(".ts"), node_program()
    if node and (repo.root / "ui" / "node_modules" / "openapi-typescript").exists():
        before = types.read_bytes() if types.exists() else b""
        translate(repo, node)
        if types.read_bytes() != before:
            yield types


def node_program() -> str | None:
    """Find Node: on the machine, or where ``tools/console.py`` put it."""
    beside = Path(sys.prefix) / "node" / "bin" / "node"
    return shutil.which("node") or (str(beside) if beside.exists() else None)


def translate(repo: Repo, node: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run ``ui/tools/wire.mjs`` over the document; ``--check`` only compares."""
    command = [node, "tools/wire.mjs", *options, str(_path(repo))]
    return subprocess.run(command, cwd=repo.root / "ui", capture_output=True, text=True, timeout=60, check=False)


def _path(repo: Repo) -> Path:
    return repo.root / "ui" / "src" / "wire" / "openapi.json"
