"""Every error code that is raised stands in ``errors.toml``, and every code there is raised, with both advices."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from tools.check.repo import Finding, Repo

RULE = "codes"
KINDS = {"RetryLater", "Reauthenticate", "FixConfiguration", "ReportBug"}
_CHINESE = re.compile(r"[㐀-鿿]")


def validate(repo: Repo) -> list[Finding]:
    path = repo.package / "vocab" / "errors.toml"
    if not path.exists():
        return []
    table = dict(rows("", tomllib.loads(path.read_text("utf-8"))))
    found = [Finding(RULE, repo.name(path), f"{code}: {wrong}") for code, row in table.items() for wrong in _wrong(row)]
    written: set[str] = set()
    for source in repo.under("src/baigong", ".py"):
        tree = repo.tree(source)
        written |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        for line, kind, code in _raised(tree):
            place = repo.name(source, line)
            if code not in table:
                found.append(Finding(RULE, place, f"{code!r} does not stand in errors.toml"))
            elif table[code].get("kind") != kind:
                found.append(Finding(RULE, place, f"{code!r} is a {table[code].get('kind')}, not a {kind}"))
    unused = [code for code in table if code not in written]
    return found + [Finding(RULE, repo.name(path), f"{code} is never raised") for code in unused]


def rows(prefix: str, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (code, row) from the nested table."""
    for key, value in table.items():
        code = f"{prefix}.{key}" if prefix else key
        if "status" in value:
            yield code, value
        else:
            yield from rows(code, value)


def _wrong(row: dict[str, Any]) -> list[str]:
    wrong = []
    if row.get("kind") not in KINDS:
        wrong.append(f"kind {row.get('kind')!r} is none of {sorted(KINDS)}")
    if not row.get("advice", "").strip() or _CHINESE.search(row.get("advice", "")):
        wrong.append("needs advice in English")
    wrong += [
        f"needs {name} in Chinese" for name in ("title_zh", "advice_zh") if not _CHINESE.search(row.get(name, ""))
    ]
    return wrong


def _raised(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield (line, class, code) of every error that is made with its code written out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        code = node.args[0]
        if name in KINDS and isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield node.lineno, name, code.value
