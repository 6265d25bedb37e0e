"""A package imports only lower levels; packages of one level never import each other; no module is in a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.check.repo import Finding, Repo

RULE = "imports"
LEVELS = {
    "vocab": 0,
    "bus": 1, "stores": 1, "drivers": 1, "models": 1, "methods": 1, "security": 1, "sandbox": 1, "client": 1,
    "registry": 2, "plant": 2,
    "gateway": 3, "historian": 3,
    "flow": 4, "sharing": 4,
    "api": 5,
    "cli": 6,
}  # fmt: skip
BANNED = {"core", "common", "utils", "util", "helpers", "helper", "manager", "misc"}


def validate(repo: Repo) -> list[Finding]:
    modules = {_module(repo, path): path for path in repo.under("src/baigong", ".py")}
    found = _names(repo, modules)
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        graph[module] = set()
        for line, target, at_start in _imported(repo, module, path, modules):
            found += _level(repo, path, line, module, target)
            # importing one's own package for a sibling is how Python spells it, not a dependency on __init__
            if at_start and target != module and not module.startswith(f"{target}."):
                graph[module].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring = [str(name) for name in error.args[1]]
        found.append(Finding(RULE, repo.name(modules[ring[0]]), f"a cycle: {' ← '.join(ring)}"))
    return found


def _names(repo: Repo, modules: dict[str, Path]) -> list[Finding]:
    found = []
    for module, path in modules.items():
        parts = module.split(".")[1:]
        if BANNED & set(parts):
            found.append(Finding(RULE, repo.name(path), f"{sorted(BANNED & set(parts))[0]!r} names nothing"))
        if len(parts) > 1 and parts[0] not in LEVELS:
            found.append(Finding(RULE, repo.name(path), f"package {parts[0]!r} has no level"))
    return found


def _module(repo: Repo, path: Path) -> str:
    parts = path.relative_to(repo.root / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(repo: Repo, module: str, path: Path, modules: dict[str, Path]) -> Iterator[tuple[int, str, bool]]:
    """Yield (line, module of ours, whether it is imported as soon as this one is)."""
    tree = repo.tree(path)
    at_start = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                top = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
                origin = ".".join([*top[: len(top) - node.level + 1], *([origin] if origin else [])])
            names = [f"{origin}.{a.name}" if f"{origin}.{a.name}" in modules else origin for a in node.names]
        for name in names:
            if name.split(".")[0] == "baigong":
                yield node.lineno, name, id(node) in at_start


def _level(repo: Repo, path: Path, line: int, module: str, target: str) -> list[Finding]:
    ours, theirs = (name.split(".")[1] if "." in name else "" for name in (module, target))
    # the package itself: its version may be read by all; it opens the SDK on demand
    if not ours or not theirs or ours == theirs:
        return []
    if LEVELS.get(theirs, 99) < LEVELS.get(ours, -1):
        return []
    told = f"{ours} (level {LEVELS.get(ours, '?')}) imports {theirs} (level {LEVELS.get(theirs, '?')})"
    return [Finding(RULE, repo.name(path, line), told)]
