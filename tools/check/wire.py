"""``ui/src/wire/openapi.json`` is what the API describes; ``npm run wire`` makes TypeScript of it."""

from __future__ import annotations

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


def _path(repo: Repo) -> Path:
    return repo.root / "ui" / "src" / "wire" / "openapi.json"
