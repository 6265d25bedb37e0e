"""What the lake must never meet: a write by path, and Delta's own compaction.

A write by path loads the table anew and so defeats the compare-and-swap that fences a zombie;
two compactions at one version double every row. See docs/decisions/0005-commit-by-compare-and-swap.md.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tools.check.repo import Finding, Repo

RULE = "bans"
_WRITERS = {"write_deltalake", "convert_to_deltalake"}
_METHODS = {"compact", "z_order", "merge", "restore", "write_transaction"}
_OWNER = "src/baigong/stores/lake/table.py"  # the one handle that commits


def validate(repo: Repo) -> list[Finding]:
    found = []
    for path in repo.under("src/baigong", ".py"):
        text = path.read_text("utf-8")
        if "delta" in text.lower():
            found += _in(repo, path, ast.parse(text))
    return found


def _in(repo: Repo, path: Path, tree: ast.Module) -> list[Finding]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deltalake"):
            named = _WRITERS & {alias.name for alias in node.names}
            found += [(node.lineno, f"{name} writes by path") for name in sorted(named)]
        elif isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if node.attr in _WRITERS:
                found.append((node.lineno, f"{node.attr} writes by path"))
            elif node.attr in _METHODS and (owner in ("optimize", "_delta", "delta") or "delta" in owner.lower()):
                found.append((node.lineno, f"{owner}.{node.attr} rewrites rows behind the owner's back"))
            elif node.attr == "create_write_transaction" and repo.name(path) != _OWNER:
                found.append((node.lineno, f"only {_OWNER} commits"))
    return [Finding(RULE, repo.name(path, line), told) for line, told in found]
