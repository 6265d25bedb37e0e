"""Only the gateway's supervision may catch everything, and there it says why."""

from __future__ import annotations

import ast

from tools.check.repo import Finding, Repo

RULE = "handlers"
_SUPERVISION = ("src/baigong/gateway/bounded.py", "src/baigong/gateway/supervisor.py")
_BROAD = {"Exception", "BaseException"}


def validate(repo: Repo) -> list[Finding]:
    found = []
    for path in repo.under("src/baigong", ".py"):
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(repo.tree(path)):
            if not isinstance(node, ast.ExceptHandler) or not _broad(node) or _passes_on(node):
                continue
            line = lines[node.lineno - 1]
            if repo.name(path) not in _SUPERVISION:
                found.append(Finding(RULE, repo.name(path, node.lineno), "catches everything, and swallows it"))
            elif "#" not in line and "#" not in "".join(lines[node.lineno : node.lineno + 1]):
                found.append(Finding(RULE, repo.name(path, node.lineno), "does not say why it catches everything"))
    return found


def _passes_on(node: ast.ExceptHandler) -> bool:
    """Say whether what is caught goes on: as it was, or, at the end, under another name."""
    again = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    return again or isinstance(node.body[-1], ast.Raise)


def _broad(node: ast.ExceptHandler) -> bool:
    if node.type is None:
        return True
    parts = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(isinstance(part, ast.Name) and part.id in _BROAD for part in parts)
