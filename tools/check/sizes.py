"""A file that fits in a head: at most 400 lines of Python, 250 of TypeScript; ``__init__`` only imports."""

from __future__ import annotations

import ast

from tools.check.repo import Finding, Repo

RULE = "sizes"
PYTHON = 400
TYPESCRIPT = 250
_CHECKER = 100  # a rule that needs more is two rules


def validate(repo: Repo) -> list[Finding]:
    found = []
    for path in repo.files:
        inside = path.relative_to(repo.root).as_posix()
        limit = _limit(inside)
        lines = len(path.read_text("utf-8").splitlines()) if limit else 0
        if limit and lines > limit:
            found.append(Finding(RULE, repo.name(path), f"{lines} lines, more than {limit}"))
        if path.name == "__init__.py" and inside.startswith("src/baigong/") and path.parent != repo.package:
            found += [
                Finding(RULE, repo.name(path, node.lineno), "__init__ holds more than imports and __all__")
                for node in repo.tree(path).body
                if not _quiet(node)
            ]
    return found


def _limit(inside: str) -> int:
    if inside.startswith("ui/src/") and inside.endswith((".ts", ".tsx")):
        return 0 if inside.startswith("ui/src/wire/") else TYPESCRIPT  # wire/ is generated
    if not inside.endswith(".py"):
        return 0
    if inside.startswith("tools/check/"):
        return _CHECKER
    return PYTHON if inside.startswith(("src/", "tools/", "bench/")) else 0


def _quiet(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
