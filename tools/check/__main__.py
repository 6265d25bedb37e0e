"""``python -m tools.check [--fix] [rule …]``: prints what breaks a rule; exit code 1 when anything does.

``--fix`` first rewrites what is generated: reference pages and the OpenAPI document.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.check import bans, codes, examples, handlers, imports, manifests, places, reference, sizes, wire
from tools.check.repo import Finding, Repo

RULES = (imports, sizes, manifests, codes, handlers, bans, places, examples, reference, wire)
GENERATED = (reference, wire)


def findings(repo: Repo, only: set[str] = frozenset()) -> list[Finding]:  # type: ignore[assignment]
    """Ask every rule, or those named."""
    asked = [rule for rule in RULES if not only or rule.__name__.rpartition(".")[2] in only]
    return sorted(found for rule in asked for found in rule.validate(repo))


def main(arguments: list[str]) -> int:
    repo = Repo(Path(__file__).resolve().parents[2])
    if "--fix" in arguments:
        for rule in GENERATED:
            for path in rule.generate(repo):
                print(f"wrote {repo.name(path)}")
    found = findings(repo, {a for a in arguments if not a.startswith("-")})
    for one in found:
        print(one)
    print(f"{len(found)} findings" if found else "every rule holds", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
